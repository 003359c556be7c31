//! The cache of indexes over sets: one for each, which grows with its set.
//!
//! All of it is derived: it can be thrown away at any time without changing a result or a unit of gas.

use super::{
    call::{Call, Step},
    index::SetIndex,
    sets::{Set, Terms},
};
use alloy_primitives::{B256, U256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use tributary_attribution::text::RowEntry;

/// Entries are walked to find one to drop, so their number is bounded too.
const MOST_ENTRIES: usize = 1 << 12;

/// What rows are cut by stands beside the set, because the running root does not commit to it: calls may pretend that a set has other terms.
type Key = (U256, Terms);

/// Indexes over sets, in memory, up to a bound.
///
/// An index is shared by all who execute on states of one chain, at whatever version: it recognises a state by the running root, which
/// commits to every byte of the shards, so that rows of an open block, of a reverted frame or of a pretence are only seen by those
/// whose state has them. What an index lacks is read from state. While one reads an index others may, too; whoever adds to it waits.
#[derive(Debug)]
pub struct IndexCache {
    /// What others built, and this one may use but not change.
    below: Option<Arc<IndexCache>>,
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_set: HashMap<Key, Entry>,
    memory: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    index: Arc<RwLock<SetIndex>>,
    memory: usize,
    used: u64,
}

impl IndexCache {
    /// An empty cache that holds up to `capacity` bytes, and always the index used last.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { below: None, capacity, entries: Mutex::default() }
    }

    /// An empty cache that uses what is in `below` and leaves that as it is; it holds up to `capacity` bytes itself.
    #[must_use]
    pub fn above(below: Arc<Self>, capacity: usize) -> Self {
        Self { below: Some(below), ..Self::new(capacity) }
    }

    /// Lets `read` read the index of the set as it is. The index may know more shards than the set has.
    pub(super) fn with<R>(&self, call: &mut Call<'_>, set: &Set, read: impl FnOnce(&mut Call<'_>, &SetIndex) -> Step<R>) -> Step<R> {
        let key = (set.id, set.terms);
        let below = self.below.as_ref().and_then(|below| below.peek(key));
        if let Some(index) = below.as_ref().and_then(|index| index.read().ok()).filter(|index| index.covers(set)) {
            return read(call, &index);
        }
        let index = self.index(key);
        if let Some(index) = index.read().ok().filter(|index| index.covers(set)) {
            return read(call, &index);
        }
        let mut index = write(&index, set.terms);
        if !index.covers(set) {
            let followed = index.follow(call, set);
            self.weigh(key, index.memory());
            followed?;
        }
        read(call, &RwLockWriteGuard::downgrade(index))
    }

    /// Tells of the row that an append has just made of `before`.
    pub(super) fn adopt(&self, before: &Set, hash: B256, entry: &RowEntry, document: &str) {
        let key = (before.id, before.terms);
        let Some(index) = self.peek(key) else { return };
        let mut index = write(&index, before.terms);
        index.adopt(before, hash, entry, document);
        self.weigh(key, index.memory());
    }

    /// As [`Self::index`], which leaves no trace.
    fn peek(&self, key: Key) -> Option<Arc<RwLock<SetIndex>>> {
        self.lock().by_set.get(&key).map(|entry| Arc::clone(&entry.index))
    }

    /// The set's index here. A new one begins with what is below.
    fn index(&self, key: Key) -> Arc<RwLock<SetIndex>> {
        let mut entries = self.lock();
        entries.clock += 1;
        let now = entries.clock;
        if let Some(entry) = entries.by_set.get_mut(&key) {
            entry.used = now;
            return Arc::clone(&entry.index);
        }
        drop(entries);
        let below = self.below.as_ref().and_then(|below| below.peek(key));
        let below = below.and_then(|index| index.read().ok().map(|index| index.clone()));
        let index = below.unwrap_or_else(|| SetIndex::empty(key.1));
        let memory = index.memory();
        let mut entries = self.lock();
        let entry = entries.by_set.entry(key);
        let added = matches!(entry, std::collections::hash_map::Entry::Vacant(_));
        let index = Arc::clone(&entry.or_insert_with(|| Entry { index: Arc::new(RwLock::new(index)), memory, used: now }).index);
        if added {
            entries.memory += memory;
            entries.shrink(self.capacity);
        }
        index
    }

    /// Takes note of how much memory an index holds now.
    fn weigh(&self, key: Key, memory: usize) {
        let mut entries = self.lock();
        // Another may have dropped it meanwhile; whoever reads it keeps it until then.
        let Some(entry) = entries.by_set.get_mut(&key) else { return };
        let before = std::mem::replace(&mut entry.memory, memory);
        entries.memory = entries.memory - before + memory;
        entries.shrink(self.capacity);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Entries are whole at every moment, so a panic elsewhere leaves nothing broken behind.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks an index to change it. One that a panic left half-changed begins anew.
fn write(index: &RwLock<SetIndex>, terms: Terms) -> RwLockWriteGuard<'_, SetIndex> {
    index.write().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        *guard = SetIndex::empty(terms);
        index.clear_poison();
        guard
    })
}

impl Entries {
    fn shrink(&mut self, capacity: usize) {
        while (self.memory > capacity || self.by_set.len() > MOST_ENTRIES) && self.by_set.len() > 1 {
            let oldest = self.by_set.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(entry) = oldest.and_then(|key| self.by_set.remove(&key)) else { return };
            self.memory -= entry.memory;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(set: u64) -> Key {
        (U256::from(set), Terms::TEXT)
    }

    fn held(cache: &IndexCache) -> Vec<bool> {
        [1, 2, 3].map(|set| cache.peek(key(set)).is_some()).into()
    }

    #[test]
    fn the_index_that_was_not_used_for_longest_leaves_first() {
        let one = SetIndex::empty(Terms::TEXT).memory();
        let cache = IndexCache::new(2 * one);
        for set in [1, 2, 1, 3] {
            cache.index(key(set));
        }
        assert_eq!(held(&cache), [true, false, true]);
        assert_eq!(cache.lock().memory, 2 * one);
        cache.weigh(key(3), 2 * one);
        assert_eq!(held(&cache), [false, false, true]);
        cache.weigh(key(3), 9 * one);
        assert_eq!((held(&cache), cache.lock().memory), (vec![false, false, true], 9 * one), "the last one stays");
    }

    #[test]
    fn a_cache_above_another_leaves_it_as_it_is() {
        let blocks = Arc::new(IndexCache::new(usize::MAX));
        blocks.index(key(1));
        let calls = IndexCache::above(blocks.clone(), usize::MAX);
        let used = blocks.lock().clock;
        for set in [1, 2] {
            calls.index(key(set));
        }
        assert!(!Arc::ptr_eq(&calls.peek(key(1)).unwrap(), &blocks.peek(key(1)).unwrap()));
        assert_eq!((held(&calls), held(&blocks)), (vec![true, true, false], vec![true, false, false]));
        assert_eq!(blocks.lock().clock, used);
    }

    #[test]
    fn an_index_that_a_panic_left_half_changed_begins_anew() {
        let cache = IndexCache::new(usize::MAX);
        let index = cache.index(key(1));
        let change = || {
            let _guard = index.write();
            panic!("half-way");
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(change)).is_err() && index.is_poisoned());
        drop(write(&index, Terms::TEXT));
        assert!(!index.is_poisoned());
    }
}

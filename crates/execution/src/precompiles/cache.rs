//! The indexes that were used of late, one for each set, which grow with their sets.
//!
//! All of it is derived: it can be thrown away at any time without changing a result or a unit of gas.

use super::{
    call::{Call, Step},
    index::{Gathering, IndexPart, SetIndex},
    sets::{Set, Terms},
};
use alloy_primitives::{B256, U256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tributary_attribution::{scan::Scratch, text::RowEntry};

/// Entries are walked to find one to drop, so their number is bounded too.
const MOST_ENTRIES: usize = 1 << 12;

/// Memory of rows that are in no part, beyond which what parts have meanwhile is no longer kept here.
const OWN_ROWS: usize = 8 << 20;

/// Most memory to rank in that is kept: that of a million rows.
const KEPT_SCRATCH: usize = 24 << 20;

/// What rows are cut by stands beside the set, because the running root does not commit to it: calls may pretend that a set has other terms.
type Key = (U256, Terms);

/// Indexes over sets: parts that all share, and in memory, up to a bound, what is in no part yet.
///
/// An index serves all who execute on states of one chain, at whatever version: it recognises a state by the running root, which
/// commits to every byte of the shards, so that rows of an open block, of a reverted frame or of a pretence are only seen by those
/// whose state has them. What an index lacks is read from state. Who reads an index keeps it as it is while others add to theirs.
#[derive(Debug)]
pub struct IndexCache {
    /// What others built, and this one may use but not change.
    below: Option<Arc<IndexCache>>,
    parts: Arc<Mutex<Parts>>,
    capacity: usize,
    entries: Mutex<Entries>,
    /// Memory to rank rows in, kept from one call to the next.
    scratch: Mutex<Scratch>,
}

/// The parts as they were published last.
#[derive(Debug, Default, Clone)]
struct Parts {
    all: Arc<[Arc<IndexPart>]>,
    generation: u64,
}

impl Parts {
    fn index(&self, (id, terms): Key) -> SetIndex {
        id.try_into().map_or_else(|_| SetIndex::empty(terms), |id| SetIndex::of_parts(id, terms, &self.all))
    }
}

#[derive(Debug, Default)]
struct Entries {
    by_set: HashMap<Key, Entry>,
    memory: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    index: Arc<SetIndex>,
    /// The generation of parts that it was compared with last.
    generation: u64,
    memory: usize,
    used: u64,
}

impl IndexCache {
    /// An empty cache that holds up to `capacity` bytes, and always the index used last.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { below: None, parts: Arc::default(), capacity, entries: Mutex::default(), scratch: Mutex::default() }
    }

    /// An empty cache that uses what is in `below` and leaves that as it is; it holds up to `capacity` bytes itself.
    #[must_use]
    pub fn above(below: Arc<Self>, capacity: usize) -> Self {
        Self { parts: below.parts.clone(), below: Some(below), ..Self::new(capacity) }
    }

    /// Uses these parts from now on, the oldest first, and forgets what they have.
    pub fn publish(&self, parts: Vec<Arc<IndexPart>>) {
        let mut published = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        published.all = parts.into();
        published.generation += 1;
        let parts = published.clone();
        drop(published);
        let mut entries = self.lock();
        let had: Vec<Key> =
            entries.by_set.iter().filter(|(key, entry)| parts.index(**key).has_all_of(&entry.index)).map(|(key, _)| *key).collect();
        had.into_iter().for_each(|key| drop(entries.take(key)));
    }

    fn parts(&self) -> Parts {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes out what the indexes here hold and no part does, to be made one.
    #[must_use]
    pub fn drain(&self) -> Gathering {
        let mut gathering = Gathering::default();
        for ((id, _), entry) in std::mem::take(&mut *self.lock()).by_set {
            if let Ok(id) = id.try_into() {
                gathering.add_index(id, &entry.index);
            }
        }
        gathering
    }

    /// Whether indexes here hold so much memory, or are so many, that some will soon be dropped.
    #[must_use]
    pub fn is_full(&self, memory: usize) -> bool {
        let entries = self.lock();
        entries.memory >= memory || entries.by_set.len() >= MOST_ENTRIES / 2
    }

    /// As after a block of which parts have all: when indexes here hold more than half of what they may, the older ones go, down to a quarter.
    pub fn settle(&self) {
        let mut entries = self.lock();
        if entries.memory > self.capacity / 2 {
            entries.shrink(self.capacity / 4);
        }
    }

    /// Whether indexes here hold more than half of the memory that they may.
    #[must_use]
    pub fn is_half_full(&self) -> bool {
        self.lock().memory > self.capacity / 2
    }

    /// Lets `rank` rank rows, in memory that the system need not be asked for again. A second one at the same time has its own.
    pub(super) fn rank<R>(&self, rank: impl FnOnce(&mut Scratch) -> R) -> R {
        let Ok(mut scratch) = self.scratch.try_lock() else { return rank(&mut Scratch::default()) };
        let ranked = rank(&mut scratch);
        if scratch.memory() > KEPT_SCRATCH {
            *scratch = Scratch::default();
        }
        ranked
    }

    /// Lets `read` read the index of the set as it is. The index may know more shards than the set has.
    pub(super) fn with<R>(&self, call: &mut Call<'_>, set: &Set, read: impl FnOnce(&mut Call<'_>, &SetIndex) -> Step<R>) -> Step<R> {
        let index = match self.find(set) {
            Some(index) => index,
            None => self.bring(call, set)?,
        };
        read(call, &index)
    }

    /// Tells of the row that an append has just made of `before`.
    pub(super) fn adopt(&self, before: &Set, hash: B256, entry: &RowEntry, document: &str) {
        let key = (before.id, before.terms);
        let Some((mut index, generation)) = self.lock().take(key) else { return };
        Arc::make_mut(&mut index).adopt(before, hash, entry, document);
        self.keep(key, index, generation);
    }

    /// An index that has the set's shards, if there is one.
    fn find(&self, set: &Set) -> Option<Arc<SetIndex>> {
        let key = (set.id, set.terms);
        let below = self.below.as_ref().and_then(|below| below.lock().peek(key));
        if let Some(index) = below.filter(|index| index.covers(set)) {
            return Some(index);
        }
        let parts = self.parts();
        let own = self.lock().touch(key);
        let fresh = own.as_ref().is_some_and(|(_, generation)| *generation == parts.generation);
        let own = own.map(|(index, _)| index).filter(|index| index.covers(set));
        if fresh && own.is_some() {
            return own;
        }
        let frozen = parts.index(key);
        if frozen.covers(set) {
            let index = Arc::new(frozen);
            self.keep(key, index.clone(), parts.generation);
            return Some(index);
        }
        own.filter(|index| index.memory() <= OWN_ROWS)
    }

    /// Reads what the index of the set lacks.
    fn bring(&self, call: &mut Call<'_>, set: &Set) -> Step<Arc<SetIndex>> {
        let key = (set.id, set.terms);
        let parts = self.parts();
        let own = self.lock().take(key);
        let current = |(index, generation): &(Arc<SetIndex>, u64)| *generation == parts.generation || index.memory() <= OWN_ROWS;
        let frozen = parts.index(key);
        // One that lacks what parts have was used by somebody whose state lacks that: an old one, or one that a caller pretends. Whoever comes next does not read
        // again for it what parts have.
        let own = own.filter(current).map(|(index, _)| index).filter(|own| own.has_all_of(&frozen));
        let mut index = own.or_else(|| self.below.as_ref()?.lock().peek(key)).unwrap_or_else(|| Arc::new(frozen));
        let followed = Arc::make_mut(&mut index).follow(call, set);
        self.keep(key, index.clone(), parts.generation);
        followed.map(|()| index)
    }

    fn keep(&self, key: Key, index: Arc<SetIndex>, generation: u64) {
        let mut entries = self.lock();
        entries.put(key, index, generation);
        entries.shrink(self.capacity);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Entries are whole at every moment, so a panic elsewhere leaves nothing broken behind.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// As [`Self::touch`], which leaves no trace.
    fn peek(&self, key: Key) -> Option<Arc<SetIndex>> {
        self.by_set.get(&key).map(|entry| entry.index.clone())
    }

    /// The index of a set, used now.
    fn touch(&mut self, key: Key) -> Option<(Arc<SetIndex>, u64)> {
        self.clock += 1;
        let entry = self.by_set.get_mut(&key)?;
        entry.used = self.clock;
        Some((entry.index.clone(), entry.generation))
    }

    /// The index of a set, which leaves.
    fn take(&mut self, key: Key) -> Option<(Arc<SetIndex>, u64)> {
        let entry = self.by_set.remove(&key)?;
        self.memory -= entry.memory;
        Some((entry.index, entry.generation))
    }

    fn put(&mut self, key: Key, index: Arc<SetIndex>, generation: u64) {
        self.take(key);
        self.clock += 1;
        let memory = index.memory();
        self.memory += memory;
        self.by_set.insert(key, Entry { index, generation, memory, used: self.clock });
    }

    /// Drops what was not used for longest until the rest fits. Where there are only too many, what is the least work to read again goes instead: indexes of
    /// many small sets, which are cheap to ask, do not drive out that of a large one.
    fn shrink(&mut self, capacity: usize) {
        while self.by_set.len() > 1 {
            let newest = self.clock;
            let others = self.by_set.iter().filter(|(_, entry)| entry.used != newest);
            let first = if self.memory > capacity {
                others.min_by_key(|(_, entry)| entry.used)
            } else if self.by_set.len() > MOST_ENTRIES {
                others.min_by_key(|(_, entry)| (entry.memory, entry.used))
            } else {
                return;
            };
            if first.map(|(key, _)| *key).and_then(|key| self.take(key)).is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{sets::Kind, shards::Shard},
        *,
    };

    fn key(set: u64) -> Key {
        (U256::from(set), Terms::TEXT)
    }

    fn keep(cache: &IndexCache, set: u64) {
        cache.keep(key(set), Arc::new(SetIndex::empty(Terms::TEXT)), 0);
    }

    fn held(cache: &IndexCache) -> Vec<bool> {
        [1, 2, 3].map(|set| cache.lock().peek(key(set)).is_some()).into()
    }

    #[test]
    fn the_index_that_was_not_used_for_longest_leaves_first() {
        let one = SetIndex::empty(Terms::TEXT).memory();
        let cache = IndexCache::new(2 * one);
        keep(&cache, 1);
        keep(&cache, 2);
        cache.lock().touch(key(1));
        keep(&cache, 3);
        assert_eq!((held(&cache), cache.lock().memory), (vec![true, false, true], 2 * one));
        keep(&cache, 3);
        assert_eq!(cache.lock().memory, 2 * one, "one index of a set");
        let cache = IndexCache::new(0);
        keep(&cache, 1);
        keep(&cache, 3);
        assert_eq!(held(&cache), [false, false, true], "the last one stays");
    }

    #[test]
    fn many_small_indexes_do_not_drive_out_a_large_one() {
        let mut large = SetIndex::empty(Terms { kind: Kind::Sketch, dim: 32, labelled: false, band: (0, 0) });
        let shard = Shard { kind: Kind::Sketch, contributor: 0, rows: 1000, born: 2, payload: vec![0; 33_000].into() };
        assert!(large.push_sketches(&shard, B256::ZERO));
        let cache = IndexCache::new(usize::MAX);
        cache.keep(key(1), Arc::new(large), 0);
        (2..MOST_ENTRIES as u64 + 10).for_each(|set| keep(&cache, set));
        assert_eq!((held(&cache)[0], cache.lock().by_set.len()), (true, MOST_ENTRIES));
    }

    #[test]
    fn after_a_block_that_parts_have_older_indexes_make_room_for_those_of_the_next() {
        let one = SetIndex::empty(Terms::TEXT).memory();
        let cache = IndexCache::new(4 * one);
        (1..3).for_each(|set| keep(&cache, set));
        cache.settle();
        assert_eq!(held(&cache), [true, true, false], "half of it is no more than half");
        keep(&cache, 3);
        assert!(cache.is_half_full());
        cache.settle();
        assert_eq!(held(&cache), [false, false, true]);
    }
}

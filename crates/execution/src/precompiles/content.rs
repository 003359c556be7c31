//! What the shards of a set hold, in the form in which it is scored; and the cache of it.
//!
//! All of this is derived: it can be thrown away at any time without changing a result or a unit
//! of gas.

use super::{
    call::{Call, Step, Stop},
    sets::{Kind, Set, Shard, next_root},
};
use alloy_primitives::{B256, U256};
use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tributary_attribution::first_edition::TextIndex;

/// The rows of a set, or the first of them.
#[derive(Debug, Clone)]
pub(super) struct Content {
    /// The running root after each shard.
    roots: Vec<B256>,
    /// By row.
    contributors: Vec<u32>,
    rows: Rows,
}

#[derive(Debug, Clone)]
enum Rows {
    Text(TextIndex),
    Sketches(Sketches),
}

/// Rows of sketches, side by side.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketches {
    /// `dim` values a row.
    pub(super) values: Vec<i8>,
    /// One a row.
    pub(super) exponents: Vec<u8>,
    /// One a row when the set is labelled, otherwise none.
    pub(super) labels: Vec<u16>,
}

impl Content {
    fn empty(kind: Kind) -> Self {
        let rows = match kind {
            Kind::Text => Rows::Text(TextIndex::default()),
            Kind::Sketch => Rows::Sketches(Sketches::default()),
        };
        Self { roots: Vec::new(), contributors: Vec::new(), rows }
    }

    pub(super) fn contributors(&self) -> &[u32] {
        &self.contributors
    }

    /// The index, when the set is one of texts.
    pub(super) fn text(&self) -> Step<&TextIndex> {
        match &self.rows {
            Rows::Text(index) => Ok(index),
            Rows::Sketches(_) => Err(Stop::Fatal("a set of sketches has no text index".into())),
        }
    }

    /// The rows, when the set is one of sketches.
    pub(super) fn sketches(&self) -> Step<&Sketches> {
        match &self.rows {
            Rows::Sketches(sketches) => Ok(sketches),
            Rows::Text(_) => Err(Stop::Fatal("a set of texts has no sketches".into())),
        }
    }

    fn root(&self) -> B256 {
        self.roots.last().copied().unwrap_or_default()
    }

    /// Roughly the memory that the content holds.
    fn memory(&self) -> usize {
        let rows = match &self.rows {
            Rows::Text(index) => index.memory(),
            Rows::Sketches(sketches) => sketches.values.len() + 3 * sketches.exponents.len(),
        };
        rows + self.roots.len() * size_of::<B256>() + self.contributors.len() * size_of::<u32>()
    }

    /// Appends the shards that follow.
    fn extend(&mut self, set: &Set, shards: &[(Shard, B256)]) -> Step<()> {
        for (shard, hash) in shards {
            if set.kind == Kind::Sketch && shard.payload.len() != shard.rows as usize * set.row_length() {
                return Err(Stop::Fatal(format!("a shard of set {} does not hold the rows that it says", set.id)));
            }
            self.roots.push(next_root(self.root(), *hash));
            self.contributors.extend((0..shard.rows).map(|_| shard.contributor));
        }
        match &mut self.rows {
            Rows::Text(index) => {
                index.append(shards.iter().map(|(shard, _)| shard.payload.as_ref())).map_err(|e| Stop::Fatal(e.to_string()))?;
            }
            Rows::Sketches(sketches) => shards.iter().for_each(|(shard, _)| sketches.push(set, &shard.payload)),
        }
        Ok(())
    }

    /// The first `rows` rows of a set of texts, in which every shard is one row.
    fn prefix(&self, rows: u64) -> Step<Self> {
        let index = self.text()?.prefix(rows);
        let rows = rows as usize;
        Ok(Self { roots: self.roots[..rows].to_vec(), contributors: self.contributors[..rows].to_vec(), rows: Rows::Text(index) })
    }
}

impl Sketches {
    fn push(&mut self, set: &Set, payload: &[u8]) {
        for row in payload.chunks_exact(set.row_length()) {
            let (&exponent, mut rest) = row.split_first().expect("invariant: a row has an exponent");
            self.exponents.push(exponent);
            if set.labelled {
                let (label, values) = rest.split_first_chunk().expect("invariant: a labelled row has a label");
                self.labels.push(u16::from_be_bytes(*label));
                rest = values;
            }
            self.values.extend(rest.iter().map(|&byte| byte as i8));
        }
    }
}

/// The content of the set as it is now, grown from what the cache has of it.
///
/// A candidate may be of another branch of the chain, or of a frame that was reverted; it is grown
/// only when the running root shows that the set grew from it too.
fn complete(call: &mut Call<'_>, set: &Set, cache: &IndexCache) -> Step<Content> {
    let mut tail: VecDeque<(Shard, B256)> = VecDeque::new();
    for shorter in cache.shorter(set) {
        let known = shorter.roots.len() as u64;
        while set.shards - (tail.len() as u64) > known {
            tail.push_front(set.shard(call, set.shards - tail.len() as u64 - 1)?);
        }
        if tail.iter().fold(shorter.root(), |root, (_, hash)| next_root(root, *hash)) == set.root {
            let mut content = Content::clone(&shorter);
            content.extend(set, tail.make_contiguous())?;
            return Ok(content);
        }
    }
    let missing = 0..set.shards - tail.len() as u64;
    let mut all: Vec<_> = missing.map(|index| set.shard(call, index)).collect::<Step<_>>()?;
    all.extend(tail);
    let mut content = Content::empty(set.kind);
    content.extend(set, &all)?;
    Ok(content)
}

/// Entries are walked to find one to grow or to drop, so their number is bounded too.
const MOST_ENTRIES: usize = 1 << 12;

/// What rows are cut by, which the running root does not commit to. Fixed when a set is created; but calls may pretend that a set has others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Terms {
    set: U256,
    kind: Kind,
    dim: u16,
    labelled: bool,
}

impl Terms {
    fn of(set: &Set) -> Self {
        Self { set: set.id, kind: set.kind, dim: set.dim, labelled: set.labelled }
    }
}

/// Contents that were built, by terms and running root, up to a bound of memory.
///
/// A running root commits to every byte of the shards before it, so an entry is right on every
/// branch of the chain, for whatever a call pretends, and for ever. What is not in the cache is read from state.
#[derive(Debug)]
pub struct IndexCache {
    /// What others built, and this one may use but not change.
    below: Option<Arc<IndexCache>>,
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_root: HashMap<(Terms, B256), Entry>,
    memory: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    content: Arc<Content>,
    memory: usize,
    used: u64,
}

impl IndexCache {
    /// An empty cache that holds up to `capacity` bytes, and always the content used last.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { below: None, capacity, entries: Mutex::default() }
    }

    /// An empty cache that uses what is in `below` and leaves that as it is; it holds up to `capacity` bytes itself.
    #[must_use]
    pub fn above(below: Arc<Self>, capacity: usize) -> Self {
        Self { below: Some(below), ..Self::new(capacity) }
    }

    /// The content of a set, or of its first `rows` when they are texts; sketches always come whole.
    pub(super) fn open(&self, call: &mut Call<'_>, set: &Set, rows: u64) -> Step<Arc<Content>> {
        let terms = Terms::of(set);
        let whole = match self.get(terms, set.root) {
            Some(content) => content,
            None => {
                let content = complete(call, set, self)?;
                self.insert(terms, content)
            }
        };
        if whole.contributors.len() as u64 != set.rows {
            return Err(Stop::Fatal(format!("set {} does not have the rows that it says", set.id)));
        }
        if set.kind == Kind::Sketch || rows == set.rows {
            return Ok(whole);
        }
        let root = rows.checked_sub(1).map_or(B256::ZERO, |last| whole.roots[last as usize]);
        match self.get(terms, root) {
            Some(content) => Ok(content),
            None => Ok(self.insert(terms, whole.prefix(rows)?)),
        }
    }

    fn get(&self, terms: Terms, root: B256) -> Option<Arc<Content>> {
        if let Some(content) = self.below.as_ref().and_then(|below| below.peek(terms, root)) {
            return Some(content);
        }
        let mut entries = self.lock();
        entries.clock += 1;
        let now = entries.clock;
        let entry = entries.by_root.get_mut(&(terms, root))?;
        entry.used = now;
        Some(Arc::clone(&entry.content))
    }

    /// As [`Self::get`], which leaves no trace.
    fn peek(&self, terms: Terms, root: B256) -> Option<Arc<Content>> {
        self.lock().by_root.get(&(terms, root)).map(|entry| Arc::clone(&entry.content))
    }

    /// What is known of the set that has no more shards, the longest first, the last used first.
    fn shorter(&self, set: &Set) -> Vec<Arc<Content>> {
        let (entries, wanted) = (self.lock(), Terms::of(set));
        let of_set = entries.by_root.iter().filter(|((terms, _), _)| *terms == wanted).map(|(_, entry)| entry);
        let mut found: Vec<&Entry> = of_set.filter(|entry| entry.content.roots.len() as u64 <= set.shards).collect();
        found.sort_unstable_by_key(|entry| Reverse((entry.content.roots.len(), entry.used)));
        let mut found: Vec<_> = found.into_iter().map(|entry| Arc::clone(&entry.content)).collect();
        found.extend(self.below.iter().flat_map(|below| below.shorter(set)));
        found.sort_by_key(|content| Reverse(content.roots.len()));
        found
    }

    fn insert(&self, terms: Terms, content: Content) -> Arc<Content> {
        let mut entries = self.lock();
        entries.clock += 1;
        let key = (terms, content.root());
        let memory = content.memory();
        let content = Arc::new(content);
        let entry = Entry { content: Arc::clone(&content), memory, used: entries.clock };
        entries.memory += memory;
        if let Some(replaced) = entries.by_root.insert(key, entry) {
            entries.memory -= replaced.memory;
        }
        entries.shrink(self.capacity);
        content
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        // Entries are whole at every moment, so a panic elsewhere leaves nothing broken behind.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn shrink(&mut self, capacity: usize) {
        while (self.memory > capacity || self.by_root.len() > MOST_ENTRIES) && self.by_root.len() > 1 {
            let oldest = self.by_root.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(entry) = oldest.and_then(|key| self.by_root.remove(&key)) else { return };
            self.memory -= entry.memory;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;

    const TERMS: Terms = Terms { set: U256::ONE, kind: Kind::Text, dim: 0, labelled: false };

    fn set() -> Set {
        let Terms { set: id, kind, dim, labelled } = TERMS;
        Set { id, owner: Address::ZERO, kind, dim, labelled, shards: 0, rows: 0, size: 0, root: B256::ZERO }
    }

    fn content(root: u8, documents: usize) -> Content {
        let text = vec![b"some words".as_slice(); documents];
        Content {
            roots: vec![B256::repeat_byte(root); documents],
            contributors: vec![0; documents],
            rows: Rows::Text(TextIndex::build(text).unwrap()),
        }
    }

    #[test]
    fn the_entry_that_was_not_used_for_longest_leaves_first() {
        let one = content(1, 3).memory();
        let cache = IndexCache::new(2 * one);
        for root in [1, 2] {
            cache.insert(TERMS, content(root, 3));
        }
        assert!(cache.get(TERMS, B256::repeat_byte(1)).is_some());
        cache.insert(TERMS, content(3, 3));
        let held = [1, 2, 3].map(|root| cache.get(TERMS, B256::repeat_byte(root)).is_some());
        assert_eq!(held, [true, false, true]);
        assert_eq!(cache.lock().memory, 2 * one);
    }

    #[test]
    fn a_cache_above_another_uses_it_and_leaves_it_as_it_is() {
        let blocks = Arc::new(IndexCache::new(usize::MAX));
        blocks.insert(TERMS, content(1, 3));
        let calls = IndexCache::above(blocks.clone(), usize::MAX);
        let root = B256::repeat_byte;
        assert!(Arc::ptr_eq(&calls.get(TERMS, root(1)).unwrap(), &blocks.get(TERMS, root(1)).unwrap()));
        let used = blocks.lock().clock;
        calls.insert(TERMS, content(2, 5));
        calls.get(TERMS, root(1)).unwrap();
        let shards =
            |cache: &IndexCache| cache.shorter(&Set { shards: 9, ..set() }).iter().map(|found| found.roots.len()).collect::<Vec<_>>();
        assert_eq!((shards(&calls), shards(&blocks)), (vec![5, 3], vec![3]));
        assert!(calls.get(TERMS, root(2)).is_some() && blocks.get(TERMS, root(2)).is_none());
        assert_eq!(blocks.lock().clock, used + 1, "only the blocks' own look counts");
    }

    #[test]
    fn candidates_to_grow_are_the_longest_that_the_set_may_have_grown_from() {
        let cache = IndexCache::new(usize::MAX);
        for documents in [1, 5, 2] {
            cache.insert(TERMS, content(documents as u8, documents));
        }
        let shorter = |id, shards| {
            let found = cache.shorter(&Set { id: U256::from(id), shards, ..set() });
            found.iter().map(|content| content.roots.len()).collect::<Vec<_>>()
        };
        assert_eq!(shorter(1, 4), [2, 1]);
        assert_eq!(shorter(1, 5), [5, 2, 1]);
        assert_eq!(shorter(2, 5), [0; 0]);
    }
}

//! The index over one set: what its shards hold, in the form in which it is read, right at every version.
//!
//! It grows at its end, a shard at a time, and remembers the running root after each. A state whose root is one of them has exactly those
//! shards, whichever block, frame or pretence it belongs to; of another state's shards it keeps those that both have. What became of rows
//! (statuses, authors) is not in it: that belongs to the state which is asked.

use super::{
    call::{Call, Step, Stop},
    sets::{Kind, Set, Terms},
    shards::{MAX_EXPONENT, Shard, check_sketches, decode_text, next_root},
};
use alloy_primitives::B256;
use tributary_attribution::{
    contributors::Contributors,
    text::{MemoryIndex, RowEntry, StoredRow, Unmetered},
};

/// The version of a set that has no rows yet.
const FIRST_VERSION: u64 = 1;

#[derive(Debug, Clone)]
pub(super) struct SetIndex {
    terms: Terms,
    shards: Vec<Mark>,
    contributors: Contributors,
    rows: Rows,
}

/// What is remembered of a shard.
#[derive(Debug, Clone, Copy)]
struct Mark {
    hash: B256,
    /// The running root up to and with it.
    root: B256,
    /// Rows up to and with it.
    rows: u64,
    born: u64,
}

#[derive(Debug, Clone)]
enum Rows {
    Text(Box<MemoryIndex>),
    /// As they were appended, behind each other.
    Sketches(Vec<u8>),
}

impl SetIndex {
    pub(super) fn empty(terms: Terms) -> Self {
        let rows = match terms.kind {
            Kind::Text => Rows::Text(Box::default()),
            Kind::Sketch => Rows::Sketches(Vec::new()),
        };
        Self { terms, shards: Vec::new(), contributors: Contributors::default(), rows }
    }

    /// Whether the shards of the set as it is are the first of this index.
    pub(super) fn covers(&self, set: &Set) -> bool {
        let known = self.shards.len() as u64 >= set.shards;
        known && self.root(set.shards) == set.root && self.rows_of(set.shards) == set.rows
    }

    /// Reads what it lacks of the set's shards, after it has forgotten those that the set does not have.
    pub(super) fn follow(&mut self, call: &mut Call<'_>, set: &Set) -> Step<()> {
        let missing = self.missing(call, set)?;
        let common = set.shards - missing.len() as u64;
        self.unwind(common)?;
        for (at, hash) in (common..).zip(missing) {
            let (shard, found) = set.shard(call, at)?;
            if found != hash || !self.push(&shard, hash) {
                return set.damaged(at);
            }
        }
        if self.rows_of(set.shards) == set.rows { Ok(()) } else { set.damaged(set.shards.saturating_sub(1)) }
    }

    /// Adds the row that an append has just made of `before`, when this is the index of that and no more; otherwise it is read later.
    pub(super) fn adopt(&mut self, before: &Set, hash: B256, entry: &RowEntry, document: &str) {
        if self.shards.len() as u64 != before.shards || !self.covers(before) {
            return;
        }
        if let Rows::Text(index) = &mut self.rows
            && index.write(entry, document).is_ok()
        {
            self.mark(hash, (entry.facts.contributor, 1), entry.facts.born);
        }
    }

    /// How many of the set's rows were there at a version.
    pub(super) fn rows_at(&self, set: &Set, version: u64) -> u64 {
        let born = self.shards.partition_point(|shard| shard.born <= version) as u64;
        self.rows_of(born.min(set.shards))
    }

    /// The index of a set of texts.
    pub(super) fn text(&self) -> Step<&MemoryIndex> {
        match &self.rows {
            Rows::Text(index) => Ok(index),
            Rows::Sketches(_) => Err(Stop::Fatal("a set of sketches has no text index".into())),
        }
    }

    /// The rows of a set of sketches.
    pub(super) fn sketches(&self) -> Step<&[u8]> {
        match &self.rows {
            Rows::Sketches(rows) => Ok(rows),
            Rows::Text(_) => Err(Stop::Fatal("a set of texts has no sketches".into())),
        }
    }

    /// Who the shards name as the contributors of their rows.
    pub(super) fn contributors(&self) -> &Contributors {
        &self.contributors
    }

    /// The version that a row was appended with.
    pub(super) fn born(&self, row: u64) -> Option<u64> {
        self.shards.get(self.shards.partition_point(|shard| shard.rows <= row)).map(|shard| shard.born)
    }

    /// Roughly the memory that it holds.
    pub(super) fn memory(&self) -> usize {
        let rows = match &self.rows {
            Rows::Text(index) => index.memory(),
            Rows::Sketches(rows) => rows.capacity(),
        };
        rows + size_of::<Self>() + self.shards.capacity() * size_of::<Mark>() + 4 * self.contributors.rows() as usize
    }

    fn before(&self, shards: u64) -> Option<&Mark> {
        self.shards.get(usize::try_from(shards.checked_sub(1)?).ok()?)
    }

    fn root(&self, shards: u64) -> B256 {
        self.before(shards).map_or(B256::ZERO, |mark| mark.root)
    }

    fn rows_of(&self, shards: u64) -> u64 {
        self.before(shards).map_or(0, |mark| mark.rows)
    }

    /// The hashes of the set's shards from the first on that this index does not have.
    ///
    /// Looks back in steps that double, until the root proves that the two begin alike: of `n` shards that they do not share, it reads the
    /// hashes of fewer than `2n`. A shard that is not there ends it, whatever the set claims to have.
    fn missing(&self, call: &mut Call<'_>, set: &Set) -> Step<Vec<B256>> {
        let mut known = set.shards.min(self.shards.len() as u64);
        let mut step = 1;
        // The last shard's first.
        let mut tail = Vec::new();
        loop {
            while set.shards - tail.len() as u64 > known {
                tail.push(set.shard_hash(call, set.shards - tail.len() as u64 - 1)?);
            }
            if tail.iter().rev().fold(self.root(known), |root, hash| next_root(root, *hash)) == set.root {
                break;
            }
            if known == 0 {
                return set.damaged(set.shards.saturating_sub(1));
            }
            known = known.saturating_sub(step);
            step *= 2;
        }
        // They begin alike, so they go on alike for as long as the hashes do.
        let own = self.shards.iter().skip(known as usize);
        let same = tail.iter().rev().zip(own).take_while(|(theirs, own)| **theirs == own.hash).count();
        tail.truncate(tail.len() - same);
        tail.reverse();
        Ok(tail)
    }

    /// Forgets all but the first `shards` shards.
    fn unwind(&mut self, shards: u64) -> Step<()> {
        let (rows, born) = self.before(shards).map_or((0, FIRST_VERSION), |mark| (mark.rows, mark.born));
        match &mut self.rows {
            Rows::Text(index) => index.unwind(born).map_err(|error| Stop::Fatal(error.to_string()))?,
            Rows::Sketches(values) => values.truncate(rows as usize * self.terms.layout().map_or(0, |layout| layout.row_length())),
        }
        self.contributors.truncate(rows);
        self.shards.truncate(shards as usize);
        Ok(())
    }

    /// Adds the next shard; `false` when it does not hold what it must. Nothing is made room for that it only claims.
    fn push(&mut self, shard: &Shard, hash: B256) -> bool {
        let newest = self.shards.last().map_or(FIRST_VERSION, |mark| mark.born);
        if shard.born <= newest {
            return false;
        }
        let holds = match &mut self.rows {
            Rows::Text(index) => shard.rows == 1 && push_text(index, shard),
            Rows::Sketches(values) => {
                let layout = self.terms.layout();
                let rows = layout.and_then(|layout| check_sketches(layout, (0, MAX_EXPONENT), &shard.payload).ok());
                let holds = rows == Some(shard.rows);
                if holds {
                    values.extend_from_slice(&shard.payload);
                }
                holds
            }
        };
        if holds {
            self.mark(hash, (shard.contributor, shard.rows), shard.born);
        }
        holds
    }

    fn mark(&mut self, hash: B256, (contributor, rows): (u32, u32), born: u64) {
        let shards = self.shards.len() as u64;
        let mark = Mark { hash, root: next_root(self.root(shards), hash), rows: self.rows_of(shards) + u64::from(rows), born };
        self.contributors.push(contributor, rows);
        self.shards.push(mark);
    }
}

fn push_text(index: &mut MemoryIndex, shard: &Shard) -> bool {
    let Some((runs, document)) = decode_text(&shard.payload) else { return false };
    let Ok(document) = std::str::from_utf8(&document) else { return false };
    let stored = StoredRow { born: shard.born, contributor: shard.contributor, runs, document };
    index.restore(stored, &mut Unmetered).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precompiles::shards::encode_text;
    use alloy_primitives::Address;

    const SKETCHES: Terms = Terms { kind: Kind::Sketch, dim: 32, labelled: false, band: (0, 63) };

    fn sketches(contributor: u32, rows: u32, born: u64) -> Shard {
        Shard { kind: Kind::Sketch, contributor, rows, born, payload: vec![1; 33 * rows as usize].into() }
    }

    fn text(document: &str, born: u64) -> Shard {
        Shard { kind: Kind::Text, contributor: 1, rows: 1, born, payload: encode_text(&[], document) }
    }

    #[test]
    fn a_shard_that_claims_more_rows_than_it_holds_takes_no_memory() {
        let mut index = SetIndex::empty(SKETCHES);
        let before = index.memory();
        for rows in [0, 1, 3, u32::MAX] {
            assert!(!index.push(&Shard { rows, ..sketches(1, 2, 2) }, B256::ZERO), "{rows}");
        }
        assert!(!index.push(&sketches(1, 2, 1), B256::ZERO), "as old as the set");
        assert_eq!(index.memory(), before);
        assert!(index.push(&sketches(1, 2, 2), B256::ZERO));
        let mut index = SetIndex::empty(Terms::TEXT);
        assert!(!index.push(&Shard { rows: u32::MAX, ..text("a", 2) }, B256::ZERO));
        assert!(!index.push(&Shard { payload: vec![0xFF; 9].into(), ..text("a", 2) }, B256::ZERO));
    }

    #[test]
    fn an_index_that_went_back_is_as_one_that_never_went_on() {
        for (terms, shards) in [(SKETCHES, [sketches(5, 2, 2), sketches(6, 3, 9)]), (Terms::TEXT, [text("a b c", 2), text("a b c d", 9)])] {
            let mut index = SetIndex::empty(terms);
            assert!(index.push(&shards[0], B256::repeat_byte(1)));
            let before = (index.root(1), index.rows_of(1), format!("{:?}", index.contributors));
            assert!(index.push(&shards[1], B256::repeat_byte(2)));
            let rows = index.rows_of(2);
            let set = Set {
                id: Default::default(),
                owner: Address::ZERO,
                terms,
                changed: 0,
                shards: 2,
                rows,
                size: 0,
                version: 9,
                root: index.root(2),
            };
            assert!(index.covers(&set));
            assert_eq!([1, 2, 8, 9].map(|version| index.rows_at(&set, version)), [0, before.1, before.1, rows]);
            index.unwind(1).unwrap();
            assert!(!index.covers(&set) && index.covers(&Set { shards: 1, rows: before.1, root: before.0, ..set }));
            assert_eq!((index.root(1), index.rows_of(1), format!("{:?}", index.contributors)), before);
        }
    }
}

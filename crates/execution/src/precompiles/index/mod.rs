//! The index over one set: what its shards hold, in the form in which it is read, right at every version.
//!
//! ```text
//! IndexPart, IndexPart, …  what blocks appended, frozen, the same for all who execute
//!     └─ SetIndex          one set in them, and behind it rows of the open block, of a frame, of a pretence
//!         └─ IndexCache    those that were used of late, private to who executes
//! ```
//!
//! A [`SetIndex`] grows at its end, a shard at a time, and remembers the running root after each. A state whose root is one of them has exactly those
//! shards, whichever block, frame or pretence it belongs to; of another state's shards it keeps those that both have. What became of rows
//! (statuses, authors) is not in it: that belongs to the state which is asked.

mod gather;
mod merge;
mod part;
mod source;

pub use gather::{Gathering, appended_sets, set_count};
pub use merge::{merge, to_merge};
pub use part::IndexPart;

use super::{
    call::{Step, Stop},
    sets::{Kind, Set, Terms},
    shards::{MAX_EXPONENT, Shard, check_sketches, decode_text, next_root},
};
use alloy_primitives::{B256, Bytes};
use part::{Content, Mark, SetPart};
use source::Source;
use std::sync::{Arc, OnceLock};
use tributary_attribution::{
    contributors::Contributors,
    text::{Overlay, RowEntry, StoredRow, TextIndex, Unmetered, frozen::Frozen, restore},
};

/// The version of a set that has no rows yet.
const FIRST_VERSION: u64 = 1;

/// The texts of a set: frozen ones, and others in front of them.
pub(super) type TextRows = Overlay<Frozen>;

#[derive(Debug, Clone)]
pub(super) struct SetIndex {
    terms: Terms,
    /// What parts say of the set, oldest first.
    frozen: Vec<FrozenMarks>,
    /// Shards beyond.
    marks: Vec<Mark>,
    rows: Rows,
    /// Who the shards of sketches name, once that is asked.
    contributors: OnceLock<Contributors>,
}

/// What a part says of a set's shards, of which the first count.
#[derive(Debug, Clone)]
struct FrozenMarks {
    set: SetPart,
    /// Which part of those that were given.
    part: usize,
    shards: u64,
}

#[derive(Debug, Clone)]
enum Rows {
    Text(Box<TextRows>),
    Sketches {
        frozen: Vec<Bytes>,
        /// As they were appended, behind each other.
        own: Vec<u8>,
    },
}

impl SetIndex {
    pub(super) fn empty(terms: Terms) -> Self {
        let rows = match terms.kind {
            Kind::Text => Rows::Text(Box::new(in_front_of(Frozen::default()))),
            Kind::Sketch => Rows::Sketches { frozen: Vec::new(), own: Vec::new() },
        };
        Self { terms, frozen: Vec::new(), marks: Vec::new(), rows, contributors: OnceLock::new() }
    }

    /// What parts have of a set, the oldest part first.
    pub(super) fn of_parts(id: u64, terms: Terms, parts: &[Arc<IndexPart>]) -> Self {
        let mut index = Self::empty(terms);
        for (at, part) in parts.iter().enumerate() {
            // What does not follow is of no use. It is written again, behind what there is.
            if let Some(set) = part.set(id, terms) {
                index.stack(at, set);
            }
        }
        index
    }

    /// Puts a part's shards of the set in the place of those from its first on, when they follow the others.
    fn stack(&mut self, part: usize, set: SetPart) -> bool {
        let first = set.first_shard();
        let follows = first <= self.shards() && set.mark(0).is_some_and(|mark| next_root(self.root(first), mark.hash) == mark.root);
        if !follows || self.unwind(first).is_err() {
            return false;
        }
        let shards = set.shards();
        let stacked = match (&mut self.rows, set.content()) {
            (Rows::Text(texts), Some(Content::Text(rows))) => {
                let mut below = texts.below().clone();
                let fits = rows.len() == shards && below.push(rows).is_ok();
                **texts = in_front_of(below);
                fits
            }
            (Rows::Sketches { frozen, .. }, Some(Content::Sketches(rows))) => {
                frozen.push(rows);
                true
            }
            _ => false,
        };
        if stacked {
            self.frozen.push(FrozenMarks { set, part, shards });
        }
        stacked
    }

    /// Whether the shards of the set as it is are the first of this index.
    pub(super) fn covers(&self, set: &Set) -> bool {
        self.shards() >= set.shards && self.root(set.shards) == set.root && self.rows_of(set.shards) == set.rows
    }

    /// Whether all shards of another index of the set are the first of this one.
    pub(super) fn has_all_of(&self, other: &Self) -> bool {
        self.shards() >= other.shards() && self.root(other.shards()) == other.root(other.shards())
    }

    /// Reads what it lacks of the set's shards, after it has forgotten those that the set does not have.
    pub(super) fn follow(&mut self, source: &mut impl Source, set: &Set) -> Step<()> {
        match self.read_on(source, set) {
            // What parts have may have changed on its disk since they were opened: that the state is damaged, only the state can tell.
            Err(Stop::Revert(_)) if !self.frozen.is_empty() => {
                *self = Self::empty(self.terms);
                self.read_on(source, set)
            }
            read => read,
        }
    }

    fn read_on(&mut self, source: &mut impl Source, set: &Set) -> Step<()> {
        let missing = self.missing(source, set)?;
        let common = set.shards - missing.len() as u64;
        self.unwind(common)?;
        for (at, hash) in (common..).zip(missing) {
            let (shard, found) = source.shard(set, at)?;
            if found != hash || !self.push(&shard, hash) {
                return set.damaged(at);
            }
        }
        if self.rows_of(set.shards) == set.rows { Ok(()) } else { set.damaged(set.shards.saturating_sub(1)) }
    }

    /// Adds the row that an append has just made of `before`, when this is the index of that and no more; otherwise it is read later.
    pub(super) fn adopt(&mut self, before: &Set, hash: B256, entry: &RowEntry, document: &str) {
        if self.shards() != before.shards || !self.covers(before) {
            return;
        }
        if let Rows::Text(index) = &mut self.rows
            && index.write(entry, document).is_ok()
        {
            self.mark(hash, entry.facts.contributor, 1, entry.facts.born);
        }
    }

    /// How many of the set's rows were there at a version.
    pub(super) fn rows_at(&self, set: &Set, version: u64) -> u64 {
        let born = self.first_shard(|mark| mark.born > version);
        self.rows_of(born.min(set.shards))
    }

    /// The index of a set of texts.
    pub(super) fn text(&self) -> Step<&TextRows> {
        match &self.rows {
            Rows::Text(index) => Ok(index),
            Rows::Sketches { .. } => Err(Stop::Fatal("a set of sketches has no text index".into())),
        }
    }

    /// The first `length` bytes of a set of sketches, in pieces of whole rows; fewer when it has no more.
    pub(super) fn sketches(&self, length: usize) -> Step<Vec<&[u8]>> {
        let Rows::Sketches { frozen, own } = &self.rows else { return Err(Stop::Fatal("a set of texts has no sketches".into())) };
        let mut left = length;
        let pieces = frozen.iter().map(|piece| &piece[..]).chain([own.as_slice()]);
        Ok(pieces
            .map(|piece| {
                let (here, _) = piece.split_at(left.min(piece.len()));
                left -= here.len();
                here
            })
            .take_while(|piece| !piece.is_empty())
            .collect())
    }

    /// A row of a set of sketches.
    pub(super) fn sketch(&self, row: u64) -> Option<&[u8]> {
        let Rows::Sketches { frozen, own } = &self.rows else { return None };
        let length = self.terms.layout()?.row_length();
        let mut at = usize::try_from(row).ok()?.checked_mul(length)?;
        for piece in frozen.iter().map(|piece| &piece[..]).chain([own.as_slice()]) {
            if at < piece.len() {
                return piece.get(at..at + length);
            }
            at -= piece.len();
        }
        None
    }

    /// Who the shards of sketches name as the contributors of their rows.
    pub(super) fn contributors(&self) -> &Contributors {
        self.contributors.get_or_init(|| {
            let (mut contributors, mut rows) = (Contributors::default(), 0);
            for mark in (0..self.shards()).filter_map(|shard| self.mark_of(shard)) {
                // A shard has fewer rows than bytes.
                contributors.push(mark.contributor, (mark.rows - rows) as u32);
                rows = mark.rows;
            }
            contributors
        })
    }

    /// Who the shard of a row names as its contributor, and the version that it was appended with.
    pub(super) fn of_row(&self, row: u64) -> Option<(u32, u64)> {
        let mark = self.mark_of(self.first_shard(|mark| mark.rows > row))?;
        Some((mark.contributor, mark.born))
    }

    /// Roughly the memory that it holds of its own.
    pub(super) fn memory(&self) -> usize {
        let rows = match &self.rows {
            Rows::Text(index) => index.memory(),
            Rows::Sketches { own, .. } => own.capacity(),
        };
        let contributors = self.contributors.get().map_or(0, |contributors| 4 * contributors.rows() as usize);
        rows + contributors + size_of::<Self>() + self.marks.capacity() * size_of::<Mark>() + self.frozen.len() * size_of::<FrozenMarks>()
    }

    fn frozen_shards(&self) -> u64 {
        self.frozen.last().map_or(0, |frozen| frozen.set.first_shard() + frozen.shards)
    }

    pub(super) fn shards(&self) -> u64 {
        self.frozen_shards() + self.marks.len() as u64
    }

    fn mark_of(&self, shard: u64) -> Option<Mark> {
        if let Some(own) = shard.checked_sub(self.frozen_shards()) {
            return self.marks.get(usize::try_from(own).ok()?).copied();
        }
        let at = self.frozen.partition_point(|frozen| frozen.set.first_shard() + frozen.shards <= shard);
        let frozen = &self.frozen.get(at)?.set;
        frozen.mark(shard - frozen.first_shard())
    }

    /// The first shard from which on `holds` is true of all.
    fn first_shard(&self, holds: impl Fn(&Mark) -> bool) -> u64 {
        let (mut from, mut to) = (0, self.shards());
        while from < to {
            let middle = from + (to - from) / 2;
            if self.mark_of(middle).is_none_or(|mark| holds(&mark)) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        from
    }

    fn before(&self, shards: u64) -> Option<Mark> {
        self.mark_of(shards.checked_sub(1)?)
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
    fn missing(&self, source: &mut impl Source, set: &Set) -> Step<Vec<B256>> {
        let mut known = set.shards.min(self.shards());
        let mut step = 1;
        // The last shard's first.
        let mut tail = Vec::new();
        loop {
            while set.shards - tail.len() as u64 > known {
                tail.push(source.shard_hash(set, set.shards - tail.len() as u64 - 1)?);
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
        let own = (known..self.shards()).map_while(|shard| self.mark_of(shard));
        let same = tail.iter().rev().zip(own).take_while(|(theirs, own)| **theirs == own.hash).count();
        tail.truncate(tail.len() - same);
        tail.reverse();
        Ok(tail)
    }

    /// Forgets all but the first `shards` shards.
    fn unwind(&mut self, shards: u64) -> Step<()> {
        if shards >= self.shards() {
            return Ok(());
        }
        let damaged = |error: tributary_attribution::Error| Stop::Fatal(error.to_string());
        let (rows, born) = self.before(shards).map_or((0, FIRST_VERSION), |mark| (mark.rows, mark.born));
        let frozen_shards = self.frozen_shards();
        let length = rows as usize * self.terms.layout().map_or(0, |layout| layout.row_length());
        match &mut self.rows {
            Rows::Text(texts) if shards < frozen_shards => **texts = in_front_of(texts.below().first(rows).map_err(damaged)?),
            Rows::Text(texts) => texts.unwind(born).map_err(damaged)?,
            Rows::Sketches { frozen, own } => {
                let mut left = length;
                for piece in frozen.iter_mut() {
                    piece.truncate(left);
                    left -= piece.len();
                }
                frozen.retain(|piece| !piece.is_empty());
                own.truncate(left);
            }
        }
        self.marks.truncate(shards.saturating_sub(frozen_shards) as usize);
        self.frozen.retain(|frozen| frozen.set.first_shard() < shards);
        if let Some(last) = self.frozen.last_mut() {
            last.shards = last.shards.min(shards - last.set.first_shard());
        }
        self.contributors = OnceLock::new();
        Ok(())
    }

    /// Adds the next shard; `false` when it does not hold what it must. Nothing is made room for that it only claims.
    fn push(&mut self, shard: &Shard, hash: B256) -> bool {
        match self.terms.kind {
            Kind::Text => self.push_text(shard, hash).is_some(),
            Kind::Sketch => self.push_sketches(shard, hash),
        }
    }

    fn is_next(&self, shard: &Shard) -> bool {
        shard.born > self.before(self.shards()).map_or(FIRST_VERSION, |mark| mark.born)
    }

    /// Adds the next text, and returns what that added.
    fn push_text(&mut self, shard: &Shard, hash: B256) -> Option<(RowEntry, String)> {
        let Rows::Text(texts) = &mut self.rows else { return None };
        let (runs, document) = decode_text(&shard.payload).filter(|_| shard.rows == 1)?;
        let document = std::str::from_utf8(&document).ok()?;
        let stored = StoredRow { born: shard.born, contributor: shard.contributor, runs, document };
        let entry = restore(&**texts, stored, &mut Unmetered).ok()?;
        texts.write(&entry, document).ok()?;
        self.mark(hash, shard.contributor, 1, shard.born);
        Some((entry, document.to_owned()))
    }

    pub(super) fn push_sketches(&mut self, shard: &Shard, hash: B256) -> bool {
        let layout = self.terms.layout();
        let rows = layout.and_then(|layout| check_sketches(layout, (0, MAX_EXPONENT), &shard.payload).ok());
        let next = self.is_next(shard) && rows == Some(shard.rows);
        let Rows::Sketches { own, .. } = &mut self.rows else { return false };
        if next {
            own.extend_from_slice(&shard.payload);
            self.mark(hash, shard.contributor, shard.rows, shard.born);
        }
        next
    }

    fn mark(&mut self, hash: B256, contributor: u32, rows: u32, born: u64) {
        let shards = self.shards();
        let mark = Mark { hash, root: next_root(self.root(shards), hash), rows: self.rows_of(shards) + u64::from(rows), born, contributor };
        self.marks.push(mark);
        self.contributors = OnceLock::new();
    }
}

/// No rows yet in front of frozen ones.
fn in_front_of(frozen: Frozen) -> TextRows {
    let newest = frozen.version().expect("invariant: frozen rows know their version");
    Overlay::over(frozen, newest).expect("invariant: the newest version is one")
}

#[cfg(test)]
mod tests;

//! What the parts of the index lack, gathered for a new one: from a state, or from an index that grew while blocks were executed.

use super::{
    super::{
        call::{Step, Stop},
        sets::{Kind, Set, Terms},
        shards::Shard,
        store::ADDRESS as STORE,
    },
    Rows, SetIndex,
    part::{IndexPart, Mark, PartWriter},
    source::{Committed, Source, unread},
};
use crate::Error;
use alloy_primitives::{B256, Log, U256};
use alloy_sol_types::SolEvent;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use tributary_attribution::text::{RowEntry, frozen::freeze};
use tributary_contracts::IAttributionStore::Appended;
use tributary_primitives::{StateError, StateReader};

/// How many sets a state has; ids count from 1.
///
/// # Errors
/// When the state cannot be read; [`Error::Index`] when there is no set of the last id, which only somebody pretends who writes into state.
pub fn set_count(state: &dyn StateReader) -> Result<u64, Error> {
    let count = state.storage(STORE, U256::ZERO)?;
    let is_one = count.is_zero() || Set::read(count, slots(state)).map_err(|stop| error_of(stop, count))?.is_some();
    u64::try_from(count).ok().filter(|_| is_one).ok_or_else(|| Error::Index(format!("there are not {count} sets")))
}

/// The slots of the store's account.
fn slots(state: &dyn StateReader) -> impl FnMut(U256) -> Step<U256> {
    |slot| state.storage(STORE, slot).map_err(unread)
}

fn error_of(stop: Stop, id: impl std::fmt::Display) -> Error {
    match stop {
        Stop::Fatal(reason) => Error::State(StateError::Missing(reason)),
        Stop::Revert(_) | Stop::OutOfGas => Error::Index(format!("set {id}: a shard does not hold what it must")),
    }
}

/// The sets that rows were appended to, as the logs of blocks tell.
pub fn appended_sets<'l>(logs: impl IntoIterator<Item = &'l Log>) -> BTreeSet<u64> {
    let appended = logs.into_iter().filter(|log| log.address == STORE).filter_map(|log| Appended::decode_log(log).ok());
    appended.filter_map(|log| log.setId.try_into().ok()).collect()
}

/// Rows that are in no part yet.
#[derive(Debug, Default)]
pub struct Gathering {
    sets: Vec<NewRows>,
    bytes: usize,
}

/// Shards of one set.
#[derive(Debug)]
struct NewRows {
    id: u64,
    terms: Terms,
    first_shard: u64,
    marks: Vec<Mark>,
    /// Of a set of texts.
    entries: Vec<(RowEntry, String)>,
    /// Of one of sketches.
    sketches: Vec<u8>,
}

impl Gathering {
    /// Adds what the set of this id has and `parts` lack, until there are `most` bytes; `true` when that was all. A set is added once.
    ///
    /// # Errors
    /// When the state cannot be read; [`Error::Index`] when a shard does not hold what it must.
    pub fn add(&mut self, state: &dyn StateReader, id: u64, parts: &[Arc<IndexPart>], most: usize) -> Result<bool, Error> {
        self.gather(state, id, parts, most).map_err(|stop| error_of(stop, id))
    }

    fn gather(&mut self, state: &dyn StateReader, id: u64, parts: &[Arc<IndexPart>], most: usize) -> Step<bool> {
        let Some(set) = Set::read(U256::from(id), slots(state))? else { return Ok(true) };
        let mut source = Committed(state);
        let mut index = SetIndex::of_parts(id, set.terms, parts);
        if index.covers(&set) {
            return Ok(true);
        }
        let missing = index.missing(&mut source, &set)?;
        let first_shard = set.shards - missing.len() as u64;
        index.unwind(first_shard)?;
        let mut rows = NewRows { id, terms: set.terms, first_shard, marks: Vec::new(), entries: Vec::new(), sketches: Vec::new() };
        let mut done = true;
        for (at, hash) in (first_shard..).zip(missing) {
            if self.bytes >= most {
                done = false;
                break;
            }
            let (shard, found) = source.shard(&set, at)?;
            if found != hash || !rows.push(&mut index, &shard, hash) {
                return set.damaged(at);
            }
            self.bytes += shard.payload.len();
        }
        rows.marks = (first_shard..index.shards()).filter_map(|shard| index.mark_of(shard)).collect();
        if !rows.marks.is_empty() {
            self.sets.push(rows);
        }
        Ok(done)
    }

    /// Adds what an index of the set of this id holds and no part does.
    pub(in super::super) fn add_index(&mut self, id: u64, index: &SetIndex) {
        if index.marks.is_empty() {
            return;
        }
        let (entries, sketches) = match &index.rows {
            Rows::Text(texts) => (texts.entries().map(|(entry, document)| (entry, document.to_owned())).collect(), Vec::new()),
            Rows::Sketches { own, .. } => (Vec::new(), own.clone()),
        };
        self.bytes += index.memory();
        let marks = index.marks.clone();
        self.sets.push(NewRows { id, terms: index.terms, first_shard: index.frozen_shards(), marks, entries, sketches });
    }

    /// Roughly the bytes of what was gathered.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing was missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Writes it as a part.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(mut self, out: impl Write) -> io::Result<()> {
        self.sets.sort_by_key(|rows| (rows.id, rows.terms));
        let mut writer = PartWriter::new(out);
        for rows in self.sets {
            let terms = rows.terms;
            writer.set((rows.id, terms), rows.first_shard, rows.marks, |out| match terms.kind {
                Kind::Text => freeze(&rows.entries, out),
                Kind::Sketch => out.write_all(&rows.sketches),
            })?;
        }
        writer.finish()
    }
}

impl NewRows {
    /// Adds the next shard, to the index, too; `false` when it does not hold what it must.
    fn push(&mut self, index: &mut SetIndex, shard: &Shard, hash: B256) -> bool {
        match self.terms.kind {
            Kind::Text => {
                let entry = index.push_text(shard, hash);
                let pushed = entry.is_some();
                self.entries.extend(entry);
                pushed
            }
            Kind::Sketch => {
                self.sketches.extend_from_slice(&shard.payload);
                index.push_sketches(shard, hash)
            }
        }
    }
}

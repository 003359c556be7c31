//! Anchors: maximal matches of a text in single rows, found through trigrams.

use super::{
    MIN_LENGTH,
    index::{Place, RowFacts, TextIndex},
    query::Query,
    work::{Host, Work},
};
use crate::Error;
use alloy_primitives::map::HashMap;
use std::borrow::Cow;

/// Tokens of the first and of the longest step of an extension: steps double, so that a short match
/// reads little and a long one is read in few pieces.
const FIRST_STEP: u32 = 8;
const LONGEST_STEP: u32 = 512;

/// A maximal match in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    /// First token of the text.
    pub(super) output: u32,
    /// First token of the row.
    pub(super) row: u32,
    /// Tokens.
    pub(super) length: u32,
}

impl Anchor {
    pub(super) fn output_end(&self) -> u32 {
        self.output + self.length
    }

    pub(super) fn diagonal(&self) -> i64 {
        i64::from(self.row) - i64::from(self.output)
    }
}

/// The anchors in one row, in the order in which they were found.
#[derive(Debug)]
pub(super) struct RowAnchors {
    pub(super) row: u64,
    tokens: u32,
    counts: bool,
    pub(super) anchors: Vec<Anchor>,
}

/// A match that reaches beyond the token that is looked at, by row and diagonal.
#[derive(Debug, Clone, Copy)]
struct Running {
    row: u64,
    diagonal: i64,
    end: u32,
}

/// Finds the anchors of a text in the rows that count, by row.
///
/// Each is extended once: a further trigram of the same match stands on its diagonal and before its
/// end.
pub(super) fn anchors<I, H>(index: &I, query: &Query, counts: impl Fn(&RowFacts) -> bool, host: &mut H) -> Result<Vec<RowAnchors>, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let mut search = Search { index, query, rows: Vec::new(), slots: HashMap::default() };
    let (mut running, mut next) = (Vec::<Running>::new(), Vec::<Running>::new());
    for at in 0..query.len().saturating_sub(MIN_LENGTH - 1) {
        let Some(trigram) = query.trigram(at as usize) else { continue };
        let places = index.places(trigram, query.totals.rows)?;
        if places.is_empty() {
            continue;
        }
        host.charge(Work::Places(places.len() as u64))?;
        // Both lists ascend by row and diagonal: one merge.
        let mut before = running.drain(..).filter(|running| running.end > at).peekable();
        for &place in places.iter() {
            let key = (place.row, i64::from(place.token) - i64::from(at));
            while let Some(earlier) = before.next_if(|running| (running.row, running.diagonal) < key) {
                next.push(earlier);
            }
            if let Some(same) = before.next_if(|running| (running.row, running.diagonal) == key) {
                next.push(same);
            } else if let Some(end) = search.open(at, place, &counts, host)? {
                next.push(Running { row: key.0, diagonal: key.1, end });
            }
        }
        next.extend(before);
        std::mem::swap(&mut running, &mut next);
    }
    let mut rows = search.rows;
    rows.retain(|row| !row.anchors.is_empty());
    rows.sort_unstable_by_key(|row| row.row);
    Ok(rows)
}

struct Search<'a, I> {
    index: &'a I,
    query: &'a Query,
    rows: Vec<RowAnchors>,
    /// Position in `rows` by row. Looked up, never iterated.
    slots: HashMap<u64, usize>,
}

impl<I: TextIndex> Search<'_, I> {
    /// Extends the trigram at `at` from its place in a row, and returns where the match ends.
    fn open<H>(&mut self, at: u32, place: Place, counts: &impl Fn(&RowFacts) -> bool, host: &mut H) -> Result<Option<u32>, H::Error>
    where
        H: Host<Error: From<I::Error>>,
    {
        let slot = match self.slots.get(&place.row) {
            Some(&slot) => slot,
            None => {
                host.charge(Work::Rows(1))?;
                let facts = self.index.facts(place.row)?;
                self.slots.insert(place.row, self.rows.len());
                self.rows.push(RowAnchors { row: place.row, tokens: facts.tokens, counts: counts(&facts), anchors: Vec::new() });
                self.rows.len() - 1
            }
        };
        if !self.rows[slot].counts {
            return Ok(None);
        }
        let left = self.extend_left(at, place, host)?;
        let right = self.extend_right(at + MIN_LENGTH, place, self.rows[slot].tokens, host)?;
        host.charge(Work::Anchors(1))?;
        let anchor = Anchor { output: at - left, row: place.token - left, length: left + MIN_LENGTH + right };
        self.rows[slot].anchors.push(anchor);
        Ok(Some(anchor.output_end()))
    }

    fn extend_left<H: Host<Error: From<I::Error>>>(&self, at: u32, place: Place, host: &mut H) -> Result<u32, H::Error> {
        let limit = at.min(place.token);
        let (mut done, mut step) = (0, FIRST_STEP);
        while done < limit {
            let read = step.min(limit - done);
            host.charge(Work::Extension(read.into()))?;
            let end = place.token - done;
            let theirs = self.row_tokens::<H::Error>(place.row, end - read, read)?;
            let ours = &self.query.numbers[(at - done - read) as usize..(at - done) as usize];
            let same = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count() as u32;
            done += same;
            if same < read {
                break;
            }
            step = (2 * step).min(LONGEST_STEP);
        }
        Ok(done)
    }

    fn extend_right<H: Host<Error: From<I::Error>>>(&self, from: u32, place: Place, tokens: u32, host: &mut H) -> Result<u32, H::Error> {
        let start = place.token.saturating_add(MIN_LENGTH);
        let limit = (self.query.len() - from).min(tokens.checked_sub(start).ok_or(Error::Damaged { row: place.row })?);
        let (mut done, mut step) = (0, FIRST_STEP);
        while done < limit {
            let read = step.min(limit - done);
            host.charge(Work::Extension(read.into()))?;
            let theirs = self.row_tokens::<H::Error>(place.row, start + done, read)?;
            let ours = &self.query.numbers[(from + done) as usize..(from + done + read) as usize];
            let same = ours.iter().zip(theirs.iter()).take_while(|(a, b)| a == b).count() as u32;
            done += same;
            if same < read {
                break;
            }
            step = (2 * step).min(LONGEST_STEP);
        }
        Ok(done)
    }

    fn row_tokens<E: From<I::Error> + From<Error>>(&self, row: u64, from: u32, length: u32) -> Result<Cow<'_, [u32]>, E> {
        let tokens = self.index.tokens(row, from..from + length)?;
        if tokens.len() == length as usize { Ok(tokens) } else { Err(Error::Damaged { row }.into()) }
    }
}

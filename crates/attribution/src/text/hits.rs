//! Hits: places of a text's trigrams by row, and which of them can matter.
//!
//! Common trigrams give hundreds of places in rows that have nothing else of the text. Reading those
//! rows would be nearly all of the work, so what cannot reach the floor is left out before: from the
//! lists alone it is known how far a match can reach at most. The chains that reach the floor are the
//! same as without this.

use super::{
    GAP, LOOKBACK, POSTINGS, TOLERANCE,
    index::{Span, TextIndex},
    query::Query,
    sieve::{Blocks, sieve},
    work::{Host, Work},
};
use crate::Error;
use alloy_primitives::map::HashMap;
use std::ops::Range;

/// What chains have to reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Chains below this score are left out.
    pub(super) floor: i64,
    /// What a step to another diagonal costs.
    pub(super) shift: i64,
}

impl Wanted {
    /// What a chain covers on one of its diagonals, at least: of `n + 1` parts that cover `floor + n · shift` one is as large as the
    /// smaller of both.
    pub(super) fn of_a_diagonal(self) -> i64 {
        self.floor.min(self.shift)
    }
}

/// A trigram of the text at one of its places in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hit {
    /// First token of the text.
    pub(super) output: u32,
    /// First token of the row.
    pub(super) row: u32,
}

impl Hit {
    pub(super) fn diagonal(self) -> i64 {
        i64::from(self.row) - i64::from(self.output)
    }
}

/// All hits of a text, by row.
#[derive(Debug)]
pub(super) struct Hits {
    /// Rows in the order of their first hit, and where their hits end in `hits`.
    rows: Vec<(u64, usize)>,
    /// Those of a row by output token, then by row token.
    hits: Vec<Hit>,
    /// How far a match that has the trigram at a token can reach.
    reach: Vec<Reach>,
    wanted: Wanted,
}

/// A range of tokens beyond which no match around a trigram goes unless another hit carries it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The places of a text's trigrams.
#[derive(Debug)]
pub(super) struct Places {
    /// Tokens of the set; those of a trigram ascend.
    tokens: Vec<u64>,
    /// Where those of each trigram end.
    ends: Vec<usize>,
}

impl Places {
    /// Each trigram that has places, and those.
    pub(super) fn of_trigrams(&self) -> impl Iterator<Item = (u32, &[u64])> {
        let mut from = 0;
        let of_trigram = (0u32..).zip(&self.ends).map(move |(output, &end)| {
            let places = &self.tokens[from..end];
            from = end;
            (output, places)
        });
        of_trigram.filter(|(_, places)| !places.is_empty())
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }
}

impl Hits {
    /// Looks up the places of each trigram of the text, in the rows that chains can be wanted of.
    pub(super) fn find<I, H>(index: &I, query: &Query, wanted: Wanted, host: &mut H) -> Result<Self, H::Error>
    where
        I: TextIndex,
        H: Host<Error: From<I::Error>>,
    {
        let trigrams = query.numbers.len().saturating_sub(2);
        let mut places = Places { tokens: Vec::new(), ends: Vec::with_capacity(trigrams) };
        let mut open = Vec::with_capacity(trigrams);
        for at in 0..trigrams {
            let before = places.len();
            // Whether rows may have the trigram where the list does not say so.
            let mut full = false;
            if let Some(trigram) = query.trigram(at) {
                full = index.places(trigram, query.totals.rows, &mut places.tokens)?;
            }
            let found = places.len() - before;
            if found > 0 {
                host.charge(Work::Places(found as u64))?;
            }
            open.push(full || found >= POSTINGS);
            places.ends.push(places.len());
        }
        let reach = reaches(&open);
        let blocks = sieve::<I, H::Error>(index, query, &places, (&reach, wanted))?;
        let (rows, hits) = by_row::<I, H::Error>(index, query, &places, blocks)?;
        Ok(Self { rows, hits, reach, wanted })
    }

    /// The groups of hits that wanted chains can be made of, row by row.
    ///
    /// A chain bridges no more than [`GAP`] tokens, so hits fall into groups that have nothing to do
    /// with each other. In a group of so few that the look-back sees all of it, neither have
    /// diagonals that are more than [`TOLERANCE`] apart; of any other, all are kept or none.
    pub(super) fn groups(&self, prefix: &[i64]) -> Groups {
        let mut groups = Groups::default();
        let mut from = 0;
        for &(row, end) in &self.rows {
            let mut rest = &self.hits[from..end];
            from = end;
            while let Some(first) = rest.first() {
                let mut weight = Covered::new(prefix);
                let mut end = self.reach[first.output as usize].from;
                let mut size = 0;
                for hit in rest {
                    let reach = self.reach[hit.output as usize];
                    if reach.from > end.saturating_add(GAP) {
                        break;
                    }
                    weight.add(reach);
                    end = reach.to;
                    size += 1;
                }
                let (group, others) = rest.split_at(size);
                rest = others;
                if weight.sum >= self.wanted.floor {
                    self.add_group(row, group, prefix, &mut groups);
                }
            }
        }
        groups
    }

    fn add_group(&self, row: u64, group: &[Hit], prefix: &[i64], groups: &mut Groups) {
        let mut diagonals: Vec<_> = group.iter().enumerate().map(|(at, hit)| (hit.diagonal(), at)).collect();
        diagonals.sort_unstable();
        let (first, mut bound) = (groups.hits.len(), i64::MIN);
        for band in diagonals.chunk_by_mut(|a, b| a.0.abs_diff(b.0) <= TOLERANCE) {
            let Some(covered) = self.of_band(band, group, prefix) else { continue };
            bound = bound.max(covered);
            if group.len() <= LOOKBACK + 1 {
                groups.hits.extend(band.iter().map(|hit| group[hit.1]));
            }
        }
        if bound == i64::MIN {
            return;
        }
        if group.len() > LOOKBACK + 1 {
            groups.hits.extend_from_slice(group);
        }
        groups.hits[first..].sort_unstable_by_key(|hit| (hit.output, hit.row));
        groups.all.push(Group { row, bound, hits: first..groups.hits.len() });
    }

    /// What a group's hits on neighbouring diagonals cover at most, when a wanted chain can be made of them: each diagonal and which of the group's hits
    /// is on it, ascending and afterwards in the order of the group.
    fn of_band(&self, band: &mut [(i64, usize)], group: &[Hit], prefix: &[i64]) -> Option<i64> {
        let covered = |hits: &[(i64, usize)]| {
            let mut weight = Covered::new(prefix);
            hits.iter().for_each(|hit| weight.add(self.reach[group[hit.1].output as usize]));
            weight.sum
        };
        let is_seed = |hits: &[(i64, usize)]| covered(hits) >= self.wanted.of_a_diagonal();
        if !band.chunk_by(|a, b| a.0 == b.0).any(is_seed) {
            return None;
        }
        band.sort_unstable_by_key(|hit| hit.1);
        Some(covered(band)).filter(|covered| *covered >= self.wanted.floor)
    }

    /// How far matches around the hits, which ascend, reach.
    pub(super) fn reach<'h>(&'h self, hits: &'h [Hit]) -> impl Iterator<Item = Reach> + 'h {
        hits.iter().map(|hit| self.reach[hit.output as usize])
    }
}

/// Hits of a row that belong together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) row: u64,
    /// No chain in it scores more.
    pub(super) bound: i64,
    /// Which of [`Groups::hits`].
    hits: Range<usize>,
}

/// Groups, and their hits by output token, then by row token.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) all: Vec<Group>,
    hits: Vec<Hit>,
}

impl Groups {
    pub(super) fn hits_of(&self, group: &Group) -> &[Hit] {
        &self.hits[group.hits.clone()]
    }
}

/// Weight of the tokens in ranges whose ends both rise.
pub(super) struct Covered<'a> {
    prefix: &'a [i64],
    end: u32,
    pub(super) sum: i64,
}

impl<'a> Covered<'a> {
    pub(super) fn new(prefix: &'a [i64]) -> Self {
        Self { prefix, end: 0, sum: 0 }
    }

    pub(super) fn add(&mut self, reach: Reach) {
        if reach.to > self.end {
            self.sum += self.prefix[reach.to as usize] - self.prefix[reach.from.max(self.end) as usize];
            self.end = reach.to;
        }
    }
}

/// A row and where its hits end in a list of them.
type RowEnd = (u64, usize);

/// Places in the rows that `wanted` does not rule out, by row; those of a row stay in their order.
fn by_row<I: TextIndex, E: From<I::Error> + From<Error>>(
    index: &I,
    query: &Query,
    places: &Places,
    wanted: Option<Blocks>,
) -> Result<(Vec<RowEnd>, Vec<Hit>), E> {
    // Position in `rows`. Looked up, never iterated.
    let mut slots: HashMap<u64, u32> = HashMap::default();
    // At first the number of hits.
    let mut rows: Vec<RowEnd> = Vec::new();
    let mut found: Vec<(u32, Hit)> = Vec::new();
    for (output, places) in places.of_trigrams() {
        let mut last = (Span { row: 0, first: 0, end: 0 }, 0);
        for &token in places {
            if wanted.as_ref().is_some_and(|wanted| !wanted.have(token)) {
                continue;
            }
            if token >= last.0.end || token < last.0.first {
                let span = span_of::<I, E>(index, query, token)?;
                let slot = *slots.entry(span.row).or_insert_with(|| {
                    rows.push((span.row, 0));
                    rows.len() as u32 - 1
                });
                last = (span, slot);
            }
            rows[last.1 as usize].1 += 1;
            // A row has fewer than 2³² tokens.
            found.push((last.1, Hit { output, row: (token - last.0.first) as u32 }));
        }
    }
    let mut next = 0;
    for (_, size) in &mut rows {
        (*size, next) = (next, next + *size);
    }
    let mut hits = vec![Hit::default(); found.len()];
    for (slot, hit) in found {
        let at = &mut rows[slot as usize].1;
        hits[*at] = hit;
        *at += 1;
    }
    Ok((rows, hits))
}

/// The row of the version that a token is of.
pub(super) fn span_of<I: TextIndex, E: From<I::Error> + From<Error>>(index: &I, query: &Query, token: u64) -> Result<Span, E> {
    let span = index.row_at(token)?;
    let is_right = (span.first..span.end).contains(&token) && span.row < query.totals.rows;
    if is_right { Ok(span) } else { Err(Error::Damaged { row: span.row }.into()) }
}

/// From each trigram a match goes on for as long as the next one may stand where no list says so.
fn reaches(open: &[bool]) -> Vec<Reach> {
    let mut reaches: Vec<Reach> = (0u32..).zip(open).map(|(at, _)| Reach { from: at, to: at + 3 }).collect();
    for at in 1..open.len() {
        if open[at - 1] {
            reaches[at].from = reaches[at - 1].from;
        }
        let back = open.len() - 1 - at;
        if open[back + 1] {
            reaches[back].to = reaches[back + 1].to;
        }
    }
    reaches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_reaches_through_trigrams_whose_lists_are_full() {
        let found = reaches(&[false, true, true, false, false, true]);
        let found: Vec<_> = found.iter().map(|reach| (reach.from, reach.to)).collect();
        assert_eq!(found, [(0, 5), (1, 5), (1, 5), (1, 6), (4, 8), (5, 8)]);
    }
}

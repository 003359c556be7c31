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
struct Places {
    /// Tokens of the set; those of a trigram ascend.
    tokens: Vec<u64>,
    /// Where those of each trigram end.
    ends: Vec<usize>,
}

impl Places {
    /// Each trigram that has places, and those.
    fn of_trigrams(&self) -> impl Iterator<Item = (u32, &[u64])> {
        let mut from = 0;
        let of_trigram = (0u32..).zip(&self.ends).map(move |(output, &end)| {
            let places = &self.tokens[from..end];
            from = end;
            (output, places)
        });
        of_trigram.filter(|(_, places)| !places.is_empty())
    }

    fn len(&self) -> usize {
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
        let (rows, hits) = by_row::<I, H::Error>(index, query, &places)?;
        Ok(Self { rows, hits, reach, wanted })
    }

    /// The groups of hits that wanted chains can be made of, row by row.
    ///
    /// A chain bridges no more than [`GAP`] tokens, so hits fall into groups that have nothing to do
    /// with each other. In a group of so few that the look-back sees all of it, neither have
    /// diagonals that are more than [`TOLERANCE`] apart; of any other, all are kept or none.
    pub(super) fn groups(&self, prefix: &[i64]) -> Groups {
        let (mut groups, mut sorter) = (Groups::default(), Sorter::default());
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
                    self.add_group(row, group, (prefix, &mut sorter), &mut groups);
                }
            }
        }
        groups
    }

    fn add_group(&self, row: u64, group: &[Hit], (prefix, sorter): (&[i64], &mut Sorter), groups: &mut Groups) {
        sorter.sort(group);
        let Sorter { places, lines, bands, .. } = sorter;
        let mut on_lines = vec![Covered::new(prefix); lines.len()];
        let mut in_bands = vec![(Covered::new(prefix), false); *bands as usize];
        for (hit, &line) in group.iter().zip(&*places) {
            let reach = self.reach[hit.output as usize];
            let band = &mut in_bands[lines[line as usize] as usize];
            on_lines[line as usize].add(reach);
            band.0.add(reach);
            band.1 |= on_lines[line as usize].sum >= self.wanted.of_a_diagonal();
        }
        let may_have_chain = |band: &(Covered<'_>, bool)| band.1 && band.0.sum >= self.wanted.floor;
        let Some(bound) = in_bands.iter().filter(|band| may_have_chain(band)).map(|band| band.0.sum).max() else { return };
        let first = groups.hits.len();
        if group.len() > LOOKBACK + 1 {
            groups.hits.extend_from_slice(group);
        } else {
            let of_chains = group.iter().zip(&*places).filter(|(_, line)| may_have_chain(&in_bands[lines[**line as usize] as usize]));
            groups.hits.extend(of_chains.map(|(hit, _)| *hit));
        }
        groups.all.push(Group { row, bound, hits: first..groups.hits.len() });
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

/// Which hits of a group are on one diagonal, and which diagonals are neighbours; and its memory, used again for the next group.
#[derive(Debug, Default)]
struct Sorter {
    /// Diagonal and place in the group.
    sorted: Vec<i64>,
    /// Number of each hit's diagonal.
    places: Vec<u32>,
    /// Number of the band of each diagonal: those in one are no more than [`TOLERANCE`] from the next.
    lines: Vec<u32>,
    bands: u32,
}

/// Bits of a place in a group: a diagonal has 34.
const PLACE_BITS: u32 = 30;

impl Sorter {
    fn sort(&mut self, group: &[Hit]) {
        let Self { sorted, places, lines, bands } = self;
        sorted.clear();
        sorted.extend((0..1 << PLACE_BITS).zip(group).map(|(at, hit)| hit.diagonal() << PLACE_BITS | at));
        sorted.sort_unstable();
        places.clear();
        places.resize(group.len(), 0);
        lines.clear();
        *bands = 0;
        let mut last = None;
        for key in sorted {
            let (diagonal, at) = (*key >> PLACE_BITS, *key & ((1 << PLACE_BITS) - 1));
            if last != Some(diagonal) {
                *bands += u32::from(last.is_none_or(|last| diagonal.abs_diff(last) > TOLERANCE));
                lines.push(*bands - 1);
                last = Some(diagonal);
            }
            places[at as usize] = lines.len() as u32 - 1;
        }
    }
}

/// Weight of the tokens in ranges whose ends both rise.
#[derive(Debug, Clone, Copy)]
struct Covered<'a> {
    prefix: &'a [i64],
    end: u32,
    sum: i64,
}

impl<'a> Covered<'a> {
    fn new(prefix: &'a [i64]) -> Self {
        Self { prefix, end: 0, sum: 0 }
    }

    fn add(&mut self, reach: Reach) {
        if reach.to > self.end {
            self.sum += self.prefix[reach.to as usize] - self.prefix[reach.from.max(self.end) as usize];
            self.end = reach.to;
        }
    }
}

/// A row and where its hits end in a list of them.
type RowEnd = (u64, usize);

/// The places by row; those of a row stay in their order.
fn by_row<I: TextIndex, E: From<I::Error> + From<Error>>(index: &I, query: &Query, places: &Places) -> Result<(Vec<RowEnd>, Vec<Hit>), E> {
    let mut rows = Rows { index, end: query.totals.rows, spans: Vec::new(), slots: HashMap::default() };
    let mut found: Vec<(u32, Hit)> = Vec::with_capacity(places.len());
    // At first how many hits a row has.
    let mut ends: Vec<RowEnd> = Vec::new();
    // Which of `found` are those of the trigram before.
    let (mut before, mut before_of) = (0..0, 0);
    for (output, tokens) in places.of_trigrams() {
        let start = found.len();
        let mut earlier = if before_of + 1 == output { before } else { 0..0 };
        let mut last = None;
        for &token in tokens {
            // Where a match goes on, the row is known.
            let mut known = None;
            while let Some(&(slot, hit)) = found[..start].get(earlier.start).filter(|_| earlier.start < earlier.end) {
                let next = rows.spans[slot as usize].first + u64::from(hit.row) + 1;
                if next > token {
                    break;
                }
                known = (next == token).then_some(slot);
                earlier.start += 1;
            }
            let is_of = |slot: &u32| rows.spans[*slot as usize].has(token);
            let slot = match known.filter(is_of).or_else(|| last.filter(is_of)) {
                Some(slot) => slot,
                None => rows.find::<E>(token)?,
            };
            if slot as usize == ends.len() {
                ends.push((rows.spans[slot as usize].row, 0));
            }
            ends[slot as usize].1 += 1;
            last = Some(slot);
            // A row has fewer than 2³² tokens.
            found.push((slot, Hit { output, row: (token - rows.spans[slot as usize].first) as u32 }));
        }
        (before, before_of) = (start..found.len(), output);
    }
    let mut next = 0;
    for (_, size) in &mut ends {
        (*size, next) = (next, next + *size);
    }
    let mut hits = vec![Hit::default(); found.len()];
    for (slot, hit) in found {
        let at = &mut ends[slot as usize].1;
        hits[*at] = hit;
        *at += 1;
    }
    Ok((ends, hits))
}

/// Rows that places are in.
struct Rows<'i, I> {
    index: &'i I,
    /// Rows of the version.
    end: u64,
    spans: Vec<Span>,
    /// Position in `spans`. Looked up, never iterated.
    slots: HashMap<u64, u32>,
}

impl<I: TextIndex> Rows<'_, I> {
    /// Position of the row that a token is of.
    fn find<E: From<I::Error> + From<Error>>(&mut self, token: u64) -> Result<u32, E> {
        let span = self.index.row_at(token)?;
        if !span.has(token) || span.row >= self.end {
            return Err(Error::Damaged { row: span.row }.into());
        }
        Ok(*self.slots.entry(span.row).or_insert_with(|| {
            self.spans.push(span);
            self.spans.len() as u32 - 1
        }))
    }
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

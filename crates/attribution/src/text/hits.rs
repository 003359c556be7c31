//! Hits: places of a text's trigrams by row, and which of them can matter.
//!
//! Common trigrams give hundreds of places in rows that have nothing else of the text. Reading those
//! rows would be nearly all of the work, so what cannot reach the floor is left out before: from the
//! lists alone it is known how far a match can reach at most. The chains that reach the floor are the
//! same as without this.

use super::{
    GAP, LOOKBACK, PER_ROW, POSTINGS, TOLERANCE,
    index::TextIndex,
    query::Query,
    work::{Host, Work},
};
use alloy_primitives::map::HashMap;

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
}

/// A range of tokens beyond which no match around a trigram goes unless another hit carries it.
#[derive(Debug, Clone, Copy)]
struct Reach {
    from: u32,
    to: u32,
}

impl Hits {
    /// Looks up the places of each trigram of the text.
    pub(super) fn find<I, H>(index: &I, query: &Query, host: &mut H) -> Result<Self, H::Error>
    where
        I: TextIndex,
        H: Host<Error: From<I::Error>>,
    {
        let trigrams = query.numbers.len().saturating_sub(2);
        // Position in `rows`. Looked up, never iterated.
        let mut slots: HashMap<u64, u32> = HashMap::default();
        let mut rows: Vec<(u64, usize)> = Vec::new();
        // Slot and row token of each place, and where those of a trigram end.
        let mut places: Vec<(u32, u32)> = Vec::new();
        let mut ends = Vec::with_capacity(trigrams);
        let mut open = Vec::with_capacity(trigrams);
        for at in 0..trigrams {
            let found = match query.trigram(at) {
                Some(trigram) => index.places(trigram, query.totals.rows)?,
                None => Default::default(),
            };
            if !found.is_empty() {
                host.charge(Work::Places(found.len() as u64))?;
            }
            // Whether rows may have the trigram where the list does not say so.
            let mut full = found.len() >= POSTINGS;
            for places_of_row in found.chunk_by(|a, b| a.row == b.row) {
                let row = places_of_row[0].row;
                let slot = *slots.entry(row).or_insert_with(|| {
                    rows.push((row, 0));
                    rows.len() as u32 - 1
                });
                rows[slot as usize].1 += places_of_row.len();
                places.extend(places_of_row.iter().map(|place| (slot, place.token)));
                full |= places_of_row.len() >= PER_ROW;
            }
            open.push(full);
            ends.push(places.len());
        }
        let hits = by_row(&mut rows, &places, &ends);
        Ok(Self { rows, hits, reach: reaches(&open) })
    }

    /// Each row and its hits.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u64, &[Hit])> {
        let mut from = 0;
        self.rows.iter().map(move |&(row, end)| {
            let hits = &self.hits[from..end];
            from = end;
            (row, hits)
        })
    }

    /// Adds the hits of a row to `kept` that chains of at least `floor` can be made of.
    ///
    /// A chain bridges no more than [`GAP`] tokens, so hits fall into groups that have nothing to do
    /// with each other. In a group of so few that the look-back sees all of it, neither have
    /// diagonals that are more than [`TOLERANCE`] apart.
    pub(super) fn keep(&self, hits: &[Hit], prefix: &[i64], floor: i64, kept: &mut Vec<Hit>) {
        let mut rest = hits;
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
            if weight.sum < floor {
                continue;
            }
            if group.len() > LOOKBACK + 1 {
                kept.extend_from_slice(group);
            } else {
                self.keep_diagonals(group, prefix, floor, kept);
            }
        }
    }

    fn keep_diagonals(&self, group: &[Hit], prefix: &[i64], floor: i64, kept: &mut Vec<Hit>) {
        let mut diagonals = [(0, 0); LOOKBACK + 1];
        let Some(diagonals) = diagonals.get_mut(..group.len()) else { return };
        for ((at, slot), hit) in diagonals.iter_mut().enumerate().zip(group) {
            *slot = (hit.diagonal(), at);
        }
        diagonals.sort_unstable();
        let first = kept.len();
        for band in diagonals.chunk_by_mut(|a, b| a.0.abs_diff(b.0) <= TOLERANCE) {
            band.sort_unstable_by_key(|hit| hit.1);
            let hits = || band.iter().map(|hit| group[hit.1]);
            let mut weight = Covered::new(prefix);
            hits().for_each(|hit| weight.add(self.reach[hit.output as usize]));
            if weight.sum >= floor {
                kept.extend(hits());
            }
        }
        kept[first..].sort_unstable_by_key(|hit| (hit.output, hit.row));
    }
}

/// Weight of the tokens in ranges whose ends both rise.
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

/// Sorts places by row; those of a row stay in their order. The sizes in `rows` become ends.
fn by_row(rows: &mut [(u64, usize)], places: &[(u32, u32)], ends: &[usize]) -> Vec<Hit> {
    let mut next = 0;
    for (_, size) in rows.iter_mut() {
        (*size, next) = (next, next + *size);
    }
    let mut hits = vec![Hit::default(); places.len()];
    let mut from = 0;
    for (output, &end) in (0u32..).zip(ends) {
        for &(slot, row) in &places[from..end] {
            let at = &mut rows[slot as usize].1;
            hits[*at] = Hit { output, row };
            *at += 1;
        }
        from = end;
    }
    hits
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

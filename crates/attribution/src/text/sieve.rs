//! The sieve: which rows have nothing that a wanted chain can be made of, told from places alone.
//!
//! A chain covers much on one of its diagonals. Most places are the only ones on theirs, or one of few: they are told apart by adding up what
//! the places on each diagonal of the set can reach, in a table that several diagonals may share, so that nothing is ruled out that
//! could matter. It takes a few nanoseconds a place, where finding its row takes many.

use super::{
    hits::{Covered, Places, Reach, Wanted, span_of},
    index::TextIndex,
    query::Query,
};
use crate::Error;

/// Entries of the table for each place, and most of them: what the nearer caches hold.
const ENTRIES: usize = 8;
const MOST_BITS: u32 = 19;
/// Tokens of the set that are one block.
const BLOCK_BITS: u32 = 8;

/// Blocks of the set's tokens, a bit each.
#[derive(Debug)]
pub(super) struct Blocks(Vec<u64>);

impl Blocks {
    pub(super) fn have(&self, token: u64) -> bool {
        let block = token >> BLOCK_BITS;
        self.0.get((block / 64) as usize).is_some_and(|bits| bits >> (block % 64) & 1 != 0)
    }

    fn add(&mut self, tokens: std::ops::Range<u64>) {
        for block in tokens.start >> BLOCK_BITS..=(tokens.end - 1) >> BLOCK_BITS {
            if let Some(bits) = self.0.get_mut((block / 64) as usize) {
                *bits |= 1 << (block % 64);
            }
        }
    }
}

/// The blocks of the rows that wanted chains may be found in; nothing where every row may have one.
pub(super) fn sieve<I: TextIndex, E: From<I::Error> + From<Error>>(
    index: &I,
    query: &Query,
    places: &Places,
    (reach, wanted): (&[Reach], Wanted),
) -> Result<Option<Blocks>, E> {
    let seed = wanted.of_a_diagonal();
    if seed <= 0 {
        return Ok(None);
    }
    let mut blocks = Blocks(vec![0; (query.totals.tokens >> BLOCK_BITS) as usize / 64 + 1]);
    let mut on_seeds = likely(query, places, reach, seed);
    on_seeds.sort_unstable();
    for diagonal in on_seeds.chunk_by(|a, b| a.0 == b.0) {
        let mut weight = Covered::new(&query.prefix);
        diagonal.iter().for_each(|&(_, output)| weight.add(reach[output as usize]));
        if weight.sum < seed {
            continue;
        }
        // A diagonal of the set goes through rows that follow each other.
        let mut end = 0;
        for &(diagonal, output) in diagonal {
            let token = diagonal.wrapping_add(output.into());
            if token >= end {
                let span = span_of::<I, E>(index, query, token)?;
                end = span.end;
                blocks.add(span.first..span.end);
            }
        }
    }
    Ok(Some(blocks))
}

/// The places on diagonals that may be wanted, as diagonal and output token.
fn likely(query: &Query, places: &Places, reach: &[Reach], seed: i64) -> Vec<(u64, u32)> {
    let bits = (ENTRIES * places.len()).max(2).ilog2().min(MOST_BITS);
    let entry = |diagonal: u64| (diagonal.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - bits)) as usize;
    // Weights have 14 bits.
    let seed = u16::try_from(seed).unwrap_or(u16::MAX);
    let weight_of = |output: u32| {
        let reach = reach[output as usize];
        u16::try_from(query.weight_of(reach.from..reach.to)).unwrap_or(u16::MAX)
    };
    let mut sums = vec![0_u16; 1 << bits];
    for (output, places) in places.of_trigrams() {
        let weight = weight_of(output);
        for &token in places {
            let sum = &mut sums[entry(token.wrapping_sub(output.into()))];
            *sum = sum.saturating_add(weight);
        }
    }
    let mut likely = Vec::new();
    for (output, places) in places.of_trigrams() {
        let diagonals = places.iter().map(|token| token.wrapping_sub(output.into()));
        likely.extend(diagonals.filter(|&diagonal| sums[entry(diagonal)] >= seed).map(|diagonal| (diagonal, output)));
    }
    likely
}

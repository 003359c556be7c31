//! The best chain so far that covers each token of a text.

use super::chains::Chain;
use std::ops::Range;

/// Tokens of a block.
const BLOCK: usize = 64;

/// A token that is closed and that no chain covers.
const CLOSED: u128 = 1;

/// Score and row of the best chain over each token, as one number that is greater for a better one; [`CLOSED`], or 0 for nothing.
#[derive(Debug)]
pub(super) struct Best {
    tokens: Vec<u128>,
    /// The least of each block, so that long ranges are not walked.
    blocks: Vec<u128>,
}

/// A greater score is better, then an earlier row.
fn key(score: i64, row: u64) -> u128 {
    u128::from(score.max(0).unsigned_abs()) << 64 | u128::from(!row)
}

impl Best {
    pub(super) fn new(tokens: u32) -> Self {
        let tokens = tokens as usize;
        Self { tokens: vec![0; tokens], blocks: vec![0; tokens.div_ceil(BLOCK)] }
    }

    /// Takes a chain into account.
    pub(super) fn add(&mut self, chain: &Chain) {
        let key = key(chain.score, chain.row);
        chain.segments.iter().for_each(|segment| self.raise(segment.output..segment.output + segment.length, key));
    }

    /// Takes into account that tokens are closed.
    pub(super) fn close(&mut self, range: Range<u32>) {
        self.raise(range, CLOSED);
    }

    fn raise(&mut self, range: Range<u32>, key: u128) {
        let (from, to) = (range.start as usize, range.end as usize);
        self.tokens[from..to].iter_mut().for_each(|best| *best = key.max(*best));
        for block in from / BLOCK..to.div_ceil(BLOCK) {
            let tokens = &self.tokens[block * BLOCK..self.tokens.len().min((block + 1) * BLOCK)];
            self.blocks[block] = tokens.iter().copied().min().unwrap_or_default();
        }
    }

    /// Whether each token of a range is covered by a chain that comes before any of this row with up to this score.
    pub(super) fn is_better(&self, range: Range<u32>, score: i64, row: u64) -> bool {
        self.exceeds(range, key(score, row))
    }

    /// Whether each token of a range is closed, or covered by a chain.
    pub(super) fn is_taken(&self, range: Range<u32>) -> bool {
        self.exceeds(range, 0)
    }

    /// Of each token, whether it is closed, or covered by a chain.
    pub(super) fn taken(&self) -> impl Iterator<Item = bool> + '_ {
        self.tokens.iter().map(|best| *best != 0)
    }

    fn exceeds(&self, range: Range<u32>, key: u128) -> bool {
        let (mut at, to) = (range.start as usize, range.end as usize);
        while at < to {
            let block = at / BLOCK;
            let end = to.min((block + 1) * BLOCK);
            if self.blocks[block] <= key && self.tokens[at..end].iter().any(|best| *best <= key) {
                return false;
            }
            at = end;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Segment;

    #[test]
    fn a_range_is_better_covered_when_each_of_its_tokens_is() {
        let mut best = Best::new(300);
        let chain = |score, row, output, length| Chain { score, row, segments: vec![Segment { output, row: 0, length }] };
        best.add(&chain(50, 7, 10, 200));
        best.add(&chain(40, 3, 100, 150));
        assert!(best.is_better(10..210, 49, 0) && best.is_better(10..210, 50, 8) && best.is_better(210..250, 40, 4));
        assert!(!best.is_better(10..210, 50, 7) && !best.is_better(10..210, 51, 9) && !best.is_better(9..11, 1, 9));
        assert!(best.is_better(130..250, 39, 0) && !best.is_better(130..251, 39, 0) && !best.is_better(130..250, 40, 3));
        assert!(best.is_better(300..300, i64::MAX, 0));
        assert!(best.is_taken(10..250) && !best.is_taken(250..251));
        best.close(240..270);
        assert!(best.is_taken(10..270) && !best.is_taken(269..271) && !best.is_better(260..261, 0, 9) && best.is_better(210..250, 40, 4));
        assert_eq!(best.taken().filter(|taken| *taken).count(), 260);
    }
}

//! Cover: each token of a text belongs to the best chain that covers it.

use super::chains::{Chain, Segment};

/// Tokens that one segment of one chain got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) row: u64,
    pub(super) part: Segment,
}

/// Gives each of `tokens` tokens to the first chain that covers it. In the order of the chains, then
/// from left to right; a piece ends where its segment does, and where a better chain has the token.
pub(super) fn cover(chains: &[Chain], tokens: u32) -> Vec<Piece> {
    let mut free = Free { next: (0..=tokens).collect() };
    let mut pieces = Vec::new();
    for chain in chains {
        for segment in &chain.segments {
            while let Some((from, to)) = free.take(segment.output, segment.output + segment.length) {
                let part = Segment { output: from, row: segment.row + (from - segment.output), length: to - from };
                pieces.push(Piece { row: chain.row, part });
            }
        }
    }
    pieces
}

/// Tokens that belong to no chain yet: a union-find over "the next free token", so that many chains
/// over the same tokens do not walk them again.
struct Free {
    next: Vec<u32>,
}

impl Free {
    /// First free token at or after `at`.
    fn first(&mut self, mut at: u32) -> u32 {
        while self.next[at as usize] != at {
            let after = self.next[at as usize];
            self.next[at as usize] = self.next[after as usize];
            at = after;
        }
        at
    }

    /// Takes the first run of free tokens in `from..to`.
    fn take(&mut self, from: u32, to: u32) -> Option<(u32, u32)> {
        let start = self.first(from);
        if start >= to {
            return None;
        }
        let mut end = start;
        while end < to && self.next[end as usize] == end {
            self.next[end as usize] = end + 1;
            end += 1;
        }
        Some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_the_first_chain_that_covers_it() {
        let chain = |row, parts: &[(u32, u32)]| {
            let segments = parts.iter().map(|&(output, length)| Segment { output, row: output + 100, length }).collect();
            Chain { score: 0, row, segments }
        };
        let chains = [chain(7, &[(4, 3)]), chain(3, &[(2, 8)]), chain(1, &[(4, 3), (9, 3)])];
        let got: Vec<_> =
            cover(&chains, 12).iter().map(|piece| (piece.row, piece.part.output, piece.part.row, piece.part.length)).collect();
        assert_eq!(got, [(7, 4, 104, 3), (3, 2, 102, 2), (3, 7, 107, 3), (1, 10, 110, 2)]);
    }
}

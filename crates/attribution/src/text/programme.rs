//! The dynamic programme over the anchors of one group of one row.

use super::{
    GAP, LOOKBACK, TOLERANCE,
    anchors::Anchor,
    chains::{Chain, Segment},
};
use std::cmp::Reverse;

/// Anchors of a list that are `TOLERANCE` apart lie in the same bucket of diagonals or in the next.
const WIDTH: i64 = TOLERANCE as i64 + 1;
const NONE: u32 = u32::MAX;

/// What anchors weigh and what chains are wanted; and its memory, used again for the next group.
#[derive(Debug)]
pub(super) struct Programme<'a> {
    /// Weight of the tokens before each token.
    pub(super) prefix: &'a [i64],
    /// What a step to another diagonal costs.
    pub(super) shift: i64,
    /// Chains below this score are left out.
    pub(super) floor: i64,
    /// Best score of a chain that ends in each anchor, and the anchor before it there.
    best: Vec<i64>,
    back: Vec<u32>,
    order: Vec<u32>,
    used: Vec<bool>,
    chain: Vec<Anchor>,
    buckets: Buckets,
}

impl<'a> Programme<'a> {
    pub(super) fn new(prefix: &'a [i64], shift: i64, floor: i64) -> Self {
        Self {
            prefix,
            shift,
            floor,
            best: Vec::new(),
            back: Vec::new(),
            order: Vec::new(),
            used: Vec::new(),
            chain: Vec::new(),
            buckets: Buckets::default(),
        }
    }

    /// Weight of the tokens `from..to`.
    pub(super) fn weight(&self, from: u32, to: u32) -> i64 {
        self.prefix[to as usize] - self.prefix[from as usize]
    }

    /// Adds the chains of the anchors, which ascend, that reach the floor; each anchor belongs to one.
    pub(super) fn run(&mut self, row: u64, anchors: &[Anchor], found: &mut Vec<Chain>) {
        self.link(anchors);
        self.order.clear();
        self.order.extend(0..anchors.len() as u32);
        let best = &self.best;
        self.order.sort_unstable_by_key(|&anchor| (Reverse(best[anchor as usize]), anchor));
        self.used.clear();
        self.used.resize(anchors.len(), false);
        for &last in &self.order {
            self.chain.clear();
            let mut at = last;
            while at != NONE && !std::mem::replace(&mut self.used[at as usize], true) {
                self.chain.push(anchors[at as usize]);
                at = self.back[at as usize];
            }
            self.chain.reverse();
            let score = self.score();
            if !self.chain.is_empty() && score >= self.floor {
                found.push(Chain { score, row, segments: segments(&self.chain).collect() });
            }
        }
    }

    /// Finds the best way to each anchor from those before it: of the last [`LOOKBACK`], those near its
    /// diagonal. Of ways that are equally good, that from the earliest anchor.
    fn link(&mut self, anchors: &[Anchor]) {
        self.best.clear();
        self.back.clear();
        self.buckets.fill(anchors);
        for (at, anchor) in (0u32..).zip(anchors) {
            let own = self.weight(anchor.output, anchor.output_end());
            let (mut score, mut link) = (own, NONE);
            for bucket in self.buckets.near(at) {
                let mut before = self.buckets.last[bucket];
                while before != NONE && before as usize + LOOKBACK >= at as usize {
                    let earlier = &anchors[before as usize];
                    if follows(anchor, earlier) {
                        let shared = self.weight(anchor.output, earlier.output_end().max(anchor.output));
                        let step = if anchor.diagonal() == earlier.diagonal() { 0 } else { self.shift };
                        let joined = self.best[before as usize] + own - shared - step;
                        if joined > score || joined == score && link != NONE && before < link {
                            (score, link) = (joined, before);
                        }
                    }
                    before = self.buckets.before[before as usize];
                }
            }
            self.buckets.push(at);
            self.best.push(score);
            self.back.push(link);
        }
    }

    fn score(&self) -> i64 {
        let covered: i64 = segments(&self.chain).map(|part| self.weight(part.output, part.output + part.length)).sum();
        let bent = self.chain.windows(2).filter(|pair| pair[0].diagonal() != pair[1].diagonal()).count();
        covered - self.shift * bent as i64
    }
}

/// Whether a chain may go from `earlier` to `anchor`.
fn follows(anchor: &Anchor, earlier: &Anchor) -> bool {
    anchor.output > earlier.output
        && anchor.row > earlier.row
        && anchor.diagonal().abs_diff(earlier.diagonal()) <= TOLERANCE
        && anchor.output <= earlier.output_end().saturating_add(GAP)
        && anchor.output_end() > earlier.output_end()
}

/// What each anchor of a chain covers that none before it does. Their ends rise, so it is something.
fn segments(chain: &[Anchor]) -> impl Iterator<Item = Segment> {
    let mut reached = 0;
    chain.iter().map(move |anchor| {
        let under = reached.max(anchor.output) - anchor.output;
        reached = anchor.output_end();
        Segment { output: anchor.output + under, row: anchor.row + under, length: anchor.length - under }
    })
}

/// Anchors in lists by their diagonals, [`WIDTH`] of which share a list.
#[derive(Debug, Default)]
struct Buckets {
    /// Bucket of diagonals and anchor, ascending; to number the buckets.
    sorted: Vec<(i64, u32)>,
    /// Number of each anchor's bucket.
    of: Vec<u32>,
    /// Diagonals of each bucket, divided by the width.
    keys: Vec<i64>,
    /// The last anchor of each bucket.
    last: Vec<u32>,
    /// The anchor before each anchor in its bucket.
    before: Vec<u32>,
}

impl Buckets {
    /// Numbers the buckets of the anchors, all of them empty.
    fn fill(&mut self, anchors: &[Anchor]) {
        self.sorted.clear();
        self.sorted.extend((0u32..).zip(anchors).map(|(at, anchor)| (anchor.diagonal().div_euclid(WIDTH), at)));
        self.sorted.sort_unstable();
        self.keys.clear();
        self.of.clear();
        self.of.resize(anchors.len(), 0);
        for &(key, at) in &self.sorted {
            if self.keys.last() != Some(&key) {
                self.keys.push(key);
            }
            self.of[at as usize] = self.keys.len() as u32 - 1;
        }
        self.last.clear();
        self.last.resize(self.keys.len(), NONE);
        self.before.clear();
    }

    /// The anchor's bucket and those beside it.
    fn near(&self, anchor: u32) -> std::ops::Range<usize> {
        let own = self.of[anchor as usize] as usize;
        let key = self.keys[own];
        let first = if own > 0 && self.keys[own - 1] == key - 1 { own - 1 } else { own };
        let last = if self.keys.get(own + 1) == Some(&(key + 1)) { own + 1 } else { own };
        first..last + 1
    }

    /// Adds the next anchor.
    fn push(&mut self, anchor: u32) {
        let last = &mut self.last[self.of[anchor as usize] as usize];
        self.before.push(std::mem::replace(last, anchor));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(output: u32, row: u32, length: u32) -> Anchor {
        Anchor { output, row, length }
    }

    /// The chains of anchors whose tokens weigh 1 each.
    fn found(anchors: &[Anchor], shift: i64) -> Vec<Chain> {
        let prefix: Vec<i64> = (0..1_000).collect();
        let mut found = Vec::new();
        Programme::new(&prefix, shift, i64::MIN).run(0, anchors, &mut found);
        found
    }

    fn scores(chains: &[Chain]) -> Vec<i64> {
        chains.iter().map(|chain| chain.score).collect()
    }

    #[test]
    fn matches_within_the_drift_and_the_gap_join() {
        let chains = found(&[anchor(0, 100, 3), anchor(35, 139, 3)], 0);
        assert_eq!(scores(&chains), [6]);
        assert_eq!(chains[0].span(), 0..38);
    }

    #[test]
    fn matches_beyond_the_drift_or_the_gap_stay_apart() {
        for far in [anchor(35, 140, 3), anchor(36, 136, 3)] {
            assert_eq!(found(&[anchor(0, 100, 3), far], 0).len(), 2);
        }
    }

    #[test]
    fn drifts_join_on_both_sides_of_every_boundary_of_buckets() {
        for diagonal in 95..106 {
            for drift in 0..=4 {
                assert_eq!(scores(&found(&[anchor(0, diagonal, 3), anchor(9, 9 + diagonal + drift, 3)], 0)), [6]);
                assert_eq!(scores(&found(&[anchor(0, diagonal + drift, 3), anchor(9, 9 + diagonal, 3)], 0)), [6]);
            }
        }
    }

    #[test]
    fn a_step_to_another_diagonal_is_paid_for_or_not_taken() {
        let anchors = [anchor(0, 0, 5), anchor(6, 7, 5)];
        assert_eq!(scores(&found(&anchors, 4)), [6]);
        assert_eq!(scores(&found(&anchors, 5)), [5, 5]);
    }

    #[test]
    fn a_token_under_two_matches_belongs_to_the_first() {
        let chains = found(&[anchor(0, 0, 5), anchor(3, 4, 5)], 0);
        let segments = [Segment { output: 0, row: 0, length: 5 }, Segment { output: 5, row: 6, length: 3 }];
        assert_eq!(chains, [Chain { score: 8, row: 0, segments: segments.to_vec() }]);
    }
}

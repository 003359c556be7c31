//! Chains: short matches that lie near one diagonal of one document, joined by dynamic programming.

use super::{GAP, LOOKBACK, TOLERANCE};
use std::cmp::Reverse;

/// A seed at one place of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    /// Output token.
    pub(super) output: u32,
    /// Document token.
    pub(super) document: u32,
    /// Tokens.
    pub(super) length: u32,
}

impl Anchor {
    pub(super) fn output_end(&self) -> u32 {
        self.output + self.length
    }

    /// Whether a chain may go from `before` to this anchor.
    fn follows(&self, before: &Self) -> bool {
        let drift = |anchor: &Self| i64::from(anchor.document) - i64::from(anchor.output);
        self.output > before.output
            && self.document > before.document
            && drift(self).abs_diff(drift(before)) <= u64::from(TOLERANCE)
            && u64::from(self.output) <= u64::from(before.output_end()) + u64::from(GAP)
            && self.output_end() > before.output_end()
    }
}

/// Anchors that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// Weight of the output tokens that the anchors cover.
    pub(super) score: u64,
    /// In output order; both their begins and their ends rise.
    pub(super) anchors: Vec<Anchor>,
}

/// Steps that [`chains`] takes for `anchors` anchors: one each, and one for each that it looks
/// back at.
pub(super) fn steps(anchors: usize) -> u64 {
    let full = anchors.saturating_sub(LOOKBACK);
    let ramp = anchors - full;
    (anchors + full * LOOKBACK + ramp * ramp.saturating_sub(1) / 2) as u64
}

/// The chains of one document, best first; each anchor belongs to one.
///
/// `prefix[i]` is the weight of the output tokens before `i`. Anchors must differ from each other.
pub(super) fn chains(mut anchors: Vec<Anchor>, prefix: &[u64]) -> Vec<Chain> {
    anchors.sort_unstable();
    let (best, back) = link(&anchors, prefix);
    let mut order: Vec<usize> = (0..anchors.len()).collect();
    order.sort_unstable_by_key(|&anchor| (Reverse(best[anchor]), anchor));
    let mut used = vec![false; anchors.len()];
    let mut found = Vec::new();
    for last in order {
        let mut chain = Vec::new();
        let mut at = Some(last);
        while let Some(anchor) = at.filter(|&anchor| !used[anchor]) {
            used[anchor] = true;
            chain.push(anchors[anchor]);
            at = back[anchor];
        }
        if chain.is_empty() {
            continue;
        }
        chain.reverse();
        found.push(Chain { score: covered(&chain, prefix), anchors: chain });
    }
    found
}

/// For each anchor the best score of a chain that ends in it, and the anchor before it there.
fn link(anchors: &[Anchor], prefix: &[u64]) -> (Vec<u64>, Vec<Option<usize>>) {
    let weight = |from: u32, to: u32| prefix[to as usize] - prefix[from as usize];
    let mut best = Vec::with_capacity(anchors.len());
    let mut back = Vec::with_capacity(anchors.len());
    for (at, anchor) in anchors.iter().enumerate() {
        let own = weight(anchor.output, anchor.output_end());
        let (mut score, mut link) = (own, None);
        for before in at.saturating_sub(LOOKBACK)..at {
            let earlier = &anchors[before];
            if !anchor.follows(earlier) {
                continue;
            }
            let shared = weight(anchor.output, earlier.output_end().max(anchor.output));
            let joined: u64 = best[before] + own - shared;
            if joined > score {
                (score, link) = (joined, Some(before));
            }
        }
        best.push(score);
        back.push(link);
    }
    (best, back)
}

/// Weight of the output tokens under the anchors, each counted once.
fn covered(chain: &[Anchor], prefix: &[u64]) -> u64 {
    let mut reached = 0;
    let mut sum = 0;
    for anchor in chain {
        let from = anchor.output.max(reached);
        reached = anchor.output_end();
        sum += prefix[reached as usize] - prefix[from as usize];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(output: u32, document: u32, length: u32) -> Anchor {
        Anchor { output, document, length }
    }

    fn unit_weights(tokens: u64) -> Vec<u64> {
        (0..=tokens).collect()
    }

    #[test]
    fn matches_within_the_drift_and_the_gap_join() {
        let anchors = vec![anchor(0, 100, 3), anchor(35, 139, 3)];
        let found = chains(anchors.clone(), &unit_weights(50));
        assert_eq!(found, [Chain { score: 6, anchors }]);
    }

    #[test]
    fn matches_beyond_the_drift_or_the_gap_stay_apart() {
        for far in [anchor(35, 140, 3), anchor(36, 136, 3)] {
            assert_eq!(chains(vec![anchor(0, 100, 3), far], &unit_weights(50)).len(), 2);
        }
    }

    #[test]
    fn overlapping_matches_are_paid_once() {
        let found = chains(vec![anchor(0, 0, 5), anchor(3, 4, 5)], &unit_weights(10));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].score, 8);
    }

    #[test]
    fn the_announced_steps_are_those_taken() {
        for n in [0, 1, 2, 63, 64, 65, 66, 200] {
            let taken: usize = (0..n).map(|at: usize| 1 + at.min(LOOKBACK)).sum();
            assert_eq!(steps(n), taken as u64);
        }
    }
}

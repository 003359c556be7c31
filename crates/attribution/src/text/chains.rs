//! Chains: anchors that lie near one diagonal of one row, joined by dynamic programming.

use super::{
    GAP, LOOKBACK, TOLERANCE,
    anchors::{Anchor, RowAnchors, anchors},
    index::{RowFacts, TextIndex},
    query::Query,
    work::{Host, Work},
};
use std::cmp::Reverse;
use std::ops::Range;

/// Anchors that belong together, and what they are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Weight of the covered tokens less the price of the steps to other diagonals, in 1/256 bits.
    pub score: i64,
    /// The row.
    pub row: u64,
    /// What it covers, from left to right: disjoint, because a token under two anchors belongs to the
    /// first of them. Never empty.
    pub segments: Vec<Segment>,
}

/// Consecutive tokens of a text that stand at consecutive tokens of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// First token of the text.
    pub output: u32,
    /// First token of the row.
    pub row: u32,
    /// Tokens, at least 1.
    pub length: u32,
}

impl Chain {
    /// Tokens of the text from the first to the last that it covers.
    pub(super) fn span(&self) -> Range<u32> {
        let end = self.segments.last().map_or(0, |last| last.output + last.length);
        self.segments.first().map_or(0, |first| first.output)..end
    }

    /// Paying order: the better score, the earlier row, the earlier output token, its row token.
    fn rank(&self) -> impl Ord + use<> {
        let first = self.segments.first().map(|first| (first.output, first.row));
        (Reverse(self.score), self.row, first)
    }
}

/// How chains are found for one purpose.
pub(super) struct Rule<F> {
    /// Which rows take part.
    pub(super) counts: F,
    /// What a step to another diagonal costs, in 1/256 bits.
    pub(super) shift: i64,
    /// Chains below this score are left out.
    pub(super) floor: i64,
}

/// The chains of a text in the rows of a version, in paying order.
pub(super) fn chains<I, H, F>(index: &I, query: &Query, rule: Rule<F>, host: &mut H) -> Result<Vec<Chain>, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
    F: Fn(&RowFacts) -> bool,
{
    let mut found = Vec::new();
    for row in anchors(index, query, (rule.counts, rule.floor), host)? {
        chains_of_row(row, &query.prefix, (rule.shift, rule.floor), &mut found);
    }
    host.charge(Work::Elements(found.len() as u64))?;
    found.sort_by_cached_key(Chain::rank);
    Ok(found)
}

/// Adds the chains of one row that reach the floor. The anchors were paid for with their look-back.
///
/// A chain never bridges more than [`GAP`] tokens, so anchors fall into groups that have nothing to
/// do with each other, and a group whose tokens together do not weigh the floor is dropped unseen.
fn chains_of_row(mut row: RowAnchors, prefix: &[i64], (shift, floor): (i64, i64), found: &mut Vec<Chain>) {
    let weight = |from: u32, to: u32| prefix[to as usize] - prefix[from as usize];
    let most: i64 = row.anchors.iter().map(|anchor| weight(anchor.output, anchor.output_end())).sum();
    if most < floor {
        return;
    }
    row.anchors.sort_unstable();
    let mut rest = row.anchors.as_slice();
    while let Some(first) = rest.first() {
        let (mut end, mut covered, mut size) = (first.output, 0, 0);
        for anchor in rest {
            if anchor.output > end.saturating_add(GAP) {
                break;
            }
            covered += weight(end.clamp(anchor.output, anchor.output_end()), anchor.output_end());
            end = end.max(anchor.output_end());
            size += 1;
        }
        let (group, others) = rest.split_at(size);
        if covered >= floor {
            chains_of_group(row.row, group, prefix, (shift, floor), found);
        }
        rest = others;
    }
}

fn chains_of_group(row: u64, anchors: &[Anchor], prefix: &[i64], (shift, floor): (i64, i64), found: &mut Vec<Chain>) {
    let (best, back) = link(anchors, prefix, shift);
    let mut order: Vec<usize> = (0..anchors.len()).collect();
    order.sort_unstable_by_key(|&anchor| (Reverse(best[anchor]), anchor));
    let mut used = vec![false; anchors.len()];
    let mut chain = Vec::new();
    for last in order {
        chain.clear();
        let mut at = Some(last);
        while let Some(anchor) = at.filter(|&anchor| !used[anchor]) {
            used[anchor] = true;
            chain.push(anchors[anchor]);
            at = back[anchor];
        }
        chain.reverse();
        let score = score(&chain, prefix, shift);
        if !chain.is_empty() && score >= floor {
            found.push(Chain { score, row, segments: segments(&chain).collect() });
        }
    }
}

/// For each anchor the best score of a chain that ends in it, and the anchor before it there.
fn link(anchors: &[Anchor], prefix: &[i64], shift: i64) -> (Vec<i64>, Vec<Option<usize>>) {
    let weight = |from: u32, to: u32| prefix[to as usize] - prefix[from as usize];
    let mut best = Vec::with_capacity(anchors.len());
    let mut back = Vec::with_capacity(anchors.len());
    for (at, anchor) in anchors.iter().enumerate() {
        let own = weight(anchor.output, anchor.output_end());
        let (mut score, mut link) = (own, None);
        for before in at.saturating_sub(LOOKBACK)..at {
            let earlier = &anchors[before];
            if !follows(anchor, earlier) {
                continue;
            }
            let shared = weight(anchor.output, earlier.output_end().max(anchor.output));
            let step = if anchor.diagonal() == earlier.diagonal() { 0 } else { shift };
            let joined: i64 = best[before] + own - shared - step;
            if joined > score {
                (score, link) = (joined, Some(before));
            }
        }
        best.push(score);
        back.push(link);
    }
    (best, back)
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

fn score(chain: &[Anchor], prefix: &[i64], shift: i64) -> i64 {
    let covered: i64 = segments(chain).map(|part| prefix[(part.output + part.length) as usize] - prefix[part.output as usize]).sum();
    let bent = chain.windows(2).filter(|pair| pair[0].diagonal() != pair[1].diagonal()).count();
    covered - shift * bent as i64
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
        chains_of_group(0, anchors, &prefix, (shift, i64::MIN), &mut found);
        found
    }

    #[test]
    fn matches_within_the_drift_and_the_gap_join() {
        let chains = found(&[anchor(0, 100, 3), anchor(35, 139, 3)], 0);
        assert_eq!(chains.len(), 1);
        assert_eq!((chains[0].score, chains[0].span()), (6, 0..38));
    }

    #[test]
    fn matches_beyond_the_drift_or_the_gap_stay_apart() {
        for far in [anchor(35, 140, 3), anchor(36, 136, 3)] {
            assert_eq!(found(&[anchor(0, 100, 3), far], 0).len(), 2);
        }
    }

    #[test]
    fn a_step_to_another_diagonal_is_paid_for_or_not_taken() {
        let anchors = [anchor(0, 0, 5), anchor(6, 7, 5)];
        assert_eq!(found(&anchors, 4).iter().map(|chain| chain.score).collect::<Vec<_>>(), [6]);
        assert_eq!(found(&anchors, 5).iter().map(|chain| chain.score).collect::<Vec<_>>(), [5, 5]);
    }

    #[test]
    fn a_token_under_two_matches_belongs_to_the_first() {
        let chains = found(&[anchor(0, 0, 5), anchor(3, 4, 5)], 0);
        let segments = [Segment { output: 0, row: 0, length: 5 }, Segment { output: 5, row: 6, length: 3 }];
        assert_eq!(chains, [Chain { score: 8, row: 0, segments: segments.to_vec() }]);
    }
}

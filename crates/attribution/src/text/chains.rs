//! Chains: anchors that lie near one diagonal of one row, joined by dynamic programming.

use super::{
    GAP,
    anchors::{RowAnchors, anchors},
    index::{RowFacts, TextIndex},
    programme::Programme,
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
    let mut programme = Programme::new(&query.prefix, rule.shift, rule.floor);
    for row in anchors(index, query, (rule.counts, rule.floor), host)? {
        chains_of_row(row, &mut programme, &mut found);
    }
    host.charge(Work::Elements(found.len() as u64))?;
    found.sort_by_cached_key(Chain::rank);
    Ok(found)
}

/// Adds the chains of one row that reach the floor. The anchors were paid for with their look-back.
///
/// A chain never bridges more than [`GAP`] tokens, so anchors fall into groups that have nothing to
/// do with each other, and a group whose tokens together do not weigh the floor is dropped unseen.
fn chains_of_row(mut row: RowAnchors, programme: &mut Programme<'_>, found: &mut Vec<Chain>) {
    row.anchors.sort_unstable();
    let mut rest = row.anchors.as_slice();
    while let Some(first) = rest.first() {
        let (mut end, mut covered, mut size) = (first.output, 0, 0);
        for anchor in rest {
            if anchor.output > end.saturating_add(GAP) {
                break;
            }
            covered += programme.weight(end.clamp(anchor.output, anchor.output_end()), anchor.output_end());
            end = end.max(anchor.output_end());
            size += 1;
        }
        let (group, others) = rest.split_at(size);
        if covered >= programme.floor {
            programme.run(row.row, group, found);
        }
        rest = others;
    }
}

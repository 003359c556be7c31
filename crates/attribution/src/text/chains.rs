//! Chains: anchors that lie near one diagonal of one row, joined by dynamic programming.

use super::{
    GAP,
    anchors::{Anchor, Search},
    best::Best,
    hits::{Group, Groups, Hits, Wanted},
    index::{RowFacts, TextIndex},
    programme::Programme,
    query::Query,
    work::{Host, Work},
};
use alloy_primitives::map::HashMap;
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
    pub(super) wanted: Chosen,
}

/// Which chains are wanted, of those that reach the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chosen {
    All,
    /// Not those over whose tokens there are better ones.
    Best,
    /// Nor those that would close nothing beside.
    BestOrClosing,
}

/// The chains of a text in the rows of a version, in paying order; what they close is of no interest.
pub(super) fn chains<I, H, F>(index: &I, query: &Query, rule: Rule<F>, host: &mut H) -> Result<Vec<Chain>, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
    F: Fn(&RowFacts) -> bool,
{
    let mut search = ChainSearch::new(index, query, rule, host)?;
    while search.advance(host)?.is_some() {}
    Ok(search.finish(host)?.0)
}

/// Looks for chains, one group of hits of a row after the other.
///
/// Groups that may score most come first. Where all that the matches of a group can reach is covered by better chains than it can have, it is
/// not looked at: of many copies, that is all but one.
pub(super) struct ChainSearch<'q, I, F> {
    index: &'q I,
    query: &'q Query,
    rule: Rule<F>,
    hits: Hits,
    groups: Groups,
    next: usize,
    /// Tokens of rows, of those that count. Looked up, never iterated.
    rows: HashMap<u64, Option<u32>>,
    programme: Programme<'q>,
    best: Best,
    found: Vec<Chain>,
}

impl<'q, I: TextIndex, F: Fn(&RowFacts) -> bool> ChainSearch<'q, I, F> {
    pub(super) fn new<H: Host<Error: From<I::Error>>>(
        index: &'q I,
        query: &'q Query,
        rule: Rule<F>,
        host: &mut H,
    ) -> Result<Self, H::Error> {
        let hits = Hits::find(index, query, Wanted { floor: rule.floor, shift: rule.shift }, host)?;
        let mut groups = hits.groups(&query.prefix);
        host.charge(Work::Elements(groups.all.len() as u64))?;
        // Those of a row stay in their order.
        groups.all.sort_by_key(|group| (Reverse(group.bound), group.row));
        let programme = Programme::new(&query.prefix, rule.shift, rule.floor);
        let best = Best::new(query.len());
        Ok(Self { index, query, rule, hits, groups, next: 0, rows: HashMap::default(), programme, best, found: Vec::new() })
    }

    /// The chains of the next group that may have wanted ones; nothing at the end.
    pub(super) fn advance<H: Host<Error: From<I::Error>>>(&mut self, host: &mut H) -> Result<Option<Range<usize>>, H::Error> {
        while let Some(group) = self.groups.all.get(self.next) {
            let row = group.row;
            self.next += 1;
            if self.is_needless(group) {
                continue;
            }
            let tokens = match self.rows.get(&row) {
                Some(&tokens) => tokens,
                None => {
                    host.charge(Work::Rows(1))?;
                    let facts = self.index.facts(row)?;
                    let tokens = (self.rule.counts)(&facts).then_some(facts.tokens);
                    self.rows.insert(row, tokens);
                    tokens
                }
            };
            let Some(tokens) = tokens else { continue };
            let search = Search { index: self.index, query: self.query, row, tokens };
            let before = self.found.len();
            chains_of(row, search.anchors(self.groups.hits_of(group), host)?, &mut self.programme, &mut self.found);
            self.found[before..].iter().for_each(|chain| self.best.add(chain));
            return Ok(Some(before..self.found.len()));
        }
        Ok(None)
    }

    /// Whether no wanted chain can be in a group, for all that was found so far.
    fn is_needless(&self, group: &Group) -> bool {
        if self.rule.wanted == Chosen::All {
            return false;
        }
        let hits = self.groups.hits_of(group);
        let mut reached = self.hits.reach(hits).next().map_or(0, |first| first.from);
        self.hits.reach(hits).all(|reach| {
            let before = std::mem::replace(&mut reached, reach.to);
            let between = before..reach.from;
            (self.rule.wanted == Chosen::Best || self.best.is_taken(between))
                && self.best.is_better(reach.from.max(before)..reach.to, group.bound, group.row)
        })
    }

    pub(super) fn found(&self) -> &[Chain] {
        &self.found
    }

    /// Notes that the tokens of a span are closed, unless chains cover them.
    pub(super) fn close(&mut self, span: Range<u32>) {
        self.best.close(span);
    }

    /// The chains in paying order, and which tokens they cover or are closed.
    pub(super) fn finish<H: Host<Error: From<I::Error>>>(mut self, host: &mut H) -> Result<(Vec<Chain>, Best), H::Error> {
        host.charge(Work::Elements(self.found.len() as u64))?;
        self.found.sort_by_cached_key(Chain::rank);
        Ok((self.found, self.best))
    }
}

/// Adds the chains of a row's anchors that reach the floor. The anchors were paid for with their look-back.
///
/// A chain never bridges more than [`GAP`] tokens, so anchors fall into groups that have nothing to
/// do with each other, and a group whose tokens together do not weigh the floor is dropped unseen.
fn chains_of(row: u64, mut anchors: Vec<Anchor>, programme: &mut Programme<'_>, found: &mut Vec<Chain>) {
    anchors.sort_unstable();
    let mut rest = anchors.as_slice();
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
            programme.run(row, group, found);
        }
        rest = others;
    }
}

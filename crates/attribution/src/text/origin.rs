//! Origin: whose words a new document brings, decided once (rule 6).

use super::{
    chains::{Chain, ChainSearch, Chosen, Rule},
    cover::cover,
    index::{Place, RowFacts, Run, TextIndex},
    query::Query,
    work::{Host, Work},
};
use crate::Error;
use alloy_primitives::map::HashMap;
use std::ops::Range;

/// A chain that decides about origins weighs at least this many times `log2 N` …
const STRONG: i64 = 4;
/// … where `N` is at least 2^16; in 1/256 bits.
const LEAST_LOG_N: i64 = 16 * 256;

/// Where a token was first contributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Where it stands.
    Own,
    /// Where it stands, in a passage that is mostly somebody else's.
    Closed,
    /// In an earlier row.
    From(Place),
}

impl Origin {
    /// The origin of the token `by` further on in the same run.
    fn further(self, by: u32) -> Self {
        match self {
            Self::From(place) => Self::From(Place { token: place.token.saturating_add(by), ..place }),
            other => other,
        }
    }
}

/// Consecutive tokens of a row with consecutive origins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) length: u32,
    /// Of the first of them.
    pub(super) origin: Origin,
}

/// The origins of a range of a row's tokens, from left to right.
pub(super) fn origins<I, H>(index: &I, row: u64, range: Range<u32>, host: &mut H) -> Result<Vec<Part>, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    host.charge(Work::Origins(range.len() as u64))?;
    let mut parts = Vec::new();
    let mut at = range.start;
    for run in index.runs(row, range.clone())?.iter() {
        let (from, to) = (run.start.max(range.start), run.end().min(range.end));
        if from < at || to <= from || run.origin.is_some_and(|origin| origin.row >= row) {
            return Err(Error::Damaged { row }.into());
        }
        if from > at {
            parts.push(Part { length: from - at, origin: Origin::Own });
        }
        let origin = run.origin.map_or(Origin::Closed, Origin::From).further(from - run.start);
        parts.push(Part { length: to - from, origin });
        at = to;
    }
    if at < range.end {
        parts.push(Part { length: range.end - at, origin: Origin::Own });
    }
    Ok(parts)
}

/// A document, looked up, and the origin of each of its tokens.
#[derive(Debug)]
pub(super) struct Origins {
    pub(super) query: Query,
    pub(super) of: Vec<Origin>,
}

/// Decides the origins of a document's tokens against the rows of a version, whatever their status.
///
/// What strong chains cover keeps its origin. Where a strong chain fills half of its span, in the
/// document or in the row, the other tokens of the span are closed.
pub(super) fn decide<I, H>(index: &I, version: u64, document: &str, host: &mut H) -> Result<Origins, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let query = Query::new(index, version, document, host)?;
    let floor = STRONG * query.log_n.max(LEAST_LOG_N);
    let rule = Rule { counts: |_: &RowFacts| true, shift: 0, floor, wanted: Chosen::BestOrClosing };
    let mut search = ChainSearch::new(index, &query, rule, host)?;
    let mut gaps = Gaps { index, query: &query, weights: HashMap::default() };
    while let Some(new) = search.advance(host)? {
        for at in new {
            let chain = &search.found()[at];
            if gaps.is_dense(chain, host)? {
                let span = chain.span();
                search.close(span);
            }
        }
    }
    let (strong, best) = search.finish(host)?;
    // What chains cover is from elsewhere: below.
    let mut of: Vec<Origin> = best.taken().map(|taken| if taken { Origin::Closed } else { Origin::Own }).collect();
    for piece in cover(&strong, query.len()) {
        let part = piece.part;
        let (mut to, mut from) = (part.output as usize, part.row);
        for known in origins(index, piece.row, part.row..part.row + part.length, host)? {
            let first = match known.origin {
                Origin::From(place) => place,
                Origin::Own | Origin::Closed => Place { row: piece.row, token: from },
            };
            for (by, origin) in (0..known.length).zip(&mut of[to..]) {
                *origin = Origin::From(first).further(by);
            }
            to += known.length as usize;
            from += known.length;
        }
    }
    Ok(Origins { query, of })
}

/// Weights of the words of rows that lie between the segments of a chain. Those in the segments are
/// the document's own words, whose weights are known.
struct Gaps<'a, I> {
    index: &'a I,
    query: &'a Query,
    /// By number of the word. Looked up, never iterated.
    weights: HashMap<u32, i64>,
}

impl<I: TextIndex> Gaps<'_, I> {
    /// Whether a chain fills half of its span, in the document or in the row.
    fn is_dense<H: Host<Error: From<I::Error>>>(&mut self, chain: &Chain, host: &mut H) -> Result<bool, H::Error> {
        let fills = |span: u64| 2 * chain.score >= i64::try_from(span).unwrap_or(i64::MAX);
        Ok(fills(self.query.weight_of(chain.span())) || fills(self.row_span(chain, host)?))
    }

    /// Weight of the row's tokens from the first to the last that a chain covers.
    fn row_span<H: Host<Error: From<I::Error>>>(&mut self, chain: &Chain, host: &mut H) -> Result<u64, H::Error> {
        let mut reached = chain.segments.first().map_or(0, |first| first.row);
        let mut sum = 0;
        for segment in &chain.segments {
            if segment.row > reached {
                sum += self.gap(chain.row, reached..segment.row, host)?;
                reached = segment.row;
            }
            let end = segment.row + segment.length;
            if end > reached {
                let output = segment.output + (reached - segment.row);
                sum += self.query.weight_of(output..segment.output + segment.length);
                reached = end;
            }
        }
        Ok(sum)
    }

    fn gap<H: Host<Error: From<I::Error>>>(&mut self, row: u64, range: Range<u32>, host: &mut H) -> Result<u64, H::Error> {
        host.charge(Work::Gaps(range.len() as u64))?;
        let mut sum = 0;
        for &number in self.index.tokens(row, range)?.iter() {
            let weight = match self.weights.get(&number) {
                Some(&weight) => weight,
                None => {
                    let weight = self.query.weight(self.index, number)?;
                    self.weights.insert(number, weight);
                    weight
                }
            };
            sum += weight.unsigned_abs();
        }
        Ok(sum)
    }
}

/// What a shard stores of the origins: runs that are consecutive here and at their origin.
pub(super) fn runs(origins: &[Origin]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, &origin) in (0u32..).zip(origins) {
        let origin = match origin {
            Origin::Own => continue,
            Origin::Closed => None,
            Origin::From(place) => Some(place),
        };
        match runs.last_mut() {
            Some(last) if last.end() == at && goes_on(last, origin) => last.length += 1,
            _ => runs.push(Run { start: at, length: 1, origin }),
        }
    }
    runs
}

fn goes_on(run: &Run, origin: Option<Place>) -> bool {
    match (run.origin, origin) {
        (None, None) => true,
        (Some(first), Some(place)) => place.row == first.row && Some(place.token) == first.token.checked_add(run.length),
        _ => false,
    }
}

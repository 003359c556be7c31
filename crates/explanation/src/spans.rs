//! Words of an answer beside those of the rows that they are from.

use crate::{Calls, Error, Span};
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use std::collections::BTreeMap;
use tributary_attribution::text::{Token, Tokens, tokenize};
use tributary_contracts::{
    Datanets, IAttributionStore, ITextAttribution,
    predeploys::{ATTRIBUTION_STORE, DATANETS},
};

/// The rows of a set, as far as they were asked for.
pub(crate) struct Rows<'c> {
    calls: &'c Calls,
    set: (U256, u64),
    datanet_id: U256,
    /// How many numbers of contributors counted when the session was opened.
    numbers: u32,
    rows: BTreeMap<u64, Row>,
}

struct Row {
    contributor: u32,
    author: Address,
    hash: B256,
    tokens: Tokens,
}

impl<'c> Rows<'c> {
    pub(crate) fn of(calls: &'c Calls, set: (U256, u64), datanet_id: U256, numbers: u32) -> Self {
        Self { calls, set, datanet_id, numbers, rows: BTreeMap::new() }
    }

    /// What a piece of evidence says, when answer, row and origin have the same words there.
    pub(crate) fn span(&mut self, output: &Bytes, item: &ITextAttribution::Evidence) -> Result<Span, Error> {
        let (_, version) = self.set;
        let output = tokens(output)?;
        let mut shared = runs(&output, item.outputStart, item.outputEnd);
        for (row, start, end) in [(item.row, item.rowStart, item.rowEnd), (item.origin, item.originStart, item.originEnd)] {
            let found = self.row(row)?;
            let there = runs(&found.tokens, start, end);
            shared.retain(|run| there.contains(run));
            if shared.is_empty() {
                let place = format!("bytes {}..{} of the answer", item.outputStart, item.outputEnd);
                return Err(Error::Differs(format!("{place} are not the words of row {row} at {start}..{end} (version {version})")));
            }
        }
        let origin = self.row(item.origin)?;
        Ok(Span {
            output_start: U64::from(item.outputStart),
            output_end: U64::from(item.outputEnd),
            row: U64::from(item.row),
            row_start: U64::from(item.rowStart),
            row_end: U64::from(item.rowEnd),
            origin: U64::from(item.origin),
            origin_start: U64::from(item.originStart),
            origin_end: U64::from(item.originEnd),
            document: origin.hash,
            contributor: U64::from(origin.contributor),
            author: origin.author,
            weight: U64::from(item.weight),
            withheld: item.withheld,
            wei: U256::ZERO,
        })
    }

    fn row(&mut self, index: u64) -> Result<&Row, Error> {
        if !self.rows.contains_key(&index) {
            let read = self.read(index)?;
            self.rows.insert(index, read);
        }
        Ok(&self.rows[&index])
    }

    fn read(&self, index: u64) -> Result<Row, Error> {
        let found = self.calls.view(ATTRIBUTION_STORE, &IAttributionStore::rowCall { setId: self.set.0, index })?;
        let numbers = vec![found.contributor];
        let call = Datanets::accountsAtCall { datanetId: self.datanet_id, numbers, contributors: self.numbers };
        let author = self.calls.view(DATANETS, &call)?.first().copied().unwrap_or_default();
        let tokens = tokens(&found.data)?;
        Ok(Row { contributor: found.contributor, author, hash: keccak256(&found.data), tokens })
    }
}

fn tokens(text: &Bytes) -> Result<Tokens, Error> {
    let text = std::str::from_utf8(text).map_err(|_| Error::Differs("a text is not UTF-8".to_owned()))?;
    tokenize(text).map_err(|error| Error::Differs(error.to_string()))
}

/// Every run of tokens that has this range. There are several where one character at its beginning or end is more than one token.
fn runs(tokens: &Tokens, start: u32, end: u32) -> Vec<Vec<&str>> {
    let first = lower_bound(tokens, |token| token.start >= start);
    let within: Vec<_> = (first..tokens.len()).map_while(|at| tokens.get(at).filter(|token| token.end <= end)).collect();
    let starts = within.iter().take_while(|token| token.start == start).count();
    let ends = within.iter().rev().take_while(|token| token.end == end).count();
    let texts: Vec<&str> = within.iter().map(|token| token.text).collect();
    let run = |(from, until): (usize, usize)| (from < until).then(|| texts[from..until].to_vec());
    (0..starts)
        .flat_map(|from| (0..ends).map(move |left| (from, left)))
        .filter_map(|(from, left)| run((from, texts.len() - left)))
        .collect()
}

/// The first token of which this holds; it holds of all behind it.
fn lower_bound(tokens: &Tokens, holds: impl Fn(Token<'_>) -> bool) -> usize {
    let (mut low, mut high) = (0, tokens.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if tokens.get(middle).is_some_and(&holds) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_words_when_words_begin_and_end_there() {
        let text = "Winter barley, sown ½ early";
        let tokens = tokenize(text).unwrap();
        let runs = |words: &str| {
            let start = text.find(words).unwrap() as u32;
            super::runs(&tokens, start, start + words.len() as u32)
        };
        assert_eq!(runs("Winter barley"), [["winter", "barley"]]);
        assert_eq!(runs("barley, sown"), [["barley", ",", "sown"]]);
        assert!(runs("inter barley").is_empty() && runs("Winter barle").is_empty() && runs(" ").is_empty());
        // One character of several tokens: the run may begin or end in the midst of it.
        assert!(runs("sown ½").contains(&vec!["sown", "1", "⁄", "2"]) && runs("sown ½").contains(&vec!["sown", "1"]));
        assert!(runs("½ early").contains(&vec!["2", "early"]));
    }
}

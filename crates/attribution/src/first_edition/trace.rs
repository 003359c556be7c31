//! Credit by cover: each output token is paid once, to the best chain that covers it.

use super::{
    chains::{Anchor, Chain, chains, steps},
    index::TextIndex,
    seeds::{Seed, seeds},
    tokenize::{Token, tokenize},
    work::{Host, Work},
};
use crate::rarity::log2_q8;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What one document earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// Row of the document.
    pub row: u64,
    /// Weight of the output tokens that were paid to it, in 1/256 bit; never 0.
    pub weight: u64,
}

/// Which bytes of the output were paid to which bytes of a document.
///
/// One item for each run of consecutive output tokens that one match of a paid chain was paid for:
/// the two ranges hold the same tokens. A run ends where the chain goes over to another match, and
/// where a token was paid to a better chain. Items stand in the order of payment: chains by score,
/// then from left to right. The scores of a document's items sum to its credit. Runs of weight 0
/// are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Row of the document.
    pub row: u64,
    /// First byte in the output.
    pub output_start: u32,
    /// One past the last byte in the output.
    pub output_end: u32,
    /// First byte in the document.
    pub row_start: u32,
    /// One past the last byte in the document.
    pub row_end: u32,
    /// Weight of the run.
    pub score: u64,
}

/// The result of a trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Documents that earned something, by row.
    pub credits: Vec<Credit>,
    /// Weight of the output tokens that were paid.
    pub explained: u64,
    /// Weight of all output tokens.
    pub total: u64,
    /// Why.
    pub evidence: Vec<Evidence>,
}

impl TextIndex {
    /// The maximal matches of `output` in single documents.
    ///
    /// # Errors
    /// Those of the host.
    pub fn seeds<H: Host>(&self, output: &str, host: &mut H) -> Result<Vec<Seed>, H::Error> {
        self.seeds_of(&tokenize(output).collect::<Vec<_>>(), host)
    }

    /// Traces `output` to the documents: credits, what they explain, and evidence.
    ///
    /// Costs `O(tokens · log N)` a segment, then what it announces to the host. `output` is at most
    /// [`super::MAX_DOCUMENT_BYTES`] long; of a longer one, nothing is traced.
    ///
    /// # Errors
    /// Those of the host, at once; there is no partial result.
    pub fn trace<H: Host>(&self, output: &str, host: &mut H) -> Result<Trace, H::Error> {
        let tokens: Vec<Token<'_>> = tokenize(output).collect();
        if self.tokens() == 0 || output.len() > super::MAX_DOCUMENT_BYTES {
            return Ok(Trace::default());
        }
        let seeds = self.seeds_of(&tokens, host)?;
        let mut prefix = Vec::with_capacity(tokens.len() + 1);
        prefix.push(0);
        let mut total = 0;
        for token in &tokens {
            total += u64::from(log2_q8(self.tokens(), self.count(&token.text)));
            prefix.push(total);
        }
        let mut paid = Vec::new();
        for (row, anchors) in anchors_by_row(seeds) {
            host.charge(Work::Steps(steps(anchors.len())))?;
            paid.extend(chains(anchors, &prefix).into_iter().map(|chain| (row, chain)));
        }
        let floor = u64::from(3 * log2_q8(self.tokens(), 1) / 2);
        paid.retain(|(_, chain)| chain.score >= floor);
        // Stable: chains that are equal in all three keep the order of their document's list.
        paid.sort_by_key(|(row, chain)| (Reverse(chain.score), *row, chain.anchors[0].output));
        Ok(self.pay(&paid, &tokens, &prefix))
    }

    fn seeds_of<H: Host>(&self, tokens: &[Token<'_>], host: &mut H) -> Result<Vec<Seed>, H::Error> {
        host.charge(Work::Search { tokens: tokens.len() as u64, levels: self.levels() })?;
        let queries: Vec<Vec<u32>> =
            self.segments().iter().map(|segment| tokens.iter().map(|token| segment.corpus().id(&token.text)).collect()).collect();
        seeds(self.segments(), &queries, host)
    }

    fn pay(&self, chains: &[(u64, Chain)], tokens: &[Token<'_>], prefix: &[u64]) -> Trace {
        let mut unpaid = Unpaid::new(tokens.len());
        let mut credits = BTreeMap::new();
        let mut evidence = Vec::new();
        for &(row, ref chain) in chains {
            for anchor in &chain.anchors {
                while let Some((from, to)) = unpaid.take_run(anchor.output, anchor.output_end()) {
                    let score = prefix[to as usize] - prefix[from as usize];
                    if score == 0 {
                        continue;
                    }
                    *credits.entry(row).or_insert(0) += score;
                    let shift = |token: u32| anchor.document + (token - anchor.output);
                    let (row_start, row_end) = self.byte_range(row, shift(from), shift(to));
                    evidence.push(Evidence {
                        row,
                        output_start: tokens[from as usize].start as u32,
                        output_end: tokens[to as usize - 1].end as u32,
                        row_start,
                        row_end,
                        score,
                    });
                }
            }
        }
        let credits: Vec<Credit> = credits.into_iter().map(|(row, weight)| Credit { row, weight }).collect();
        let explained = credits.iter().map(|credit| credit.weight).sum();
        Trace { credits, explained, total: prefix[tokens.len()], evidence }
    }
}

fn anchors_by_row(seeds: Vec<Seed>) -> BTreeMap<u64, Vec<Anchor>> {
    let mut by_row: BTreeMap<u64, Vec<Anchor>> = BTreeMap::new();
    for seed in seeds {
        for occurrence in seed.occurrences {
            by_row.entry(occurrence.row).or_default().push(Anchor {
                output: seed.output_token,
                document: occurrence.token,
                length: seed.length,
            });
        }
    }
    by_row
}

/// Output tokens that nobody was paid for yet: a union-find over "the next unpaid token", so that
/// many chains over the same tokens do not walk them again.
struct Unpaid {
    next: Vec<u32>,
}

impl Unpaid {
    fn new(tokens: usize) -> Self {
        Self { next: (0..=tokens as u32).collect() }
    }

    /// First unpaid token at or after `at`.
    fn first(&mut self, mut at: u32) -> u32 {
        while self.next[at as usize] != at {
            let after = self.next[at as usize];
            self.next[at as usize] = self.next[after as usize];
            at = after;
        }
        at
    }

    /// Pays the first run of unpaid tokens in `from..to` and returns it.
    fn take_run(&mut self, from: u32, to: u32) -> Option<(u32, u32)> {
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
    use crate::first_edition::Unmetered;

    fn index(documents: &[&str]) -> TextIndex {
        TextIndex::build(documents.iter().map(|document| document.as_bytes())).unwrap()
    }

    fn trace(documents: &[&str], output: &str) -> Trace {
        let Ok(trace) = index(documents).trace(output, &mut Unmetered(|_| true));
        trace
    }

    const RIVER: &str = "The river Oder rises in Moravia, crosses Silesia and meets the sea at Stettin.";
    const GRAIN: &str = "Winter barley is sown in autumn; it ripens weeks before any summer wheat does.";

    #[test]
    fn evidence_names_equal_words_in_the_output_and_in_the_row() {
        let output = "They say: WINTER barley is sown in autumn, and the river oder rises in moravia.";
        let trace = trace(&[RIVER, GRAIN], output);
        assert_eq!(trace.evidence.len(), 2);
        for item in &trace.evidence {
            let row = [RIVER, GRAIN][item.row as usize];
            let quoted = &output[item.output_start as usize..item.output_end as usize];
            let source = &row[item.row_start as usize..item.row_end as usize];
            assert_eq!(quoted.to_lowercase(), source.to_lowercase());
        }
        for credit in &trace.credits {
            let items = trace.evidence.iter().filter(|item| item.row == credit.row);
            assert_eq!(items.map(|item| item.score).sum::<u64>(), credit.weight);
        }
    }

    #[test]
    fn verbatim_copies_earn_nothing() {
        let alone = trace(&[RIVER, GRAIN], RIVER);
        let copied = trace(&[RIVER, GRAIN, RIVER, RIVER, RIVER], RIVER);
        assert_eq!(alone.credits.len(), 1);
        assert_eq!(copied.credits.len(), 1);
        assert_eq!(copied.credits[0].row, 0);
        assert_eq!(copied.explained, copied.total);
    }

    #[test]
    fn an_empty_index_explains_nothing_and_weighs_nothing() {
        assert_eq!(trace(&[], RIVER), Trace::default());
        assert_eq!(trace(&["", " \n"], RIVER), Trace::default());
        assert_eq!(trace(&[RIVER], ""), Trace::default());
    }

    #[test]
    fn a_host_that_refuses_any_one_charge_stops_the_trace() {
        struct Purse(usize);
        impl Host for Purse {
            type Error = ();
            fn charge(&mut self, _: Work) -> Result<(), ()> {
                self.0 = self.0.checked_sub(1).ok_or(())?;
                Ok(())
            }
            fn is_active(&mut self, _: u64) -> Result<bool, ()> {
                Ok(true)
            }
        }
        let index = index(&[RIVER, GRAIN]);
        let output = format!("{GRAIN} {RIVER}");
        let whole = (0..).find(|&charges| index.trace(&output, &mut Purse(charges)).is_ok());
        // One search, two seeds, two documents.
        assert_eq!(whole, Some(5));
    }
}

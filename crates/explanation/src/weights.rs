//! From weights of words to weights of contributors, as `Attribution.text` counts them.

use crate::{Error, Payee, Source, Span, Trace, error::same};
use alloy_primitives::{Address, U64, U256};
use std::{cmp::Reverse, collections::BTreeMap};

const BPS: u64 = 10_000;

/// Most contributors that are credited in one answer, over all divisions of its pool (`Attribution.MAX_TRACED`).
const MOST_CREDITED: usize = 3_072;

/// An answer's words share `amount << SCALE`.
const SCALE: usize = 32;

/// What contributors are credited for in one source, by answer.
#[derive(Debug)]
pub(crate) struct Book {
    full_at: U256,
    most: U256,
    /// Contributors that one answer credits.
    top: usize,
    answers: Vec<BTreeMap<U64, U256>>,
}

/// The weight of words for which each contributor is credited.
pub(crate) fn credits(trace: &Trace) -> BTreeMap<U64, U256> {
    let mut credits = BTreeMap::new();
    for span in trace.spans.iter().filter(|span| !span.withheld) {
        *credits.entry(span.contributor).or_insert(U256::ZERO) += span.weight.to::<U256>();
    }
    credits
}

/// No account has more than `most`, under however many numbers.
fn cap(weights: &mut BTreeMap<U64, U256>, trace: &Trace, most: U256) {
    let accounts: BTreeMap<U64, Address> = trace.spans.iter().map(|span| (span.contributor, span.author)).collect();
    let mut sums = BTreeMap::new();
    for (number, weight) in &*weights {
        *sums.entry(accounts.get(number)).or_insert(U256::ZERO) += *weight;
    }
    for (number, weight) in &mut *weights {
        let sum = sums[&accounts.get(number)];
        if sum > most {
            *weight = *weight * most / sum;
        }
    }
}

/// Whether an account has words of more weight in an answer than it may be credited for.
pub(crate) fn is_capped(trace: &Trace, account: Address, source: &Source) -> bool {
    let bps = U256::from(BPS);
    let credit = |span: &Span| span.weight.to::<U256>();
    let sum: U256 = trace.spans.iter().filter(|span| !span.withheld && span.author == account).map(credit).sum();
    let full = (trace.explained * bps).max(trace.total * source.full_at_bps.to::<U256>());
    source.max_contributor_bps.to::<u64>() < BPS && sum * bps * bps > source.max_contributor_bps.to::<U256>() * full
}

impl Book {
    /// Of a release's terms, where a payment's pool is divided in so many ways.
    pub(crate) fn new((full_at_bps, most_bps): (u16, u16), divisions: usize) -> Self {
        let top = MOST_CREDITED / divisions.max(1);
        Self { full_at: U256::from(full_at_bps), most: U256::from(most_bps), top, answers: Vec::new() }
    }

    /// Adds an answer.
    pub(crate) fn add(&mut self, amount: U256, trace: &Trace) -> Result<(), Error> {
        let bps = U256::from(BPS);
        let whole = amount << SCALE;
        let full = (trace.explained * bps).max(trace.total * self.full_at);
        let weight = |credit: U256| (whole * (credit * bps)).checked_div(full);
        let mut credited: Vec<_> = credits(trace).into_iter().collect();
        credited.sort_by_key(|(number, credit)| (Reverse(*credit), *number));
        credited.truncate(self.top);
        let weights = credited.into_iter().map(|(number, credit)| Some((number, weight(credit)?))).collect::<Option<_>>();
        let mut weights = weights.ok_or_else(|| Error::Differs("words are found in an answer that has no weight".to_owned()))?;
        if self.most < bps {
            cap(&mut weights, trace, whole * self.most / bps);
        }
        self.answers.push(weights);
        Ok(())
    }

    fn of(&self, number: U64) -> U256 {
        self.answers.iter().filter_map(|weights| weights.get(&number)).sum()
    }

    /// That everybody was paid by what they are credited for here.
    pub(crate) fn check(&self, datanet_id: U256, payees: &[Payee]) -> Result<(), Error> {
        for payee in payees.iter().filter(|payee| is_by_text(payee, datanet_id)) {
            same(format!("datanet {datanet_id}: weight of contributor {}", payee.number), &self.of(payee.number), &payee.weight)?;
        }
        Ok(())
    }

    /// A span's part of what its author was paid: by its weight among the author's words of the answer, and by the answer's among those of the settlement.
    pub(crate) fn wei(&self, answer: usize, span: &Span, credit: U256, (datanet_id, payees): (U256, &[Payee])) -> U256 {
        let payee = payees.iter().find(|payee| is_by_text(payee, datanet_id) && payee.number == span.contributor);
        let of_answer = self.answers[answer].get(&span.contributor).copied().unwrap_or_default();
        let part = |payee: &Payee| (payee.amount * of_answer * span.weight.to::<U256>()).checked_div(payee.weight * credit);
        payee.and_then(part).unwrap_or_default()
    }
}

fn is_by_text(payee: &Payee, datanet_id: U256) -> bool {
    !payee.by_sketch && payee.datanet_id == datanet_id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(weights: &[(u64, u8, u64)]) -> Trace {
        let zero = U64::ZERO;
        let span = |(number, author, weight): &(u64, u8, u64)| Span {
            output_start: zero,
            output_end: zero,
            row: zero,
            row_start: zero,
            row_end: zero,
            origin: zero,
            origin_start: zero,
            origin_end: zero,
            document: Default::default(),
            contributor: U64::from(*number),
            author: Address::repeat_byte(*author),
            weight: U64::from(*weight),
            withheld: false,
            wei: U256::ZERO,
        };
        let spans: Vec<Span> = weights.iter().map(span).collect();
        let explained = spans.iter().map(|span| span.weight.to::<U256>()).sum();
        Trace { source: zero, explained, withheld: U256::ZERO, total: U256::from(1_000), spans }
    }

    #[test]
    fn an_account_has_one_cap_under_all_its_numbers() {
        let mut book = Book::new((10_000, 3_000), 1);
        // Of 1,000: 400 are of one account under two numbers, 100 of another.
        book.add(U256::from(1_000), &trace(&[(1, 0xaa, 300), (2, 0xbb, 100), (3, 0xaa, 100)])).unwrap();
        let whole = U256::from(1_000) << SCALE;
        let permille = |number: u64| book.of(U64::from(number)) * U256::from(1_000) / whole;
        assert_eq!([1, 2, 3].map(permille), [225, 100, 75].map(U256::from));
    }

    #[test]
    fn an_account_is_capped_by_all_its_numbers_and_by_nothing_where_there_is_no_cap() {
        let found = trace(&[(1, 0xaa, 300), (2, 0xbb, 350), (3, 0xaa, 100)]);
        let source = |max_contributor_bps: u64| Source {
            datanet_id: U256::ONE,
            release_id: U64::from(1),
            set_id: U256::ONE,
            version: U64::from(1),
            licence: Default::default(),
            weight_bps: U64::from(10_000),
            full_at_bps: U64::from(10_000),
            max_contributor_bps: U64::from(max_contributor_bps),
            pool: U256::ZERO,
            paid: U256::ZERO,
        };
        let is_capped = |author: u8, most| is_capped(&found, Address::repeat_byte(author), &source(most));
        // 400 and 350 of 1,000.
        assert_eq!([3_999, 4_000, 10_000].map(|most| is_capped(0xaa, most)), [true, false, false]);
        assert_eq!([3_499, 3_500].map(|most| is_capped(0xbb, most)), [true, false]);
    }

    #[test]
    fn a_few_words_found_earn_their_part_of_what_is_full() {
        let mut book = Book::new((5_000, 10_000), 1);
        book.add(U256::from(1_000), &trace(&[(1, 0xaa, 250)])).unwrap();
        assert_eq!(book.of(U64::from(1)), (U256::from(1_000) << SCALE) / U256::from(2));
    }
}

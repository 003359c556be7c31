//! From weights of words to weights of contributors, as `Attribution.text` counts them.

use crate::{Error, Payee, Span, Trace, error::same};
use alloy_primitives::{U64, U256};
use std::collections::BTreeMap;

const BPS: u64 = 10_000;

/// An answer's words share `amount << SCALE`.
const SCALE: usize = 32;

/// What contributors are credited for in one source, by answer.
#[derive(Debug)]
pub(crate) struct Book {
    full_at: U256,
    most: U256,
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

impl Book {
    pub(crate) fn new(full_at_bps: u16, most_bps: u16) -> Self {
        Self { full_at: U256::from(full_at_bps), most: U256::from(most_bps), answers: Vec::new() }
    }

    /// Adds an answer.
    pub(crate) fn add(&mut self, amount: U256, trace: &Trace) -> Result<(), Error> {
        let bps = U256::from(BPS);
        let whole = amount << SCALE;
        let most = whole * self.most / bps;
        let full = (trace.explained * bps).max(trace.total * self.full_at);
        let weight = |credit: U256| (whole * (credit * bps)).checked_div(full).map(|weight| weight.min(most));
        let weights = credits(trace).into_iter().map(|(number, credit)| Some((number, weight(credit)?))).collect::<Option<_>>();
        self.answers.push(weights.ok_or_else(|| Error::Differs("words are found in an answer that has no weight".to_owned()))?);
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

//! What this program itself computes from texts and answers, without asking the chain: who is owed what.

use super::{
    market::Settled,
    models::{CONTRIBUTOR_BPS, LINEAGE_BPS, ROYALTY_BPS, Source},
};
use crate::error::Error;
use alloy_primitives::{Address, U256, uint};
use std::{cmp::Reverse, collections::BTreeMap};
use tributary_attribution::{
    split::split,
    text::{Evidence, Trace, Unmetered, evidence, trace},
};
use tributary_contracts::interfaces::inference::IInference::Shares;

/// The whole, in basis points.
const WHOLE: U256 = uint!(10_000_U256);

/// An answer's words share its price times 2 to the power of this.
const SCALE: usize = 32;

/// A contributor's part of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payee {
    pub(crate) datanet: U256,
    pub(crate) number: u32,
    pub(crate) account: Address,
    pub(crate) amount: U256,
    pub(crate) weight: U256,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Reference {
    /// By source, then by answer.
    pub(crate) traces: Vec<Vec<Trace>>,
    /// By source: which words of the first answer are whose.
    pub(crate) evidence: Vec<Vec<Evidence>>,
    /// In the order in which they are paid.
    pub(crate) payees: Vec<Payee>,
    pub(crate) shares: Shares,
    /// The part of the lineage that is the base model's.
    pub(crate) royalty: U256,
}

impl Reference {
    /// Traces all answers to all releases and divides what they cost.
    pub(crate) fn compute(sources: &[Source<'_>], settled: &Settled) -> Result<Self, Error> {
        let answers: Vec<(&str, U256)> = settled.answers.iter().map(|answer| (text_of(&answer.output), answer.amount)).collect();
        let amount: U256 = answers.iter().map(|(_, amount)| amount).sum();
        let rules = &settled.rules.rules;
        let weights: Vec<U256> = sources.iter().map(|source| U256::from(source.weight_bps)).collect();
        let pool = part(amount, CONTRIBUTOR_BPS);
        let (mut traces, mut proofs, mut payees) = (Vec::new(), Vec::new(), Vec::new());
        let mut curators = U256::ZERO;
        for (source, pool) in sources.iter().zip(split(pool, &weights)) {
            let (index, version) = (&source.datanet.index, source.release.version);
            let of_source: Vec<Trace> =
                answers.iter().map(|(output, _)| trace(index, version, output, &mut Unmetered)).collect::<Result<_, _>>()?;
            proofs.push(evidence(index, version, answers[0].0, 0, &mut Unmetered)?);
            payees.extend(divide(source, pool, &of_source, &answers)?);
            traces.push(of_source);
            curators += amount * U256::from(source.release.curator_bps) * U256::from(source.weight_bps) / (WHOLE * WHOLE);
        }
        let contributors: U256 = payees.iter().map(|payee| payee.amount).sum();
        let [protocol, validators, lineage] = [rules.protocolBps, rules.validatorBps, LINEAGE_BPS].map(|bps| part(amount, bps));
        let operator = amount - protocol - validators - lineage - curators - pool;
        let shares = Shares { protocol, validators, lineage, curators, contributors, commons: pool - contributors, operator };
        let billionths = [ROYALTY_BPS, 10_000 - ROYALTY_BPS].map(|bps| U256::from(bps) * U256::from(100_000));
        Ok(Self { traces, evidence: proofs, payees, shares, royalty: split(lineage, &billionths)[0] })
    }
}

/// Divides a source's pool: each answer's words share what that answer cost.
fn divide(source: &Source<'_>, pool: U256, traces: &[Trace], answers: &[(&str, U256)]) -> Result<Vec<Payee>, Error> {
    // In the order in which contributors turn up: the last units of a split depend on it.
    let mut tally: Vec<(u32, U256)> = Vec::new();
    for (trace, (_, amount)) in traces.iter().zip(answers) {
        let whole = *amount << SCALE;
        let most = whole * U256::from(source.release.max_contributor_bps) / WHOLE;
        let full = (U256::from(trace.explained) * WHOLE).max(U256::from(trace.total) * U256::from(source.release.full_at_bps));
        for (number, credit) in by_contributor(source, trace) {
            let weight = (whole * (credit * WHOLE) / full).min(most);
            match tally.iter_mut().find(|(known, _)| *known == number) {
                Some((_, sum)) => *sum += weight,
                None => tally.push((number, weight)),
            }
        }
    }
    tally.retain(|(_, weight)| !weight.is_zero());
    let whole: U256 = answers.iter().map(|(_, amount)| *amount << SCALE).sum();
    let paid: U256 = tally.iter().map(|(_, weight)| *weight).sum();
    let weights: Vec<U256> = tally.iter().map(|(_, weight)| *weight).chain([whole - paid]).collect();
    let mut payees = Vec::new();
    for ((number, weight), amount) in tally.into_iter().zip(split(pool, &weights)).filter(|(_, amount)| !amount.is_zero()) {
        let unknown = || Error::Check(format!("contributor {number} is credited and handed nothing in"));
        let account = *source.datanet.accounts.get(&number).ok_or_else(unknown)?;
        payees.push(Payee { datanet: source.datanet.id, number, account, amount, weight });
    }
    Ok(payees)
}

/// Sums of credits by contributor, highest first.
pub(crate) fn by_contributor(source: &Source<'_>, trace: &Trace) -> Vec<(u32, U256)> {
    let mut sums: BTreeMap<u32, U256> = BTreeMap::new();
    for credit in &trace.credits {
        *sums.entry(source.datanet.numbers[credit.origin as usize]).or_default() += U256::from(credit.weight);
    }
    let mut sums: Vec<(u32, U256)> = sums.into_iter().collect();
    sums.sort_by_key(|(number, credit)| (Reverse(*credit), *number));
    sums
}

fn part(amount: U256, bps: u16) -> U256 {
    amount * U256::from(bps) / WHOLE
}

/// An answer as text; those of the demo are.
fn text_of(output: &[u8]) -> &str {
    std::str::from_utf8(output).unwrap_or_default()
}

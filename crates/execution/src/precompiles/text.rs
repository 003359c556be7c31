//! `ITextAttribution`: whose words a text is made of.

use super::{
    cache::IndexCache,
    call::{self, Call, Step, fail},
    gas,
    sets::{Kind, SET_SLOTS, Set},
    texts::{Changed, Fault, Payer, Texts},
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use std::collections::BTreeMap;
use tributary_attribution::{
    text::{self, Evidence, Trace},
    top::Top,
};
use tributary_contracts::{
    IAttributionErrors::NotUtf8,
    ITextAttribution::{self, ITextAttributionCalls as Function},
};

pub(super) use tributary_contracts::predeploys::TEXT_ATTRIBUTION as ADDRESS;

pub(super) fn run(input: PrecompileInput<'_>, cache: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        match call.decode()? {
            Function::trace(args) => {
                let trace = query(call, cache, (args.setId, args.version), &args.output, |asked| asked.trace())?;
                Ok(encode_trace(&trace, args.topK))
            }
            Function::traceByContributor(args) => {
                let (trace, sums) = query(call, cache, (args.setId, args.version), &args.output, |asked| asked.trace_by_contributor())?;
                let (contributors, credits) = ranked(sums, args.topK).into_iter().unzip();
                Ok(ITextAttribution::traceByContributorCall::abi_encode_returns(&ITextAttribution::traceByContributorReturn {
                    contributors,
                    credits,
                    explained: U256::from(trace.explained),
                    withheld: U256::from(trace.withheld),
                    total: U256::from(trace.total),
                }))
            }
            Function::evidence(args) => {
                let most = args.most.into();
                let evidence = query(call, cache, (args.setId, args.version), &args.output, |asked| asked.evidence(most))?;
                let evidence: Vec<_> = evidence.iter().map(encode_evidence).collect();
                Ok(ITextAttribution::evidenceCall::abi_encode_returns(&evidence))
            }
        }
    })
}

/// A text that is compared with the rows of a version.
pub(super) struct Asked<'q, 'p, 'a> {
    pub(super) texts: Texts<'q, 'p, 'a>,
    pub(super) version: u64,
    pub(super) text: &'q str,
}

/// Finds the set and the version, and asks `question` of a text. Building the index is paid by `append`.
pub(super) fn query<R>(
    call: &mut Call<'_>,
    cache: &IndexCache,
    (id, version): (U256, u64),
    text: &Bytes,
    question: impl FnOnce(&Asked<'_, '_, '_>) -> Result<R, Fault>,
) -> Step<R> {
    call.charge_each(gas::SLOT, SET_SLOTS)?;
    let set = Set::load_kind(call, id, Kind::Text)?;
    let version = set.at(version)?;
    let Ok(text) = std::str::from_utf8(text) else { return fail(NotUtf8 {}) };
    let changed = Changed::read(call, &set)?;
    cache.with(call, &set, |call, index| {
        let payer = Payer::new(call);
        let texts = Texts { payer: &payer, index: index.text()?, set: &set, changed: &changed };
        question(&Asked { texts, version, text }).or_else(|fault| fault.stop(&set))
    })
}

impl Asked<'_, '_, '_> {
    fn trace(&self) -> Result<Trace, Fault> {
        text::trace(&self.texts, self.version, self.text, &mut &*self.texts.payer)
    }

    /// The trace, and its credits by who is paid for the origins.
    fn trace_by_contributor(&self) -> Result<(Trace, BTreeMap<u32, u64>), Fault> {
        let trace = self.trace()?;
        let mut by_origin = BTreeMap::<u64, u64>::new();
        for credit in &trace.credits {
            *by_origin.entry(credit.origin).or_default() += credit.weight;
        }
        let mut sums = BTreeMap::<u32, u64>::new();
        for (origin, weight) in by_origin {
            *sums.entry(self.texts.contributor(origin)?).or_default() += weight;
        }
        Ok((trace, sums))
    }

    fn evidence(&self, most: usize) -> Result<Vec<Evidence>, Fault> {
        text::evidence(&self.texts, self.version, self.text, most, &mut &*self.texts.payer)
    }
}

/// The best `top`, all for 0, by credit descending, then index ascending.
fn ranked<I: Ord + Copy>(credits: impl IntoIterator<Item = (I, u64)>, top: u16) -> Vec<(I, U256)> {
    let mut best = Top::new(top);
    credits.into_iter().for_each(|(index, credit)| best.push(index, credit.into()));
    best.into_sorted().into_iter().map(|(index, credit)| (index, U256::from(credit.unsigned_abs()))).collect()
}

fn encode_trace(trace: &Trace, top: u16) -> Vec<u8> {
    let credits = ranked(trace.credits.iter().map(|credit| ((credit.row, credit.origin), credit.weight)), top);
    ITextAttribution::traceCall::abi_encode_returns(&ITextAttribution::traceReturn {
        rows: credits.iter().map(|(place, _)| place.0).collect(),
        origins: credits.iter().map(|(place, _)| place.1).collect(),
        credits: credits.into_iter().map(|(_, credit)| credit).collect(),
        explained: U256::from(trace.explained),
        withheld: U256::from(trace.withheld),
        total: U256::from(trace.total),
    })
}

fn encode_evidence(evidence: &Evidence) -> ITextAttribution::Evidence {
    ITextAttribution::Evidence {
        row: evidence.row,
        origin: evidence.origin,
        outputStart: evidence.output_start,
        outputEnd: evidence.output_end,
        rowStart: evidence.row_start,
        rowEnd: evidence.row_end,
        originStart: evidence.origin_start,
        originEnd: evidence.origin_end,
        weight: evidence.weight,
        withheld: evidence.withheld,
    }
}

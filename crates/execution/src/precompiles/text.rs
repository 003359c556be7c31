//! `ITextAttribution`: which documents a text came from.

use super::{
    call::{self, Call, Step, fail},
    content::{Content, IndexCache},
    rank,
    sets::{ActivityBit, Kind, SET_SLOTS, SLOT_GAS, Set},
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use std::collections::BTreeMap;
use std::sync::Arc;
use tributary_attribution::first_edition::{Host, Trace, Work};
use tributary_contracts::{
    IAttributionErrors::NotUtf8,
    ITextAttribution::{self, ITextAttributionCalls as Function},
};

pub(super) use tributary_contracts::predeploys::TEXT_ATTRIBUTION as ADDRESS;

/// Each byte of the output: checking and tokenising it.
const BYTE_GAS: u64 = 2;
/// Each token of the output, for each doubling of the documents' tokens: looking it up.
const SEARCH_GAS: u64 = 8;
/// Each occurrence of a match: finding its document and its place.
const OCCURRENCE_GAS: u64 = 40;
/// Each step of the dynamic programme.
const STEP_GAS: u64 = 1;
/// Each credit and each piece of evidence: ranking and returning it.
const ELEMENT_GAS: u64 = 60;

pub(super) fn run(input: PrecompileInput<'_>, contents: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        match call.decode()? {
            Function::trace(args) => {
                let (_, trace) = trace(call, contents, (args.setId, args.upTo), &args.output)?;
                call.charge_each(ELEMENT_GAS, trace.credits.len() as u64)?;
                let (rows, credits) = rank::best(credits(&trace), args.topK);
                Ok(ITextAttribution::traceCall::abi_encode_returns(&ITextAttribution::traceReturn {
                    rows,
                    credits,
                    explained: U256::from(trace.explained),
                    total: U256::from(trace.total),
                }))
            }
            Function::traceByContributor(args) => {
                let (content, trace) = trace(call, contents, (args.setId, args.upTo), &args.output)?;
                call.charge_each(ELEMENT_GAS, trace.credits.len() as u64)?;
                let sums = rank::by_contributor(credits(&trace), content.contributors());
                let (contributors, credits) = rank::best(sums, args.topK);
                let result = ITextAttribution::traceByContributorReturn {
                    contributors,
                    credits,
                    explained: U256::from(trace.explained),
                    total: U256::from(trace.total),
                };
                Ok(ITextAttribution::traceByContributorCall::abi_encode_returns(&result))
            }
            Function::evidence(args) => {
                let (_, trace) = trace(call, contents, (args.setId, args.upTo), &args.output)?;
                let most = if args.most == 0 { usize::MAX } else { args.most.into() };
                call.charge_each(ELEMENT_GAS, trace.evidence.len().min(most) as u64)?;
                let evidence: Vec<_> = trace.evidence.iter().take(most).map(encode).collect();
                Ok(ITextAttribution::evidenceCall::abi_encode_returns(&evidence))
            }
        }
    })
}

/// Traces an output to the first `up_to` rows of a set.
fn trace(call: &mut Call<'_>, contents: &IndexCache, (id, up_to): (U256, u64), output: &Bytes) -> Step<(Arc<Content>, Trace)> {
    call.charge_each(SLOT_GAS, SET_SLOTS)?;
    call.charge_each(BYTE_GAS, output.len() as u64)?;
    let set = Set::load_kind(call, id, Kind::Text)?;
    let rows = set.counted(up_to)?;
    let Ok(output) = std::str::from_utf8(output) else { return fail(NotUtf8 {}) };
    let content = contents.open(call, &set, rows)?;
    let mut payer = Payer { call, set: id, words: BTreeMap::new() };
    let trace = content.text()?.trace(output, &mut payer)?;
    Ok((content, trace))
}

fn credits(trace: &Trace) -> impl Iterator<Item = (u64, U256)> + '_ {
    trace.credits.iter().map(|credit| (credit.row, U256::from(credit.weight)))
}

fn encode(evidence: &tributary_attribution::first_edition::Evidence) -> ITextAttribution::Evidence {
    ITextAttribution::Evidence {
        row: evidence.row,
        outputStart: evidence.output_start,
        outputEnd: evidence.output_end,
        rowStart: evidence.row_start,
        rowEnd: evidence.row_end,
        score: evidence.score,
    }
}

/// Pays for a trace from the call's gas, and reads the activity of rows.
struct Payer<'c, 'a> {
    call: &'c mut Call<'a>,
    set: U256,
    /// Words of the bitmap that were read.
    words: BTreeMap<u64, U256>,
}

impl Host for Payer<'_, '_> {
    type Error = call::Stop;

    fn charge(&mut self, work: Work) -> Step<()> {
        match work {
            Work::Search { tokens, levels } => self.call.charge_each(SEARCH_GAS * u64::from(levels), tokens),
            Work::Occurrences(count) => self.call.charge_each(OCCURRENCE_GAS, count),
            Work::Steps(count) => self.call.charge_each(STEP_GAS, count),
        }
    }

    fn is_active(&mut self, row: u64) -> Step<bool> {
        let bit = ActivityBit::of(row);
        let word = match self.words.get(&bit.word) {
            Some(&word) => word,
            None => {
                self.call.charge(SLOT_GAS)?;
                let word = bit.load(self.call, self.set)?;
                self.words.insert(bit.word, word);
                word
            }
        };
        Ok(bit.is_active(word))
    }
}

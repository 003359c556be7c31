//! Everything computed again from a receipt alone.

use crate::{
    Answer, AnswerExplained, Calls, Error, Explanation, Receipt, Span,
    error::same,
    explain::{Asked, Found, Settled, explain},
    receipt::FORMAT,
};
use alloy_primitives::{B256, U256};
use std::sync::Arc;
use tributary_contracts::{ITextAttribution, predeploys::TEXT_ATTRIBUTION};
use tributary_execution::Abort;
use tributary_primitives::rollup::output_root;

/// What a receipt proves under the condition that [`Self::output_root`] is the chain's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The number of the block whose output L1 has to name.
    pub anchor: u64,
    /// Its hash.
    pub anchor_hash: B256,
    /// Its output root (OP Stack specification, "L2 output commitment construction").
    pub output_root: B256,
}

/// Checks a receipt.
///
/// # Errors
/// When the proof does not hold, or the explanation is not what follows from it.
pub fn verify(receipt: &Receipt) -> Result<Verified, Error> {
    let found = receipt.format.to::<u64>();
    if found != FORMAT {
        return Err(Error::Format { found, known: FORMAT });
    }
    let said = &receipt.explanation;
    let proven = receipt.proof.check()?;
    let calls = Calls::new(receipt.rollup.chain_id.to(), Arc::new(proven.state), proven.header.clone(), Abort::default());
    let answer = |answer: &AnswerExplained| Answer {
        prompt_hash: answer.prompt_hash,
        query_hash: answer.query_hash,
        amount: answer.amount,
        output: answer.output.clone(),
    };
    let answers: Vec<_> = said.answers.iter().map(answer).collect();
    let settled = Settled {
        id: said.settlement_id,
        logs: &proven.logs,
        block: (proven.header.number, proven.header.timestamp),
        before: said.before,
        answers: &answers,
    };
    let explained = explain(&calls, &settled, &mut |asked| if receipt.whole { ask(&calls, asked) } else { as_said(said, asked) })?;
    compare(said, &explained)?;
    let anchor = proven.anchor;
    let anchor_hash = anchor.hash_slow();
    let output_root = output_root(anchor.state_root, anchor.withdrawals_root.unwrap_or_default(), anchor_hash);
    Ok(Verified { anchor: anchor.number, anchor_hash, output_root })
}

/// Asks the precompiles.
///
/// # Errors
/// As [`Calls::view`].
pub fn ask(calls: &Calls, asked: &Asked<'_>) -> Result<Found, Error> {
    let Asked { set_id, version, output, .. } = *asked;
    let sums = ITextAttribution::traceByContributorCall { setId: set_id, version, output: output.clone(), topK: 1 };
    let evidence = ITextAttribution::evidenceCall { setId: set_id, version, output: output.clone(), most: 0 };
    Ok(Found { total: calls.view(TEXT_ATTRIBUTION, &sums)?.total, evidence: calls.view(TEXT_ATTRIBUTION, &evidence)? })
}

/// What the receipt itself says was found.
fn as_said(said: &Explanation, asked: &Asked<'_>) -> Result<Found, Error> {
    let traces = said.answers.get(asked.answer).map(|answer| &answer.traces[..]).unwrap_or_default();
    let trace = traces.iter().find(|trace| trace.source.to::<U256>() == U256::from(asked.source));
    let trace = trace.ok_or_else(|| Error::Differs(format!("nothing is said of answer {} in source {}", asked.answer, asked.source)))?;
    let evidence = trace.spans.iter().map(evidence).collect::<Option<_>>();
    let evidence = evidence.ok_or_else(|| Error::Differs("a range goes beyond any text".to_owned()))?;
    Ok(Found { total: trace.total, evidence })
}

fn evidence(span: &Span) -> Option<ITextAttribution::Evidence> {
    let byte = |value: alloy_primitives::U64| u32::try_from(value.to::<u64>()).ok();
    Some(ITextAttribution::Evidence {
        row: span.row.to(),
        origin: span.origin.to(),
        outputStart: byte(span.output_start)?,
        outputEnd: byte(span.output_end)?,
        rowStart: byte(span.row_start)?,
        rowEnd: byte(span.row_end)?,
        originStart: byte(span.origin_start)?,
        originEnd: byte(span.origin_end)?,
        weight: span.weight.to(),
        withheld: span.withheld,
    })
}

/// Part by part, so that the error names what differs.
fn compare(said: &Explanation, found: &Explanation) -> Result<(), Error> {
    same("the session", &said.session_id, &found.session_id)?;
    same("the block's number", &said.block_number, &found.block_number)?;
    same("the block's time", &said.block_time, &found.block_time)?;
    same("the payer", &said.payer, &found.payer)?;
    same("the operator", &said.operator, &found.operator)?;
    same("the model", &said.model_id, &found.model_id)?;
    same("the model's version", &said.version, &found.version)?;
    same("the terms", &said.terms_hash, &found.terms_hash)?;
    same("the payer's signature", &said.signed, &found.signed)?;
    same("the amount", &said.amount, &found.amount)?;
    for (what, differs) in [
        ("the shares", said.shares != found.shares),
        ("the sources", said.sources != found.sources),
        ("the payees", said.payees != found.payees),
        ("what was found of the answers", said.answers != found.answers),
        ("the explanation", said != found),
    ] {
        if differs {
            return Err(Error::Differs(format!("{what}: the receipt does not say what the chain has")));
        }
    }
    Ok(())
}

//! Everything that must be equal, compared.

use super::{
    chain::Chain,
    economy::{Datanet, Settled},
    ledger::Claim,
    settlement::Settlement,
    texts::Text,
};
use crate::error::Error;
use alloy_eips::BlockId;
use alloy_primitives::U256;
use std::{cmp::Reverse, collections::BTreeMap};
use tributary_attribution::{
    first_edition::{Evidence, TextIndex, Trace, Unmetered, tokenize},
    split::split,
};
use tributary_contracts::{
    ITextAttribution::{self, evidenceCall, traceCall},
    Inference,
    predeploys::{INFERENCE, TEXT_ATTRIBUTION},
};

/// An answered question and what it can be traced to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) texts: &'a [Text],
    pub(crate) datanet: &'a Datanet,
    pub(crate) answer: &'a str,
    pub(crate) settled: &'a Settled,
}

/// What this program itself computes from the texts and the answer, without asking the chain.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) trace: Trace,
    /// Contributors' numbers and credits, highest credit first.
    pub(crate) contributors: Vec<(u32, U256)>,
    /// The contributors' part of the payment, in wei.
    pub(crate) pool: U256,
    /// The split of the pool, in the order of `contributors`.
    pub(crate) shares: Vec<U256>,
}

impl Reference {
    /// Traces the answer to the texts and splits the payment.
    pub(crate) fn trace(case: &Case<'_>) -> Result<Self, Error> {
        let Case { texts, datanet, answer, settled } = *case;
        let rows = texts.iter().zip(0..settled.up_to).map(|(text, _)| text.body.as_bytes());
        let index = TextIndex::build(rows).map_err(|error| Error::Check(format!("the texts cannot be traced: {error}")))?;
        let Ok(trace) = index.trace(answer, &mut Unmetered(|_| true));
        let mut sums: BTreeMap<u32, U256> = BTreeMap::new();
        for credit in &trace.credits {
            *sums.entry(datanet.contributors[credit.row as usize].0).or_default() += U256::from(credit.weight);
        }
        let mut contributors: Vec<(u32, U256)> = sums.into_iter().collect();
        contributors.sort_by_key(|(number, credit)| (Reverse(*credit), *number));
        let pool = match contributors.is_empty() {
            true => U256::ZERO,
            false => settled.payment * U256::from(settled.contributor_bps) / U256::from(10_000),
        };
        let weights: Vec<U256> = contributors.iter().map(|(_, credit)| *credit).collect();
        Ok(Self { trace, shares: split(pool, &weights), contributors, pool })
    }
}

/// What was compared and how it came out.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Statements and whether they hold.
    pub(crate) findings: Vec<(String, bool)>,
}

impl Verdict {
    fn check(&mut self, statement: impl Into<String>, holds: bool) {
        self.findings.push((statement.into(), holds));
    }

    /// Success if everything held.
    pub(crate) fn into_result(self) -> Result<(), Error> {
        let failed: Vec<String> = self.findings.into_iter().filter(|(_, holds)| !holds).map(|(statement, _)| statement).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::Check(failed.join("; "))) }
    }
}

/// The chain's trace, evidence, credits and shares are those of the reference.
pub(crate) async fn trace_agrees(verdict: &mut Verdict, chain: &Chain, case: &Case<'_>, reference: &Reference) -> Result<(), Error> {
    let Case { texts, datanet, answer, settled } = *case;
    let (set, up_to, output) = (datanet.set, settled.up_to, answer.as_bytes().to_vec());
    let call = traceCall { setId: set, upTo: up_to, output: output.clone().into(), topK: 0 };
    let traced = chain.view(TEXT_ATTRIBUTION, &call, BlockId::latest()).await?;
    let mut credits: Vec<(u64, U256)> = reference.trace.credits.iter().map(|credit| (credit.row, U256::from(credit.weight))).collect();
    credits.sort_by_key(|(row, credit)| (Reverse(*credit), *row));
    let same_credits = traced.rows.into_iter().zip(traced.credits).collect::<Vec<_>>() == credits;
    let sums = (U256::from(reference.trace.explained), U256::from(reference.trace.total));
    let same_sums = (traced.explained, traced.total) == sums && (settled.event.explained, settled.event.total) == sums;
    verdict.check("the trace that this program computes is the chain's", same_credits && same_sums);

    let call = evidenceCall { setId: set, upTo: up_to, output: output.into(), most: 0 };
    let evidence = chain.view(TEXT_ATTRIBUTION, &call, BlockId::latest()).await?;
    let mine = |given: &ITextAttribution::Evidence| Evidence {
        row: given.row,
        output_start: given.outputStart,
        output_end: given.outputEnd,
        row_start: given.rowStart,
        row_end: given.rowEnd,
        score: given.score,
    };
    let evidence: Vec<Evidence> = evidence.iter().map(mine).collect();
    verdict.check("so is the evidence", evidence == reference.trace.evidence);
    let same_words = evidence.iter().all(|item| words_are_equal(item, texts, answer));
    verdict.check("the evidence names the same words in the answer and in the texts", same_words);

    let credited: Vec<(u32, U256, U256)> = settled.credited.iter().map(|paid| (paid.contributor, paid.credit, paid.share)).collect();
    let expected: Vec<(u32, U256, U256)> =
        reference.contributors.iter().zip(&reference.shares).map(|((number, credit), share)| (*number, *credit, *share)).collect();
    verdict.check("credits and shares that were paid are those of the reference", credited == expected);
    Ok(())
}

/// Whether a piece of evidence has the same words on both sides, and at least one.
fn words_are_equal(item: &Evidence, texts: &[Text], answer: &str) -> bool {
    let words = |text: &str, start: u32, end: u32| -> Option<Vec<String>> {
        let part = text.get(start as usize..end as usize)?;
        Some(tokenize(part).map(|token| token.text.into_owned()).collect())
    };
    let quoted = words(answer, item.output_start, item.output_end);
    let source = texts.get(item.row as usize).and_then(|text| words(&text.body, item.row_start, item.row_end));
    quoted.is_some_and(|words| !words.is_empty() && Some(words) == source)
}

/// Everything that was paid arrived, to the wei.
pub(crate) async fn money_agrees(
    verdict: &mut Verdict,
    chain: &Chain,
    (settled, reference): (&Settled, &Reference),
    claims: &[Claim],
) -> Result<(), Error> {
    let last_block = claims.iter().map(|claim| claim.block).max().unwrap_or(settled.block);
    let event = &settled.event;
    let shares: U256 = settled.credited.iter().map(|paid| paid.share).sum();
    let pool = event.contributorsShare;
    verdict.check("the shares sum to the contributors' part of the payment, to the wei", shares == pool && pool == reference.pool);
    verdict.check(
        "the contributors', the operator's and the requester's part are the payment",
        event.contributorsShare + event.operatorShare + event.requesterShare == settled.payment,
    );
    let paid = |claim: &Claim| claim.claimed == claim.owed && claim.owed >= claim.earned;
    verdict.check("everybody claimed what they were owed", claims.iter().all(paid));
    let arrived = |claim: &Claim| claim.after + claim.fee == claim.before + claim.claimed;
    verdict.check("and has it, less the fee of claiming", claims.iter().all(arrived));

    let since = chain.start();
    let money_in: U256 =
        chain.logs::<Inference::Requested>(INFERENCE, since + 1, last_block).await?.iter().map(|event| event.payment).sum();
    let money_out: U256 = chain.logs::<Inference::Claimed>(INFERENCE, since + 1, last_block).await?.iter().map(|event| event.amount).sum();
    let held_before = chain.balance(INFERENCE, since).await?;
    let held = chain.balance(INFERENCE, last_block).await?;
    verdict.check("money in is money out and money held", held_before + money_in == money_out + held);
    let totals = chain.view(INFERENCE, &Inference::totalsCall {}, last_block).await?;
    verdict.check("the money held is what the contract owes", totals.owedTotal + totals.escrowed == held);
    Ok(())
}

/// The verifier, which knows L1 only, has the sequencer's block.
pub(crate) fn hashes_agree(verdict: &mut Verdict, settlement: &Settlement) {
    verdict.check("the verifier derived the sequencer's hash from L1", settlement.verifier_hash == settlement.sequencer_hash);
    let on_l1 = settlement.l1_success && settlement.l1_says == settlement.batch.l1_block_hash;
    verdict.check("L1 has the transaction that carries the block", on_l1);
}

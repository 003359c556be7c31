//! Everything that must be equal, compared.

use super::{
    economy::{Cast, Datanet, Settled},
    ledger::Claim,
    settlement::Settlement,
    texts::Text,
};
use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use alloy_primitives::U256;
use std::{cmp::Reverse, collections::BTreeMap};
use tributary_attribution::{
    Error as AttributionError,
    split::split,
    text::{Evidence, MemoryIndex, Trace, Unmetered, evidence, tokenize, trace},
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
    /// Which words of the answer are whose, in the order of payment.
    pub(crate) evidence: Vec<Evidence>,
    /// Contributors' numbers and credits, highest credit first.
    pub(crate) contributors: Vec<(u32, U256)>,
    /// The split of the pool, in the order of `contributors`.
    pub(crate) shares: Vec<U256>,
    /// What is left of the pool for words that nobody is credited for, in wei.
    pub(crate) commons: U256,
}

impl Reference {
    /// Traces the answer to the texts, as they were when it was asked for, and splits the payment.
    pub(crate) fn trace(case: &Case<'_>) -> Result<Self, Error> {
        let Case { texts, datanet, answer, settled } = *case;
        let mut set = MemoryIndex::new();
        for (text, (number, _)) in texts.iter().zip(&datanet.contributors) {
            set.append(&text.body, *number, &mut Unmetered).map_err(untraceable)?;
        }
        let trace = trace(&set, settled.version, answer, &mut Unmetered).map_err(untraceable)?;
        let evidence = evidence(&set, settled.version, answer, 0, &mut Unmetered).map_err(untraceable)?;
        let mut sums: BTreeMap<u32, U256> = BTreeMap::new();
        for credit in &trace.credits {
            *sums.entry(datanet.contributors[credit.origin as usize].0).or_default() += U256::from(credit.weight);
        }
        let mut contributors: Vec<(u32, U256)> = sums.into_iter().collect();
        contributors.sort_by_key(|(number, credit)| (Reverse(*credit), *number));
        let pool = settled.payment * U256::from(settled.contributor_bps) / U256::from(10_000);
        // What nobody is credited for takes part in the split, so that it goes to nobody.
        let nobodys = U256::from(trace.total - trace.explained + trace.withheld);
        let weights: Vec<U256> = contributors.iter().map(|(_, credit)| *credit).chain([nobodys]).collect();
        let mut shares = split(pool, &weights);
        shares.truncate(contributors.len());
        let commons = pool - shares.iter().sum::<U256>();
        Ok(Self { trace, evidence, contributors, shares, commons })
    }
}

/// Why the texts cannot be traced to.
pub(crate) fn untraceable(error: AttributionError) -> Error {
    Error::Check(format!("the texts cannot be traced: {error}"))
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
    let (set, version, output) = (datanet.set, settled.version, answer.as_bytes().to_vec());
    let call = traceCall { setId: set, version, output: output.clone().into(), topK: 0 };
    let traced = chain.view(TEXT_ATTRIBUTION, &call, BlockId::latest()).await?;
    let credits = reference.trace.credits.iter().map(|credit| (credit.row, credit.origin, U256::from(credit.weight)));
    let mut credits: Vec<(u64, u64, U256)> = credits.collect();
    credits.sort_by_key(|(row, origin, credit)| (Reverse(*credit), *row, *origin));
    let places = traced.rows.into_iter().zip(traced.origins);
    let same_credits = places.zip(traced.credits).map(|((row, origin), credit)| (row, origin, credit)).eq(credits);
    let Trace { explained, withheld, total, .. } = reference.trace;
    let sums = [explained, withheld, total].map(U256::from);
    let event = &settled.event;
    let same_sums = [traced.explained, traced.withheld, traced.total] == sums && [event.explained, event.withheld, event.total] == sums;
    verdict.check("the trace that this program computes is the chain's", same_credits && same_sums);

    let call = evidenceCall { setId: set, version, output: output.into(), most: 0 };
    let evidence = chain.view(TEXT_ATTRIBUTION, &call, BlockId::latest()).await?;
    let evidence: Vec<Evidence> = evidence.iter().map(decode).collect();
    verdict.check("so is the evidence", evidence == reference.evidence);
    let same_words = evidence.iter().all(|item| words_are_equal(item, texts, answer));
    verdict.check("the evidence names the same words in the answer, in the texts and in their origins", same_words);

    let credited: Vec<(u32, U256, U256)> = settled.credited.iter().map(|paid| (paid.contributor, paid.credit, paid.share)).collect();
    let expected: Vec<(u32, U256, U256)> =
        reference.contributors.iter().zip(&reference.shares).map(|((number, credit), share)| (*number, *credit, *share)).collect();
    verdict.check("credits and shares that were paid are those of the reference", credited == expected);
    Ok(())
}

/// Whoever handed in other people's words was paid for none of them.
pub(crate) fn copies_earn_nothing(verdict: &mut Verdict, cast: &Cast, settled: &Settled) {
    let copier = cast.copier.address();
    verdict.check("the copies earned nothing", settled.credited.iter().all(|paid| paid.account != copier));
}

fn decode(given: &ITextAttribution::Evidence) -> Evidence {
    Evidence {
        row: given.row,
        origin: given.origin,
        output_start: given.outputStart,
        output_end: given.outputEnd,
        row_start: given.rowStart,
        row_end: given.rowEnd,
        origin_start: given.originStart,
        origin_end: given.originEnd,
        weight: given.weight,
        withheld: given.withheld,
    }
}

/// Whether a piece of evidence has the same words at its three places, and at least one.
fn words_are_equal(item: &Evidence, texts: &[Text], answer: &str) -> bool {
    let words = |text: &str, start: u32, end: u32| -> Option<Vec<String>> {
        let tokens = tokenize(text.get(start as usize..end as usize)?).ok()?;
        Some(tokens.iter().map(|token| token.text.to_owned()).collect())
    };
    let in_row = |row: u64, start, end| texts.get(row as usize).and_then(|text| words(&text.body, start, end));
    let quoted = words(answer, item.output_start, item.output_end);
    let places = [in_row(item.row, item.row_start, item.row_end), in_row(item.origin, item.origin_start, item.origin_end)];
    quoted.as_ref().is_some_and(|words| !words.is_empty()) && places.into_iter().all(|words| words == quoted)
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
    verdict.check("the shares sum to the contributors' part of the payment, to the wei", shares == event.contributorsShare);
    verdict.check("what nobody is credited for went to nobody", event.commonsShare == reference.commons);
    verdict.check(
        "the contributors', the operator's and the commons' part are the payment",
        event.contributorsShare + event.operatorShare + event.commonsShare == settled.payment,
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

//! Everything that must be equal, compared.

use super::{
    cast::Cast,
    datanets::{Datanet, Refined},
    market::Settled,
    models::Source,
    reference::{Payee, Reference},
    settlement::Settlement,
    texts::{NOTE, Text},
};
use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256};
use std::cmp::Reverse;
use tributary_attribution::text::{Evidence, Trace, Unmetered, tokenize, trace};
use tributary_contracts::{
    ITextAttribution::{self, evidenceCall, traceCall},
    Payouts,
    predeploys::{PAYOUTS, TEXT_ATTRIBUTION},
};

/// `IPayouts.Reason`.
const LINEAGE: u8 = 4;

/// What was compared and how it came out.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Statements and whether they hold.
    pub(crate) findings: Vec<(String, bool)>,
}

impl Verdict {
    /// Takes note of whether a statement holds.
    pub(crate) fn check(&mut self, statement: impl Into<String>, holds: bool) {
        self.findings.push((statement.into(), holds));
    }

    /// Success if everything held.
    pub(crate) fn into_result(self) -> Result<(), Error> {
        let failed: Vec<String> = self.findings.into_iter().filter(|(_, holds)| !holds).map(|(statement, _)| statement).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::Check(failed.join("; "))) }
    }
}

/// The chain's traces of all answers, and its evidence for the first, are those of the reference.
pub(crate) async fn traces_agree(
    verdict: &mut Verdict,
    chain: &Chain,
    (sources, settled): (&[Source<'_>], &Settled),
    reference: &Reference,
) -> Result<(), Error> {
    let (mut same_traces, mut same_evidence, mut same_words) = (true, true, true);
    let first = std::str::from_utf8(&settled.answers[0].output).unwrap_or_default();
    for ((source, traces), proofs) in sources.iter().zip(&reference.traces).zip(&reference.evidence) {
        for (answer, expected) in settled.answers.iter().zip(traces) {
            same_traces &= trace_of(chain, source, &answer.output).await? == (credits(expected), sums(expected));
        }
        let (set, version) = (source.datanet.set, source.release.version);
        let call = evidenceCall { setId: set, version, output: settled.answers[0].output.clone(), most: 0 };
        let evidence = chain.view(TEXT_ATTRIBUTION, &call, BlockId::latest()).await?;
        let evidence: Vec<Evidence> = evidence.iter().map(decode).collect();
        same_evidence &= evidence == *proofs;
        same_words &= evidence.iter().all(|item| words_are_equal(item, &source.datanet.texts, first));
    }
    let answers = settled.answers.len();
    verdict.check(format!("the traces of {answers} answers that this program computes are the chain's"), same_traces);
    verdict.check("so is the evidence", same_evidence);
    verdict.check("the evidence names the same words in the answer, in the texts and in their origins", same_words);
    Ok(())
}

type Credits = Vec<(u64, u64, U256)>;

async fn trace_of(chain: &Chain, source: &Source<'_>, output: &[u8]) -> Result<(Credits, [U256; 3]), Error> {
    let (set, version) = (source.datanet.set, source.release.version);
    let call = traceCall { setId: set, version, output: output.to_vec().into(), topK: 0 };
    let traced = chain.view(TEXT_ATTRIBUTION, &call, BlockId::latest()).await?;
    let places = traced.rows.into_iter().zip(traced.origins);
    let credits = places.zip(traced.credits).map(|((row, origin), credit)| (row, origin, credit)).collect();
    Ok((credits, [traced.explained, traced.withheld, traced.total]))
}

fn credits(trace: &Trace) -> Credits {
    let mut credits: Credits = trace.credits.iter().map(|credit| (credit.row, credit.origin, U256::from(credit.weight))).collect();
    credits.sort_by_key(|(row, origin, credit)| (Reverse(*credit), *row, *origin));
    credits
}

fn sums(trace: &Trace) -> [U256; 3] {
    [trace.explained, trace.withheld, trace.total].map(U256::from)
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

/// What was paid is what the reference says, to the wei, and to the right accounts.
pub(crate) fn payment_agrees(verdict: &mut Verdict, cast: &Cast, settled: &Settled, reference: &Reference) {
    verdict.check("the payer signed for the chain of answers that the contract computes", settled.chain_agrees);
    let paid = settled.payees.payees.iter().map(|payee| Payee {
        datanet: payee.datanetId,
        number: payee.number,
        account: payee.account,
        amount: payee.amount,
        weight: payee.weight,
    });
    verdict.check("contributors, weights and amounts that were paid are those of the reference", paid.eq(reference.payees.iter().cloned()));
    let shares = &settled.event.shares;
    verdict.check("so are the parts of all others", *shares == reference.shares);
    let sum =
        shares.protocol + shares.validators + shares.lineage + shares.curators + shares.contributors + shares.commons + shares.operator;
    verdict.check("the parts sum to the payment, to the wei", sum == settled.event.amount);
    let of_base = settled.parts.parts.iter().filter(|part| part.reason == LINEAGE && part.account == cast.researcher.address());
    verdict.check("the base model's owner got its royalty", of_base.map(|part| part.amount).sum::<U256>() == reference.royalty);
}

/// What a refinement says in its own words earned nothing before it was accepted, and does since.
pub(crate) fn refinement_earns(verdict: &mut Verdict, (datanet, refined): (&Datanet, &Refined), settled: &Settled) -> Result<(), Error> {
    let earned = |version| -> Result<u64, Error> {
        let trace = trace(&datanet.index, version, NOTE, &mut Unmetered)?;
        Ok(trace.credits.iter().filter(|credit| credit.origin == refined.event.row).map(|credit| credit.weight).sum())
    };
    verdict.check(
        "the refinement's words earned nothing before it was accepted",
        earned(refined.before)? == 0 && earned(refined.before + 1)? > 0,
    );
    let account = refined.event.account;
    verdict.check("and were paid for afterwards", settled.payees.payees.iter().any(|payee| payee.account == account));
    Ok(())
}

/// Whoever handed in other people's words is owed nothing, whatever for.
pub(crate) async fn copies_earn_nothing(verdict: &mut Verdict, chain: &Chain, copier: Address, last_block: u64) -> Result<(), Error> {
    let credited = chain.logs::<Payouts::Credited>(PAYOUTS, chain.start() + 1, last_block).await?;
    verdict.check("the copies, and the offer, earned nothing", credited.iter().all(|credit| credit.account != copier));
    Ok(())
}

/// What the node says of a settlement follows from the block that the verifier derived, and from nothing else.
pub(crate) async fn receipt_holds(verdict: &mut Verdict, chain: &Chain, (settlement, block): (U256, B256)) -> Result<(), Error> {
    let receipt: tributary_explanation::Receipt = chain.client().demand("tributary_explain", (settlement,)).await?;
    let verified = tributary_explanation::verify(&receipt);
    verdict.check("its receipt, checked without the node, follows from that block", verified.is_ok_and(|found| found.anchor_hash == block));
    Ok(())
}

/// The verifier, which knows L1 only, has the sequencer's block.
pub(crate) fn hashes_agree(verdict: &mut Verdict, settlement: &Settlement) {
    let block = settlement.block;
    let same = settlement.verifier_hash == settlement.sequencer_hash;
    verdict.check(format!("the verifier derived the sequencer's block {block} from L1"), same);
    let on_l1 = settlement.l1_success && settlement.l1_says == settlement.batch.l1_block_hash;
    verdict.check("L1 has the transaction that carries it", on_l1);
}

//! One explanation, computed on whatever state is given.

use crate::{
    AnswerExplained, Calls, Error, Explanation, Source, Trace,
    error::same,
    facts::Facts,
    spans::Rows,
    weights::{Book, credits},
};
use alloy_primitives::{B256, Bytes, Log, U64, U256, keccak256};
use alloy_sol_types::SolValue;
use tributary_contracts::{
    Datanets, ITextAttribution, Inference, Models,
    interfaces::{datanets::IDatanets, inference::IInference, models::IModels},
    predeploys::{DATANETS, INFERENCE, MODELS},
};

/// An answer as the session's chain holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Keccak-256 of the prompt, or zero.
    pub prompt_hash: B256,
    /// Keccak-256 of the sketch that was asked with it.
    pub query_hash: B256,
    /// What it cost, wei.
    pub amount: U256,
    /// Its bytes.
    pub output: Bytes,
}

/// What was found of an answer in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Weight of all its words, in 1/256 bit.
    pub total: U256,
    /// All runs of words.
    pub evidence: Vec<ITextAttribution::Evidence>,
}

/// An answer and a source of the model that answers for it.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Which of the answers, counted from 0.
    pub answer: usize,
    /// Which of the sources, counted from 0.
    pub source: usize,
    /// The source's set of texts.
    pub set_id: U256,
    /// The set's version.
    pub version: u64,
    /// The answer's bytes.
    pub output: &'a Bytes,
}

/// A settlement that is to be explained.
#[derive(Debug)]
pub struct Settled<'a> {
    /// Its number.
    pub id: U256,
    /// The logs of its transaction.
    pub logs: &'a [Log],
    /// Number and time of its block.
    pub block: (u64, u64),
    /// The end of the session's chain of answers before it.
    pub before: B256,
    /// The answers that it paid for.
    pub answers: &'a [Answer],
}

/// Explains a settlement on the state after its block, where `trace` says what is found of an answer in a source.
///
/// # Errors
/// When answers, words or weights are not those that the chain paid for, or the state does not tell.
pub fn explain(
    calls: &Calls,
    settled: &Settled<'_>,
    trace: &mut dyn FnMut(&Asked<'_>) -> Result<Found, Error>,
) -> Result<Explanation, Error> {
    let facts = Facts::of(settled.logs, settled.id)?;
    check_chain(&facts, settled)?;
    let session = calls.view(INFERENCE, &Inference::sessionInfoCall { sessionId: facts.session_id })?;
    let model_id = U256::from(session.modelId);
    let terms = calls.view(MODELS, &Models::termsCall { modelId: model_id, version: session.version })?;
    let by_text = facts.attributions.iter().filter(|found| !found.pool.is_zero() && !found.datanetId.is_zero()).count();
    let divisions = by_text + usize::from(terms.agreed.sketchBps != 0);
    let mut answers = explained(&facts, settled.answers);
    let mut sources = Vec::new();
    for (index, source) in terms.sources.iter().enumerate() {
        let call = Datanets::releaseCall { datanetId: source.datanetId, releaseId: source.releaseId };
        let release = calls.view(DATANETS, &call)?;
        let attribution = attribution_of(&facts, source);
        let numbers = session.contributors.get(index).copied().unwrap_or_default();
        if facts.signed
            && let Some(attribution) = attribution
        {
            let place = Place { index, datanet_id: source.datanetId, release: &release, numbers, divisions };
            attribute(calls, &place, attribution, (&facts, &mut answers), trace)?;
        }
        sources.push(source_of(source, &release, attribution));
    }
    let paid = facts.payees.iter().map(|payee| payee.amount).sum::<U256>();
    same("the sum of what contributors were paid", &paid, &facts.shares.contributors)?;
    Ok(Explanation {
        settlement_id: settled.id,
        session_id: facts.session_id,
        block_number: U64::from(settled.block.0),
        block_time: U64::from(settled.block.1),
        payer: session.payer,
        operator: session.operator,
        model_id,
        version: U64::from(session.version),
        terms_hash: session.termsHash,
        signed: facts.signed,
        amount: facts.amount,
        shares: facts.shares,
        before: settled.before,
        first: U64::from(facts.first),
        answers,
        sources,
        payees: facts.payees,
    })
}

/// That these answers, and no others, are what was paid for.
fn check_chain(facts: &Facts, settled: &Settled<'_>) -> Result<(), Error> {
    same("the number of answers", &settled.answers.len(), &(facts.count as usize))?;
    let mut head = settled.before;
    let mut amount = U256::ZERO;
    for (answer, index) in settled.answers.iter().zip(facts.first..) {
        // Vouchers.extend.
        head = keccak256((head, index, answer.prompt_hash, keccak256(&answer.output), answer.query_hash, answer.amount).abi_encode());
        amount += answer.amount;
    }
    same("the chain of answers", &head, &facts.head)?;
    same("what the answers cost", &amount, &facts.amount)
}

fn explained(facts: &Facts, answers: &[Answer]) -> Vec<AnswerExplained> {
    let explained = |(answer, index): (&Answer, u32)| AnswerExplained {
        index: U64::from(index),
        prompt_hash: answer.prompt_hash,
        query_hash: answer.query_hash,
        amount: answer.amount,
        output: answer.output.clone(),
        traces: Vec::new(),
    };
    answers.iter().zip(facts.first..).map(explained).collect()
}

fn attribution_of<'f>(facts: &'f Facts, source: &IModels::Source) -> Option<&'f IInference::Attribution> {
    let of = |found: &&IInference::Attribution| found.datanetId == source.datanetId && found.releaseId == source.releaseId;
    facts.attributions.iter().find(of)
}

fn source_of(source: &IModels::Source, release: &IDatanets::Release, attribution: Option<&IInference::Attribution>) -> Source {
    Source {
        datanet_id: source.datanetId,
        release_id: U64::from(source.releaseId),
        set_id: release.setId,
        version: U64::from(release.version),
        licence: release.licence.text,
        weight_bps: U64::from(source.weightBps),
        full_at_bps: U64::from(release.fullAtBps),
        max_contributor_bps: U64::from(release.maxContributorBps),
        pool: attribution.map_or(U256::ZERO, |found| found.pool),
        paid: attribution.map_or(U256::ZERO, |found| found.paid),
    }
}

/// A source by which a pool was divided.
struct Place<'r> {
    index: usize,
    datanet_id: U256,
    release: &'r IDatanets::Release,
    /// How many numbers of contributors counted.
    numbers: u32,
    /// In how many ways the pool is divided.
    divisions: usize,
}

/// Adds to each answer what is found of it in one source, and holds the sums against what was paid by them.
fn attribute(
    calls: &Calls,
    place: &Place<'_>,
    attribution: &IInference::Attribution,
    (facts, answers): (&Facts, &mut [AnswerExplained]),
    trace: &mut dyn FnMut(&Asked<'_>) -> Result<Found, Error>,
) -> Result<(), Error> {
    let release = place.release;
    let mut rows = Rows::of(calls, (release.setId, release.version), place.datanet_id, place.numbers);
    let mut book = Book::new((release.fullAtBps, release.maxContributorBps), place.divisions);
    let mut sums = [U256::ZERO; 3];
    for (index, answer) in answers.iter_mut().enumerate() {
        let asked = Asked { answer: index, source: place.index, set_id: release.setId, version: release.version, output: &answer.output };
        let found = trace(&asked)?;
        let spans = found.evidence.iter().map(|item| rows.span(&answer.output, item)).collect::<Result<Vec<_>, _>>()?;
        let weight =
            |withheld: bool| spans.iter().filter(|span| span.withheld == withheld).map(|span| span.weight.to::<U256>()).sum::<U256>();
        let withheld = weight(true);
        let trace = Trace { source: U64::from(place.index), explained: weight(false) + withheld, withheld, total: found.total, spans };
        for (sum, part) in sums.iter_mut().zip([trace.explained, trace.withheld, trace.total]) {
            *sum += part;
        }
        book.add(answer.amount, &trace)?;
        answer.traces.push(trace);
    }
    for (what, said, found) in [
        ("words that were found", sums[0], attribution.explained),
        ("words that nobody is credited for", sums[1], attribution.withheld),
        ("all words", sums[2], attribution.total),
    ] {
        same(format!("datanet {}: weight of {what}", place.datanet_id), &said, &found)?;
    }
    book.check(place.datanet_id, &facts.payees)?;
    for (index, answer) in answers.iter_mut().enumerate() {
        let Some(trace) = answer.traces.last_mut() else { continue };
        let credits = credits(trace);
        for span in trace.spans.iter_mut().filter(|span| !span.withheld) {
            span.wei = book.wei(index, span, credits[&span.contributor], (place.datanet_id, &facts.payees));
        }
    }
    Ok(())
}

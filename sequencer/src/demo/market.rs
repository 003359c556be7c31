//! Sessions: paid in advance, answered, signed for by who received the answers, settled at once.

use super::{
    answer::Question,
    cast::Cast,
    models::{Model, PRICE},
    review::stake,
};
use crate::{chain::Chain, error::Error, stake::Purpose};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use serde_json::json;
use tributary_client::Call;
use tributary_contracts::{
    Division, Inference, Stakes,
    interfaces::{
        division,
        inference::IInference::{Answer, Opening, Session},
    },
    predeploys::{DIVISION, INFERENCE, STAKES},
};

/// `IInference.Status.Closed`.
const CLOSED: u8 = 3;

/// A session that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) id: U256,
    pub(crate) session: Session,
}

/// A session whose answers were settled.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) session: U256,
    /// What it was opened under.
    pub(crate) rules: Session,
    pub(crate) answers: Vec<Answer>,
    /// Whether the payer, who computes it itself, signed for what the contract computes, too.
    pub(crate) chain_agrees: bool,
    pub(crate) block: u64,
    pub(crate) transaction: B256,
    pub(crate) gas: u64,
    pub(crate) event: Inference::Settled,
    pub(crate) attributed: Inference::Attributed,
    pub(crate) parts: Inference::PartsPaid,
    pub(crate) payees: Inference::ContributorsPaid,
}

/// Puts the operator's stake up and has it answer under the terms of a model.
pub(crate) async fn serve(chain: &Chain, cast: &Cast, model: Model) -> Result<(), Error> {
    let quote = quote(chain, model).await?;
    let account = cast.operator.address();
    let held = chain.view(STAKES, &Stakes::stakeOfCall { purpose: Purpose::Operator as u8, account }, BlockId::latest()).await?;
    stake(chain, &cast.operator, Purpose::Operator, quote.stake.saturating_sub(held.locked)).await?;
    let call = Inference::serveCall { termsHash: model.terms_hash, on: true };
    chain.execute(&cast.operator, &Call::of(INFERENCE, &call), "serving a model").await?;
    Ok(())
}

/// What a session would be opened under now.
pub(crate) async fn quote(chain: &Chain, model: Model) -> Result<division::IDivision::Quote, Error> {
    chain.view(DIVISION, &Division::quoteCall { modelId: model.id, version: model.version }, BlockId::latest()).await
}

/// Pays for answers before they are given, and names the first prompt.
pub(crate) async fn open(chain: &Chain, cast: &Cast, model: Model, (prompt, answers): (&str, u32)) -> Result<Opened, Error> {
    let opening = Opening {
        modelId: model.id,
        version: model.version,
        termsHash: model.terms_hash,
        promptHash: B256::ZERO,
        maxAnswers: answers,
        deadline: 0,
    };
    let call = Inference::openCall { opening, prompt: prompt.as_bytes().to_vec().into() };
    let escrow = U256::from(PRICE) * U256::from(answers);
    let receipt = chain.execute(&cast.payer, &Call::of(INFERENCE, &call).with_value(escrow), "opening a session").await?;
    let event: Inference::SessionOpened = receipt.event(INFERENCE)?;
    Ok(Opened { id: event.sessionId, session: event.session })
}

/// One answer at the model's price.
pub(crate) fn answer(prompt: &str, output: &str) -> Answer {
    Answer { promptHash: keccak256(prompt), amount: U256::from(PRICE), output: output.as_bytes().to_vec().into(), query: Bytes::new() }
}

/// Answers everything, has the payer sign for it, and settles it in one transaction.
pub(crate) async fn settle(chain: &Chain, cast: &Cast, opened: Opened, questions: &[Question]) -> Result<Settled, Error> {
    let answers: Vec<Answer> = questions.iter().map(|question| answer(&question.prompt, &question.answer)).collect();
    let (head, amount) = chained(opened.session.head, &answers);
    let call = Division::voucherOfCall {
        sessionId: opened.id,
        before: opened.session.head,
        first: 1,
        paid: U256::ZERO,
        answers: answers.iter().map(for_division).collect(),
    };
    let voucher = chain.view(DIVISION, &call, BlockId::latest()).await?;
    let count = answers.len() as u32;
    let call = Division::voucherDigestCall { sessionId: opened.id, count, amount, answers: head };
    let digest = chain.view(DIVISION, &call, BlockId::latest()).await?;
    let data = typed(chain, (opened.id, count), amount, head);
    let signature = cast.payer.signer().typed_data(&data, digest).await?;
    let signature = Bytes::from(signature.as_bytes().to_vec());
    let call = Inference::settleCall { sessionId: opened.id, answers: answers.clone(), signature };
    let receipt = chain.execute(&cast.operator, &Call::of(INFERENCE, &call), "settling").await?;
    Ok(Settled {
        session: opened.id,
        rules: opened.session,
        answers,
        chain_agrees: (voucher.head, voucher.amount, voucher.digest) == (head, amount, digest),
        block: receipt.block()?,
        transaction: receipt.hash(),
        gas: receipt.gas_used(),
        event: receipt.event(INFERENCE)?,
        attributed: receipt.event(INFERENCE)?,
        parts: receipt.event(INFERENCE)?,
        payees: receipt.event(INFERENCE)?,
    })
}

/// The chain's end after these answers, which begin a session, and their sum.
fn chained(first: B256, answers: &[Answer]) -> (B256, U256) {
    let mut head = first;
    let mut sum = U256::ZERO;
    for (index, answer) in (1u64..).zip(answers) {
        let [output, query] = [&answer.output, &answer.query].map(keccak256);
        head = keccak256((head, U256::from(index), answer.promptHash, output, query, answer.amount).abi_encode());
        sum += answer.amount;
    }
    (head, sum)
}

fn for_division(answer: &Answer) -> division::IInference::Answer {
    let Answer { promptHash, amount, output, query } = answer.clone();
    division::IInference::Answer { promptHash, amount, output, query }
}

/// The voucher as a wallet shows it (EIP-712).
fn typed(chain: &Chain, (session, count): (U256, u32), amount: U256, answers: B256) -> serde_json::Value {
    let fields = |fields: &[(&str, &str)]| fields.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect::<Vec<_>>();
    json!({
        "types": {
            "EIP712Domain": fields(&[("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")]),
            "Voucher": fields(&[("session", "uint256"), ("count", "uint32"), ("amount", "uint256"), ("answers", "bytes32")]),
        },
        "primaryType": "Voucher",
        "domain": { "name": "Tributary Inference", "version": "1", "chainId": chain.id(), "verifyingContract": INFERENCE },
        "message": { "session": session.to_string(), "count": count, "amount": amount.to_string(), "answers": answers },
    })
}

/// What an operator has at stake, locked or not.
pub(crate) async fn at_stake(chain: &Chain, cast: &Cast) -> Result<U256, Error> {
    let call = Stakes::stakeOfCall { purpose: Purpose::Operator as u8, account: cast.operator.address() };
    let held = chain.view(STAKES, &call, BlockId::latest()).await?;
    Ok(held.free + held.locked)
}

/// Ends the time in which sessions' answers can be disputed, so that they keep none of their operator's stake. Whether all are closed.
pub(crate) async fn close(chain: &Chain, cast: &Cast, sessions: &[U256]) -> Result<bool, Error> {
    let mut closed = true;
    for session in sessions {
        let call = Inference::closeCall { sessionId: *session };
        chain.execute(&cast.operator, &Call::of(INFERENCE, &call), "closing a session").await?;
        let call = Inference::sessionInfoCall { sessionId: *session };
        closed &= chain.view(INFERENCE, &call, BlockId::latest()).await?.status == CLOSED;
    }
    Ok(closed)
}

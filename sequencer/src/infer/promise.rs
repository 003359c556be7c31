//! What an operator signs before it answers, and what becomes of one who did not keep it.

use super::{
    known,
    voucher::{domain, extended, read, typed_data},
};
use crate::{caller::Caller, error::Error, report};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolStruct, sol};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use tributary_client::Call;
use tributary_contracts::{Inference, interfaces::inference::IInference::Link, predeploys::INFERENCE};

sol! {
    /// What an operator signs.
    #[derive(Debug)]
    struct Receipt {
        uint256 session;
        uint32 index;
        bytes32 promptHash;
    }
}

/// A place in a session, and the prompt that is to be answered there.
#[derive(Debug, Args)]
pub(crate) struct PromiseArguments {
    session: U256,
    /// Which answer, from 1.
    answer: u32,
    /// File with the prompt.
    #[arg(long, value_name = "FILE")]
    prompt: PathBuf,
}

/// Signs, as the operator, that a prompt will be answered.
pub(super) async fn sign(caller: &Caller, arguments: &PromiseArguments) -> Result<(), Error> {
    let account = caller.account().await?;
    let operator = known(caller, arguments.session).await?.operator;
    if account.address() != operator {
        let reason = format!("{operator} answers in it, the account is {}", account.address());
        return Err(Error::Invalid { what: format!("session {}", arguments.session), reason });
    }
    let receipt = Receipt { session: arguments.session, index: arguments.answer, promptHash: keccak256(read(&arguments.prompt)?) };
    let chain_id = caller.chain.id();
    let fields = [("session", "uint256"), ("index", "uint32"), ("promptHash", "bytes32")];
    let message = json!({ "session": receipt.session.to_string(), "index": receipt.index, "promptHash": receipt.promptHash });
    let digest = receipt.eip712_signing_hash(&domain(chain_id));
    let signature = account.signer().typed_data(&typed_data("Receipt", &fields, &message, chain_id), digest).await?;
    let signature = Bytes::from(signature.as_bytes());
    caller.tell(&json!({ "signature": signature, "promptHash": receipt.promptHash }), &[("signature", signature.to_string())]);
    Ok(())
}

/// Shows, after the session, a promise that was not kept.
pub(crate) async fn show(caller: &Caller, arguments: &PromiseArguments, signature: Bytes) -> Result<(), Error> {
    let (before, links) = chain_from(caller, arguments.session, arguments.answer).await?;
    let call = Inference::showReceiptCall {
        sessionId: arguments.session,
        index: arguments.answer,
        promptHash: keccak256(read(&arguments.prompt)?),
        signature,
        before,
        links,
    };
    let receipt = caller.send(&Call::of(INFERENCE, &call), "showing the operator's promise").await?;
    let shown: Inference::ReceiptShown = receipt.event(INFERENCE)?;
    caller.tell_of(&receipt, &[], &[("slashed", shown.slashed)])
}

/// The session's chain from an answer on, and its end before that.
async fn chain_from(caller: &Caller, session: U256, first: u32) -> Result<(B256, Vec<Link>), Error> {
    let chain = &caller.chain;
    let unknown = || Error::Unknown(format!("session {session}"));
    let block = |row: &Value| report::number(row, "blockNumber").saturating_to::<u64>();
    let opened = block(&chain.ask("tributary_session", session).await?.ok_or_else(unknown)?);
    let events = chain.logs::<Inference::SessionOpened>(INFERENCE, opened, opened).await?;
    let mut head = events.into_iter().find(|event| event.sessionId == session).ok_or_else(unknown)?.session.head;
    let settled = chain.now(INFERENCE, &Inference::sessionInfoCall { sessionId: session }).await?.answers;
    let mut links = Vec::new();
    for row in chain.list("tributary_answers", Some(json!(session))).await? {
        let index = report::number(&row, "index").saturating_to::<u32>();
        if index > settled {
            break;
        }
        let events = chain.logs::<Inference::Answered>(INFERENCE, block(&row), block(&row)).await?;
        let event = events.into_iter().rfind(|event| event.sessionId == session && event.index == index).ok_or_else(unknown)?;
        let link = Link {
            promptHash: event.promptHash,
            outputHash: keccak256(&event.output),
            queryHash: keccak256(&event.query),
            amount: event.amount,
        };
        if index < first {
            head = extended(head, index, &link);
        } else {
            links.push(link);
        }
    }
    Ok((head, links))
}

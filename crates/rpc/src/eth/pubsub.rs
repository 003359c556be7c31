//! `eth_subscribe`: new heads, logs, transactions, receipts and the node's catching up as they come. A reader that does not keep up is cut off rather
//! than waited for.

use super::{block::receipts_json, syncing::Progress};
use crate::{
    api::{Api, Module, to_json},
    args::Args,
    error::RpcError,
    json::{HeaderJson, Place, TransactionJson},
    logs::{
        query::LogQuery,
        stream::{Ended, LogStream},
    },
};
use alloy_primitives::B256;
use jsonrpsee::{
    PendingSubscriptionSink, SubscriptionCloseResponse, SubscriptionSink,
    core::SubscriptionError,
    server::RegisterMethodError,
    types::{ErrorCode, ErrorObject, Params},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tributary_chain::{Event, Follower, SealedBlock, Step};
use tributary_primitives::Transaction;
use tributary_storage::StoredBlock;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_subscription("eth_subscribe", "eth_subscription", "eth_unsubscribe", |params, pending, api, _| async move {
        match Topic::parse(&params) {
            Ok(Topic::Logs(query)) => serve_logs(api, *query, pending).await,
            Ok(Topic::NewPendingTransactions { full }) => serve_transactions(api, full, pending).await,
            Ok(Topic::Blocks(topic)) => serve_blocks(api, topic, pending).await,
            Err(error) => {
                pending.reject(error).await;
                SubscriptionCloseResponse::None
            }
        }
    })?;
    Ok(())
}

/// What there is to tell a subscriber, if anything.
type Meaning = Result<Option<Box<RawValue>>, RpcError>;

/// What a client subscribes to.
#[derive(Debug)]
enum Topic {
    Logs(Box<LogQuery>),
    /// Transactions as they are included or begin to wait: hashes, or all of each.
    NewPendingTransactions {
        full: bool,
    },
    Blocks(OfBlocks),
}

/// What there is to say with each block.
#[derive(Debug)]
enum OfBlocks {
    NewHeads,
    /// Receipts of sealed transactions: those with these hashes, or all.
    TransactionReceipts(Vec<B256>),
    /// Whether the node is behind, when that changes.
    Syncing(Option<bool>),
}

impl Topic {
    fn parse(params: &Params<'_>) -> Result<Self, ErrorObject<'static>> {
        if params.as_str().is_none() {
            return Err(RpcError::params("non-array args").into());
        }
        let mut args = Args::new(params)?;
        let name: String = args.required().map_err(|_| RpcError::params("expected subscription name as first argument"))?;
        let topic = match name.as_str() {
            "newHeads" => Self::Blocks(OfBlocks::NewHeads),
            "logs" => Self::Logs(args.optional()?.unwrap_or_default()),
            "newPendingTransactions" => Self::NewPendingTransactions { full: args.optional()?.unwrap_or_default() },
            "transactionReceipts" => Self::Blocks(OfBlocks::TransactionReceipts(receipts_query(&mut args)?)),
            "syncing" => Self::Blocks(OfBlocks::Syncing(None)),
            other => {
                let name: String = other.chars().take(32).collect();
                let words = format!("no \"{name}\" subscription in eth namespace");
                return Err(ErrorObject::owned(ErrorCode::MethodNotFound.code(), words, None::<()>));
            }
        };
        args.end()?;
        Ok(topic)
    }
}

impl OfBlocks {
    /// What there is to say at once.
    fn first(&mut self, api: &Api) -> Result<Option<Box<RawValue>>, RpcError> {
        match self {
            Self::Syncing(_) => self.syncing(api),
            _ => Ok(None),
        }
    }

    /// What a block means to a subscriber.
    fn message(&mut self, api: &Api, sealed: &SealedBlock) -> Result<Option<Box<RawValue>>, RpcError> {
        match self {
            Self::NewHeads => to_json(&HeaderJson::new(&sealed.block.header, Some(sealed.hash))).map(Some),
            Self::TransactionReceipts(hashes) => receipts(api, hashes, sealed),
            Self::Syncing(_) => self.syncing(api),
        }
    }

    /// As geth says it: how far the node is when it falls behind, `false` when it has caught up, and which of them holds at the beginning.
    fn syncing(&mut self, api: &Api) -> Result<Option<Box<RawValue>>, RpcError> {
        let Self::Syncing(told) = self else { return Ok(None) };
        let progress = Progress::of(api)?;
        if told.replace(progress.is_some()) == Some(progress.is_some()) {
            return Ok(None);
        }
        match progress {
            Some(progress) => to_json(&progress.notification()).map(Some),
            None => to_json(&false).map(Some),
        }
    }
}

/// What an event means to a subscriber to transactions that arrive.
fn arrived(full: bool, event: &Event) -> Result<Option<Box<RawValue>>, RpcError> {
    match event {
        Event::Transaction(tx) if !tx.tx.is_deposit() => {
            let json = || to_json(&TransactionJson::new(&tx.tx, tx.sender, Place::default(), Some(&tx.receipt)));
            if full { json() } else { to_json(&tx.hash) }.map(Some)
        }
        Event::Queued(tx) => {
            let json = || to_json(&TransactionJson::new(&tx.tx, tx.sender, Place::default(), None));
            if full { json() } else { to_json(&tx.hash) }.map(Some)
        }
        _ => Ok(None),
    }
}

/// Most hashes in one subscription to receipts.
const MAX_HASHES: usize = 200;

/// The hashes that a subscription to receipts names; none for all.
fn receipts_query(args: &mut Args) -> Result<Vec<B256>, RpcError> {
    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Query {
        transaction_hashes: Option<Vec<B256>>,
    }
    let hashes = args.optional::<Query>()?.unwrap_or_default().transaction_hashes.unwrap_or_default();
    match hashes.len() > MAX_HASHES {
        true => Err(RpcError::server("exceed max number of transaction hashes allowed per transactionReceipts subscription")),
        false => Ok(hashes),
    }
}

/// The receipts of a block that are wanted, if there are any.
fn receipts(api: &Api, hashes: &[B256], sealed: &SealedBlock) -> Result<Option<Box<RawValue>>, RpcError> {
    let is_wanted = |tx: &Transaction| hashes.is_empty() || hashes.contains(&tx.hash());
    if !sealed.block.body.transactions.iter().any(is_wanted) {
        return Ok(None);
    }
    let block = StoredBlock { block: sealed.block.clone(), hash: sealed.hash, senders: sealed.senders.clone() };
    let all = receipts_json(api, &block, &sealed.receipts, api.fees_of(&block.block));
    let wanted = all.into_iter().zip(&block.block.body.transactions).filter(|(_, tx)| is_wanted(tx));
    to_json(&wanted.map(|(receipt, _)| receipt).collect::<Vec<_>>()).map(Some)
}

/// Passes logs on from where the client wants them.
async fn serve_logs(api: Arc<Api>, query: LogQuery, pending: PendingSubscriptionSink) -> SubscriptionCloseResponse {
    let stream = match LogStream::begin(api, query).await {
        Ok(stream) => stream,
        Err(error) => {
            pending.reject(error).await;
            return SubscriptionCloseResponse::None;
        }
    };
    let Ok(sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
    match stream.run(sink).await {
        Ended::ByClient => SubscriptionCloseResponse::None,
        Ended::CutOff(words) => cut_off(words),
    }
}

/// Tells of each block that becomes the newest, until the client goes away, unsubscribes or takes nothing for too long. What a reorg takes away is not
/// told, what comes instead is.
async fn serve_blocks(api: Arc<Api>, mut topic: OfBlocks, pending: PendingSubscriptionSink) -> SubscriptionCloseResponse {
    let events = api.chain.events.subscribe();
    let mut follower = match Follower::from_head(api.chain.store.clone(), events) {
        Ok(follower) => follower,
        Err(error) => {
            pending.reject(RpcError::from(error)).await;
            return SubscriptionCloseResponse::None;
        }
    };
    let Ok(sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
    let first = topic.first(&api);
    tell_blocks(&api, &mut follower, &sink, (first, |sealed| topic.message(&api, sealed))).await
}

/// Tells what a block means, for each that a follower passes on, after what there is to say `first`.
pub(crate) async fn tell_blocks(
    api: &Api,
    follower: &mut Follower,
    sink: &SubscriptionSink,
    (first, mut meaning): (Meaning, impl FnMut(&SealedBlock) -> Meaning),
) -> SubscriptionCloseResponse {
    let mut message = first;
    loop {
        let Ok(due) = message else { return cut_off("internal error") };
        if let Some(due) = due
            && sink.send_timeout(due, api.chain.limits.write_time).await.is_err()
        {
            return if sink.is_closed() { SubscriptionCloseResponse::None } else { cut_off("subscription cut off: reader too slow") };
        }
        let step = tokio::select! {
            step = follower.next() => step,
            () = sink.closed() => return SubscriptionCloseResponse::None,
        };
        message = match step {
            Ok(Step::Block(sealed)) => meaning(&sealed),
            Ok(Step::Undo(_)) => Ok(None),
            Err(lost) => match Ended::from(lost) {
                Ended::CutOff(words) => return cut_off(words),
                Ended::ByClient => return SubscriptionCloseResponse::None,
            },
        };
    }
}

/// Tells of transactions as they arrive until the client goes away, unsubscribes or falls behind.
async fn serve_transactions(api: Arc<Api>, full: bool, pending: PendingSubscriptionSink) -> SubscriptionCloseResponse {
    let mut events = api.chain.events.subscribe();
    let Ok(mut sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sink.closed() => return SubscriptionCloseResponse::None,
        };
        let message = match event {
            Ok(event) => arrived(full, &event),
            Err(RecvError::Lagged(_)) => return cut_off("subscription cut off: reader too slow"),
            Err(RecvError::Closed) => return cut_off("server is stopping"),
        };
        let Ok(due) = message else { return cut_off("internal error") };
        if !pass_on(&mut sink, due) {
            return cut_off("subscription cut off: reader too slow");
        }
    }
}

/// Whether there was room for the message, if there is one.
fn pass_on(sink: &mut SubscriptionSink, message: Option<Box<RawValue>>) -> bool {
    message.is_none_or(|message| sink.try_send(message).is_ok())
}

fn cut_off(words: &'static str) -> SubscriptionCloseResponse {
    SubscriptionCloseResponse::NotifErr(SubscriptionError::from(words.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Topic, ErrorObject<'static>> {
        Topic::parse(&Params::new(Some(json)))
    }

    #[test]
    fn topics_are_geths() {
        assert!(matches!(parse(r#"["newHeads"]"#), Ok(Topic::Blocks(OfBlocks::NewHeads))));
        assert!(matches!(parse(r#"["logs"]"#), Ok(Topic::Logs(_))));
        assert!(matches!(parse(r#"["newPendingTransactions"]"#), Ok(Topic::NewPendingTransactions { full: false })));
        assert!(matches!(parse(r#"["newPendingTransactions", true]"#), Ok(Topic::NewPendingTransactions { full: true })));
        assert!(matches!(parse(r#"["syncing"]"#), Ok(Topic::Blocks(OfBlocks::Syncing(None)))));
    }

    #[test]
    fn an_unknown_topic_is_an_unknown_method() {
        let error = parse(r#"["newMoons"]"#).unwrap_err();
        assert_eq!((error.code(), error.message()), (-32601, "no \"newMoons\" subscription in eth namespace"));
    }

    #[test]
    fn what_is_wrong_with_a_subscription_is_told_in_geths_words() {
        for (params, words) in [
            (Some("[]"), "expected subscription name as first argument"),
            (Some("[5]"), "expected subscription name as first argument"),
            (Some(r#"{"name":"logs"}"#), "non-array args"),
            (None, "non-array args"),
            (Some(r#"["newHeads", 1]"#), "too many arguments, want at most 1"),
            (Some(r#"["logs", {}, 1]"#), "too many arguments, want at most 2"),
            (Some(r#"["logs", {"address": "0x1"}]"#), "invalid argument 1: invalid address: hex string of odd length"),
            (Some(r#"["logs", {"fromBlock": "ten"}]"#), "invalid argument 1: hex string without 0x prefix"),
        ] {
            let error = Topic::parse(&Params::new(params)).unwrap_err();
            assert_eq!((error.code(), error.message()), (-32602, words), "{params:?}");
        }
    }
}

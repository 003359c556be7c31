//! `eth_subscribe`: new heads, logs and transactions as they come. A reader that does not keep up is cut off rather than waited for.

use crate::{
    Event,
    api::{Api, Module, to_json},
    args::Args,
    error::RpcError,
    json::{HeaderJson, Place, TransactionJson},
    logs::LogQuery,
};
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

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_subscription("eth_subscribe", "eth_subscription", "eth_unsubscribe", |params, pending, api, _| async move {
        match Topic::parse(&params) {
            Ok(topic) => serve(api, topic, pending).await,
            Err(error) => {
                pending.reject(error).await;
                SubscriptionCloseResponse::None
            }
        }
    })?;
    Ok(())
}

/// What a client subscribes to.
#[derive(Debug)]
enum Topic {
    NewHeads,
    Logs(Box<LogQuery>),
    /// Transactions as they are included or begin to wait: hashes, or all of each.
    NewPendingTransactions {
        full: bool,
    },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Name {
    Known(Known),
    Other(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Known {
    NewHeads,
    Logs,
    NewPendingTransactions,
}

impl Topic {
    fn parse(params: &Params<'_>) -> Result<Self, ErrorObject<'static>> {
        let read = || -> Result<Result<Self, String>, RpcError> {
            let mut args = Args::new(params)?;
            let topic = match args.required()? {
                Name::Known(Known::NewHeads) => Self::NewHeads,
                Name::Known(Known::Logs) => Self::Logs(args.optional()?.unwrap_or_default()),
                Name::Known(Known::NewPendingTransactions) => Self::NewPendingTransactions { full: args.optional()?.unwrap_or_default() },
                Name::Other(name) => return Ok(Err(name)),
            };
            args.end()?;
            Ok(Ok(topic))
        };
        read()?.map_err(|name| {
            let name: String = name.chars().take(32).collect();
            let words = format!("no \"{name}\" subscription in eth namespace");
            ErrorObject::owned(ErrorCode::MethodNotFound.code(), words, None::<()>)
        })
    }

    /// What an event means to a subscriber.
    fn messages(&self, event: &Event) -> Result<Vec<Box<RawValue>>, RpcError> {
        match (self, event) {
            (Self::NewHeads, Event::Sealed(sealed)) => Ok(vec![to_json(&HeaderJson::new(&sealed.block.header, Some(sealed.hash)))?]),
            (Self::Logs(query), Event::Sealed(sealed)) => query.logs_of(sealed, false).iter().map(to_json).collect(),
            (Self::Logs(query), Event::Reorg { removed }) => {
                removed.iter().flat_map(|sealed| query.logs_of(sealed, true)).map(|log| to_json(&log)).collect()
            }
            (Self::NewPendingTransactions { full }, Event::Transaction(tx)) if !tx.tx.is_deposit() => {
                let json = || to_json(&TransactionJson::new(&tx.tx, tx.sender, Place::default(), Some(&tx.receipt)));
                Ok(vec![if *full { json()? } else { to_json(&tx.hash)? }])
            }
            (Self::NewPendingTransactions { full }, Event::Queued(tx)) => {
                let json = || to_json(&TransactionJson::new(&tx.tx, tx.sender, Place::default(), None));
                Ok(vec![if *full { json()? } else { to_json(&tx.hash)? }])
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// Passes events on until the client goes away, unsubscribes or falls behind.
async fn serve(api: Arc<Api>, topic: Topic, pending: PendingSubscriptionSink) -> SubscriptionCloseResponse {
    let mut events = api.chain.events.subscribe();
    let Ok(mut sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sink.closed() => return SubscriptionCloseResponse::None,
        };
        match event {
            Ok(event) => {
                let Ok(messages) = topic.messages(&event) else { return cut_off("internal error") };
                if !pass_on(&mut sink, messages) {
                    return cut_off("subscription cut off: reader too slow");
                }
            }
            Err(RecvError::Lagged(_)) => return cut_off("subscription cut off: reader too slow"),
            Err(RecvError::Closed) => return cut_off("server is stopping"),
        }
    }
}

/// Whether there was room for all messages.
fn pass_on(sink: &mut SubscriptionSink, messages: Vec<Box<RawValue>>) -> bool {
    messages.into_iter().all(|message| sink.try_send(message).is_ok())
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
        assert!(matches!(parse(r#"["newHeads"]"#), Ok(Topic::NewHeads)));
        assert!(matches!(parse(r#"["logs"]"#), Ok(Topic::Logs(_))));
        assert!(matches!(parse(r#"["newPendingTransactions"]"#), Ok(Topic::NewPendingTransactions { full: false })));
        assert!(matches!(parse(r#"["newPendingTransactions", true]"#), Ok(Topic::NewPendingTransactions { full: true })));
    }

    #[test]
    fn an_unknown_topic_is_an_unknown_method() {
        let error = parse(r#"["newMoons"]"#).unwrap_err();
        assert_eq!((error.code(), error.message()), (-32601, "no \"newMoons\" subscription in eth namespace"));
        assert_eq!(parse("[]").unwrap_err().code(), -32602);
    }
}

//! The sequencer's feed: every sealed block, signed, from the one that a follower has on.

use crate::{
    api::{Api, Module, to_json},
    args::Args,
    error::RpcError,
    eth::pubsub::tell_blocks,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, U64};
use jsonrpsee::{PendingSubscriptionSink, SubscriptionCloseResponse, server::RegisterMethodError, types::Params};
use serde::Deserialize;
use std::sync::Arc;
use tributary_chain::{FeedKey, Follower, Place};

/// The newest block that a follower has.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Known {
    number: U64,
    hash: B256,
}

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    let (subscribe, told, unsubscribe) = ("tributary_subscribeFeed", "tributary_feed", "tributary_unsubscribeFeed");
    module.register_subscription(subscribe, told, unsubscribe, |params, pending, api, _| async move {
        match begin(&api, &params) {
            Ok((follower, key)) => serve(api, follower, key, pending).await,
            Err(error) => {
                pending.reject(error).await;
                SubscriptionCloseResponse::None
            }
        }
    })?;
    Ok(())
}

/// Where a follower goes on: after a block of this chain, or it is told that it has another.
fn begin(api: &Api, params: &Params<'_>) -> Result<(Follower, FeedKey), RpcError> {
    let mut args = Args::new(params)?;
    let known: Known = args.required()?;
    args.end()?;
    let key = api.chain.rollup.as_ref().and_then(|rollup| rollup.feed.clone());
    let key = key.ok_or_else(|| RpcError::server("this node signs no feed"))?;
    // Before the chain is looked at, so that nothing happens in between unseen.
    let events = api.chain.events.subscribe();
    let known = BlockNumHash { number: known.number.to(), hash: known.hash };
    if !api.chain.store.is_canonical(known)? {
        return Err(RpcError::hash_not_found());
    }
    Ok((Follower::new(api.chain.store.clone(), events, Place::after(known)), key))
}

/// Tells of blocks until the follower goes away or takes nothing for too long. What a reorg takes away is not told, what comes instead is.
async fn serve(api: Arc<Api>, mut follower: Follower, key: FeedKey, pending: PendingSubscriptionSink) -> SubscriptionCloseResponse {
    let Ok(sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
    let signed = |sealed: &tributary_chain::SealedBlock| match key.sign(&sealed.block, sealed.hash) {
        Ok(told) => to_json(&told).map(Some),
        Err(error) => Err(RpcError::internal(&error)),
    };
    tell_blocks(&api, &mut follower, &sink, (Ok(None), signed)).await
}

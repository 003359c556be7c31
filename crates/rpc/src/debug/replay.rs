//! A block executed again, whole or up to a place in it.

use super::kept::KeptBlock;
use crate::{api::Api, args::Args, error::RpcError, eth::state::block_or_latest, open_block::OpenContents, resolve::Target};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use std::{sync::Arc, time::Duration};
use tributary_execution::{BlockReplay, Overrides, Simulation};
use tributary_storage::StoredBlock;

/// geth's words for a block that is not there.
pub(crate) fn not_found(id: BlockId) -> RpcError {
    match id {
        BlockId::Hash(hash) => RpcError::server(format!("block {} not found", hash.block_hash)),
        BlockId::Number(BlockNumberOrTag::Number(number)) => RpcError::server(format!("block #{number} not found")),
        BlockId::Number(tag) => RpcError::server(format!("block #{tag} not found")),
    }
}

/// The sealed block that the next parameter names.
pub(crate) fn stored(api: &Api, args: &mut Args) -> Result<StoredBlock, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    sealed(api, id)?.ok_or_else(|| not_found(id))
}

fn sealed(api: &Api, id: BlockId) -> Result<Option<StoredBlock>, RpcError> {
    match api.by_id(id)? {
        Target::Sealed(id) => Ok(api.chain.store.block(id)?),
        Target::Open(_) => Ok(None),
    }
}

/// A sealed block, or the open block as far as it is; its hash is then zero.
pub(crate) fn block_of(api: &Api, target: Target) -> Result<Option<StoredBlock>, RpcError> {
    Ok(match target {
        Target::Open(open) => Some(open.contents(&api.chain.spec).0),
        Target::Sealed(id) => api.chain.store.block(id)?,
    })
}

/// Whether this is the chain's first block, which nothing led to.
pub(crate) fn is_genesis(api: &Api, stored: &StoredBlock) -> bool {
    stored.block.header.number <= api.chain.store.genesis().number
}

/// Executes a block again on its parent's post-state, for no longer than `time`.
pub(crate) fn replay<T>(
    api: &Api,
    stored: &StoredBlock,
    time: Duration,
    trace: impl FnOnce(BlockReplay<'_>) -> Result<T, RpcError>,
) -> Result<T, RpcError> {
    if is_genesis(api, stored) {
        return Err(RpcError::server("genesis is not traceable"));
    }
    let state = Arc::new(api.chain.store.at(stored.block.header.number - 1)?);
    let StoredBlock { block, hash, senders } = stored;
    api.trace_in_time(time, |abort| {
        let executor = api.chain.executor.clone();
        trace(BlockReplay { executor, state, block, hash: *hash, senders, replayed: None, abort: abort.clone() })
    })
}

/// Executes the block of a transaction again, for no longer than `time`; `None` when there is no such transaction.
pub(crate) fn with_transaction<T>(
    api: &Api,
    hash: B256,
    time: Duration,
    trace: impl FnOnce(BlockReplay<'_>, usize) -> Result<T, RpcError>,
) -> Result<Option<T>, RpcError> {
    let open = api.chain.pending.borrow().clone();
    if let Some((number, index)) = api.chain.store.transaction_position(hash)? {
        let block = kept(api, number)?;
        return replay_kept(api, &block, time, |block| trace(block, index as usize)).map(Some);
    }
    let Some((open, (index, _))) = open.filter(|_| api.is_realtime()).and_then(|open| open.transaction(hash).map(|found| (open, found)))
    else {
        return Ok(None);
    };
    let (block, _) = open.contents(&api.chain.spec);
    replay(api, &block, time, |block| trace(block, index)).map(Some)
}

/// A sealed block with what was executed of it for requests before.
fn kept(api: &Api, number: u64) -> Result<Arc<KeptBlock>, RpcError> {
    let store = &api.chain.store;
    let hash = store.hash_of(number)?.ok_or_else(RpcError::header_not_found)?;
    if let Some(block) = api.replays.get(hash) {
        return Ok(block);
    }
    let stored = store.block(hash)?.ok_or_else(RpcError::header_not_found)?;
    if is_genesis(api, &stored) {
        return Err(RpcError::server("genesis is not traceable"));
    }
    Ok(api.replays.keep(KeptBlock::new(store.clone(), stored)))
}

/// As [`replay`], from where requests before came to.
fn replay_kept<T>(
    api: &Api,
    kept: &KeptBlock,
    time: Duration,
    trace: impl FnOnce(BlockReplay<'_>) -> Result<T, RpcError>,
) -> Result<T, RpcError> {
    let StoredBlock { block, hash, senders } = &kept.stored;
    let _reading = kept.state.begin();
    let answer = api.trace_in_time(time, |abort| {
        let (executor, state, replayed) = (api.chain.executor.clone(), kept.state.clone(), Some(kept.replayed.clone()));
        trace(BlockReplay { executor, state, block, hash: *hash, senders, replayed, abort: abort.clone() })
    });
    api.replays.bound();
    answer
}

/// geth's words for a transaction that a block does not have. The number of its transactions stands for its end.
pub(crate) fn check_index(stored: &StoredBlock, index: usize) -> Result<(), RpcError> {
    match stored.block.body.transactions.len() {
        count if index > count => Err(RpcError::server(format!("transaction index {index} out of range for block {}", stored.hash))),
        _ => Ok(()),
    }
}

/// A simulation in the middle of a block: on the state after its first `count` transactions.
pub(crate) fn simulate_within(api: &Api, at: BlockId, count: usize, overrides: Overrides) -> Result<Simulation, RpcError> {
    let stored = block_of(api, api.by_id(at)?)?.ok_or_else(|| not_found(at))?;
    check_index(&stored, count)?;
    let state = replay(api, &stored, api.chain.limits.trace_time, |block| Ok(block.state_after(count)?))?;
    let (executor, header) = (api.chain.executor.clone(), stored.block.header);
    Ok(Simulation { executor, state, header, overrides, gas_cap: api.chain.limits.call_gas })
}

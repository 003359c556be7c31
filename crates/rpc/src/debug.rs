//! The `debug` namespace: traces, and blocks, transactions and receipts as bytes.

use crate::{
    account_range,
    api::{Api, Module, heavy, light},
    args::Args,
    bad_blocks,
    error::RpcError,
    eth_block::{by_hash, by_number},
    eth_state::{block_or_latest, simulate_at},
    eth_transaction::raw_transaction,
    many, modified_accounts,
    open_block::OpenContents,
    resolve::Target,
    script_host::{self, Calls, TraceAnswer},
    storage_range,
    time_limit::DEFAULT_TRACE_TIME,
    witness,
};
use alloy_eips::{BlockHashOrNumber, BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, Encodable};
use alloy_rpc_types_eth::Bundle;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use jsonrpsee::server::RegisterMethodError;
use std::{sync::Arc, time::Duration};
use tributary_execution::{BlockReplay, Overrides, Simulation, asks_for_script};
use tributary_primitives::{Block, StateError, StateReader};
use tributary_storage::StoredBlock;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_traceTransaction", |api, args| {
        let (hash, options) = (args.required()?, args.optional()?.unwrap_or_default());
        let time = api.trace_time(&options, DEFAULT_TRACE_TIME)?;
        let traced = with_transaction(api, hash, time, |block, index| trace(api, &block, Some(index), &options))?;
        traced.ok_or_else(|| RpcError::server("transaction not found"))
    })?;
    heavy(module, "debug_traceCall", trace_call)?;
    heavy(module, "debug_traceBlockByNumber", |api, args| {
        let (target, options) = (by_number(api, args)?, args.optional()?.unwrap_or_default());
        trace_block(api, target, &options)
    })?;
    heavy(module, "debug_traceBlockByHash", |api, args| {
        let (target, options) = (by_hash(args)?, args.optional()?.unwrap_or_default());
        trace_block(api, target, &options)
    })?;
    heavy(module, "debug_traceBlock", trace_given_block)?;
    heavy(module, "debug_intermediateRoots", intermediate_roots)?;
    light(module, "debug_chainConfig", |api, _| Ok(api.chain.spec.genesis.config.clone()))?;
    heavy(module, "debug_codeByHash", |api, args| {
        let (hash, at) = (args.required()?, block_or_latest(args)?);
        match api.state_at(at)?.state.code(hash) {
            Ok(code) => Ok(Some(code)),
            Err(StateError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })?;
    heavy(module, "debug_getRawHeader", |api, args| Ok(named(api, args)?.map_or_else(Bytes::new, |stored| encoded(&stored.block.header))))?;
    heavy(module, "debug_getRawBlock", |api, args| Ok(named(api, args)?.map_or_else(Bytes::new, |stored| encoded(&stored.block))))?;
    heavy(module, "debug_getRawTransaction", |api, args| Ok(raw_transaction(api, args.required()?)?.unwrap_or_default()))?;
    heavy(module, "debug_getRawReceipts", raw_receipts)?;
    heavy(module, "debug_storageRangeAt", storage_range::storage_range)?;
    account_range::register(module)?;
    many::register_debug(module)?;
    modified_accounts::register(module)?;
    bad_blocks::register(module)?;
    witness::register(module)
}

fn encoded(value: &impl Encodable) -> Bytes {
    alloy_rlp::encode(value).into()
}

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

/// The block that the next parameter names, the open one as if it ended now. As in geth, a hash of nothing is an error and a number of nothing is not.
fn named(api: &Api, args: &mut Args) -> Result<Option<StoredBlock>, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    let found = match api.by_id(id)? {
        Target::Open(open) => Some(api.ended_now(&open)?.block.clone()),
        Target::Sealed(at) => api.chain.store.block(at)?,
    };
    match found {
        None if id.is_hash() => Err(not_found(id)),
        found => Ok(found),
    }
}

fn raw_receipts(api: &Api, args: &mut Args) -> Result<Option<Vec<Bytes>>, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    let receipts = match api.by_id(id)? {
        Target::Open(open) => Some(open.contents(&api.chain.spec).1),
        Target::Sealed(at) => api.chain.store.receipts(at)?,
    };
    match receipts {
        None if id.is_hash() => Err(not_found(id)),
        found => Ok(found.map(|all| all.iter().map(|receipt| receipt.encoded_2718().into()).collect())),
    }
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
        trace(BlockReplay { spec: api.chain.spec.clone(), state, block, hash: *hash, senders, abort: abort.clone() })
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
        let stored = api.chain.store.block(number)?.ok_or_else(RpcError::header_not_found)?;
        return replay(api, &stored, time, |block| trace(block, index as usize)).map(Some);
    }
    let Some((open, (index, _))) = open.and_then(|open| open.transaction(hash).map(|found| (open, found))) else { return Ok(None) };
    let (block, _) = open.contents(&api.chain.spec);
    replay(api, &block, time, |block| trace(block, index)).map(Some)
}

/// Traces one transaction of a block, or all.
fn trace(api: &Api, block: &BlockReplay<'_>, index: Option<usize>, options: &GethDebugTracingOptions) -> Result<TraceAnswer, RpcError> {
    if asks_for_script(options) {
        return script_host::trace_block(api, block, index, options);
    }
    Ok(match index {
        Some(index) => TraceAnswer::of(&block.trace_transaction(index, options)?)?,
        None => TraceAnswer::of(&block.trace_block(options)?)?,
    })
}

fn trace_block(api: &Api, target: Target, options: &GethDebugTracingOptions) -> Result<TraceAnswer, RpcError> {
    let id = match &target {
        Target::Sealed(BlockHashOrNumber::Hash(hash)) => BlockId::from(*hash),
        Target::Sealed(BlockHashOrNumber::Number(number)) => BlockId::from(*number),
        Target::Open(_) => BlockId::pending(),
    };
    let stored = block_of(api, target)?.ok_or_else(|| not_found(id))?;
    let time = api.trace_time(options, api.chain.limits.trace_time)?;
    replay(api, &stored, time, |block| trace(api, &block, None, options))
}

/// A block that the client brings along; only its parent must be known.
fn trace_given_block(api: &Api, args: &mut Args) -> Result<TraceAnswer, RpcError> {
    let (rlp, options): (Bytes, _) = (args.required()?, args.optional()?.unwrap_or_default());
    let unreadable = |error| RpcError::server(format!("could not decode block: {error}"));
    let mut rest = &rlp[..];
    let block = Block::decode(&mut rest).map_err(unreadable)?;
    if !rest.is_empty() {
        return Err(unreadable(alloy_rlp::Error::UnexpectedLength));
    }
    let parent = block.header.parent_hash;
    let known = api.chain.store.number_of(parent)?.filter(|number| number.checked_add(1) == Some(block.header.number));
    if known.is_none() {
        return Err(RpcError::server(format!("parent {parent} not found")));
    }
    let senders = block.body.transactions.iter().map(|tx| api.chain.spec.sender(tx));
    let senders = senders.collect::<Result<_, _>>().map_err(|_| RpcError::server("invalid transaction v, r, s values"))?;
    let stored = StoredBlock { hash: block.header.hash_slow(), block, senders };
    let time = api.trace_time(&options, api.chain.limits.trace_time)?;
    replay(api, &stored, time, |block| trace(api, &block, None, &options)).map_err(|error| match error.code {
        // The block is the client's: that it cannot be executed is not this node's failure.
        crate::error::code::INTERNAL => RpcError::server("block could not be executed"),
        _ => error,
    })
}

/// The state root after each transaction of a block.
fn intermediate_roots(api: &Api, args: &mut Args) -> Result<Vec<B256>, RpcError> {
    let hash: B256 = args.required()?;
    let options: GethDebugTracingOptions = args.optional()?.unwrap_or_default();
    let time = api.trace_time(&options, api.chain.limits.trace_time)?;
    let stored = api.chain.store.block(hash)?.ok_or_else(|| not_found(hash.into()))?;
    replay(api, &stored, time, |block| {
        let parent = api.chain.store.at(stored.block.header.number - 1)?;
        Ok(block.intermediate_roots(&parent, parent.header().state_root)?)
    })
}

fn trace_call(api: &Api, args: &mut Args) -> Result<TraceAnswer, RpcError> {
    let request = args.required()?;
    let at = block_or_latest(args)?;
    let options: GethDebugTracingCallOptions = args.optional()?.unwrap_or_default();
    let overrides = Overrides { state: options.state_overrides, block: options.block_overrides };
    if let Target::Sealed(id) = api.target_of_state(at)?
        && api.chain.store.header(id)?.is_none()
    {
        return Err(not_found(at));
    }
    let simulation = match options.tx_index {
        Some(index) => simulate_within(api, at, usize::try_from(index).unwrap_or(usize::MAX), overrides)?,
        None => simulate_at(api, at, overrides)?,
    };
    if asks_for_script(&options.tracing_options) {
        let calls = Calls { bundles: vec![vec![request].into()], single: true };
        return script_host::trace_calls(api, simulation, calls, &options.tracing_options);
    }
    let time = api.trace_time(&options.tracing_options, DEFAULT_TRACE_TIME)?;
    api.trace_in_time(time, |abort| TraceAnswer::of(&simulation.trace_call(&request, &options.tracing_options, abort)?))
}

/// Traces bundles of calls in a row.
pub(crate) fn answer_of_calls(
    api: &Api,
    simulation: Simulation,
    bundles: Vec<Bundle>,
    options: &GethDebugTracingOptions,
) -> Result<TraceAnswer, RpcError> {
    let calls = Calls { bundles, single: false };
    if asks_for_script(options) {
        return script_host::trace_calls(api, simulation, calls, options);
    }
    let time = api.trace_time(options, api.chain.limits.trace_time)?;
    api.trace_in_time(time, |abort| calls.trace(simulation, options, abort))
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
    let (spec, header) = (api.chain.spec.clone(), stored.block.header);
    Ok(Simulation { spec, state, header, overrides, gas_cap: api.chain.limits.call_gas })
}

//! `debug_trace*` of geth: transactions, blocks and calls under a tracer.

use super::replay::{block_of, not_found, replay, simulate_within, with_transaction};
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::{RpcError, code},
    eth::{
        block::{by_hash, by_number},
        state::{block_or_latest, simulate_at},
    },
    resolve::Target,
    script_host::{self, Calls, TraceAnswer},
    time_limit::DEFAULT_TRACE_TIME,
};
use alloy_eips::{BlockHashOrNumber, BlockId};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::Bundle;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use jsonrpsee::server::RegisterMethodError;
use tributary_execution::{BlockReplay, Overrides, Simulation, asks_for_script};
use tributary_primitives::Block;
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
    heavy(module, "debug_intermediateRoots", intermediate_roots)
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
        code::INTERNAL => RpcError::server("block could not be executed"),
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

//! The `trace` namespace: OpenEthereum's traces, as reth and Erigon serve them.
//!
//! The open block can be traced like any other; its traces carry the block hash zero. Rewards are among a block's traces only where a chain has them.

use super::filter;
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    debug::replay::{block_of, is_genesis, replay, with_transaction},
    error::RpcError,
    eth::state::{block_or_latest, simulate_at},
    resolve::Target,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use alloy_rpc_types_trace::parity::{LocalizedTransactionTrace, TraceResults, TraceResultsWithTransactionHash, TraceType};
use jsonrpsee::server::RegisterMethodError;
use std::time::Duration;
use tributary_execution::{CallSequence, Overrides, TraceTypes};
use tributary_pool::RecoveredTx;

/// Most calls in one `trace_callMany`.
const MAX_CALLS: usize = 1000;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "trace_block", block)?;
    heavy(module, "trace_transaction", |api, args| {
        let hash = args.required()?;
        with_transaction(api, hash, time(api), |block, index| Ok(block.calls_of_transaction(index)?))
    })?;
    heavy(module, "trace_get", get)?;
    heavy(module, "trace_filter", filter::filter)?;
    heavy(module, "trace_call", call)?;
    heavy(module, "trace_callMany", call_many)?;
    heavy(module, "trace_rawTransaction", raw_transaction)?;
    heavy(module, "trace_replayTransaction", |api, args| {
        let (hash, types) = (args.required()?, types(args)?);
        let replayed = with_transaction(api, hash, time(api), |block, index| Ok(block.replay_transaction(index, types)?))?;
        replayed.ok_or_else(|| RpcError::server("transaction not found"))
    })?;
    heavy(module, "trace_replayBlockTransactions", replay_block)
}

/// How long one of these methods may take.
fn time(api: &Api) -> Duration {
    api.chain.limits.trace_time
}

/// The next parameter as a list of trace types.
fn types(args: &mut Args) -> Result<TraceTypes, RpcError> {
    Ok(args.required::<Vec<TraceType>>()?.into_iter().collect())
}

fn block(api: &Api, args: &mut Args) -> Result<Option<Vec<LocalizedTransactionTrace>>, RpcError> {
    let Some(stored) = block_of(api, api.by_id(block_or_latest(args)?)?)? else { return Ok(None) };
    if is_genesis(api, &stored) {
        return Ok(Some(Vec::new()));
    }
    replay(api, &stored, time(api), |block| Ok(Some(block.calls_of_block()?)))
}

/// The one trace at a trace address: `[]` is the transaction's own call, `[0]` its first subordinate call.
fn get(api: &Api, args: &mut Args) -> Result<Option<LocalizedTransactionTrace>, RpcError> {
    let (hash, address): (B256, Vec<U64>) = (args.required()?, args.required()?);
    let calls = with_transaction(api, hash, time(api), |block, index| Ok(block.calls_of_transaction(index)?))?;
    let is_there = |call: &LocalizedTransactionTrace| {
        call.trace.trace_address.iter().map(|index| *index as u64).eq(address.iter().map(|index| index.to::<u64>()))
    };
    Ok(calls.unwrap_or_default().into_iter().find(is_there))
}

fn call(api: &Api, args: &mut Args) -> Result<TraceResults, RpcError> {
    let request: TransactionRequest = args.required()?;
    let (types, at) = (types(args)?, block_or_latest(args)?);
    let state = args.optional::<StateOverride>()?;
    let block = args.optional::<BlockOverrides>()?;
    let simulation = simulate_at(api, at, Overrides { state, block })?;
    api.trace_in_time(time(api), |abort| Ok(simulation.trace_parity(&request, types, abort)?))
}

/// Each call on what those before it left behind. Together they have the gas of one call.
fn call_many(api: &Api, args: &mut Args) -> Result<Vec<TraceResults>, RpcError> {
    let calls: Vec<(TransactionRequest, Vec<TraceType>)> = args.required()?;
    if calls.len() > MAX_CALLS {
        return Err(RpcError::limit(format!("too many calls (max {MAX_CALLS})")));
    }
    let at = block_or_latest(args)?;
    let mut sequence = CallSequence::new(simulate_at(api, at, Overrides::default())?)?;
    api.trace_in_time(time(api), |abort| {
        calls.into_iter().map(|(request, types)| Ok(sequence.trace_parity(&request, types.into_iter().collect(), abort)?)).collect()
    })
}

fn raw_transaction(api: &Api, args: &mut Args) -> Result<TraceResults, RpcError> {
    let (raw, types): (Bytes, _) = (args.required()?, types(args)?);
    let at = args.optional()?.unwrap_or(BlockNumberOrTag::Pending.into());
    let tx = RecoveredTx::decode(&raw)?;
    let simulation = simulate_at(api, at, Overrides::default())?;
    api.trace_in_time(time(api), |abort| Ok(simulation.trace_signed((&tx.tx, tx.sender), tx.encoded.clone(), types, abort)?))
}

fn replay_block(api: &Api, args: &mut Args) -> Result<Option<Vec<TraceResultsWithTransactionHash>>, RpcError> {
    let (target, types): (Target, _) = (api.by_id(args.required()?)?, types(args)?);
    let Some(stored) = block_of(api, target)? else { return Ok(None) };
    if is_genesis(api, &stored) {
        return Ok(Some(Vec::new()));
    }
    replay(api, &stored, time(api), |block| Ok(Some(block.replay_transactions(types)?)))
}

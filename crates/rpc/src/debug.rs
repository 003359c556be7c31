//! The `debug` namespace: traces, and blocks, transactions and receipts as bytes.

use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::RpcError,
    eth_block::{by_hash, by_number},
    eth_state::{block_or_latest, simulate_at},
    eth_transaction::raw_transaction,
    resolve::{OpenContents, Target},
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Encodable;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult};
use jsonrpsee::server::RegisterMethodError;
use std::sync::Arc;
use tributary_execution::{BlockReplay, Overrides};
use tributary_primitives::Receipt;
use tributary_storage::StoredBlock;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_traceTransaction", |api, args| {
        let (hash, options) = (args.required()?, args.optional()?.unwrap_or_default());
        trace_transaction(api, hash, &options)
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
    heavy(module, "debug_getRawHeader", |api, args| Ok(encoded(&stored(api, args)?.block.header)))?;
    heavy(module, "debug_getRawBlock", |api, args| Ok(encoded(&stored(api, args)?.block)))?;
    heavy(module, "debug_getRawTransaction", |api, args| Ok(raw_transaction(api, args.required()?)?.unwrap_or_default()))?;
    heavy(module, "debug_getRawReceipts", |api, args| {
        let hash = stored(api, args)?.hash;
        let receipts = api.chain.store.receipts(hash)?.unwrap_or_default();
        Ok(receipts.iter().map(|receipt| Receipt::encoded_2718(receipt).into()).collect::<Vec<Bytes>>())
    })
}

fn encoded(value: &impl Encodable) -> Bytes {
    alloy_rlp::encode(value).into()
}

/// The sealed block that the next parameter names.
fn stored(api: &Api, args: &mut Args) -> Result<StoredBlock, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    let found = match api.by_id(id)? {
        Target::Sealed(id) => api.chain.store.block(id)?,
        Target::Open(_) => None,
    };
    found.ok_or_else(|| match id {
        BlockId::Hash(hash) => RpcError::server(format!("block {} not found", hash.block_hash)),
        BlockId::Number(tag) => RpcError::server(format!("block #{tag} not found")),
    })
}

/// Executes a block again on its parent's post-state.
fn replay<T>(api: &Api, stored: &StoredBlock, trace: impl FnOnce(BlockReplay<'_>) -> Result<T, RpcError>) -> Result<T, RpcError> {
    let number = stored.block.header.number;
    let parent = number.checked_sub(1).filter(|_| number > api.chain.store.genesis().number);
    let parent = parent.ok_or_else(|| RpcError::server("genesis is not traceable"))?;
    let state = Arc::new(api.chain.store.at(parent)?);
    trace(BlockReplay { spec: api.chain.spec.clone(), state, block: &stored.block, hash: stored.hash, senders: &stored.senders })
}

fn trace_transaction(api: &Api, hash: B256, options: &GethDebugTracingOptions) -> Result<GethTrace, RpcError> {
    let open = api.chain.pending.borrow().clone();
    if let Some((number, index)) = api.chain.store.transaction_position(hash)? {
        let stored = api.chain.store.block(number)?.ok_or_else(RpcError::header_not_found)?;
        return replay(api, &stored, |block| Ok(block.trace_transaction(index as usize, options)?));
    }
    let Some((open, (index, _))) = open.and_then(|open| open.transaction(hash).map(|found| (open, found))) else {
        return Err(RpcError::server("transaction not found"));
    };
    let (block, _) = open.contents(&api.chain.spec);
    replay(api, &block, |block| Ok(block.trace_transaction(index, options)?))
}

fn trace_block(api: &Api, target: Target, options: &GethDebugTracingOptions) -> Result<Vec<TraceResult>, RpcError> {
    let stored = match target {
        Target::Open(open) => open.contents(&api.chain.spec).0,
        Target::Sealed(id) => {
            let missing = || RpcError::server(format!("block {id} not found"));
            api.chain.store.block(id)?.ok_or_else(missing)?
        }
    };
    replay(api, &stored, |block| Ok(block.trace_block(options)?))
}

fn trace_call(api: &Api, args: &mut Args) -> Result<GethTrace, RpcError> {
    let request = args.required()?;
    let at = block_or_latest(args)?;
    let options: GethDebugTracingCallOptions = args.optional()?.unwrap_or_default();
    if options.tx_index.is_some() {
        return Err(RpcError::params("txIndex is not supported"));
    }
    let overrides = Overrides { state: options.state_overrides, block: options.block_overrides };
    Ok(simulate_at(api, at, overrides)?.trace_call(&request, &options.tracing_options)?)
}

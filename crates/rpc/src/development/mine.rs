//! Development nodes only: blocks on demand that are answered with, whole and with what their transactions returned (anvil).

use super::time::{MineOptions, order_all};
use crate::{
    api::{Api, Module},
    args::Args,
    debug::replay::replay,
    error::RpcError,
    json::BlockJson,
};
use alloy_primitives::Bytes;
use alloy_rpc_types_trace::geth::{CallConfig, GethDebugTracingOptions, GethTrace, TraceResult};
use alloy_sol_types::decode_revert_reason;
use jsonrpsee::server::RegisterMethodError;
use serde_json::{Value, json};

/// Most blocks in one answer.
const MAX_BLOCKS: u64 = 256;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["evm_mine_detailed", "anvil_mine_detailed"] {
        module.register_async_method(name, |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let options: MineOptions = args.optional()?.unwrap_or_default();
            args.end()?;
            let blocks = options.blocks();
            if blocks > MAX_BLOCKS {
                return Err(RpcError::params(format!("at most {MAX_BLOCKS} blocks can be mined in detail at once")));
            }
            let newest = order_all(&api, options.commands()).await?;
            let job = {
                let api = api.clone();
                move || (newest.saturating_sub(blocks) + 1..=newest).map(|number| detailed(&api, number)).collect::<Result<Vec<_>, _>>()
            };
            api.workers.run(job).await
        })?;
    }
    Ok(())
}

/// A block with whole transactions, each with its output, and with the reason where it reverted with one.
fn detailed(api: &Api, number: u64) -> Result<Value, RpcError> {
    let stored = api.chain.store.block(number)?.ok_or_else(RpcError::header_not_found)?;
    let receipts = api.chain.store.receipts(stored.hash)?.unwrap_or_default();
    let options = GethDebugTracingOptions::call_tracer(CallConfig::default().only_top_call());
    let traces = replay(api, &stored, api.chain.limits.trace_time, |block| Ok(block.trace_block(&options)?))?;
    let mut json = json!(BlockJson::new(&stored.block, Some(stored.hash), &stored.senders, true, &receipts));
    let transactions = json["transactions"].as_array_mut().into_iter().flatten();
    for ((transaction, trace), receipt) in transactions.zip(traces).zip(&receipts) {
        let TraceResult::Success { result: GethTrace::CallTracer(call), .. } = trace else { continue };
        let output: Bytes = call.output.unwrap_or_default();
        if !receipt.outcome.coerce_status()
            && let Some(reason) = decode_revert_reason(&output)
        {
            transaction["revertReason"] = json!(reason.strip_prefix("revert: ").unwrap_or(&reason));
        }
        transaction["output"] = json!(output);
    }
    Ok(json)
}

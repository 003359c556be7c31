//! The `optimism` namespace of op-node: how far the rollup is settled, its configuration, and the output roots that are proposed to L1.

use crate::{
    RollupView,
    api::{Api, Module, heavy, light},
    error::RpcError,
    resolve::Target,
};
use alloy_eips::{BlockNumHash, BlockNumberOrTag};
use alloy_primitives::B256;
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use tributary_primitives::{L1BlockRef, L2BlockRef, rollup::output_root};
use tributary_rollup::l2_block_ref;

pub(crate) fn register(module: &mut Module, rollup: RollupView) -> Result<(), RegisterMethodError> {
    let config = rollup.config.clone();
    light(module, "optimism_rollupConfig", move |_, _| Ok(config.as_ref().clone()))?;
    light(module, "optimism_version", |_, _| Ok(concat!("v", env!("CARGO_PKG_VERSION"))))?;
    light(module, "optimism_syncStatus", |api, _| sync_status(api))?;
    heavy(module, "optimism_outputAtBlock", |api, args| output_at(api, args.required()?))
}

/// op-node's `eth.SyncStatus`.
#[derive(Debug, Clone, Serialize)]
struct SyncStatus {
    current_l1: L1BlockRef,
    current_l1_finalized: L1BlockRef,
    head_l1: L1BlockRef,
    safe_l1: L1BlockRef,
    finalized_l1: L1BlockRef,
    unsafe_l2: L2BlockRef,
    safe_l2: L2BlockRef,
    finalized_l2: L2BlockRef,
    pending_safe_l2: L2BlockRef,
    cross_unsafe_l2: L2BlockRef,
    local_safe_l2: L2BlockRef,
}

/// op-node's `eth.OutputResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputResponse {
    version: B256,
    output_root: B256,
    block_ref: L2BlockRef,
    withdrawal_storage_root: B256,
    state_root: B256,
    sync_status: SyncStatus,
}

fn rollup(api: &Api) -> Result<&RollupView, RpcError> {
    api.chain.rollup.as_ref().ok_or_else(|| RpcError::server("this chain is not a rollup"))
}

fn sync_status(api: &Api) -> Result<SyncStatus, RpcError> {
    let view = rollup(api)?;
    let l1 = *view.l1.borrow();
    let heads = api.chain.store.heads()?;
    let block = |id: BlockNumHash| reference(api, view, id.hash);
    let (unsafe_l2, safe_l2, finalized_l2) = (block(heads.unsafe_head)?, block(heads.safe_head)?, block(heads.finalized_head)?);
    Ok(SyncStatus {
        current_l1: l1.current,
        current_l1_finalized: l1.finalized,
        head_l1: l1.head,
        safe_l1: l1.safe,
        finalized_l1: l1.finalized,
        unsafe_l2,
        safe_l2,
        finalized_l2,
        pending_safe_l2: safe_l2,
        cross_unsafe_l2: unsafe_l2,
        local_safe_l2: safe_l2,
    })
}

fn reference(api: &Api, view: &RollupView, hash: B256) -> Result<L2BlockRef, RpcError> {
    let stored = api.chain.store.block(hash)?.ok_or_else(RpcError::header_not_found)?;
    l2_block_ref(&view.config, &stored.block, hash).map_err(|error| RpcError::internal(&error))
}

fn output_at(api: &Api, tag: BlockNumberOrTag) -> Result<OutputResponse, RpcError> {
    let view = rollup(api)?;
    let stored = match api.by_tag(tag)? {
        Target::Sealed(id) => api.chain.store.block(id)?,
        Target::Open(_) => None,
    };
    let stored = stored.ok_or_else(|| RpcError::server("failed to get L2 block ref with sync status: not found"))?;
    let header = &stored.block.header;
    let passer = header.withdrawals_root.ok_or_else(|| RpcError::server("the block has no withdrawals root"))?;
    Ok(OutputResponse {
        version: B256::ZERO,
        output_root: output_root(header.state_root, passer, stored.hash),
        block_ref: l2_block_ref(&view.config, &stored.block, stored.hash).map_err(|error| RpcError::internal(&error))?,
        withdrawal_storage_root: passer,
        state_root: header.state_root,
        sync_status: sync_status(api)?,
    })
}

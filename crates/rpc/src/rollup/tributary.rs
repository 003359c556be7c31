//! The `tributary` namespace: what this node alone can tell of its blocks.

use crate::{
    api::{Api, Module, light},
    error::RpcError,
};
use alloy_primitives::{B256, U64};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use tributary_chain::DerivedFrom;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "tributary_batchOf", |api, args| batch_of(api, args.required::<U64>()?.to()))?;
    light(module, "tributary_verifierBlock", |api, args| verifier_block(api, args.required::<U64>()?.to()))
}

/// The L1 transaction that completed a block's batch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    l1_transaction_hash: B256,
    l1_block_number: U64,
    l1_block_hash: B256,
}

/// A block as the verifier derived it from L1.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifierBlock {
    number: U64,
    hash: B256,
    l1_block_number: U64,
    l1_block_hash: B256,
}

fn derived(api: &Api, number: u64) -> Result<DerivedFrom, RpcError> {
    let rollup = api.chain.rollup.as_ref().ok_or_else(|| RpcError::server("this chain is not a rollup"))?;
    rollup.derivation.of(number).ok_or_else(|| RpcError::server(format!("block {number} was not derived since this node started")))
}

fn batch_of(api: &Api, number: u64) -> Result<Batch, RpcError> {
    let from = derived(api, number)?;
    let l1_transaction_hash = from.batch.ok_or_else(|| RpcError::server(format!("block {number} was forced by L1 without a batch")))?;
    Ok(Batch { l1_transaction_hash, l1_block_number: U64::from(from.l1.number), l1_block_hash: from.l1.hash })
}

fn verifier_block(api: &Api, number: u64) -> Result<VerifierBlock, RpcError> {
    let DerivedFrom { hash, l1, .. } = derived(api, number)?;
    Ok(VerifierBlock { number: U64::from(number), hash, l1_block_number: U64::from(l1.number), l1_block_hash: l1.hash })
}

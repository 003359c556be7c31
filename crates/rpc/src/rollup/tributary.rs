//! The `tributary` namespace: what this node alone can tell of its blocks.

use crate::{
    RollupView,
    api::{Api, Module, light},
    error::RpcError,
};
use alloy_primitives::{Address, B256, U64};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::BTreeMap;
use tributary_chain::{DerivedFrom, LostTransaction};
use tributary_contracts::predeploys;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "tributary_networkInfo", |api, _| network_info(api))?;
    light(module, "tributary_batchOf", |api, args| batch_of(api, args.required::<U64>()?.to()))?;
    light(module, "tributary_lost", |api, args| lost(api, args.optional::<U64>()?))?;
    light(module, "tributary_verifierBlock", |api, args| verifier_block(api, args.required::<U64>()?.to()))
}

/// What a program must know to use this rollup and its L1.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkInfo {
    chain_id: U64,
    l1_chain_id: U64,
    l1_url: String,
    contracts: Contracts,
}

/// Contracts by name.
#[derive(Debug, Clone, Serialize)]
struct Contracts {
    l1: BTreeMap<&'static str, Address>,
    l2: BTreeMap<&'static str, Address>,
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

fn rollup(api: &Api) -> Result<&RollupView, RpcError> {
    api.chain.rollup.as_ref().ok_or_else(|| RpcError::server("this chain is not a rollup"))
}

/// Most that `tributary_lost` tells.
const MOST_LOST: u64 = 1_000;

/// Transactions that were acknowledged and lost, the newest first.
fn lost(api: &Api, most: Option<U64>) -> Result<Vec<LostTransaction>, RpcError> {
    let lost = rollup(api)?.lost.as_ref().ok_or_else(|| RpcError::server("this node acknowledges no transactions"))?;
    Ok(lost.newest(most.map_or(MOST_LOST, |most| most.to::<u64>().min(MOST_LOST)) as usize))
}

fn network_info(api: &Api) -> Result<NetworkInfo, RpcError> {
    let RollupView { config, network, .. } = rollup(api)?;
    Ok(NetworkInfo {
        chain_id: U64::from(config.l2_chain_id),
        l1_chain_id: U64::from(config.l1_chain_id),
        l1_url: network.l1_url.clone(),
        contracts: Contracts { l1: network.l1_contracts.named().into(), l2: predeploys::ALL.into() },
    })
}

fn derived(api: &Api, number: u64) -> Result<DerivedFrom, RpcError> {
    rollup(api)?.derivation.of(number).ok_or_else(|| RpcError::server(format!("block {number} was not derived since this node started")))
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

//! Development nodes only: what the node says about itself, as anvil and Hardhat do.

use crate::{
    api::{Api, Module, light},
    error::RpcError,
    eth::fee::{next_base_fee, suggested_tip},
    net_web3::client_version,
};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{B256, U64, U128};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "anvil_nodeInfo", |api, _| NodeInfo::new(api))?;
    for name in ["anvil_metadata", "hardhat_metadata"] {
        light(module, name, |api, _| Metadata::new(api))?;
    }
    Ok(())
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeInfo {
    current_block_number: U64,
    current_block_timestamp: u64,
    current_block_hash: B256,
    hard_fork: &'static str,
    transaction_order: &'static str,
    environment: Environment,
    fork_config: Fork,
}

/// Of the next block.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    base_fee: U64,
    chain_id: u64,
    gas_limit: U64,
    gas_price: U128,
}

/// No chain is forked.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fork {
    fork_url: (),
    fork_block_number: (),
    fork_retry_backoff: (),
}

impl NodeInfo {
    fn new(api: &Api) -> Result<Self, RpcError> {
        let head = api.chain.store.header(api.head()?)?.ok_or_else(RpcError::header_not_found)?;
        let base_fee = next_base_fee(api)?.unwrap_or_default();
        Ok(Self {
            current_block_number: U64::from(head.number),
            current_block_timestamp: head.timestamp,
            current_block_hash: head.hash(),
            hard_fork: hard_fork(api, head.number, head.timestamp),
            // By arrival.
            transaction_order: "fifo",
            environment: Environment {
                base_fee: U64::from(base_fee),
                chain_id: api.chain.spec.chain_id,
                gas_limit: U64::from(head.gas_limit),
                gas_price: U128::from(u128::from(base_fee) + suggested_tip(api)?),
            },
            fork_config: Fork::default(),
        })
    }
}

/// The newest fork's name; a rollup has all up to one from its first block on.
fn hard_fork(api: &Api, number: u64, timestamp: u64) -> &'static str {
    let spec = &api.chain.spec;
    if spec.is_rollup() {
        return if spec.is_jovian() { "Jovian" } else { "Isthmus" };
    }
    let newest = EthereumHardfork::VARIANTS.iter().rev().find(|fork| spec.is_active(**fork, number, timestamp));
    newest.map_or("Frontier", |fork| fork.name())
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    client_version: String,
    client_semver: &'static str,
    chain_id: u64,
    /// The chain's own name: it stays when the node restarts on a kept directory.
    instance_id: B256,
    latest_block_number: u64,
    latest_block_hash: B256,
    /// Always null.
    forked_network: (),
    /// By id, what was the newest block; of those that were taken through this server.
    snapshots: BTreeMap<U64, (u64, B256)>,
}

impl Metadata {
    fn new(api: &Api) -> Result<Self, RpcError> {
        let head = api.chain.store.heads()?.unsafe_head;
        let mut snapshots = BTreeMap::new();
        for (id, block) in api.chain.development.iter().flat_map(|extras| extras.snapshots()) {
            // Where not, the chain was set back further through another server.
            if api.chain.store.is_canonical(block)? {
                snapshots.insert(U64::from(id), (block.number, block.hash));
            }
        }
        Ok(Self {
            client_version: client_version(true),
            client_semver: env!("CARGO_PKG_VERSION"),
            chain_id: api.chain.spec.chain_id,
            instance_id: api.chain.store.genesis().hash(),
            latest_block_number: head.number,
            latest_block_hash: head.hash,
            forked_network: (),
            snapshots,
        })
    }
}

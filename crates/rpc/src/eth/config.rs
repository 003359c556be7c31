//! What a node says about itself: `eth_config` (EIP-7910), the rules in force and to come, and `eth_capabilities` (execution-apis), how far back it
//! answers.

use crate::{
    api::{Api, Module, light},
    error::RpcError,
};
use alloy_consensus::Header;
use alloy_eips::{eip2935, eip4788, eip7002, eip7251, eip7840::BlobParams};
use alloy_hardforks::{EthereumHardfork as Fork, EthereumHardforks, ForkCondition, ForkHash};
use alloy_primitives::{Address, B256, FixedBytes, U64, address};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tributary_primitives::ChainSpec;

/// EIP-7951, and RIP-7212 on a rollup.
const P256: Address = address!("0000000000000000000000000000000000000100");

/// The names of precompiles in EIP-7910, from address 1 on.
const PRECOMPILES: [&str; 17] = [
    "ECREC",
    "SHA256",
    "RIPEMD160",
    "ID",
    "MODEXP",
    "BN254_ADD",
    "BN254_MUL",
    "BN254_PAIRING",
    "BLAKE2F",
    "KZG_POINT_EVALUATION",
    "BLS12_G1ADD",
    "BLS12_G1MSM",
    "BLS12_G2ADD",
    "BLS12_G2MSM",
    "BLS12_PAIRING_CHECK",
    "BLS12_MAP_FP_TO_G1",
    "BLS12_MAP_FP2_TO_G2",
];

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "eth_config", |api, _| {
        let head = api.chain.store.header(api.head()?)?.ok_or_else(RpcError::header_not_found)?;
        Ok(Configs::new(&api.chain.spec, api.chain.store.genesis().hash(), &head))
    })?;
    light(module, "eth_capabilities", |api, _| Capabilities::new(api))
}

#[derive(Debug, Clone, Serialize)]
struct Configs {
    current: Config,
    next: Option<Config>,
    last: Option<Config>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    activation_time: u64,
    blob_schedule: Option<BlobSchedule>,
    chain_id: U64,
    fork_id: FixedBytes<4>,
    precompiles: BTreeMap<&'static str, Address>,
    system_contracts: BTreeMap<&'static str, Address>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobSchedule {
    target: u64,
    max: u64,
    base_fee_update_fraction: u128,
}

impl Configs {
    fn new(spec: &ChainSpec, genesis: B256, head: &Header) -> Self {
        let times = fork_times(spec);
        let at = |time: u64| Config::new(spec, genesis, head.number, time);
        let current = times.iter().rev().find(|time| **time <= head.timestamp).copied().unwrap_or_default();
        let next = times.iter().find(|time| **time > head.timestamp).copied();
        Self { current: at(current), next: next.map(at), last: next.and(times.last().copied()).map(at) }
    }
}

impl Config {
    fn new(spec: &ChainSpec, genesis: B256, number: u64, time: u64) -> Self {
        let active = |fork| spec.is_active(fork, number, time);
        let newest = match () {
            () if active(Fork::Prague) => PRECOMPILES.len(),
            () if active(Fork::Cancun) => 10,
            () if active(Fork::Istanbul) => 9,
            () if active(Fork::Byzantium) => 8,
            () => 4,
        };
        let mut precompiles: BTreeMap<_, _> =
            PRECOMPILES.into_iter().zip(1..).take(newest).map(|(name, last)| (name, Address::with_last_byte(last))).collect();
        if active(Fork::Osaka) || spec.is_rollup() {
            precompiles.insert("P256VERIFY", P256);
        }
        let mut contracts = BTreeMap::new();
        if active(Fork::Cancun) {
            contracts.insert("BEACON_ROOTS_ADDRESS", eip4788::BEACON_ROOTS_ADDRESS);
        }
        if active(Fork::Prague) {
            contracts.insert("HISTORY_STORAGE_ADDRESS", eip2935::HISTORY_STORAGE_ADDRESS);
        }
        // A rollup has no requests to the consensus layer (EIP-7685).
        if active(Fork::Prague) && !spec.is_rollup() {
            contracts.insert("CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS);
            contracts.insert("WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS);
            contracts.insert("DEPOSIT_CONTRACT_ADDRESS", spec.beacon_deposit_contract().unwrap_or_default());
        }
        Self {
            activation_time: time,
            blob_schedule: spec.blob_params(time).map(BlobSchedule::from),
            chain_id: U64::from(spec.chain_id),
            fork_id: fork_hash(spec, genesis, number, time).0.into(),
            precompiles,
            system_contracts: contracts,
        }
    }
}

impl From<BlobParams> for BlobSchedule {
    fn from(params: BlobParams) -> Self {
        Self { target: params.target_blob_count, max: params.max_blob_count, base_fee_update_fraction: params.update_fraction }
    }
}

/// When the forks that are set by time become active.
fn fork_times(spec: &ChainSpec) -> BTreeSet<u64> {
    let time = |fork: &Fork| match spec.ethereum_fork_activation(*fork) {
        ForkCondition::Timestamp(at) => Some(at),
        _ => None,
    };
    Fork::VARIANTS.iter().filter_map(time).collect()
}

/// EIP-2124 and EIP-6122: the checksum of the genesis and of every fork up to the block with this number and time.
fn fork_hash(spec: &ChainSpec, genesis: B256, number: u64, time: u64) -> ForkHash {
    let block = |fork: &Fork| match spec.ethereum_fork_activation(*fork) {
        ForkCondition::Block(at) => Some(at),
        ForkCondition::TTD { fork_block, .. } => fork_block,
        _ => None,
    };
    let blocks: BTreeSet<u64> = Fork::VARIANTS.iter().filter_map(block).filter(|at| (1..=number).contains(at)).collect();
    // What is active since the genesis is no fork.
    let times = fork_times(spec).into_iter().filter(|at| *at > spec.genesis.timestamp && *at <= time);
    blocks.into_iter().chain(times).fold(ForkHash::from(genesis), |hash, fork| hash + fork)
}

/// How far back methods of each kind answer.
#[derive(Debug, Clone, Serialize)]
struct Capabilities {
    head: Head,
    state: Range,
    tx: Range,
    logs: Range,
    receipts: Range,
    blocks: Range,
    stateproofs: Range,
}

#[derive(Debug, Clone, Serialize)]
struct Head {
    number: U64,
    hash: B256,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    disabled: bool,
    oldest_block: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_strategy: Option<Window>,
}

/// The oldest block moves on with the head.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    #[serde(rename = "type")]
    kind: &'static str,
    retention_blocks: U64,
}

impl Capabilities {
    fn new(api: &Api) -> Result<Self, RpcError> {
        let store = &api.chain.store;
        let head = store.heads()?.unsafe_head;
        let all = Range { disabled: false, oldest_block: U64::from(store.genesis().number), delete_strategy: None };
        let window = store.trie_history();
        let proofs = Range {
            oldest_block: U64::from(head.number.saturating_sub(window).max(store.genesis().number)),
            delete_strategy: Some(Window { kind: "window", retention_blocks: U64::from(window) }),
            ..all.clone()
        };
        Ok(Self {
            head: Head { number: U64::from(head.number), hash: head.hash },
            state: all.clone(),
            tx: all.clone(),
            logs: all.clone(),
            receipts: all.clone(),
            blocks: all,
            stateproofs: proofs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::{U256, b256, fixed_bytes};

    /// Mainnet's forks, with the checksums that EIP-2124 and EIP-6122 list.
    #[test]
    fn the_fork_hash_is_that_of_the_eip() {
        let config = ChainConfig {
            homestead_block: Some(1_150_000),
            dao_fork_block: Some(1_920_000),
            dao_fork_support: true,
            eip150_block: Some(2_463_000),
            eip155_block: Some(2_675_000),
            byzantium_block: Some(4_370_000),
            constantinople_block: Some(7_280_000),
            petersburg_block: Some(7_280_000),
            ..Default::default()
        };
        let spec = ChainSpec::ethereum(Genesis { config, ..Default::default() });
        let genesis = b256!("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
        for (number, hash) in [
            (0, fixed_bytes!("fc64ec04")),
            (1_149_999, fixed_bytes!("fc64ec04")),
            (1_150_000, fixed_bytes!("97c2c34c")),
            (1_920_000, fixed_bytes!("91d1f948")),
            (7_280_000, fixed_bytes!("668db0af")),
        ] {
            assert_eq!(FixedBytes::from(fork_hash(&spec, genesis, number, 0).0), hash, "{number}");
        }
    }

    #[test]
    fn the_forks_to_come_are_told_and_none_is_last_without_them() {
        let config = ChainConfig {
            terminal_total_difficulty: Some(U256::ZERO),
            shanghai_time: Some(10),
            cancun_time: Some(20),
            prague_time: Some(30),
            ..Default::default()
        };
        let spec = ChainSpec::ethereum(Genesis { config, ..Default::default() });
        let configs = |timestamp| Configs::new(&spec, B256::ZERO, &Header { timestamp, ..Default::default() });
        let early = configs(15);
        assert_eq!(early.current.activation_time, 10);
        assert!(early.current.blob_schedule.is_none() && early.current.system_contracts.is_empty());
        assert_eq!((early.next.unwrap().activation_time, early.last.unwrap().activation_time), (20, 30));
        let late = configs(30);
        assert!(late.next.is_none() && late.last.is_none());
        assert_eq!((late.current.precompiles.len(), late.current.system_contracts.len()), (17, 5));
    }
}

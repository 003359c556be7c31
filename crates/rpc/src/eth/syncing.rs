//! `eth_syncing`: how far a node is that is behind.
//!
//! A rollup is behind while its newest block is older than the newest L1 block that the node has seen: it then catches up on blocks that it did not
//! build while it was stopped, or that others built. A chain that knows of nothing outside itself is never behind.

use crate::{
    api::{Api, Module, light},
    error::RpcError,
};
use alloy_primitives::U64;
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;

/// How much older than L1's newest block the newest block may be, seconds: L1 and the rollup do not tick together.
const SLACK: u64 = 30;

/// How far a node is that is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The newest block that is derived from L1 or was there when the node began: what is above was caught up on.
    starting: u64,
    current: u64,
    highest: u64,
}

/// geth's answer to `eth_syncing`, with what a rollup's node does not do at zero.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncingJson {
    starting_block: U64,
    current_block: U64,
    highest_block: U64,
    synced_accounts: U64,
    synced_account_bytes: U64,
    synced_bytecodes: U64,
    synced_bytecode_bytes: U64,
    synced_storage: U64,
    synced_storage_bytes: U64,
    healed_trienodes: U64,
    healed_trienode_bytes: U64,
    healed_bytecodes: U64,
    healed_bytecode_bytes: U64,
    healing_trienodes: U64,
    healing_bytecode: U64,
    tx_index_finished_blocks: U64,
    tx_index_remaining_blocks: U64,
    state_index_remaining: U64,
    trienode_index_remaining: U64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Answer {
    Behind(Box<SyncingJson>),
    No(bool),
}

/// What geth sends to subscribers of `syncing`: its `SyncProgress` as Go writes it, numbers and all.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Notification {
    syncing: bool,
    status: Status,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    starting_block: u64,
    current_block: u64,
    highest_block: u64,
}

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "eth_syncing", |api, _| {
        Ok(match Progress::of(api)? {
            Some(progress) => Answer::Behind(Box::new(progress.json())),
            None => Answer::No(false),
        })
    })
}

impl Progress {
    /// `None` when the node is not behind.
    pub(crate) fn of(api: &Api) -> Result<Option<Self>, RpcError> {
        let Some(rollup) = &api.chain.rollup else { return Ok(None) };
        let l1_time = rollup.l1.borrow().head.timestamp;
        let heads = api.chain.store.heads()?;
        let head = api.chain.store.header(heads.unsafe_head.number)?.ok_or_else(RpcError::header_not_found)?;
        let missing = missing(head.timestamp, l1_time, rollup.config.block_time);
        let current = head.number;
        Ok((missing > 0).then_some(Self { starting: heads.safe_head.number.min(current), current, highest: current + missing }))
    }

    fn json(&self) -> SyncingJson {
        SyncingJson {
            starting_block: U64::from(self.starting),
            current_block: U64::from(self.current),
            highest_block: U64::from(self.highest),
            tx_index_finished_blocks: U64::from(self.current),
            ..Default::default()
        }
    }

    /// As subscribers are told.
    pub(crate) fn notification(&self) -> Notification {
        let status = Status { starting_block: self.starting, current_block: self.current, highest_block: self.highest };
        Notification { syncing: true, status }
    }
}

/// How many blocks a chain with a block every `block_time` seconds lacks to be as new as L1.
fn missing(newest: u64, l1: u64, block_time: u64) -> u64 {
    let age = l1.saturating_sub(newest);
    if age <= SLACK { 0 } else { age / block_time.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_value};

    #[test]
    fn a_chain_as_new_as_l1_is_not_behind() {
        assert_eq!((missing(1000, 1000, 1), missing(1000, 900, 1), missing(1000, 1000 + SLACK, 1)), (0, 0, 0));
        assert_eq!((missing(1000, 1100, 1), missing(1000, 1100, 2)), (100, 50));
    }

    #[test]
    fn progress_is_told_in_geths_forms() {
        let progress = Progress { starting: 3, current: 5, highest: 16 };
        let answer = to_value(progress.json()).unwrap();
        assert_eq!(
            (&answer["startingBlock"], &answer["currentBlock"], &answer["highestBlock"]),
            (&json!("0x3"), &json!("0x5"), &json!("0x10"))
        );
        assert_eq!((&answer["healingBytecode"], &answer["txIndexRemainingBlocks"]), (&json!("0x0"), &json!("0x0")));
        let told = to_value(progress.notification()).unwrap();
        assert_eq!(told, json!({ "syncing": true, "status": { "StartingBlock": 3, "CurrentBlock": 5, "HighestBlock": 16 } }));
    }
}

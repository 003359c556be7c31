//! `debug_storageRangeAt`: the slots of a contract in the middle of a block, in the order of the trie, page by page.

use super::replay::{check_index, not_found, replay};
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::RpcError,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most slots in one answer.
const MAX_RESULTS: u64 = 1024;
/// Most slots of a contract whose storage is listed: each request goes over all of them, because slots are not kept in the order of their hashes.
const MAX_SLOTS: usize = 100_000;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_storageRangeAt", storage_range)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RangeJson {
    /// By the hash of the slot.
    storage: BTreeMap<B256, SlotJson>,
    /// Where the next page begins.
    next_key: Option<B256>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct SlotJson {
    key: B256,
    value: B256,
}

/// (block hash, transactions of it that have run, contract, hash to begin at, most slots).
fn storage_range(api: &Api, args: &mut Args) -> Result<RangeJson, RpcError> {
    let (hash, count, address): (B256, usize, Address) = (args.required()?, args.required()?, args.required()?);
    let (start, most): (Bytes, u64) = (args.required()?, args.required()?);
    if start.len() > 32 {
        return Err(RpcError::params("start key too long (want at most 32 bytes)"));
    }
    let start = B256::right_padding_from(&start);
    let stored = api.chain.store.block(hash)?.ok_or_else(|| not_found(hash.into()))?;
    check_index(&stored, count)?;
    let changes = replay(api, &stored, api.chain.limits.trace_time, |block| Ok(block.changes_after(count)?))?.accounts.remove(&address);
    let mut slots: BTreeMap<U256, U256> = BTreeMap::new();
    if !changes.as_ref().is_some_and(|changes| changes.storage_cleared) {
        for slot in api.chain.store.at(stored.block.header.number - 1)?.slots(address) {
            let (slot, value) = slot?;
            slots.insert(slot, value);
            if slots.len() > MAX_SLOTS {
                return Err(RpcError::limit(format!("contract has more than {MAX_SLOTS} slots")));
            }
        }
    }
    slots.extend(changes.into_iter().flat_map(|changes| changes.storage).map(|(slot, (_, now))| (slot, now)));
    let filled = slots.into_iter().filter(|(_, value)| !value.is_zero());
    let mut hashed: BTreeMap<B256, SlotJson> =
        filled.map(|(slot, value)| (keccak256(B256::from(slot)), SlotJson { key: slot.into(), value: value.into() })).collect();
    let mut storage = hashed.split_off(&start);
    let next_key = storage.keys().nth(usize::try_from(most.min(MAX_RESULTS)).unwrap_or(usize::MAX)).copied();
    if let Some(next) = &next_key {
        storage.split_off(next);
    }
    Ok(RangeJson { storage, next_key })
}

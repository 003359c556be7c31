//! `debug_getModifiedAccountsBy*`: the accounts whose balance, nonce, code or storage is not the same after one block as after another.

use crate::{
    api::{Api, Module, heavy},
    args::Args,
    count::Count,
    error::RpcError,
};
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use jsonrpsee::server::RegisterMethodError;
use std::collections::{BTreeMap, BTreeSet};
use tributary_execution::Abort;
use tributary_primitives::StateReader;

/// Most accounts and slots that the blocks of one request may have written, each counted once.
const MAX_KEYS: usize = 500_000;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_getModifiedAccountsByNumber", by_number)?;
    heavy(module, "debug_getModifiedAccountsByHash", by_hash)
}

fn by_number(api: &Api, args: &mut Args) -> Result<Vec<Address>, RpcError> {
    let (start, end) = (args.required::<Count>()?.get(), args.optional::<Count>()?.map(Count::get));
    let exists = |number: u64| Ok::<_, RpcError>(api.chain.store.header(number)?.is_some());
    if !exists(start)? {
        return Err(RpcError::server(format!("start block {start:x} not found")));
    }
    if let Some(end) = end
        && !exists(end)?
    {
        return Err(RpcError::server(format!("end block {end} not found")));
    }
    modified(api, start, end)
}

fn by_hash(api: &Api, args: &mut Args) -> Result<Vec<Address>, RpcError> {
    let (start, end): (B256, Option<B256>) = (args.required()?, args.optional()?);
    let number = |hash: B256, which| {
        let found = api.chain.store.number_of(hash)?;
        found.ok_or_else(|| RpcError::server(format!("{which} block {} not found", hex::encode(hash))))
    };
    let start = number(start, "start")?;
    modified(api, start, end.map(|end| number(end, "end")).transpose()?)
}

/// Between two blocks; with one only, in that block. In the order of the state trie, as in geth.
fn modified(api: &Api, start: u64, end: Option<u64>) -> Result<Vec<Address>, RpcError> {
    let (start, end) = match end {
        Some(end) => (start, end),
        None if start <= api.chain.store.genesis().number => return Err(RpcError::server(format!("block {start:x} has no parent"))),
        None => (start - 1, start),
    };
    if start >= end {
        return Err(RpcError::server(format!("start block height ({start}) must be less than end block height ({end})")));
    }
    let written = api.trace_in_time(api.chain.limits.trace_time, |abort| Written::between(api, start, end, abort))?;
    let (before, after) = (api.chain.store.at(start)?, api.chain.store.at(end)?);
    let mut found = BTreeMap::new();
    for address in written.accounts {
        if before.account(address)? != after.account(address)? {
            found.insert(keccak256(address), address);
        }
    }
    for (address, slots) in written.slots {
        let hash = keccak256(address);
        if found.contains_key(&hash) {
            continue;
        }
        for slot in slots {
            if before.storage(address, slot)? != after.storage(address, slot)? {
                found.insert(hash, address);
                break;
            }
        }
    }
    Ok(found.into_values().collect())
}

/// What the blocks after one and up to another wrote; they may have written back what was there before.
#[derive(Debug, Default)]
struct Written {
    accounts: BTreeSet<Address>,
    slots: BTreeMap<Address, BTreeSet<U256>>,
}

impl Written {
    fn between(api: &Api, start: u64, end: u64, abort: &Abort) -> Result<Self, RpcError> {
        let mut all = Self::default();
        let mut slots = 0;
        for number in start + 1..=end {
            if abort.is_set() {
                return Err(RpcError::execution_timeout());
            }
            let block = api.chain.store.written_in(number)?;
            all.accounts.extend(block.accounts);
            for (address, written) in block.slots {
                let known = all.slots.entry(address).or_default();
                let before = known.len();
                known.extend(written);
                slots += known.len() - before;
            }
            if all.accounts.len() + slots > MAX_KEYS {
                let words = format!("blocks {start} to {end} wrote more than {MAX_KEYS} accounts and slots: ask for fewer blocks");
                return Err(RpcError::limit(words));
            }
        }
        Ok(all)
    }
}

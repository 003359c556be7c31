//! `eth_` methods that read state or execute on it.
//!
//! `eth_estimateGas` and `eth_createAccessList` prepare a transaction that will run in the open block: without a block they take that.

use crate::{
    api::{Api, Module, brief, heavy, light},
    args::Args,
    error::RpcError,
    resolve::Target,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{AccessList, BlockOverrides, TransactionRequest, state::StateOverride};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::BTreeMap;
use tributary_execution::{AccessListOutcome, Ending, Estimate, Overrides, Simulation};
use tributary_primitives::StateReader;
use tributary_storage::Snapshot;
use tributary_trie::{AccountLeaf, prove_account};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "eth_accounts", |_, _| Ok(Vec::<Address>::new()))?;
    light(module, "eth_getBalance", |api, args| {
        let (address, at) = (args.required()?, block_or_latest(args)?);
        Ok(api.account_at(address, at)?.balance)
    })?;
    light(module, "eth_getTransactionCount", transaction_count)?;
    light(module, "eth_getCode", |api, args| Ok(account_info(api, args)?.code))?;
    light(module, "eth_getAccountInfo", account_info)?;
    heavy(module, "eth_getAccount", account)?;
    light(module, "eth_getStorageAt", |api, args| {
        let (address, key): (Address, String) = (args.required()?, args.required()?);
        let (slot, at) = (storage_key(&key)?, block_or_latest(args)?);
        Ok(B256::from(api.state_at(at)?.state.storage(address, slot)?))
    })?;
    heavy(module, "eth_getStorageValues", storage_values)?;
    brief(module, "eth_call", call)?;
    heavy(module, "eth_estimateGas", estimate_gas)?;
    heavy(module, "eth_createAccessList", create_access_list)?;
    heavy(module, "eth_getProof", proof)
}

/// The next parameter as a block, the newest when it is missing.
pub(crate) fn block_or_latest(args: &mut Args) -> Result<BlockId, RpcError> {
    Ok(args.optional()?.unwrap_or(BlockId::latest()))
}

/// Everything about an account but its storage.
#[derive(Debug, Clone, Serialize)]
struct AccountInfo {
    balance: U256,
    nonce: U64,
    code: Bytes,
}

fn account_info(api: &Api, args: &mut Args) -> Result<AccountInfo, RpcError> {
    let (address, at) = (args.required()?, block_or_latest(args)?);
    let state = api.state_at(at)?.state;
    let account = state.account(address)?.unwrap_or_default();
    let code = if account.has_code() { state.code(account.code_hash)? } else { Bytes::new() };
    Ok(AccountInfo { balance: account.balance, nonce: U64::from(account.nonce), code })
}

/// What the state trie holds of an account (reth).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TrieAccount {
    balance: U256,
    nonce: U64,
    code_hash: B256,
    storage_root: B256,
}

/// `None` for an account that is not there. Only sealed blocks have a trie: `pending` is answered for the newest one.
fn account(api: &Api, args: &mut Args) -> Result<Option<TrieAccount>, RpcError> {
    let (address, at) = (args.required()?, block_or_latest(args)?);
    let snapshot = sealed_state(api, at)?;
    let leaf = prove_account(&snapshot, snapshot.header().state_root, address, &[])?.account;
    Ok(leaf.map(|leaf| TrieAccount {
        balance: leaf.balance,
        nonce: U64::from(leaf.nonce),
        code_hash: leaf.code_hash,
        storage_root: leaf.storage_root,
    }))
}

/// The state after a sealed block; that of the newest one stands for the open block.
fn sealed_state(api: &Api, at: BlockId) -> Result<Snapshot, RpcError> {
    match api.by_id(at)? {
        Target::Sealed(id) => api.snapshot(id),
        Target::Open(_) => Ok(api.chain.store.latest()?),
    }
}

/// geth's code for a request that asks for too much.
const CLIENT_LIMIT: i32 = -38026;

/// A slot as geth reads it: up to 32 bytes in hexadecimal, with or without `0x` and leading zeros.
fn storage_key(key: &str) -> Result<U256, RpcError> {
    word("storage key", key)
}

/// Up to 32 bytes in hexadecimal. `name` is what the client knows them as.
pub(crate) fn word(name: &str, text: &str) -> Result<U256, RpcError> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    if digits.len() > 64 {
        return Err(RpcError::params(format!("{name} too long (want at most 32 bytes): {text:?}")));
    }
    if digits.is_empty() {
        return Ok(U256::ZERO);
    }
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| U256::from_str_radix(digits, 16).ok());
    hexadecimal.flatten().ok_or_else(|| RpcError::params(format!("invalid hex in {name}: {text:?}")))
}

/// Several slots of several accounts, as of one block.
fn storage_values(api: &Api, args: &mut Args) -> Result<BTreeMap<Address, Vec<B256>>, RpcError> {
    let wanted: BTreeMap<Address, Vec<String>> = args.required()?;
    let at = block_or_latest(args)?;
    let most = api.chain.limits.proof_slots;
    match wanted.values().map(Vec::len).sum::<usize>() {
        0 => return Err(RpcError::params("empty request")),
        count if count > most => return Err(RpcError { code: CLIENT_LIMIT, ..RpcError::server(format!("too many slots (max {most})")) }),
        _ => {}
    }
    let state = api.state_at(at)?.state;
    let read = |address, key: &String| Ok::<_, RpcError>(B256::from(state.storage(address, storage_key(key)?)?));
    let values = |(address, keys): (Address, Vec<String>)| {
        Ok((address, keys.iter().map(|key| read(address, key)).collect::<Result<_, RpcError>>()?))
    };
    wanted.into_iter().map(values).collect()
}

/// At `pending` the transactions that wait in the pool without a gap count, too.
fn transaction_count(api: &Api, args: &mut Args) -> Result<U64, RpcError> {
    let (address, at) = (args.required()?, block_or_latest(args)?);
    let nonce = if at.is_pending() { api.next_nonce(address)? } else { api.account_at(address, at)?.nonce };
    Ok(U64::from(nonce))
}

fn call(api: &Api, args: &mut Args) -> Result<Bytes, RpcError> {
    let (request, simulation) = simulation(api, args, BlockNumberOrTag::Latest)?;
    match api.in_time(|abort| Ok(simulation.call(&request, abort)?))?.ending {
        Ending::Returned(output) => Ok(output),
        Ending::Reverted(data) => Err(RpcError::reverted(&data)),
        Ending::Halted(words) | Ending::Refused(words) => Err(RpcError::server(words)),
    }
}

fn estimate_gas(api: &Api, args: &mut Args) -> Result<U64, RpcError> {
    let (request, simulation) = simulation(api, args, BlockNumberOrTag::Pending)?;
    match api.in_time(|abort| Ok(simulation.estimate_gas(&request, abort)?))? {
        Estimate::Gas(gas) => Ok(U64::from(gas)),
        Estimate::Reverted(data) => Err(RpcError::reverted(&data)),
        Estimate::Impossible(words) => Err(RpcError::server(words)),
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessListJson {
    access_list: AccessList,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    gas_used: U64,
}

fn create_access_list(api: &Api, args: &mut Args) -> Result<AccessListJson, RpcError> {
    let (request, simulation) = simulation(api, args, BlockNumberOrTag::Pending)?;
    match api.in_time(|abort| Ok(simulation.create_access_list(&request, abort)?))? {
        AccessListOutcome::Listed { access_list, gas_used, error } => {
            Ok(AccessListJson { access_list, error, gas_used: U64::from(gas_used) })
        }
        AccessListOutcome::Refused(words) => Err(RpcError::server(words)),
    }
}

/// Reads (request, block, state overrides, block overrides).
fn simulation(api: &Api, args: &mut Args, default: BlockNumberOrTag) -> Result<(TransactionRequest, Simulation), RpcError> {
    let request = args.required()?;
    let at = args.optional()?.unwrap_or(BlockId::Number(default));
    let state = args.optional::<StateOverride>()?;
    let block = args.optional::<BlockOverrides>()?;
    Ok((request, simulate_at(api, at, Overrides { state, block })?))
}

/// A simulation on the state after a block, in the place of that block.
pub(crate) fn simulate_at(api: &Api, at: BlockId, overrides: Overrides) -> Result<Simulation, RpcError> {
    let found = api.state_at(at)?;
    let executor = api.chain.executor.clone();
    Ok(Simulation { executor, state: found.state, header: found.header, overrides, gas_cap: api.chain.limits.call_gas })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofJson {
    address: Address,
    account_proof: Vec<Bytes>,
    balance: U256,
    code_hash: B256,
    nonce: U64,
    storage_hash: B256,
    storage_proof: Vec<SlotJson>,
}

#[derive(Debug, Serialize)]
struct SlotJson {
    /// 32 bytes where it was asked for with as many, else a quantity.
    key: String,
    value: U256,
    proof: Vec<Bytes>,
}

/// A slot as geth names it in a proof.
fn shown(asked: &str, slot: U256) -> String {
    let digits = asked.strip_prefix("0x").or(asked.strip_prefix("0X")).unwrap_or(asked);
    if digits.len() > 62 { B256::from(slot).to_string() } else { format!("{slot:#x}") }
}

/// Proofs are against a state root, which only sealed blocks have: `pending` is answered for the newest one.
fn proof(api: &Api, args: &mut Args) -> Result<ProofJson, RpcError> {
    let (address, keys): (Address, Vec<String>) = (args.required()?, args.optional()?.unwrap_or_default());
    let most = api.chain.limits.proof_slots;
    if keys.len() > most {
        return Err(RpcError::params(format!("too many storage keys requested (max {most}, got {})", keys.len())));
    }
    let at = block_or_latest(args)?;
    let slots: Vec<U256> = keys.iter().map(|key| storage_key(key)).collect::<Result<_, _>>()?;
    let snapshot = sealed_state(api, at)?;
    let proof = prove_account(&snapshot, snapshot.header().state_root, address, &slots)?;
    let leaf = proof.account.unwrap_or(AccountLeaf::default());
    let slots = keys.into_iter().zip(proof.storage);
    Ok(ProofJson {
        address,
        account_proof: proof.proof,
        balance: leaf.balance,
        code_hash: leaf.code_hash,
        nonce: U64::from(leaf.nonce),
        storage_hash: proof.storage_root,
        storage_proof: slots.map(|(key, slot)| SlotJson { key: shown(&key, slot.slot), value: slot.value, proof: slot.proof }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_key_is_read_as_geth_reads_it() {
        for (key, slot) in [("0x0", 0), ("0x00", 0), ("1f", 31), ("0x", 0), ("0X2", 2)] {
            assert_eq!(storage_key(key).unwrap(), U256::from(slot), "{key}");
        }
        assert_eq!(storage_key(&format!("0x{}", "f".repeat(64))).unwrap(), U256::MAX);
        assert_eq!(storage_key("0xasdf").unwrap_err().message, "invalid hex in storage key: \"0xasdf\"");
        assert!(storage_key(&"0".repeat(65)).unwrap_err().message.starts_with("storage key too long"));
    }
}

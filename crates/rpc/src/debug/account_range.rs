//! `debug_accountRange` and `debug_dumpBlock`: the accounts of a state in the order of the trie, page by page, as geth dumps them.

use super::replay::not_found;
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::RpcError,
    eth::block::by_number,
    resolve::Target,
};
use alloy_eips::{BlockHashOrNumber, BlockId};
use alloy_primitives::{Address, B256, Bytes, hex, keccak256};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::BTreeMap;
use tributary_execution::Abort;
use tributary_primitives::{Account, StateReader};
use tributary_storage::Snapshot;
use tributary_trie::prove_account;

/// Most accounts in one answer, as in geth.
const MAX_RESULTS: usize = 256;
/// Most accounts of a state that is listed: each request goes over all of them, because accounts are not kept in the order of their hashes.
const MAX_ACCOUNTS: usize = 100_000;
/// Most slots in one answer.
const MAX_SLOTS: usize = 100_000;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_accountRange", account_range)?;
    heavy(module, "debug_dumpBlock", |api, args| {
        let Target::Sealed(block) = by_number(api, args)? else { return Err(no_pending_state()) };
        dump(api, block, &Page { start: B256::ZERO, most: MAX_RESULTS, code: true, storage: true })
    })
}

/// geth's words where it builds no block.
fn no_pending_state() -> RpcError {
    RpcError::server("pending state is not available")
}

/// (block, hash to begin at, most accounts, without code, without storage, with accounts whose address is not known: here all are known).
fn account_range(api: &Api, args: &mut Args) -> Result<Dump, RpcError> {
    let at: BlockId = args.required()?;
    let start: Bytes = args.optional()?.unwrap_or_default();
    let most: i64 = args.optional()?.unwrap_or_default();
    let (without_code, without_storage): (Option<bool>, Option<bool>) = (args.optional()?, args.optional()?);
    args.optional::<bool>()?;
    if start.len() > 32 {
        return Err(RpcError::params("start key too long (want at most 32 bytes)"));
    }
    let page = Page {
        start: B256::right_padding_from(&start),
        most: usize::try_from(most).ok().filter(|most| (1..=MAX_RESULTS).contains(most)).unwrap_or(MAX_RESULTS),
        code: !without_code.unwrap_or_default(),
        storage: !without_storage.unwrap_or_default(),
    };
    match api.by_id(at)? {
        Target::Sealed(block) => dump(api, block, &page),
        Target::Open(_) => Err(no_pending_state()),
    }
}

/// What is asked for.
#[derive(Debug)]
struct Page {
    start: B256,
    most: usize,
    code: bool,
    storage: bool,
}

/// A page of a state. The root is hexadecimal without `0x`.
#[derive(Debug, Serialize)]
struct Dump {
    root: String,
    /// By address.
    accounts: BTreeMap<String, AccountJson>,
    /// The hash that the next page begins at, in base64; absent after the last account.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountJson {
    /// Decimal.
    balance: String,
    nonce: u64,
    root: B256,
    code_hash: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    /// Values are hexadecimal without `0x` and without leading zeros.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<B256, String>,
    address: Address,
    /// Hash of the address.
    key: B256,
}

fn dump(api: &Api, block: BlockHashOrNumber, page: &Page) -> Result<Dump, RpcError> {
    let unknown = || {
        not_found(match block {
            BlockHashOrNumber::Hash(hash) => hash.into(),
            BlockHashOrNumber::Number(number) => number.into(),
        })
    };
    let header = api.chain.store.header(block)?.ok_or_else(unknown)?;
    let snapshot = api.chain.store.at(header.number)?;
    api.trace_in_time(api.chain.limits.trace_time, |abort| {
        let mut found = first_from(&snapshot, page, abort)?;
        let next = if found.len() > page.most { found.pop_last() } else { None };
        let mut slots_left = MAX_SLOTS;
        let mut accounts = BTreeMap::new();
        for (key, (address, account)) in found {
            if abort.is_set() {
                return Err(RpcError::execution_timeout());
            }
            let json = account_json(&snapshot, page, (key, address, account), &mut slots_left)?;
            accounts.insert(address.to_checksum(None), json);
        }
        Ok(Dump { root: hex::encode(header.state_root), accounts, next: next.map(|(key, _)| base64(key.as_slice())) })
    })
}

/// The accounts of a page and the one after them, by the hash of their address.
fn first_from(snapshot: &Snapshot, page: &Page, abort: &Abort) -> Result<BTreeMap<B256, (Address, Account)>, RpcError> {
    let mut first = BTreeMap::new();
    for (seen, account) in snapshot.accounts().enumerate() {
        if seen == MAX_ACCOUNTS {
            return Err(RpcError::limit(format!("the state has more than {MAX_ACCOUNTS} accounts")));
        }
        if abort.is_set() {
            return Err(RpcError::execution_timeout());
        }
        let (address, account) = account?;
        let key = keccak256(address);
        if key >= page.start {
            first.insert(key, (address, account));
        }
        if first.len() > page.most + 1 {
            first.pop_last();
        }
    }
    Ok(first)
}

fn account_json(
    snapshot: &Snapshot,
    page: &Page,
    (key, address, account): (B256, Address, Account),
    slots_left: &mut usize,
) -> Result<AccountJson, RpcError> {
    let mut storage = BTreeMap::new();
    if page.storage {
        for slot in snapshot.slots(address) {
            let (slot, value) = slot?;
            *slots_left = slots_left.checked_sub(1).ok_or_else(|| {
                RpcError::limit(format!("the accounts have more than {MAX_SLOTS} slots: ask for fewer accounts or without storage"))
            })?;
            storage.insert(slot.into(), hex::encode(value.to_be_bytes_trimmed_vec()));
        }
    }
    let code = (page.code && account.has_code()).then(|| snapshot.code(account.code_hash)).transpose()?;
    let proof = prove_account(snapshot, snapshot.header().state_root, address, &[])?;
    Ok(AccountJson {
        balance: account.balance.to_string(),
        nonce: account.nonce,
        root: proof.storage_root,
        code_hash: account.code_hash,
        code,
        storage,
        address,
        key,
    })
}

/// RFC 4648, which is how Go writes bytes.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0, |word, byte| word << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let shown = digit <= group.len();
            text.push(if shown { char::from(DIGITS[word >> (18 - 6 * digit) & 63]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_the_examples_of_rfc_4648_are() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}

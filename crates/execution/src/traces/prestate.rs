//! geth's prestateTracer: the accounts and slots that a transaction looks at, or what it changes of them.

use super::{
    record::{Enter, Step},
    tracer::{Finished, Traced},
};
use crate::error::Error;
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::{DatabaseRef, bytecode::opcode as op, state::AccountInfo};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the tracer is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PreStateConfig {
    diff_mode: bool,
    disable_code: bool,
    disable_storage: bool,
    include_empty: bool,
}

impl PreStateConfig {
    /// geth's checks.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.diff_mode && self.include_empty {
            return Err(Error::Trace("cannot use diffMode with includeEmpty".into()));
        }
        Ok(())
    }
}

/// An account in geth's form. What is zero or did not change is left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountState {
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_hash: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<B256, B256>,
}

/// Records what is looked at.
#[derive(Debug, Default)]
pub(crate) struct PreState {
    accounts: BTreeMap<Address, BTreeSet<U256>>,
    /// Called accounts, whose delegates count as well.
    called: BTreeSet<Address>,
    created: BTreeSet<Address>,
    destroyed: BTreeSet<Address>,
}

impl PreState {
    /// Accounts and slots that were recorded.
    pub(crate) fn len(&self) -> usize {
        self.accounts.values().map(|slots| 1 + slots.len()).sum()
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        if event.kind.is_create() {
            self.look_at(event.to);
            self.created.insert(event.to);
        }
    }

    pub(crate) fn step(&mut self, step: &Step) {
        if step.error.is_some() {
            return;
        }
        let address = |depth| step.argument(depth).map(|word| Address::from_word(word.into()));
        match step.op {
            op::SLOAD | op::SSTORE => {
                if let Some(slot) = step.argument(0) {
                    self.accounts.entry(step.contract).or_default().insert(slot);
                }
            }
            op::EXTCODECOPY | op::EXTCODEHASH | op::EXTCODESIZE | op::BALANCE => {
                if let Some(address) = address(0) {
                    self.look_at(address);
                }
            }
            op::SELFDESTRUCT => {
                self.look_at(address(0).unwrap_or_default());
                self.destroyed.insert(step.contract);
            }
            op::CALL | op::CALLCODE | op::DELEGATECALL | op::STATICCALL => {
                if let Some(target) = address(1) {
                    self.look_at(target);
                    self.called.insert(target);
                }
            }
            _ => {}
        }
    }

    fn look_at(&mut self, address: Address) {
        self.accounts.entry(address).or_default();
    }

    /// The answer.
    pub(crate) fn answer(mut self, config: PreStateConfig, done: &Finished<'_>, traced: &Traced) -> Result<Value, Error> {
        self.look_at(traced.sender);
        self.look_at(done.machine.block_env().beneficiary);
        if let Some(to) = traced.to {
            self.look_at(to);
            self.called.insert(to);
        }
        for authority in &traced.authorities {
            self.look_at(*authority);
        }
        for called in std::mem::take(&mut self.called) {
            let code = code_after(done, called)?;
            if let Some(target) = code.strip_prefix(&[0xef, 0x01, 0x00]).filter(|target| target.len() == 20) {
                self.look_at(Address::from_slice(target));
            }
        }
        // Since EIP-6780 only what was made by the same transaction is.
        self.destroyed.retain(|address| done.result.state.get(address).is_some_and(|account| account.is_selfdestructed()));
        let (mut pre, mut post) = (BTreeMap::new(), BTreeMap::new());
        for (address, slots) in &self.accounts {
            let before = done.before().basic_ref(*address)?;
            let slots = if config.disable_storage { &BTreeSet::new() } else { slots };
            let mut state = account_state(done, *address, before.as_ref(), (slots, config))?;
            let is_empty = before.as_ref().is_none_or(AccountInfo::is_empty);
            if config.diff_mode {
                let is_destroyed = self.destroyed.contains(address);
                if !is_destroyed {
                    let Some(after) = difference(done, *address, &mut state, config)? else { continue };
                    post.insert(*address, after);
                }
                if is_empty {
                    continue;
                }
            } else if is_empty && !config.include_empty {
                continue;
            }
            pre.insert(*address, state);
        }
        Ok(if config.diff_mode { json!({ "pre": pre, "post": post }) } else { json!(pre) })
    }
}

/// An account before the transaction.
fn account_state(
    done: &Finished<'_>,
    address: Address,
    before: Option<&AccountInfo>,
    (slots, config): (&BTreeSet<U256>, PreStateConfig),
) -> Result<AccountState, Error> {
    let info = before.cloned().unwrap_or_default();
    let has_code = before.is_some() && !info.is_empty_code_hash();
    let code = if has_code && !config.disable_code { Some(done.before().code_by_hash_ref(info.code_hash)?.original_bytes()) } else { None };
    let storage = slots.iter().map(|slot| Ok(((*slot).into(), done.before().storage_ref(address, *slot)?.into())));
    Ok(AccountState {
        balance: Some(info.balance),
        code,
        code_hash: has_code.then_some(info.code_hash),
        nonce: Some(info.nonce).filter(|nonce| *nonce > 0),
        storage: storage.collect::<Result<_, Error>>()?,
    })
}

/// What is other after the transaction; `None` when nothing is. Slots that did not change leave `before`, too.
fn difference(
    done: &Finished<'_>,
    address: Address,
    before: &mut AccountState,
    config: PreStateConfig,
) -> Result<Option<AccountState>, Error> {
    let Some(account) = done.result.state.get(&address) else { return Ok(None) };
    let mut after = AccountState::default();
    let mut is_changed = false;
    if Some(account.info.balance) != before.balance {
        is_changed = true;
        after.balance = Some(account.info.balance);
    }
    if account.info.nonce != before.nonce.unwrap_or_default() {
        is_changed = true;
        after.nonce = Some(account.info.nonce);
    }
    let has_code = !account.info.is_empty_code_hash();
    if has_code.then_some(account.info.code_hash) != before.code_hash {
        is_changed = true;
        after.code_hash = Some(account.info.code_hash);
        if !config.disable_code {
            after.code = Some(code_after(done, address)?);
        }
    }
    let mut kept = BTreeMap::new();
    for (slot, old) in std::mem::take(&mut before.storage) {
        let new = account.storage.get(&U256::from_be_bytes(slot.0)).map_or(old, |value| value.present_value.into());
        if new == old {
            continue;
        }
        is_changed = true;
        if !old.is_zero() {
            kept.insert(slot, old);
        }
        if !new.is_zero() {
            after.storage.insert(slot, new);
        }
    }
    before.storage = kept;
    Ok(is_changed.then_some(after))
}

fn code_after(done: &Finished<'_>, address: Address) -> Result<Bytes, Error> {
    let info = match done.result.state.get(&address) {
        Some(account) => Some(account.info.clone()),
        None => done.before().basic_ref(address)?,
    };
    let Some(info) = info else { return Ok(Bytes::new()) };
    match &info.code {
        Some(code) => Ok(code.original_bytes()),
        None if info.is_empty_code_hash() || info.code_hash.is_zero() => Ok(Bytes::new()),
        None => Ok(done.before().code_by_hash_ref(info.code_hash)?.original_bytes()),
    }
}

//! `stateDiff` of OpenEthereum's traces: per account what a transaction changed. An account that appears is all `+`, one that is gone all `-`.

use super::tracer::Finished;
use crate::error::Error;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256};
use alloy_rpc_types_trace::parity::{AccountDiff, ChangedType, Delta, StateDiff};
use revm::{
    DatabaseRef,
    state::{Account, AccountInfo},
};

/// The difference between the state before the transaction and after it.
pub(crate) fn state_diff(done: &Finished<'_>) -> Result<StateDiff, Error> {
    let mut all = StateDiff::default();
    for (address, account) in done.result.state.iter().filter(|(_, account)| account.is_touched()) {
        if let Some(diff) = account_diff(done, *address, account)? {
            all.insert(*address, diff);
        }
    }
    Ok(all)
}

fn account_diff(done: &Finished<'_>, address: Address, account: &Account) -> Result<Option<AccountDiff>, Error> {
    let before = done.before().basic_ref(address)?;
    let gone = account.is_selfdestructed() || (!account.is_created() && account.is_empty());
    let changed = account.storage.iter().filter(|(_, slot)| slot.is_changed());
    Ok(match (before, (!gone).then_some(&account.info)) {
        (None, None) => None,
        (None, Some(after)) => Some(AccountDiff {
            balance: Delta::Added(after.balance),
            nonce: Delta::Added(U64::from(after.nonce)),
            code: Delta::Added(code_of(done, after)?),
            storage: changed.map(|(slot, value)| ((*slot).into(), Delta::Added(value.present_value.into()))).collect(),
        }),
        (Some(before), None) => Some(AccountDiff {
            balance: Delta::Removed(before.balance),
            nonce: Delta::Removed(U64::from(before.nonce)),
            code: Delta::Removed(code_of(done, &before)?),
            storage: Default::default(),
        }),
        (Some(before), Some(after)) => {
            let diff = AccountDiff {
                balance: delta(before.balance, after.balance),
                nonce: delta(U64::from(before.nonce), U64::from(after.nonce)),
                code: match before.code_hash == after.code_hash {
                    true => Delta::Unchanged,
                    false => delta(code_of(done, &before)?, code_of(done, after)?),
                },
                storage: changed.map(|(slot, value)| ((*slot).into(), slot_delta(value.original_value, value.present_value))).collect(),
            };
            let same = diff.balance.is_unchanged() && diff.nonce.is_unchanged() && diff.code.is_unchanged() && diff.storage.is_empty();
            (!same).then_some(diff)
        }
    })
}

fn delta<T: PartialEq>(from: T, to: T) -> Delta<T> {
    if from == to { Delta::Unchanged } else { Delta::Changed(ChangedType { from, to }) }
}

fn slot_delta(from: U256, to: U256) -> Delta<B256> {
    Delta::changed(from.into(), to.into())
}

fn code_of(done: &Finished<'_>, info: &AccountInfo) -> Result<Bytes, Error> {
    match &info.code {
        Some(code) => Ok(code.original_bytes()),
        None if info.code_hash == KECCAK256_EMPTY || info.code_hash.is_zero() => Ok(Bytes::new()),
        None => Ok(done.before().code_by_hash_ref(info.code_hash)?.original_bytes()),
    }
}

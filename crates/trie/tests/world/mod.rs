//! A state in memory, kept both flat and as trie nodes by path, and random blocks over it.

#![allow(dead_code, reason = "each test binary uses its part")]

use nybbles::Nibbles;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;
use tributary_primitives::{Account, AccountDiff, StateDiff, StateError, StateReader, TrieReader, TrieUpdates};
use tributary_trie::{EMPTY_ROOT, full_state_root};

pub(crate) use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// What happens to an account in a random block.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// Nonce and balance as given, slots written (zero removes).
    Change { nonce: u64, balance: u8, slots: Vec<(u8, u8)> },
    /// Only slots are written; the account's own fields stay.
    Write { slots: Vec<(u8, u8)> },
    /// Destroyed.
    Destroy,
    /// Destroyed and created anew in one block.
    Recreate { slots: Vec<(u8, u8)> },
    /// Reported as changed although it is not.
    Nothing,
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let slots = || vec((0u8..40, 0u8..3), 0..12);
    prop_oneof![
        4 => (0u64..3, 0u8..3, slots()).prop_map(|(nonce, balance, slots)| Event::Change { nonce, balance, slots }),
        3 => slots().prop_map(|slots| Event::Write { slots }),
        3 => Just(Event::Destroy),
        1 => slots().prop_map(|slots| Event::Recreate { slots }),
        1 => Just(Event::Nothing),
    ]
}

/// A block: events by account number.
pub(crate) fn block() -> impl Strategy<Value = BTreeMap<u8, Event>> {
    vec((0u8..60, event()), 0..30).prop_map(|events| events.into_iter().collect())
}

pub(crate) fn address(number: u8) -> Address {
    Address::repeat_byte(number)
}

/// The state.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) root: B256,
    pub(crate) accounts: BTreeMap<Address, (Account, BTreeMap<U256, U256>)>,
    pub(crate) nodes: BTreeMap<(Option<B256>, Nibbles), Bytes>,
}

impl Default for World {
    fn default() -> Self {
        Self { root: EMPTY_ROOT, accounts: BTreeMap::new(), nodes: BTreeMap::new() }
    }
}

impl World {
    /// What a block does to this state.
    pub(crate) fn diff(&self, events: &BTreeMap<u8, Event>) -> StateDiff {
        let accounts = events.iter().filter_map(|(number, event)| Some((address(*number), self.account_diff(address(*number), event)?)));
        StateDiff { accounts: accounts.collect(), code: BTreeMap::new() }
    }

    fn account_diff(&self, address: Address, event: &Event) -> Option<AccountDiff> {
        let old = self.accounts.get(&address);
        let before = old.map(|(account, _)| *account);
        let value_before = |slot: &U256| old.and_then(|(_, slots)| slots.get(slot)).copied().unwrap_or_default();
        let written = |slots: &[(u8, u8)]| {
            let written: BTreeMap<U256, U256> = slots.iter().map(|(slot, value)| (U256::from(*slot), U256::from(*value))).collect();
            written.into_iter().map(|(slot, value)| (slot, (value_before(&slot), value))).collect()
        };
        let code_hash = before.unwrap_or_default().code_hash;
        Some(match event {
            Event::Change { nonce, balance, slots } => AccountDiff {
                before,
                after: Some(Account { nonce: *nonce, balance: U256::from(*balance), code_hash }),
                storage_cleared: false,
                storage: written(slots),
            },
            Event::Write { slots } => AccountDiff { before, after: Some(before?), storage_cleared: false, storage: written(slots) },
            Event::Destroy => AccountDiff { before, after: None, storage_cleared: true, storage: BTreeMap::new() },
            Event::Recreate { slots } => AccountDiff {
                before,
                after: Some(Account { nonce: 1, balance: U256::ZERO, code_hash: keccak256([1]) }),
                storage_cleared: true,
                storage: written(slots),
            },
            Event::Nothing => AccountDiff { before, after: before, storage_cleared: before.is_none(), storage: BTreeMap::new() },
        })
    }

    /// Applies a block, flat and by nodes.
    pub(crate) fn commit(&mut self, diff: &StateDiff, root: B256, updates: &TrieUpdates) {
        self.root = root;
        for (address, change) in &diff.accounts {
            let (_, mut slots) = self.accounts.remove(address).unwrap_or_default();
            let Some(account) = change.after else { continue };
            if change.storage_cleared {
                slots.clear();
            }
            slots.extend(change.storage.iter().map(|(slot, (_, value))| (*slot, *value)));
            slots.retain(|_, value| !value.is_zero());
            self.accounts.insert(*address, (account, slots));
        }
        for (owner, storage) in &updates.storage {
            if storage.cleared {
                self.nodes.retain(|(of, _), _| *of != Some(*owner));
            }
        }
        for (place, rlp) in listed(updates) {
            match rlp {
                Some(rlp) => self.nodes.insert(place, rlp),
                None => self.nodes.remove(&place),
            };
        }
    }

    /// Root and nodes of this state, built from nothing.
    pub(crate) fn rebuilt(&self) -> (B256, BTreeMap<(Option<B256>, Nibbles), Bytes>) {
        let (root, updates) = full_state_root(self.accounts.iter().map(|(address, (account, slots))| (*address, *account, slots.clone())));
        (root, listed(&updates).map(|(place, rlp)| (place, rlp.expect("a rebuild removes nothing"))).collect())
    }
}

/// All node changes of a block with their place.
pub(crate) fn listed(updates: &TrieUpdates) -> impl Iterator<Item = ((Option<B256>, Nibbles), Option<Bytes>)> {
    let accounts = updates.accounts.iter().map(|(path, rlp)| ((None, *path), rlp.clone()));
    let storage =
        updates.storage.iter().flat_map(|(owner, storage)| storage.nodes.iter().map(|(path, rlp)| ((Some(*owner), *path), rlp.clone())));
    accounts.chain(storage)
}

impl TrieReader for World {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let rlp = self.nodes.get(&(owner, *path)).ok_or_else(|| StateError::Missing(format!("{path:?}")))?;
        assert_eq!(keccak256(rlp), hash, "stale reference at {path:?}");
        Ok(rlp.clone())
    }
}

impl StateReader for World {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.accounts.get(&address).map(|(account, _)| *account))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        Ok(self.accounts.get(&address).and_then(|(_, slots)| slots.get(&slot)).copied().unwrap_or_default())
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        Ok(self.accounts.get(&address).is_some_and(|(_, slots)| slots.values().any(|value| !value.is_zero())))
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        if hash == keccak256([1]) { Ok(Bytes::from_static(&[1])) } else { Err(StateError::Missing(format!("code {hash}"))) }
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        Ok(if number < 100 { keccak256(number.to_be_bytes()) } else { B256::ZERO })
    }
}

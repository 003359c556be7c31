//! A state of a test as a chain on disk.

use super::Failure;
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, U256};
use std::{collections::BTreeMap, sync::Arc};
use tempfile::TempDir;
use tributary_primitives::{ChainSpec, StateReader};
use tributary_storage::{Durability, Options, Snapshot, Store};

/// Accounts by address, as the tests write them.
pub(super) type Accounts = BTreeMap<Address, GenesisAccount>;

/// A chain in a folder that goes with it.
#[derive(Debug)]
pub(super) struct World {
    /// The chain.
    pub(super) store: Store,
    _folder: TempDir,
}

impl World {
    /// A chain that begins with this genesis.
    pub(super) fn new(genesis: Genesis) -> Result<Self, Failure> {
        let folder = TempDir::new()?;
        let options = Options { durability: Durability::Relaxed, map_size: 1 << 32, ..Default::default() };
        let store = Store::open(&folder.path().join("chain"), Arc::new(ChainSpec::ethereum(genesis)), options)?;
        Ok(Self { store, _folder: folder })
    }

    /// The chain's rules.
    pub(super) fn spec(&self) -> Arc<ChainSpec> {
        self.store.spec().clone()
    }
}

/// The state root, computed from nothing but the flat tables.
pub(super) fn flat_root(snapshot: &Snapshot) -> Result<B256, Failure> {
    let mut accounts = Vec::new();
    for account in snapshot.accounts() {
        let (address, account) = account?;
        let slots: Vec<(U256, U256)> = snapshot.slots(address).collect::<Result<_, _>>()?;
        accounts.push((address, account, slots));
    }
    Ok(tributary_trie::full_state_root(accounts).0)
}

/// Fails unless the state holds exactly these accounts.
pub(super) fn expect_accounts(snapshot: &Snapshot, expected: &Accounts) -> Result<(), Failure> {
    for found in snapshot.accounts() {
        let (address, _) = found?;
        if !expected.contains_key(&address) {
            return Err(Failure::new(format!("account {address} should not exist")));
        }
    }
    for (address, account) in expected {
        let found = snapshot.account(*address)?.ok_or_else(|| Failure::new(format!("account {address} should exist")))?;
        let what = |field: &str| format!("{field} of {address}");
        Failure::unless_equal(&what("nonce"), found.nonce, account.nonce.unwrap_or_default())?;
        Failure::unless_equal(&what("balance"), found.balance, account.balance)?;
        let code = if found.has_code() { snapshot.code(found.code_hash)? } else { Default::default() };
        Failure::unless_equal(&what("code"), &code, account.code.as_ref().unwrap_or(&Default::default()))?;
        let slots: BTreeMap<B256, B256> =
            snapshot.slots(*address).map(|slot| slot.map(|(key, value)| (key.into(), value.into()))).collect::<Result<_, _>>()?;
        let mut wanted = account.storage.clone().unwrap_or_default();
        wanted.retain(|_, value| !value.is_zero());
        Failure::unless_equal(&what("storage"), slots, wanted)?;
    }
    Ok(())
}

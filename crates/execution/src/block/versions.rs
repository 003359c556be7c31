//! What the transactions of a block wrote, by the number of the transaction, so that the state after any of them can be read.

use crate::overlay::{AccountChange, TxChanges};
use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap},
};
use std::{collections::BTreeMap, sync::Arc};
use tributary_primitives::{Account, StateError, StateReader};

/// A block of which is known what its transactions wrote. It may grow while it is shared.
pub(crate) trait Versioned: std::fmt::Debug + Send + Sync {
    /// The state below the block.
    fn base(&self) -> &dyn StateReader;

    /// Looks at what was written.
    fn with_versions<T>(&self, look: impl FnOnce(&Versions) -> T) -> T;
}

/// The state after a fixed number of a block's transactions.
#[derive(Debug)]
pub struct StateWithin<B> {
    pub(super) block: Arc<B>,
    pub(super) upto: usize,
}

impl<B> Clone for StateWithin<B> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), upto: self.upto }
    }
}

impl<B: Versioned> StateReader for StateWithin<B> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let found = self.block.with_versions(|versions| versions.account(address, self.upto));
        found.map_or_else(|| self.block.base().account(address), Ok)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let found = self.block.with_versions(|versions| versions.storage(address, slot, self.upto));
        found.map_or_else(|| self.block.base().storage(address, slot), Ok)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.block.with_versions(|versions| versions.has_storage(self.block.base(), address, self.upto))
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        let found = self.block.with_versions(|versions| versions.code(hash));
        found.map_or_else(|| self.block.base().code(hash), Ok)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.block.base().block_hash(number)
    }

    fn may_be_kept(&self) -> bool {
        self.block.base().may_be_kept()
    }
}

/// Values by the number of the transaction that wrote them; zero is what comes before the first.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    accounts: AddressMap<Vec<(usize, Option<Account>)>>,
    cleared: AddressMap<Vec<usize>>,
    storage: HashMap<(Address, U256), Vec<(usize, U256)>>,
    code: B256Map<Bytes>,
    len: usize,
}

impl Versions {
    /// Adds what transaction `number` changed; numbers ascend.
    pub(crate) fn record(&mut self, number: usize, changes: TxChanges) {
        for change in changes.accounts {
            self.len += 1 + change.storage.len();
            self.accounts.entry(change.address).or_default().push((number, change.after));
            if change.storage_cleared {
                self.cleared.entry(change.address).or_default().push(number);
            }
            for (slot, value) in change.storage {
                self.storage.entry((change.address, slot)).or_default().push((number, value));
            }
        }
        self.code.extend(changes.code);
    }

    /// Values that are held.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The account after transaction `upto`, if one up to it wrote it.
    pub(crate) fn account(&self, address: Address, upto: usize) -> Option<Option<Account>> {
        newest(self.accounts.get(&address), upto).map(|(_, account)| account)
    }

    /// The slot after transaction `upto`, if one up to it wrote it or cleared the account.
    pub(crate) fn storage(&self, address: Address, slot: U256, upto: usize) -> Option<U256> {
        let cleared = self.cleared_at(address, upto);
        match newest(self.storage.get(&(address, slot)), upto) {
            Some((at, value)) if cleared.is_none_or(|cleared| at >= cleared) => Some(value),
            _ => cleared.map(|_| U256::ZERO),
        }
    }

    /// Whether the account has storage after transaction `upto` on `base`.
    pub(crate) fn has_storage(&self, base: &(impl StateReader + ?Sized), address: Address, upto: usize) -> Result<bool, StateError> {
        let written = self.storage.keys().filter(|(of, _)| *of == address);
        for (_, slot) in written {
            let value = match self.storage(address, *slot, upto) {
                Some(value) => value,
                None => base.storage(address, *slot)?,
            };
            if !value.is_zero() {
                return Ok(true);
            }
        }
        Ok(self.cleared_at(address, upto).is_none() && base.has_storage(address)?)
    }

    pub(crate) fn code(&self, hash: B256) -> Option<Bytes> {
        self.code.get(&hash).cloned()
    }

    /// All that differs after transaction `upto` from the state below, as one change for each account.
    pub(crate) fn changes(&self, upto: usize) -> TxChanges {
        let change = |(address, versions): (&Address, &Vec<(usize, Option<Account>)>)| {
            let (_, after) = newest(Some(versions), upto)?;
            let cleared = self.cleared_at(*address, upto);
            Some((*address, (AccountChange { address: *address, after, storage_cleared: cleared.is_some(), storage: Vec::new() }, cleared)))
        };
        let mut accounts: BTreeMap<Address, _> = self.accounts.iter().filter_map(change).collect();
        for ((address, slot), versions) in &self.storage {
            if let Some((at, value)) = newest(Some(versions), upto)
                && let Some((change, cleared)) = accounts.get_mut(address)
                && cleared.is_none_or(|cleared| at >= cleared)
            {
                change.storage.push((*slot, value));
            }
        }
        let code = self.code.iter().map(|(hash, code)| (*hash, code.clone())).collect();
        TxChanges { accounts: accounts.into_values().map(|(change, _)| change).collect(), code }
    }

    fn cleared_at(&self, address: Address, upto: usize) -> Option<usize> {
        self.cleared.get(&address).and_then(|all| all.iter().rev().find(|number| **number <= upto).copied())
    }
}

/// The newest of `versions` (ascending by transaction number) that is not newer than `upto`.
fn newest<T: Copy>(versions: Option<&Vec<(usize, T)>>, upto: usize) -> Option<(usize, T)> {
    versions?.iter().rev().find(|(number, _)| *number <= upto).copied()
}

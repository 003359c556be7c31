//! A sealed block that was executed again, as far as somebody asked for: the state before each of its transactions, for traces that follow each other.

use super::versions::Versions;
use crate::{calls::state::State, overlay::TxChanges};
use alloy_primitives::{Address, B256, Bytes, U256};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tributary_primitives::{Account, StateError, StateReader};

#[derive(Debug, Default)]
struct Contents {
    versions: Versions,
    /// Logs of the block before each transaction that can be begun with; empty until what precedes the first was executed.
    logs: Vec<u64>,
}

/// What the first transactions of a block changed. It grows while it is shared.
#[derive(Debug)]
pub struct ReplayedBlock {
    base: State,
    contents: RwLock<Contents>,
}

impl ReplayedBlock {
    /// A block of which nothing was executed, on its parent's post-state.
    pub fn new(base: State) -> Self {
        Self { base, contents: RwLock::default() }
    }

    /// Values that are held.
    pub fn size(&self) -> usize {
        self.read().versions.len()
    }

    /// How many transactions were executed; `None` before anything was.
    pub(crate) fn executed(&self) -> Option<usize> {
        self.read().logs.len().checked_sub(1)
    }

    /// Logs of the block before the transaction at `index`, which can be begun with.
    pub(crate) fn logs_before(&self, index: usize) -> u64 {
        self.read().logs.get(index).copied().unwrap_or_default()
    }

    /// Adds what comes before the first transaction, or one more transaction with its number of logs. Somebody else may have done so meanwhile; `number` is
    /// how many were executed with it.
    pub(crate) fn add(&self, number: usize, changes: TxChanges, logs: usize) {
        let mut contents = self.write();
        if contents.logs.len() == number {
            let before = contents.logs.last().copied().unwrap_or_default();
            contents.versions.record(number, changes);
            contents.logs.push(before + logs as u64);
        }
    }

    /// The state after the first `upto` transactions, which were executed.
    pub(crate) fn state(self: &Arc<Self>, upto: usize) -> State {
        Arc::new(StateWithin { block: self.clone(), upto })
    }

    // A panic while holding the lock can only come from running out of memory; the contents are whole after every statement.
    fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state in the middle of a block.
#[derive(Debug)]
struct StateWithin {
    block: Arc<ReplayedBlock>,
    upto: usize,
}

impl StateReader for StateWithin {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let found = self.block.read().versions.account(address, self.upto);
        found.map_or_else(|| self.block.base.account(address), Ok)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let found = self.block.read().versions.storage(address, slot, self.upto);
        found.map_or_else(|| self.block.base.storage(address, slot), Ok)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.block.read().versions.has_storage(&self.block.base, address, self.upto)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        let found = self.block.read().versions.code(hash);
        found.map_or_else(|| self.block.base.code(hash), Ok)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.block.base.block_hash(number)
    }

    fn is_witnessed(&self) -> bool {
        self.block.base.is_witnessed()
    }
}

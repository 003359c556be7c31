//! A sealed block that was executed again, as far as somebody asked for: the state before each of its transactions, for traces that follow each other.

use super::versions::{StateWithin, Versioned, Versions};
use crate::{calls::state::State, overlay::TxChanges};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tributary_primitives::StateReader;

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

impl Versioned for ReplayedBlock {
    fn base(&self) -> &dyn StateReader {
        &self.base
    }

    fn with_versions<T>(&self, look: impl FnOnce(&Versions) -> T) -> T {
        look(&self.read().versions)
    }
}

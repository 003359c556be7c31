//! Executing payload attributes that L1 prescribes.

use crate::Error;
use tributary_execution::{Executor, OpenBlock};
use tributary_primitives::{ExecutedBlock, PayloadAttributes};
use tributary_storage::{Store, StoredBlock};

/// Executes `attributes` on `parent`, the head of `store`. `None` when one of its transactions cannot be in the block.
///
/// # Errors
/// When the state cannot be read: that says nothing about the block.
pub(crate) fn derive_block(
    (store, executor): (&Store, &Executor),
    parent: &StoredBlock,
    attributes: &PayloadAttributes,
) -> Result<Option<ExecutedBlock>, Error> {
    let mut block = OpenBlock::new(executor, store.latest()?, &parent.block.header, parent.hash, attributes.block.clone())?;
    match block.execute_forced(&attributes.transactions, |_, _| {}) {
        Ok(()) => Ok(Some(block.seal()?)),
        Err(tributary_execution::Error::InvalidTransaction { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

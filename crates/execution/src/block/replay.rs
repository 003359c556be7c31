//! Executing a block that somebody else built, and holding it against its header.

use super::builder::{OpenBlock, encode};
use crate::{error::Error, executor::Executor};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256};
use tributary_primitives::{Block, BlockAttributes, ExecutedBlock, StateReader, TrieReader};

/// Executes `block` on its parent's post-state. The result has the block's own hash, or there is no result.
///
/// # Errors
/// When the block is invalid ([`Error::InvalidTransaction`], [`Error::HeaderMismatch`], [`Error::InvalidBlock`]) or the state cannot be read.
pub fn execute_block<S: StateReader + TrieReader>(
    executor: &Executor,
    state: S,
    parent: &Header,
    block: &Block,
    senders: &[Address],
) -> Result<ExecutedBlock, Error> {
    let mut open = OpenBlock::new(executor, state, parent, block.header.parent_hash, BlockAttributes::of_block(block))?;
    for (tx, sender) in block.body.transactions.iter().zip(senders) {
        open.require(tx.clone(), *sender, encode(tx))?;
    }
    let executed = open.seal()?;
    check_header(&block.header, &executed.block.header)?;
    Ok(executed)
}

/// Names the first field in which a header differs from what execution gave.
fn check_header(given: &Header, computed: &Header) -> Result<(), Error> {
    macro_rules! same {
        ($($field:ident),+ $(,)?) => {$(
            if given.$field != computed.$field {
                return Err(Error::HeaderMismatch {
                    field: stringify!($field),
                    got: format!("{:?}", given.$field),
                    expected: format!("{:?}", computed.$field),
                });
            }
        )+};
    }
    same!(number, gas_used, state_root, receipts_root, transactions_root, logs_bloom, ommers_hash, withdrawals_root);
    same!(base_fee_per_gas, blob_gas_used, excess_blob_gas, parent_beacon_block_root, requests_hash);
    let (got, expected): (B256, B256) = (given.hash_slow(), computed.hash_slow());
    if got != expected {
        return Err(Error::HeaderMismatch { field: "hash", got: got.to_string(), expected: expected.to_string() });
    }
    Ok(())
}

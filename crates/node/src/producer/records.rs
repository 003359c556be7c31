//! What the journal is told of transactions, and what comes back from it.

use alloy_primitives::B256;
use tributary_journal::{Executed, JournalTransaction};
use tributary_pool::RecoveredTx;
use tributary_primitives::Receipt;

/// A transaction that was executed at `index`, with what its result is checked against when it is executed again.
pub(crate) fn executed(tx: &RecoveredTx, index: usize, receipt: &Receipt) -> Executed {
    let index = u32::try_from(index).expect("invariant: a block's gas bounds its transactions far below 2^32");
    Executed { transaction: acknowledged(tx), index, result: result_hash(receipt) }
}

/// A transaction that is acknowledged.
pub(crate) fn acknowledged(tx: &RecoveredTx) -> JournalTransaction {
    JournalTransaction { hash: tx.hash, raw: tx.network_encoded() }
}

/// What a journalled transaction's result is checked against when it is executed again.
pub(crate) fn result_hash(receipt: &Receipt) -> B256 {
    alloy_primitives::keccak256(receipt.encoded_2718())
}

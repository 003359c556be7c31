//! Why a witness proves nothing.

use alloy_primitives::B256;

/// Why there is no result. None is repaired by trying again on the same witness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The witness was written by another version of the program.
    #[error("witness format {found} is not known; this program reads format {known}")]
    UnknownFormat {
        /// First byte of the witness.
        found: u8,
        /// The format that this program writes.
        known: u8,
    },
    /// The bytes are not a witness.
    #[error("malformed witness: {0}")]
    Malformed(#[from] alloy_rlp::Error),
    /// A range needs at least one block.
    #[error("the witness holds no block")]
    EmptyRange,
    /// A block does not follow the one before it.
    #[error("block {number} names {named} as its parent, but the block before it is {parent}")]
    Detached {
        /// The block's number.
        number: u64,
        /// The parent hash in its header.
        named: B256,
        /// Hash of the block before it in the witness.
        parent: B256,
    },
    /// A block's witness is of another state than its parent's.
    #[error("the witness of block {number} is of state {found}, its parent's state is {expected}")]
    OtherState {
        /// The block's number.
        number: u64,
        /// Root in the witness.
        found: B256,
        /// State root of the parent.
        expected: B256,
    },
    /// The header commits to no message passer storage root, so that it has no output root.
    #[error("block {number} has no withdrawals root")]
    NoWithdrawalsRoot {
        /// The block's number.
        number: u64,
    },
    /// No key signed a transaction.
    #[error("block {number}: transaction {index} has no valid signature")]
    Signature {
        /// The block's number.
        number: u64,
        /// Position in the block.
        index: usize,
    },
    /// Executing a block failed, or gave another block.
    #[error("block {number}: {source}")]
    Block {
        /// The block's number.
        number: u64,
        /// Why.
        source: tributary_execution::Error,
    },
    /// What an execution read could not be turned into a witness.
    #[error("block {number}: {source}")]
    Recording {
        /// The block's number.
        number: u64,
        /// Why.
        source: tributary_trie::Error,
    },
    /// The key did not sign.
    #[error("signing: {0}")]
    Signing(#[from] alloy_signer::Error),
}

//! What can go wrong in execution, apart from transactions that are simply not valid.

use alloy_primitives::B256;
use revm::database_interface::DBErrorMarker;
use tributary_primitives::StateError;

/// A state error on its way through revm.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DbError(#[from] pub StateError);

impl DBErrorMarker for DbError {}

/// Why a block could not be executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The trie could not be updated.
    #[error(transparent)]
    Trie(#[from] tributary_trie::Error),
    /// A transaction of the block is not valid on its state, so neither is the block.
    #[error("transaction {index} ({hash}) is invalid: {reason}")]
    InvalidTransaction {
        /// Position in the block.
        index: usize,
        /// The transaction's hash.
        hash: B256,
        /// Why, in geth's words.
        reason: String,
    },
    /// A block's header does not say what its execution gives.
    #[error("invalid block: {field} is {got}, expected {expected}")]
    HeaderMismatch {
        /// The header's field.
        field: &'static str,
        /// What the header says.
        got: String,
        /// What execution gives.
        expected: String,
    },
    /// The block breaks a rule that does not need execution.
    #[error("invalid block: {0}")]
    InvalidBlock(String),
    /// A system call (EIP-2935, EIP-4788, EIP-7002, EIP-7251) failed.
    #[error("system call: {0}")]
    SystemCall(String),
    /// An inspector or a tracer was asked for something that it can't do.
    #[error("{0}")]
    Trace(String),
    /// What the state holds of a set cannot be indexed.
    #[error("attribution index: {0}")]
    Index(String),
    /// The flag was set that ends it ([`Abort`](crate::Abort)).
    #[error("execution timeout")]
    Aborted,
}

impl Error {
    /// geth's words for a tracer that it does not have. Of a long name the beginning is told.
    pub(crate) fn no_such_tracer(name: &str) -> Self {
        Self::Trace(format!("tracer not found: {}", name.chars().take(64).collect::<String>()))
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::State(error.0)
    }
}

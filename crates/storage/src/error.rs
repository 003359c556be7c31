use alloy_eips::BlockNumHash;
use alloy_primitives::Address;
use signet_libmdbx::{MdbxError, ReadError};
use std::{io, path::PathBuf};
use tributary_primitives::StateError;

/// Why the store could not do what it was asked. Each message is one line and names the path or block concerned.
///
/// The first four are the operator's to solve and leave the directory as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory holds something else: another chain, or files that are not ours.
    #[error("{}: {reason}", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// What it holds instead.
        reason: String,
    },
    /// The directory was written by a newer version of the node.
    #[error("{}: written in storage format {found}, this version reads up to {known}", path.display())]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// The directory is open for writing, here or in another process.
    #[error("{}: in use already; is another node running on it?", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory cannot be created, read or written.
    #[error("{}: cannot be written: {source}", path.display())]
    Unwritable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A write was asked of a store that was opened read-only.
    #[error("the store is open read-only")]
    ReadOnly,
    /// A block to commit does not extend the head.
    #[error("block {} ({}) is not the child of the head {} ({})", block.number, block.hash, head.number, head.hash)]
    NotTheChild {
        /// The block.
        block: BlockNumHash,
        /// The head.
        head: BlockNumHash,
    },
    /// A block's difference says that it started from another state than the head's.
    #[error("the state difference of block {number} does not start from its parent's state at account {address}")]
    StaleDiff {
        /// The block.
        number: u64,
        /// The first account that differs.
        address: Address,
    },
    /// A head was set to a block that is not on the chain, or the order finalized ≤ safe ≤ unsafe would break.
    #[error("block {} ({}) cannot be the {label} head", block.number, block.hash)]
    NotAHead {
        /// "safe" or "finalized".
        label: &'static str,
        /// The block.
        block: BlockNumHash,
    },
    /// Blocks up to the finalized one are never unwound.
    #[error("cannot unwind to block {to}: block {finalized} is final")]
    Final {
        /// The block asked for.
        to: u64,
        /// The finalized block.
        finalized: u64,
    },
    /// Trie history is only kept for a window of blocks.
    #[error("cannot unwind to block {to}: trie history begins at block {oldest}")]
    Pruned {
        /// The block asked for.
        to: u64,
        /// The oldest block whose trie can be restored.
        oldest: u64,
    },
    /// There is no such block.
    #[error("block {0} is not known")]
    UnknownBlock(u64),
    /// What is stored contradicts itself: a fault of the disk or of this program.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The database engine failed: disk full, I/O error.
    #[error("database: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}

impl From<MdbxError> for Error {
    fn from(error: MdbxError) -> Self {
        match error {
            // The system's own errors, which the engine gives as bare numbers: disk full, I/O error.
            MdbxError::Other(code) if code > 0 => Self::Database(Box::new(io::Error::from_raw_os_error(code))),
            other => Self::Database(Box::new(other)),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Mdbx(error) => error.into(),
            other => Self::Database(Box::new(other)),
        }
    }
}

impl From<Error> for StateError {
    fn from(error: Error) -> Self {
        Self::backend(error)
    }
}

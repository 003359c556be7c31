//! What can go wrong between us and the L1.

use alloy_primitives::B256;
use tributary_client::Severity;

/// Why something that the rollup wanted of its L1 did not happen. No variant holds a URL, which may contain a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The node gave no usable answer, or refused.
    #[error("L1: {0}")]
    Node(#[from] tributary_client::Error),
    /// The answer is well formed and wrong.
    #[error("L1 data inconsistent: {0}")]
    Inconsistent(String),
    /// A block that was there a moment ago is not there any more.
    #[error("L1 block {0} is gone")]
    BlockGone(String),
    /// Too few nodes say the same about one block.
    #[error("L1 nodes disagree on block {number}: {one} or {other}")]
    Disagreement {
        /// Its number.
        number: u64,
        /// A hash that is claimed.
        one: B256,
        /// Another.
        other: B256,
    },
    /// A blob is nowhere to be had, or no longer.
    #[error("no beacon node or archive has blob {0}")]
    NoBlob(B256),
    /// The blob schedule that we compute with is not that of the L1.
    #[error("blob schedule of the L1: {0}")]
    BlobSchedule(String),
    /// A blob is not 4,096 field elements, or a signature could not be made.
    #[error("cannot make the transaction: {0}")]
    Unsendable(String),
    /// The transaction was included and failed.
    #[error("L1 transaction {0} reverted")]
    Reverted(B256),
}

impl Error {
    /// What to do about it.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Node(error) => error.severity(),
            Self::BlockGone(_) | Self::Disagreement { .. } => Severity::Retry,
            Self::Unsendable(_) | Self::Reverted(_) | Self::BlobSchedule(_) => Severity::Permanent,
            Self::Inconsistent(_) | Self::NoBlob(_) => Severity::Inconsistent,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.severity() == Severity::Retry
    }
}

//! A transaction on its way from a client to the node, and what becomes of it.

use std::time::Instant;
use tokio::sync::oneshot;
use tributary_execution::Rejection;
use tributary_pool::{PoolError, RecoveredTx};

/// Which of a server's two views of its chain a client has chosen, by the path of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Sealed blocks and nothing else, as on Ethereum; `pending` is the open block.
    Ordinary,
    /// A transaction is there as soon as it is acknowledged.
    Realtime,
}

/// A decoded transaction on its way to the loop that executes it.
#[derive(Debug)]
pub struct Submission {
    /// When the server handed it over.
    pub arrived: Instant,
    /// Where it came in: a client of the ordinary endpoint that asks for what its answer promises finds it in a sealed block only.
    pub endpoint: Endpoint,
    /// The transaction with its sender (and its blobs, where it has some).
    pub tx: RecoveredTx,
    /// Where the loop says what became of it; the client may have gone meanwhile.
    pub reply: oneshot::Sender<Result<Accepted, Refusal>>,
}

/// What became of a submitted transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Executed and durable, at this position of the open block.
    Included {
        /// Position in the block.
        index: usize,
    },
    /// In the pool: it waits for an earlier nonce or for room in a block.
    Queued,
}

/// Why a submitted transaction was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The chain's rules, its sender's account or the pool's bounds forbid it.
    Invalid(PoolError),
    /// It cannot be executed on the open block.
    Rejected(Rejection),
    /// The node takes no transactions.
    NotTaken,
    /// More is waiting than the node takes; trying again may help.
    Busy,
    /// The node could not look its sender up; trying again may help.
    Unreadable,
    /// The node stops.
    Stopping,
    /// Another node, which was sent it, refuses it.
    Elsewhere {
        /// The code of its answer.
        code: i64,
        /// Its words.
        words: String,
    },
    /// The node that takes transactions does not answer; trying again may help.
    Unreachable,
}

impl From<PoolError> for Refusal {
    fn from(error: PoolError) -> Self {
        Self::Invalid(error)
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

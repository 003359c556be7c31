//! What can go wrong between us and the L1.

use alloy_primitives::{B256, Bytes};
use std::time::Duration;

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Try again later: the L1 is away, slow or busy.
    Retry,
    /// The same request will fail again.
    Permanent,
    /// The node's answer contradicts itself or what is known. Ask again or ask another node, but use none of it.
    Inconsistent,
}

/// A JSON-RPC error object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Deserialize)]
#[error("{message} (code {code})")]
pub struct RpcFault {
    /// Code.
    pub code: i64,
    /// The node's words.
    pub message: String,
    /// What a reverting call returned.
    #[serde(default, deserialize_with = "bytes_or_nothing")]
    pub data: Option<Bytes>,
}

/// Nodes put all sorts of values into `data`; only bytes are of use.
fn bytes_or_nothing<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let value = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}

/// Why something that the rollup wanted of its L1 did not happen. No variant holds a URL, which may contain a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer, or not a whole one: connection refused or lost, time-out, body cut off.
    #[error("L1 unreachable: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// HTTP 429 or JSON-RPC −32005.
    #[error("L1 limits our rate")]
    RateLimited {
        /// How long the node asked us to wait.
        retry_after: Option<Duration>,
    },
    /// HTTP 5xx.
    #[error("L1 node in trouble: HTTP status {0}")]
    Unavailable(u16),
    /// Any other HTTP status that is no success.
    #[error("L1 node refuses: HTTP status {0}")]
    Refused(u16),
    /// The node answered with a JSON-RPC error.
    #[error("L1 node: {0}")]
    Rejected(#[source] RpcFault),
    /// The answer is not of the shape that the method prescribes.
    #[error("answer to {method} is malformed: {cause}")]
    Malformed {
        /// JSON-RPC method or beacon path.
        method: String,
        /// What the parser says.
        cause: serde_json::Error,
    },
    /// The answer is longer than we read.
    #[error("answer of L1 node is longer than {limit} bytes")]
    TooLarge {
        /// The configured limit.
        limit: usize,
    },
    /// The answer is well formed and wrong.
    #[error("L1 data inconsistent: {0}")]
    Inconsistent(String),
    /// A block that was there a moment ago is not there any more.
    #[error("L1 block {0} is gone")]
    BlockGone(String),
    /// A URL or another setting cannot be used.
    #[error("L1 configuration: {0}")]
    Config(String),
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
            Self::Unreachable(_) | Self::RateLimited { .. } | Self::Unavailable(_) | Self::BlockGone(_) => Severity::Retry,
            Self::Refused(_) | Self::Rejected(_) | Self::Config(_) | Self::Unsendable(_) | Self::Reverted(_) => Severity::Permanent,
            Self::Malformed { .. } | Self::TooLarge { .. } | Self::Inconsistent(_) => Severity::Inconsistent,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.severity() == Severity::Retry
    }

    pub(crate) fn transport(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }
}

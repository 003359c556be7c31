//! What can go wrong between us and a node.

use alloy_primitives::{B256, Bytes};
use std::time::Duration;

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Try again later: the node is away, slow or busy.
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

impl RpcFault {
    /// Whether it says that we ask too often, in one of the ways in which providers do.
    pub fn is_rate_limit(&self) -> bool {
        let words = self.message.to_lowercase();
        let said = ["rate limit", "ratelimit", "too many requests", "request limit", "compute units per second", "capacity exceeded"];
        // EIP-1474's "limit exceeded" is used for too long answers and too much gas, too.
        let other = ["block gas limit", "more than", "block range"].iter().any(|other| words.contains(other));
        !other && (matches!(self.code, -32005 | 429) || said.iter().any(|said| words.contains(said)))
    }
}

/// Nodes put all sorts of values into `data`; only bytes are of use.
fn bytes_or_nothing<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let value = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}

/// Why a node gave no usable answer, or a transaction did not happen. No variant holds a URL, which may contain a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer, or not a whole one: connection refused or lost, time-out, body cut off.
    #[error("unreachable: {}", root_cause(.0))]
    Unreachable(#[source] reqwest::Error),
    /// A WebSocket ended, or was silent for too long.
    #[error("the connection ended: {0}")]
    Disconnected(String),
    /// HTTP 429, JSON-RPC −32005, or words that mean the same.
    #[error("the node limits our rate")]
    RateLimited {
        /// How long the node asked us to wait.
        retry_after: Option<Duration>,
    },
    /// HTTP 5xx.
    #[error("the node is in trouble: HTTP status {0}")]
    Unavailable(u16),
    /// Any other HTTP status that is no success.
    #[error("the node refuses: HTTP status {0}")]
    Refused(u16),
    /// The node answered with a JSON-RPC error.
    #[error("{method}: {fault}")]
    Rejected {
        /// JSON-RPC method.
        method: String,
        /// What the node says.
        #[source]
        fault: RpcFault,
    },
    /// The answer is not of the shape that the method prescribes.
    #[error("answer to {method} is malformed: {cause}")]
    Malformed {
        /// JSON-RPC method or path of a resource.
        method: String,
        /// What the parser says.
        cause: serde_json::Error,
    },
    /// The answer is longer than we read.
    #[error("the node's answer is longer than {limit} bytes")]
    TooLarge {
        /// The configured limit.
        limit: usize,
    },
    /// The answer is well formed and cannot be right.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
    /// An endpoint answers for another chain than ours.
    #[error("{host} is on another chain: its {what} is {found}, expected {expected}")]
    WrongChain {
        /// Its host and port.
        host: String,
        /// What differs.
        what: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// A URL or another setting cannot be used.
    #[error("configuration: {0}")]
    Config(String),
    /// The key did not sign.
    #[error("signing: {0}")]
    Signing(#[from] alloy_signer::Error),
    /// The transaction was included and failed.
    #[error("transaction {0} reverted")]
    Reverted(B256),
    /// The transaction was not included in the time that the caller gave it. It may be later.
    #[error("transaction {hash} was not included in {} s", .after.as_secs())]
    NotIncluded {
        /// Its hash.
        hash: B256,
        /// How long that took.
        after: Duration,
    },
}

impl Error {
    /// What to do about it.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Unreachable(_) | Self::Disconnected(_) | Self::RateLimited { .. } | Self::Unavailable(_) | Self::NotIncluded { .. } => {
                Severity::Retry
            }
            Self::Refused(_) | Self::Rejected { .. } | Self::WrongChain { .. } | Self::Config(_) | Self::Signing(_) | Self::Reverted(_) => {
                Severity::Permanent
            }
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

/// The innermost reason: reqwest's own words only say that a request was not sent.
fn root_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_is_known_by_code_or_words_and_another_limit_is_none() {
        let is = |code, message: &str| RpcFault { code, message: message.to_owned(), data: None }.is_rate_limit();
        assert!(is(-32005, "limit exceeded") && is(429, "Your app has exceeded its compute units per second capacity"));
        assert!(is(-32000, "Too Many Requests") && is(-32007, "50/second request limit reached") && is(-32029, "daily rate limit"));
        assert!(!is(-32005, "query returned more than 10000 results") && !is(-32005, "Transaction gas limit exceeds block gas limit"));
        assert!(!is(-32000, "nonce too low") && !is(3, "execution reverted"));
    }
}

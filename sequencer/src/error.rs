//! Why a command ends with exit code 1. Each message is the one line that the user sees.

use std::{io, path::PathBuf};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The operating system gives no threads.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// The log filter is not one.
    #[error("--log {filter}: {reason}")]
    LogFilter { filter: String, reason: String },
    /// Signals cannot be caught.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    /// The node did not start or did not go on.
    #[error(transparent)]
    Node(#[from] tributary_node::Error),
    /// The node halted.
    #[error("halted: {0}")]
    Halted(String),
    /// A file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// There is nothing to contribute.
    #[error("{}: no text file of 1 byte to 128 KiB", .0.display())]
    NoTexts(PathBuf),
    /// The mnemonic is not one.
    #[error("--mnemonic: {0}")]
    Mnemonic(String),
    /// Nobody answers where a node should be.
    #[error("{url} does not answer ({reason}); is `tributary dev` running?")]
    Unreachable { url: String, reason: String },
    /// The node answered a request with an error.
    #[error("{method}: {message}")]
    Refused { method: String, message: String },
    /// The node's answer is not what the method gives.
    #[error("{method}: unexpected answer: {reason}")]
    Answer { method: String, reason: String },
    /// The chain has none of the contracts.
    #[error("{0} is not a Tributary rollup: it has no datanets contract")]
    NotTributary(String),
    /// A transaction was included and reverted.
    #[error("{what} reverted (transaction {hash})")]
    Reverted { what: String, hash: alloy_primitives::B256 },
    /// The key did not sign.
    #[error("signing: {0}")]
    Signing(#[from] alloy_signer::Error),
    /// Block `number` did not become safe in time.
    #[error("block {number} was not safe after {seconds} s; the safe head is {safe}")]
    NotSafe { number: u64, seconds: u64, safe: u64 },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Something that must be equal is not.
    #[error("check failed: {0}")]
    Check(String),
}

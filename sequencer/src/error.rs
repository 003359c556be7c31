//! Why a command ends with exit code 1. Each message is the one line that the user sees.

use crate::files::Unfit;
use std::{io, path::PathBuf};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A configuration file says what cannot be.
    #[error("{}: {reason}", path.display())]
    ConfigFile {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// What was asked for cannot be done like this.
    #[error("{0}")]
    Usage(String),
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
    /// A file or directory cannot be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// There is nothing to contribute.
    #[error("{}: no text file (UTF-8) of 1 byte to {most}", dir.display())]
    NoTexts { dir: PathBuf, most: &'static str },
    /// What is to be attributed is no text.
    #[error("{what} is {why}; it must be a text in UTF-8 of at most 64 MiB")]
    NoText { what: String, why: Unfit },
    /// The texts of a folder are more than fit in memory.
    #[error("{}: more than {most} MiB of text, whose index would not fit in memory", dir.display())]
    TooMuchText { dir: PathBuf, most: usize },
    /// The rules refuse a text.
    #[error("cannot be attributed: {0}")]
    Attribution(#[from] tributary_attribution::Error),
    /// The result cannot be told.
    #[error("cannot write the result: {0}")]
    Write(io::Error),
    /// The phrase from there is not one.
    #[error("{from}: {reason}")]
    Mnemonic { from: &'static str, reason: String },
    /// There is no key to sign with.
    #[error("{0}")]
    Wallet(String),
    /// Nobody answers where a node should be.
    #[error("{url} does not answer ({reason}); is `tributary dev` running?")]
    Unreachable { url: String, reason: String },
    /// A URL cannot be used.
    #[error("{url}: {reason}")]
    Url { url: String, reason: String },
    /// A node refused, or answered what cannot be.
    #[error(transparent)]
    Client(#[from] tributary_client::Error),
    /// The rollup does not tell where its L1 is.
    #[error("{0} does not tell where its L1 is; give it with --l1")]
    NoL1(String),
    /// The L1 is not the rollup's.
    #[error("{url} is chain {chain_id}, but the rollup's L1 is chain {expected}")]
    OtherL1 { url: String, chain_id: u64, expected: u64 },
    /// The chain has none of the contracts.
    #[error("{0} is not a Tributary rollup: it has no datanets contract")]
    NotTributary(String),
    /// A transaction was included and reverted.
    #[error("{what} reverted (transaction {hash}){why}")]
    Reverted { what: String, hash: alloy_primitives::B256, why: String },
    /// A contract refuses.
    #[error("{what}: {why}")]
    Refused { what: &'static str, why: String },
    /// A value in a file or an argument is not what it must be.
    #[error("{what}: {reason}")]
    Invalid { what: String, reason: String },
    /// A receipt says what is not so.
    #[error("{what} is not to be believed: {reason}")]
    NotVerified { what: String, reason: String },
    /// Block `number` did not become safe in time.
    #[error("block {number} was not safe after {seconds} s; the safe head is {safe}")]
    NotSafe { number: u64, seconds: u64, safe: u64 },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The node knows nothing of this name.
    #[error("there is no {0}")]
    Unknown(String),
    /// Another run works with the same files.
    #[error("{holder} is at work here ({}); wait until it ends", path.display())]
    Busy { path: PathBuf, holder: String },
    /// What was handed in was refused, all of it.
    #[error("none of {count} documents was taken; the reasons are above")]
    NothingTaken { count: usize },
    /// What keeps the key does not sign.
    #[error("the signer at {url}: {reason}")]
    Signer { url: String, reason: String },
    /// Something that must be equal is not.
    #[error("check failed: {0}")]
    Check(String),
}

impl Error {
    /// What the first question to the node at `url` failed with.
    pub(crate) fn of_node(url: &str, error: tributary_client::Error) -> Self {
        let url = url.to_owned();
        match error {
            tributary_client::Error::Unreachable(_) => {
                let reason = error.to_string().trim_start_matches("unreachable: ").to_owned();
                Self::Unreachable { url, reason }
            }
            tributary_client::Error::Config(reason) => Self::Url { url, reason },
            error => error.into(),
        }
    }
}

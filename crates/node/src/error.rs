//! Why a node does not start, and why it stops.

use alloy_primitives::B256;
use std::{net::SocketAddr, path::PathBuf};

/// A failure with its severity already decided: whatever reaches a caller as this type ends the node.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot work.
    #[error("{0}")]
    Config(String),
    /// A port is taken.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A file or directory cannot be used.
    #[error("{}: {source}", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the data directory does not say what it should.
    #[error("{}: {reason}", path.display())]
    DataDirectory {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of blocks holds something that cannot be imported.
    #[error("{}: {reason}", path.display())]
    Chain {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The database failed or refuses the directory.
    #[error(transparent)]
    Storage(#[from] tributary_storage::Error),
    /// The index of the economy failed.
    #[error(transparent)]
    Index(#[from] tributary_index::Error),
    /// The journal failed or refuses the directory.
    #[error(transparent)]
    Journal(#[from] tributary_journal::Error),
    /// A block could not be executed although it should.
    #[error(transparent)]
    Execution(#[from] tributary_execution::Error),
    /// The L1 could not be used.
    #[error(transparent)]
    L1(#[from] tributary_l1::Error),
    /// The JSON-RPC server failed.
    #[error(transparent)]
    Rpc(#[from] tributary_rpc::Error),
    /// A format or a rule of the rollup was broken where that must not happen.
    #[error(transparent)]
    Rollup(#[from] tributary_rollup::Error),
    /// A range could not be executed again from its witness.
    #[error(transparent)]
    Prover(#[from] tributary_prover_stub::Error),
    /// Health and metrics could not be served.
    #[error(transparent)]
    Dashboard(#[from] tributary_dashboard::Error),
    /// What the sequencer built is not what L1 gives.
    #[error("block {number}: the sequencer has {sequenced}, L1 gives {derived}")]
    Diverged {
        /// The first block that differs.
        number: u64,
        /// The sequencer's hash.
        sequenced: B256,
        /// The verifier's.
        derived: B256,
    },
    /// Two parts of the node that must agree do not. The node halts and stays halted.
    #[error("{0}")]
    Disagreement(String),
    /// Part of the node is gone, so that the rest cannot go on.
    #[error("the {0} stopped")]
    Stopped(&'static str),
}

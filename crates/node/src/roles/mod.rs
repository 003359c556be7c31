//! What the roles of a rollup stand on and are made of. [`dev`](crate::dev) composes all of them over an embedded L1; every other command some of them over an L1 that
//! somebody else runs.

mod deployment;
mod directory;
mod feed;
mod files;
mod forward;
mod inspection;
mod l1_side;
mod node;
mod parts;
mod prover;
mod recover;

pub use deployment::{DeploymentPlan, DeploymentStep, Operators as DeploymentOperators, Waits};
pub(crate) use directory::RoleDirectory;
pub use files::ChainFiles;
pub(crate) use files::{read as read_json, write_json};
pub use inspection::{Inspection, inspect_directory};
pub(crate) use l1_side::L1Side;
pub use node::{L1Settings, ReplicaConfig, RoleConfig, RoleNode, SequencerConfig, VerifierConfig, replica, sequencer, verifier};
pub(crate) use parts::{Batching, ProposerKeys, Word};
pub use prover::{ProverConfig, ProverNode, prover};
pub use recover::{RecoverFor, Recovering, recover};

use crate::{clock::Clock, development::Snapshots, gate::Gate, observer::Payers, tasks::Tasks};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};
use tributary_contracts::L1Contracts;
use tributary_primitives::{ChainSpec, RollupConfig};

/// What all roles of one rollup share in a process.
#[derive(Debug)]
pub(crate) struct Rollup {
    pub(crate) config: Arc<RollupConfig>,
    /// The L1's rules: its blob schedule.
    pub(crate) l1_spec: Arc<ChainSpec>,
    pub(crate) contracts: L1Contracts,
    /// Seconds between L1 blocks.
    pub(crate) l1_block_time: u64,
    pub(crate) clock: Clock,
    /// Of a development chain: moments that it may be set back to.
    pub(crate) snapshots: Snapshots,
    /// Before L1; closed while a development chain is set back.
    pub(crate) gate: Arc<Gate>,
    /// Told of each new block of an embedded L1.
    pub(crate) l1_news: Arc<Notify>,
    pub(crate) tasks: Tasks,
    /// What this process is, for who monitors it.
    pub(crate) role: Role,
    /// Who pays on L1 for what is done here.
    pub(crate) payers: Payers,
    /// Bytes of transactions that are sealed and not on L1.
    pub(crate) backlog: watch::Sender<u64>,
}

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    /// Whether it has blocks as they are made, each in its time, or those that come to L1, batch by batch.
    pub(crate) has_early_blocks: bool,
}

impl Rollup {
    /// How often L1 is looked at unasked.
    fn look(&self) -> Duration {
        Duration::from_millis(self.l1_block_time * 1000 / 8)
    }

    /// How often the batcher and the proposer look.
    fn poll(&self) -> Duration {
        self.look().min(Duration::from_secs(1))
    }
}

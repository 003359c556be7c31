//! Roles: the only place with tasks, threads and clocks.
//!
//! A node is source → execute → commit → announce. [`dev`] runs every role in one process over an embedded L1:
//!
//! ```text
//! clients ─▶ producer (l2) ─▶ batcher ─▶ L1 ◀─ producer (l1)
//!                                         │
//!            heads ◀── verifier ◀─────────┤
//!                         └─▶ prover ─▶ proposer
//! ```
//!
//! [`import`] and [`serve`] are for Ethereum chains from elsewhere: into a data directory, and out of it over JSON-RPC.
//!
//! The L1 is a chain like the rollup: the same producer, store and server, with other values. The rollup talks to it over its real sockets only.

mod batcher;
mod chain;
mod clock;
mod config;
mod contracts;
mod datadir;
mod deploy;
mod dev;
mod development;
mod economy;
mod error;
mod fork;
mod gate;
mod genesis;
mod import;
mod imported;
mod indexer;
mod keys;
mod l1_view;
mod observer;
mod part_files;
mod pipeline;
mod producer;
mod proposer;
mod prover;
mod report;
mod roles;
mod serve;
mod status;
mod tasks;
#[cfg(test)]
mod test_chain;
pub mod upkeep;
mod verifier;

pub use config::{DEV_MNEMONIC, DataAvailability, DevConfig, L1_CHAIN_ID, L2_CHAIN_ID};
pub use dev::{DevNode, dev};
pub use error::Error;
pub use import::{ImportConfig, Imported, import};
pub use indexer::Indexer;
pub use prover::ProverAt;
pub use roles::{
    ChainFiles, DeploymentOperators, DeploymentPlan, DeploymentStep, Inspection, L1Settings, ProverConfig, ProverNode, RecoverFor,
    Recovering, ReplicaConfig, RoleConfig, RoleNode, SequencerConfig, VerifierConfig, Waits, inspect_directory, prover, recover, replica,
    sequencer, verifier,
};
pub use serve::{ServeConfig, ServedChain, serve};
pub use status::{BatchStatus, DevAccount, DevInfo, Layer, Status};
pub use tributary_l1::L1Config;
pub use tributary_rpc::{SCRIPT_HOST, run_script_host};

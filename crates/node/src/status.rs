//! What a node says about itself while it runs.

use alloy_primitives::{Address, B256};
use std::path::PathBuf;

/// A funded account of a development node.
#[derive(Clone)]
pub struct DevAccount {
    /// Address.
    pub address: Address,
    /// Private key. Everybody knows it; do not send real money there.
    pub key: B256,
}

impl std::fmt::Debug for DevAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevAccount").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Which chain a contract is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The settlement layer.
    L1,
    /// The rollup.
    L2,
}

/// What a development node tells its user once, at start.
#[derive(Debug, Clone)]
pub struct DevInfo {
    /// Funded accounts, on both layers.
    pub accounts: Vec<DevAccount>,
    /// JSON-RPC of the rollup: sealed blocks.
    pub l2_url: String,
    /// The same with what is acknowledged, before it is sealed.
    pub realtime_url: String,
    /// JSON-RPC of the embedded L1.
    pub l1_url: String,
    /// Health and metrics.
    pub dashboard_url: String,
    /// Chain id of the rollup.
    pub chain_id: u64,
    /// Chain id of the embedded L1.
    pub l1_chain_id: u64,
    /// Where the data is.
    pub datadir: PathBuf,
    /// The data goes when the node does.
    pub temporary: bool,
    /// Contracts worth knowing.
    pub contracts: Vec<(&'static str, Address, Layer)>,
}

/// What a development node tells its user all the time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Newest sealed L2 block.
    pub unsafe_head: u64,
    /// Newest L2 block derived from L1.
    pub safe_head: u64,
    /// Newest L2 block derived from finalized L1 blocks.
    pub finalized_head: u64,
    /// Newest L1 block.
    pub l1_head: u64,
    /// User transactions included since the start.
    pub transactions: u64,
    /// The newest batch on L1.
    pub last_batch: Option<BatchStatus>,
    /// The L2 block of the newest output proposal.
    pub last_proposal: Option<u64>,
}

/// A batch on L1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchStatus {
    /// The L1 transaction.
    pub l1_tx: B256,
    /// The L1 block that includes it.
    pub l1_block: u64,
    /// First L2 block in it.
    pub first: u64,
    /// Last L2 block in it.
    pub last: u64,
    /// Bytes of compressed batch data.
    pub bytes: u64,
}

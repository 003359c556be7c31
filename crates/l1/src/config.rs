//! Where an L1 is, and whom of it to believe.

use std::time::Duration;
use tributary_client::Endpoint;

/// By what a beacon API calls the block whose blobs are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BlobIds {
    /// By its slot, as the specification has it; by the block's number where nobody has something at the slot.
    #[default]
    Slot,
    /// By the block's number, as anvil has it.
    BlockNumber,
}

/// Where the L1 is and how patient we are with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Config {
    /// JSON-RPC of execution nodes, the preferred first.
    pub execution: Vec<Endpoint>,
    /// Beacon APIs, the preferred first.
    pub beacon: Vec<Endpoint>,
    /// Beacon APIs that keep blobs for longer, asked for what no other has.
    pub archives: Vec<Endpoint>,
    /// How many execution nodes must say the same before the hash of a block at a number or tag is believed.
    pub quorum: usize,
    /// What blobs are asked for by.
    pub blob_ids: BlobIds,
    /// Length of a slot, for a beacon API that does not tell it.
    pub seconds_per_slot: Option<u64>,
    /// Limit for one exchange, from connecting to the last byte.
    pub timeout: Duration,
    /// Longest answer that is read, bytes.
    pub max_response: usize,
    /// How often an exchange is repeated after failures that pass.
    pub retries: usize,
}

impl L1Config {
    /// An L1 that serves both APIs at one URL, with 10 s, 128 MiB and 4 retries.
    pub fn at(url: impl Into<Endpoint>) -> Self {
        let endpoint = url.into();
        Self::of(vec![endpoint.clone()], vec![endpoint])
    }

    /// Execution nodes and beacon nodes of an L1, of which one is believed; as patient as of [`Self::at`].
    pub const fn of(execution: Vec<Endpoint>, beacon: Vec<Endpoint>) -> Self {
        Self {
            execution,
            beacon,
            archives: Vec::new(),
            quorum: 1,
            blob_ids: BlobIds::Slot,
            seconds_per_slot: None,
            timeout: Duration::from_secs(10),
            max_response: 128 << 20,
            retries: 4,
        }
    }
}

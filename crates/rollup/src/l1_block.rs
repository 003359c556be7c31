//! What derivation reads of an L1 block.

use alloy_consensus::Header;
use alloy_eips::eip4844::Blob;
use alloy_primitives::{Address, B256, Bytes, Log};
use tributary_primitives::{L1BlockRef, RollupConfig};

/// The extra data by which the L1 of a development chain marks a block as a jump in time.
pub const TIME_JUMP: &[u8] = b"tributary jump";

/// The attributes of an L1 block that enter L2 blocks (specs: protocol/deposits#l1-attributes-deposited-transaction).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Header {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Base fee, wei per gas.
    pub base_fee: u64,
    /// Blob base fee, wei per blob gas; 1 where the block has none.
    pub blob_base_fee: u128,
    /// `prevRandao`.
    pub mix_hash: B256,
    /// EIP-4788; zero where the block has none.
    pub parent_beacon_block_root: B256,
    /// Whether the block is marked as a jump in time. Means nothing but on a chain with [`RollupConfig::time_jumps`].
    pub marks_jump: bool,
}

impl L1Header {
    /// The attributes of `header`, whose keccak256 is `hash`; the L1's blob schedule decides `blob_base_fee`.
    pub fn new(header: &Header, hash: B256, blob_base_fee: Option<u128>) -> Self {
        Self {
            hash,
            number: header.number,
            parent_hash: header.parent_hash,
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            blob_base_fee: blob_base_fee.unwrap_or(1),
            mix_hash: header.mix_hash,
            parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
            marks_jump: *header.extra_data == *TIME_JUMP,
        }
    }

    /// Whether the L2 block that begins this block's epoch takes its time.
    pub const fn is_jump(&self, cfg: &RollupConfig) -> bool {
        cfg.time_jumps && self.marks_jump
    }

    /// The block without the attributes.
    pub const fn block_ref(&self) -> L1BlockRef {
        L1BlockRef { hash: self.hash, number: self.number, parent_hash: self.parent_hash, timestamp: self.timestamp }
    }
}

/// A log of an L1 block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Log {
    /// Index of the log in the whole block, as in `eth_getLogs`: part of a deposit's source hash.
    pub index: u64,
    /// The log.
    pub log: Log,
}

/// The data of one L1 transaction to the batch inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatcherData {
    /// Calldata of a transaction of type 0, 1 or 2.
    Calldata(Bytes),
    /// Blobs of a transaction of type 3 in the order of its versioned hashes, each verified against its hash. Its calldata is ignored.
    Blobs(Vec<Blob>),
}

/// One L1 transaction of type 0 to 3 to the batch inbox, failed ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatcherTransaction {
    /// Its hash, by which [`DerivedBlock::batch`](crate::DerivedBlock::batch) names it.
    pub hash: B256,
    /// Recovered sender; the deriver ignores the transaction unless this is the batcher of its system configuration.
    pub from: Address,
    /// What it carries.
    pub data: BatcherData,
}

/// Everything that derivation reads of an L1 block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Block {
    /// Attributes.
    pub header: L1Header,
    /// Logs of the portal and of the system configuration contract, in order. Others may be present and are ignored.
    pub logs: Vec<L1Log>,
    /// Transactions to the batch inbox, in order. [`Deriver::batcher`](crate::Deriver::batcher) tells whose are worth fetching.
    pub batches: Vec<BatcherTransaction>,
}

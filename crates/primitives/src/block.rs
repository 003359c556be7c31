//! Blocks: what goes into building one and what comes out.

use crate::{Receipt, RootedDiff, Transaction};
use alloy_consensus::Header;
use alloy_eips::{BlockNumHash, eip4895::Withdrawals, eip7685::Requests};
use alloy_primitives::{Address, B64, B256, Bytes, U256};

/// A block with its transactions.
pub type Block = alloy_consensus::Block<Transaction>;

/// The body of a [`Block`].
pub type BlockBody = alloy_consensus::BlockBody<Transaction>;

/// Everything about a block that its builder does not compute: the executor's input beside parent and transactions.
///
/// The same value drives building, replaying, deriving and proving; base fee, blob gas and all roots follow from parent and execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockAttributes {
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Receives priority fees (and, before the merge, the block reward).
    pub beneficiary: Address,
    /// Since the merge `prevRandao`, before it the mix hash.
    pub mix_hash: B256,
    /// Gas limit.
    pub gas_limit: u64,
    /// Extra data; on a rollup since Holocene the encoded EIP-1559 parameters.
    pub extra_data: Bytes,
    /// EIP-4788, since Cancun.
    pub parent_beacon_block_root: Option<B256>,
    /// Since Shanghai. Empty on a rollup, where the header's root is instead the message passer's storage root since Isthmus.
    pub withdrawals: Option<Withdrawals>,
    /// Zero since the merge.
    pub difficulty: U256,
    /// Zero since the merge.
    pub nonce: B64,
    /// Empty since the merge.
    pub ommers: Vec<Header>,
}

impl BlockAttributes {
    /// The attributes that a given block was built with, to execute it again.
    pub fn of_block(block: &Block) -> Self {
        let header = &block.header;
        Self {
            timestamp: header.timestamp,
            beneficiary: header.beneficiary,
            mix_hash: header.mix_hash,
            gas_limit: header.gas_limit,
            extra_data: header.extra_data.clone(),
            parent_beacon_block_root: header.parent_beacon_block_root,
            withdrawals: block.body.withdrawals.clone(),
            difficulty: header.difficulty,
            nonce: header.nonce,
            ommers: block.body.ommers.clone(),
        }
    }
}

/// A block before execution: as L1 prescribes it, as a sequencer begins it, as the journal keeps it (specs: protocol/exec-engine).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadAttributes {
    /// What the builder does not compute.
    pub block: BlockAttributes,
    /// EIP-2718 encoded transactions that the block begins with: on a rollup L1 attributes, deposits, then a batch's.
    pub transactions: Vec<Bytes>,
    /// No transactions beyond those given may be included.
    pub no_tx_pool: bool,
}

/// A block that is executed and rooted, but not yet written. Committing it in storage is the only point of no return.
#[derive(Debug, Clone)]
pub struct ExecutedBlock {
    /// The block.
    pub block: Block,
    /// keccak256 of the header's RLP.
    pub hash: B256,
    /// Senders, one per transaction.
    pub senders: Vec<Address>,
    /// Receipts, one per transaction.
    pub receipts: Vec<Receipt>,
    /// EIP-7685 requests (since Prague, Ethereum chains only).
    pub requests: Requests,
    /// What changed in the state.
    pub state: RootedDiff,
}

impl ExecutedBlock {
    /// Number and hash.
    pub fn id(&self) -> BlockNumHash {
        BlockNumHash { number: self.block.header.number, hash: self.hash }
    }
}

/// The chain's heads. `unsafe` may be replaced, `safe` only by an L1 reorg, `finalized` never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heads {
    /// The newest block; on a rollup what the sequencer sealed.
    pub unsafe_head: BlockNumHash,
    /// The newest block derived from L1.
    pub safe_head: BlockNumHash,
    /// The newest block derived from finalized L1 blocks.
    pub finalized_head: BlockNumHash,
}

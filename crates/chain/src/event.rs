//! What happened to a chain.

use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256};
use std::sync::Arc;
use tributary_execution::PendingTransaction;
use tributary_pool::RecoveredTx;
use tributary_primitives::{Block, ExecutedBlock, Receipt};

/// What happened to the chain. Sent after it is durable and visible.
#[derive(Debug, Clone)]
pub enum Event {
    /// A block is the new head.
    Sealed(Arc<SealedBlock>),
    /// Blocks left the chain, newest first; `Sealed` events of what replaces them follow.
    Reorg {
        /// The blocks that are gone.
        removed: Vec<Arc<SealedBlock>>,
    },
    /// A transaction was published to the open block.
    Transaction(Arc<PendingTransaction>),
    /// A transaction was accepted into the pool, to be executed later.
    Queued(Arc<RecoveredTx>),
}

/// A sealed block with what subscribers want to know of it.
#[derive(Debug, Clone)]
pub struct SealedBlock {
    /// The block.
    pub block: Block,
    /// Its hash.
    pub hash: B256,
    /// Senders, one per transaction.
    pub senders: Vec<Address>,
    /// Receipts, one per transaction.
    pub receipts: Vec<Receipt>,
}

impl SealedBlock {
    /// Its number.
    pub const fn number(&self) -> u64 {
        self.block.header.number
    }

    /// Its number and hash.
    pub const fn id(&self) -> BlockNumHash {
        BlockNumHash { number: self.number(), hash: self.hash }
    }
}

impl From<ExecutedBlock> for SealedBlock {
    fn from(executed: ExecutedBlock) -> Self {
        let ExecutedBlock { block, hash, senders, receipts, .. } = executed;
        Self { block, hash, senders, receipts }
    }
}

//! The open block as a block: what is in it, and what it would be if it ended now.

use crate::error::RpcError;
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::B256;
use std::sync::{Arc, Mutex, PoisonError};
use tributary_execution::{Executor, PendingBlock};
use tributary_primitives::{Block, BlockBody, ChainSpec, ExecutedBlock, Receipt};
use tributary_storage::{Snapshot, StoredBlock};

/// The open block.
pub(crate) type Open = Arc<PendingBlock<Snapshot>>;

/// What can be asked of the open block beside what it offers itself.
pub(crate) trait OpenContents {
    /// It as a block, with senders and receipts; roots in the header are not computed.
    fn contents(&self, spec: &ChainSpec) -> (StoredBlock, Vec<Receipt>);
}

impl OpenContents for Open {
    fn contents(&self, spec: &ChainSpec) -> (StoredBlock, Vec<Receipt>) {
        let all = self.transactions();
        let header = self.header().clone();
        let transactions = all.iter().map(|one| one.tx.clone()).collect();
        let shanghai = spec.is_active(EthereumHardfork::Shanghai, header.number, header.timestamp);
        let withdrawals = shanghai.then(Default::default);
        let block = Block { header, body: BlockBody { transactions, ommers: Vec::new(), withdrawals } };
        let senders = all.iter().map(|one| one.sender).collect();
        let receipts = all.iter().map(|one| one.receipt.clone()).collect();
        (StoredBlock { block, hash: B256::ZERO, senders }, receipts)
    }
}

/// The open block as it was when its roots were last asked for.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) block: StoredBlock,
    pub(crate) receipts: Vec<Receipt>,
}

impl Ended {
    /// Whether this is still what the open block holds: transactions only ever follow.
    fn is_of(&self, open: &Open) -> bool {
        let header = &self.block.block.header;
        header.parent_hash == open.header().parent_hash && header.timestamp == open.header().timestamp && self.receipts.len() == open.len()
    }
}

/// The open block as if it ended now: computed once for as long as no transaction follows, by one client for all who ask meanwhile.
#[derive(Debug, Default)]
pub(crate) struct EndedNow(Mutex<Option<Arc<Ended>>>);

impl EndedNow {
    /// The open block with the header that it would have, roots and all. Its hash stays zero: it is no block's yet.
    pub(crate) fn of(&self, open: &Open, executor: &Executor) -> Result<Arc<Ended>, RpcError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = last.as_ref().filter(|ended| ended.is_of(open)) {
            return Ok(ended.clone());
        }
        let ExecutedBlock { block, senders, receipts, .. } = open.state().ended_now(executor, open.base().header())?;
        let ended = Arc::new(Ended { block: StoredBlock { block, hash: B256::ZERO, senders }, receipts });
        *last = Some(ended.clone());
        Ok(ended)
    }
}

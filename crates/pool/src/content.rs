//! What a pool tells of itself (the `txpool` namespace).

use crate::{queue::SenderQueue, transaction::RecoveredTx};
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

/// How many transactions wait (`txpool_status`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// Without a gap before them.
    pub pending: usize,
    /// Behind a gap.
    pub queued: usize,
}

/// The waiting transactions by sender and nonce (`txpool_content`, and with [`RecoveredTx::summary`] `txpool_inspect`).
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Without a gap before them.
    pub pending: BTreeMap<Address, BTreeMap<u64, RecoveredTx>>,
    /// Behind a gap.
    pub queued: BTreeMap<Address, BTreeMap<u64, RecoveredTx>>,
}

/// Which of the transactions that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The one with this hash.
    Hash(B256),
    /// Those of this sender.
    Sender(Address),
    /// All.
    All,
}

impl Content {
    /// The hashes of all.
    pub(crate) fn hashes(&self) -> Vec<B256> {
        self.pending.values().chain(self.queued.values()).flat_map(BTreeMap::values).map(|tx| tx.hash).collect()
    }

    /// Adds what waits of one sender.
    pub(crate) fn extend(&mut self, sender: Address, queue: &SenderQueue) {
        let first_gap = queue.first_gap();
        for (nonce, entry) in &queue.entries {
            let side = if *nonce < first_gap { &mut self.pending } else { &mut self.queued };
            side.entry(sender).or_default().insert(*nonce, entry.tx.clone());
        }
    }
}

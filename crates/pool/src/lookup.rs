//! What is in the pool.

use crate::{
    content::{Content, Status},
    pool::Pool,
    queue::Entry,
    transaction::RecoveredTx,
};
use alloy_primitives::{Address, B256};
use std::collections::{BTreeSet, HashSet};

impl Pool {
    /// A transaction that waits or is being executed.
    pub fn get(&self, hash: B256) -> Option<&RecoveredTx> {
        let waiting = self.by_hash.get(&hash).and_then(|(sender, nonce)| self.senders.get(sender)?.entries.get(nonce));
        waiting.map(|entry| &entry.tx).or_else(|| self.leaving.get(&hash))
    }

    /// The hash of a sender's transaction with this nonce that waits or is being executed.
    pub fn hash_at(&self, sender: Address, nonce: u64) -> Option<B256> {
        let leaving = || self.leaving.values().find(|tx| tx.sender == sender && tx.nonce() == nonce);
        self.get_at(sender, nonce).map(|entry| &entry.tx).or_else(leaving).map(|tx| tx.hash)
    }

    /// A sender's waiting transaction with this nonce.
    fn get_at(&self, sender: Address, nonce: u64) -> Option<&Entry> {
        self.senders.get(&sender)?.entries.get(&nonce)
    }

    /// The nonces of a sender's transactions that wait or are being executed.
    pub fn nonces(&self, sender: Address) -> BTreeSet<u64> {
        let waiting = self.senders.get(&sender).into_iter().flat_map(|queue| queue.entries.keys().copied());
        waiting.chain(self.leaving.values().filter(|tx| tx.sender == sender).map(|tx| tx.nonce())).collect()
    }

    /// How many wait.
    pub fn status(&self) -> Status {
        let pending = self.senders.values().map(|queue| (queue.first_gap() - queue.next_nonce) as usize).sum();
        Status { pending, queued: self.by_hash.len() - pending }
    }

    /// The hashes of all that waits.
    pub fn hashes(&self) -> HashSet<B256> {
        self.by_hash.keys().copied().collect()
    }

    /// Everything that waits.
    pub fn content(&self) -> Content {
        let mut content = Content::default();
        for (sender, queue) in &self.senders {
            content.extend(*sender, queue);
        }
        content
    }

    /// What waits of one sender (`txpool_contentFrom`).
    pub fn content_from(&self, sender: Address) -> Content {
        let mut content = Content::default();
        if let Some(queue) = self.senders.get(&sender) {
            content.extend(sender, queue);
        }
        content
    }

    /// Number of transactions.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// Bytes of all transactions, including blobs.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Extra, Ordering,
        fixture::{address, from, pool, rich},
    };

    #[test]
    fn a_transaction_that_is_being_executed_is_found_until_it_has_left() {
        let mut pool = pool(Ordering::ArrivalOrder);
        for nonce in 0..3 {
            pool.add(from(1, nonce, 10), &rich(0)).unwrap();
        }
        let first = pool.take_ready(address(1), 0).unwrap();
        let second = pool.take_ready(address(1), 1).unwrap();
        assert_eq!((pool.len(), pool.get(first.hash).is_some(), pool.get(second.hash).is_some()), (1, true, true));
        assert_eq!(pool.nonces(address(1)), [0, 1, 2].into());
        assert_eq!([0, 3].map(|nonce| pool.hash_at(address(1), nonce)), [Some(first.hash), None]);
        pool.left(first.hash);
        assert!(pool.get(first.hash).is_none());
        assert_eq!(pool.nonces(address(1)), [1, 2].into());
        pool.put_back(second.clone(), Extra::default());
        pool.left(second.hash);
        assert_eq!((pool.len(), pool.get(second.hash).is_some(), pool.nonces(address(1))), (2, true, [1, 2].into()));
    }

    #[test]
    fn content_tells_pending_from_queued() {
        let mut pool = pool(Ordering::ArrivalOrder);
        for nonce in [0, 1, 3] {
            pool.add(from(1, nonce, 10), &rich(0)).unwrap();
        }
        let content = pool.content();
        assert_eq!(content.pending[&address(1)].keys().copied().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(content.queued[&address(1)].keys().copied().collect::<Vec<_>>(), [3]);
        assert!(pool.content_from(address(2)).pending.is_empty());
        assert_eq!(pool.content_from(address(1)).queued.len(), 1);
    }
}

//! The pool: transactions that cannot run at once.

use crate::{
    content::Waiting,
    error::PoolError,
    index::{Index, Places, Worth},
    limits::{Extra, Fees, PoolLimits, Room, SenderState},
    ordering::Ordering,
    queue::{Entry, SenderQueue},
    transaction::RecoveredTx,
    validate::validate_account,
};
use alloy_primitives::{Address, B256, U256};
use std::collections::{BTreeMap, HashMap};

/// Where a transaction waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Every nonce before it is there: it waits for room or for lower fees.
    Pending,
    /// It waits for a transaction with a lower nonce.
    Queued,
}

/// What adding a transaction did.
#[derive(Debug, Clone)]
pub struct Added {
    /// Where it is.
    pub position: Position,
    /// The transaction whose place it took.
    pub replaced: Option<RecoveredTx>,
    /// Transactions that had to make room.
    pub evicted: Vec<RecoveredTx>,
}

/// Transactions that wait. Invariants: bounds hold after every call (except [`Pool::put_back`]'s one transaction), no transaction is below
/// its sender's next nonce, and the two indexes agree with the queues.
#[derive(Debug)]
pub struct Pool {
    pub(crate) limits: PoolLimits,
    pub(crate) ordering: Ordering,
    pub(crate) fees: Fees,
    pub(crate) senders: BTreeMap<Address, SenderQueue>,
    pub(crate) by_hash: HashMap<B256, (Address, u64)>,
    /// Taken to be executed, and in no block that readers see yet.
    pub(crate) leaving: HashMap<B256, RecoveredTx>,
    pub(crate) index: Index,
    pub(crate) bytes: usize,
    pub(crate) last_arrival: i64,
    pub(crate) first_arrival: i64,
    pub(crate) blocks: u64,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: PoolLimits, ordering: Ordering) -> Self {
        Self {
            limits,
            ordering,
            fees: Fees::default(),
            senders: BTreeMap::new(),
            by_hash: HashMap::new(),
            leaving: HashMap::new(),
            index: Index::default(),
            bytes: 0,
            last_arrival: 0,
            first_arrival: 0,
            blocks: 0,
        }
    }

    /// Adds a transaction that passed [`crate::validate`], given its sender's account in the open block.
    ///
    /// # Errors
    /// When the pool does not take it. Then nothing changed, except that transactions below the account's nonce are gone.
    pub fn add(&mut self, tx: RecoveredTx, account: &SenderState) -> Result<Added, PoolError> {
        if self.by_hash.contains_key(&tx.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        validate_account(&tx, account)?;
        self.advance(tx.sender, account.nonce);
        let arrival = self.last_arrival + 1;
        let new = self.entry(tx, arrival, account.extra);
        self.check_sender(&new, account)?;
        let first_gap = self.senders.get(&new.tx.sender).map_or(account.nonce, SenderQueue::first_gap);
        let position = if new.tx.nonce() <= first_gap { Position::Pending } else { Position::Queued };
        let victims = self.victims_for(&new, position)?;

        self.last_arrival = arrival;
        let evicted = victims.into_iter().filter_map(|hash| self.remove(hash)).collect();
        let replaced = self.insert(new, account.nonce).map(|old| old.tx);
        Ok(Added { position, replaced, evicted })
    }

    /// The transaction of `sender` that can run now that the account's next nonce is `next_nonce`, as [`Self::take`] takes it. What is below is
    /// dropped. To be called after each executed transaction, until it returns `None`.
    pub fn take_ready(&mut self, sender: Address, next_nonce: u64) -> Option<RecoveredTx> {
        self.advance(sender, next_nonce);
        if !self.index.is_ready(sender) {
            return None;
        }
        let hash = self.senders.get(&sender)?.head()?.tx.hash;
        self.take(hash)
    }

    /// Takes a transaction out to be executed. It is no part of [`Self::content`] any more, but readers find it ([`Self::get`], [`Self::nonces`]) until [`Self::left`] is told that they find it
    /// in a block, or that it is in none.
    pub fn take(&mut self, hash: B256) -> Option<RecoveredTx> {
        let tx = self.remove(hash)?;
        self.leaving.insert(hash, tx.clone());
        Some(tx)
    }

    /// Forgets a transaction that was taken.
    pub fn left(&mut self, hash: B256) {
        self.leaving.remove(&hash);
    }

    /// The transaction that should run next by the pool's ordering, among those whose nonce is next, that offer enough and that fit `room`.
    /// It stays: take it with [`Self::take`] or, when it turns out to be invalid, with [`Self::remove`].
    pub fn next_ready(&self, room: Room) -> Option<&RecoveredTx> {
        let heads = self.index.ready().filter_map(|sender| self.senders.get(&sender)?.head());
        heads.filter(|entry| entry.fits(room)).map(|entry| &entry.tx).next()
    }

    /// Takes the transaction that [`Self::next_ready`] tells.
    pub fn take_next(&mut self, room: Room) -> Option<RecoveredTx> {
        let hash = self.next_ready(room)?.hash;
        self.take(hash)
    }

    /// Returns a transaction that was taken and found no room. It will be the first to run; of what [`Self::add`] checks only the nonce is
    /// checked again. `extra` is as in [`SenderState`].
    pub fn put_back(&mut self, tx: RecoveredTx, extra: Extra) {
        let nonce = tx.nonce();
        self.left(tx.hash);
        if self.senders.get(&tx.sender).is_some_and(|queue| nonce < queue.next_nonce) {
            return;
        }
        self.first_arrival -= 1;
        let entry = self.entry(tx, self.first_arrival, extra);
        self.insert(entry, nonce);
    }

    /// Takes a transaction out; those behind it have a gap before them from now on.
    pub fn remove(&mut self, hash: B256) -> Option<RecoveredTx> {
        let (sender, nonce) = *self.by_hash.get(&hash)?;
        let entry = self.senders.get_mut(&sender)?.entries.remove(&nonce)?;
        self.forget(&entry);
        self.reindex(sender);
        Some(entry.tx)
    }

    /// Drops what waits; not what was taken to be executed. Returns the hashes.
    pub fn drop_waiting(&mut self, which: Waiting) -> Vec<B256> {
        let hashes = match which {
            Waiting::Hash(hash) => vec![hash],
            Waiting::Sender(sender) => self.content_from(sender).hashes(),
            Waiting::All => self.content().hashes(),
        };
        hashes.into_iter().filter(|hash| self.remove(*hash).is_some()).collect()
    }

    /// Forgets everything: the chain was set back to before any of it was sent.
    pub fn clear(&mut self) {
        *self = Self { fees: self.fees, ..Self::new(self.limits.clone(), self.ordering) };
    }

    fn entry(&self, tx: RecoveredTx, arrival: i64, extra: Extra) -> Entry {
        let mut entry = Entry { cost: U256::ZERO, da_footprint: 0, arrival, since_block: self.blocks, tx };
        entry.reprice(extra);
        entry
    }

    /// Puts an entry in its place and returns the one that was there. `next_nonce` is the account's, for a sender that is new here.
    fn insert(&mut self, entry: Entry, next_nonce: u64) -> Option<Entry> {
        let (sender, nonce, hash, size) = (entry.tx.sender, entry.tx.nonce(), entry.tx.hash, entry.tx.size());
        let queue = self.senders.entry(sender).or_insert_with(|| SenderQueue::new(next_nonce));
        let old = queue.entries.insert(nonce, entry);
        if let Some(old) = &old {
            self.forget(old);
        }
        self.by_hash.insert(hash, (sender, nonce));
        self.bytes += size;
        self.reindex(sender);
        old
    }

    /// Takes an entry that left its queue out of hash index and byte count.
    pub(crate) fn forget(&mut self, entry: &Entry) {
        self.by_hash.remove(&entry.tx.hash);
        self.bytes -= entry.tx.size();
    }

    /// Brings the rankings up to date after a change of a sender's queue or of the fees.
    pub(crate) fn reindex(&mut self, sender: Address) {
        let places = self.senders.get(&sender).map_or_else(Places::default, |queue| Places {
            ready: queue.head().and_then(|entry| self.ordering.key(&entry.tx.tx, entry.arrival, &self.fees)),
            worth: queue.tail().map(|entry| Worth::of(entry, !queue.is_gapped())),
        });
        self.index.set(sender, places);
        if places == Places::default() {
            self.senders.remove(&sender);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Status,
        fixture::{ROOM, address, from, pool, rich},
    };

    #[test]
    fn a_gapped_transaction_runs_once_the_gap_is_filled() {
        let mut pool = pool(Ordering::ArrivalOrder);
        assert_eq!(pool.add(from(1, 2, 10), &rich(0)).unwrap().position, Position::Queued);
        assert_eq!(pool.add(from(1, 1, 10), &rich(0)).unwrap().position, Position::Queued);
        assert_eq!(pool.status(), Status { pending: 0, queued: 2 });
        assert!(pool.next_ready(ROOM).is_none());
        // Nonce 0 was executed without ever resting here.
        assert_eq!(pool.take_ready(address(1), 1).unwrap().nonce(), 1);
        assert_eq!(pool.take_ready(address(1), 2).unwrap().nonce(), 2);
        assert!(pool.take_ready(address(1), 3).is_none());
        assert!(pool.is_empty() && pool.bytes() == 0);
    }

    #[test]
    fn arrival_order_is_first_come_first_served_and_priority_order_is_by_tip() {
        for (ordering, expected) in [(Ordering::ArrivalOrder, [1, 2, 3]), (Ordering::PriorityFee, [2, 1, 3])] {
            let mut pool = pool(ordering);
            for (sender, fee) in [(1, 10), (2, 30), (3, 10)] {
                pool.add(from(sender, 0, fee), &rich(0)).unwrap();
            }
            let mut order = Vec::new();
            while let Some(tx) = pool.next_ready(ROOM).cloned() {
                order.push(tx.sender);
                pool.take_ready(tx.sender, tx.nonce()).unwrap();
            }
            assert_eq!(order, expected.map(address), "{ordering:?}");
        }
    }

    #[test]
    fn what_does_not_fit_the_room_lets_others_pass() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 0, 10), &rich(0)).unwrap();
        assert!(pool.next_ready(Room { gas: 20_999, ..ROOM }).is_none());
        assert!(pool.next_ready(Room { gas: 21_000, ..ROOM }).is_some());
    }

    #[test]
    fn a_footprint_that_does_not_fit_the_room_lets_others_pass_and_is_first_in_the_next_block() {
        let mut pool = pool(Ordering::ArrivalOrder);
        for (sender, da_footprint) in [(1, 90), (2, 40), (3, 10)] {
            let extra = Extra { da_footprint, ..Extra::default() };
            pool.add(from(sender, 0, 10), &SenderState { extra, ..rich(0) }).unwrap();
        }
        let mut next = |da_footprint| pool.take_next(Room { da_footprint, ..ROOM }).map(|tx| tx.sender);
        assert_eq!([next(50), next(10), next(0), next(100)], [Some(address(2)), Some(address(3)), None, Some(address(1))]);
    }

    #[test]
    fn a_transaction_below_the_base_fee_waits_for_it_to_fall() {
        let mut pool = pool(Ordering::PriorityFee);
        pool.set_fees(Fees { base_fee: 20, blob_base_fee: 0 });
        assert_eq!(pool.add(from(1, 0, 10), &rich(0)).unwrap().position, Position::Pending);
        assert!(pool.next_ready(ROOM).is_none());
        assert!(pool.take_ready(address(1), 0).is_none());
        pool.on_block([], Fees { base_fee: 10, blob_base_fee: 0 });
        assert!(pool.next_ready(ROOM).is_some());
    }

    #[test]
    fn what_found_no_room_is_first_again() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 0, 10), &rich(0)).unwrap();
        pool.add(from(2, 0, 10), &rich(0)).unwrap();
        let tx = pool.take_ready(address(2), 0).unwrap();
        pool.put_back(tx, Extra::default());
        assert_eq!(pool.next_ready(ROOM).unwrap().sender, address(2));
        // Once the account is past it, there is nothing to put back.
        let tx = pool.take_ready(address(2), 0).unwrap();
        pool.add(from(2, 5, 10), &rich(1)).unwrap();
        pool.put_back(tx, Extra::default());
        assert_eq!(pool.len(), 2);
    }

    #[test]
    fn a_cleared_pool_takes_the_same_transactions_again() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 5, 10), &rich(5)).unwrap();
        pool.clear();
        assert!(pool.is_empty());
        pool.add(from(1, 5, 10), &rich(5)).unwrap();
        assert_eq!(pool.status(), Status { pending: 1, queued: 0 });
    }
}

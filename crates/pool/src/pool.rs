//! The pool: transactions that cannot run at once.

use crate::{
    content::{Content, Status, Waiting},
    error::PoolError,
    index::{Index, Places, Worth},
    limits::{Fees, PoolLimits, Room, SenderState},
    ordering::Ordering,
    queue::{Entry, SenderQueue, check_replacement},
    transaction::RecoveredTx,
    validate::validate_account,
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

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
    limits: PoolLimits,
    ordering: Ordering,
    fees: Fees,
    senders: BTreeMap<Address, SenderQueue>,
    by_hash: HashMap<B256, (Address, u64)>,
    /// Taken to be executed, and in no block that readers see yet.
    leaving: HashMap<B256, RecoveredTx>,
    index: Index,
    bytes: usize,
    last_arrival: i64,
    first_arrival: i64,
    blocks: u64,
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
        let cost = tx.cost().saturating_add(account.extra_fee);
        let new = Entry { cost, arrival, since_block: self.blocks, tx };
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
        heads.map(|entry| &entry.tx).find(|tx| tx.tx.gas_limit() <= room.gas && tx.tx.blob_gas_used().unwrap_or_default() <= room.blob_gas)
    }

    /// Takes the transaction that [`Self::next_ready`] tells.
    pub fn take_next(&mut self, room: Room) -> Option<RecoveredTx> {
        let hash = self.next_ready(room)?.hash;
        self.take(hash)
    }

    /// Returns a transaction that was taken and found no room. It will be the first to run; of what [`Self::add`] checks only the nonce is
    /// checked again.
    pub fn put_back(&mut self, tx: RecoveredTx) {
        let nonce = tx.nonce();
        self.left(tx.hash);
        if self.senders.get(&tx.sender).is_some_and(|queue| nonce < queue.next_nonce) {
            return;
        }
        self.first_arrival -= 1;
        self.insert(Entry { cost: tx.cost(), arrival: self.first_arrival, since_block: self.blocks, tx }, nonce);
    }

    /// Takes a transaction out; those behind it have a gap before them from now on.
    pub fn remove(&mut self, hash: B256) -> Option<RecoveredTx> {
        let (sender, nonce) = *self.by_hash.get(&hash)?;
        let entry = self.senders.get_mut(&sender)?.entries.remove(&nonce)?;
        self.forget(&entry);
        self.reindex(sender);
        Some(entry.tx)
    }

    /// A block was sealed or imported: for each of its transactions, sender and nonce. Returns what can never run any more or has waited
    /// behind a gap for too long.
    pub fn on_block(&mut self, sealed: impl IntoIterator<Item = (Address, u64)>, next: Fees) -> Vec<RecoveredTx> {
        self.blocks += 1;
        let mut dropped = Vec::new();
        for (sender, nonce) in sealed {
            if self.senders.get(&sender).is_some_and(|queue| queue.next_nonce <= nonce) {
                dropped.extend(self.advance(sender, nonce.saturating_add(1)));
            }
        }
        dropped.extend(self.expire());
        self.set_fees(next);
        dropped
    }

    /// What the next block charges. Transactions that offer less stay, but are not ready.
    pub fn set_fees(&mut self, fees: Fees) {
        if fees == self.fees {
            return;
        }
        self.fees = fees;
        let senders: Vec<_> = self.senders.keys().copied().collect();
        for sender in senders {
            self.reindex(sender);
        }
    }

    /// The chain was reorganised: asks for every sender's next nonce anew. Returns what can never run any more.
    pub fn refresh(&mut self, mut next_nonce: impl FnMut(Address) -> u64) -> Vec<RecoveredTx> {
        let senders: Vec<_> = self.senders.keys().copied().collect();
        senders.into_iter().flat_map(|sender| self.advance(sender, next_nonce(sender))).collect()
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

    /// Replacement, balance over all of the sender's transactions, and their number.
    fn check_sender(&self, new: &Entry, account: &SenderState) -> Result<(), PoolError> {
        let Some(queue) = self.senders.get(&new.tx.sender) else { return Ok(()) };
        let old = queue.entries.get(&new.tx.nonce());
        if let Some(old) = old {
            check_replacement(&old.tx.tx, &new.tx.tx, &self.limits)?;
        }
        let queued = queue.cost().saturating_sub(old.map_or_else(Default::default, |old| old.cost));
        if account.balance < queued.saturating_add(new.cost) {
            return Err(PoolError::Overdraft { balance: account.balance, queued, cost: new.cost });
        }
        if old.is_none() && queue.entries.len() >= self.limits.per_sender {
            return Err(PoolError::AccountLimit { pooled: queue.entries.len() });
        }
        Ok(())
    }

    /// The transactions that must leave so that `new` fits, each worth less than it. A sender gives up at most its last one.
    fn victims_for(&self, new: &Entry, position: Position) -> Result<Vec<B256>, PoolError> {
        let old = self.senders.get(&new.tx.sender).and_then(|queue| queue.entries.get(&new.tx.nonce()));
        let mut count = self.by_hash.len() + usize::from(old.is_none());
        let mut bytes = self.bytes + new.tx.size() - old.map_or(0, |old| old.tx.size());
        let runnable = position == Position::Pending;
        let mut queued = if runnable || old.is_some() { 0 } else { self.status().queued + 1 };
        let worth = Worth::of(new, runnable);
        let mut victims = Vec::new();
        // Its own earlier transactions are no candidates: without them it could not run.
        let mut candidates = self.index.cheapest().filter(|(_, sender)| *sender != new.tx.sender);
        while count > self.limits.transactions || bytes > self.limits.bytes || queued > self.limits.queued {
            // Those behind a gap come first, so that each that leaves leaves one fewer of them.
            let sender = match candidates.next() {
                Some((cheapest, sender)) if cheapest < worth => sender,
                _ if queued > self.limits.queued => return Err(PoolError::QueueFull { queued: queued - 1 }),
                Some(_) if runnable => return Err(PoolError::Underpriced),
                _ => return Err(PoolError::Full),
            };
            queued = queued.saturating_sub(1);
            let victim = self.senders.get(&sender).and_then(SenderQueue::tail).expect("invariant: a ranked sender has a last transaction");
            count -= 1;
            bytes -= victim.tx.size();
            victims.push(victim.tx.hash);
        }
        Ok(victims)
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

    /// Tells the pool a sender's next nonce and drops what is below.
    fn advance(&mut self, sender: Address, next_nonce: u64) -> Vec<RecoveredTx> {
        let Some(queue) = self.senders.get_mut(&sender) else { return Vec::new() };
        if queue.next_nonce == next_nonce {
            return Vec::new();
        }
        let stale = queue.advance(next_nonce);
        for entry in &stale {
            self.forget(entry);
        }
        self.reindex(sender);
        stale.into_iter().map(|entry| entry.tx).collect()
    }

    /// Drops what has been behind a gap for too many blocks.
    fn expire(&mut self) -> Vec<RecoveredTx> {
        let Some(oldest) = self.blocks.checked_sub(self.limits.lifetime_blocks) else { return Vec::new() };
        let gapped = self.senders.values().filter(|queue| queue.is_gapped());
        let expired = gapped.flat_map(|queue| queue.entries.range(queue.first_gap()..)).filter(|(_, entry)| entry.since_block < oldest);
        let hashes: Vec<_> = expired.map(|(_, entry)| entry.tx.hash).collect();
        hashes.into_iter().filter_map(|hash| self.remove(hash)).collect()
    }

    /// Takes an entry that left its queue out of hash index and byte count.
    fn forget(&mut self, entry: &Entry) {
        self.by_hash.remove(&entry.tx.hash);
        self.bytes -= entry.tx.size();
    }

    /// Brings the rankings up to date after a change of a sender's queue or of the fees.
    fn reindex(&mut self, sender: Address) {
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
    use crate::fixture::from;
    use alloy_primitives::U256;

    const ROOM: Room = Room { gas: 1_000_000, blob_gas: 0 };

    fn pool(ordering: Ordering) -> Pool {
        Pool::new(PoolLimits { transactions: 4, per_sender: 3, ..Default::default() }, ordering)
    }

    fn rich(nonce: u64) -> SenderState {
        SenderState { nonce, balance: U256::MAX, extra_fee: U256::ZERO }
    }

    fn address(sender: u8) -> Address {
        Address::repeat_byte(sender)
    }

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
        assert!(pool.next_ready(Room { gas: 20_999, blob_gas: 0 }).is_none());
        assert!(pool.next_ready(Room { gas: 21_000, blob_gas: 0 }).is_some());
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
    fn a_replacement_pays_a_tenth_more() {
        let mut pool = pool(Ordering::ArrivalOrder);
        let old = from(1, 1, 100);
        pool.add(old.clone(), &rich(0)).unwrap();
        assert_eq!(pool.add(old.clone(), &rich(0)).unwrap_err(), PoolError::AlreadyKnown);
        assert_eq!(pool.add(from(1, 1, 109), &rich(0)).unwrap_err(), PoolError::ReplacementUnderpriced);
        let added = pool.add(from(1, 1, 110), &rich(0)).unwrap();
        assert_eq!(added.replaced.unwrap().hash, old.hash);
        assert!(pool.get(old.hash).is_none());
        assert_eq!(pool.len(), 1);
    }

    #[test]
    fn a_sender_cannot_queue_more_than_it_can_pay_or_may() {
        let mut pool = pool(Ordering::ArrivalOrder);
        let poor = SenderState { nonce: 0, balance: U256::from(300_000), extra_fee: U256::ZERO };
        pool.add(from(1, 1, 10), &poor).unwrap();
        let error = pool.add(from(1, 2, 10), &poor).unwrap_err();
        assert_eq!(
            error.to_string(),
            "insufficient funds for gas * price + value: balance 300000, queued cost 210001, tx cost 210001, overshot 120002"
        );
        pool.add(from(1, 2, 10), &rich(0)).unwrap();
        pool.add(from(1, 3, 10), &rich(0)).unwrap();
        assert_eq!(pool.add(from(1, 4, 10), &rich(0)).unwrap_err(), PoolError::AccountLimit { pooled: 3 });
    }

    #[test]
    fn what_waits_for_earlier_nonces_is_bounded_over_all_senders() {
        let limits = PoolLimits { queued: 2, ..Default::default() };
        let mut pool = Pool::new(limits, Ordering::ArrivalOrder);
        pool.add(from(1, 1, 10), &rich(0)).unwrap();
        pool.add(from(2, 7, 10), &rich(0)).unwrap();
        let error = pool.add(from(3, 1, 10), &rich(0)).unwrap_err();
        assert_eq!(error.to_string(), "txpool is full: 2 transactions wait for earlier nonces");
        assert_eq!(pool.add(from(1, 2, 100), &rich(0)).unwrap().evicted[0].sender, address(2));
        assert_eq!(pool.add(from(2, 7, 20), &rich(0)).unwrap_err(), PoolError::QueueFull { queued: 2 });
        pool.remove(from(1, 2, 100).hash).unwrap();
        pool.add(from(2, 7, 20), &rich(0)).unwrap();
        pool.add(from(3, 0, 10), &rich(0)).unwrap();
        pool.add(from(1, 0, 10), &rich(0)).unwrap();
        pool.add(from(3, 9, 10), &rich(0)).unwrap();
        assert_eq!(pool.status(), Status { pending: 3, queued: 2 });
    }

    #[test]
    fn a_full_pool_drops_the_cheapest_and_rather_what_cannot_run() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 0, 50), &rich(0)).unwrap();
        pool.add(from(2, 0, 20), &rich(0)).unwrap();
        pool.add(from(3, 0, 40), &rich(0)).unwrap();
        let gapped = from(4, 1, 1000);
        pool.add(gapped.clone(), &rich(0)).unwrap();
        assert_eq!(pool.add(from(5, 1, 1000), &rich(0)).unwrap_err(), PoolError::Full);
        let added = pool.add(from(5, 0, 10), &rich(0)).unwrap();
        assert_eq!(added.evicted[0].hash, gapped.hash);
        assert_eq!(pool.add(from(6, 0, 10), &rich(0)).unwrap_err(), PoolError::Underpriced);
        let added = pool.add(from(6, 0, 11), &rich(0)).unwrap();
        assert_eq!(added.evicted[0].sender, address(5));
        assert_eq!(pool.len(), 4);
    }

    #[test]
    fn a_block_uses_up_what_it_contains_and_what_it_makes_impossible() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 0, 10), &rich(0)).unwrap();
        pool.add(from(1, 1, 10), &rich(0)).unwrap();
        pool.add(from(1, 2, 10), &rich(0)).unwrap();
        let dropped = pool.on_block([(address(1), 0), (address(1), 1)], Fees::default());
        assert_eq!(dropped.len(), 2);
        assert_eq!(pool.next_ready(ROOM).unwrap().nonce(), 2);
        assert_eq!((pool.nonces(address(1)), pool.nonces(address(9))), ([2].into(), [].into()));
    }

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
        pool.put_back(second.clone());
        pool.left(second.hash);
        assert_eq!((pool.len(), pool.get(second.hash).is_some(), pool.nonces(address(1))), (2, true, [1, 2].into()));
    }

    #[test]
    fn what_stays_behind_a_gap_for_too_long_is_dropped() {
        let limits = PoolLimits { lifetime_blocks: 2, ..Default::default() };
        let mut pool = Pool::new(limits, Ordering::ArrivalOrder);
        pool.add(from(1, 1, 10), &rich(0)).unwrap();
        pool.add(from(2, 0, 10), &rich(0)).unwrap();
        assert!(pool.on_block([], Fees::default()).is_empty());
        assert!(pool.on_block([], Fees::default()).is_empty());
        assert_eq!(pool.on_block([], Fees::default())[0].sender, address(1));
        assert_eq!(pool.status(), Status { pending: 1, queued: 0 });
    }

    #[test]
    fn what_found_no_room_is_first_again() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 0, 10), &rich(0)).unwrap();
        pool.add(from(2, 0, 10), &rich(0)).unwrap();
        let tx = pool.take_ready(address(2), 0).unwrap();
        pool.put_back(tx);
        assert_eq!(pool.next_ready(ROOM).unwrap().sender, address(2));
        // Once the account is past it, there is nothing to put back.
        let tx = pool.take_ready(address(2), 0).unwrap();
        pool.add(from(2, 5, 10), &rich(1)).unwrap();
        pool.put_back(tx);
        assert_eq!(pool.len(), 2);
    }

    #[test]
    fn after_a_reorg_nonces_are_asked_for_anew() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 5, 10), &rich(5)).unwrap();
        pool.add(from(2, 5, 10), &rich(4)).unwrap();
        let dropped = pool.refresh(|sender| if sender == address(1) { 4 } else { 6 });
        assert_eq!(dropped[0].sender, address(2));
        assert_eq!(pool.status(), Status { pending: 0, queued: 1 });
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

//! The pool: transactions that cannot run at once.

use crate::{
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

/// Transactions that wait. Invariants: bounds hold after every call (except [`Pool::put_back`]'s one transaction), no transaction is below
/// its sender's next nonce, and the two indexes agree with the queues.
#[derive(Debug)]
pub struct Pool {
    limits: PoolLimits,
    ordering: Ordering,
    fees: Fees,
    senders: BTreeMap<Address, SenderQueue>,
    by_hash: HashMap<B256, (Address, u64)>,
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

    /// The transaction of `sender` that can run now that the account's next nonce is `next_nonce`, taken out of the pool. What is below is
    /// dropped. To be called after each executed transaction, until it returns `None`.
    pub fn take_ready(&mut self, sender: Address, next_nonce: u64) -> Option<RecoveredTx> {
        self.advance(sender, next_nonce);
        if !self.index.is_ready(sender) {
            return None;
        }
        let hash = self.senders.get(&sender)?.head()?.tx.hash;
        self.remove(hash)
    }

    /// The transaction that should run next by the pool's ordering, among those whose nonce is next, that offer enough and that fit `room`.
    /// It stays: take it with [`Self::take_ready`] or, when it turns out to be invalid, with [`Self::remove`].
    pub fn next_ready(&self, room: Room) -> Option<&RecoveredTx> {
        let heads = self.index.ready().filter_map(|sender| self.senders.get(&sender)?.head());
        heads.map(|entry| &entry.tx).find(|tx| tx.tx.gas_limit() <= room.gas && tx.tx.blob_gas_used().unwrap_or_default() <= room.blob_gas)
    }

    /// Returns a transaction that was taken and found no room. It will be the first to run; of what [`Self::add`] checks only the nonce is
    /// checked again.
    pub fn put_back(&mut self, tx: RecoveredTx) {
        let nonce = tx.nonce();
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

    /// A waiting transaction.
    pub fn get(&self, hash: B256) -> Option<&RecoveredTx> {
        let (sender, nonce) = self.by_hash.get(&hash)?;
        self.senders.get(sender)?.entries.get(nonce).map(|entry| &entry.tx)
    }

    /// The nonce that a wallet should use next (`eth_getTransactionCount` at `pending`): `state_nonce`, or what follows the transactions
    /// that wait from there without a gap.
    pub fn next_nonce(&self, sender: Address, state_nonce: u64) -> u64 {
        self.senders.get(&sender).map_or(state_nonce, |queue| queue.first_gap().max(state_nonce))
    }

    /// How many wait.
    pub fn status(&self) -> Status {
        let pending = self.senders.values().map(|queue| (queue.first_gap() - queue.next_nonce) as usize).sum();
        Status { pending, queued: self.by_hash.len() - pending }
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
        let worth = Worth::of(new, runnable);
        let mut victims = Vec::new();
        // Its own earlier transactions are no candidates: without them it could not run.
        let mut candidates = self.index.cheapest().filter(|(_, sender)| *sender != new.tx.sender);
        while count > self.limits.transactions || bytes > self.limits.bytes {
            let (cheapest, sender) = candidates.next().ok_or(PoolError::Full)?;
            if cheapest >= worth {
                return Err(if runnable { PoolError::Underpriced } else { PoolError::Full });
            }
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

impl Content {
    fn extend(&mut self, sender: Address, queue: &SenderQueue) {
        let first_gap = queue.first_gap();
        for (nonce, entry) in &queue.entries {
            let side = if *nonce < first_gap { &mut self.pending } else { &mut self.queued };
            side.entry(sender).or_default().insert(*nonce, entry.tx.clone());
        }
    }
}

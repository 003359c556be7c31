use crate::{Executed, JournalTransaction, Record, batch::Sized, index::Index};
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, map::HashSet};
use std::collections::{BTreeMap, HashMap};
use tributary_primitives::PayloadAttributes;

/// An open block as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedBlock {
    /// Its number.
    pub number: u64,
    /// Its parent's hash.
    pub parent: B256,
    /// What it was opened with.
    pub attributes: PayloadAttributes,
    /// Its transactions so far, in the order in which they were executed.
    pub executed: Vec<Executed>,
}

/// What a journal held when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Blocks to be replayed on the head, in order: their numbers follow on from it and the first one's parent is it.
    pub open: Vec<OpenedBlock>,
    /// What was acknowledged and is in no block, in order: what was parked, what blocks on an unwound chain executed, what waits. A transaction of a
    /// block that was committed just before the journal ended may be among it; its nonce is used.
    pub waiting: Vec<JournalTransaction>,
}

/// The content of a log, read from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) index: Index,
    blocks: BTreeMap<u64, OpenedBlock>,
    newest: Option<u64>,
    /// Executed on a block whose beginning is cut off the log, because it is sealed or given up further on.
    headless: Vec<B256>,
    waiting: Waiting,
}

/// Waiting transactions in the order in which they are to run.
#[derive(Debug, Default)]
struct Waiting {
    by_order: BTreeMap<Order, JournalTransaction>,
    orders: HashMap<B256, Order>,
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Parked(u64),
    Queued(u64),
}

impl Waiting {
    fn insert(&mut self, transaction: JournalTransaction, order: fn(u64) -> Order) {
        self.remove(transaction.hash);
        self.next += 1;
        let order = order(self.next);
        self.orders.insert(transaction.hash, order);
        self.by_order.insert(order, transaction);
    }

    fn remove(&mut self, hash: B256) {
        if let Some(order) = self.orders.remove(&hash) {
            self.by_order.remove(&order);
        }
    }
}

impl Reading {
    /// Takes a segment's records in.
    pub(crate) fn read(&mut self, segment: u64, records: Vec<Sized>) {
        for (record, bytes) in records {
            self.index.note(segment, &record, bytes);
            self.take(record);
        }
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Opened { number, parent, attributes } => {
                self.blocks.split_off(&number);
                self.newest = Some(number);
                self.blocks.insert(number, OpenedBlock { number, parent, attributes: *attributes, executed: Vec::new() });
            }
            Record::Executed(executed) => match self.newest.and_then(|newest| self.blocks.get_mut(&newest)) {
                Some(block) => block.executed.push(executed),
                None => self.headless.push(executed.transaction.hash),
            },
            Record::Queued(transaction) => self.waiting.insert(transaction, Order::Queued),
            Record::Dropped(hash) => self.waiting.remove(hash),
            Record::Parked(transactions) => {
                self.blocks.clear();
                self.headless.clear();
                self.newest = None;
                transactions.into_iter().for_each(|transaction| self.waiting.insert(transaction, Order::Parked));
            }
            Record::Sealed { number, .. } => self.seal(number),
        }
    }

    fn seal(&mut self, number: u64) {
        self.headless.drain(..).for_each(|hash| self.waiting.remove(hash));
        let open = self.blocks.split_off(&(number + 1));
        for block in std::mem::replace(&mut self.blocks, open).into_values() {
            block.executed.iter().for_each(|executed| self.waiting.remove(executed.transaction.hash));
        }
    }

    /// What is to be done on a chain with this head. Blocks up to it are committed, whether or not the journal was told.
    pub(crate) fn finish(mut self, head: BlockNumHash) -> (Index, Recovered) {
        self.seal(head.number);
        let mut open: Vec<OpenedBlock> = Vec::new();
        let mut stale = Vec::new();
        for (number, block) in self.blocks {
            let follows = match open.last() {
                None => number == head.number + 1 && block.parent == head.hash,
                Some(previous) => number == previous.number + 1,
            };
            if follows && stale.is_empty() {
                open.push(block);
            } else {
                tracing::warn!(number, parent = %block.parent, head = %head.hash, "journal of a block that is not on the chain");
                stale.push(block);
            }
        }
        let placed: HashSet<B256> = open.iter().flat_map(|block| &block.executed).map(|executed| executed.transaction.hash).collect();
        let orphans = stale.into_iter().flat_map(|block| block.executed).map(|executed| executed.transaction);
        let orphans: Vec<_> = orphans.filter(|transaction| !self.waiting.orders.contains_key(&transaction.hash)).collect();
        let (mut waiting, mut queued) = (Vec::new(), Vec::new());
        for (order, transaction) in self.waiting.by_order {
            if matches!(order, Order::Parked(_)) { waiting.push(transaction) } else { queued.push(transaction) }
        }
        waiting.extend(orphans);
        waiting.extend(queued);
        waiting.retain(|transaction| !placed.contains(&transaction.hash));
        (self.index, Recovered { open, waiting })
    }
}

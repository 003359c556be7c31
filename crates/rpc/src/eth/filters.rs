//! Open filters: what a client that polls has not seen yet. Blocks and logs are a place in the chain to go on from; only hashes of waiting
//! transactions and logs of removed blocks are kept, both bounded.

use crate::{error::RpcError, ids::random_id, json::LogJson, logs::query::LogQuery};
use alloy_primitives::{B256, U128};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tributary_chain::{Event, SealedBlock};

/// Most hashes and removed logs that a filter keeps for a client that does not come.
const KEPT: usize = 10_000;

/// What a filter watches.
#[derive(Debug, Clone)]
pub(crate) enum Watched {
    /// New blocks.
    Blocks,
    /// New logs.
    Logs(Arc<LogQuery>),
    /// Transactions that arrive: their hashes, or all of each.
    Transactions { full: bool },
}

#[derive(Debug)]
struct Filter {
    watched: Watched,
    /// The first block that the client has not seen.
    next: u64,
    /// Counts the reorgs that moved `next` back.
    reorgs: u64,
    removed: Vec<LogJson>,
    hashes: VecDeque<B256>,
    /// The same as `hashes`, to look up.
    known: HashSet<B256>,
    polled: Instant,
}

/// What a poll begins with.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) watched: Watched,
    pub(crate) next: u64,
    reorgs: u64,
    pub(crate) removed: Vec<LogJson>,
    pub(crate) hashes: Vec<B256>,
}

/// All open filters of a server.
#[derive(Debug)]
pub(crate) struct Filters {
    open: Mutex<HashMap<U128, Filter>>,
    most: usize,
    life: Duration,
}

impl Filters {
    pub(crate) fn new(most: usize, life: Duration) -> Self {
        Self { open: Mutex::default(), most, life }
    }

    /// Opens a filter from block `next` on.
    pub(crate) fn add(&self, watched: Watched, next: u64) -> Result<U128, RpcError> {
        let mut open = self.lock();
        let now = Instant::now();
        open.retain(|_, filter| now.duration_since(filter.polled) < self.life);
        if open.len() >= self.most {
            return Err(RpcError::limit(format!("too many open filters, at most {}", self.most)));
        }
        let id = random_id();
        open.insert(
            id,
            Filter { watched, next, reorgs: 0, removed: Vec::new(), hashes: VecDeque::new(), known: HashSet::new(), polled: now },
        );
        Ok(id)
    }

    /// Closes a filter; whether it was open.
    pub(crate) fn remove(&self, id: U128) -> bool {
        self.lock().remove(&id).is_some()
    }

    /// What a filter watches.
    pub(crate) fn watched(&self, id: U128) -> Result<Watched, RpcError> {
        let mut open = self.lock();
        Ok(self.find(&mut open, id)?.watched.clone())
    }

    /// Begins a poll: takes what is kept and tells where to go on.
    pub(crate) fn poll(&self, id: U128) -> Result<Poll, RpcError> {
        let mut open = self.lock();
        let filter = self.find(&mut open, id)?;
        filter.known.clear();
        Ok(Poll {
            watched: filter.watched.clone(),
            next: filter.next,
            reorgs: filter.reorgs,
            removed: std::mem::take(&mut filter.removed),
            hashes: std::mem::take(&mut filter.hashes).into(),
        })
    }

    /// Ends a poll: the client has seen everything before `next`. A reorg that happened meanwhile takes precedence.
    pub(crate) fn seen(&self, id: U128, poll: &Poll, next: u64) {
        if let Some(filter) = self.lock().get_mut(&id).filter(|filter| filter.reorgs == poll.reorgs) {
            filter.next = next;
        }
    }

    /// Takes note of what happened to the chain.
    pub(crate) fn on_event(&self, event: &Event) {
        let mut open = self.lock();
        match event {
            Event::Sealed(_) => {}
            Event::Reorg { removed } => open.values_mut().for_each(|filter| filter.unwind(removed)),
            Event::Transaction(tx) if tx.tx.is_deposit() => {}
            Event::Transaction(tx) => note(&mut open, tx.hash),
            Event::Queued(tx) => note(&mut open, tx.hash),
        }
    }

    fn find<'a>(&self, open: &'a mut HashMap<U128, Filter>, id: U128) -> Result<&'a mut Filter, RpcError> {
        let now = Instant::now();
        let filter = open.get_mut(&id).filter(|filter| now.duration_since(filter.polled) < self.life);
        let filter = filter.ok_or_else(|| RpcError::server("filter not found"))?;
        filter.polled = now;
        Ok(filter)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<U128, Filter>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(open: &mut HashMap<U128, Filter>, hash: B256) {
    for filter in open.values_mut().filter(|filter| matches!(filter.watched, Watched::Transactions { .. })) {
        // A transaction that waited is announced again when it is included.
        if !filter.known.insert(hash) {
            continue;
        }
        if filter.hashes.len() == KEPT
            && let Some(oldest) = filter.hashes.pop_front()
        {
            filter.known.remove(&oldest);
        }
        filter.hashes.push_back(hash);
    }
}

impl Filter {
    /// Goes back to before the removed blocks, and keeps the logs of those that the client has seen.
    fn unwind(&mut self, removed: &[Arc<SealedBlock>]) {
        let seen = removed.iter().filter(|block| block.block.header.number < self.next);
        if let Watched::Logs(query) = &self.watched {
            for block in seen.clone() {
                self.removed.extend(query.logs_of(block, true));
            }
            self.removed.truncate(KEPT);
        }
        if let Some(lowest) = seen.map(|block| block.block.header.number).min() {
            self.next = lowest;
            self.reorgs += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> Arc<SealedBlock> {
        crate::logs::block_with_log(number, B256::with_last_byte(number as u8), B256::ZERO)
    }

    fn filters() -> Filters {
        Filters::new(2, Duration::from_secs(3600))
    }

    #[test]
    fn filters_are_bounded_and_end_when_they_are_removed() {
        let filters = filters();
        let first = filters.add(Watched::Blocks, 0).unwrap();
        filters.add(Watched::Blocks, 0).unwrap();
        assert_eq!(filters.add(Watched::Blocks, 0).unwrap_err().code, crate::error::code::LIMIT_EXCEEDED);
        assert!(filters.remove(first) && !filters.remove(first));
        assert_eq!(filters.poll(first).unwrap_err().message, "filter not found");
        filters.add(Watched::Blocks, 0).unwrap();
    }

    #[test]
    fn a_filter_that_is_not_polled_expires() {
        let filters = Filters::new(1, Duration::ZERO);
        let id = filters.add(Watched::Blocks, 0).unwrap();
        assert!(filters.poll(id).is_err());
        filters.add(Watched::Blocks, 0).unwrap();
    }

    #[test]
    fn after_a_reorg_a_filter_goes_back_and_tells_the_logs_that_are_gone() {
        let filters = filters();
        let id = filters.add(Watched::Logs(Arc::default()), 5).unwrap();
        filters.on_event(&Event::Reorg { removed: vec![block(5), block(4), block(3)] });
        let poll = filters.poll(id).unwrap();
        assert_eq!(poll.next, 3);
        let numbers: Vec<_> = poll.removed.iter().map(|log| (log.block_number, log.removed)).collect();
        assert_eq!(numbers, [(4, true), (3, true)], "block 5 was not seen");
    }

    #[test]
    fn a_reorg_during_a_poll_is_not_overlooked() {
        let filters = filters();
        let id = filters.add(Watched::Blocks, 5).unwrap();
        let poll = filters.poll(id).unwrap();
        filters.on_event(&Event::Reorg { removed: vec![block(4)] });
        filters.seen(id, &poll, 9);
        assert_eq!(filters.poll(id).unwrap().next, 4);
    }
}

//! Whether a transaction comes into the pool, and who leaves for it.

use crate::{
    error::PoolError,
    index::Worth,
    limits::SenderState,
    pool::{Pool, Position},
    queue::{Entry, SenderQueue, check_replacement},
};
use alloy_primitives::B256;

impl Pool {
    /// Replacement, balance over all of the sender's transactions, and their number.
    pub(crate) fn check_sender(&self, new: &Entry, account: &SenderState) -> Result<(), PoolError> {
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
    pub(crate) fn victims_for(&self, new: &Entry, position: Position) -> Result<Vec<B256>, PoolError> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Extra, Ordering, PoolLimits, Status,
        fixture::{address, from, pool, rich},
    };
    use alloy_primitives::U256;

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
        let poor = SenderState { nonce: 0, balance: U256::from(300_000), extra: Extra::default() };
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
}

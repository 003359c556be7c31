//! The pool follows its chain: blocks, fees, reorganisations.

use crate::{
    limits::{Extra, Fees},
    pool::Pool,
    transaction::RecoveredTx,
};
use alloy_primitives::Address;

impl Pool {
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

    /// What transactions cost and take beside gas and value has changed: asks for it anew, of each. Nothing is dropped; who cannot pay any more is found
    /// out when it is executed, or with the sender's next transaction.
    pub fn reprice(&mut self, extra: impl Fn(&RecoveredTx) -> Extra) {
        for entry in self.senders.values_mut().flat_map(|queue| queue.entries.values_mut()) {
            entry.reprice(extra(&entry.tx));
        }
    }

    /// Tells the pool a sender's next nonce and drops what is below.
    pub(crate) fn advance(&mut self, sender: Address, next_nonce: u64) -> Vec<RecoveredTx> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Ordering, PoolError, PoolLimits, Room, SenderState, Status,
        fixture::{ROOM, address, from, pool, rich},
    };
    use alloy_primitives::U256;

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
    fn after_a_reorg_nonces_are_asked_for_anew() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 5, 10), &rich(5)).unwrap();
        pool.add(from(2, 5, 10), &rich(4)).unwrap();
        let dropped = pool.refresh(|sender| if sender == address(1) { 4 } else { 6 });
        assert_eq!(dropped[0].sender, address(2));
        assert_eq!(pool.status(), Status { pending: 0, queued: 1 });
    }

    #[test]
    fn what_waits_counts_with_the_fees_that_it_would_pay_now() {
        let mut pool = pool(Ordering::ArrivalOrder);
        let extra = |fee: u64| Extra { fee: U256::from(fee), da_footprint: 0 };
        let state = |fee| SenderState { nonce: 0, balance: U256::from(420_003), extra: extra(fee) };
        pool.add(from(1, 1, 10), &state(1)).unwrap();
        let cost = |queued: u64, cost: u64| PoolError::Overdraft {
            balance: U256::from(420_003),
            queued: U256::from(queued),
            cost: U256::from(cost),
        };
        assert_eq!(pool.add(from(1, 2, 10), &state(1)).unwrap_err(), cost(210_002, 210_002));
        pool.reprice(|_| extra(9));
        assert_eq!(pool.add(from(1, 2, 10), &state(9)).unwrap_err(), cost(210_010, 210_010));
        pool.reprice(|_| extra(0));
        pool.add(from(1, 2, 10), &state(0)).unwrap();
        let tx = pool.remove(pool.hash_at(address(1), 1).unwrap()).unwrap();
        pool.put_back(tx, extra(2));
        assert_eq!(pool.add(from(1, 3, 10), &state(0)).unwrap_err(), cost(420_004, 210_001));
    }

    #[test]
    fn a_footprint_is_what_a_byte_counts_for_now() {
        let mut pool = pool(Ordering::ArrivalOrder);
        pool.add(from(1, 0, 10), &rich(0)).unwrap();
        let extra = |da_footprint| Extra { da_footprint, ..Extra::default() };
        pool.reprice(|_| extra(5));
        let next = |pool: &Pool, da_footprint| pool.next_ready(Room { da_footprint, ..ROOM }).is_some();
        assert_eq!([next(&pool, 4), next(&pool, 5)], [false, true]);
        let tx = pool.take_next(ROOM).unwrap();
        pool.put_back(tx, extra(7));
        assert_eq!([next(&pool, 6), next(&pool, 7)], [false, true]);
    }
}

//! The waiting transactions of one sender.

use crate::{
    error::PoolError,
    limits::{Extra, PoolLimits, Room},
    transaction::RecoveredTx,
};
use alloy_consensus::{Transaction as _, Typed2718};
use alloy_primitives::U256;
use std::collections::BTreeMap;
use tributary_primitives::Transaction;

/// A transaction at rest.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) tx: RecoveredTx,
    /// Order of arrival in the pool.
    pub(crate) arrival: i64,
    /// The pool's block count when it arrived.
    pub(crate) since_block: u64,
    /// Everything that it may cost, wei.
    pub(crate) cost: U256,
    /// What it adds to its block's DA footprint, in gas.
    pub(crate) da_footprint: u64,
}

impl Entry {
    /// What the transaction costs and takes beside gas and value is this now.
    pub(crate) fn reprice(&mut self, extra: Extra) {
        self.cost = self.tx.cost().saturating_add(extra.fee);
        self.da_footprint = extra.da_footprint;
    }

    /// Whether a block has room for it.
    pub(crate) fn fits(&self, room: Room) -> bool {
        let blob_gas = self.tx.tx.blob_gas_used().unwrap_or_default();
        self.tx.tx.gas_limit() <= room.gas && blob_gas <= room.blob_gas && self.da_footprint <= room.da_footprint
    }
}

/// A sender's transactions by nonce.
#[derive(Debug)]
pub(crate) struct SenderQueue {
    /// The account's next nonce, as far as the pool was told. No transaction below it is kept.
    pub(crate) next_nonce: u64,
    pub(crate) entries: BTreeMap<u64, Entry>,
}

impl SenderQueue {
    pub(crate) fn new(next_nonce: u64) -> Self {
        Self { next_nonce, entries: BTreeMap::new() }
    }

    /// The first transaction, if nothing but fees and room holds it back.
    pub(crate) fn head(&self) -> Option<&Entry> {
        self.entries.get(&self.next_nonce)
    }

    /// The last transaction, whose removal leaves no gap.
    pub(crate) fn tail(&self) -> Option<&Entry> {
        self.entries.last_key_value().map(|(_, entry)| entry)
    }

    /// Whether some nonce between the account's next and the last transaction's is missing.
    pub(crate) fn is_gapped(&self) -> bool {
        self.entries.last_key_value().is_some_and(|(last, _)| last - self.next_nonce != self.entries.len() as u64 - 1)
    }

    /// The first nonce from the account's next on that no transaction has.
    pub(crate) fn first_gap(&self) -> u64 {
        let mut nonce = self.next_nonce;
        while self.entries.contains_key(&nonce) {
            nonce += 1;
        }
        nonce
    }

    /// What all transactions may cost together, wei.
    pub(crate) fn cost(&self) -> U256 {
        self.entries.values().fold(U256::ZERO, |sum, entry| sum.saturating_add(entry.cost))
    }

    /// Takes out everything below `nonce`.
    pub(crate) fn advance(&mut self, nonce: u64) -> Vec<Entry> {
        self.next_nonce = nonce;
        let keep = self.entries.split_off(&nonce);
        std::mem::replace(&mut self.entries, keep).into_values().collect()
    }
}

/// Whether `new` pays enough more than `old` to take its place: fee cap, tip and, for blobs, blob fee cap each by the bump, rounded down as in geth.
pub(crate) fn check_replacement(old: &Transaction, new: &Transaction, limits: &PoolLimits) -> Result<(), PoolError> {
    let blob = old.is_eip4844() || new.is_eip4844();
    let percent = 100 + if blob { limits.blob_price_bump } else { limits.price_bump };
    let enough = |old: u128, new: u128| new > old && U256::from(new) >= U256::from(old) * U256::from(percent) / U256::from(100);
    let mut pays = enough(old.max_fee_per_gas(), new.max_fee_per_gas()) && enough(old.priority_fee_or_price(), new.priority_fee_or_price());
    if let (Some(old), Some(new)) = (old.max_fee_per_blob_gas(), new.max_fee_per_blob_gas()) {
        pays &= enough(old, new);
    }
    if pays { Ok(()) } else { Err(PoolError::ReplacementUnderpriced) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{signed, transfer};
    use alloy_consensus::TxEip4844;

    fn paying(fee: u128, tip: u128) -> Transaction {
        Transaction::Eip1559(signed(alloy_consensus::TxEip1559 { max_priority_fee_per_gas: tip, ..transfer(0, fee) }))
    }

    fn blob(fee: u128, blob_fee: u128) -> Transaction {
        let tx = TxEip4844 { max_fee_per_gas: fee, max_priority_fee_per_gas: fee, max_fee_per_blob_gas: blob_fee, ..Default::default() };
        Transaction::Eip4844(signed(tx))
    }

    #[test]
    fn a_replacement_pays_a_tenth_more_in_every_fee() {
        let limits = PoolLimits::default();
        let replaces =
            |old: (u128, u128), new: (u128, u128)| check_replacement(&paying(old.0, old.1), &paying(new.0, new.1), &limits).is_ok();
        assert!(replaces((100, 10), (110, 11)) && replaces((15, 1), (16, 2)));
        assert!(!replaces((100, 10), (109, 11)) && !replaces((100, 10), (110, 10)) && !replaces((100, 0), (200, 0)));
        assert!(!replaces((1, 1), (1, 1)), "more is more");
    }

    #[test]
    fn a_replacement_of_blobs_pays_twice_as_much_in_every_fee() {
        let limits = PoolLimits::default();
        let replaces = |old: (u128, u128), new: (u128, u128)| check_replacement(&blob(old.0, old.1), &blob(new.0, new.1), &limits).is_ok();
        assert!(replaces((100, 7), (200, 14)));
        assert!(!replaces((100, 7), (199, 14)) && !replaces((100, 7), (200, 13)));
        assert!(check_replacement(&blob(100, 7), &paying(199, 199), &limits).is_err());
        assert!(check_replacement(&blob(100, 7), &paying(200, 200), &limits).is_ok());
    }
}

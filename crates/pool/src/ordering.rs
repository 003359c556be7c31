//! The order in which ready transactions run.

use crate::limits::Fees;
use alloy_consensus::Transaction as _;
use tributary_primitives::Transaction;

/// Which of the ready transactions runs first. Transactions of one sender always run in the order of their nonces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ordering {
    /// First come, first served.
    #[default]
    ArrivalOrder,
    /// The highest tip first; among equals, first come first served.
    PriorityFee,
}

/// Position among the ready transactions; the smallest runs first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReadyKey {
    rank: u128,
    arrival: i64,
}

impl Ordering {
    /// The position of a transaction, `None` when it offers less than `fees`.
    pub(crate) fn key(self, tx: &Transaction, arrival: i64, fees: &Fees) -> Option<ReadyKey> {
        let tip = tx.effective_tip_per_gas(fees.base_fee)?;
        if tx.max_fee_per_blob_gas().is_some_and(|cap| cap < fees.blob_base_fee) {
            return None;
        }
        let rank = match self {
            Self::ArrivalOrder => 0,
            Self::PriorityFee => u128::MAX - tip,
        };
        Some(ReadyKey { rank, arrival })
    }
}

//! Who runs next and who leaves first: senders ranked by their first and by their last transaction.

use crate::{ordering::ReadyKey, queue::Entry};
use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// How dear a transaction is to a full pool; the smallest leaves first: those behind a gap before those that could run, then the cheapest,
/// then the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Worth {
    runnable: bool,
    fee_cap: u128,
    tip: u128,
    arrival: Reverse<i64>,
}

impl Worth {
    pub(crate) fn of(entry: &Entry, runnable: bool) -> Self {
        let tx = &entry.tx.tx;
        Self { runnable, fee_cap: tx.max_fee_per_gas(), tip: tx.priority_fee_or_price(), arrival: Reverse(entry.arrival) }
    }
}

/// Where one sender stands: with its first transaction among the ready, with its last (whose removal leaves no gap) among those that may leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) ready: Option<ReadyKey>,
    pub(crate) worth: Option<Worth>,
}

/// Both rankings, kept in step.
#[derive(Debug, Default)]
pub(crate) struct Index {
    ready: BTreeMap<ReadyKey, Address>,
    worths: BTreeMap<Worth, Address>,
    places: HashMap<Address, Places>,
}

impl Index {
    /// Moves `sender` to new places.
    pub(crate) fn set(&mut self, sender: Address, new: Places) {
        let old = self.places.remove(&sender).unwrap_or_default();
        if let Some(key) = old.ready {
            self.ready.remove(&key);
        }
        if let Some(worth) = old.worth {
            self.worths.remove(&worth);
        }
        if let Some(key) = new.ready {
            self.ready.insert(key, sender);
        }
        if let Some(worth) = new.worth {
            self.worths.insert(worth, sender);
        }
        if new != Places::default() {
            self.places.insert(sender, new);
        }
    }

    /// Whether the first transaction of `sender` could run.
    pub(crate) fn is_ready(&self, sender: Address) -> bool {
        self.places.get(&sender).is_some_and(|places| places.ready.is_some())
    }

    /// Senders whose first transaction could run, the first to run first.
    pub(crate) fn ready(&self) -> impl Iterator<Item = Address> {
        self.ready.values().copied()
    }

    /// Senders by the worth of their last transaction, the least first.
    pub(crate) fn cheapest(&self) -> impl Iterator<Item = (Worth, Address)> {
        self.worths.iter().map(|(worth, sender)| (*worth, *sender))
    }
}

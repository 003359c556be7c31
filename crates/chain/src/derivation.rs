//! How far a rollup is derived, and where its blocks came from: what the verifier found on L1.

use alloy_primitives::B256;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tributary_primitives::L1BlockRef;

/// A block that the verifier derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerivedFrom {
    /// The hash that derivation and execution gave.
    pub hash: B256,
    /// The L1 block that completed it.
    pub l1: L1BlockRef,
    /// The L1 transaction that completed its batch. `None` for a block that L1 forced without a batch.
    pub batch: Option<B256>,
}

/// The L1 side of `optimism_syncStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Status {
    /// The L1 block up to which derivation has read.
    pub current: L1BlockRef,
    /// The newest L1 block.
    pub head: L1BlockRef,
    /// The newest L1 block that L1 calls safe.
    pub safe: L1BlockRef,
    /// The newest L1 block that is final.
    pub finalized: L1BlockRef,
}

/// Blocks that are remembered: about a day of one-second blocks.
const KEPT: usize = 100_000;

/// Blocks derived since the start of the process, the newest [`KEPT`] of them.
#[derive(Debug, Default)]
pub struct Derivation(Mutex<BTreeMap<u64, DerivedFrom>>);

impl Derivation {
    /// Notes a derived block.
    pub fn derived(&self, number: u64, from: DerivedFrom) {
        let mut blocks = self.lock();
        blocks.insert(number, from);
        if blocks.len() > KEPT {
            blocks.pop_first();
        }
    }

    /// Forgets what was derived above block `number`: L1 was reorganised, or is read again.
    pub fn forget_above(&self, number: u64) {
        self.lock().split_off(&(number + 1));
    }

    /// What is known of a derived block.
    pub fn of(&self, number: u64) -> Option<DerivedFrom> {
        self.lock().get(&number).copied()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, DerivedFrom>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_derived_above_a_block_is_forgotten_and_only_that() {
        let l1 = |number| L1BlockRef { hash: B256::with_last_byte(number as u8), number, parent_hash: B256::ZERO, timestamp: 0 };
        let from = |l1_block, batch| DerivedFrom { hash: B256::repeat_byte(1), l1: l1(l1_block), batch };
        let derivation = Derivation::default();
        derivation.derived(1, from(7, Some(B256::repeat_byte(7))));
        derivation.derived(2, from(8, None));
        assert_eq!(derivation.of(3), None);
        derivation.forget_above(1);
        assert_eq!((derivation.of(1).and_then(|from| from.batch), derivation.of(2)), (Some(B256::repeat_byte(7)), None));
        derivation.derived(2, from(9, None));
        assert_eq!(derivation.of(2), Some(from(9, None)));
    }
}

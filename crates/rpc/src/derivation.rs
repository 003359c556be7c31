//! Where L2 blocks came from: what the verifier found on L1.

use alloy_primitives::{B256, map::HashMap};
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
}

/// Blocks that are remembered: about a day of one-second blocks.
const KEPT: usize = 100_000;

/// Blocks derived since the start of the process, the newest [`KEPT`] of them.
#[derive(Debug, Default)]
pub struct Derivation(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    blocks: BTreeMap<u64, DerivedFrom>,
    /// The last batcher transaction of each L1 block that has one.
    batches: HashMap<u64, B256>,
}

impl Derivation {
    /// Notes a derived block.
    pub fn derived(&self, number: u64, from: DerivedFrom) {
        let mut contents = self.lock();
        contents.blocks.insert(number, from);
        if contents.blocks.len() > KEPT
            && let Some((_, old)) = contents.blocks.pop_first()
        {
            let oldest = contents.blocks.first_key_value().map(|(_, first)| first.l1.number);
            if oldest != Some(old.l1.number) {
                contents.batches.remove(&old.l1.number);
            }
        }
    }

    /// Notes the last batcher transaction of an L1 block.
    pub fn batch_in(&self, l1_block: u64, transaction: B256) {
        self.lock().batches.insert(l1_block, transaction);
    }

    /// Forgets what was derived above block `number`: L1 was reorganised, or is read again.
    pub fn forget_above(&self, number: u64) {
        let mut contents = self.lock();
        contents.blocks.split_off(&(number + 1));
        let read = contents.blocks.last_key_value().map_or(0, |(_, last)| last.l1.number);
        contents.batches.retain(|l1_block, _| *l1_block <= read);
    }

    /// What is known of a derived block.
    pub fn of(&self, number: u64) -> Option<DerivedFrom> {
        self.lock().blocks.get(&number).copied()
    }

    /// The L1 transaction that completed a derived block. `None` for a block that L1 forced without a batch.
    pub fn batch_of(&self, number: u64) -> Option<B256> {
        let contents = self.lock();
        let from = contents.blocks.get(&number)?;
        contents.batches.get(&from.l1.number).copied()
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_with_the_batch_that_completed_it() {
        let l1 = |number| L1BlockRef { hash: B256::with_last_byte(number as u8), number, parent_hash: B256::ZERO, timestamp: 0 };
        let derivation = Derivation::default();
        derivation.batch_in(7, B256::repeat_byte(7));
        derivation.derived(1, DerivedFrom { hash: B256::repeat_byte(1), l1: l1(7) });
        derivation.derived(2, DerivedFrom { hash: B256::repeat_byte(2), l1: l1(8) });
        assert_eq!(derivation.batch_of(1), Some(B256::repeat_byte(7)));
        assert_eq!(derivation.batch_of(2), None, "nothing was batched in L1 block 8");
        assert_eq!(derivation.of(3), None);

        derivation.batch_in(9, B256::repeat_byte(9));
        derivation.forget_above(1);
        derivation.derived(2, DerivedFrom { hash: B256::repeat_byte(3), l1: l1(9) });
        assert_eq!((derivation.batch_of(1), derivation.batch_of(2)), (Some(B256::repeat_byte(7)), None));
    }
}

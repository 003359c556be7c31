//! Where a chain leaves what L1 gives of it.

use crate::Error;
use alloy_primitives::B256;
use tributary_primitives::{BlockAttributes, Transaction};
use tributary_storage::{Store, StoredBlock};

/// The newest block that both have, where `chain` has others above it than those that L1 gives; nothing where one goes on from the other.
///
/// # Errors
/// [`Error::Diverged`] when the first of those were made of the same, so that one was executed wrongly; [`Error::Disagreement`] when ours is final.
pub(crate) fn fork(chain: &Store, derived: &Store) -> Result<Option<u64>, Error> {
    let heads = chain.heads()?;
    let newest = heads.unsafe_head.number.min(derived.heads()?.unsafe_head.number);
    let mut common = newest;
    // The blocks of both follow one another, so that those below are the same, too.
    while common > 0 && chain.hash_of(common)? != derived.hash_of(common)? {
        common -= 1;
    }
    let first = common + 1;
    // What L1 gives may have been taken back meanwhile.
    let (Some(ours), Some(given)) = (chain.block(first)?, derived.block(first)?) else { return Ok(None) };
    if common == newest || ours.hash == given.hash {
        return Ok(None);
    }
    if are_of_the_same(&ours, &given) {
        return Err(Error::Diverged { number: first, sequenced: ours.hash, derived: given.hash });
    }
    if common < heads.finalized_head.number {
        return Err(Error::Disagreement(format!("L1 gives another block {first} than the final one")));
    }
    Ok(Some(common))
}

/// Whether two blocks were made of the same: then they have to be the same.
pub(crate) fn are_of_the_same(one: &StoredBlock, other: &StoredBlock) -> bool {
    made_of(one) == made_of(other)
}

fn made_of(StoredBlock { block, .. }: &StoredBlock) -> (B256, BlockAttributes, &[Transaction]) {
    (block.header.parent_hash, BlockAttributes::of_block(block), &block.body.transactions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_chain::TestChain;
    use alloy_primitives::Address;

    #[test]
    fn a_chain_that_is_shorter_or_longer_leaves_nothing_and_one_of_other_inputs_does() {
        let [ours, given] = [(); 2].map(|()| TestChain::new(64));
        for chain in [&ours, &given] {
            (0..3).for_each(|_| chain.seal([]));
        }
        let both = || fork(&ours.store, &given.store).unwrap();
        assert_eq!(both(), None);
        ours.seal([]);
        assert_eq!(both(), None, "it goes on");
        given.store.unwind(2).unwrap();
        assert_eq!(both(), None, "L1 has less");
        given.store.unwind(1).unwrap();
        given.seal([(Address::repeat_byte(5), Vec::new())]);
        assert_eq!(both(), Some(1));
        ours.store.set_safe(ours.store.heads().unwrap().unsafe_head).unwrap();
        ours.store.set_finalized(ours.store.heads().unwrap().unsafe_head).unwrap();
        assert!(matches!(fork(&ours.store, &given.store), Err(Error::Disagreement(_))), "it is final");
    }

    #[test]
    fn of_two_blocks_of_the_same_inputs_one_is_wrong() {
        let [ours, given] = [(); 2].map(|()| TestChain::new(64));
        ours.seal([]);
        given.seal_wrongly();
        assert!(matches!(fork(&ours.store, &given.store), Err(Error::Diverged { number: 1, .. })));
    }
}

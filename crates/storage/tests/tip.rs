//! Blocks that are executed on one another before any is written, against a store that writes each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use chain::Random;
use proptest::prelude::*;
use std::sync::Arc;
use tributary_primitives::{ExecutedBlock, StateReader};
use tributary_storage::{Durability, Error, Options, Store, Tip, testing::table_digests};
use tributary_trie::{OpenTries, state_root};

fn store(dir: &std::path::Path, trie_history: u64) -> Store {
    let options = Options { durability: Durability::Relaxed, trie_history, ..Default::default() };
    Store::open(dir, chain::spec(1), options).unwrap()
}

/// Commits blocks one by one; what each is.
fn grow(store: &Store, count: usize, random: &mut Random, state: &mut chain::State) -> Vec<Arc<ExecutedBlock>> {
    let grow = |_| {
        let (block, after) = chain::next_block(&store.latest().unwrap(), state, random);
        store.commit(&block, &[]).unwrap();
        *state = after;
        Arc::new(block)
    };
    (0..count).map(grow).collect()
}

/// Both say the same of everything that a block may read.
fn compare(tip: &Tip, written: &Store) {
    let snapshot = written.latest().unwrap();
    for address in chain::addresses() {
        let account = snapshot.account(address).unwrap();
        assert_eq!(tip.account(address).unwrap(), account);
        assert_eq!(tip.has_storage(address).unwrap(), snapshot.has_storage(address).unwrap());
        for slot in chain::slots() {
            assert_eq!(tip.storage(address, slot).unwrap(), snapshot.storage(address, slot).unwrap());
        }
        if let Some(account) = account {
            assert_eq!(tip.code(account.code_hash).unwrap(), snapshot.code(account.code_hash).unwrap());
        }
    }
    let newest = snapshot.header().number;
    for number in (0..=newest + 1).rev().take(300) {
        assert_eq!(tip.block_hash(number).unwrap(), snapshot.block_hash(number).unwrap(), "block {number} at {newest}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocks_that_are_written_together_leave_what_they_leave_one_by_one(seed in any::<u64>(), runs in prop::collection::vec(1usize..12, 1..6)) {
        let (dirs, trie_history) = ([tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()], seed % 7);
        let [single, together] = [0, 1].map(|at: usize| store(dirs[at].path(), trie_history));
        let (mut random, mut state) = (Random(seed), chain::genesis_state());
        let mut tries = OpenTries::new(together.genesis().state_root);
        for count in runs {
            let mut tip = together.tip().unwrap();
            for _ in 0..count {
                let parent = single.latest().unwrap().header().state_root;
                let block = grow(&single, 1, &mut random, &mut state).remove(0);
                let expected = (block.state.state_root, block.state.trie.clone());
                prop_assert_eq!(&state_root(&tip, parent, &block.state.diff).unwrap(), &expected);
                prop_assert_eq!(&tries.update(&tip, &block.state.diff).unwrap(), &expected);
                let before = tip.clone();
                tip.extend(block);
                compare(&tip, &single);
                prop_assert_eq!(before.blocks().len() + 1, tip.blocks().len());
            }
            together.commit_all(tip.blocks().map(|block| (block, &[][..]))).unwrap();
            prop_assert_eq!(table_digests(&together).unwrap(), table_digests(&single).unwrap());
        }
        together.check().unwrap();
    }
}

#[test]
fn hashes_of_blocks_reach_as_far_back_as_where_all_are_written() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [single, other] = [0, 1].map(|at: usize| store(dirs[at].path(), 100));
    let (mut random, mut state) = (Random(3), chain::genesis_state());
    other.commit_all(grow(&single, 200, &mut random, &mut state).iter().map(|block| (&**block, &[][..]))).unwrap();
    let mut tip = other.tip().unwrap();
    for block in grow(&single, 100, &mut random, &mut state) {
        tip.extend(block);
    }
    compare(&tip, &single);
}

#[test]
fn of_blocks_that_do_not_follow_each_other_none_is_written() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [single, other] = [0, 1].map(|at: usize| store(dirs[at].path(), 100));
    let blocks = grow(&single, 3, &mut Random(5), &mut chain::genesis_state());
    let before = table_digests(&other).unwrap();
    let gap = other.commit_all([0, 2].map(|at: usize| (&*blocks[at], &[][..])));
    assert!(matches!(gap, Err(Error::NotTheChild { .. })), "{gap:?}");
    assert_eq!(table_digests(&other).unwrap(), before);
    assert_eq!(other.heads().unwrap().unsafe_head.number, 0);
}

//! What operators do with stores: copies while blocks are written, pruning, compaction, sizes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use std::sync::atomic::{AtomicBool, Ordering};
use tributary_storage::{Durability, Error, Options, Store, copy, testing::table_digests};

const OPTIONS: Options = Options { durability: Durability::Relaxed, trie_history: 1000, map_size: 1 << 30, read_only: false };

/// Commits so many random blocks.
fn extend(store: &Store, state: chain::State, random: &mut chain::Random, blocks: u64) -> chain::State {
    (0..blocks).fold(state, |state, _| {
        let (block, after) = chain::next_block(&store.latest().unwrap(), &state, random);
        store.commit(&block, &[]).unwrap();
        after
    })
}

#[test]
fn a_copy_holds_what_its_store_does_and_goes_on_as_it_would() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("a"), chain::spec(1), OPTIONS).unwrap();
    let mut random = chain::Random(1);
    let state = extend(&store, chain::genesis_state(), &mut random, 30);
    copy(&[(&store, &dir.path().join("b"))]).unwrap();
    let copied = Store::open(&dir.path().join("b"), chain::spec(1), OPTIONS).unwrap();
    assert_eq!(table_digests(&copied).unwrap(), table_digests(&store).unwrap());
    copied.check().unwrap();
    let (block, _) = chain::next_block(&store.latest().unwrap(), &state, &mut random);
    for store in [&store, &copied] {
        store.commit(&block, &[]).unwrap();
    }
    assert_eq!(table_digests(&copied).unwrap(), table_digests(&store).unwrap());
    let again = copy(&[(&store, &dir.path().join("b"))]).unwrap_err();
    assert!(matches!(again, Error::Unwritable { .. }), "{again}");
}

#[test]
fn copies_of_two_stores_are_of_one_moment_while_both_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["a", "b"].map(|name| Store::open(&dir.path().join(name), chain::spec(1), OPTIONS).unwrap());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut random, mut state) = (chain::Random(2), chain::genesis_state());
            while !done.load(Ordering::Relaxed) {
                let (block, after) = chain::next_block(&first.latest().unwrap(), &state, &mut random);
                // The second follows the first, as what is derived follows what was sequenced.
                first.commit(&block, &[]).unwrap();
                second.commit(&block, &[]).unwrap();
                state = after;
                // What is checked below is read whole, and shall not be long.
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        for round in 0..5 {
            let paths = ["first", "second"].map(|name| dir.path().join(format!("{name}-{round}")));
            copy(&[(&second, &paths[1]), (&first, &paths[0])]).unwrap();
            let [first, second] = paths.map(|path| Store::open(&path, chain::spec(1), OPTIONS).unwrap());
            let (ahead, behind) = (first.heads().unwrap().unsafe_head, second.heads().unwrap().unsafe_head);
            assert!(first.is_canonical(behind).unwrap() && behind.number <= ahead.number);
            first.check().unwrap();
            second.check().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn pruning_leaves_tries_of_the_window_and_of_what_is_not_final_and_compaction_gives_room_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    extend(&store, chain::genesis_state(), &mut chain::Random(3), 700);
    let block = |number| (number, store.hash_of(number).unwrap().unwrap()).into();
    store.set_safe(block(650)).unwrap();
    store.set_finalized(block(600)).unwrap();
    let before = store.size().unwrap();
    assert_eq!(before.oldest_trie, 0);

    let mut told = Vec::new();
    let pruned = store.prune(5, |done, of| told.push((done, of))).unwrap();
    assert_eq!((pruned.oldest_trie, told.last()), ((0, 600), Some(&(600, 600))), "block 600 is final, 601 may be taken back");
    assert!(pruned.nodes > 0);
    store.check().unwrap();
    assert_eq!(store.prune(5, |_, _| {}).unwrap().nodes, 0, "once is enough");
    assert_eq!(store.prune(1_000, |_, _| {}).unwrap().oldest_trie, (600, 600), "what is gone is gone");

    let digests = table_digests(&store).unwrap();
    store.compact().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let after = store.size().unwrap();
    assert_eq!(table_digests(&store).unwrap(), digests);
    assert!(after.file < before.file && after.unused < before.unused + pruned.nodes * 4096, "{before:?} {after:?}");
    let rows = |size: &tributary_storage::StoreSize| size.tables.iter().find(|table| table.name == "headers").map(|table| table.rows);
    assert_eq!((rows(&before), rows(&after)), (Some(701), Some(701)));
    store.unwind(600).unwrap();
    store.check().unwrap();
}

#[test]
fn a_store_that_is_in_use_is_not_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let reader = store.latest().unwrap();
    assert!(matches!(store.compact(), Err(Error::Locked { .. })));
    drop(reader);
    Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap().check().unwrap();
}

#[test]
fn a_check_tells_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    extend(&store, chain::genesis_state(), &mut chain::Random(4), 10);
    let told = std::cell::RefCell::new(Vec::new());
    store.check_and_tell(&|checked| told.borrow_mut().push((checked.part, checked.done == checked.of))).unwrap();
    assert!(["blocks", "accounts", "history"].iter().all(|part| told.borrow().contains(&(part, true))), "{told:?}");
}

#[test]
fn bytes_of_transactions_are_counted_without_deposits() {
    use alloy_eips::Encodable2718;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    extend(&store, chain::genesis_state(), &mut chain::Random(5), 20);
    for number in 0..=20 {
        let block = store.block(number).unwrap().unwrap().block;
        let others = block.body.transactions.iter().filter(|transaction| !transaction.is_deposit());
        let bytes: usize = others.map(|transaction| transaction.encoded_2718().len()).sum();
        assert_eq!(store.transaction_bytes(number).unwrap(), bytes as u64);
    }
    assert_eq!(store.transaction_bytes(21).unwrap(), 0);
}

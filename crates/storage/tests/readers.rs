//! Readers beside a writer, in the same process and in another.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};
use tributary_primitives::StateReader;
use tributary_storage::{Durability, Error, Options, Store};
use tributary_trie::prove_account;

const DIRECTORY: &str = "TRIBUTARY_STORAGE_READ_DIR";
const OPTIONS: Options = Options { durability: Durability::Relaxed, trie_history: 1000, map_size: 1 << 30, read_only: false };

/// Reads everything about one state; wrong in any part, it would not fit its own root.
fn read_through(store: &Store, number: Option<u64>) {
    let snapshot = number.map_or_else(|| store.latest(), |number| store.at(number)).unwrap();
    let root = snapshot.header().state_root;
    for address in chain::addresses() {
        let proof = prove_account(&snapshot, root, address, &chain::slots()).unwrap();
        assert_eq!(proof.account.map(|leaf| leaf.account()), snapshot.account(address).unwrap());
        for slot in proof.storage {
            assert_eq!(snapshot.storage(address, slot.slot).unwrap(), slot.value);
        }
    }
}

#[test]
fn readers_of_all_blocks_see_whole_states_while_blocks_are_committed_and_unwound() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3 {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                let mut random = chain::Random(reader);
                while !done.load(Ordering::Relaxed) {
                    let head = store.heads().unwrap().unsafe_head.number;
                    read_through(store, None);
                    // A block of the past may be unwound at any moment; those up to 3 never are.
                    read_through(store, Some(random.below(head.min(3) + 1)));
                }
            });
        }
        let mut states = vec![chain::genesis_state()];
        let mut random = chain::Random(9);
        for round in 0..200u64 {
            let (block, after) = chain::next_block(&store.latest().unwrap(), states.last().unwrap(), &mut random);
            store.commit(&block, &[]).unwrap();
            states.push(after);
            if round % 7 == 6 {
                let to = store.heads().unwrap().unsafe_head.number - 2;
                store.unwind(to).unwrap();
                states.truncate(to as usize + 1);
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    store.check().unwrap();
}

#[test]
fn another_process_reads_while_this_one_writes() {
    if let Ok(dir) = std::env::var(DIRECTORY) {
        let store = Store::open(Path::new(&dir), chain::spec(1), Options { read_only: true, ..OPTIONS }).unwrap();
        assert_eq!(store.heads().unwrap().unsafe_head.number, 5);
        (0..=5).for_each(|number| read_through(&store, Some(number)));
        store.check().unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let (mut state, mut random) = (chain::genesis_state(), chain::Random(1));
    for _ in 0..5 {
        let (block, after) = chain::next_block(&store.latest().unwrap(), &state, &mut random);
        store.commit(&block, &[]).unwrap();
        state = after;
    }
    let reader = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "another_process_reads_while_this_one_writes", "--nocapture"])
        .env(DIRECTORY, dir.path())
        .output()
        .unwrap();
    assert!(reader.status.success(), "{}", String::from_utf8_lossy(&reader.stderr));
    let (block, _) = chain::next_block(&store.latest().unwrap(), &state, &mut random);
    store.commit(&block, &[]).unwrap();
}

#[test]
fn one_process_cannot_open_a_store_twice_even_to_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let again = Store::open(dir.path(), chain::spec(1), Options { read_only: true, ..OPTIONS });
    assert!(matches!(again, Err(Error::Locked { .. })));
    store.check().unwrap();
}

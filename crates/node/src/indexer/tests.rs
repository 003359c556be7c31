//! A chain whose blocks create sets and append to them, and its index.

use super::*;
use crate::test_chain::TestChain;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use std::{fs, os::unix::fs::FileExt, path::PathBuf, sync::atomic::Ordering};
use tributary_contracts::{IAttributionStore as calls, predeploys::ATTRIBUTION_STORE};

struct Chain(TestChain);

impl std::ops::Deref for Chain {
    type Target = TestChain;

    fn deref(&self) -> &TestChain {
        &self.0
    }
}

/// Calls of the store's.
fn of_store(calls: impl IntoIterator<Item = Vec<u8>>) -> impl Iterator<Item = (Address, Vec<u8>)> {
    calls.into_iter().map(|call| (ATTRIBUTION_STORE, call))
}

impl Chain {
    /// A chain with this many sets of texts, whose readers may lag behind by so many events.
    fn new(sets: usize, backlog: usize) -> Self {
        let chain = Self(TestChain::new(backlog));
        chain.seal((0..sets).map(|_| calls::createTextSetCall {}.abi_encode()));
        chain
    }

    /// The next block, of these calls of the store's.
    fn seal(&self, calls: impl IntoIterator<Item = Vec<u8>>) {
        self.0.seal(of_store(calls));
    }

    fn index(&self) -> Indexer {
        Indexer::open(&self.store, &self.executor).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.directory.path().join("chain").join(FOLDER)).unwrap();
        let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Whether the files hold all that the chain's sets do.
    fn is_indexed(&self, parts: &PartFiles, sets: u64) -> bool {
        let state = self.store.latest().unwrap();
        let mut missing = Gathering::default();
        (1..=sets).for_each(|set| assert!(missing.add(&state, set, &parts.all(), usize::MAX).unwrap()));
        missing.is_empty()
    }
}

fn append(set: u64, n: u64) -> Vec<u8> {
    let payload: Bytes = (0..40).map(|word| format!("word{} ", (n * 31 + word) % 997)).collect::<String>().into_bytes().into();
    calls::appendCall { setId: U256::from(set), contributor: 1, payload }.abi_encode()
}

#[test]
fn files_that_are_damaged_while_the_node_runs_are_written_again_from_the_chain_when_they_are_merged_or_opened() {
    let mut found = 0;
    for at in 0..40 {
        let chain = Chain::new(1, 16);
        chain.seal((0..3).map(|n| append(1, n)));
        let mut indexer = chain.index();
        let [file] = chain.files().try_into().unwrap();
        // One bit of what the process has mapped.
        let length = fs::metadata(&file).unwrap().len();
        let (offset, mut byte) = (length * at / 40, [0]);
        let file = fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
        file.read_exact_at(&mut byte, offset).unwrap();
        file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
        // Nobody is told that the chain's state is damaged: it is not. What comes next makes one of both, unless the damage is to how large the part seems.
        let sealed = chain.try_seal(of_store([append(1, 3)]));
        assert!(sealed != Ok(false), "byte {offset} of {length}");
        indexer.catch_up().unwrap();
        if indexer.parts.all().iter().all(|part| part.is_whole()) {
            assert!(chain.is_indexed(&indexer.parts, 1), "byte {offset} of {length}");
            found += 1;
        }
        drop(indexer);
        let again = chain.index();
        assert!(again.parts.all().iter().all(|part| part.is_whole()), "byte {offset} of {length}");
        assert!(chain.is_indexed(&again.parts, 1), "byte {offset} of {length}");
    }
    assert!(found > 30, "{found} of 40");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_missed_events_looks_at_what_has_changed_meanwhile_and_nothing_else() {
    const SETS: usize = 100;
    let mut chain = Chain::new(SETS, 8);
    let events = chain.events.subscribe();
    let indexer = chain.index();
    let looked = indexer.looked.clone();
    assert_eq!(looked.swap(0, Ordering::Relaxed), SETS);
    // More than the channel holds.
    (0..30).for_each(|n| chain.seal((n % 10 == 0).then(|| append(1 + n / 10, n))));
    let following = tokio::spawn(indexer.run(events));
    let deadline = Instant::now() + Duration::from_secs(60);
    while looked.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline, "nothing is looked at");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The end of events is the end of the node.
    chain.0.events = tokio::sync::broadcast::channel(1).0;
    following.await.unwrap().unwrap();
    assert_eq!(looked.load(Ordering::Relaxed), 3);
    assert!(chain.is_indexed(&PartFiles::open(&chain.store, FOLDER).unwrap(), SETS as u64));
}

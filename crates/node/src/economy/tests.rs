//! An index over a chain on which datanets are founded, and which changes its mind.

use super::*;
use crate::test_chain::TestChain;
use alloy_primitives::{B256, U256, aliases::U96};
use alloy_sol_types::SolCall;
use tokio::task::JoinHandle;
use tributary_contracts::{
    Datanets,
    interfaces::datanets::{IDatanetRecords, IDatanets},
    predeploys::DATANETS,
};
use tributary_index::Paging;

impl TestChain {
    /// The next block, in which a datanet of this name is founded.
    fn found(&self, name: &str) {
        let licence = IDatanets::Licence {
            mayTrain: true,
            commercial: true,
            shareAlike: false,
            minContributorBps: 0,
            maxRoyaltyBps: 10_000,
            text: B256::ZERO,
        };
        let policy = IDatanetRecords::Policy { jurors: 0, committed: false, minNoveltyBps: 0, fee: U96::ZERO, bond: U96::ZERO };
        let settings = IDatanetRecords::Settings {
            name: name.to_owned(),
            purpose: String::new(),
            licence,
            policy,
            curatorBps: 0,
            fullAtBps: 0,
            maxContributorBps: 0,
        };
        self.seal([(DATANETS, Datanets::createCall { settings }.abi_encode())]);
    }

    /// Starts to follow, as a node does when it starts.
    fn follow(&self) -> (Index, JoinHandle<Result<(), Error>>) {
        let events = self.events.subscribe();
        // Whoever had it may still be about to let go of it.
        let economist = (0..1_000).find_map(|_| {
            Economist::open(&self.store).ok().or_else(|| {
                std::thread::sleep(Duration::from_millis(2));
                None
            })
        });
        let economist = economist.unwrap();
        (economist.view().index, tokio::spawn(economist.run(events)))
    }

    /// The names of all datanets, once the index has come to the newest block.
    async fn names(&self, index: &Index) -> Vec<String> {
        let head = self.store.heads().unwrap().unsafe_head;
        while index.head().unwrap() != Some(head) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let page = index.latest().unwrap().datanets(&Paging::default()).unwrap();
        page.items.into_iter().map(|datanet| datanet.name).collect()
    }
}

/// Ends as a process does, without a word.
async fn kill(index: Index, task: JoinHandle<Result<(), Error>>) {
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    // Work that was begun on another thread is waited for.
    index.write().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_that_an_earlier_run_has_read_are_undone_when_they_leave_the_chain() {
    let chain = TestChain::new(64);
    for name in ["a", "b", "c", "d"] {
        chain.found(name);
    }
    let (index, task) = chain.follow();
    assert_eq!(chain.names(&index).await, ["a", "b", "c", "d"]);
    kill(index, task).await;

    let (index, _task) = chain.follow();
    assert_eq!(chain.names(&index).await, ["a", "b", "c", "d"]);
    chain.take_back(2);
    // At once, and not with the next block.
    assert_eq!(chain.names(&index).await, ["a", "b"]);
    chain.found("e");
    assert_eq!(chain.names(&index).await, ["a", "b", "e"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_the_chain_while_nobody_looked_is_undone_at_the_start() {
    let chain = TestChain::new(64);
    for name in ["a", "b", "c"] {
        chain.found(name);
    }
    let (index, task) = chain.follow();
    chain.names(&index).await;
    kill(index, task).await;
    chain.take_back(1);
    for name in ["x", "y", "z"] {
        chain.found(name);
    }
    let (index, _task) = chain.follow();
    assert_eq!(chain.names(&index).await, ["a", "x", "y", "z"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_too_slow_for_the_events_ends_up_with_the_chain() {
    let chain = TestChain::new(2);
    chain.found("a");
    let (index, _task) = chain.follow();
    chain.names(&index).await;
    // While somebody else writes, it cannot.
    let writer = index.write().unwrap();
    for round in 0..6 {
        chain.found(&format!("gone {round}"));
    }
    // With what it has read.
    chain.take_back(0);
    for name in ["b", "c", "d", "e"] {
        chain.found(name);
    }
    drop(writer);
    assert_eq!(chain.names(&index).await, ["b", "c", "d", "e"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_begins_the_index_anew() {
    let chain = TestChain::new(64);
    chain.found("a");
    let (index, task) = chain.follow();
    chain.names(&index).await;
    kill(index, task).await;
    let derived = chain.store.derived("economy", tributary_index::FORMAT).unwrap();
    let mut writer = derived.write().unwrap();
    // The row of datanet 1.
    let key = [&b"D"[..], &U256::ONE.to_be_bytes::<32>()].concat();
    writer.set(&key, Some(b"nonsense")).unwrap();
    writer.commit().unwrap();
    drop(derived);

    let next = alloy_primitives::Address::repeat_byte(2);
    chain.seal([(DATANETS, Datanets::proposeCuratorCall { datanetId: U256::ONE, next }.abi_encode())]);
    let (index, _task) = chain.follow();
    assert_eq!(chain.names(&index).await, ["a"]);
}

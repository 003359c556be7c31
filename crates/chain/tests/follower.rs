//! A chain over a real store that grows and loses blocks at random, and a reader that follows it at its own pace.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use alloy_genesis::Genesis;
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use proptest::prelude::*;
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::sync::broadcast;
use tributary_chain::{Event, Follower, Lost, Place, SealedBlock, Step};
use tributary_execution::{Executor, OpenBlock};
use tributary_primitives::{BlockAttributes, ChainSpec};
use tributary_storage::{Durability, Options, Store};

const OPTIONS: Options = Options { durability: Durability::Relaxed, trie_history: 1000, map_size: 1 << 28, read_only: false };

/// A chain of empty blocks.
struct Chain {
    store: Store,
    events: broadcast::Sender<Event>,
    /// What is above the genesis.
    blocks: Vec<Arc<SealedBlock>>,
    /// Blocks that were sealed in all, so that each is another.
    count: u8,
    _directory: tempfile::TempDir,
}

impl Chain {
    /// Events that a reader may lag behind: a power of two.
    fn new(backlog: usize) -> Self {
        let mut genesis = Genesis { gas_limit: 30_000_000, base_fee_per_gas: Some(7), timestamp: 1, ..Default::default() };
        genesis.config.terminal_total_difficulty = Some(U256::ZERO);
        genesis.config.london_block = Some(0);
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Arc::new(ChainSpec::ethereum(genesis)), OPTIONS).unwrap();
        Self { store, events: broadcast::channel(backlog).0, blocks: Vec::new(), count: 0, _directory: directory }
    }

    fn seal(&mut self) {
        self.count = self.count.wrapping_add(1);
        let snapshot = self.store.latest().unwrap();
        let parent = snapshot.header().clone();
        let attributes = BlockAttributes {
            timestamp: parent.timestamp + 1,
            beneficiary: Address::ZERO,
            mix_hash: B256::repeat_byte(self.count),
            gas_limit: parent.gas_limit,
            extra_data: Bytes::new(),
            parent_beacon_block_root: None,
            withdrawals: None,
            difficulty: U256::ZERO,
            nonce: B64::ZERO,
            ommers: Vec::new(),
        };
        let block = OpenBlock::new(&Executor::new(self.store.spec().clone()), snapshot, &parent, parent.hash(), attributes).unwrap();
        let sealed = block.seal().unwrap();
        self.store.commit(&sealed, &[]).unwrap();
        self.blocks.push(Arc::new(sealed.into()));
        let _ = self.events.send(Event::Sealed(self.blocks.last().unwrap().clone()));
    }

    fn take_back(&mut self, depth: usize) {
        let left = self.blocks.len().saturating_sub(depth);
        let mut removed = self.blocks.split_off(left);
        removed.reverse();
        self.store.unwind(left as u64).unwrap();
        let _ = self.events.send(Event::Reorg { removed });
    }

    fn follower(&self, place: Place) -> Follower {
        Follower::new(self.store.clone(), self.events.subscribe(), place)
    }

    /// Hashes from a block on.
    fn hashes(&self, from: u64) -> Vec<B256> {
        self.blocks.iter().filter(|block| block.number() >= from).map(|block| block.hash).collect()
    }
}

/// A reader, and what it has been told and not told to forget.
struct Reader {
    follower: Follower,
    told: Vec<Arc<SealedBlock>>,
    from: u64,
}

impl Reader {
    fn new(chain: &Chain, place: Place) -> Self {
        Self { follower: chain.follower(place), told: Vec::new(), from: place.next }
    }

    /// Takes one step, if there is one now. Each must fit what was told before.
    fn step(&mut self) -> Result<bool, Lost> {
        let next = pin!(self.follower.next());
        let Poll::Ready(step) = next.poll(&mut Context::from_waker(Waker::noop())) else { return Ok(false) };
        match step? {
            Step::Block(block) => {
                assert_eq!(block.number(), self.from + self.told.len() as u64, "in order");
                assert!(self.told.last().is_none_or(|last| last.hash == block.block.header.parent_hash), "on the block before");
                self.told.push(block);
            }
            Step::Undo(block) => assert_eq!(block.hash, self.told.pop().expect("something was told").hash, "the newest first"),
        }
        Ok(true)
    }

    fn read_all(&mut self) -> Result<(), Lost> {
        while self.step()? {}
        Ok(())
    }

    fn hashes(&self) -> Vec<B256> {
        self.told.iter().map(|block| block.hash).collect()
    }
}

#[test]
fn a_reader_from_the_past_is_told_what_the_store_has_and_then_what_comes() {
    let mut chain = Chain::new(4);
    (0..10).for_each(|_| chain.seal());
    let mut reader = Reader::new(&chain, Place::before(3));
    reader.read_all().unwrap();
    assert_eq!(reader.hashes(), chain.hashes(3));
    chain.seal();
    reader.read_all().unwrap();
    assert_eq!(reader.hashes(), chain.hashes(3));
}

#[test]
fn a_reader_that_begins_at_the_head_is_not_told_of_it() {
    let mut chain = Chain::new(4);
    chain.seal();
    let mut follower = Follower::from_head(chain.store.clone(), chain.events.subscribe()).unwrap();
    assert_eq!(follower.place(), Place::after(chain.blocks[0].id()));
    assert!(pin!(follower.next()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn a_block_before_the_readers_first_is_not_undone_and_what_takes_its_place_is_told() {
    let mut chain = Chain::new(16);
    (0..2).for_each(|_| chain.seal());
    let mut follower = chain.follower(Place::after(chain.blocks[1].id()));
    let mut numbers = Vec::new();
    chain.take_back(1);
    chain.seal();
    chain.seal();
    chain.take_back(2);
    while let Poll::Ready(step) = pin!(follower.next()).poll(&mut Context::from_waker(Waker::noop())) {
        numbers.push(match step.unwrap() {
            Step::Block(block) => block.number() as i64,
            Step::Undo(block) => -(block.number() as i64),
        });
    }
    assert_eq!(numbers, [2, 3, -3, -2]);
}

#[test]
fn blocks_that_left_the_chain_are_undone_newest_first_and_only_those_that_were_told() {
    let mut chain = Chain::new(16);
    (0..3).for_each(|_| chain.seal());
    let mut reader = Reader::new(&chain, Place::before(1));
    reader.read_all().unwrap();
    let before = reader.hashes();
    chain.seal();
    chain.take_back(3);
    (0..4).for_each(|_| chain.seal());
    reader.read_all().unwrap();
    assert_eq!(reader.hashes(), chain.hashes(1));
    assert_eq!(reader.hashes()[0], before[0], "what stayed is not told again");
}

#[test]
fn a_reader_that_missed_events_reads_the_store() {
    let mut chain = Chain::new(2);
    let mut reader = Reader::new(&chain, Place::before(1));
    reader.read_all().unwrap();
    (0..9).for_each(|_| chain.seal());
    reader.read_all().unwrap();
    assert_eq!(reader.hashes(), chain.hashes(1));
}

#[test]
fn a_reader_that_missed_the_event_of_its_own_undoing_is_lost_and_told_where() {
    let mut chain = Chain::new(2);
    chain.seal();
    let mut reader = Reader::new(&chain, Place::before(1));
    reader.read_all().unwrap();
    let last = chain.blocks[0].id();
    chain.take_back(1);
    (0..9).for_each(|_| chain.seal());
    assert!(matches!(reader.read_all(), Err(Lost::Displaced(lost)) if lost == last));
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Seal,
    TakeBack(usize),
    /// The reader takes so many steps.
    Read(usize),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => Just(Happening::Seal),
        1 => (1..5usize).prop_map(Happening::TakeBack),
        4 => (1..6usize).prop_map(Happening::Read),
    ];
    prop::collection::vec(one, 1..80)
}

/// Lets all of it happen; what the reader ends up with.
fn play(happenings: &[Happening], backlog: usize, from: u64) -> (Chain, Reader, Result<(), Lost>) {
    let mut chain = Chain::new(backlog);
    (0..3).for_each(|_| chain.seal());
    let mut reader = Reader::new(&chain, Place::before(from));
    let mut ended = Ok(());
    for happening in happenings {
        match *happening {
            Happening::Seal => chain.seal(),
            Happening::TakeBack(depth) => chain.take_back(depth.min(chain.blocks.len().saturating_sub(1))),
            Happening::Read(steps) if ended.is_ok() => ended = (0..steps).try_for_each(|_| reader.step().map(drop)),
            Happening::Read(_) => {}
        }
    }
    // Whatever went before, the last word is a block.
    chain.seal();
    let ended = ended.and_then(|()| reader.read_all());
    (chain, reader, ended)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_ends_up_with_the_chain_whatever_happened(happenings in happenings(), from in 1..3u64) {
        let (chain, reader, ended) = play(&happenings, 1024, from);
        prop_assert!(ended.is_ok());
        prop_assert_eq!(reader.hashes(), chain.hashes(from));
    }

    #[test]
    fn a_reader_that_is_too_slow_for_the_events_ends_up_with_the_chain_or_knows_what_it_has_lost(happenings in happenings(), from in 1..3u64) {
        let (chain, reader, ended) = play(&happenings, 2, from);
        match ended {
            Ok(()) => prop_assert_eq!(reader.hashes(), chain.hashes(from)),
            Err(Lost::Displaced(last)) => prop_assert_eq!(reader.told.last().map(|block| block.id()), Some(last)),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}

//! Random sequences of commits, unwinds and reopenings against a model in memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, U256, keccak256};
use chain::{Random, State};
use nybbles::Nibbles;
use proptest::prelude::*;
use std::{collections::BTreeMap, path::Path};
use tributary_primitives::{ExecutedBlock, StateError, StateReader, TrieReader, rollup::predeploys::MESSAGE_PASSER};
use tributary_storage::{Durability, Error, FoundLog, LogFilter, Options, Snapshot, Store, testing::table_digests};
use tributary_trie::{EMPTY_ROOT, full_state_root, prove_account, verify_proof};

#[derive(Debug, Clone, Copy)]
enum Step {
    Commit,
    /// Unwind this many blocks.
    Unwind(u64),
    Reopen,
    /// Declare the block this far below the head safe.
    Safe(u64),
    /// Declare the block this far below the safe head final.
    Finalize(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Commit),
        2 => (0u64..6).prop_map(Step::Unwind),
        1 => Just(Step::Reopen),
        2 => (0u64..4).prop_map(Step::Safe),
        1 => (0u64..8).prop_map(Step::Finalize),
    ]
}

/// A store and what must be in it.
struct Pair<'d> {
    dir: &'d Path,
    options: Options,
    store: Store,
    /// Committed blocks, without the genesis.
    blocks: Vec<ExecutedBlock>,
    /// States after each block, from the genesis on.
    states: Vec<State>,
    /// Digests of the tables when each block was the head.
    digests: Vec<BTreeMap<&'static str, B256>>,
    /// Numbers of the blobs of each committed block; several blocks may have the same blob.
    blobs: Vec<Vec<u8>>,
    safe: u64,
    finalized: u64,
    /// The lowest block to which unwinding may reach.
    oldest: u64,
    random: Random,
}

impl<'d> Pair<'d> {
    fn new(dir: &'d Path, trie_history: u64, seed: u64) -> Self {
        let options = Options { durability: Durability::Relaxed, trie_history, ..Default::default() };
        let store = Store::open(dir, chain::spec(1), options).unwrap();
        let digests = vec![table_digests(&store).unwrap()];
        let states = vec![chain::genesis_state()];
        Self { dir, options, store, blocks: vec![], states, digests, blobs: vec![], safe: 0, finalized: 0, oldest: 0, random: Random(seed) }
    }

    fn head(&self) -> u64 {
        self.blocks.len() as u64
    }

    fn id(&self, number: u64) -> BlockNumHash {
        let hash = if number == 0 { self.store.genesis().hash() } else { self.blocks[number as usize - 1].hash };
        BlockNumHash { number, hash }
    }

    fn run(self, step: Step) -> Self {
        match step {
            Step::Commit => self.commit(),
            Step::Unwind(blocks) => self.unwind(blocks),
            Step::Reopen => self.reopen(),
            Step::Safe(below) => self.set_safe(below),
            Step::Finalize(below) => self.set_finalized(below),
        }
    }

    fn commit(mut self) -> Self {
        let before = self.states.last().unwrap();
        let (block, after) = chain::next_block(&self.store.latest().unwrap(), before, &mut self.random);
        let blobs: Vec<u8> = (0..self.random.below(3)).map(|_| self.random.below(3) as u8).collect();
        self.store.commit(&block, &blobs.iter().map(|n| chain::blob(*n)).collect::<Vec<_>>()).unwrap();
        self.blobs.push(blobs);
        self.blocks.push(block);
        self.states.push(after);
        self.digests.push(table_digests(&self.store).unwrap());
        self.oldest = self.oldest.max(self.head().saturating_sub(self.options.trie_history));
        self
    }

    fn unwind(mut self, blocks: u64) -> Self {
        let to = self.head().saturating_sub(blocks);
        match self.store.unwind(to) {
            Err(Error::Final { .. }) => assert!(to < self.finalized),
            Err(Error::Pruned { .. }) => assert!(to < self.oldest),
            Err(other) => panic!("{other}"),
            Ok(removed) => {
                assert!(to == self.head() || to >= self.finalized.max(self.oldest));
                let expected: Vec<_> = (to + 1..=self.head()).map(|number| self.id(number)).collect();
                assert_eq!(removed, expected);
                self.blocks.truncate(to as usize);
                self.blobs.truncate(to as usize);
                self.states.truncate(to as usize + 1);
                self.digests.truncate(to as usize + 1);
                self.safe = self.safe.min(to);
                self.compare_digests();
            }
        }
        self
    }

    /// Every table is as it was when this block was the head, apart from code, which stays, heads, and what has left the window meanwhile.
    fn compare_digests(&self) {
        let (now, then) = (table_digests(&self.store).unwrap(), self.digests.last().unwrap());
        let pruned = self.oldest > 0;
        for (table, digest) in &now {
            let may_differ =
                matches!(*table, "code" | "meta") || pruned && matches!(*table, "account_nodes" | "storage_nodes" | "node_changes");
            assert!(may_differ || then[table] == *digest, "table {table} is not what it was");
        }
    }

    fn reopen(self) -> Self {
        let Self { dir, options, store, .. } = self;
        drop(store);
        Self { store: Store::open(dir, chain::spec(1), options).unwrap(), ..self }
    }

    fn set_safe(mut self, below: u64) -> Self {
        let number = self.head().saturating_sub(below);
        let allowed = number >= self.finalized;
        assert_eq!(self.store.set_safe(self.id(number)).is_ok(), allowed);
        self.safe = if allowed { number } else { self.safe };
        self
    }

    fn set_finalized(mut self, below: u64) -> Self {
        let number = self.safe.saturating_sub(below);
        let allowed = number >= self.finalized;
        assert_eq!(self.store.set_finalized(self.id(number)).is_ok(), allowed);
        self.finalized = if allowed { number } else { self.finalized };
        self
    }

    fn verify(&mut self) {
        let heads = self.store.heads().unwrap();
        let expected = (self.id(self.head()), self.id(self.safe), self.id(self.finalized));
        assert_eq!((heads.unsafe_head, heads.safe_head, heads.finalized_head), expected);
        for (number, state) in (0..).zip(&self.states) {
            let snapshot = self.store.at(number).unwrap();
            assert_eq!(snapshot.header().hash(), self.id(number).hash);
            verify_state(&snapshot, state);
            verify_trie(&snapshot, state, number >= self.oldest);
            verify_passer(&snapshot, state);
        }
        assert!(matches!(self.store.at(self.head() + 1), Err(Error::UnknownBlock(_))));
        self.blocks.iter().for_each(|block| verify_block(&self.store, block));
        for (number, blobs) in (1..).zip(&self.blobs) {
            let expected: Vec<_> = blobs.iter().map(|n| chain::blob(*n)).collect();
            assert_eq!(self.store.blobs_of_block(number).unwrap(), expected);
        }
        for n in 0..3 {
            let used = self.blobs.iter().flatten().any(|used| *used == n);
            assert_eq!(self.store.blob(chain::blob(n).versioned_hash).unwrap(), used.then(|| chain::blob(n)));
        }
        for _ in 0..8 {
            let filter = random_filter(&mut self.random);
            verify_logs(&self.store, &self.blocks, &filter, &mut self.random);
        }
        let report = self.store.check().unwrap();
        assert_eq!((report.blocks, report.accounts), (self.head() + 1, self.states.last().unwrap().len() as u64));
    }
}

fn verify_state(snapshot: &Snapshot, state: &State) {
    let accounts: Vec<_> = snapshot.accounts().collect::<Result<_, _>>().unwrap();
    assert_eq!(accounts, state.iter().map(|(address, (account, _))| (*address, *account)).collect::<Vec<_>>());
    for address in chain::addresses() {
        let expected = state.get(&address);
        assert_eq!(snapshot.account(address).unwrap(), expected.map(|(account, _)| *account));
        let slots: Vec<_> = snapshot.slots(address).collect::<Result<_, _>>().unwrap();
        assert_eq!(snapshot.has_storage(address).unwrap(), !slots.is_empty());
        assert_eq!(slots, expected.iter().flat_map(|(_, slots)| slots).map(|(slot, value)| (*slot, *value)).collect::<Vec<_>>());
        for slot in chain::slots() {
            let value = expected.and_then(|(_, slots)| slots.get(&slot)).copied().unwrap_or_default();
            assert_eq!(snapshot.storage(address, slot).unwrap(), value);
        }
        if let Some((account, _)) = expected {
            let code = snapshot.code(account.code_hash).unwrap();
            assert_eq!(keccak256(code), account.code_hash);
        }
    }
}

/// Proofs of everything verify within the window; outside of it they either verify or the node is missing.
fn verify_trie(snapshot: &Snapshot, state: &State, in_window: bool) {
    let root = snapshot.header().state_root;
    for address in chain::addresses() {
        match prove_account(snapshot, root, address, &chain::slots()) {
            Ok(proof) => {
                assert_eq!(proof.account.map(|leaf| leaf.account()), state.get(&address).map(|(account, _)| *account));
                let leaf = verify_proof(root, keccak256(address), &proof.proof).unwrap();
                assert_eq!(leaf, proof.account.map(alloy_rlp::encode));
                for slot in proof.storage {
                    let value = state.get(&address).and_then(|(_, slots)| slots.get(&slot.slot)).copied().unwrap_or_default();
                    assert_eq!(slot.value, value);
                }
            }
            Err(tributary_trie::Error::State(StateError::Missing(_))) => assert!(!in_window),
            Err(other) => panic!("{other}"),
        }
    }
}

/// The message passer's storage trie is whole at every block, for ever.
fn verify_passer(snapshot: &Snapshot, state: &State) {
    let Some((account, slots)) = state.get(&MESSAGE_PASSER) else { return };
    let (_, trie) = full_state_root([(MESSAGE_PASSER, *account, slots.clone())]);
    let owner = keccak256(MESSAGE_PASSER);
    for (path, node) in trie.storage.get(&owner).into_iter().flat_map(|updates| &updates.nodes) {
        let node = node.as_ref().unwrap();
        assert_eq!(snapshot.trie_node(Some(owner), path, keccak256(node)).unwrap(), *node);
    }
    assert!(snapshot.trie_node(Some(owner), &Nibbles::new(), EMPTY_ROOT).is_err());
}

fn verify_block(store: &Store, expected: &ExecutedBlock) {
    let number = expected.block.header.number;
    for found in [store.block(number), store.block(expected.hash)] {
        let found = found.unwrap().unwrap();
        assert_eq!((&found.block, found.hash, &found.senders), (&expected.block, expected.hash, &expected.senders));
    }
    assert_eq!(store.header(expected.hash).unwrap().unwrap().inner(), &expected.block.header);
    assert_eq!(store.hash_of(number).unwrap(), Some(expected.hash));
    assert_eq!(store.number_of(expected.hash).unwrap(), Some(number));
    assert_eq!(store.receipts(number).unwrap().unwrap(), expected.receipts);
    assert_eq!(store.transaction_count(number).unwrap(), Some(expected.receipts.len() as u32));
    let (mut gas, mut logs) = (0, 0);
    for (index, (transaction, receipt)) in (0..).zip(expected.block.body.transactions.iter().zip(&expected.receipts)) {
        assert_eq!(store.transaction_position(transaction.hash()).unwrap(), Some((number, index)));
        assert_eq!(&store.transaction(number, index).unwrap().unwrap().transaction, transaction);
        let stored = store.receipt(number, index).unwrap().unwrap();
        assert_eq!((&stored.receipt, stored.gas_used, stored.first_log), (receipt, receipt.cumulative_gas_used - gas, logs));
        gas = receipt.cumulative_gas_used;
        logs += receipt.logs.len() as u32;
    }
    assert_eq!(store.receipt(number, expected.receipts.len() as u32).unwrap(), None);
}

fn random_filter(random: &mut Random) -> LogFilter {
    let mut some = |of: u64| -> Vec<u64> { (0..random.below(3)).map(|_| random.below(of)).collect() };
    let addresses = some(5).into_iter().map(chain::log_address).collect();
    let topics = std::array::from_fn(|_| some(5).into_iter().map(chain::topic).collect());
    LogFilter { addresses, topics }
}

fn verify_logs(store: &Store, blocks: &[ExecutedBlock], filter: &LogFilter, random: &mut Random) {
    let from = random.below(blocks.len() as u64 + 2);
    let to = random.below(blocks.len() as u64 + 4);
    let found: Vec<u64> = store.blocks_with_logs(from, to, filter).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(found.is_sorted() && found.iter().all(|number| (from..=to).contains(number)));
    for (number, block) in (1..).zip(blocks) {
        let mut logs = block.receipts.iter().flat_map(|receipt| &receipt.logs);
        if (from..=to).contains(&number) && logs.any(|log| filter.matches(log)) {
            assert!(found.contains(&number), "block {number} matches {filter:?}");
        }
        // What is found has every clause somewhere.
        let logs = || block.receipts.iter().flat_map(|receipt| &receipt.logs);
        let address = filter.addresses.is_empty() || logs().any(|log| filter.addresses.contains(&log.address));
        let topic = |position: usize| {
            let wanted: &[B256] = &filter.topics[position];
            wanted.is_empty() || logs().any(|log| log.data.topics().get(position).is_some_and(|topic| wanted.contains(topic)))
        };
        assert!(!found.contains(&number) || address && (0..4).all(topic));
    }
    verify_found_logs(store, blocks, filter);
    verify_changes(store, blocks);
}

/// The blocks that changed each account, newest first, and what it was before.
fn verify_changes(store: &Store, blocks: &[ExecutedBlock]) {
    for address in chain::addresses() {
        let mut expected: Vec<_> = (1..)
            .zip(blocks)
            .filter_map(|(number, block)| Some((number, block.state.diff.accounts.get(&address)?)))
            .filter(|(_, diff)| diff.before != diff.after)
            .map(|(number, diff)| (number, diff.before))
            .collect();
        expected.reverse();
        let found: Vec<_> = store.account_changes(address).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(found, expected, "of {address}");
    }
    for (number, block) in (1..).zip(blocks) {
        let written = store.written_in(number).unwrap();
        for (address, diff) in &block.state.diff.accounts {
            let is_written = written.accounts.contains(address);
            assert!(is_written || diff.before == diff.after, "{address} in {number}");
            let slots = written.slots.iter().filter(|(of, _)| of == address).flat_map(|(_, slots)| slots);
            let slots: Vec<_> = slots.collect();
            for (slot, (before, after)) in &diff.storage {
                assert!(slots.contains(&slot) || before == after, "{address} {slot} in {number}");
            }
        }
    }
    assert_eq!(store.written_in(blocks.len() as u64 + 1).unwrap(), Default::default());
}

/// Every block's matching logs, read without the receipts that have none.
fn verify_found_logs(store: &Store, blocks: &[ExecutedBlock], filter: &LogFilter) {
    let search = store.blocks_with_logs(0, u64::MAX, filter).unwrap();
    assert_eq!(search.head(), store.heads().unwrap().unsafe_head);
    assert_eq!(search.hash_of(blocks.len() as u64 + 1).unwrap(), None);
    for (number, block) in (1..).zip(blocks) {
        assert_eq!(search.hash_of(number).unwrap(), Some(block.hash));
        let (mut expected, mut index) = (Vec::new(), 0);
        for (transaction_index, (receipt, transaction)) in (0..).zip(block.receipts.iter().zip(&block.block.body.transactions)) {
            for log in &receipt.logs {
                if filter.matches(log) {
                    expected.push(FoundLog { log: log.clone(), index, transaction_index, transaction_hash: transaction.hash() });
                }
                index += 1;
            }
        }
        let found = search.logs_of(number).unwrap().unwrap();
        assert_eq!((found.block.number, found.block.hash, found.logs), (number, block.hash, expected));
    }
    assert_eq!(search.logs_of(blocks.len() as u64 + 1).unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_store_equals_a_model_after_any_commits_unwinds_and_reopenings(
        steps in prop::collection::vec(step(), 1..50),
        trie_history in prop_oneof![Just(0u64), 1u64..8, Just(100_000)],
        seed in any::<u64>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Pair::new(dir.path(), trie_history, seed);
        for step in steps {
            pair = pair.run(step);
        }
        pair.verify();
        pair.reopen().verify();
    }

    #[test]
    fn a_snapshot_does_not_change_while_blocks_come_and_go(seed in any::<u64>(), depth in 1u64..5) {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Pair::new(dir.path(), 100, seed);
        let mut held: Vec<(Snapshot, State)> = Vec::new();
        for round in 0..12 {
            pair = pair.commit();
            held.push((pair.store.latest().unwrap(), pair.states.last().unwrap().clone()));
            let number = pair.random.below(pair.head() + 1);
            held.push((pair.store.at(number).unwrap(), pair.states[number as usize].clone()));
            if round % 5 == 4 {
                pair = pair.unwind(depth);
            }
        }
        for (snapshot, state) in &held {
            verify_state(snapshot, state);
            verify_trie(snapshot, state, true);
        }
    }

    #[test]
    fn accounts_of_every_shape_read_back(nonce in any::<u64>(), balance in any::<[u8; 32]>(), shift in 0usize..256, code in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let mut genesis = chain::genesis(1);
        let balance = U256::from_be_bytes(balance) >> shift;
        let mut alloc = alloy_genesis::GenesisAccount::default().with_balance(balance).with_nonce(Some(nonce));
        alloc.code = code.then(|| vec![1].into());
        let address = Address::repeat_byte(7);
        genesis.alloc.insert(address, alloc);
        let spec = std::sync::Arc::new(tributary_primitives::ChainSpec::ethereum(genesis));
        let store = Store::open(dir.path(), spec, Options { durability: Durability::Relaxed, ..Default::default() }).unwrap();
        let account = store.latest().unwrap().account(address).unwrap().unwrap();
        prop_assert_eq!((account.nonce, account.balance, account.has_code()), (nonce, balance, code));
    }
}

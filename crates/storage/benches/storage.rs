//! Prints how long commits, unwinds, reads and group commits take: `cargo bench -p tributary-storage`.
#![allow(clippy::unwrap_used, clippy::disallowed_macros, reason = "a benchmark prints, and stops where it fails")]

use alloy_consensus::Header;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, keccak256};
use op_alloy_consensus::TxDeposit;
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use tributary_journal::{Executed, Files, Journal, JournalTransaction, Record};
use tributary_primitives::{
    Account, AccountDiff, Block, BlockAttributes, ChainSpec, Eip1559Params, ExecutedBlock, PayloadAttributes, Receipt, RootedDiff,
    StateDiff, StateReader, Transaction, TxType,
};
use tributary_storage::{Options, Snapshot, Store, TableSize};
use tributary_trie::state_root;

/// Transfers per block, about what a block of 1,000,000,000 gas holds.
const TRANSFERS: u64 = 20_000;
const BLOCKS: u64 = 8;

fn main() {
    let dir = tempfile::tempdir_in(".").unwrap();
    let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 });
    let store = Store::open(dir.path(), Arc::new(spec), Options::default()).unwrap();
    let mut before = BTreeMap::new();
    for _ in 0..BLOCKS {
        let start = Instant::now();
        let block = block(&store.latest().unwrap(), &mut before, TRANSFERS);
        let built = start.elapsed();
        let (start, written) = (Instant::now(), written());
        store.commit(&block, &[]).unwrap();
        let (elapsed, written) = (start.elapsed(), (self::written() - written) >> 20);
        println!("commit of {TRANSFERS} token transfers: {elapsed:?}, {written} MiB (root and the rest of the synthetic block {built:?})");
    }
    let start = Instant::now();
    for _ in 0..50 {
        store.commit(&block(&store.latest().unwrap(), &mut before, 1), &[]).unwrap();
    }
    println!("root and commit of a block with one transfer: {:?}", start.elapsed() / 50);
    reads(&store);
    let start = Instant::now();
    store.unwind(store.heads().unwrap().unsafe_head.number - 51).unwrap();
    println!("unwind of 50 small blocks and one of {TRANSFERS} transfers: {:?}", start.elapsed());
    journal(&store);
    for TableSize { name: table, rows, .. } in store.size().unwrap().tables {
        println!("{table:>22} {rows:>9} rows");
    }
}

/// Bytes that this process has caused to be written to disk; 0 where the system does not tell.
fn written() -> u64 {
    let counters = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    counters.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap_or(0)
}

fn address(n: u64) -> Address {
    Address::from_slice(&keccak256(n.to_be_bytes())[..20])
}

/// Token transfers: each from an account of its own, whose nonce and token balance change, with one log.
fn block(parent: &Snapshot, before: &mut BTreeMap<u64, u64>, count: u64) -> ExecutedBlock {
    let token = Address::repeat_byte(0x70);
    let number = parent.header().number + 1;
    let mut diff = StateDiff::default();
    let mut slots = BTreeMap::new();
    for n in (0..count)
        .map(|n| keccak256([n.to_be_bytes(), number.to_be_bytes()].concat())[0..4].iter().fold(0, |x, y| x << 8 | u64::from(*y)) % 200_000)
    {
        let nonce = before.entry(n).or_default();
        let account = |nonce: u64| (nonce > 0).then(|| Account { nonce, balance: U256::from(1_000_000_007 * nonce), ..Default::default() });
        if diff.accounts.contains_key(&address(n)) {
            continue;
        }
        let after = account(*nonce + 1);
        diff.accounts.insert(address(n), AccountDiff { before: account(*nonce), after, ..Default::default() });
        slots.insert(U256::from_be_bytes(keccak256(address(n)).0), (U256::from(*nonce * 77), U256::from((*nonce + 1) * 77)));
        *nonce += 1;
    }
    let contract = parent.account(token).unwrap();
    diff.accounts.insert(token, AccountDiff { before: contract, after: Some(Account::default()), storage_cleared: false, storage: slots });
    let (root, trie) = state_root(parent, parent.header().state_root, &diff).unwrap();
    let transactions: Vec<Transaction> = (0..count)
        .map(|n| {
            let source_hash = keccak256([n.to_be_bytes(), number.to_be_bytes()].concat());
            TxDeposit { source_hash, from: address(n), input: Bytes::from(vec![7; 68]), ..Default::default() }.into()
        })
        .collect();
    let topics = |n| vec![keccak256("Transfer(address,address,uint256)"), address(n).into_word(), address(n * 3 + 1).into_word()];
    let log = |n| Log { address: token, data: LogData::new_unchecked(topics(n), B256::ZERO.to_vec().into()) };
    let receipt = |n| Receipt {
        tx_type: TxType::Deposit,
        outcome: true.into(),
        cumulative_gas_used: (n + 1) * 50_000,
        logs: vec![log(n)],
        deposit_nonce: Some(n),
        deposit_receipt_version: Some(1),
    };
    let header = Header { parent_hash: parent.header().hash(), number, state_root: root, ..Default::default() };
    let block = Block { header, body: alloy_consensus::BlockBody { transactions, ..Default::default() } };
    ExecutedBlock {
        hash: block.header.hash_slow(),
        senders: (0..count).map(address).collect(),
        receipts: (0..count).map(receipt).collect(),
        block,
        requests: Default::default(),
        state: RootedDiff { diff, trie, state_root: root },
    }
}

fn reads(store: &Store) {
    const READS: u64 = 200_000;
    for (name, snapshot) in [("newest", store.latest().unwrap()), ("past", store.at(BLOCKS / 2).unwrap())] {
        let start = Instant::now();
        let found = (0..READS).filter(|n| snapshot.account(address(n * 7919 % 200_000)).unwrap().is_some()).count();
        println!("read of an account of the {name} state: {:?} ({found} of {READS} exist)", start.elapsed() / READS as u32);
    }
    let start = Instant::now();
    for _ in 0..10_000 {
        store.latest().unwrap();
    }
    println!("opening a snapshot: {:?}", start.elapsed() / 10_000);
}

fn journal(store: &Store) {
    let head = store.heads().unwrap().unsafe_head;
    let (mut journal, _) = Journal::open(Files::open(&store.journal_path()).unwrap(), head).unwrap();
    let block = BlockAttributes::of_block(&Block::default());
    let attributes = Box::new(PayloadAttributes { block, transactions: Vec::new(), no_tx_pool: false });
    journal.append(Record::Opened { number: head.number + 1, parent: head.hash, attributes });
    let transaction = JournalTransaction { hash: B256::ZERO, raw: vec![1; 180].into() };
    for size in [1, 10, 100, 1000] {
        let mut times: Vec<_> = (0..100)
            .map(|_| {
                let start = Instant::now();
                for index in 0..size {
                    journal.append(Record::Executed(Executed { transaction: transaction.clone(), index, result: B256::ZERO }));
                }
                journal.sync().unwrap();
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!("group commit of {size} transactions: p50 {:?}, p99 {:?}", times[49], times[98]);
    }
}

//! Prints how long `eth_getLogs` takes over a long chain with few logs, beside what a node without an index does, a scan of all blooms:
//! `cargo bench -p tributary-rpc`. `BLOCKS` sets the length of the chain.
#![allow(clippy::unwrap_used, clippy::disallowed_macros, reason = "a benchmark prints, and stops where it fails")]

use alloy_consensus::Header;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, Bloom, BloomInput, Log, LogData, keccak256, logs_bloom};
use op_alloy_consensus::TxDeposit;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, mpsc, watch};
use tributary_pool::{Ordering, Pool, PoolLimits};
use tributary_primitives::{Block, ChainSpec, Eip1559Params, ExecutedBlock, Receipt, RootedDiff, Transaction, TxType};
use tributary_rpc::{Chain, Limits, serve};
use tributary_storage::{Durability, Options, Store};

/// Logs in every tenth block.
const FREQUENT: Address = Address::repeat_byte(0xf0);
/// Logs in every tenth block, of which none is one of [`FREQUENT`]'s.
const OTHER: Address = Address::repeat_byte(0x0f);
/// Logs in 25 blocks.
const RARE: Address = Address::repeat_byte(0xaa);
/// How often a query is asked.
const RUNS: usize = 31;

fn main() {
    let blocks = std::env::var("BLOCKS").map_or(1_000_000, |blocks| blocks.parse().unwrap());
    let dir = tempfile::tempdir_in(".").unwrap();
    let start = Instant::now();
    let store = write(dir.path(), blocks);
    println!("chain of {blocks} blocks, {} of them with one log: written in {:.1?}", blocks / 5 + 25, start.elapsed());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(serve(Arc::new(chain(store.clone())), "127.0.0.1:0".parse().unwrap())).unwrap();
    let scan = scans(&store, blocks);
    let transfer = keccak256("Transfer(address,address,uint256)");
    let sparse = [
        ("rare address", json!({ "address": RARE })),
        ("rare topic", json!({ "topics": [null, user(0)] })),
        ("frequent address and rare topic", json!({ "address": FREQUENT, "topics": [transfer, user(0)] })),
        ("frequent address or rare one, and rare topic", json!({ "address": [FREQUENT, RARE], "topics": [[], [user(0), user(1)]] })),
        ("nobody's address", json!({ "address": Address::ZERO })),
        ("two frequent ones that never meet", json!({ "address": OTHER, "topics": [transfer] })),
    ];
    for (name, filter) in sparse {
        query(server.local_addr(), name, filter, scan);
    }
    let mut dense = json!({ "address": FREQUENT, "topics": [transfer] });
    (dense["fromBlock"], dense["toBlock"]) = (json!("0x0"), json!(format!("{:#x}", blocks.min(90_000) - 1)));
    query(server.local_addr(), "frequent address and topic in 90,000 blocks", dense, scan);
    if let Err(words) = call(server.local_addr(), &json!({ "address": FREQUENT, "fromBlock": "0x0" })) {
        println!("frequent address over all blocks: {words}");
    }
    runtime.block_on(server.stop());
}

/// Topics of which each is in ten blocks per million.
fn user(n: u64) -> B256 {
    keccak256(n.to_be_bytes())
}

/// The log of a block, if it has one.
fn log_of(number: u64, blocks: u64) -> Option<Log> {
    let log = |address, topics| Some(Log { address, data: LogData::new_unchecked(topics, B256::ZERO.to_vec().into()) });
    match number % 10 {
        _ if number % (blocks / 25).max(1) == 3 => log(RARE, vec![keccak256("Rare()")]),
        0 => log(FREQUENT, vec![keccak256("Transfer(address,address,uint256)"), user(number / 10 % 10_000), user(number)]),
        5 => log(OTHER, vec![keccak256("Other()"), user(number)]),
        _ => None,
    }
}

/// Writes a chain through the storage, block by block.
fn write(dir: &Path, blocks: u64) -> Store {
    let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 });
    let options = Options { durability: Durability::Relaxed, ..Options::default() };
    let store = Store::open(&dir.join("chain"), Arc::new(spec), options).unwrap();
    let (mut parent, state_root) = (store.genesis().hash(), store.genesis().state_root);
    for number in 1..=blocks {
        let header = Header { parent_hash: parent, number, timestamp: number, state_root, ..Default::default() };
        let mut block = Block { header, body: Default::default() };
        let (mut senders, mut receipts) = (Vec::new(), Vec::new());
        if let Some(log) = log_of(number, blocks) {
            block.header.logs_bloom = logs_bloom([&log]);
            let source_hash = B256::left_padding_from(&number.to_be_bytes());
            block.body.transactions.push(Transaction::from(TxDeposit { source_hash, ..Default::default() }));
            senders.push(Address::ZERO);
            receipts.push(Receipt {
                tx_type: TxType::Deposit,
                outcome: true.into(),
                cumulative_gas_used: 50_000,
                logs: vec![log],
                deposit_nonce: Some(number),
                deposit_receipt_version: Some(1),
            });
        }
        parent = block.header.hash_slow();
        let state = RootedDiff { diff: Default::default(), trie: Default::default(), state_root };
        let executed = ExecutedBlock { hash: parent, block, senders, receipts, requests: Default::default(), state };
        store.commit(&executed, &[]).unwrap();
    }
    store
}

fn chain(store: Store) -> Chain {
    Chain {
        spec: store.spec().clone(),
        executor: tributary_execution::Executor::new(store.spec().clone()),
        store,
        pool: Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder))),
        pending: watch::channel(None).1,
        submit: mpsc::channel(1).0,
        events: broadcast::channel(1).0,
        rollup: None,
        beacon: None,
        development: None,
        limits: Limits::default(),
        realtime: false,
    }
}

/// What finding the rare address costs without an index: the bloom of each header, read from the store, and as the limit blooms that are in memory.
fn scans(store: &Store, blocks: u64) -> Duration {
    let start = Instant::now();
    let blooms: Vec<Bloom> = (0..=blocks).map(|number| store.header(number).unwrap().unwrap().logs_bloom).collect();
    let read = start.elapsed();
    let wanted = Bloom::from(BloomInput::Raw(RARE.as_slice()));
    let start = Instant::now();
    let hits = blooms.iter().filter(|bloom| bloom.contains(&wanted)).count();
    let scan = start.elapsed();
    println!("scan of all blooms: {:.1?} from the store, {scan:.1?} in memory ({hits} blocks left to read)", read + scan);
    read + scan
}

/// Asks one query over the whole chain, if it has no range, and prints the median time and how it compares with a scan.
fn query(address: SocketAddr, name: &str, mut filter: Value, scan: Duration) {
    if filter.get("fromBlock").is_none() {
        (filter["fromBlock"], filter["toBlock"]) = (json!("earliest"), json!("latest"));
    }
    let mut times = Vec::with_capacity(RUNS);
    let mut logs = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        logs = call(address, &filter).unwrap().as_array().unwrap().len();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let (median, worst) = (times[RUNS / 2], times[RUNS - 1]);
    println!("{name}: {logs} logs, p50 {median:.2?}, max {worst:.2?}, scan / p50 = {:.0}", scan.as_secs_f64() / median.as_secs_f64());
}

/// `eth_getLogs` over HTTP, a new connection each time; its result or its error.
fn call(address: SocketAddr, filter: &Value) -> Result<Value, Value> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [filter] }).to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let answer = answer.split_once("\r\n\r\n").unwrap().1;
    let mut answer: Value = serde_json::from_str(answer.trim()).unwrap();
    match answer.get("error") {
        Some(error) => Err(error["message"].clone()),
        None => Ok(answer["result"].take()),
    }
}

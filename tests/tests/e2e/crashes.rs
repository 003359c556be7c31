use crate::node::{Node, without_hash};
use alloy_primitives::{Address, B256, hex, keccak256};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime},
};
use tributary_tests::{
    rpc::{Rpc, number},
    token,
    wallet::{Signed, Wallet},
};

/// How often the node is killed.
const KILLS: u64 = 12;

/// Accounts that send at the same time, one connection each.
const SENDERS: u32 = 4;

/// Receipts that the node gave in acknowledgement, by transaction.
type Acknowledged = Arc<Mutex<HashMap<B256, Value>>>;

/// Sends until the connection breaks; notes each receipt that comes.
fn send(url: &str, mut wallet: Wallet, token: Address, acknowledged: &Acknowledged) {
    let Ok(mut rpc) = Rpc::connect(url) else { return };
    for turn in 0.. {
        let transaction: Signed = match turn % 3 {
            0 => wallet.transfer(Address::repeat_byte(0xc0), 1),
            1 => wallet.call(token, token::transfer(wallet.address(), 0), token::TRANSFER_GAS),
            _ => wallet.create(hex!("60016000f3").to_vec()).0,
        };
        match rpc.call("eth_sendRawTransactionSync", json!([transaction.json()])) {
            Ok(receipt) => drop(acknowledged.lock().unwrap().insert(transaction.hash, receipt)),
            Err(tributary_tests::rpc::RpcError::Refused { code, message, .. }) => panic!("{code}: {message}"),
            // The node is gone. What it was about to answer may be in the chain or not.
            Err(_) => return,
        }
    }
}

/// Every acknowledged transaction has the receipt that was given, at the same place, now with the hash of a block that lists it there.
fn check(node: &mut Node, acknowledged: &HashMap<B256, Value>) {
    let mut blocks: HashMap<String, Value> = HashMap::new();
    for (hash, given) in acknowledged {
        let now = node.ask_early("eth_getTransactionReceipt", json!([hash]));
        assert!(!now.is_null(), "{hash} is lost{}; acknowledged as {given}\n{}", found_later(node, hash), node.log());
        assert_eq!(without_hash(now.clone()), without_hash(given.clone()));
        if number(&now["blockNumber"]) > node.head() {
            continue;
        }
        let sealed = node.ask("eth_getTransactionReceipt", json!([hash]));
        let height = sealed["blockNumber"].as_str().unwrap().to_owned();
        let block = blocks.entry(height.clone()).or_insert_with(|| node.ask("eth_getBlockByNumber", json!([height, false])));
        assert_eq!(block["transactions"][number(&sealed["transactionIndex"]) as usize], json!(hash));
        assert_eq!(block["hash"], sealed["blockHash"]);
    }
}

/// For the message of a failure: whether a receipt that was not there is there a little later.
fn found_later(node: &mut Node, hash: &B256) -> &'static str {
    thread::sleep(Duration::from_secs(3));
    if node.ask_early("eth_getTransactionReceipt", json!([hash])).is_null() { "" } else { " for a while" }
}

#[test]
fn what_was_acknowledged_survives_any_kill_in_its_place_and_is_derived_from_l1_alike() {
    survive(Node::start_in_time(), KILLS);
}

#[test]
fn so_it_does_where_each_transaction_has_its_block() {
    survive(Node::start(), KILLS / 3);
}

/// Kills a node again and again, and holds it to what it acknowledged.
fn survive(mut node: Node, kills: u64) {
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    println!("seed {seed}");
    let mut deployer = node.wallet(9);
    let (creation, token) = deployer.create(token::creation(deployer.address(), 1_000_000));
    let receipt = node.include_early(&creation);
    let mut all = HashMap::from([(creation.hash, receipt)]);
    let acknowledged = Acknowledged::default();
    for round in 0..kills {
        let url = node.process.banner.realtime_url.clone();
        let senders: Vec<_> = (0..SENDERS)
            .map(|index| {
                let (url, wallet, acknowledged) = (url.clone(), node.wallet(index), acknowledged.clone());
                thread::spawn(move || send(&url, wallet, token, &acknowledged))
            })
            .collect();
        // From the middle of the first block to the middle of the third: between, during and after seals, batches and proposals.
        let random = keccak256([seed.to_be_bytes().as_slice(), &round.to_be_bytes()].concat());
        thread::sleep(Duration::from_millis(200 + u64::from(u16::from_be_bytes([random[0], random[1]])) % 2_500));
        node = node.kill_and_restart();
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        let new = std::mem::take(&mut *acknowledged.lock().unwrap());
        check(&mut node, &new);
        all.extend(new);
    }
    let last = all.values().map(|receipt| number(&receipt["blockNumber"])).max().unwrap();
    assert!(all.len() as u64 > kills * u64::from(SENDERS), "too little was sent: {}", all.len());
    node.wait("everything is safe", |node| number(&node.ask("eth_getBlockByNumber", json!(["safe", false]))["number"]) >= last);
    check(&mut node, &all);
    println!("{kills} kills, {} acknowledged transactions", all.len());
}

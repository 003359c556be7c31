//! Replicas: they follow the sequencer's word, and L1 where that says something else.

use crate::roles::{CHAIN, Ground, Role, told, transfer};
use serde_json::{Value, json};
use std::{thread, time::Duration};
use tributary_tests::{rpc::number, wallet::Wallet};

const NOBODY_ON_L1: [(&str, &str); 3] = [("TRIBUTARY_BATCHER_KEY", ""), ("TRIBUTARY_PROPOSER_KEY", ""), ("TRIBUTARY_PROVER_KEY", "")];

/// The URL of a role's WebSocket.
fn feed(role: &Role) -> String {
    role.url.replace("http://", "ws://")
}

fn head(role: &mut Role, tag: &str) -> u128 {
    number(&role.ask("eth_getBlockByNumber", json!([tag, false]))["number"])
}

fn block(role: &mut Role, number: u128) -> Value {
    role.ask("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))["hash"].clone()
}

#[test]
fn a_replica_follows_the_sequencer_before_l1_has_its_blocks_and_l1_where_that_differs() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    // By default the batcher's key signs the feed.
    let (signer, stranger) = (ground.key(7).to_owned(), ground.key(5).to_owned());
    let sequencer = |datadir: &str, key: &str, keys: &[(&str, &str)]| {
        let keys = [&[("TRIBUTARY_FEED_KEY", key)], keys].concat();
        ground.role_with("sequencer", datadir, &["--origin-depth", "1"], &keys).unwrap()
    };
    let mut first = sequencer("first", &signer, &NOBODY_ON_L1);
    let mut wallet = Wallet::funded(1, CHAIN);
    let early = transfer(&mut wallet, 1);
    first.ask("eth_sendRawTransaction", json!([early.json()]));
    let receipt = first.receipt(early.hash);

    // From the beginning, and on to what comes: nobody puts these blocks on L1.
    let mut replica = ground.role("replica", "replica", &["--feed-url", &feed(&first), "--sequencer-url", &first.url]).unwrap();
    assert_eq!(replica.receipt(early.hash)["blockHash"], receipt["blockHash"]);
    let sent = transfer(&mut wallet, 2);
    replica.ask("eth_sendRawTransaction", json!([sent.json()]));
    let receipt = replica.receipt(sent.hash);
    assert_eq!(first.receipt(sent.hash)["blockHash"], receipt["blockHash"]);
    assert_eq!(head(&mut replica, "safe"), 0);

    // Killed, it goes on where it was; so it does when the sequencer was.
    drop(replica);
    drop(first);
    let mut first = sequencer("first", &signer, &NOBODY_ON_L1);
    let mut replica = ground.role("replica", "replica", &["--feed-url", &feed(&first)]).unwrap();
    let last = transfer(&mut wallet, 3);
    first.ask("eth_sendRawTransaction", json!([last.json()]));
    let receipt = replica.receipt(last.hash);
    assert_eq!(first.receipt(last.hash)["blockHash"], receipt["blockHash"]);

    // Who signs with another key than L1 names is not believed.
    drop(replica);
    let before = head(&mut first, "latest");
    drop(first);
    let mut first = sequencer("first", &stranger, &NOBODY_ON_L1);
    let mut replica = ground.role("replica", "replica", &["--feed-url", &feed(&first)]).unwrap();
    first.wait("blocks that a stranger signs", |first| head(first, "latest") > before + 5);
    thread::sleep(Duration::from_secs(2));
    assert!(head(&mut replica, "latest") <= before + 1);
    let log = std::fs::read_to_string(ground.path("replica.log")).unwrap();
    assert!(log.contains("of the feed is signed by"), "{log}");

    // The same sequencer's key on another directory: another chain, which comes to L1. What L1 gives counts, and what comes after it.
    drop((first, replica));
    let mut second = sequencer("second", &signer, &[]);
    let mut replica = ground.role("replica", "replica", &["--feed-url", &feed(&second)]).unwrap();
    let mut wallet = Wallet::funded(1, CHAIN);
    let other = transfer(&mut wallet, 4);
    second.ask("eth_sendRawTransaction", json!([other.json()]));
    let receipt = second.receipt(other.hash);
    assert_eq!(replica.receipt(other.hash)["blockHash"], receipt["blockHash"]);
    replica.wait("safe blocks", |replica| head(replica, "safe") > number(&receipt["blockNumber"]));
    let safe = head(&mut replica, "safe");
    assert_eq!(block(&mut replica, safe), block(&mut second, safe));
    assert!(replica.ask("eth_getTransactionReceipt", json!([sent.hash])).is_null());
    let latest = transfer(&mut wallet, 5);
    second.ask("eth_sendRawTransaction", json!([latest.json()]));
    assert_eq!(replica.receipt(latest.hash)["blockHash"], second.receipt(latest.hash)["blockHash"]);
}

#[test]
fn a_sequencer_whose_blocks_l1_does_not_give_goes_back_to_those_that_it_gives_and_tells_what_was_lost() {
    let ground = Ground::new();
    let second_fund = format!("{}=1000", Wallet::funded(2, CHAIN).address());
    told(ground.genesis(&["--fund", &second_fund]));
    let depth = ["--origin-depth", "1"];
    let mut ours = ground.role_with("sequencer", "ours", &depth, &NOBODY_ON_L1).unwrap();
    let wallets = || [1, 2].map(|index| Wallet::funded(index, CHAIN));
    let [mut loser, mut keeper] = wallets();
    let (lost, kept) = (transfer(&mut loser, 1), [1, 2].map(|value| transfer(&mut keeper, value)));
    for sent in [&lost, &kept[0], &kept[1]] {
        ours.ask("eth_sendRawTransaction", json!([sent.json()]));
    }
    let acknowledged = ours.receipt(kept[1].hash);

    // Somebody with the batcher's key has put other blocks on L1.
    let mut theirs = ground.role_with("sequencer", "theirs", &depth, &[]).unwrap();
    let [mut other, _] = wallets();
    let theirs_sent = transfer(&mut other, 5);
    theirs.ask("eth_sendRawTransaction", json!([theirs_sent.json()]));
    let receipt = theirs.receipt(theirs_sent.hash);
    theirs.wait("safe blocks", |theirs| head(theirs, "safe") >= number(&receipt["blockNumber"]));
    drop(theirs);

    // Ours has theirs, and after it what was acknowledged, but for what cannot run on it.
    assert_eq!(ours.receipt(theirs_sent.hash)["blockHash"], receipt["blockHash"]);
    let again = ours.receipt(kept[1].hash);
    assert!(again["blockHash"] != acknowledged["blockHash"] && !ours.receipt(kept[0].hash).is_null(), "{again}");
    ours.wait("what was lost", |ours| !ours.ask("tributary_lost", json!([])).as_array().unwrap().is_empty());
    assert!(ours.ask("eth_getTransactionReceipt", json!([lost.hash])).is_null());

    // After a restart it still knows; and what it builds from here on comes to L1.
    drop(ours);
    let mut ours = ground.role("sequencer", "ours", &depth).unwrap();
    let told = ours.ask("tributary_lost", json!([]));
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    assert_eq!([&told[0]["hash"], &told[0]["sender"], &told[0]["nonce"]], [&json!(lost.hash), &json!(loser.address()), &json!("0x0")]);
    assert!(told[0]["reason"].as_str().unwrap().contains("nonce too low"), "{told}");
    let mut verifier = ground.role("verifier", "verifier", &[]).unwrap();
    assert_eq!(verifier.receipt(kept[1].hash)["blockHash"], ours.receipt(kept[1].hash)["blockHash"]);
}

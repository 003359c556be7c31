//! A rollup whose outputs somebody else attests, and whose sequencer is lost with all that it had.

use crate::roles::{CHAIN, Ground, Role, told, transfer};
use alloy_primitives::{Address, U256, hex, keccak256};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};
use tributary_tests::{
    dev_process::built_binary,
    rpc::{Rpc, number},
    wallet::Wallet,
};

/// A prover, killed when this is dropped.
struct Prover {
    child: Child,
    url: String,
}

impl Prover {
    fn start(ground: &Ground) -> Self {
        let mut command = Command::new(built_binary());
        command.args(["prover", "--chain", "rollup", "--token-file", "token", "--port", "0"]).current_dir(ground.path(""));
        command.env("TRIBUTARY_PROVER_KEY", ground.key(6)).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.split_whitespace().next().expect("it says where it is").to_owned() }
    }
}

impl Drop for Prover {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn safe(role: &mut Role) -> u128 {
    number(&role.ask("eth_getBlockByNumber", json!(["safe", false]))["number"])
}

#[test]
fn a_prover_elsewhere_attests_outputs_and_a_sequencer_that_is_lost_is_made_again_from_l1() {
    let ground = Ground::new();
    let made = told(ground.genesis(&[]));
    std::fs::write(ground.path("token"), "open sesame\n").unwrap();
    std::fs::write(ground.path("wrong"), "Authorization: Bearer guess\n").unwrap();
    std::fs::write(ground.path("headers"), "Authorization: Bearer open sesame\n").unwrap();
    let prover = Prover::start(&ground);
    let sequencer = |datadir: &str, headers: &str| {
        let proving = ["--prover-url", &prover.url, "--prover-headers", headers, "--proposer-interval", "5"];
        ground.role_with("sequencer", datadir, &[&proving[..], &["--origin-depth", "1"]].concat(), &[("TRIBUTARY_PROVER_KEY", "")]).unwrap()
    };
    let mut first = sequencer("first", "headers");
    let mut wallet = Wallet::funded(1, CHAIN);
    let sent: Vec<_> = (1..=5).map(|value| transfer(&mut wallet, value)).collect();
    for sent in &sent {
        first.ask("eth_sendRawTransaction", json!([sent.json()]));
    }
    let receipt = first.receipt(sent[4].hash);
    let outputs: Address = serde_json::from_value(made["contracts"]["outputs"].clone()).unwrap();
    let mut l1 = Rpc::connect(&ground.node.process.banner.l1_url).unwrap();
    let latest = hex::encode_prefixed(&keccak256("latestBlockNumber()")[..4]);
    let mut proposed = move || {
        let block = l1.call("eth_call", json!([{ "to": outputs, "input": latest }, "latest"])).unwrap();
        block.as_str().unwrap().parse::<U256>().unwrap()
    };
    first.wait("an output on L1", |_| proposed() >= U256::from(5));
    first.wait("what was sent on L1", |first| safe(first) >= number(&receipt["blockNumber"]));

    // Nobody else may ask, and a sequencer whom it does not answer goes on.
    drop(first);
    let kept = Command::new("cp").args(["-r", "first", "older"]).current_dir(ground.path("")).status().unwrap();
    assert!(kept.success());
    let mut first = sequencer("first", "wrong");
    let before = proposed();
    first.wait("blocks that nobody attests", |first| U256::from(safe(first)) > before + U256::from(10));
    assert_eq!(proposed(), before);

    // All that it had is lost; L1 has what was put there, and on that another goes on.
    let [head, hash] = ["number", "hash"].map(|field| first.ask("eth_getBlockByNumber", json!(["safe", false]))[field].clone());
    drop(first);
    let recover = |datadir: &str, role: &str| {
        let paths =
            ["recover", "--for", role, "--chain", "rollup", "--datadir", datadir, "--l1-chain-config", "l1.json", "--l1-block-time", "2"];
        ground.command(&paths).output().unwrap()
    };
    let recovered = recover("second", "sequencer");
    assert!(recovered.status.success(), "{}", String::from_utf8_lossy(&recovered.stderr));
    assert!(String::from_utf8_lossy(&recovered.stdout).starts_with("recovered; the head is block "));
    let again = recover("second", "sequencer");
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("holds a sequencer's blocks already"), "{again:?}");
    let mut second = sequencer("second", "headers");
    assert_eq!(second.ask("eth_getBlockByNumber", json!([head, false]))["hash"], hash);
    assert_eq!(second.receipt(sent[4].hash)["blockHash"], receipt["blockHash"]);
    let next = transfer(&mut wallet, 6);
    second.ask("eth_sendRawTransaction", json!([next.json()]));
    let receipt = second.receipt(next.hash);
    second.wait("what was sent after that on L1", |second| safe(second) >= number(&receipt["blockNumber"]));
    second.wait("outputs again", |_| proposed() > before);

    // A copy of the first one's directory, to which L1 has gone on, has what L1 has before it goes on itself.
    drop(second);
    let mut older = sequencer("older", "headers");
    assert_eq!(older.receipt(next.hash)["blockHash"], receipt["blockHash"]);
    let last = transfer(&mut wallet, 7);
    older.ask("eth_sendRawTransaction", json!([last.json()]));
    let (next, receipt) = (last.hash, older.receipt(last.hash));
    older.wait("what was sent to it on L1", |older| safe(older) >= number(&receipt["blockNumber"]));

    // A verifier's directory is made the same way, and goes on.
    assert!(recover("third", "verifier").status.success());
    let mut third = ground.role("verifier", "third", &[]).unwrap();
    assert_eq!(third.receipt(next)["blockHash"], receipt["blockHash"]);
}

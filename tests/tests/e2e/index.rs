//! The index over attribution sets, on disk: whatever becomes of it, answers and gas are those of the chain.

use crate::{
    contracts::{contribute, create, view},
    node::Node,
};
use alloy_primitives::{Bytes, U256, hex, keccak256};
use alloy_sol_types::SolCall;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};
use tributary_attribution::text::{MemoryIndex, Unmetered, trace};
use tributary_contracts::{IAttributionStore as store, ITextAttribution as text, predeploys};
use tributary_tests::rpc::number;

/// Words of a text: half of them those of the text before.
fn document(branch: &str, n: u64) -> String {
    let shared = (0..60).map(|word| format!("w{} ", (37 * n + word) % 500));
    let own = (0..40).map(|word| format!("{branch}{n}x{word} "));
    shared.chain(own).collect()
}

fn output(n: u64) -> String {
    format!("{} and then {}", document("a", n), document("b", n + 1))
}

/// What the node says of an output at a version, with what the call is estimated to cost.
fn asked(node: &mut Node, set: U256, version: u64, output: &str) -> (text::traceReturn, u128) {
    let call = text::traceCall { setId: set, version, output: Bytes::copy_from_slice(output.as_bytes()), topK: 0 };
    let estimate = json!([{ "to": predeploys::TEXT_ATTRIBUTION, "data": hex::encode_prefixed(call.abi_encode()) }, "latest"]);
    let gas = node.quantity("eth_estimateGas", estimate);
    (view(node, predeploys::TEXT_ATTRIBUTION, call), gas)
}

/// Compares the set with an index in memory of the rows that the chain says it has, at some versions; gives what the traces cost.
fn check(node: &mut Node, set: U256) -> Vec<u128> {
    let info = view(node, predeploys::ATTRIBUTION_STORE, store::infoCall { setId: set });
    let mut memory = MemoryIndex::new();
    for index in 0..info.rows {
        let row = view(node, predeploys::ATTRIBUTION_STORE, store::rowCall { setId: set, index });
        memory.append(std::str::from_utf8(&row.data).unwrap(), row.contributor, &mut Unmetered).unwrap();
    }
    let mut gas = Vec::new();
    for version in [info.version / 3 + 1, info.version / 2 + 1, info.version] {
        let output = output(version % 7);
        let expected = trace(&memory, version, &output, &mut Unmetered).unwrap();
        let (found, cost) = asked(node, set, version, &output);
        let mut credits: Vec<_> = expected.credits.iter().map(|credit| (credit.row, credit.origin, U256::from(credit.weight))).collect();
        let mut got: Vec<_> =
            found.rows.into_iter().zip(found.origins).zip(found.credits).map(|((row, origin), credit)| (row, origin, credit)).collect();
        credits.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, credits, "version {version}\n{}", node.log());
        assert_eq!((found.explained, found.total), (U256::from(expected.explained), U256::from(expected.total)));
        gas.push(cost);
    }
    gas
}

/// The files of both indexes, the sequencer's and the prover's.
fn files(data: &Path) -> Vec<PathBuf> {
    let folders = [data.join("l2/index"), data.join("verifier/prover-index")];
    let all = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

/// What may become of the index while nobody looks; what is done is said for the message of a failure.
fn damage(data: &Path, random: [u8; 32]) -> String {
    let files = files(data);
    let Some(file) = files.get(random[1] as usize % files.len().max(1)) else { return "there is no file".into() };
    let bytes = fs::read(file).unwrap();
    let at = usize::from(u16::from_be_bytes([random[2], random[3]])) % bytes.len().max(1);
    match random[0] % 5 {
        0 => return "nothing".into(),
        1 => fs::remove_file(file).unwrap(),
        2 => fs::write(file, &bytes[..at]).unwrap(),
        3 => {
            let mut bytes = bytes;
            bytes[at] ^= 1 << (random[4] % 8);
            fs::write(file, bytes).unwrap();
        }
        _ => fs::remove_dir_all(file.parent().unwrap()).unwrap(),
    }
    format!("{} of {}, byte {at}", random[0] % 5, file.display())
}

#[test]
fn an_index_that_is_killed_lost_or_damaged_at_any_time_changes_no_answer_and_no_gas() {
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    println!("seed {seed}");
    let mut node = Node::start();
    let [mut curator, mut author] = [0, 1].map(|index| node.wallet(index));
    let (datanet, set) = create(&mut node, &mut curator, true);
    let mut n = 0;
    for round in 0_u64..8 {
        let random = keccak256([seed.to_be_bytes().as_slice(), &round.to_be_bytes()].concat()).0;
        for _ in 0..1 + random[5] % 9 {
            contribute(&mut node, &mut author, datanet, &document("a", n));
            n += 1;
        }
        let before = check(&mut node, set);
        // Between the block and its files, and after them.
        thread::sleep(Duration::from_millis(u64::from(random[6]) * 2));
        let mut done = String::new();
        node = node.kill_and_restart_after(|data| done = damage(data, random));
        println!("round {round}: {done}");
        assert_eq!(check(&mut node, set), before, "{done}");
    }
    let head = node.head();
    node.wait("everything is safe", |node| number(&node.ask("eth_getBlockByNumber", json!(["safe", false]))["number"]) >= head);
    // The prover executed all of it again, from witnesses that lack what it has.
    let log = node.log();
    assert!(!log.contains("ERROR") && !log.contains("the prover is sent everything"), "{log}");
}

#[test]
fn an_index_follows_its_chain_back_and_onto_another_branch() {
    let mut node = Node::start();
    let [mut curator, mut author] = [0, 1].map(|index| node.wallet(index));
    let (datanet, set) = create(&mut node, &mut curator, true);
    (0..4).for_each(|n| contribute(&mut node, &mut author, datanet, &document("a", n)));
    let taken = node.ask("evm_snapshot", json!([]));
    let before = check(&mut node, set);
    (4..8).for_each(|n| contribute(&mut node, &mut author, datanet, &document("a", n)));
    check(&mut node, set);
    // Long enough for what is to be taken back to be in files.
    thread::sleep(Duration::from_millis(800));
    assert_eq!(node.ask("evm_revert", json!([taken])), json!(true));
    assert_eq!(check(&mut node, set), before);
    author = node.wallet(1);
    (4..7).for_each(|n| contribute(&mut node, &mut author, datanet, &document("b", n)));
    let other = check(&mut node, set);
    thread::sleep(Duration::from_millis(800));
    assert_eq!(check(&mut node, set), other);
    node = node.kill_and_restart();
    assert_eq!(check(&mut node, set), other);
    let head = node.head();
    node.wait("everything is safe", |node| number(&node.ask("eth_getBlockByNumber", json!(["safe", false]))["number"]) >= head);
}

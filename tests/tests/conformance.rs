//! Ethereum's own tests on the shared data. The program `conformance` runs the same on any other.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]
#![allow(clippy::disallowed_macros, reason = "a conformance run prints what it passed and skipped")]

use alloy_genesis::Genesis;
use serde_json::Value;
use std::fs;
use tributary_tests::conformance::{Data, Suite, import_chain, run};

/// Runs a suite on the shared data, which holds at least `least` cases of it that pass, and `skips` that cannot. These may only become fewer.
fn conforms(suite: Suite, least: usize, skips: usize) {
    let Some(data) = Data::find() else {
        println!("skipped: no conformance tests in TRIBUTARY_SHARED or ../shared");
        return;
    };
    let report = run(suite, &[data.folder(suite).unwrap()], "", &|_| {}).unwrap();
    println!("{report}");
    assert!(report.failed.is_empty(), "{report}");
    assert!(report.passed >= least, "the archive holds fewer cases than it should: {}", report.passed);
    assert!(report.skips() <= skips, "more cases are skipped than were: {}", report.skips());
}

#[test]
fn every_state_test_gives_the_expected_root_and_logs() {
    conforms(Suite::State, 12_743, 0);
}

#[test]
fn every_blockchain_test_ends_at_the_expected_block() {
    conforms(Suite::Blockchain, 5_310, 0);
}

#[test]
fn every_trie_test_gives_the_expected_root() {
    conforms(Suite::Trie, 26, 0);
}

#[test]
fn every_transaction_test_is_valid_in_the_expected_forks() {
    conforms(Suite::Transaction, 2_665, 0);
}

#[test]
fn every_rlp_test_encodes_and_decodes_as_expected() {
    conforms(Suite::Rlp, 55, 0);
}

#[test]
fn every_rpc_request_is_answered_as_expected() {
    conforms(Suite::Rpc, 122, 2);
}

#[test]
fn a_chain_from_homestead_to_bpo2_is_imported_to_its_head() {
    let Some(data) = Data::find() else {
        println!("skipped: no conformance tests in TRIBUTARY_SHARED or ../shared");
        return;
    };
    let read = |name: &str| fs::read(data.rpc_compat().unwrap().join(name)).unwrap();
    let genesis: Genesis = serde_json::from_slice(&read("genesis.json")).unwrap();
    let head: Value = serde_json::from_slice(&read("headfcu.json")).unwrap();
    let imported = import_chain(genesis, &read("chain.rlp")).map_err(|reason| reason.to_string());
    assert_eq!(imported.map(|hash| hash.to_string()).as_deref(), Ok(head["params"][0]["headBlockHash"].as_str().unwrap()));
}

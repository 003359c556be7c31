//! One index serves every state of a set: branches, old versions, frames that were reverted, calls that pretend.

use super::machine::{ALICE, GAS, Machine, OTHER_PROGRAM, Opcode, PROGRAM, Program};
use crate::precompiles::{IndexCache, shards::shard_address};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use revm::context::result::ExecutionResult;
use std::sync::Arc;
use tributary_contracts::{
    IAttributionStore as store, ITextAttribution as api,
    predeploys::{ATTRIBUTION_STORE as STORE, TEXT_ATTRIBUTION as TEXT},
};

fn append(text: &str) -> store::appendCall {
    store::appendCall { setId: U256::ONE, contributor: 1, payload: text.as_bytes().to_vec().into() }
}

fn trace(version: u64) -> api::traceCall {
    let output = format!("{} {} {}", document(0), document(3), document(7));
    api::traceCall { setId: U256::ONE, version, output: output.into_bytes().into(), topK: 0 }
}

/// Text `n`, which repeats half of the one before.
fn document(n: usize) -> String {
    (8 * n..8 * n + 16).map(|word| format!("word{word} ")).collect()
}

fn machine(texts: usize) -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    machine.run(&Program::default().call(STORE, store::createTextSetCall {}));
    (0..texts).for_each(|n| put(&mut machine, &document(n)));
    machine
}

fn put(machine: &mut Machine, text: &str) {
    assert!(machine.run(&Program::default().call(STORE, append(text))).0);
}

fn read_shards(machine: &Machine) -> usize {
    (0..64).filter(|&shard| machine.read.contains(&shard_address(U256::ONE, shard))).count()
}

/// What a trace gives, with the gas of its transaction; the same with no cache at all.
#[track_caller]
fn traced(machine: &mut Machine, version: u64) -> (Bytes, u64) {
    let ask = |machine: &mut Machine| {
        let result = machine.transact(ALICE, TEXT, trace(version).abi_encode(), 0);
        assert!(result.is_success(), "{result:?}");
        (result.output().unwrap().clone(), result.tx_gas_used())
    };
    let cold = ask(&mut Machine { cache: None, ..machine.clone() });
    let warm = ask(machine);
    assert_eq!(warm, cold);
    warm
}

#[test]
fn a_query_at_an_old_version_reads_no_shard() {
    let mut machine = machine(9);
    traced(&mut machine, 0);
    for version in 1..=10 {
        traced(&mut machine, version);
        assert_eq!(read_shards(&machine), 0, "{version}");
    }
    // Nor does one after an append: the append has told the index.
    put(&mut machine, &document(9));
    assert_eq!(read_shards(&machine), 1, "the account that becomes the new shard");
    traced(&mut machine, 0);
    assert_eq!(read_shards(&machine), 0);
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    traced(&mut machine, 3);
    assert_eq!(read_shards(&machine), 10, "an index that is not there is built from all");
}

#[test]
fn branches_share_what_they_have_in_common_and_nothing_else() {
    for depth in [1, 2, 5, 9] {
        let mut left = machine(12 - depth);
        let mut right = left.clone();
        for n in 12 - depth..12 {
            put(&mut left, &document(n));
        }
        // The second half of the branches is the same, but for what was before.
        put(&mut right, "a text of its own that is nowhere else in any set");
        for n in 13 - depth..12 {
            put(&mut right, &document(n));
        }
        for _ in 0..2 {
            let ours = traced(&mut left, 0);
            assert_ne!(traced(&mut right, 0), ours);
            assert!(read_shards(&right) <= 2 * depth, "{} of {depth}", read_shards(&right));
            assert_eq!(traced(&mut left, 0), ours);
        }
    }
}

#[test]
fn an_append_costs_and_stores_the_same_whatever_else_the_index_knows() {
    let mut known = machine(3);
    let fresh = known.clone();
    (3..9).for_each(|n| put(&mut known, &document(n)));
    let text = format!("{} {} words that later rows brought", document(7), document(1));
    let outcome = |cache: Option<Arc<IndexCache>>| {
        let mut machine = Machine { cache, ..fresh.clone() };
        let result = machine.transact(ALICE, STORE, store::createTextSetCall {}.abi_encode(), 0);
        assert!(result.is_success());
        machine.put(PROGRAM, &Program::default().call(STORE, append(&text)).assemble());
        let result = machine.transact(ALICE, PROGRAM, Vec::new(), 0);
        let novelty = store::noveltyCall { setId: U256::ONE, version: 0, document: text.clone().into_bytes().into() };
        let novelty = machine.transact(ALICE, STORE, novelty.abi_encode(), 0);
        let info = machine.call(ALICE, STORE, store::infoCall { setId: U256::ONE }).unwrap();
        (result.output().cloned(), result.tx_gas_used(), info.root, novelty.output().cloned(), novelty.tx_gas_used())
    };
    let cold = outcome(None);
    assert_eq!(outcome(known.cache.clone()), cold);
    assert_eq!(outcome(known.cache.clone()), cold);
}

#[test]
fn statuses_are_those_of_the_state_that_is_asked() {
    let mut left = machine(6);
    let mut right = left.clone();
    let status = |row, status| Program::default().call(STORE, store::setStatusCall { setId: U256::ONE, row, status });
    assert!(left.run(&status(3, 2)).0 && right.run(&status(0, 2)).0);
    put(&mut left, &document(6));
    for version in [0, 7, 8] {
        let ours = traced(&mut left, version);
        let theirs = traced(&mut right, version);
        assert_eq!(ours.0 == theirs.0, version == 7, "{version}");
    }
}

/// The row of the append that a program's last call is.
#[track_caller]
fn first_row(result: &ExecutionResult) -> u64 {
    let output = result.output().unwrap();
    assert_eq!(output[31], 1, "the last call was refused: {result:?}");
    store::appendCall::abi_decode_returns(&output[32..]).unwrap().firstRow
}

#[test]
fn appends_queries_and_reverts_in_one_transaction_leave_nothing_behind() {
    let mut machine = machine(4);
    let before = traced(&mut machine, 0);
    for n in 4..12 {
        let inner = Program::default().call(STORE, append(&document(n))).call(TEXT, trace(0)).call(STORE, append(&document(n + 1)));
        machine.put(PROGRAM, &inner.clone().reverting().assemble());
        assert_eq!(first_row(&machine.clone().transact(ALICE, PROGRAM, Vec::new(), 0)), 5, "the inner frame appends two");
        // The set's owner runs both frames, the inner one with another's code.
        machine.put(OTHER_PROGRAM, &inner.reverting().assemble());
        let outer = Program::default().raw(Opcode::DelegateCall, OTHER_PROGRAM, Vec::new(), GAS).call(STORE, append("something else"));
        let outer = outer.call(TEXT, trace(0)).call(STORE, append(&document(n)));
        machine.put(PROGRAM, &outer.reverting().assemble());
        let mut cold = Machine { cache: None, ..machine.clone() };
        let [warm, cold] = [&mut machine, &mut cold].map(|machine| machine.transact(ALICE, PROGRAM, Vec::new(), 0));
        assert_eq!((warm.output(), warm.tx_gas_used()), (cold.output(), cold.tx_gas_used()));
        assert_eq!(first_row(&warm), 5, "the outer frame appends two where the inner one has left none");
        assert!(!warm.is_success());
        assert_eq!(traced(&mut machine, 0), before);
        assert_eq!(read_shards(&machine), 0, "what is left of the reverted rows is not in the way");
    }
}

#[test]
fn an_index_that_is_forgotten_at_once_changes_nothing() {
    let mut machine = machine(5);
    machine.cache = Some(Arc::new(IndexCache::new(0)));
    for version in 0..=6 {
        traced(&mut machine, version);
    }
    put(&mut machine, &document(5));
    traced(&mut machine, 0);
}

#[test]
fn what_calls_append_stays_among_the_calls() {
    let mut blocks = machine(5);
    let before = traced(&mut blocks, 0);
    let below = blocks.cache.clone().unwrap();
    let mut calls = Machine { cache: Some(Arc::new(IndexCache::above(below, usize::MAX))), ..blocks.clone() };
    assert_eq!(traced(&mut calls, 0), before);
    assert_eq!(read_shards(&calls), 0, "calls read the blocks' index");
    put(&mut calls, &document(7));
    assert_ne!(traced(&mut calls, 0), before);
    assert_eq!(read_shards(&calls), 1);
    assert_eq!(traced(&mut blocks, 0), before);
    assert_eq!(read_shards(&blocks), 0);
}

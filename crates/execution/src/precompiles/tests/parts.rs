//! What blocks appended, frozen: it answers as what is read from the chain does, on every branch, merged or not, and whatever of it is lost.

use super::machine::{ALICE, Machine, PROGRAM, Program};
use crate::precompiles::{Gathering, IndexCache, IndexPart, appended_sets, merge, set_count, shards::shard_address, to_merge};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use revm::{DatabaseRef, context::result::ExecutionResult};
use std::sync::Arc;
use tributary_contracts::slots::attribution_store;
use tributary_contracts::{
    IAttributionStore as store, IShapleyAttribution as shapley, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{ATTRIBUTION_STORE as STORE, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH, TEXT_ATTRIBUTION as TEXT},
};
use tributary_primitives::{Account, StateError, StateReader};

const TEXTS: u64 = 1;
const SKETCHES: u64 = 2;

/// The machine's state, as a database gives it.
#[derive(Debug)]
struct Committed<'m>(&'m Machine);

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Machine")
    }
}

impl StateReader for Committed<'_> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let account = self.0.state.basic_ref(address).unwrap();
        Ok(account.map(|info| Account { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash }))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        Ok(self.0.state.storage_ref(address, slot).unwrap())
    }

    fn has_storage(&self, _: Address) -> Result<bool, StateError> {
        unreachable!("nothing is created here")
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        Ok(self.0.state.code_by_hash_ref(hash).unwrap().original_bytes())
    }

    fn block_hash(&self, _: u64) -> Result<B256, StateError> {
        unreachable!("nothing asks for it")
    }
}

fn document(branch: usize, n: usize) -> String {
    let own = (0..8).map(|word| format!("own{branch}x{n}x{word} "));
    // Half of it is what the one before said.
    (12 * n..12 * n + 24).map(|word| format!("word{} ", word % 60)).chain(own).collect()
}

/// Rows of 32 values with a label.
fn rows(branch: usize, n: usize) -> Vec<u8> {
    let row = |row: usize| {
        let values =
            (0..32).map(move |at| ((7 * at + 5 * n + 3 * row + branch) % 255) as u8).map(|value| if value == 0x80 { 1 } else { value });
        [7, 0, (row % 3) as u8].into_iter().chain(values)
    };
    (0..1 + n % 3).flat_map(row).collect()
}

fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.run(&Program::default().call(STORE, store::createTextSetCall {}));
    machine.run(&Program::default().call(STORE, store::createSketchSetCall { dim: 32, labelled: true, minExponent: 0, maxExponent: 63 }));
    machine
}

/// One more row in both sets.
fn grow(machine: &mut Machine, branch: usize, n: usize) {
    for (set, payload) in [(TEXTS, document(branch, n).into_bytes()), (SKETCHES, rows(branch, n))] {
        let call = store::appendCall { setId: U256::from(set), contributor: (n % 5) as u32, payload: payload.into() };
        machine.put(PROGRAM, &Program::default().call(STORE, call).assemble());
        let result = machine.transact(ALICE, PROGRAM, Vec::new(), 0);
        assert_eq!(appended_sets(result.logs()), [set].into());
    }
}

/// A part of what the machine's sets have beyond `parts`.
fn part(machine: &Machine, parts: &[Arc<IndexPart>], most: usize) -> Option<Arc<IndexPart>> {
    let (state, mut gathering) = (Committed(machine), Gathering::default());
    for id in 1..=set_count(&state).unwrap() {
        gathering.add(&state, id, parts, most).unwrap();
    }
    let mut bytes = Vec::new();
    let empty = gathering.is_empty();
    gathering.write(&mut bytes).unwrap();
    (!empty).then(|| Arc::new(IndexPart::open(bytes.into()).unwrap()))
}

fn merged(parts: &[Arc<IndexPart>], first: usize) -> Vec<Arc<IndexPart>> {
    let mut bytes = Vec::new();
    merge(parts, first, &mut bytes).unwrap();
    let whole = Arc::new(IndexPart::open(bytes.into()).unwrap());
    parts[..first].iter().cloned().chain([whole]).collect()
}

/// Every question at every version: results and gas.
fn answers(machine: &mut Machine) -> Vec<(Option<Bytes>, u64)> {
    let newest = machine.call(ALICE, STORE, store::infoCall { setId: U256::ONE }).unwrap().version;
    let query: Bytes = (0..32).map(|at| (3 * at + 1) as u8).collect::<Vec<_>>().into();
    let mut found = Vec::new();
    for version in 1..=newest {
        let output: Bytes = format!("{} {}", document(0, 3), document(1, 5)).into_bytes().into();
        let (texts, sketches) = (U256::from(TEXTS), U256::from(SKETCHES));
        let trace = text::traceCall { setId: texts, version, output: output.clone(), topK: 0 };
        let evidence = text::evidenceCall { setId: texts, version, output: output.clone(), most: 99 };
        let novelty = store::noveltyCall { setId: texts, version, document: output };
        let influence = sketch::influenceByContributorCall { setId: sketches, version, queries: vec![query.clone()], topK: 0 };
        let knn = shapley::knnShapleyCall { setId: sketches, version, query: query.clone(), label: 1, k: 3, topK: 0 };
        let nearest = store::nearestCall { setId: sketches, version, sketch: query.clone() };
        let row = store::rowCall { setId: sketches, index: version };
        for (to, call) in [
            (TEXT, trace.abi_encode()),
            (TEXT, evidence.abi_encode()),
            (STORE, novelty.abi_encode()),
            (SKETCH, influence.abi_encode()),
            (SHAPLEY, knn.abi_encode()),
            (STORE, nearest.abi_encode()),
            (STORE, row.abi_encode()),
        ] {
            let result = machine.transact(ALICE, to, call, 0);
            assert!(!matches!(result, ExecutionResult::Halt { .. }), "{result:?}");
            found.push((result.output().cloned(), result.tx_gas_used()));
        }
    }
    found
}

/// Compares the answers with these parts, and nothing else in memory, with those of the chain; gives how many shards a query reads.
#[track_caller]
fn check(machine: &Machine, parts: &[Arc<IndexPart>], expected: &[(Option<Bytes>, u64)]) -> usize {
    let cache = Arc::new(IndexCache::new(usize::MAX));
    cache.publish(parts.to_vec());
    let mut machine = Machine { cache: Some(cache), ..machine.clone() };
    let found = answers(&mut machine);
    // Not all of them in the message of a failure.
    let differ = found.iter().zip(expected).position(|(found, expected)| found != expected);
    assert!(differ.is_none() && found.len() == expected.len(), "{differ:?}: {:?}", differ.map(|at| (&found[at], &expected[at])));
    // The last question of each kind is asked again, to see what it reads.
    let trace = text::traceCall { setId: U256::ONE, version: 0, output: Bytes::from_static(b"word1 word2 word3"), topK: 0 };
    let cache = Arc::new(IndexCache::new(usize::MAX));
    cache.publish(parts.to_vec());
    machine.cache = Some(cache);
    machine.transact(ALICE, TEXT, trace.abi_encode(), 0);
    (0..64).filter(|&shard| machine.read.contains(&shard_address(U256::ONE, shard))).count()
}

#[test]
fn parts_answer_as_the_chain_does_and_no_shard_is_read() {
    let mut machine = machine();
    let mut parts = Vec::new();
    for n in 0..9 {
        grow(&mut machine, 0, n);
        if n % 2 == 0 {
            // A part may hold less than all: the next one goes on there.
            parts.extend(part(&machine, &parts, if n == 4 { 1 } else { usize::MAX }));
        }
    }
    assert!(part(&machine, &parts, usize::MAX).is_none(), "nothing is missing");
    let cold = answers(&mut machine.clone());
    assert_eq!(check(&machine, &parts, &cold), 0);
    for first in 0..parts.len() {
        assert_eq!(check(&machine, &merged(&parts, first), &cold), 0, "merged from {first}");
    }
    // Without the last, what it had is read.
    assert!(check(&machine, &parts[..parts.len() - 1], &cold) > 0);
}

#[test]
fn parts_of_another_branch_are_cut_where_the_branches_part() {
    let mut ours = machine();
    let mut parts = Vec::new();
    for n in 0..4 {
        grow(&mut ours, 0, n);
    }
    let mut theirs = ours.clone();
    parts.extend(part(&ours, &parts, usize::MAX));
    for n in 4..9 {
        grow(&mut ours, 0, n);
        parts.extend(part(&ours, &parts, usize::MAX));
    }
    let cold = answers(&mut ours.clone());
    for n in 4..7 {
        grow(&mut theirs, 1, n);
    }
    let other = answers(&mut theirs.clone());
    assert!(other != cold);
    check(&theirs, &parts, &other);
    // The chain was reorganised: what the new branch has is put in the place of the old.
    let before = parts.clone();
    parts.extend(part(&theirs, &parts, usize::MAX));
    assert_eq!(check(&theirs, &parts, &other), 0);
    check(&ours, &parts, &cold);
    for first in 0..parts.len() {
        assert_eq!(check(&theirs, &merged(&parts, first), &other), 0, "merged from {first}");
    }
    // And back again.
    parts.extend(part(&ours, &parts, usize::MAX));
    assert_eq!(check(&ours, &parts, &cold), 0);
    assert_eq!(check(&ours, &before, &cold), 0);
}

#[test]
fn a_part_that_is_lost_or_damaged_is_written_again() {
    let mut machine = machine();
    let mut parts = Vec::new();
    for n in 0..6 {
        grow(&mut machine, 0, n);
        parts.extend(part(&machine, &parts, usize::MAX));
    }
    let cold = answers(&mut machine.clone());
    for lost in 0..parts.len() {
        let mut left = parts.clone();
        left.remove(lost);
        check(&machine, &left, &cold);
        left.extend(part(&machine, &left, usize::MAX));
        assert_eq!(check(&machine, &left, &cold), 0, "part {lost} again");
        assert_eq!(check(&machine, &merged(&left, 0), &cold), 0);
    }
    let mut bytes = Vec::new();
    merge(&parts, 0, &mut bytes).unwrap();
    for at in (0..bytes.len()).step_by(37) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(IndexPart::open(damaged.into()).is_none(), "{at}");
        assert!(IndexPart::open(bytes[..at].to_vec().into()).is_none(), "cut at {at}");
    }
}

#[test]
fn an_open_block_goes_on_from_parts_that_are_published_under_it() {
    let mut machine = machine();
    let cache = Arc::new(IndexCache::new(usize::MAX));
    machine.cache = Some(cache.clone());
    let mut parts: Vec<Arc<IndexPart>> = Vec::new();
    for n in 0..12 {
        grow(&mut machine, 0, n);
        // Parts come a few blocks late, as from a thread of their own.
        if n % 3 == 2 {
            let late = parts.clone();
            cache.publish(late);
            parts.extend(part(&machine, &parts, usize::MAX));
            if let Some(range) = to_merge(&parts.iter().map(|part| part.size()).collect::<Vec<_>>()) {
                parts = merged(&parts, range.start);
            }
        }
        let cold = answers(&mut Machine { cache: None, ..machine.clone() });
        assert!(answers(&mut machine) == cold, "after {n}");
    }
    assert_eq!(parts.len(), 1, "small ones are made one");
}

#[test]
fn many_new_rows_are_not_read_again_for_each_frame_that_is_reverted() {
    let mut machine = machine();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    let append = |text: String| store::appendCall { setId: U256::from(TEXTS), contributor: 1, payload: text.into_bytes().into() };
    for n in 0..3 {
        // More memory than what is given up for parts.
        let words: String = (0..17_000).map(|word| format!("{:x} ", 0x10_0000 * (n + 1) + word)).collect();
        assert!(machine.run(&Program::default().call(STORE, append(words))).0);
    }
    let trace = text::traceCall { setId: U256::from(TEXTS), version: 0, output: Bytes::from_static(b"a"), topK: 0 };
    for n in 0..4 {
        machine.put(PROGRAM, &Program::default().call(STORE, append(format!("left {n}"))).reverting().assemble());
        machine.transact(ALICE, PROGRAM, Vec::new(), 0);
        let info = store::infoCall { setId: U256::from(TEXTS) };
        let right = Program::default().call(STORE, append(format!("right {n}"))).call(TEXT, trace.clone()).call(STORE, info);
        machine.put(PROGRAM, &right.reverting().assemble());
        let result = machine.transact(ALICE, PROGRAM, Vec::new(), 0);
        let rows = store::infoCall::abi_decode_returns(&result.output().unwrap()[32..]).unwrap().rows;
        assert_eq!(rows, 4, "one more than is kept");
        let read = (0..3).filter(|&shard| machine.read.contains(&shard_address(U256::from(TEXTS), shard))).count();
        assert_eq!(read, 0, "of 3, frame {n}");
    }
}

#[test]
fn what_a_caller_pretends_makes_nobody_read_again_what_parts_have() {
    let mut machine = machine();
    let mut other = machine.clone();
    (0..9).for_each(|n| grow(&mut machine, 0, n));
    grow(&mut other, 1, 0);
    let blocks = Arc::new(IndexCache::new(usize::MAX));
    blocks.publish(part(&machine, &[], usize::MAX).into_iter().collect());
    let calls = Some(Arc::new(IndexCache::above(blocks, usize::MAX)));
    let trace = text::traceCall { setId: U256::ONE, version: 0, output: Bytes::from_static(b"word1 word2 word3"), topK: 0 };
    let ask = |machine: &Machine| {
        let mut machine = Machine { cache: calls.clone(), ..machine.clone() };
        let result = machine.transact(ALICE, TEXT, trace.abi_encode(), 0);
        let read = (0..64).filter(|&shard| machine.read.contains(&shard_address(U256::ONE, shard))).count();
        (result.is_success(), read)
    };
    assert_eq!(ask(&machine), (true, 0));
    // A root that no shards give, and a set that is another from its first shard on.
    let mut damaged = machine.clone();
    let [_, _, root] = attribution_store::set(U256::ONE);
    damaged.pretend(root, U256::ONE);
    for (pretended, succeeds) in [(&damaged, false), (&other, true)] {
        assert_eq!(ask(pretended).0, succeeds);
        assert_eq!(ask(&machine), (true, 0));
    }
}

//! Calls that mean harm: whatever they hold and whoever makes them, they end with a named error or out of gas, and what they did not pay for did not
//! happen.

use super::machine::{ALICE, BOB, GAS, Machine, OTHER_PROGRAM, Opcode, PROGRAM, Program, assert_refused};
use super::reference::cases::Dice;
use crate::precompiles::{IndexCache, gas};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolInterface};
use std::collections::BTreeMap;
use std::sync::Arc;
use tributary_attribution::{
    Error,
    text::{self as rules, Host, MemoryIndex, Status, TextIndex, Unmetered, Work},
};
use tributary_contracts::{
    IAttributionErrors::{IAttributionErrorsErrors as Fault, NotOwner},
    IAttributionStore as store, IRewardSplit, IShapleyAttribution as shapley, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{
        ATTRIBUTION, ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH,
        TEXT_ATTRIBUTION as TEXT,
    },
};

const RIVER: &str = "one river and one mill and one field of barley, all on one short page of one old book";
const MILL: &str = "and one field of barley, all on one short page that nobody has ever read before";
/// An owner that forwards to the store whatever it is called with, and does what [`PROGRAM`] says when it is called with nothing.
const OWNER: Address = address!("0000000000000000000000000000000000C0DE03");

fn append(set: u64, payload: &[u8]) -> store::appendCall {
    store::appendCall { setId: U256::from(set), contributor: 1, payload: payload.to_vec().into() }
}

fn trace(output: &str) -> text::traceCall {
    text::traceCall { setId: U256::ONE, version: 0, output: output.as_bytes().to_vec().into(), topK: 0 }
}

/// Sets 1 (text) and 2 (labelled sketches) of the program's.
fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    let program = Program::default()
        .call(STORE, store::createTextSetCall {})
        .call(STORE, store::createSketchSetCall { dim: 32, labelled: true, minExponent: 0, maxExponent: 63 })
        .call(STORE, append(1, RIVER.as_bytes()))
        .call(STORE, append(2, &[1; 70]));
    assert!(machine.run(&program).0);
    machine
}

/// A good call of each function.
fn every_call() -> Vec<(Address, Vec<u8>)> {
    let (one, two) = (U256::from(1), U256::from(2));
    let (output, query): (Bytes, Bytes) = (Bytes::from_static(MILL.as_bytes()), vec![3; 32].into());
    let by = text::traceByContributorCall { setId: one, version: 0, output: output.clone(), topK: 0 };
    let batch = sketch::influenceByContributorCall { setId: two, version: 0, queries: vec![query.clone(); 2], topK: 0 };
    let knn = shapley::knnShapleyCall { setId: two, version: 0, query: query.clone(), label: 1, k: 2, topK: 0 };
    let knn_by = shapley::knnShapleyByContributorCall { setId: two, version: 0, query: query.clone(), label: 1, k: 2, topK: 0 };
    vec![
        (STORE, store::createTextSetCall {}.abi_encode()),
        (STORE, store::createSketchSetCall { dim: 64, labelled: true, minExponent: 1, maxExponent: 9 }.abi_encode()),
        (STORE, append(1, MILL.as_bytes()).abi_encode()),
        (STORE, append(2, &[2; 35]).abi_encode()),
        (STORE, store::setStatusCall { setId: one, row: 0, status: 2 }.abi_encode()),
        (STORE, store::setStatusCall { setId: two, row: 1, status: 2 }.abi_encode()),
        (STORE, store::reassignCall { setId: two, row: 0, contributor: 5 }.abi_encode()),
        (STORE, store::infoCall { setId: one }.abi_encode()),
        (STORE, store::rowCall { setId: one, index: 0 }.abi_encode()),
        (STORE, store::rowCall { setId: two, index: 1 }.abi_encode()),
        (STORE, store::noveltyCall { setId: one, version: 0, document: output.clone() }.abi_encode()),
        (STORE, store::nearestCall { setId: two, version: 0, sketch: query.clone() }.abi_encode()),
        (TEXT, trace(MILL).abi_encode()),
        (TEXT, by.abi_encode()),
        (TEXT, text::evidenceCall { setId: one, version: 2, output, most: 0 }.abi_encode()),
        (SKETCH, sketch::influenceCall { setId: two, version: 2, query: query.clone(), topK: 1 }.abi_encode()),
        (SKETCH, batch.abi_encode()),
        (SKETCH, sketch::dataInfCall { setId: two, version: 0, query, lambda: 9, topK: 0 }.abi_encode()),
        (SHAPLEY, knn.abi_encode()),
        (SHAPLEY, knn_by.abi_encode()),
        (SPLIT, IRewardSplit::splitCall { pool: U256::MAX, weights: vec![one, two, U256::MAX] }.abi_encode()),
    ]
}

/// Nonce, code and slots of each account but for those of who sends transactions.
type State = BTreeMap<Address, (u64, B256, BTreeMap<U256, U256>)>;

fn state(machine: &Machine) -> State {
    let account = |(at, account): (&Address, &revm::database::DbAccount)| {
        let slots = account.storage.iter().filter(|slot| !slot.1.is_zero()).map(|(&slot, &value)| (slot, value));
        let known = (account.info.nonce, account.info.code_hash, slots.collect());
        (!account.info.is_empty() && ![ALICE, BOB].contains(at)).then_some((*at, known))
    };
    machine.state.cache.accounts.iter().filter_map(account).collect()
}

/// Makes a call from the owner of the sets with so much gas. Returns whether it succeeded, what it returned, and its price.
fn attempt(machine: &mut Machine, (to, data): (Address, &[u8]), gas: u64) -> (bool, Bytes, u64) {
    // The gas that is left before, after the call: MSTORE it behind the report's first word, and return all.
    let measured = Program::default().raw(Opcode::Call, to, data.to_vec(), gas).then(
        // GAS; 32 MSTORE; RETURNDATACOPY to 64; RETURN 64 + RETURNDATASIZE from 0.
        vec![0x5A, 0x60, 0x20, 0x52, 0x3D, 0x5F, 0x60, 0x40, 0x3E, 0x3D, 0x60, 0x40, 0x01, 0x5F, 0xF3],
    );
    machine.put(PROGRAM, &measured.assemble());
    let result = machine.transact(ALICE, PROGRAM, Vec::new(), 0);
    let output = result.output().unwrap();
    (output[31] == 1, output.slice(64..), U256::from_be_slice(&output[32..64]).to::<u64>())
}

/// How many calls ended in which way, so that a test that tries nothing is seen.
#[derive(Debug, Default)]
struct Ends {
    results: u64,
    named: u64,
    out_of_gas: u64,
}

/// The call ends with a result, a named error or out of gas. If it fails nothing changed, and it was not for free.
fn survives(machine: &mut Machine, (to, data): (Address, &[u8]), gas: u64, ends: &mut Ends) {
    let before = state(machine);
    let (success, output, left) = attempt(machine, (to, data), gas);
    match (success, output.is_empty()) {
        (true, _) => return ends.results += 1,
        (_, false) => ends.named += 1,
        (_, true) => ends.out_of_gas += 1,
    }
    assert!(output.is_empty() || Fault::abi_decode_validate(&output).is_ok(), "{to}: {output} of {}", Bytes::copy_from_slice(data));
    let mut after = state(machine);
    // The program that called is another one each time, and it may have made accounts known that are empty.
    after.insert(PROGRAM, before[&PROGRAM].clone());
    assert!(after == before, "{to}: {}", Bytes::copy_from_slice(data));
    // A call to whoever sends the transaction costs as much as one to a precompile that takes nothing.
    let (_, _, idle) = attempt(machine, (ALICE, data), gas);
    let least = if output.is_empty() { gas } else { gas::CALL };
    assert!(left + least <= idle, "{to} cost {} of {gas}", idle.saturating_sub(left));
}

#[test]
fn arguments_that_are_cut_off_at_any_byte_are_refused_by_name() {
    let (mut machine, mut ends) = (machine(), Ends::default());
    for (to, data) in every_call() {
        for length in 0..data.len() {
            survives(&mut machine, (to, &data[..length]), 1 << 22, &mut ends);
        }
    }
    assert!(ends.named > 1_000 && ends.out_of_gas == 0, "{ends:?}");
}

#[test]
fn words_that_point_far_away_or_say_too_much_are_refused_by_name() {
    let words = [0, 1, 31, 33, 1 << 16, 1 << 31, u64::MAX / 32, u64::MAX].map(U256::from);
    let words = words.into_iter().chain([U256::MAX, U256::ONE << 255, (U256::ONE << 64) + U256::from(64)]);
    let (mut machine, mut ends) = (machine(), Ends::default());
    for (to, data) in every_call() {
        for at in (4..data.len().min(4 + 8 * 32)).step_by(32) {
            for word in words.clone() {
                let mut data = data.clone();
                let length = data.len().min(at + 32) - at;
                data[at..at + length].copy_from_slice(&word.to_be_bytes::<32>()[..length]);
                survives(&mut machine.clone(), (to, &data), 1 << 22, &mut ends);
            }
        }
    }
    assert!(ends.named > 500 && ends.results > 50, "{ends:?}");
    assert!(machine.run(&Program::default().call(STORE, append(1, b"still there"))).0);
}

#[test]
fn random_bytes_behind_any_selector_are_refused_by_name() {
    let mut dice = Dice(7);
    let (mut machine, mut ends) = (machine(), Ends::default());
    let calls = every_call();
    for _ in 0..4_000 {
        let (mut to, good) = calls[dice.below(calls.len())].clone();
        let mut data = good.clone();
        match dice.below(3) {
            0 => data.splice(4.min(data.len()).., (0..dice.below(300)).map(|_| dice.roll() as u8)).for_each(drop),
            1 => (0..1 + dice.below(4)).for_each(|_| {
                let at = dice.below(data.len());
                data[at] = dice.roll() as u8;
            }),
            _ => to = ATTRIBUTION[dice.below(ATTRIBUTION.len())],
        }
        let gas = [1 << 22, 1 << 16, 2_000][dice.below(3)];
        survives(&mut machine, (to, &data), gas, &mut ends);
    }
    assert!(ends.named > 1_000 && ends.results > 100 && ends.out_of_gas > 100, "{ends:?}");
}

/// Adds up what the rules announce, at each step.
struct Steps(Vec<u64>);

impl Host for Steps {
    type Error = Error;

    fn charge(&mut self, work: Work) -> Result<(), Error> {
        self.0.push(self.0.last().unwrap() + gas::of_work(work));
        Ok(())
    }
}

/// Gas that was charged after each step of the append of a text to set 1 of [`machine`].
fn steps_of_append(document: &str) -> Vec<u64> {
    let mut index = MemoryIndex::new();
    index.append(RIVER, 1, &mut Unmetered).unwrap();
    let mut steps = Steps(vec![0, gas::APPEND, gas::APPEND + gas::APPEND_BYTE * document.len() as u64]);
    rules::append(&index, document, 1, &mut steps).unwrap();
    steps.0
}

#[test]
fn an_append_that_runs_out_of_gas_at_any_step_leaves_nothing_and_the_price_is_enough() {
    let mut machine = machine();
    let (data, before) = (append(1, MILL.as_bytes()).abi_encode(), state(&machine));
    let info = machine.call(BOB, STORE, store::infoCall { setId: U256::ONE }).unwrap();
    let traced = machine.call(BOB, TEXT, trace(MILL)).unwrap();
    let steps = steps_of_append(MILL);
    let price = *steps.last().unwrap();
    let between = (0..price).step_by(price as usize / 300);
    for gas in steps.iter().flat_map(|&step| [step.saturating_sub(1), step]).filter(|&gas| gas < price).chain(between) {
        let (success, output, _) = attempt(&mut machine, (STORE, &data), gas);
        assert_eq!((success, output.len()), (false, 0), "with {gas} of {price}");
    }
    let mut after = state(&machine);
    after.insert(PROGRAM, before[&PROGRAM].clone());
    assert!(after == before);
    assert_eq!(machine.call(BOB, STORE, store::infoCall { setId: U256::ONE }).unwrap(), info);
    assert_eq!(machine.call(BOB, TEXT, trace(MILL)).unwrap(), traced);
    assert!(attempt(&mut machine, (STORE, &data), price).0);
    assert_eq!(machine.call(BOB, STORE, store::infoCall { setId: U256::ONE }).unwrap().rows, info.rows + 1);
}

/// The least gas with which a call succeeds on a copy of the machine.
fn price(machine: &Machine, to: Address, data: &[u8]) -> u64 {
    let (mut fails, mut succeeds) = (0, 1 << 24);
    while succeeds - fails > 1 {
        let middle = (fails + succeeds) / 2;
        if attempt(&mut machine.clone(), (to, data), middle).0 { succeeds = middle } else { fails = middle }
    }
    succeeds
}

#[test]
fn every_function_that_runs_out_of_gas_changes_nothing_and_succeeds_for_its_price() {
    let fresh = machine();
    for (to, data) in every_call() {
        let price = price(&fresh, to, &data);
        let mut machine = fresh.clone();
        let before = state(&machine);
        for gas in (0..price).step_by(1 + price as usize / 150).chain([price - 1]) {
            let (success, output, _) = attempt(&mut machine, (to, &data), gas);
            assert_eq!((success, output.len()), (false, 0), "{to} with {gas} of {price}");
        }
        let mut after = state(&machine);
        after.insert(PROGRAM, before[&PROGRAM].clone());
        assert!(after == before, "{to} of {price}");
        let (success, output, _) = attempt(&mut machine, (to, &data), price);
        let (_, with_more, _) = attempt(&mut fresh.clone(), (to, &data), GAS / 2);
        assert!(success && output == with_more, "{to} for {price}");
    }
}

/// CALLDATASIZE decides: none delegates to [`PROGRAM`], any is forwarded to the store; what comes back is returned, a failure reverted.
fn owner() -> Vec<u8> {
    let mut code = vec![0x36, 0x60, 0, 0x57]; // CALLDATASIZE PUSH forward JUMPI
    code.extend([0x5F, 0x5F, 0x5F, 0x5F, 0x73]);
    code.extend(PROGRAM.as_slice());
    code.extend([0x5A, 0xF4, 0x60, 0, 0x56]); // GAS DELEGATECALL PUSH end JUMP
    code[2] = code.len() as u8;
    code.extend([0x5B, 0x36, 0x5F, 0x5F, 0x37, 0x5F, 0x5F, 0x36, 0x5F, 0x5F, 0x73]);
    code.extend(STORE.as_slice());
    code.extend([0x5A, 0xF1]); // GAS CALL
    let end = code.len() as u8;
    let jump = 4 + 5 + 20 + 3;
    assert_eq!(code[jump..jump + 2], [0, 0x56]);
    code[jump] = end;
    // JUMPDEST RETURNDATACOPY; JUMPI to RETURN; REVERT.
    code.extend([0x5B, 0x3D, 0x5F, 0x5F, 0x3E, 0x60, end + 11, 0x57, 0x3D, 0x5F, 0xFD, 0x5B, 0x3D, 0x5F, 0xF3]);
    code
}

/// Set 1 of [`OWNER`]'s with one text.
fn owned() -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    machine.put(OWNER, &owner());
    for call in [store::createTextSetCall {}.abi_encode(), append(1, RIVER.as_bytes()).abi_encode()] {
        assert!(machine.transact(ALICE, OWNER, call, 0).is_success());
    }
    machine
}

/// The same set in the mathematics' terms, after some texts more and a withdrawal.
fn expected(texts: &[&str], withdrawn: bool, output: &str) -> (U256, U256) {
    let mut index = MemoryIndex::new();
    for text in [RIVER].iter().chain(texts) {
        index.append(text, 1, &mut Unmetered).unwrap();
    }
    if withdrawn {
        index.set_status(0, Status::Withdrawn).unwrap();
    }
    let trace = rules::trace(&index, index.version().unwrap(), output, &mut Unmetered).unwrap();
    (U256::from(trace.explained), U256::from(trace.withheld))
}

#[test]
fn an_owner_that_is_called_back_while_it_appends_has_the_rows_in_the_order_of_the_calls() {
    let again = "the one who was called calls back and hands in a text of its own, behind that of its caller";
    let output = format!("{MILL} {again}");
    for reverts in [false, true] {
        let mut machine = owned();
        // The owner appends, calls a stranger, and asks; the stranger calls it back twice, asks, and may take it all back.
        let asks = Program::default().call(STORE, append(1, MILL.as_bytes())).run(OTHER_PROGRAM).call(TEXT, trace(&output));
        machine.put(PROGRAM, &asks.assemble());
        let calls_back = Program::default()
            .call(OWNER, append(1, again.as_bytes()))
            .call(TEXT, trace(&output))
            .call(OWNER, store::setStatusCall { setId: U256::ONE, row: 0, status: 2 });
        let calls_back = if reverts { calls_back.reverting() } else { calls_back };
        machine.put(OTHER_PROGRAM, &calls_back.assemble());
        let result = machine.transact(BOB, OWNER, Vec::new(), 0);
        assert!(result.is_success(), "{result:?}");
        let data = result.output().unwrap();
        assert_eq!(data[31], 1);
        let found = text::traceCall::abi_decode_returns(&data[32..]).unwrap();
        let texts = if reverts { &[MILL][..] } else { &[MILL, again] };
        assert_eq!((found.explained, found.withheld), expected(texts, !reverts, &output), "{reverts}");
        let info = machine.call(BOB, STORE, store::infoCall { setId: U256::ONE }).unwrap();
        let rows = 1 + texts.len() as u64;
        assert_eq!((info.rows, info.version), (rows, 1 + rows + u64::from(!reverts)));
        // The next block sees the same, and so does who has no index.
        machine.cache = None;
        let found = machine.call(BOB, TEXT, trace(&output)).unwrap();
        assert_eq!((found.explained, found.withheld), expected(texts, !reverts, &output), "{reverts}");
    }
}

#[test]
fn code_that_is_run_for_another_appends_in_the_name_of_who_runs_it() {
    let mut machine = owned();
    // The stranger runs the owner's code, which then calls the store for the stranger.
    let borrowed = |data: Vec<u8>| Program::default().raw(Opcode::DelegateCall, OWNER, data, GAS);
    machine.put(OTHER_PROGRAM, &borrowed(append(1, MILL.as_bytes()).abi_encode()).assemble());
    let output = machine.transact(BOB, OTHER_PROGRAM, Vec::new(), 0).output().unwrap().clone();
    let refused: Result<(), Bytes> = Err(output.slice(32..));
    assert_refused(refused, NotOwner { setId: U256::ONE, caller: OTHER_PROGRAM });
    // And a static frame stays static, however deep the call.
    let frozen = Program::default().raw(Opcode::StaticCall, OWNER, append(1, MILL.as_bytes()).abi_encode(), GAS);
    machine.put(OTHER_PROGRAM, &frozen.assemble());
    let output = machine.transact(ALICE, OTHER_PROGRAM, Vec::new(), 0).output().unwrap().clone();
    assert_eq!(output[31], 0);
    assert_eq!(machine.call(BOB, STORE, store::infoCall { setId: U256::ONE }).unwrap().rows, 1);
}

use super::machine::{ALICE, Machine, OTHER_PROGRAM, Opcode, PROGRAM, Program};
use crate::precompiles::{IndexCache, gas};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use std::sync::Arc;
use tributary_attribution::{
    Error,
    text::{self as rules, Host, MemoryIndex, TextIndex, Unmetered, Work},
};
use tributary_contracts::{
    IAttributionStore as store, IRewardSplit, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SKETCH_ATTRIBUTION as SKETCH, TEXT_ATTRIBUTION as TEXT},
};

const TEXT_OF_SET: &str = "one river and one mill and one field of barley, all on one short page of one old book";

/// Sets 1 (text) and 2 (sketches) of the program's.
fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    let payload = |set: u64, bytes: &[u8]| store::appendCall { setId: U256::from(set), contributor: 1, payload: bytes.to_vec().into() };
    let program = Program::default()
        .call(STORE, store::createTextSetCall {})
        .call(STORE, store::createSketchSetCall { dim: 32, labelled: false, minExponent: 0, maxExponent: 63 })
        .call(STORE, payload(1, TEXT_OF_SET.as_bytes()))
        .call(STORE, payload(2, &[1; 66]));
    assert!(machine.run(&program).0);
    machine
}

/// Whether the call succeeds with exactly so much gas, and how many bytes it returns. What the call
/// changed is undone.
fn outcome(machine: &mut Machine, to: Address, call: &impl SolCall, gas: u64) -> (bool, usize) {
    let inner = Program::default().raw(Opcode::Call, to, call.abi_encode(), gas).reverting();
    machine.put(PROGRAM, &inner.assemble());
    machine.put(OTHER_PROGRAM, &Program::default().run(PROGRAM).assemble());
    let result = machine.transact(ALICE, OTHER_PROGRAM, Vec::new(), 0);
    let output = result.output().unwrap();
    // Outer success, then the inner program's report: success of the call, then its output.
    (output[63] == 1, output.len() - 64)
}

/// The least gas with which the call succeeds, after checking every amount below it.
fn price(to: Address, call: impl SolCall) -> u64 {
    let mut machine = machine();
    let (mut fails, mut succeeds) = (0, 1 << 24);
    while succeeds - fails > 1 {
        let middle = (fails + succeeds) / 2;
        if outcome(&mut machine, to, &call, middle).0 { succeeds = middle } else { fails = middle }
    }
    for gas in (0..succeeds).step_by(1 + succeeds as usize / 3_000) {
        assert_eq!(outcome(&mut machine, to, &call, gas), (false, 0), "with {gas} of {succeeds} gas");
    }
    succeeds
}

/// Adds up what the rules announce.
struct Bill(u64);

impl Host for Bill {
    type Error = Error;

    fn charge(&mut self, work: Work) -> Result<(), Error> {
        self.0 += gas::of_work(work);
        Ok(())
    }
}

/// Set 1, and the bill of what is asked of it.
fn bill(ask: impl FnOnce(&MemoryIndex, &mut Bill)) -> u64 {
    let mut index = MemoryIndex::new();
    index.append(TEXT_OF_SET, 1, &mut Unmetered).unwrap();
    let mut bill = Bill(0);
    ask(&index, &mut bill);
    bill.0
}

#[test]
fn an_append_costs_32000_and_100_a_byte_and_what_its_trace_costs() {
    let documents = ["a".to_owned(), "a".repeat(1000), format!("{TEXT_OF_SET} and a last word"), "one symbol! ".repeat(40)];
    for document in documents {
        let traced = bill(|index, bill| drop(rules::append(index, &document, 1, bill).unwrap()));
        let payload = document.as_bytes().to_vec().into();
        let call = store::appendCall { setId: U256::from(1), contributor: 1, payload };
        assert_eq!(price(STORE, call), 32_000 + 100 * document.len() as u64 + traced, "{document}");
    }
}

#[test]
fn no_amount_of_gas_below_the_price_gives_a_result() {
    let one = U256::from(1);
    let output = TEXT_OF_SET.as_bytes();
    price(STORE, store::createTextSetCall {});
    price(STORE, store::setStatusCall { setId: one, row: 0, status: 2 });
    price(STORE, store::reassignCall { setId: U256::from(2), row: 0, contributor: 7 });
    price(STORE, store::noveltyCall { setId: one, version: 0, document: output.into() });
    price(STORE, store::appendCall { setId: U256::from(2), contributor: 1, payload: vec![2; 33].into() });
    price(STORE, store::rowCall { setId: one, index: 0 });
    price(STORE, store::infoCall { setId: one });
    price(STORE, store::rowCall { setId: U256::from(2), index: 1 });
    price(STORE, store::nearestCall { setId: U256::from(2), version: 0, sketch: vec![3; 32].into() });
    price(TEXT, text::traceCall { setId: one, version: 0, output: output.into(), topK: 0 });
    price(TEXT, text::traceByContributorCall { setId: one, version: 0, output: output.into(), topK: 0 });
    price(TEXT, text::evidenceCall { setId: one, version: 0, output: output.into(), most: 0 });
    price(SKETCH, sketch::influenceCall { setId: U256::from(2), version: 0, query: vec![3; 32].into(), topK: 0 });
    let query = || vec![3; 32].into();
    price(SKETCH, sketch::dataInfCall { setId: U256::from(2), version: 0, query: query(), lambda: 1, topK: 0 });
    price(SKETCH, sketch::influenceByContributorCall { setId: U256::from(2), version: 0, queries: vec![query(), query()], topK: 0 });
    price(SPLIT, IRewardSplit::splitCall { pool: one, weights: vec![one; 9] });
}

#[test]
fn the_price_of_a_trace_follows_from_the_content() {
    let output = TEXT_OF_SET;
    let call = text::traceCall { setId: U256::from(1), version: 0, output: output.as_bytes().into(), topK: 0 };
    let words = call.abi_encode().len().div_ceil(32) as u64;
    let traced = bill(|index, bill| drop(rules::trace(index, index.version().unwrap(), output, bill).unwrap()));
    // The call, three slots of the set, and what the rules announce.
    assert_eq!(price(TEXT, call), (100 + 3 * words) + 3 * 2_100 + traced);
}

#[test]
fn a_trace_pays_for_the_statuses_of_changed_rows_alone_and_reads_them_with_and_without_the_list() {
    let mut machine = machine();
    let append = |text: String| store::appendCall { setId: U256::ONE, contributor: 1, payload: text.into_bytes().into() };
    for row in 0..258 {
        let text = format!("the tide at the north pier of harbour {row} turns at {row} past noon and boats {row} lie dry");
        assert!(machine.run(&Program::default().call(STORE, append(text))).0);
    }
    let rows = machine.call(ALICE, STORE, store::infoCall { setId: U256::ONE }).unwrap().rows;
    let withdraw = |machine: &mut Machine, row| {
        assert!(machine.run(&Program::default().call(STORE, store::setStatusCall { setId: U256::ONE, row, status: 2 })).0);
        machine.call(ALICE, STORE, store::infoCall { setId: U256::ONE }).unwrap().version
    };
    let trace = |machine: &mut Machine, version| {
        let output = b"she said that the tide at the north pier of harbour 7 turns at 7 past noon".as_slice().into();
        let result = machine.transact(ALICE, TEXT, text::traceCall { setId: U256::ONE, version, output, topK: 0 }.abi_encode(), 0);
        assert!(result.is_success(), "{result:?}");
        (result.output().unwrap().clone(), result.tx_gas_used())
    };
    let mut version = machine.call(ALICE, STORE, store::infoCall { setId: U256::ONE }).unwrap().version;
    let (unchanged, price) = trace(&mut machine, version);
    // Rows that have nothing of the output, from the newest back: the list grows by a slot for eight of them.
    for (count, row) in (1..=256_u64).zip((0..rows).rev()) {
        version = withdraw(&mut machine, row);
        if count == 8 {
            assert!(trace(&mut machine, version).1 >= price + 2_100);
        }
    }
    let (listed, with_list) = trace(&mut machine, version);
    assert_ne!(listed, unchanged);
    // One more, and the list is not read any more; what was true of a version still is.
    withdraw(&mut machine, 1);
    let (any, without_list) = trace(&mut machine, version);
    assert_eq!(any, listed);
    assert!(with_list > price + 32 * 2_100 && without_list != with_list, "{price} {with_list} {without_list}");
}

#[test]
fn the_price_of_a_scan_follows_from_its_rows_and_their_changes() {
    let query = || sketch::influenceCall { setId: U256::from(2), version: 0, query: vec![3; 32].into(), topK: 0 };
    let words = query().abi_encode().len().div_ceil(32) as u64;
    // Two rows of 33 bytes are two lines.
    let expected = (100 + 3 * words) + 3 * 2_100 + 2 + 2 * 60;
    assert_eq!(price(SKETCH, query()), expected);
    let mut machine = machine();
    let withdraw = store::setStatusCall { setId: U256::from(2), row: 1, status: 2 };
    assert!(machine.run(&Program::default().call(STORE, withdraw)).0);
    // A slot of the list, and the row's own.
    let expected = expected + 2 * 2_100;
    assert_eq!(outcome(&mut machine, SKETCH, &query(), expected - 1), (false, 0));
    assert!(outcome(&mut machine, SKETCH, &query(), expected).0);
}

#[test]
fn a_refused_call_costs_what_was_charged_and_leaves_the_rest() {
    let mut machine = machine();
    let before = |gas| Program::default().with(Opcode::Call, STORE, store::infoCall { setId: U256::from(9) }, gas);
    // 100 for the call, 6 for two words, 6,300 for three slots.
    let (success, error) = machine.run(&before(6_406));
    assert!(!success && error.len() == 36);
    let (success, error) = machine.run(&before(6_405));
    assert!(!success && error.is_empty());
}

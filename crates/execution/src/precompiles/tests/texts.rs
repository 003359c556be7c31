use super::machine::{ALICE, Machine, Opcode, PROGRAM, Program, assert_refused};
use crate::precompiles::{IndexCache, sets::shard_address};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use std::sync::Arc;
use tributary_attribution::first_edition::{TextIndex, Unmetered};
use tributary_contracts::{
    IAttributionErrors as errors, IAttributionStore as store, ITextAttribution as api,
    predeploys::{ATTRIBUTION_STORE as STORE, TEXT_ATTRIBUTION as TEXT},
};

const TEXTS: [&str; 4] = [
    "The river Oder rises in Moravia, crosses Silesia and meets the sea at Stettin.",
    "Winter barley is sown in autumn; it ripens weeks before any summer wheat does.",
    "The river Oder rises in Moravia, crosses Silesia and meets the sea at Stettin.",
    "Ships of shallow draught carried grain down the river to the mills at its mouth.",
];

const OUTPUT: &str = "As is known, winter barley is sown in autumn; and the river Oder rises in Moravia, \
                      crosses Silesia. It ripens weeks before any summer wheat.";

fn append(contributor: u32, text: &str) -> store::appendCall {
    store::appendCall { setId: U256::ONE, contributor, payload: text.as_bytes().to_vec().into() }
}

fn trace(up_to: u64, top: u16) -> api::traceCall {
    api::traceCall { setId: U256::ONE, upTo: up_to, output: OUTPUT.as_bytes().into(), topK: top }
}

/// A set of the program's, whose text `i` is contributor `9 - i`'s, but for the last, who is 9 too.
fn machine(texts: &[&str]) -> Machine {
    let mut machine = Machine::new();
    machine.run(&Program::default().call(STORE, store::createTextSetCall {}));
    for (row, text) in texts.iter().enumerate() {
        let contributor = if row == 3 { 9 } else { 9 - row as u32 };
        assert!(machine.run(&Program::default().call(STORE, append(contributor, text))).0);
    }
    machine
}

fn expected(texts: &[&str], active: impl Fn(u64) -> bool) -> tributary_attribution::first_edition::Trace {
    let index = TextIndex::build(texts.iter().map(|text| text.as_bytes())).unwrap();
    let Ok(trace) = index.trace(OUTPUT, &mut Unmetered(active));
    trace
}

/// Rows and credits as they are returned: best first.
fn ranked(trace: &tributary_attribution::first_edition::Trace) -> (Vec<u64>, Vec<U256>) {
    let mut credits: Vec<_> = trace.credits.iter().map(|credit| (u64::MAX - credit.weight, credit.row)).collect();
    credits.sort_unstable();
    credits.into_iter().map(|(weight, row)| (row, U256::from(u64::MAX - weight))).unzip()
}

#[test]
fn a_trace_is_that_of_the_mathematics() {
    let mut machine = machine(&TEXTS);
    let result = machine.call(ALICE, TEXT, trace(0, 0)).unwrap();
    let expected = expected(&TEXTS, |_| true);
    assert_eq!(expected.credits.len(), 2, "the case quotes two texts, and a copy earns nothing");
    assert_eq!((result.rows.clone(), result.credits.clone()), ranked(&expected));
    assert_eq!((result.explained, result.total), (U256::from(expected.explained), U256::from(expected.total)));

    let first = machine.call(ALICE, TEXT, trace(0, 1)).unwrap();
    assert_eq!((first.rows, first.credits), (result.rows[..1].to_vec(), result.credits[..1].to_vec()));
    assert_eq!((first.explained, first.total), (result.explained, result.total));
}

#[test]
fn the_version_decides_which_rows_are_counted() {
    let mut machine = machine(&TEXTS);
    for rows in 1..=4 {
        let result = machine.call(ALICE, TEXT, trace(rows, 0)).unwrap();
        let expected = expected(&TEXTS[..rows as usize], |_| true);
        assert_eq!((result.rows, result.credits), ranked(&expected), "of {rows} rows");
        assert_eq!(result.total, U256::from(expected.total), "of {rows} rows");
    }
    let beyond = errors::RowOutOfRange { setId: U256::ONE, row: 5, rows: 4 };
    assert_refused(machine.call(ALICE, TEXT, trace(5, 0)), beyond);
}

#[test]
fn a_rejected_row_stops_counting_and_its_copy_is_paid() {
    let mut machine = machine(&TEXTS);
    let reject = store::setActiveCall { setId: U256::ONE, row: 0, active: false };
    assert!(machine.run(&Program::default().call(STORE, reject)).0);
    let result = machine.call(ALICE, TEXT, trace(0, 0)).unwrap();
    assert_eq!((result.rows.clone(), result.credits), ranked(&expected(&TEXTS, |row| row != 0)));
    assert!(result.rows.contains(&2) && !result.rows.contains(&0));
}

#[test]
fn contributors_are_paid_for_all_their_rows() {
    let mut machine = machine(&[TEXTS[0], TEXTS[3], TEXTS[3], TEXTS[1]]);
    let call = api::traceByContributorCall { setId: U256::ONE, upTo: 0, output: OUTPUT.as_bytes().into(), topK: 0 };
    let result = machine.call(ALICE, TEXT, call).unwrap();
    // Rows 0 and 3 are both contributor 9's.
    assert_eq!((result.contributors, result.credits), (vec![9], vec![result.explained]));
    assert!(result.explained > U256::ZERO && result.explained < result.total);
}

#[test]
fn evidence_quotes_the_rows() {
    let mut machine = machine(&TEXTS);
    let call = |most| api::evidenceCall { setId: U256::ONE, upTo: 0, output: OUTPUT.as_bytes().into(), most };
    let all = machine.call(ALICE, TEXT, call(0)).unwrap();
    let sum: u64 = all.iter().map(|item| item.score).sum();
    assert_eq!(sum, expected(&TEXTS, |_| true).explained);
    assert!(all.len() > 2);
    for item in &all {
        let quoted = &OUTPUT[item.outputStart as usize..item.outputEnd as usize];
        let source = &TEXTS[item.row as usize][item.rowStart as usize..item.rowEnd as usize];
        assert_eq!(quoted.to_lowercase(), source.to_lowercase());
    }
    assert_eq!(machine.call(ALICE, TEXT, call(2)).unwrap().len(), 2);
}

#[test]
fn an_append_of_the_same_transaction_is_traced() {
    let mut machine = machine(&TEXTS[1..2]);
    let program = Program::default().call(STORE, append(1, TEXTS[0])).call(TEXT, trace(0, 0));
    let (success, data) = machine.run(&program);
    assert!(success);
    let result = api::traceCall::abi_decode_returns(&data).unwrap();
    assert_eq!((result.rows, result.credits), ranked(&expected(&[TEXTS[1], TEXTS[0]], |_| true)));
}

#[test]
fn an_append_that_was_reverted_is_not_traced() {
    let mut machine = machine(&TEXTS[1..2]);
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    // The reverted frame traces its own append, so that an index over it is in the cache.
    let inner = Program::default().call(STORE, append(1, TEXTS[0])).call(TEXT, trace(0, 0)).reverting();
    machine.put(PROGRAM, &inner.assemble());
    let outer = Program::default().run(PROGRAM).call(TEXT, trace(0, 0));
    let at = super::machine::OTHER_PROGRAM;
    machine.put(at, &outer.assemble());
    let output = machine.transact(ALICE, at, Vec::new(), 0).output().unwrap().slice(32..);
    let result = api::traceCall::abi_decode_returns(&output).unwrap();
    assert_eq!((result.rows, result.credits), ranked(&expected(&TEXTS[1..2], |_| true)));

    // Another text in the place of the reverted one: the cached index is of another branch.
    machine.run(&Program::default().call(STORE, append(1, TEXTS[3])));
    let result = machine.call(ALICE, TEXT, trace(0, 0)).unwrap();
    assert_eq!((result.rows, result.credits), ranked(&expected(&[TEXTS[1], TEXTS[3]], |_| true)));
}

#[test]
fn results_gas_and_warmth_do_not_depend_on_the_cache() {
    // The gas that is left after the traces and an EXTCODEHASH of a shard that they may have read.
    let shard = shard_address(U256::ONE, 0);
    let gas_left = [vec![0x73], shard.to_vec(), vec![0x3F, 0x50, 0x5A, 0x5F, 0x52, 0x60, 0x20, 0x5F, 0xF3]].concat();
    let program = Program::default().call(TEXT, trace(0, 0)).call(TEXT, trace(2, 0)).then(gas_left);
    let measure = |cache: Option<Arc<IndexCache>>| {
        let mut machine = machine(&TEXTS);
        machine.cache = cache;
        machine.put(PROGRAM, &program.assemble());
        let result = machine.transact(ALICE, PROGRAM, Vec::new(), 0);
        assert!(result.is_success());
        (result.output().unwrap().clone(), result.tx_gas_used())
    };
    let cache = Arc::new(IndexCache::new(usize::MAX));
    let cold = measure(Some(Arc::clone(&cache)));
    assert_eq!(measure(Some(Arc::clone(&cache))), cold);
    assert_eq!(measure(Some(Arc::new(IndexCache::new(0)))), cold);
    assert_eq!(measure(None), cold);
}

#[test]
fn an_index_that_grows_by_appends_traces_like_one_built_at_once() {
    let mut growing = Machine::new();
    growing.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    growing.run(&Program::default().call(STORE, store::createTextSetCall {}));
    for rows in 1..=TEXTS.len() {
        growing.run(&Program::default().call(STORE, append(0, TEXTS[rows - 1])));
        // Prefixes and reverted appends leave entries in the cache that are not what the set grows from.
        growing.run(&Program::default().call(TEXT, trace(1, 0)));
        growing.put(PROGRAM, &Program::default().call(STORE, append(0, OUTPUT)).call(TEXT, trace(0, 0)).reverting().assemble());
        assert!(!growing.transact(ALICE, PROGRAM, Vec::new(), 0).is_success());
        let result = growing.call(ALICE, TEXT, trace(0, 0)).unwrap();
        assert_eq!((result.rows, result.credits), ranked(&expected(&TEXTS[..rows], |_| true)), "of {rows} rows");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let mut machine = machine(&TEXTS[..1]);
    let unknown = api::traceCall { setId: U256::from(7), ..trace(0, 0) };
    assert_refused(machine.call(ALICE, TEXT, unknown), errors::UnknownSet { setId: U256::from(7) });
    let bad = api::traceCall { output: Bytes::from_static(b"\xFF"), ..trace(0, 0) };
    assert_refused(machine.call(ALICE, TEXT, bad), errors::NotUtf8 {});
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false }).unwrap();
    let sketches = api::traceCall { setId: U256::from(2), ..trace(0, 0) };
    assert_refused(machine.call(ALICE, TEXT, sketches), errors::WrongKind { setId: U256::from(2), kind: 1 });
}

#[test]
fn an_empty_set_explains_nothing_and_reading_is_allowed_anywhere() {
    let mut machine = machine(&[]);
    let result = machine.call(ALICE, TEXT, trace(0, 0)).unwrap();
    assert_eq!((result.rows.len(), result.explained, result.total), (0, U256::ZERO, U256::ZERO));
    for opcode in [Opcode::StaticCall, Opcode::DelegateCall, Opcode::CallCode] {
        assert!(machine.run(&Program::default().with(opcode, TEXT, trace(0, 0), 1_000_000)).0, "{opcode:?}");
    }
}

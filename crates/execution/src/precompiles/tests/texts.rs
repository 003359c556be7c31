use super::machine::{ALICE, Machine, Opcode, PROGRAM, Program, assert_refused};
use crate::precompiles::{IndexCache, shards::shard_address};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use std::sync::Arc;
use tributary_attribution::text::{self, MemoryIndex, Status, TextIndex, Trace, Unmetered};
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

fn trace(version: u64, top: u16) -> api::traceCall {
    api::traceCall { setId: U256::ONE, version, output: OUTPUT.as_bytes().into(), topK: top }
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

/// The same set in the mathematics' terms.
fn index(texts: &[&str]) -> MemoryIndex {
    let mut index = MemoryIndex::new();
    for (row, text) in (0..).zip(texts) {
        index.append(text, if row == 3 { 9 } else { 9 - row }, &mut Unmetered).unwrap();
    }
    index
}

fn expected(texts: &[&str]) -> Trace {
    let index = index(texts);
    text::trace(&index, index.version().unwrap(), OUTPUT, &mut Unmetered).unwrap()
}

type Ranked = (Vec<u64>, Vec<u64>, Vec<U256>, [U256; 3]);

/// Rows, origins, credits and sums as they are returned: best first.
fn ranked(trace: &Trace) -> Ranked {
    let mut credits = trace.credits.clone();
    credits.sort_by_key(|credit| (u64::MAX - credit.weight, credit.row, credit.origin));
    (
        credits.iter().map(|credit| credit.row).collect(),
        credits.iter().map(|credit| credit.origin).collect(),
        credits.iter().map(|credit| U256::from(credit.weight)).collect(),
        [trace.explained, trace.withheld, trace.total].map(U256::from),
    )
}

fn returned(result: api::traceReturn) -> Ranked {
    (result.rows, result.origins, result.credits, [result.explained, result.withheld, result.total])
}

fn set_status(machine: &mut Machine, row: u64, status: u8) {
    let call = store::setStatusCall { setId: U256::ONE, row, status };
    assert!(machine.run(&Program::default().call(STORE, call)).0);
}

#[test]
fn a_trace_is_that_of_the_mathematics() {
    let mut machine = machine(&TEXTS);
    let result = machine.call(ALICE, TEXT, trace(0, 0)).unwrap();
    let expected = expected(&TEXTS);
    assert_eq!(expected.credits.len(), 2, "the case quotes two texts, and a copy earns nothing");
    assert_eq!(returned(result.clone()), ranked(&expected));

    let first = machine.call(ALICE, TEXT, trace(0, 1)).unwrap();
    assert_eq!((first.rows, first.credits), (result.rows[..1].to_vec(), result.credits[..1].to_vec()));
    assert_eq!((first.explained, first.total), (result.explained, result.total));
}

#[test]
fn the_version_decides_which_rows_are_counted() {
    let mut machine = machine(&TEXTS);
    for rows in 0..=4 {
        let result = machine.call(ALICE, TEXT, trace(rows + 1, 0)).unwrap();
        assert_eq!(returned(result), ranked(&expected(&TEXTS[..rows as usize])), "of {rows} rows");
    }
    let beyond = errors::UnknownVersion { setId: U256::ONE, version: 6, newest: 5 };
    assert_refused(machine.call(ALICE, TEXT, trace(6, 0)), beyond);
}

#[test]
fn what_a_trace_says_of_a_version_is_the_same_after_every_change_of_a_status() {
    let mut machine = machine(&TEXTS);
    let mut index = index(&TEXTS);
    for (row, status) in [(0, 2), (1, 2), (0, 0), (2, 1), (1, 1)] {
        set_status(&mut machine, row, status);
        index.set_status(row, Status::try_from(status).unwrap()).unwrap();
        for version in 1..=index.version().unwrap() {
            let result = machine.call(ALICE, TEXT, trace(version, 0)).unwrap();
            let expected = text::trace(&index, version, OUTPUT, &mut Unmetered).unwrap();
            assert_eq!(returned(result), ranked(&expected), "at {version}");
        }
    }
}

#[test]
fn the_contributor_of_the_origin_is_paid_and_a_new_one_at_every_version() {
    let mut machine = machine(&TEXTS);
    let call = |version| api::traceByContributorCall { setId: U256::ONE, version, output: OUTPUT.as_bytes().into(), topK: 0 };
    let before = machine.call(ALICE, TEXT, call(0)).unwrap();
    let mut credits: Vec<_> = expected(&TEXTS).credits.iter().map(|credit| (U256::from(credit.weight), 9 - credit.origin as u32)).collect();
    credits.sort_by(|a, b| b.cmp(a));
    assert_eq!(before.credits.iter().copied().zip(before.contributors).collect::<Vec<_>>(), credits);
    let reassign = store::reassignCall { setId: U256::ONE, row: 0, contributor: 8 };
    assert!(machine.run(&Program::default().call(STORE, reassign)).0);
    for version in [0, 4] {
        let result = machine.call(ALICE, TEXT, call(version)).unwrap();
        assert_eq!((result.contributors, result.credits), (vec![8], vec![result.explained]));
    }
}

#[test]
fn evidence_quotes_the_rows_and_the_origins() {
    let mut machine = machine(&TEXTS);
    let call = |most| api::evidenceCall { setId: U256::ONE, version: 0, output: OUTPUT.as_bytes().into(), most };
    let all = machine.call(ALICE, TEXT, call(0)).unwrap();
    let index = index(&TEXTS);
    let expected = text::evidence(&index, 5, OUTPUT, 0, &mut Unmetered).unwrap();
    assert_eq!(all.len(), expected.len());
    assert!(all.len() > 1);
    for (item, expected) in all.iter().zip(&expected) {
        assert_eq!(
            (item.row, item.origin, item.weight, item.withheld),
            (expected.row, expected.origin, expected.weight, expected.withheld)
        );
        let quoted = OUTPUT[item.outputStart as usize..item.outputEnd as usize].to_lowercase();
        assert_eq!(quoted, TEXTS[item.row as usize][item.rowStart as usize..item.rowEnd as usize].to_lowercase());
        assert_eq!(quoted, TEXTS[item.origin as usize][item.originStart as usize..item.originEnd as usize].to_lowercase());
    }
    assert_eq!(machine.call(ALICE, TEXT, call(1)).unwrap().len(), 1);
}

#[test]
fn novelty_is_what_an_append_would_find() {
    let mut machine = machine(&TEXTS[..2]);
    let call = |version| store::noveltyCall { setId: U256::ONE, version, document: TEXTS[2].as_bytes().into() };
    for version in 0..=3 {
        let expected = text::novelty(&index(&TEXTS[..2]), if version == 0 { 3 } else { version }, TEXTS[2], &mut Unmetered).unwrap();
        let found = machine.call(ALICE, STORE, call(version)).unwrap();
        let (rows, weights): (Vec<_>, Vec<_>) = expected.rows.iter().map(|&(row, weight)| (row, U256::from(weight))).unzip();
        assert_eq!((found.rows, found.weights), (rows, weights));
        let sums = [expected.inherited, expected.closed, expected.total].map(U256::from);
        assert_eq!([found.inherited, found.closed, found.total], sums);
    }
    assert_refused(machine.call(ALICE, STORE, store::noveltyCall { document: Bytes::new(), ..call(0) }), errors::EmptyPayload {});
    let bad = store::noveltyCall { document: Bytes::from_static(b"\xFF"), ..call(0) };
    assert_refused(machine.call(ALICE, STORE, bad), errors::NotUtf8 {});
}

#[test]
fn an_append_of_the_same_transaction_is_traced() {
    let mut machine = machine(&TEXTS[1..2]);
    let program = Program::default().call(STORE, append(1, TEXTS[0])).call(TEXT, trace(0, 0));
    let (success, data) = machine.run(&program);
    assert!(success);
    let result = api::traceCall::abi_decode_returns(&data).unwrap();
    assert_eq!(returned(result), ranked(&expected(&[TEXTS[1], TEXTS[0]])));
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
    assert_eq!(returned(result), ranked(&expected(&TEXTS[1..2])));

    // Another text in the place of the reverted one: the cached index is of another branch.
    machine.run(&Program::default().call(STORE, append(1, TEXTS[3])));
    let result = machine.call(ALICE, TEXT, trace(0, 0)).unwrap();
    assert_eq!(returned(result), ranked(&expected(&[TEXTS[1], TEXTS[3]])));
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
        assert_eq!(returned(result), ranked(&expected(&TEXTS[..rows])), "of {rows} rows");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let mut machine = machine(&TEXTS[..1]);
    let unknown = api::traceCall { setId: U256::from(7), ..trace(0, 0) };
    assert_refused(machine.call(ALICE, TEXT, unknown), errors::UnknownSet { setId: U256::from(7) });
    let bad = api::traceCall { output: Bytes::from_static(b"\xFF"), ..trace(0, 0) };
    assert_refused(machine.call(ALICE, TEXT, bad), errors::NotUtf8 {});
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false, minExponent: 0, maxExponent: 63 }).unwrap();
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

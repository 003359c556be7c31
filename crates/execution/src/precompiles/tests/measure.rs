//! Gas for time, beside ecrecover: printed, never asserted. `cargo test --release -p tributary-execution --lib -- --ignored --nocapture gas_per_microsecond`.

#![allow(clippy::disallowed_macros, reason = "a measurement prints")]

use super::machine::{ALICE, GAS, Machine, Opcode, PROGRAM, Program};
use crate::precompiles::IndexCache;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use std::sync::Arc;
use std::time::Instant;
use tributary_contracts::{
    IAttributionStore as store, IShapleyAttribution as shapley, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{ATTRIBUTION_STORE as STORE, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH, TEXT_ATTRIBUTION as TEXT},
};

fn append(document: &[u8]) -> store::appendCall {
    store::appendCall { setId: U256::ONE, contributor: 1, payload: document.to_vec().into() }
}

fn machine(documents: &[Vec<u8>]) -> Machine {
    let mut machine = Machine { cache: Some(Arc::new(IndexCache::new(usize::MAX))), ..Machine::new() };
    machine.run(&Program::default().call(STORE, store::createTextSetCall {}));
    for document in documents {
        assert!(machine.run(&Program::default().call(STORE, append(document))).0);
    }
    machine
}

/// Prose of so many different words, up to `bytes`.
fn prose(seed: u64, words: u64, bytes: usize) -> Vec<u8> {
    let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::new();
    while text.len() + 8 < bytes {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        text.push_str(&format!("{:x} ", (dice >> 20) % words));
    }
    text.into_bytes()
}

/// Runs a program and prints what its calls paid for a microsecond: what it pays when they go nowhere is left out.
fn report(name: &str, machine: &Machine, program: impl Fn(Address) -> Program, to: Address) {
    let run = |to| {
        let mut machine = machine.clone();
        machine.put(PROGRAM, &program(to).assemble());
        let started = Instant::now();
        let result = machine.transact(ALICE, PROGRAM, Vec::new(), 0);
        (started.elapsed().as_secs_f64() * 1e6, result.tx_gas_used(), result.output().is_some_and(|output| output[31] == 1))
    };
    let (_, nowhere, _) = run(Address::repeat_byte(0x77));
    let (_, gas, succeeds) = run(to);
    let best = (0..3).map(|_| run(to).0).fold(f64::MAX, f64::min);
    let gas = gas.saturating_sub(nowhere);
    println!("{name:50} {gas:>12} gas {best:>10.0} us {:>9.1} gas/us{}", gas as f64 / best, if succeeds { "" } else { " (fails)" });
}

#[test]
#[ignore = "a measurement"]
fn gas_per_microsecond() {
    let once = |data: Vec<u8>| move |to| Program::default().raw(Opcode::Call, to, data.clone(), GAS);
    let often = |to| (0..200).fold(Program::default(), |program, _| program.raw(Opcode::Call, to, ECRECOVER.to_vec(), 10_000));
    report("ecrecover, 200 times", &Machine::new(), often, Address::with_last_byte(1));

    let symbol = vec![b'!'; 128 << 10];
    let cases: [(_, Vec<Vec<u8>>, _); 7] = [
        ("one symbol", vec![symbol.clone()], symbol.clone()),
        ("one symbol, 16 texts", vec![symbol[..4000].to_vec(); 64], symbol[..16 << 10].to_vec()),
        ("ten words", (0..40).map(|seed| prose(seed, 10, 32 << 10)).collect(), prose(99, 10, 16 << 10)),
        ("a hundred words", (0..40).map(|seed| prose(seed, 100, 32 << 10)).collect(), prose(99, 100, 32 << 10)),
        ("a thousand words", (0..60).map(|seed| prose(seed, 1000, 64 << 10)).collect(), prose(99, 1000, 64 << 10)),
        ("new words", (0..60).map(|seed| prose(seed, u64::MAX >> 20, 64 << 10)).collect(), prose(99, u64::MAX >> 20, 120 << 10)),
        ("a copy", (0..60).map(|seed| prose(seed, 100_000, 64 << 10)).collect(), prose(3, 100_000, 64 << 10)),
    ];
    for (name, documents, document) in cases {
        let mut machine = machine(&documents);
        report(&format!("append, {name}"), &machine, once(append(&document).abi_encode()), STORE);
        let output = document[..document.len().min(16 << 10)].to_vec();
        let trace = text::traceCall { setId: U256::ONE, version: 0, output: output.clone().into(), topK: 0 };
        report(&format!("trace, {name}"), &machine, once(trace.abi_encode()), TEXT);
        let evidence = text::evidenceCall { setId: U256::ONE, version: 0, output: output.into(), most: 0 };
        report(&format!("evidence, {name}"), &machine, once(evidence.abi_encode()), TEXT);
        let short = text::traceCall { setId: U256::ONE, version: 2, output: b"a b c".to_vec().into(), topK: 0 };
        machine.cache = None;
        report(&format!("index built, {name} (not paid for)"), &machine, once(short.abi_encode()), TEXT);
    }
    for dim in [32_u16, 4096] {
        let mut machine = Machine { cache: Some(Arc::new(IndexCache::new(usize::MAX))), ..Machine::new() };
        let create = store::createSketchSetCall { dim, labelled: true, minExponent: 0, maxExponent: 9 };
        machine.run(&Program::default().call(STORE, create));
        let row = |n: usize| [vec![1, 0, 1], (0..usize::from(dim)).map(|at| ((at * n) % 100) as u8).collect()].concat();
        let rows: Vec<u8> = (0..(128 << 10) / usize::from(dim + 3)).flat_map(row).collect();
        (0..60).for_each(|_| assert!(machine.run(&Program::default().call(STORE, append(&rows))).0));
        let query = || vec![3; dim.into()].into();
        let (one, top) = (U256::ONE, 0);
        let call = sketch::influenceCall { setId: one, version: 0, query: query(), topK: top };
        report(&format!("influence, {dim}"), &machine, once(call.abi_encode()), SKETCH);
        let call = sketch::influenceByContributorCall { setId: one, version: 0, queries: vec![query(); 8], topK: top };
        report(&format!("influence of 8 by contributor, {dim}"), &machine, once(call.abi_encode()), SKETCH);
        let call = sketch::dataInfCall { setId: one, version: 0, query: query(), lambda: 9, topK: top };
        report(&format!("dataInf, {dim}"), &machine, once(call.abi_encode()), SKETCH);
        let call = shapley::knnShapleyCall { setId: one, version: 0, query: query(), label: 1, k: 5, topK: top };
        report(&format!("knnShapley, {dim}"), &machine, once(call.abi_encode()), SHAPLEY);
        let call = store::nearestCall { setId: one, version: 0, sketch: query() };
        report(&format!("nearest, {dim}"), &machine, once(call.abi_encode()), STORE);
    }
}

/// Hash, v, r and s of a valid signature.
const ECRECOVER: [u8; 128] = alloy_primitives::hex!(
    "456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3"
    "000000000000000000000000000000000000000000000000000000000000001c"
    "9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"
    "4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada"
);

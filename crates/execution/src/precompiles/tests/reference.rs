//! The precompiles inside the EVM against the executable reference, on random lives of sets: every integer that is returned or stored.
//!
//! `PROPTEST_CASES` says how many cases (1,000), `TRIBUTARY_REFERENCE_SEED` the first seed; a failure names the seed of its case. Without
//! `python3` or the shared folder nothing is checked, which is said on the terminal.

#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../../../../attribution/tests/text_shared/cases.rs"]
pub(super) mod cases;
#[path = "../../../../attribution/tests/text_shared/reference.rs"]
mod driver;
#[path = "../../../../attribution/tests/shared/mod.rs"]
mod folder;

use super::histories::{AskSketches, AskText, History, Payload, Sketch, Step};
use super::machine::{ALICE, Machine, PROGRAM, Program};
use super::vectors::runs;
use crate::precompiles::IndexCache;
use alloy_primitives::{Bytes, I256, U256};
use alloy_sol_types::{SolCall, SolInterface};
use cases::Dice;
use driver::{Reference, setting};
use serde_json::{Value, json};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tributary_contracts::{
    IAttributionErrors::{EmptyPayload, IAttributionErrorsErrors as Fault},
    IAttributionStore as store, IRewardSplit, IShapleyAttribution as shapley, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{
        ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH,
        TEXT_ATTRIBUTION as TEXT,
    },
};

#[test]
fn random_histories_give_the_integers_of_the_reference() {
    let Some(path) = folder::path("attribution2/reference.py") else { return };
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/src/precompiles/tests/reference_driver.py");
    let Some(mut reference) = Reference::start(driver, &path) else { return };
    let first = setting("TRIBUTARY_REFERENCE_SEED", 0);
    let mut seen = Seen::default();
    for seed in first..first + setting("PROPTEST_CASES", 1_000) {
        let history = History::random(seed);
        reference.send(&history.json());
        // The reference works meanwhile.
        let found = catch_unwind(|| answers(&history, seed));
        let expected = reference.receive();
        let same = found.is_ok_and(|found| {
            let same = catch_unwind(AssertUnwindSafe(|| assert_eq!(found, expected))).is_ok();
            seen.add(&found);
            same
        });
        assert!(same, "seed {seed} (TRIBUTARY_REFERENCE_SEED={seed} PROPTEST_CASES=1 runs it alone): {}", history.json());
    }
    let _ = writeln!(std::io::stderr(), "the precompiles against the reference: {seen:?}");
    assert!(seen.say_something(), "the cases say nothing: {seen:?}");
}

/// What the cases had in them, so that a run that checks nothing is seen.
#[derive(Debug, Default)]
struct Seen {
    runs: usize,
    credits: usize,
    evidence: usize,
    novelty: usize,
    influence: usize,
    datainf: usize,
    faults: usize,
    shapley: usize,
    shares: usize,
}

impl Seen {
    fn add(&mut self, found: &Value) {
        let count = |list: &Value| list.as_array().map_or(0, Vec::len);
        self.runs += found["runs"].as_array().map_or(0, |rows| rows.iter().map(count).sum());
        self.shares += count(&found["shares"]);
        for asked in found["asked"].as_array().into_iter().flatten() {
            self.credits += count(&asked["trace"][2]);
            self.evidence += count(&asked["evidence"]);
            self.novelty += count(&asked["novelty"][3]);
            self.influence += count(&asked["influence"][1]);
            self.shapley += count(&asked["shapley"][1]);
            let fault = asked["datainf"][0].is_string();
            self.faults += usize::from(fault);
            self.datainf += if fault { 0 } else { count(&asked["datainf"][1]) };
        }
    }

    /// A dozen cases have all kinds of answers in them.
    fn say_something(&self) -> bool {
        let Self { runs, credits, evidence, novelty, influence, datainf, faults, shapley, shares } = *self;
        setting("PROPTEST_CASES", 1_000) < 100
            || [runs, credits, evidence, novelty, influence, datainf, faults, shapley, shares].iter().all(|&count| count > 0)
    }
}

/// What the precompiles say, in the driver's words.
fn answers(history: &History, seed: u64) -> Value {
    let mut dice = Dice(seed);
    match history {
        History::Text { steps, ask } => {
            let create = Program::default().call(STORE, store::createTextSetCall {});
            let mut machine = live(create, steps, &mut dice);
            let rows = steps.iter().filter(|step| matches!(step, Step::Append { .. })).count() as u64;
            let stored: Value = (0..rows).map(|row| runs(&mut machine, row)).collect();
            let facts: Value = (0..rows).map(|row| facts(&mut machine, row)).collect();
            let asked: Value = ask.iter().map(|ask| ask_text(&mut machine, ask)).collect();
            unlearned(&mut machine, &ask[dice.below(ask.len())]);
            json!({ "runs": stored, "rows": facts, "asked": asked })
        }
        History::Sketch { dim, steps, ask } => {
            let terms = store::createSketchSetCall { dim: *dim as u16, labelled: true, minExponent: 0, maxExponent: 63 };
            let mut machine = live(Program::default().call(STORE, terms), steps, &mut dice);
            json!({ "asked": ask.iter().map(|ask| ask_sketches(&mut machine, ask)).collect::<Value>() })
        }
        History::Split { pool, weights } => {
            let call = IRewardSplit::splitCall { pool: *pool, weights: weights.clone() };
            let shares = Machine::new().call(ALICE, SPLIT, call).unwrap();
            json!({ "shares": strings(&shares) })
        }
    }
}

/// The program's set after the steps: one, two or three of them in a transaction, between some that were reverted.
fn live(create: Program, steps: &[Step], dice: &mut Dice) -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    assert!(machine.run(&create).0);
    let mut left = steps;
    while !left.is_empty() {
        if dice.one_in(5) {
            // What comes later, or in another order, and a question while it is there.
            let undone = left.iter().rev().take(2).fold(Program::default(), program);
            let undone = undone.call(TEXT, question()).call(SKETCH, sketch_question()).reverting();
            machine.put(PROGRAM, &undone.assemble());
            assert!(!machine.transact(ALICE, PROGRAM, Vec::new(), 0).is_success());
        }
        let now;
        (now, left) = left.split_at((1 + dice.below(3)).min(left.len()));
        let now = now.iter().fold(Program::default(), |before, step| program(before.call(TEXT, question()), step));
        assert!(machine.run(&now).0);
    }
    machine
}

/// One step more.
fn program(program: Program, step: &Step) -> Program {
    let set = U256::ONE;
    match step {
        Step::Append { contributor, payload } => {
            program.call(STORE, store::appendCall { setId: set, contributor: *contributor, payload: bytes(payload) })
        }
        &Step::Status { row, status } => program.call(STORE, store::setStatusCall { setId: set, row, status }),
        &Step::Reassign { row, contributor } => program.call(STORE, store::reassignCall { setId: set, row, contributor }),
    }
}

fn bytes(payload: &Payload) -> Bytes {
    match payload {
        Payload::Text(text) => text.clone().into_bytes().into(),
        Payload::Sketches(rows) => {
            let row = |row: &Sketch| -> Vec<u8> {
                let values = row.values.iter().map(|&value| value as u8);
                [row.exponent].into_iter().chain(row.label.to_be_bytes()).chain(values).collect()
            };
            rows.iter().flat_map(row).collect()
        }
    }
}

fn question() -> text::traceCall {
    text::traceCall { setId: U256::ONE, version: 0, output: Bytes::from_static(b"w0 w1 w2 w0 w1 w2 w3"), topK: 0 }
}

fn sketch_question() -> sketch::influenceCall {
    sketch::influenceCall { setId: U256::ONE, version: 0, query: vec![1; 32].into(), topK: 1 }
}

/// Contributor, status and version of a row.
fn facts(machine: &mut Machine, index: u64) -> Value {
    let row = machine.call(ALICE, STORE, store::rowCall { setId: U256::ONE, index }).unwrap();
    json!([row.contributor, row.status, row.born])
}

fn ask_text(machine: &mut Machine, ask: &AskText) -> Value {
    let (id, version, top) = (U256::ONE, ask.version, ask.most);
    let output: Bytes = ask.output.clone().into_bytes().into();
    let trace = machine.call(ALICE, TEXT, text::traceCall { setId: id, version, output: output.clone(), topK: top }).unwrap();
    let by = text::traceByContributorCall { setId: id, version, output: output.clone(), topK: top };
    let by = machine.call(ALICE, TEXT, by).unwrap();
    let sums = |explained: U256, withheld: U256, total: U256| strings(&[explained, withheld, total]);
    let [explained, withheld, total] = sums(trace.explained, trace.withheld, trace.total).try_into().unwrap();
    let trace = json!([trace.rows, trace.origins, strings(&trace.credits), explained, withheld, total]);
    let [explained, withheld, total] = sums(by.explained, by.withheld, by.total).try_into().unwrap();
    let contributors = json!([by.contributors, strings(&by.credits), explained, withheld, total]);
    let items = machine.call(ALICE, TEXT, text::evidenceCall { setId: id, version, output: output.clone(), most: top }).unwrap();
    let item = |item: &text::Evidence| {
        let text::Evidence { row, origin, outputStart, outputEnd, rowStart, rowEnd, originStart, originEnd, weight, withheld } = item;
        json!([row, origin, outputStart, outputEnd, rowStart, rowEnd, originStart, originEnd, weight, withheld])
    };
    let evidence: Value = items.iter().map(item).collect();
    let novelty = machine.call(ALICE, STORE, store::noveltyCall { setId: id, version, document: output });
    let novelty = match novelty {
        Ok(found) => {
            let [inherited, closed, total] = sums(found.inherited, found.closed, found.total).try_into().unwrap();
            json!([inherited, closed, total, found.rows, strings(&found.weights)])
        }
        Err(fault) => {
            assert!(ask.output.is_empty() && Fault::abi_decode(&fault).unwrap() == Fault::EmptyPayload(EmptyPayload {}));
            Value::Null
        }
    };
    json!({ "trace": trace, "contributors": contributors, "evidence": evidence, "novelty": novelty })
}

/// An index that is built from the shards gives the same for the same gas as the one that grew.
fn unlearned(machine: &mut Machine, ask: &AskText) {
    let output = ask.output.clone().into_bytes().into();
    let call = text::evidenceCall { setId: U256::ONE, version: ask.version, output, most: ask.most }.abi_encode();
    let mut cold = Machine { cache: None, ..machine.clone() };
    let [warm, cold] = [machine, &mut cold].map(|machine| machine.transact(ALICE, TEXT, call.clone(), 0));
    assert!(warm.is_success());
    assert_eq!((warm.output(), warm.tx_gas_used()), (cold.output(), cold.tx_gas_used()));
}

fn ask_sketches(machine: &mut Machine, ask: &AskSketches) -> Value {
    let (id, version, top) = (U256::ONE, ask.version, ask.most);
    let queries: Vec<Bytes> = ask.queries.iter().map(|query| query.iter().map(|&value| value as u8).collect()).collect();
    let (query, k, label) = (queries[0].clone(), ask.k, ask.label);
    let found = machine.call(ALICE, SKETCH, sketch::influenceCall { setId: id, version, query: query.clone(), topK: top }).unwrap();
    let [positive, negative] = [found.positive, found.negative].map(|sum| sum.to_string());
    let influence = json!([found.rows, signed(&found.scores), positive, negative]);
    let by = sketch::influenceByContributorCall { setId: id, version, queries, topK: top };
    let found = machine.call(ALICE, SKETCH, by).unwrap();
    let contributors = json!([found.contributors, signed(&found.scores), found.positive.to_string()]);
    let call = sketch::dataInfCall { setId: id, version, query: query.clone(), lambda: ask.lambda, topK: top };
    let datainf = machine.call(ALICE, SKETCH, call).map_or_else(|fault| named(&fault), |found| json!([found.rows, signed(&found.scores)]));
    let call = shapley::knnShapleyCall { setId: id, version, query: query.clone(), label, k, topK: top };
    let each = machine.call(ALICE, SHAPLEY, call).map_or_else(|fault| named(&fault), |found| json!([found.rows, signed(&found.values)]));
    let call = shapley::knnShapleyByContributorCall { setId: id, version, query, label, k, topK: top };
    let by = machine.call(ALICE, SHAPLEY, call);
    let by = by.map_or_else(|fault| named(&fault), |found| json!([found.contributors, signed(&found.values)]));
    json!({ "influence": influence, "contributors": contributors, "datainf": datainf, "shapley": each, "shapleyBy": by })
}

/// A custom error as the driver names it.
fn named(fault: &[u8]) -> Value {
    match Fault::abi_decode(fault).unwrap() {
        Fault::UnequalExponents(fault) => json!(["UnequalExponents", fault.row]),
        Fault::ZeroDivisor(fault) => json!(["ZeroDivisor", fault.row]),
        Fault::ZeroNeighbours(_) => json!(["ZeroNeighbours", 0]),
        _ => panic!("an error of another kind"),
    }
}

fn strings(numbers: &[U256]) -> Vec<String> {
    numbers.iter().map(U256::to_string).collect()
}

fn signed(numbers: &[I256]) -> Vec<String> {
    numbers.iter().map(I256::to_string).collect()
}

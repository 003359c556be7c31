//! The text rules against the executable reference, on random sets.
//!
//! `TRIBUTARY_REFERENCE_CASES` says how many cases (300), `TRIBUTARY_REFERENCE_SEED` the first seed.
//! Without `python3` or the shared folder nothing is checked, which is said on the terminal.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "text_shared/cases.rs"]
mod cases;
#[path = "text_shared/reference.rs"]
mod reference;
mod text_shared;

use cases::{Case, Step};
use reference::{Reference, setting};
use serde_json::{Value, json};
use std::io::Write;
use text_shared::{chains, runs, shared};
use tributary_attribution::{
    Error,
    text::{
        Evidence, MemoryIndex, Overlay, Run, Status, StoredRow, TextIndex, Trace, Unmetered, evidence, novelty, output_chains, tokenize,
        trace,
    },
};

/// The reference behind the driver of these tests.
fn reference() -> Option<Reference> {
    Reference::start(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference_driver.py"), &shared("reference.py")?)
}

fn answer(reference: &mut Reference, case: &Case) -> Value {
    reference.send(&case.json());
    reference.receive()
}

#[test]
fn random_sets_are_traced_as_the_reference_does() {
    let Some(mut reference) = reference() else { return };
    let first = setting("TRIBUTARY_REFERENCE_SEED", 0);
    let mut seen = Seen::default();
    for seed in first..first + setting("TRIBUTARY_REFERENCE_CASES", 300) {
        let case = Case::random(seed);
        let expected = answer(&mut reference, &case);
        let result = std::panic::catch_unwind(|| check(&case, &expected));
        let Ok(now) = result else { panic!("seed {seed}: {}", case.json()) };
        seen.add(&now);
    }
    let _ = writeln!(std::io::stderr(), "against the reference: {seen:?}");
    assert!(seen.inherited > 0 && seen.closed > 0 && seen.credits > 0 && seen.withheld > 0, "the cases say nothing: {seen:?}");
}

#[test]
fn characters_of_every_script_fold_and_join_as_in_the_reference() {
    let Some(mut reference) = reference() else { return };
    // All of the plane with alphabets and its compatibility forms, a fifth of the others, the tags.
    let codes = (0..0x3100).chain(0xF900..0x1_0000).chain((0x3100..0x3_0000).step_by(5)).chain(0xE_0000..0xE_0200);
    let characters: Vec<char> = codes.filter_map(char::from_u32).collect();
    for some in characters.chunks(4_000) {
        // Within a word, after a symbol, and alone.
        let text: String = some.iter().map(|c| format!("a{c}b !{c}d {c} ")).collect();
        let case = Case { steps: Vec::new(), ask: vec![(1, text)] };
        let expected = answer(&mut reference, &case);
        ask(&MemoryIndex::new(), 1, &case.ask[0].1, &expected["traces"][0]);
    }
}

/// What the cases had in them, so that a run that checks nothing is seen.
#[derive(Debug, Default)]
struct Seen {
    traces: u64,
    inherited: u64,
    closed: u64,
    credits: u64,
    withheld: u64,
    evidence: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.traces += other.traces;
        self.inherited += other.inherited;
        self.closed += other.closed;
        self.credits += other.credits;
        self.withheld += other.withheld;
        self.evidence += other.evidence;
    }
}

/// Takes a step, and returns the runs of an append.
fn play<B: TextIndex<Error = Error>>(set: &mut Overlay<B>, step: &Step) -> Vec<Run> {
    match step {
        Step::Append(text) => set.append(text, 0, &mut Unmetered).unwrap().runs,
        Step::Status(row, status) => {
            set.set_status(*row, Status::try_from(*status).unwrap()).unwrap();
            Vec::new()
        }
    }
}

fn check(case: &Case, expected: &Value) -> Seen {
    let mut seen = Seen::default();
    let mut index = MemoryIndex::new();
    let stored: Vec<Vec<Run>> = case.steps.iter().map(|step| play(&mut index, step)).collect();
    let appended = case.steps.iter().zip(&stored).filter(|(step, _)| matches!(step, Step::Append(_)));
    assert_eq!(appended.map(|(_, stored)| runs(stored)).collect::<Value>(), expected["runs"]);
    seen.inherited = stored.iter().flatten().filter(|run| run.origin.is_some()).count() as u64;
    seen.closed = stored.iter().flatten().filter(|run| run.origin.is_none()).count() as u64;
    // Rebuilt from what shards hold.
    let mut rebuilt = MemoryIndex::new();
    for (step, stored) in case.steps.iter().zip(&stored) {
        match step {
            Step::Append(text) => {
                let born = rebuilt.version().unwrap() + 1;
                let stored = StoredRow { born, contributor: 0, runs: stored.clone(), document: text };
                rebuilt.restore(stored, &mut Unmetered).unwrap();
            }
            Step::Status(..) => drop(play(&mut rebuilt, step)),
        }
    }
    // An overlay over the whole index, of which it sees the first half, and lives the second again.
    let half = case.steps.len() / 2;
    let mut overlay = Overlay::over(&index, half as u64 + 1).unwrap();
    let again: Vec<Vec<Run>> = case.steps[half..].iter().map(|step| play(&mut overlay, step)).collect();
    assert_eq!(again, stored[half..]);
    for (number, (version, output)) in case.ask.iter().enumerate() {
        let expected_trace = &expected["traces"][number];
        let found = ask(&index, *version, output, expected_trace);
        assert_eq!(ask(&rebuilt, *version, output, expected_trace), found);
        assert_eq!(ask(&overlay, *version, output, expected_trace), found);
        let items = evidence(&index, *version, output, 0, &mut Unmetered).unwrap();
        assert_eq!(evidence(&overlay, *version, output, 0, &mut Unmetered).unwrap(), items);
        check_evidence(&index, output, &found, &items, &expected["origins"]);
        check_novelty(&index, *version, output, &expected["novelty"][number]);
        check_novelty(&overlay, *version, output, &expected["novelty"][number]);
        // Without what came after the version; then with it again.
        rebuilt.unwind(*version).unwrap();
        assert_eq!(trace(&rebuilt, *version, output, &mut Unmetered).unwrap(), found);
        check_novelty(&rebuilt, *version, output, &expected["novelty"][number]);
        let gone = *version as usize - 1;
        let again: Vec<Vec<Run>> = case.steps[gone..].iter().map(|step| play(&mut rebuilt, step)).collect();
        assert_eq!(again, stored[gone..]);
        seen.traces += 1;
        seen.credits += found.credits.len() as u64;
        seen.withheld += u64::from(found.withheld > 0);
        seen.evidence += items.len() as u64;
    }
    seen
}

fn ask(index: &impl TextIndex<Error = Error>, version: u64, output: &str, expected: &Value) -> Trace {
    let tokens: Value = tokenize(output).unwrap().iter().map(|token| json!([token.text, token.start, token.end])).collect();
    assert_eq!(tokens, expected["tokens"]);
    let all = output_chains(index, version, output, i64::MIN, &mut Unmetered).unwrap();
    assert_eq!(chains(&all), expected["chains"]);
    for floor in [0, 500, 2_000, 6_000] {
        let some = output_chains(index, version, output, floor, &mut Unmetered).unwrap();
        assert!(some.iter().eq(all.iter().filter(|chain| chain.score >= floor)));
    }
    let trace = trace(index, version, output, &mut Unmetered).unwrap();
    let credits: Value = trace.credits.iter().map(|credit| json!([credit.row, credit.origin, credit.weight])).collect();
    assert_eq!(credits, expected["credits"]);
    assert_eq!(json!([trace.explained, trace.withheld, trace.total]), expected["sums"]);
    trace
}

/// The three ranges of an item hold the same tokens, its origin is the reference's, and the weights
/// sum to the credits.
fn check_evidence(index: &MemoryIndex, output: &str, trace: &Trace, items: &[Evidence], origins: &Value) {
    let words = |text: &str, start: u32, end: u32| -> (usize, Vec<String>) {
        let tokens = tokenize(text).unwrap();
        let first = tokens.iter().take_while(|token| token.start < start).count();
        let inside = tokens.iter().skip(first).take_while(|token| token.end <= end);
        (first, inside.map(|token| token.text.to_owned()).collect())
    };
    for item in items {
        let (row, origin) = (index.document(item.row).unwrap(), index.document(item.origin).unwrap());
        let (_, quoted) = words(output, item.output_start, item.output_end);
        let (at, found) = words(&row, item.row_start, item.row_end);
        let (at_origin, first) = words(&origin, item.origin_start, item.origin_end);
        // A character that folds to several tokens has one range, which may hold more than the item.
        let one_character =
            |text: &str, start: u32, end: u32| text[start as usize..end as usize].chars().any(|c| "½\u{fdfa}…①".contains(c));
        if one_character(output, item.output_start, item.output_end) || one_character(&row, item.row_start, item.row_end) {
            continue;
        }
        if one_character(&origin, item.origin_start, item.origin_end) {
            continue;
        }
        assert!(!quoted.is_empty() && quoted == found && found == first, "{item:?}");
        for by in 0..found.len() {
            let known = &origins[item.row as usize][at + by];
            let place = if known.is_null() { json!([item.row, at + by]) } else { known.clone() };
            assert_eq!(place, json!([item.origin, at_origin + by]));
        }
    }
    for credit in &trace.credits {
        let paid = items.iter().filter(|item| (item.row, item.origin, item.withheld) == (credit.row, credit.origin, false));
        assert_eq!(paid.map(|item| item.weight).sum::<u64>(), credit.weight);
    }
    assert_eq!(items.iter().filter(|item| item.withheld).map(|item| item.weight).sum::<u64>(), trace.withheld);
    assert_eq!(items.iter().map(|item| item.weight).sum::<u64>(), trace.explained);
}

fn check_novelty(index: &impl TextIndex<Error = Error>, version: u64, text: &str, expected: &Value) {
    let found = novelty(index, version, text, &mut Unmetered).unwrap();
    assert_eq!(json!([found.inherited, found.closed, found.total, found.rows]), *expected);
}

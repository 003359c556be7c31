//! The text rules against the golden vectors that the executable reference wrote.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod text_shared;

use serde_json::{Value, json};
use text_shared::{chains, runs, shared};
use tributary_attribution::text::{MemoryIndex, Status, Unmetered, output_chains, tokenize, trace};

fn vectors(name: &str) -> Vec<Value> {
    let Some(path) = shared(&format!("vectors/{name}")) else { return Vec::new() };
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap())
}

/// The set of a case, with what each append stored.
fn set(case: &Value) -> (MemoryIndex, Vec<Value>) {
    let mut index = MemoryIndex::new();
    let stored = texts(&case["documents"]).map(|text| runs(&index.append(text, 0, &mut Unmetered).unwrap().runs)).collect();
    for change in case["changes"].as_array().unwrap() {
        let status = Status::try_from(u8::try_from(change[1].as_u64().unwrap()).unwrap()).unwrap();
        index.set_status(change[0].as_u64().unwrap(), status).unwrap();
    }
    (index, stored)
}

#[test]
fn the_character_table_is_the_shared_one() {
    let Some(path) = shared("unicode.txt") else { return };
    assert!(std::fs::read(path).unwrap() == include_bytes!("../src/text/unicode.txt"));
}

#[test]
fn tokens_equal_the_reference() {
    for case in vectors("tokens.json") {
        let tokens = tokenize(case["text"].as_str().unwrap()).unwrap();
        let tokens: Value = tokens.iter().map(|token| json!([token.text, token.start, token.end])).collect();
        assert_eq!(tokens, case["tokens"], "{}", case["text"]);
    }
}

#[test]
fn appends_store_the_runs_of_the_reference() {
    for case in vectors("trace.json") {
        assert_eq!(json!(set(&case).1), case["inherited"], "{}", case["kind"]);
    }
}

#[test]
fn chains_equal_the_reference() {
    for case in vectors("trace.json") {
        let (index, _) = set(&case);
        let found =
            output_chains(&index, case["version"].as_u64().unwrap(), case["output"].as_str().unwrap(), i64::MIN, &mut Unmetered).unwrap();
        assert_eq!(chains(&found[..found.len().min(8)]), case["chains"], "{}", case["kind"]);
    }
}

#[test]
fn traces_equal_the_reference() {
    for case in vectors("trace.json") {
        let (index, _) = set(&case);
        let trace = trace(&index, case["version"].as_u64().unwrap(), case["output"].as_str().unwrap(), &mut Unmetered).unwrap();
        let credits: Value = trace.credits.iter().map(|credit| json!([credit.row, credit.origin, credit.weight])).collect();
        assert_eq!(credits, case["credits"], "{}", case["kind"]);
        let sums = json!([trace.explained, trace.withheld, trace.total]);
        assert_eq!(sums, json!([case["explained"], case["withheld"], case["total"]]), "{}", case["kind"]);
    }
}

#[test]
fn weights_of_tokens_equal_the_reference() {
    for case in vectors("trace.json") {
        let (index, _) = set(&case);
        let (version, output) = (case["version"].as_u64().unwrap(), case["output"].as_str().unwrap());
        for (token, weight) in tokenize(output).unwrap().iter().zip(case["weights"].as_array().unwrap()) {
            let alone = trace(&index, version, token.text, &mut Unmetered).unwrap();
            assert_eq!(json!(alone.total), *weight, "{}: {}", case["kind"], token.text);
        }
    }
}

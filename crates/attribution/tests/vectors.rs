//! The golden vectors that the executable reference wrote.
//!
//! They lie in `attribution/vectors` of the shared folder: `$TRIBUTARY_SHARED`, or `../shared`
//! beside the repository. Where there is no such folder these tests check nothing, which they say on the terminal even when it shows no
//! output of tests, and which `cargo xtask test` counts. A folder without the vectors, or a variable that names none, is a failure.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloy_primitives::U256;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use tributary_attribution::{
    first_edition::{TextIndex, Unmetered, tokenize},
    rarity::log2_q8,
    shapley::{LabelledQuery, LabelledRow, knn_shapley},
    sketch::{SketchRow, datainf, influence},
    split::split,
};

#[allow(clippy::disallowed_macros, reason = "a skipped test must say so")]
fn vectors(name: &str) -> Vec<Value> {
    let named = std::env::var_os("TRIBUTARY_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = named.clone().unwrap_or_else(beside);
    if named.is_none() && !shared.is_dir() {
        println!("skipped: no folder shared beside the repository, and no TRIBUTARY_SHARED, with attribution/vectors/{name}");
        // Past the capture of a passing test's output.
        let _ = writeln!(std::io::stderr(), "SKIPPED, nothing checked: attribution/vectors/{name} is absent");
        return Vec::new();
    }
    let path = shared.join("attribution/vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn number(value: &Value) -> u64 {
    match value.as_str() {
        Some(text) => text.parse().unwrap(),
        None => value.as_u64().unwrap(),
    }
}

fn u256(value: &Value) -> U256 {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Vec<i8> {
    list(value).iter().map(|v| i8::try_from(v.as_i64().unwrap()).unwrap()).collect()
}

fn scores(value: &Value) -> Vec<Option<i128>> {
    list(value).iter().map(|v| v.as_str().map(|text| text.parse().unwrap())).collect()
}

fn matrix(value: &Value) -> Vec<Vec<i8>> {
    list(value).iter().map(bytes).collect()
}

#[test]
fn log2_equals_the_reference() {
    for case in vectors("log2_q8.json") {
        let got = log2_q8(number(&case["num"]), number(&case["den"]));
        assert_eq!(u64::from(got), number(&case["value"]), "{case}");
    }
}

#[test]
fn split_equals_the_reference() {
    for case in vectors("split.json") {
        let weights: Vec<U256> = list(&case["weights"]).iter().map(u256).collect();
        let shares: Vec<U256> = list(&case["shares"]).iter().map(u256).collect();
        assert_eq!(split(u256(&case["pool"]), &weights), shares);
    }
}

#[test]
fn influence_equals_the_reference() {
    for case in vectors("influence.json") {
        let values = matrix(&case["rows"]);
        let rows: Vec<SketchRow<'_>> = (0..number(&case["up_to"]) as usize)
            .map(|row| SketchRow {
                values: &values[row],
                exponent: number(&case["exponents"][row]) as u8,
                contributor: number(&case["contributors"][row]) as u32,
                active: case["active"][row].as_bool().unwrap(),
            })
            .collect();
        let got = influence(&rows, &bytes(&case["query"])).unwrap();
        assert_eq!(got.scores, scores(&case["scores"]));
        let expected: BTreeMap<u32, i128> = case["by_contributor"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(who, sum)| (who.parse().unwrap(), sum.as_str().unwrap().parse().unwrap()))
            .collect();
        assert_eq!(got.by_contributor, expected);
    }
}

#[test]
fn datainf_equals_the_reference() {
    for case in vectors("datainf.json") {
        let values = matrix(&case["rows"]);
        let rows: Vec<SketchRow<'_>> = values
            .iter()
            .zip(list(&case["active"]))
            .map(|(values, active)| SketchRow { values, exponent: 0, contributor: 0, active: active.as_bool().unwrap() })
            .collect();
        let got = datainf(&rows, &bytes(&case["query"]), number(&case["lambda_"])).unwrap();
        assert_eq!(got, scores(&case["scores"]));
    }
}

#[test]
fn knn_shapley_equals_the_reference() {
    for case in vectors("knn_shapley.json") {
        let values = matrix(&case["rows"]);
        let rows: Vec<LabelledRow<'_>> = values
            .iter()
            .enumerate()
            .map(|(row, values)| LabelledRow {
                values,
                label: number(&case["labels"][row]) as u16,
                active: case["active"][row].as_bool().unwrap(),
            })
            .collect();
        let query = bytes(&case["query"]);
        let query = LabelledQuery { values: &query, label: number(&case["label"]) as u16, neighbours: number(&case["k"]) as u16 };
        assert_eq!(knn_shapley(&rows, query).unwrap(), scores(&case["values"]));
    }
}

#[test]
fn trace_equals_the_reference() {
    for case in vectors("trace.json") {
        let output = case["output"].as_str().unwrap();
        let tokens: Vec<Value> = tokenize(output).map(|token| serde_json::json!([token.text, token.start, token.end])).collect();
        assert_eq!(tokens, list(&case["tokens"]));

        let documents = list(&case["documents"]).iter().map(|text| text.as_str().unwrap());
        let index = TextIndex::build(documents.map(str::as_bytes)).unwrap();
        let mut host = Unmetered(|row: u64| case["active"][row as usize].as_bool().unwrap());
        let Ok(seeds) = index.seeds(output, &mut host);
        let seeds: Vec<Value> = seeds
            .iter()
            .map(|seed| {
                let places: Vec<_> = seed.occurrences.iter().map(|o| (o.row, o.token)).collect();
                serde_json::json!([seed.output_token, seed.length, seed.count, places])
            })
            .collect();
        assert_eq!(seeds, list(&case["seeds"]));

        let Ok(trace) = index.trace(output, &mut host);
        let credits: BTreeMap<String, u64> = trace.credits.iter().map(|credit| (credit.row.to_string(), credit.weight)).collect();
        assert_eq!(serde_json::json!(credits), case["credits"]);
        assert_eq!(trace.explained, number(&case["explained"]));
        assert_eq!(trace.total, number(&case["total"]));
    }
}

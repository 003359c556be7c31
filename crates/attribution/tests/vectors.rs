//! The golden vectors that the executable reference wrote.
//!
//! Those of the text rules are in `text_vectors.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plain;
mod shared;

use alloy_primitives::U256;
use plain::{
    shapley::{LabelledRow, knn_shapley},
    sketch::{SketchRow, datainf, influence},
};
use serde_json::Value;
use std::collections::BTreeMap;
use tributary_attribution::{
    contributors::Contributors,
    rarity::log2_q8,
    rows::{Layout, Rows},
    scan::{self, Scratch, ShapleyQuery},
    split::split,
};

fn vectors(name: &str) -> Vec<Value> {
    let Some(text) = shared::read(&format!("attribution2/vectors/{name}")) else { return Vec::new() };
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

/// The first rows of a case as they are stored, and those that do not count.
fn stored(case: &Value, rows: usize) -> (Layout, Vec<u8>, Vec<u64>) {
    let labels = case["labels"].as_array();
    let mut bytes = Vec::new();
    for (row, values) in matrix(&case["rows"]).iter().enumerate().take(rows) {
        bytes.push(case["exponents"].get(row).map_or(0, number) as u8);
        bytes.extend(labels.into_iter().flat_map(|labels| (number(&labels[row]) as u16).to_be_bytes()));
        bytes.extend(values.iter().map(|value| value.cast_unsigned()));
    }
    let withdrawn = (0..rows as u64).filter(|&row| !case["active"][row as usize].as_bool().unwrap()).collect();
    (Layout::new(number(&case["dim"]) as usize, labels.is_some()).unwrap(), bytes, withdrawn)
}

/// Scores of all rows that have one, in the order of the rows.
fn non_zero(scores: &[Option<i128>]) -> Vec<(u64, i128)> {
    (0..).zip(scores).filter_map(|(row, score)| score.filter(|&score| score != 0).map(|score| (row, score))).collect()
}

fn by_row(mut best: Vec<(u64, i128)>) -> Vec<(u64, i128)> {
    best.sort_unstable();
    best
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

        let (layout, bytes, withdrawn) = stored(&case, rows.len());
        let stored = Rows::new(layout, [&bytes[..]], &withdrawn).unwrap();
        let query = self::bytes(&case["query"]);
        let found = scan::influence(&stored, &query, 0).unwrap();
        assert_eq!(by_row(found.best), non_zero(&got.scores));
        let mut contributors = Contributors::default();
        rows.iter().for_each(|row| contributors.push(row.contributor, 1));
        let found = scan::influence_by_contributor(&stored, &[&query], &contributors, 0).unwrap();
        let positive: BTreeMap<u32, i128> = expected.into_iter().filter(|&(_, sum)| sum > 0).collect();
        assert_eq!(found.best.into_iter().collect::<BTreeMap<_, _>>(), positive);
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
        let (query, lambda) = (bytes(&case["query"]), number(&case["lambda_"]));
        let got = datainf(&rows, &query, lambda).unwrap();
        assert_eq!(got, scores(&case["scores"]));

        let (layout, bytes, withdrawn) = stored(&case, rows.len());
        let stored = Rows::new(layout, [&bytes[..]], &withdrawn).unwrap();
        assert_eq!(by_row(scan::datainf(&stored, &query, lambda, 0).unwrap()), non_zero(&got));
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
        let query = ShapleyQuery { values: &query, label: number(&case["label"]) as u16, neighbours: number(&case["k"]) as u16 };
        let got = knn_shapley(&rows, query).unwrap();
        assert_eq!(got, scores(&case["values"]));

        let (layout, bytes, withdrawn) = stored(&case, rows.len());
        let stored = Rows::new(layout, [&bytes[..]], &withdrawn).unwrap();
        assert_eq!(by_row(scan::knn_shapley(&stored, query, 0, &mut Scratch::default()).unwrap()), non_zero(&got));
    }
}

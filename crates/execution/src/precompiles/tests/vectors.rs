//! The golden vectors that the executable reference wrote, through the precompiles.

use super::machine::{ALICE, Machine};
use crate::precompiles::sets::Kind;
use crate::precompiles::shards::{Shard, decode_text, shard_address};
use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::SolCall;
use revm::Database;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use tributary_contracts::{
    IAttributionStore as store, IRewardSplit, IShapleyAttribution as shapley, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{
        ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH,
        TEXT_ATTRIBUTION as TEXT,
    },
};

/// Cases of a file of `attribution2/vectors` in the shared folder, which is `$TRIBUTARY_SHARED`, or `../shared` beside the repository.
/// None without a folder, which is said on the terminal; a folder without the file is a failure.
#[allow(clippy::disallowed_macros, reason = "a skipped test must say so")]
fn vectors(name: &str) -> Vec<Value> {
    let named = std::env::var_os("TRIBUTARY_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = named.clone().unwrap_or_else(beside);
    if named.is_none() && !shared.is_dir() {
        println!("skipped: no folder shared beside the repository, and no TRIBUTARY_SHARED, with attribution2/vectors/{name}");
        // Past the capture of a passing test's output.
        let _ = writeln!(std::io::stderr(), "SKIPPED, nothing checked: attribution2/vectors/{name} is absent");
        return Vec::new();
    }
    let path = shared.join("attribution2/vectors").join(name);
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// The call succeeds in a transaction whose only step it is.
fn succeed<C: SolCall>(machine: &mut Machine, to: Address, call: C) -> C::Return {
    machine.call(ALICE, to, call).unwrap()
}

fn text_set(case: &Value) -> Machine {
    let mut machine = Machine::new();
    succeed(&mut machine, STORE, store::createTextSetCall {});
    machine.cache = Some(std::sync::Arc::new(crate::precompiles::IndexCache::new(usize::MAX)));
    for document in list(&case["documents"]) {
        let payload = document.as_str().unwrap().as_bytes().to_vec().into();
        succeed(&mut machine, STORE, store::appendCall { setId: U256::ONE, contributor: 0, payload });
    }
    for change in list(&case["changes"]) {
        let (row, status) = (number(&change[0]), number(&change[1]) as u8);
        succeed(&mut machine, STORE, store::setStatusCall { setId: U256::ONE, row, status });
    }
    machine
}

/// The runs that a row's shard holds, as the reference writes them.
pub(super) fn runs(machine: &mut Machine, row: u64) -> Value {
    let hash = machine.state.basic(shard_address(U256::ONE, row)).unwrap().unwrap().code_hash;
    let code = machine.state.code_by_hash(hash).unwrap().original_bytes();
    let shard = Shard::decode(Kind::Text, &code).unwrap();
    assert!(shard.rows == 1 && shard.born >= row + 2);
    let (runs, _) = decode_text(&shard.payload).unwrap();
    let run = |run: &tributary_attribution::text::Run| {
        let (row, token) = run.origin.map_or((-1, 0), |origin| (i64::try_from(origin.row).unwrap(), origin.token));
        json!([run.start, run.length, row, token])
    };
    runs.iter().map(run).collect()
}

#[test]
fn traces_and_what_appends_store_equal_the_reference() {
    for case in vectors("trace.json") {
        let mut machine = text_set(&case);
        let stored: Value = (0..list(&case["documents"]).len() as u64).map(|row| runs(&mut machine, row)).collect();
        assert_eq!(stored, case["inherited"], "{}", case["kind"]);
        let output = case["output"].as_str().unwrap().as_bytes().to_vec();
        // From the index that grew with the appends, and from one that is built from the shards.
        for cached in [true, false] {
            if !cached {
                machine.cache = None;
            }
            let call = text::traceCall { setId: U256::ONE, version: number(&case["version"]), output: output.clone().into(), topK: 0 };
            let found = succeed(&mut machine, TEXT, call);
            let places = found.rows.iter().zip(&found.origins).zip(&found.credits);
            let mut credits: Vec<_> = places.map(|((&row, &origin), credit)| (row, origin, credit.to::<u64>())).collect();
            credits.sort_unstable();
            assert_eq!(json!(credits), case["credits"], "{}", case["kind"]);
            let sums = [found.explained, found.withheld, found.total].map(|sum| sum.to::<u64>());
            assert_eq!(json!(sums), json!([case["explained"], case["withheld"], case["total"]]), "{}", case["kind"]);
        }
    }
}

fn query(case: &Value) -> Vec<u8> {
    list(&case["query"]).iter().map(|value| value.as_i64().unwrap() as i8 as u8).collect()
}

/// The rows of a case, one a shard, and the withdrawal of those that do not count.
fn sketch_set(case: &Value) -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(std::sync::Arc::new(crate::precompiles::IndexCache::new(usize::MAX)));
    let (dim, labelled) = (number(&case["dim"]) as u16, case["labels"].is_array());
    succeed(&mut machine, STORE, store::createSketchSetCall { dim, labelled, minExponent: 0, maxExponent: 63 });
    for (row, values) in list(&case["rows"]).iter().enumerate() {
        let mut payload = vec![case["exponents"].get(row).map_or(0, number) as u8];
        payload.extend(case["labels"].get(row).into_iter().flat_map(|label| (number(label) as u16).to_be_bytes()));
        payload.extend(list(values).iter().map(|value| value.as_i64().unwrap() as i8 as u8));
        let contributor = case["contributors"].get(row).map_or(0, number) as u32;
        succeed(&mut machine, STORE, store::appendCall { setId: U256::ONE, contributor, payload: payload.into() });
    }
    for (row, active) in (0..).zip(list(&case["active"])) {
        if !active.as_bool().unwrap() {
            succeed(&mut machine, STORE, store::setStatusCall { setId: U256::ONE, row, status: 2 });
        }
    }
    machine
}

/// Non-zero scores, best first, ties to the lower index.
fn ranked<I: Ord + Copy>(scores: impl IntoIterator<Item = (I, I256)>) -> (Vec<I>, Vec<I256>) {
    let mut scores: Vec<_> = scores.into_iter().filter(|(_, score)| !score.is_zero()).collect();
    scores.sort_by_key(|&(index, score)| (-score, index));
    scores.into_iter().unzip()
}

fn score(value: &Value) -> Option<I256> {
    value.as_str().map(|text| text.parse().unwrap())
}

fn rows(scores: &Value) -> (Vec<u64>, Vec<I256>) {
    ranked((0..).zip(list(scores)).filter_map(|(row, value)| Some((row, score(value)?))))
}

#[test]
fn influence_equals_the_reference() {
    for case in vectors("influence.json") {
        let mut machine = sketch_set(&case);
        // A case counts the first rows, with statuses that came after the last: the others are withdrawn here.
        let up_to = number(&case["up_to"]);
        for row in up_to..list(&case["rows"]).len() as u64 {
            succeed(&mut machine, STORE, store::setStatusCall { setId: U256::ONE, row, status: 2 });
        }
        let found =
            succeed(&mut machine, SKETCH, sketch::influenceCall { setId: U256::ONE, version: 0, query: query(&case).into(), topK: 0 });
        assert_eq!((found.rows, found.scores), rows(&case["scores"]));
        let queries = vec![query(&case).into()];
        let found = succeed(&mut machine, SKETCH, sketch::influenceByContributorCall { setId: U256::ONE, version: 0, queries, topK: 0 });
        let sums = case["by_contributor"].as_object().unwrap().iter();
        let positive = sums.map(|(who, sum)| (who.parse::<u32>().unwrap(), score(sum).unwrap())).filter(|(_, sum)| sum.is_positive());
        assert_eq!((found.contributors, found.scores), ranked(positive));
    }
}

#[test]
fn datainf_equals_the_reference() {
    for case in vectors("datainf.json") {
        let lambda = number(&case["lambda_"]);
        let call = sketch::dataInfCall { setId: U256::ONE, version: 0, query: query(&case).into(), lambda, topK: 0 };
        let found = succeed(&mut sketch_set(&case), SKETCH, call);
        assert_eq!((found.rows, found.scores), rows(&case["scores"]));
    }
}

#[test]
fn knn_shapley_equals_the_reference() {
    for case in vectors("knn_shapley.json") {
        let (label, k) = (number(&case["label"]) as u16, number(&case["k"]) as u16);
        let call = shapley::knnShapleyCall { setId: U256::ONE, version: 0, query: query(&case).into(), label, k, topK: 0 };
        let found = succeed(&mut sketch_set(&case), SHAPLEY, call);
        assert_eq!((found.rows, found.values), rows(&case["values"]));
    }
}

#[test]
fn split_equals_the_reference() {
    let wide = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
    for case in vectors("split.json") {
        let call = IRewardSplit::splitCall { pool: wide(&case["pool"]), weights: list(&case["weights"]).iter().map(wide).collect() };
        let shares = succeed(&mut Machine::new(), SPLIT, call);
        assert_eq!(shares, list(&case["shares"]).iter().map(wide).collect::<Vec<_>>());
    }
}

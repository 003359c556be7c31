use super::machine::{ALICE, Machine, assert_refused};
use crate::precompiles::IndexCache;
use alloy_primitives::{Bytes, I256, U256, keccak256};
use revm::DatabaseRef;
use std::sync::Arc;
use tributary_attribution::{
    shapley::{LabelledQuery, LabelledRow, knn_shapley},
    sketch::{SketchRow, datainf, dot, influence},
};
use tributary_contracts::{
    IAttributionErrors as errors, IAttributionStore as store, IRewardSplit, IShapleyAttribution as shapley, ISketchAttribution as api,
    predeploys::{ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH},
};

const DIM: usize = 32;

/// Row `i` of the case: values, exponent, label, contributor; row 4 is not active.
struct Row {
    values: Vec<i8>,
    exponent: u8,
    label: u16,
    contributor: u32,
}

fn rows(equal_exponents: bool) -> Vec<Row> {
    let value = |row: usize, at: usize| ((row * 97 + at * 61 + row * at * 13) % 255) as i32 - 127;
    (0..9)
        .map(|row| Row {
            values: (0..DIM).map(|at| value(row, at) as i8).collect(),
            exponent: if equal_exponents { 5 } else { (row * 7 % 12) as u8 },
            label: (row % 3) as u16,
            contributor: (row / 3) as u32,
        })
        .collect()
}

const INACTIVE: usize = 4;

/// The case as set 1, three rows a shard.
fn machine(rows: &[Row]) -> Machine {
    let mut machine = Machine::new();
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: DIM as u16, labelled: true }).unwrap();
    for shard in rows.chunks(3) {
        let bytes = |row: &Row| {
            let values = row.values.iter().map(|&value| value as u8);
            [row.exponent].into_iter().chain(row.label.to_be_bytes()).chain(values).collect::<Vec<u8>>()
        };
        let payload: Bytes = shard.iter().flat_map(bytes).collect();
        let call = store::appendCall { setId: U256::ONE, contributor: shard[0].contributor, payload };
        machine.call(ALICE, STORE, call).unwrap();
    }
    let reject = store::setActiveCall { setId: U256::ONE, row: INACTIVE as u64, active: false };
    machine.call(ALICE, STORE, reject).unwrap();
    machine
}

fn sketch_rows(rows: &[Row]) -> Vec<SketchRow<'_>> {
    let row = |(at, row): (usize, &'_ Row)| (at != INACTIVE, row.exponent, row.contributor);
    let facts: Vec<_> = rows.iter().enumerate().map(row).collect();
    let rows = rows.iter().zip(facts);
    rows.map(|(row, (active, exponent, contributor))| SketchRow { values: &row.values, exponent, contributor, active }).collect()
}

fn query(seed: usize) -> Vec<i8> {
    (0..DIM).map(|at| ((at * 37 + seed * 11) % 200) as i8).collect()
}

fn encoded(query: &[i8]) -> Bytes {
    query.iter().map(|&value| value as u8).collect()
}

fn wide(score: i128) -> I256 {
    I256::try_from(score).unwrap()
}

/// By score descending, then index ascending, without zeros.
fn ranked<I: Ord + Copy>(scores: impl IntoIterator<Item = (I, i128)>) -> (Vec<I>, Vec<I256>) {
    let mut scores: Vec<_> = scores.into_iter().filter(|(_, score)| *score != 0).collect();
    scores.sort_by_key(|&(index, score)| (-score, index));
    scores.into_iter().map(|(index, score)| (index, wide(score))).unzip()
}

fn numbered(scores: Vec<Option<i128>>) -> impl Iterator<Item = (u64, i128)> {
    scores.into_iter().enumerate().filter_map(|(row, score)| Some((row as u64, score?)))
}

#[test]
fn influence_is_that_of_the_mathematics() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    for up_to in [0, 2, 5, 9] {
        let counted = if up_to == 0 { 9 } else { up_to };
        let call = api::influenceCall { setId: U256::ONE, upTo: up_to as u64, query: encoded(&query(0)), topK: 0 };
        let result = machine.call(ALICE, SKETCH, call).unwrap();
        let scores = influence(&sketch_rows(&rows)[..counted], &query(0)).unwrap().scores;
        let sum = |sign: i128| wide(scores.iter().flatten().filter(|s| s.signum() == sign).sum());
        assert_eq!((result.positive, result.negative), (sum(1), sum(-1)));
        assert_eq!((result.rows, result.scores), ranked(numbered(scores)));
    }
}

#[test]
fn what_a_call_pretends_of_a_set_reaches_no_other_call() {
    let rows = rows(false);
    let cache = Arc::new(IndexCache::new(usize::MAX));
    let ask = |machine: &mut Machine, query: Bytes| {
        let result = machine.call(ALICE, SKETCH, api::influenceCall { setId: U256::ONE, upTo: 0, query, topK: 0 }).unwrap();
        (result.rows, result.scores)
    };
    // Rows are as long when their label counts as two more values.
    let mut pretending = machine(&rows);
    let terms = U256::from_be_bytes(keccak256([b"tributary/set".as_slice(), &U256::ONE.to_be_bytes::<32>()].concat()).0);
    let mut value = pretending.state.storage_ref(STORE, terms).unwrap().to_be_bytes::<32>();
    value[9..11].copy_from_slice(&(DIM as u16 + 2).to_be_bytes());
    value[8] = 0;
    pretending.state.insert_account_storage(STORE, terms, U256::from_be_bytes(value)).unwrap();
    pretending.cache = Some(cache.clone());
    ask(&mut pretending, vec![1; DIM + 2].into());

    let mut real = machine(&rows);
    real.cache = Some(cache);
    let expected = influence(&sketch_rows(&rows), &query(0)).unwrap().scores;
    assert_eq!(ask(&mut real, encoded(&query(0))), ranked(numbered(expected)));
}

#[test]
fn queries_of_a_batch_are_summed_before_the_positive_part_is_taken() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    let queries: Vec<Vec<i8>> = (0..8).map(query).collect();
    let batch = |queries: &[Vec<i8>]| api::influenceByContributorCall {
        setId: U256::ONE,
        upTo: 0,
        queries: queries.iter().map(|query| encoded(query)).collect(),
        topK: 0,
    };
    for size in [1, 8] {
        let result = machine.call(ALICE, SKETCH, batch(&queries[..size])).unwrap();
        let mut sums = [0; 3];
        for query in &queries[..size] {
            for (who, score) in influence(&sketch_rows(&rows), query).unwrap().by_contributor {
                sums[who as usize] += score;
            }
        }
        let positive = (0..).zip(sums).map(|(who, score)| (who, score.max(0)));
        assert_eq!((result.contributors, result.scores), ranked(positive));
        assert_eq!(result.positive, wide(sums.iter().map(|score| score.max(&0)).sum()));
    }
    let nine = vec![query(0); 9];
    assert_refused(machine.call(ALICE, SKETCH, batch(&[])), errors::InvalidBatch { queries: U256::ZERO });
    assert!(machine.call(ALICE, SKETCH, batch(&nine)).is_err());
}

#[test]
fn datainf_is_that_of_the_mathematics_and_wants_equal_exponents() {
    let rows = rows(true);
    let call = api::dataInfCall { setId: U256::ONE, upTo: 0, query: encoded(&query(3)), lambda: 777, topK: 4 };
    let result = machine(&rows).call(ALICE, SKETCH, call.clone()).unwrap();
    let mut expected = ranked(numbered(datainf(&sketch_rows(&rows), &query(3), 777).unwrap()));
    expected.0.truncate(4);
    expected.1.truncate(4);
    assert_eq!((result.rows, result.scores), expected);
    let unequal = machine(&super::sketches::rows(false)).call(ALICE, SKETCH, call);
    assert_refused(unequal, errors::UnequalExponents { row: 1 });
}

#[test]
fn shapley_values_are_those_of_the_mathematics() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    let labelled: Vec<LabelledRow<'_>> = sketch_rows(&rows)
        .iter()
        .zip(&rows)
        .map(|(sketch, row)| LabelledRow { values: sketch.values, label: row.label, active: sketch.active })
        .collect();
    let own = query(5);
    let values = knn_shapley(&labelled, LabelledQuery { values: &own, label: 1, neighbours: 4 }).unwrap();
    let call = shapley::knnShapleyCall { setId: U256::ONE, upTo: 0, query: encoded(&own), label: 1, k: 4, topK: 0 };
    let result = machine.call(ALICE, SHAPLEY, call.clone()).unwrap();
    assert_eq!((result.rows, result.values), ranked(numbered(values.clone())));

    let by = shapley::knnShapleyByContributorCall { setId: U256::ONE, upTo: 0, query: encoded(&own), label: 1, k: 4, topK: 0 };
    let result = machine.call(ALICE, SHAPLEY, by).unwrap();
    let mut sums = [0; 3];
    numbered(values).for_each(|(row, value)| sums[row as usize / 3] += value);
    assert_eq!((result.contributors, result.values), ranked((0..).zip(sums)));

    let none = shapley::knnShapleyCall { k: 0, ..call.clone() };
    assert_refused(machine.call(ALICE, SHAPLEY, none), errors::ZeroNeighbours {});
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false }).unwrap();
    let unlabelled = shapley::knnShapleyCall { setId: U256::from(2), ..call };
    assert_refused(machine.call(ALICE, SHAPLEY, unlabelled), errors::NotLabelled { setId: U256::from(2) });
}

#[test]
fn the_nearest_row_is_found_active_or_not() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    let near = |sketch: Bytes, up_to| store::nearestCall { setId: U256::ONE, upTo: up_to, sketch };
    let result = machine.call(ALICE, STORE, near(encoded(&rows[INACTIVE].values), 0)).unwrap();
    assert_eq!((result.row, result.cosineSquaredQ32), (INACTIVE as u64, u32::MAX));
    let result = machine.call(ALICE, STORE, near(encoded(&rows[INACTIVE].values), INACTIVE as u64)).unwrap();
    let target = &rows[INACTIVE].values;
    let cosine = |row: &Row| {
        let product = u128::try_from(dot(&row.values, target)).unwrap_or(0);
        ((product * product) << 32) / (dot(&row.values, &row.values) as u128 * dot(target, target) as u128)
    };
    let best = rows[..INACTIVE].iter().map(cosine).max().unwrap();
    assert_eq!(u128::from(result.cosineSquaredQ32), best);
    assert_eq!(cosine(&rows[result.row as usize]), best);
}

#[test]
fn sketches_of_the_wrong_kind_or_length_are_named() {
    let mut machine = machine(&rows(false));
    let call = api::influenceCall { setId: U256::ONE, upTo: 0, query: vec![1; 33].into(), topK: 0 };
    let wrong = errors::WrongLength { length: U256::from(33), expected: U256::from(32) };
    assert_refused(machine.call(ALICE, SKETCH, call.clone()), wrong);
    let beyond = api::influenceCall { upTo: 10, query: vec![1; 32].into(), ..call.clone() };
    assert_refused(machine.call(ALICE, SKETCH, beyond), errors::RowOutOfRange { setId: U256::ONE, row: 10, rows: 9 });
    machine.call(ALICE, STORE, store::createTextSetCall {}).unwrap();
    let text = api::influenceCall { setId: U256::from(2), ..call };
    assert_refused(machine.call(ALICE, SKETCH, text), errors::WrongKind { setId: U256::from(2), kind: 2 });
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false }).unwrap();
    let empty = store::nearestCall { setId: U256::from(3), upTo: 0, sketch: vec![1; 32].into() };
    assert_refused(machine.call(ALICE, STORE, empty), errors::EmptySet { setId: U256::from(3) });
}

#[test]
fn a_pool_is_split_to_the_wei() {
    let mut machine = Machine::new();
    let split = |pool, weights: &[U256]| IRewardSplit::splitCall { pool, weights: weights.to_vec() };
    let one = U256::ONE;
    assert_eq!(machine.call(ALICE, SPLIT, split(U256::from(5), &[one; 3])), Ok([2, 2, 1].map(U256::from).to_vec()));
    assert_eq!(machine.call(ALICE, SPLIT, split(U256::MAX, &[U256::MAX; 3])), Ok(vec![U256::MAX / U256::from(3); 3]));
    assert_eq!(machine.call(ALICE, SPLIT, split(one, &[])), Ok(vec![]));
}

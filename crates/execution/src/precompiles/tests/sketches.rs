use super::machine::{ALICE, Machine, assert_refused};
use crate::precompiles::IndexCache;
use alloy_primitives::{Bytes, I256, U256};
use std::sync::Arc;
use tributary_attribution::{
    contributors::Contributors,
    rows::{Layout, Rows},
    scan::{self, Scratch, ShapleyQuery},
};
use tributary_contracts::{
    IAttributionErrors as errors, IAttributionStore as store, IRewardSplit, IShapleyAttribution as shapley, ISketchAttribution as api,
    predeploys::{ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH},
    slots::attribution_store,
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
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: DIM as u16, labelled: true, minExponent: 0, maxExponent: 63 }).unwrap();
    for shard in rows.chunks(3) {
        let payload: Bytes = shard.iter().flat_map(bytes).collect();
        let call = store::appendCall { setId: U256::ONE, contributor: shard[0].contributor, payload };
        machine.call(ALICE, STORE, call).unwrap();
    }
    withdraw(&mut machine, INACTIVE as u64);
    machine
}

fn withdraw(machine: &mut Machine, row: u64) {
    machine.call(ALICE, STORE, store::setStatusCall { setId: U256::ONE, row, status: 2 }).unwrap();
}

/// The rows as they are stored.
struct Stored(Vec<u8>, Contributors);

impl Stored {
    fn new(rows: &[Row]) -> Self {
        let mut contributors = Contributors::default();
        rows.iter().for_each(|row| contributors.push(row.contributor, 1));
        Self(rows.iter().flat_map(bytes).collect(), contributors)
    }

    /// The first rows, of which some do not count.
    fn rows<'s>(&'s self, rows: usize, withdrawn: &'s [u64]) -> Rows<'s> {
        let layout = Layout::new(DIM, true).unwrap();
        Rows::new(layout, [&self.0[..rows * layout.row_length()]], withdrawn).unwrap()
    }
}

fn bytes(row: &Row) -> Vec<u8> {
    let values = row.values.iter().map(|&value| value as u8);
    [row.exponent].into_iter().chain(row.label.to_be_bytes()).chain(values).collect()
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

fn columns<I>(best: Vec<(I, i128)>) -> (Vec<I>, Vec<I256>) {
    best.into_iter().map(|(index, score)| (index, wide(score))).unzip()
}

fn influence(version: u64) -> api::influenceCall {
    api::influenceCall { setId: U256::ONE, version, query: encoded(&query(0)), topK: 0 }
}

#[test]
fn influence_is_that_of_the_mathematics_at_every_version() {
    let rows = rows(false);
    let stored = Stored::new(&rows);
    let mut machine = machine(&rows);
    // Three shards of three rows, and the withdrawal.
    for (version, counted, withdrawn) in
        [(1, 0, &[][..]), (2, 3, &[]), (3, 6, &[]), (4, 9, &[]), (5, 9, &[INACTIVE as u64]), (0, 9, &[INACTIVE as u64])]
    {
        let result = machine.call(ALICE, SKETCH, influence(version)).unwrap();
        let expected = scan::influence(&stored.rows(counted, withdrawn), &query(0), 0).unwrap();
        assert_eq!((result.positive, result.negative), (wide(expected.positive), wide(expected.negative)), "{version}");
        assert_eq!((result.rows, result.scores), columns(expected.best), "{version}");
    }
    let beyond = errors::UnknownVersion { setId: U256::ONE, version: 6, newest: 5 };
    assert_refused(machine.call(ALICE, SKETCH, influence(6)), beyond);
}

#[test]
fn many_rows_change_and_each_version_knows_which_count() {
    let rows = rows(false);
    let stored = Stored::new(&rows);
    let mut machine = machine(&rows);
    let others: Vec<u64> = (0..9).filter(|&row| row != INACTIVE as u64).rev().collect();
    for &row in &others {
        withdraw(&mut machine, row);
    }
    // All nine fill a slot of the list and begin the next.
    for (version, gone) in (5..).zip(0..=8) {
        let mut withdrawn = others[..gone].to_vec();
        withdrawn.push(INACTIVE as u64);
        withdrawn.sort_unstable();
        let result = machine.call(ALICE, SKETCH, influence(version)).unwrap();
        let expected = scan::influence(&stored.rows(9, &withdrawn), &query(0), 0).unwrap();
        assert_eq!((result.rows, result.scores), columns(expected.best), "{version}");
    }
    let back = store::setStatusCall { setId: U256::ONE, row: INACTIVE as u64, status: 0 };
    assert_eq!(machine.call(ALICE, STORE, back), Ok(14));
    assert_eq!(machine.call(ALICE, SKETCH, influence(0)).unwrap().rows, [INACTIVE as u64]);
}

#[test]
fn a_row_that_was_reassigned_is_paid_to_its_new_author_at_every_version() {
    let rows = rows(false);
    let stored = Stored::new(&rows);
    let mut machine = machine(&rows);
    machine.call(ALICE, STORE, store::reassignCall { setId: U256::ONE, row: 7, contributor: 77 }).unwrap();
    let mut contributors = stored.1.clone();
    contributors.reassign(7, 77);
    for (version, withdrawn) in [(4, &[][..]), (0, &[INACTIVE as u64])] {
        let call = api::influenceByContributorCall { setId: U256::ONE, version, queries: vec![encoded(&query(1))], topK: 0 };
        let result = machine.call(ALICE, SKETCH, call).unwrap();
        let expected = scan::influence_by_contributor(&stored.rows(9, withdrawn), &[&query(1)], &contributors, 0).unwrap();
        assert_eq!((result.contributors, result.scores), columns(expected.best));
    }
    let row = machine.call(ALICE, STORE, store::rowCall { setId: U256::ONE, index: 7 }).unwrap();
    assert_eq!((row.contributor, row.born, row.status), (77, 4, 0));
    assert_eq!(row.data, Bytes::from(bytes(&rows[7])));
}

#[test]
fn what_a_call_pretends_of_a_set_reaches_no_other_call() {
    let rows = rows(false);
    let cache = Arc::new(IndexCache::new(usize::MAX));
    let ask = |machine: &mut Machine, query: Bytes| {
        let result = machine.call(ALICE, SKETCH, api::influenceCall { setId: U256::ONE, version: 0, query, topK: 0 }).unwrap();
        (result.rows, result.scores)
    };
    let mut pretending = machine(&rows);
    let [terms, ..] = attribution_store::set(U256::ONE);
    let mut value = pretending.slot(terms).to_be_bytes::<32>();
    value[9..11].copy_from_slice(&(64_u16).to_be_bytes());
    value[8] = 0;
    pretending.pretend(terms, U256::from_be_bytes(value));
    pretending.cache = Some(cache.clone());
    let refused = pretending.call(ALICE, SKETCH, api::influenceCall { query: vec![1; 64].into(), ..influence(0) });
    assert_refused(refused, errors::DamagedShard { setId: U256::ONE, shard: 0 });

    let mut real = machine(&rows);
    real.cache = Some(cache);
    let stored = Stored::new(&rows);
    let expected = scan::influence(&stored.rows(9, &[INACTIVE as u64]), &query(0), 0).unwrap();
    assert_eq!(ask(&mut real, encoded(&query(0))), columns(expected.best));
}

#[test]
fn queries_of_a_batch_are_summed_before_the_positive_part_is_taken() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    let queries: Vec<Vec<i8>> = (0..8).map(query).collect();
    let batch = |queries: &[Vec<i8>]| api::influenceByContributorCall {
        setId: U256::ONE,
        version: 0,
        queries: queries.iter().map(|query| encoded(query)).collect(),
        topK: 0,
    };
    let stored = Stored::new(&rows);
    for size in [1, 8] {
        let result = machine.call(ALICE, SKETCH, batch(&queries[..size])).unwrap();
        let asked: Vec<&[i8]> = queries[..size].iter().map(Vec::as_slice).collect();
        let expected = scan::influence_by_contributor(&stored.rows(9, &[INACTIVE as u64]), &asked, &stored.1, 0).unwrap();
        assert_eq!((result.contributors, result.scores), columns(expected.best));
        assert_eq!(result.positive, wide(expected.positive));
    }
    let nine = vec![query(0); 9];
    assert_refused(machine.call(ALICE, SKETCH, batch(&[])), errors::InvalidBatch { queries: U256::ZERO });
    assert!(machine.call(ALICE, SKETCH, batch(&nine)).is_err());
}

#[test]
fn eight_queries_of_the_most_dimensions_are_answered_and_longer_call_data_is_not_decoded() {
    let mut machine = Machine::new();
    let create = store::createSketchSetCall { dim: 4096, labelled: false, minExponent: 0, maxExponent: 63 };
    machine.call(ALICE, STORE, create).unwrap();
    let payload = [vec![63], vec![1; 4096]].concat().into();
    machine.call(ALICE, STORE, store::appendCall { setId: U256::ONE, contributor: 5, payload }).unwrap();
    let batch = |queries| api::influenceByContributorCall { setId: U256::ONE, version: 0, queries, topK: 0 };
    let found = machine.call(ALICE, SKETCH, batch(vec![vec![1; 4096].into(); 8])).unwrap();
    assert_eq!((found.contributors, found.scores), (vec![5], vec![wide(8 * 4096)]));
    let longer = machine.call(ALICE, SKETCH, batch(vec![vec![1; 4096].into(); 9]));
    assert_refused(longer, errors::InvalidArguments {});
}

#[test]
fn datainf_is_that_of_the_mathematics_and_wants_equal_exponents() {
    let rows = rows(true);
    let call = api::dataInfCall { setId: U256::ONE, version: 0, query: encoded(&query(3)), lambda: 777, topK: 4 };
    let result = machine(&rows).call(ALICE, SKETCH, call.clone()).unwrap();
    let expected = scan::datainf(&Stored::new(&rows).rows(9, &[INACTIVE as u64]), &query(3), 777, 4).unwrap();
    assert_eq!((result.rows, result.scores), columns(expected));
    let unequal = machine(&super::sketches::rows(false)).call(ALICE, SKETCH, call.clone());
    assert_refused(unequal, errors::UnequalExponents { row: 1 });
    let mut zero = super::sketches::rows(true);
    zero[2].values.fill(0);
    let call = api::dataInfCall { lambda: 0, ..call };
    assert_refused(self::machine(&zero).call(ALICE, SKETCH, call), errors::ZeroDivisor { row: 2 });
}

#[test]
fn shapley_values_are_those_of_the_mathematics() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    let (stored, own) = (Stored::new(&rows), query(5));
    let asked = ShapleyQuery { values: &own, label: 1, neighbours: 4 };
    let counted = stored.rows(9, &[INACTIVE as u64]);
    let values = scan::knn_shapley(&counted, asked, 0, &mut Scratch::default()).unwrap();
    let call = shapley::knnShapleyCall { setId: U256::ONE, version: 0, query: encoded(&own), label: 1, k: 4, topK: 0 };
    let result = machine.call(ALICE, SHAPLEY, call.clone()).unwrap();
    assert_eq!((result.rows, result.values), columns(values));

    let by = shapley::knnShapleyByContributorCall { setId: U256::ONE, version: 0, query: encoded(&own), label: 1, k: 4, topK: 0 };
    let result = machine.call(ALICE, SHAPLEY, by).unwrap();
    let sums = scan::knn_shapley_by_contributor(&counted, asked, &stored.1, 0, &mut Scratch::default()).unwrap();
    assert_eq!((result.contributors, result.values), columns(sums));

    let none = shapley::knnShapleyCall { k: 0, ..call.clone() };
    assert_refused(machine.call(ALICE, SHAPLEY, none), errors::ZeroNeighbours {});
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false, minExponent: 0, maxExponent: 63 }).unwrap();
    let unlabelled = shapley::knnShapleyCall { setId: U256::from(2), ..call };
    assert_refused(machine.call(ALICE, SHAPLEY, unlabelled), errors::NotLabelled { setId: U256::from(2) });
}

#[test]
fn the_nearest_row_is_found_active_or_not() {
    let rows = rows(false);
    let mut machine = machine(&rows);
    let stored = Stored::new(&rows);
    let near = |version| store::nearestCall { setId: U256::ONE, version, sketch: encoded(&rows[INACTIVE].values) };
    for (version, counted) in [(2, 3), (3, 6), (0, 9)] {
        let result = machine.call(ALICE, STORE, near(version)).unwrap();
        let expected = scan::nearest(&stored.rows(counted, &[]), &rows[INACTIVE].values).unwrap();
        assert_eq!(Some((result.row, result.cosineSquaredQ32)), expected, "{version}");
        assert!(version == 2 || expected == Some((INACTIVE as u64, u32::MAX)));
    }
    assert_refused(machine.call(ALICE, STORE, near(1)), errors::EmptySet { setId: U256::ONE });
}

#[test]
fn sketches_of_the_wrong_kind_or_length_are_named() {
    let mut machine = machine(&rows(false));
    let call = api::influenceCall { setId: U256::ONE, version: 0, query: vec![1; 33].into(), topK: 0 };
    let wrong = errors::WrongLength { length: U256::from(33), expected: U256::from(32) };
    assert_refused(machine.call(ALICE, SKETCH, call.clone()), wrong);
    machine.call(ALICE, STORE, store::createTextSetCall {}).unwrap();
    let text = api::influenceCall { setId: U256::from(2), ..call };
    assert_refused(machine.call(ALICE, SKETCH, text), errors::WrongKind { setId: U256::from(2), kind: 2 });
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false, minExponent: 0, maxExponent: 63 }).unwrap();
    let empty = store::nearestCall { setId: U256::from(3), version: 0, sketch: vec![1; 32].into() };
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

//! Scans over stored rows against the rules for rows that are given one by one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plain;

use plain::{
    shapley::{self, LabelledRow},
    sketch::{self, SketchRow},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tributary_attribution::{
    Error,
    contributors::Contributors,
    rows::{Layout, Rows},
    scan::{self, Scratch, ShapleyQuery},
};

/// A row as its contributor, exponent, label, values and whether it counts.
#[derive(Debug, Clone)]
struct Row {
    contributor: u32,
    exponent: u8,
    label: u16,
    values: Vec<i8>,
    active: bool,
}

#[derive(Debug, Clone)]
struct Set {
    rows: Vec<Row>,
    withdrawn: Vec<u64>,
    segments: Vec<Vec<u8>>,
    layout: Layout,
    queries: Vec<Vec<i8>>,
}

impl Set {
    fn stored(&self) -> Rows<'_> {
        Rows::new(self.layout, self.segments.iter().map(Vec::as_slice), &self.withdrawn).unwrap()
    }

    fn sketches(&self) -> Vec<SketchRow<'_>> {
        let plain = |row: &'_ Row| (row.exponent, row.contributor, row.active);
        self.rows
            .iter()
            .map(|row| {
                let (exponent, contributor, active) = plain(row);
                SketchRow { values: &row.values, exponent, contributor, active }
            })
            .collect()
    }

    fn contributors(&self) -> Contributors {
        let mut contributors = Contributors::default();
        self.rows.iter().for_each(|row| contributors.push(row.contributor, 1));
        contributors
    }
}

fn bytes(row: &Row, labelled: bool) -> Vec<u8> {
    let label = row.label.to_be_bytes();
    let label = label.iter().filter(|_| labelled);
    [row.exponent].iter().chain(label).copied().chain(row.values.iter().map(|&value| value as u8)).collect()
}

/// Values of few kinds, so that ties are common.
fn values(dim: usize) -> impl Strategy<Value = Vec<i8>> {
    prop_oneof![
        3 => prop::collection::vec(any::<i8>(), dim),
        2 => prop::collection::vec(-1_i8..=1, dim),
        1 => prop::sample::select(vec![-128_i8, -127, 0, 127]).prop_map(move |value| vec![value; dim]),
    ]
}

fn set(labelled: bool, equal: bool) -> impl Strategy<Value = Set> {
    let dims = prop::sample::select(vec![32_usize, 64, 96, 160]);
    dims.prop_flat_map(move |dim| {
        let exponent = if equal { 9..10_u8 } else { 0..64 };
        let row = (0_u32..4, exponent, 0_u16..3, values(dim), prop::bool::weighted(0.8));
        let row = row.prop_map(|(contributor, exponent, label, values, active)| Row { contributor, exponent, label, values, active });
        let rows = prop::collection::vec((row, any::<bool>()), 0..150);
        (rows, prop::collection::vec(values(dim), 1..=8)).prop_map(move |(rows, queries)| {
            let mut segments = vec![Vec::new()];
            for (row, cut) in &rows {
                segments.last_mut().unwrap().extend(bytes(row, labelled));
                segments.extend(cut.then(Vec::new));
            }
            let rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
            let withdrawn = (0..).zip(&rows).filter(|(_, row)| !row.active).map(|(index, _)| index).collect();
            Set { rows, withdrawn, segments, layout: Layout::new(dim, labelled).unwrap(), queries }
        })
    })
}

/// By score descending, then index ascending, without zeros: what every scan returns.
fn ranked<I: Copy + Ord>(scores: impl IntoIterator<Item = (I, i128)>, top: u16) -> Vec<(I, i128)> {
    let mut scores: Vec<(I, i128)> = scores.into_iter().filter(|&(_, score)| score != 0).collect();
    scores.sort_by_key(|&(index, score)| (std::cmp::Reverse(score), index));
    scores.truncate(if top == 0 { scores.len() } else { top.into() });
    scores
}

fn numbered(scores: &[Option<i128>]) -> impl Iterator<Item = (u64, i128)> + '_ {
    (0..).zip(scores).filter_map(|(row, score)| Some((row, (*score)?)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn influence_over_stored_rows_is_that_of_the_rule(set in set(false, false), top in 0_u16..9) {
        let plain = sketch::influence(&set.sketches(), &set.queries[0]).unwrap();
        let found = scan::influence(&set.stored(), &set.queries[0], top).unwrap();
        prop_assert_eq!(found.best, ranked(numbered(&plain.scores), top));
        let sum = |sign: i128| plain.scores.iter().flatten().filter(|score| score.signum() == sign).sum::<i128>();
        prop_assert_eq!((found.positive, found.negative), (sum(1), sum(-1)));
    }

    #[test]
    fn influence_by_contributor_sums_all_queries_before_the_positive_part_is_taken(set in set(true, false), top in 0_u16..4) {
        let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
        for query in &set.queries {
            for (contributor, sum) in sketch::influence(&set.sketches(), query).unwrap().by_contributor {
                *sums.entry(contributor).or_default() += sum;
            }
        }
        sums.retain(|_, sum| *sum > 0);
        let queries: Vec<&[i8]> = set.queries.iter().map(Vec::as_slice).collect();
        let found = scan::influence_by_contributor(&set.stored(), &queries, &set.contributors(), top).unwrap();
        prop_assert_eq!(found.positive, sums.values().sum::<i128>());
        prop_assert_eq!(found.best, ranked(sums, top));
    }

    #[test]
    fn datainf_over_stored_rows_is_that_of_the_rule(set in set(false, true), lambda in prop_oneof![1_u64..9, any::<u64>()], top in 0_u16..9) {
        let plain = sketch::datainf(&set.sketches(), &set.queries[0], lambda);
        let found = scan::datainf(&set.stored(), &set.queries[0], lambda, top);
        prop_assert_eq!(found, plain.map(|scores| ranked(numbered(&scores), top)));
    }

    #[test]
    fn knn_shapley_over_stored_rows_is_that_of_the_rule(set in set(true, false), neighbours in 1_u16..200, label in 0_u16..3, top in 0_u16..9) {
        let rows: Vec<_> = set.rows.iter().map(|row| LabelledRow { values: &row.values, label: row.label, active: row.active }).collect();
        let query = ShapleyQuery { values: &set.queries[0], label, neighbours };
        let plain = shapley::knn_shapley(&rows, query).unwrap();
        // The scratch of an earlier scan is as good as a new one.
        let mut scratch = Scratch::default();
        for _ in 0..2 {
            let found = scan::knn_shapley(&set.stored(), query, top, &mut scratch).unwrap();
            prop_assert_eq!(found, ranked(numbered(&plain), top));
        }
        let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
        for (row, value) in numbered(&plain) {
            *sums.entry(set.rows[row as usize].contributor).or_default() += value;
        }
        let found = scan::knn_shapley_by_contributor(&set.stored(), query, &set.contributors(), top, &mut scratch).unwrap();
        prop_assert_eq!(found, ranked(sums, top));
    }

    #[test]
    fn the_nearest_stored_row_is_that_of_the_rule(set in set(false, false)) {
        let plain = sketch::nearest(&set.sketches(), &set.queries[0]);
        let found = scan::nearest(&set.stored(), &set.queries[0]).unwrap();
        prop_assert_eq!(found, plain.map(|(row, cosine)| (row as u64, cosine)));
    }
}

fn layout(labelled: bool) -> Layout {
    Layout::new(32, labelled).unwrap()
}

#[test]
fn sums_over_a_quarter_of_a_million_rows_are_exact_in_datainf() {
    let row = [[9; 1].as_slice(), &[127; 32]].concat();
    let bytes = row.repeat(200_000);
    let rows = Rows::new(layout(false), [&bytes[..]], &[]).unwrap();
    let found = scan::datainf(&rows, &[127; 32], 0, 1).unwrap();
    // Each quotient is 2^24, so that what a row is owed by the others is its own.
    assert_eq!(found, []);
    let found = scan::datainf(&rows, &[127; 32], 1, 1).unwrap();
    let (n, norm) = (200_000_i128, 32 * 127 * 127);
    let quotient = (norm << 24) / (norm + 1);
    assert_eq!(found, [(0, n * (norm << 24) - n * quotient * norm)]);
}

#[test]
fn what_a_store_would_not_have_written_is_named() {
    let row = |exponent: u8| [&[exponent][..], &[1; 32]].concat();
    let bytes = [row(63), row(64)].concat();
    let rows = Rows::new(layout(false), [&bytes[..]], &[]).unwrap();
    assert_eq!(scan::influence(&rows, &[1; 32], 0), Err(Error::Exponent { row: 1, exponent: 64 }));
    assert_eq!(scan::influence(&rows, &[1; 64], 0), Err(Error::QueryLength { found: 64, expected: 32 }));
    assert_eq!(Rows::new(layout(false), [&bytes[..33], &bytes[..34]], &[]).unwrap_err(), Error::PartialRow { segment: 1, length: 34 });
    assert_eq!(Rows::new(layout(false), [&bytes[..]], &[0, 0]).unwrap_err(), Error::WithdrawnOrder { row: 0 });
    assert_eq!(Rows::new(layout(false), [&bytes[..]], &[0, 2]).unwrap_err(), Error::WithdrawnOrder { row: 2 });

    let bytes = [row(9), row(8)].concat();
    let rows = Rows::new(layout(false), [&bytes[..]], &[]).unwrap();
    assert_eq!(scan::datainf(&rows, &[1; 32], 1, 0), Err(Error::UnequalExponents { row: 1 }));
    let query = ShapleyQuery { values: &[1; 32], label: 0, neighbours: 1 };
    let mut scratch = Scratch::default();
    assert_eq!(scan::knn_shapley(&rows, query, 0, &mut scratch), Err(Error::NotLabelled));
    assert_eq!(scan::knn_shapley(&rows, ShapleyQuery { neighbours: 0, ..query }, 0, &mut scratch), Err(Error::ZeroNeighbours));
    let nobody = Contributors::default();
    assert_eq!(scan::influence_by_contributor(&rows, &[&[1; 32]], &nobody, 0), Err(Error::UnknownContributor { row: 0 }));
    assert_eq!(scan::influence_by_contributor(&rows, &[], &nobody, 0), Err(Error::UnknownContributor { row: 0 }));
}

#[test]
fn a_zero_row_under_a_zero_lambda_is_an_error() {
    let rows = [0; 33];
    let rows = Rows::new(layout(false), [&rows[..]], &[]).unwrap();
    assert_eq!(scan::datainf(&rows, &[1; 32], 0, 0), Err(Error::ZeroDivisor { row: 0 }));
    assert_eq!(scan::datainf(&rows, &[1; 32], 1, 0), Ok(vec![]));
}

//! Every path against the rule written out, on random and extreme values.
//!
//! `TRIBUTARY_KERNEL_CASES` sets the number of random cases.

use super::*;
use crate::rows::{DIM_STEP, Layout, MAX_DIM, Rows};

const CASES: u64 = 10_000;

/// SplitMix64: the same cases on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Values of one of several characters: random, constant and extreme, of two extremes, sparse.
    fn values(&mut self, dim: usize) -> Vec<i8> {
        const EXTREMES: [i8; 7] = [-128, -127, -1, 0, 1, 126, 127];
        let (one, other) = (EXTREMES[self.below(7)], EXTREMES[self.below(7)]);
        match self.below(5) {
            0 => vec![one; dim],
            1 => (0..dim).map(|_| if self.next() & 1 == 0 { one } else { other }).collect(),
            2 => (0..dim).map(|_| if self.below(16) == 0 { self.next() as i8 } else { 0 }).collect(),
            _ => (0..dim.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(dim).map(|byte| byte as i8).collect(),
        }
    }
}

fn dot(x: &[i8], y: &[i8]) -> i32 {
    x.iter().zip(y).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

fn squared_distance(x: &[i8], y: &[i8]) -> u32 {
    x.iter().zip(y).map(|(&x, &y)| (i32::from(x) - i32::from(y)).pow(2).cast_unsigned()).sum()
}

/// Compares all paths on rows, each stored with bytes that are not values, and one to eight queries.
fn compare(rows: &[Vec<i8>], queries: &[Vec<i8>], labelled: bool) {
    let dim = queries[0].len();
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend([0xA5; 3].iter().take(if labelled { 3 } else { 1 }));
        bytes.extend(row.iter().map(|value| value.cast_unsigned()));
    }
    let layout = Layout::new(dim, labelled).unwrap();
    let stored = Rows::new(layout, [&bytes[..]], &[]).unwrap();
    let blocks: Vec<_> = stored.blocks().collect();
    let references: Vec<&[i8]> = queries.iter().map(Vec::as_slice).collect();
    let (query, batch) = (Query::new(&queries[0]).unwrap(), Batch::new(&references).unwrap());
    assert_eq!(query.values().collect::<Vec<_>>(), queries[0]);
    for path in Path::available() {
        let mut at = 0;
        for block in &blocks {
            let rows = &rows[at..at + block.rows()];
            at += rows.len();
            let (mut dots, mut batched, mut distances) = (vec![1; rows.len()], vec![[1; BATCH]; rows.len()], vec![1; rows.len()]);
            path.dots(block, &query, &mut dots);
            path.dots_of_batch(block, &batch, &mut batched);
            path.squared_distances(block, &query, &mut distances);
            for (index, row) in rows.iter().enumerate() {
                let expected: [i32; BATCH] = std::array::from_fn(|at| queries.get(at).map_or(0, |query| dot(row, query)));
                assert_eq!(dots[index], expected[0], "dot, {}, {dim} dimensions, row {index}", path.name());
                assert_eq!(batched[index], expected, "batch, {}, {dim} dimensions, row {index}", path.name());
                let apart = squared_distance(row, &queries[0]);
                assert_eq!(distances[index], apart, "distance, {}, {dim} dimensions, row {index}", path.name());
            }
        }
        assert_eq!(at, rows.len());
    }
}

#[test]
fn every_path_gives_the_integers_of_the_rule_for_random_rows_and_queries() {
    let cases = std::env::var("TRIBUTARY_KERNEL_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    for case in 0..cases {
        let mut random = Random(case);
        let most = [64, 512, 512, MAX_DIM][random.below(4)];
        let dim = DIM_STEP * (1 + random.below(most / DIM_STEP));
        let rows: Vec<_> = (0..1 + random.below(3)).map(|_| random.values(dim)).collect();
        let queries: Vec<_> = (0..1 + random.below(BATCH)).map(|_| random.values(dim)).collect();
        compare(&rows, &queries, case & 1 == 1);
    }
}

#[test]
fn every_path_is_exact_at_the_extremes_of_every_dimension() {
    for dim in (DIM_STEP..=MAX_DIM).step_by(DIM_STEP) {
        let constant = [-128, -127, 127].map(|value| vec![value; dim]);
        let rows: Vec<_> = constant.iter().cloned().chain([Random(dim as u64).values(dim)]).collect();
        for query in &constant {
            compare(&rows, std::slice::from_ref(query), dim % 64 == 0);
        }
        compare(&rows, &constant, dim % 64 != 0);
    }
}

#[test]
fn rows_of_several_blocks_are_all_scored() {
    let mut random = Random(7);
    let rows: Vec<_> = (0..700).map(|_| random.values(160)).collect();
    let queries: Vec<_> = (0..BATCH).map(|_| random.values(160)).collect();
    compare(&rows, &queries, true);
}

#[test]
fn the_best_path_is_the_last_available_one() {
    assert_eq!(Some(&Path::best()), Path::available().last());
    assert_eq!(Path::available()[0], Path::PORTABLE);
}

#[test]
fn queries_of_unsupported_or_unequal_dimensions_are_refused() {
    for dim in [0, 1, 31, 33, MAX_DIM + DIM_STEP] {
        assert_eq!(Query::new(&vec![0; dim]).unwrap_err(), crate::Error::UnsupportedDimension { dim });
    }
    assert_eq!(Batch::new(&[]).unwrap_err(), crate::Error::BatchSize { queries: 0 });
    assert_eq!(Batch::new(&[&[0; 32][..]; 9]).unwrap_err(), crate::Error::BatchSize { queries: 9 });
    assert_eq!(Batch::new(&[&[0; 32], &[0; 64]]).unwrap_err(), crate::Error::QueryLength { found: 64, expected: 32 });
}

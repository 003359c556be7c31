//! Scans of a million rows on one core, beside how fast one core reads memory at all.

#![allow(clippy::disallowed_macros, reason = "a program prints its table as it is measured")]

use crate::attribution::{
    Error,
    chain::{Ask, Chain},
    clock::Moment,
    content::Dice,
};
use alloy_primitives::U256;
use std::{hint::black_box, time::Duration};
use tributary_attribution::{
    contributors::Contributors,
    kernels::{Path, Query},
    rows::{BLOCK_ROWS, Layout, Rows},
    scan::{self, Scratch, ShapleyQuery},
};
use tributary_contracts::{
    IAttributionStore as store, IShapleyAttribution as shapley, ISketchAttribution as sketch,
    predeploys::{ATTRIBUTION_STORE as STORE, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH},
};

const ROWS: usize = 1_000_000;
const ROUNDS: usize = 9;
const CONTRIBUTORS: usize = 1_000;
/// Bytes of rows of an append.
const SEGMENT: usize = 128 << 10;

fn best(mut work: impl FnMut()) -> f64 {
    let timed = (0..ROUNDS).map(|_| {
        let started = Moment::now();
        work();
        started.elapsed()
    });
    milliseconds(timed.min().unwrap_or_default())
}

fn milliseconds(taken: Duration) -> f64 {
    taken.as_secs_f64() * 1e3
}

/// Reads every byte: the bound of any scan.
fn read(bytes: &[u8]) -> u64 {
    let mut sums = [0_u64; 16];
    for line in bytes.as_chunks::<128>().0 {
        for (sum, word) in sums.iter_mut().zip(line.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*word));
        }
    }
    sums.iter().fold(0, |total, sum| total.wrapping_add(*sum))
}

/// Rows of random values; exponents are equal, labels of ten kinds.
fn rows(layout: Layout, labelled: bool) -> Vec<u8> {
    let mut dice = Dice::new(1);
    let length = layout.row_length();
    let mut bytes: Vec<u8> = Vec::with_capacity(ROWS * length + 8);
    while bytes.len() < ROWS * length {
        bytes.extend(&dice.next().to_le_bytes()[..5]);
    }
    bytes.truncate(ROWS * length);
    for row in bytes.chunks_exact_mut(length) {
        row.iter_mut().filter(|value| **value == 0x80).for_each(|value| *value = 0);
        row[0] = 8;
        if labelled {
            (row[1], row[2]) = (0, row[2] % 10);
        }
    }
    bytes
}

fn query(dim: usize) -> Vec<i8> {
    let mut dice = Dice::new(2);
    (0..dim).map(|_| (dice.below(255) as i16 - 127) as i8).collect()
}

/// A set of these rows on a chain, of a thousand contributors.
fn chain(layout: Layout, labelled: bool, bytes: &[u8]) -> Result<Chain, Error> {
    let chain = Chain::new()?;
    let create = store::createSketchSetCall { dim: layout.dim() as u16, labelled, minExponent: 0, maxExponent: 9 };
    chain.commit(&[vec![Ask::new(STORE, create)]])?;
    let segment = SEGMENT / layout.row_length() * layout.row_length();
    let segments: Vec<&[u8]> = bytes.chunks(segment).collect();
    for (block, segments) in segments.chunks(64).enumerate() {
        let append = |(at, rows): (usize, &&[u8])| {
            let contributor = ((64 * block + at) % CONTRIBUTORS) as u32;
            vec![Ask::new(STORE, store::appendCall { setId: U256::ONE, contributor, payload: rows.to_vec().into() })]
        };
        chain.commit(&segments.iter().enumerate().map(append).collect::<Vec<_>>())?;
    }
    Ok(chain)
}

fn through(chain: &Chain, ask: Ask) -> Result<f64, Error> {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let ran = chain.run(std::slice::from_ref(&ask))?;
        if ran.calls.iter().any(|(success, _)| !success) {
            return Err(Error::Refused("a scan".into()));
        }
        best = best.min(milliseconds(ran.taken));
    }
    Ok(best)
}

/// Prints what scans of a million rows take.
///
/// # Errors
/// When a chain cannot be made.
pub fn scans() -> Result<(), Error> {
    println!("\n| one core, a million rows | processor time | floor | beyond |\n|---|--:|--:|--:|");
    influence()?;
    knn()
}

fn influence() -> Result<(), Error> {
    const DIM: usize = 256;
    let layout = Layout::new(DIM, false)?;
    let bytes = rows(layout, false);
    let stored = Rows::new(layout, [&bytes[..]], &[])?;
    let queries: Vec<Vec<i8>> = (0..8).map(|at| query(DIM + at).split_off(at)).collect();
    let references: Vec<&[i8]> = queries.iter().map(Vec::as_slice).collect();
    let mut contributors = Contributors::default();
    (0..ROWS).for_each(|row| contributors.push((row % CONTRIBUTORS) as u32, 1));

    let reading = best(|| _ = black_box(read(black_box(&bytes))));
    println!("| reading {} MB | {reading:.1} ms, {:.1} GB/s | | |", bytes.len() / 1_000_000, bytes.len() as f64 / reading / 1e6);
    let values = Query::new(&queries[0])?;
    let dots = best(|| {
        let mut out = [0; BLOCK_ROWS];
        stored.blocks().for_each(|block| Path::best().dots(&block, black_box(&values), black_box(&mut out)));
    });
    let share = 100.0 * reading / dots;
    println!("| dot products, d=256, {} | {dots:.1} ms, {share:.0} % of reading | 15 ms, 80 % | |", Path::best().name());
    let ranked = best(|| _ = black_box(scan::influence(&stored, &queries[0], 100)));
    println!("| influence, d=256, top 100 | {ranked:.1} ms, {:.0} % of reading | 15 ms | |", 100.0 * reading / ranked);
    let batch = best(|| _ = black_box(scan::influence_by_contributor(&stored, &references, &contributors, 100)));
    println!("| 8 queries a pass, by contributor | {:.2} ns a row and query | | 3 ns |", batch * 1e6 / (8 * ROWS) as f64);
    let chain = chain(layout, false, &bytes)?;
    let bytes_of = |values: &[i8]| values.iter().map(|value| value.cast_unsigned()).collect::<Vec<u8>>().into();
    let ask = sketch::influenceCall { setId: U256::ONE, version: 0, query: bytes_of(&queries[0]), topK: 100 };
    println!("| influence through the precompile, top 100 | {:.1} ms | 15 ms | |", through(&chain, Ask::new(SKETCH, ask))?);
    let queries = queries.iter().map(|query| bytes_of(query)).collect();
    let ask = sketch::influenceByContributorCall { setId: U256::ONE, version: 0, queries, topK: 100 };
    let taken = through(&chain, Ask::new(SKETCH, ask))?;
    println!("| 8 queries through the precompile, by contributor | {:.2} ns a row and query | | 3 ns |", taken * 1e6 / (8 * ROWS) as f64);
    Ok(())
}

fn knn() -> Result<(), Error> {
    const DIM: usize = 128;
    let layout = Layout::new(DIM, true)?;
    let bytes = rows(layout, true);
    let stored = Rows::new(layout, [&bytes[..]], &[])?;
    let values = query(DIM);
    let mut scratch = Scratch::default();
    let taken = best(|| {
        let query = ShapleyQuery { values: &values, label: 3, neighbours: 5 };
        let _ = black_box(scan::knn_shapley(&stored, query, 100, &mut scratch));
    });
    println!("| kNN-Shapley, d=128, k=5, top 100 | {taken:.1} ms | 25 ms | 10 ms |");
    let chain = chain(layout, true, &bytes)?;
    let query = values.iter().map(|value| value.cast_unsigned()).collect::<Vec<u8>>().into();
    let ask = shapley::knnShapleyCall { setId: U256::ONE, version: 0, query, label: 3, k: 5, topK: 100 };
    println!("| kNN-Shapley through the precompile, top 100 | {:.1} ms | 25 ms | 10 ms |", through(&chain, Ask::new(SHAPLEY, ask))?);
    Ok(())
}

//! How fast sketches are scanned on one core, beside how fast the same bytes can be read at all.
//!
//! `cargo run --release -p tributary-attribution --example scan [MILLIONS OF ROWS] [ROUNDS]`; the best of the rounds is
//! shown, then the median.

#![allow(clippy::unwrap_used, clippy::disallowed_macros, reason = "a program that prints figures")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tributary_attribution::{
    contributors::Contributors,
    kernels::{BATCH, Batch, Path, Query},
    rows::{BLOCK_ROWS, Layout, Rows},
    scan::{self, Scratch, ShapleyQuery},
};

/// A buffer that was written, so that its pages exist.
fn random_bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let words = (0..length.div_ceil(8)).flat_map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state ^ state >> 29).to_le_bytes()
    });
    words.take(length).collect()
}

/// Rows with exponents of 8..16 and labels of 0..10.
fn stored(rows: usize, layout: Layout, labelled: bool) -> Vec<u8> {
    let mut bytes = random_bytes(rows * layout.row_length());
    for row in bytes.chunks_exact_mut(layout.row_length()) {
        row[0] = 8 + row[0] % 8;
        if labelled {
            (row[1], row[2]) = (0, row[2] % 10);
        }
    }
    bytes
}

struct Figures {
    rounds: usize,
    rows: usize,
}

impl Figures {
    /// Runs `work` over `bytes` bytes and prints what it took; returns bytes per nanosecond of the best round.
    fn show(&self, what: &str, bytes: usize, mut work: impl FnMut()) -> f64 {
        work();
        let mut times: Vec<Duration> = (0..self.rounds)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let (best, median) = (times[0].as_nanos() as f64, times[times.len() / 2].as_nanos() as f64);
        let (per_row, rate) = (best / self.rows as f64, bytes as f64 / best);
        println!("{what:<46} {:>8.2} ms {per_row:>7.2} ns/row {rate:>7.2} GB/s   median {:>8.2} ms", best / 1e6, median / 1e6);
        rate
    }
}

/// The sum of all whole words, eight chains at a time, which the compiler makes as wide as it can.
fn read(bytes: &[u8]) -> u64 {
    let mut sums = [0_u64; 8];
    let (lines, _) = bytes.as_chunks::<64>();
    for line in lines {
        for (sum, word) in sums.iter_mut().zip(line.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*word));
        }
    }
    sums.iter().fold(0, |total, sum| total.wrapping_add(*sum))
}

fn influence(rows: usize, rounds: usize) {
    const DIM: usize = 256;
    let figures = Figures { rounds, rows };
    let layout = Layout::new(DIM, false).unwrap();
    let bytes = stored(rows, layout, false);
    let stored = Rows::new(layout, [&bytes[..]], &[]).unwrap();
    let queries: Vec<Vec<i8>> =
        (0..BATCH).map(|at| random_bytes(DIM * (at + 1))[DIM * at..].iter().map(|&byte| byte as i8).collect()).collect();
    let references: Vec<&[i8]> = queries.iter().map(Vec::as_slice).collect();
    let (query, batch) = (Query::new(&queries[0]).unwrap(), Batch::new(&references).unwrap());

    println!("{rows} rows of {DIM} dimensions, {} MB", bytes.len() / 1_000_000);
    let limit = figures.show("read: sum of u64", bytes.len(), || _ = black_box(read(black_box(&bytes))));
    for path in Path::available() {
        let rate = figures.show(&format!("dot products, one query, {}", path.name()), bytes.len(), || {
            let mut out = [0; BLOCK_ROWS];
            stored.blocks().for_each(|block| path.dots(&block, black_box(&query), black_box(&mut out)));
        });
        println!("{:>46} {:>7.1} % of read", "", 100.0 * rate / limit);
        figures.show(&format!("dot products, eight queries, {}", path.name()), bytes.len(), || {
            let mut out = [[0; BATCH]; BLOCK_ROWS];
            stored.blocks().for_each(|block| path.dots_of_batch(&block, black_box(&batch), black_box(&mut out)));
        });
    }
    let mut contributors = Contributors::default();
    (0..rows as u32).for_each(|row| contributors.push(row % 1_000, 1));
    for top in [100, 0] {
        let what = if top == 0 { "influence, all".to_owned() } else { format!("influence, top {top}") };
        figures.show(&what, bytes.len(), || _ = black_box(scan::influence(&stored, &queries[0], top).unwrap()));
    }
    for count in [1, BATCH] {
        figures.show(&format!("influence by contributor, {count} queries"), bytes.len(), || {
            black_box(scan::influence_by_contributor(&stored, &references[..count], &contributors, 100).unwrap());
        });
    }
    figures.show("nearest", bytes.len(), || _ = black_box(scan::nearest(&stored, &queries[0]).unwrap()));
    both_cores(&figures, &bytes, layout, &query);
    figures.show("read: sum of u64", bytes.len(), || _ = black_box(read(black_box(&bytes))));
}

/// The scan in two halves on two threads: what more than one core would give.
fn both_cores(figures: &Figures, bytes: &[u8], layout: Layout, query: &Query) {
    let (first, second) = bytes.split_at(bytes.len() / layout.row_length() / 2 * layout.row_length());
    figures.show("dot products, one query, two threads", bytes.len(), || {
        std::thread::scope(|scope| {
            for half in [first, second] {
                scope.spawn(move || {
                    let mut out = [0; BLOCK_ROWS];
                    let rows = Rows::new(layout, [half], &[]).unwrap();
                    rows.blocks().for_each(|block| Path::best().dots(&block, query, black_box(&mut out)));
                });
            }
        });
    });
}

fn shapley(rows: usize, rounds: usize) {
    const DIM: usize = 128;
    let figures = Figures { rounds, rows };
    let layout = Layout::new(DIM, true).unwrap();
    let bytes = stored(rows, layout, true);
    let stored = Rows::new(layout, [&bytes[..]], &[]).unwrap();
    let values: Vec<i8> = random_bytes(DIM).iter().map(|&byte| byte as i8).collect();
    let query = Query::new(&values).unwrap();

    println!("\n{rows} labelled rows of {DIM} dimensions, {} MB", bytes.len() / 1_000_000);
    figures.show("read: sum of u64", bytes.len(), || _ = black_box(read(black_box(&bytes))));
    for path in Path::available() {
        figures.show(&format!("squared distances, {}", path.name()), bytes.len(), || {
            let mut out = [0; BLOCK_ROWS];
            stored.blocks().for_each(|block| path.squared_distances(&block, black_box(&query), black_box(&mut out)));
        });
    }
    let mut scratch = Scratch::default();
    for top in [100, 0] {
        let what = if top == 0 { "kNN-Shapley, k = 5, all".to_owned() } else { format!("kNN-Shapley, k = 5, top {top}") };
        figures.show(&what, bytes.len(), || {
            let query = ShapleyQuery { values: &values, label: 3, neighbours: 5 };
            black_box(scan::knn_shapley(&stored, query, top, &mut scratch).unwrap());
        });
    }
    let unlabelled = Layout::new(DIM + 32, false).unwrap();
    let mut flat = random_bytes(rows * unlabelled.row_length());
    flat.iter_mut().step_by(unlabelled.row_length()).for_each(|exponent| *exponent = 8);
    let flat = Rows::new(unlabelled, [&flat[..]], &[]).unwrap();
    let wider: Vec<i8> = random_bytes(DIM + 32).iter().map(|&byte| byte as i8).collect();
    figures.show("DataInf, 160 dimensions, top 100", 2 * rows * unlabelled.row_length(), || {
        black_box(scan::datainf(&flat, &wider, 1_000, 100).unwrap());
    });
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<f64>().unwrap());
    let rows = arguments.next().map_or(1_000_000, |millions| (millions * 1e6) as usize);
    let rounds = arguments.next().map_or(15, |rounds| rounds as usize);
    influence(rows, rounds);
    shapley(rows, rounds);
}

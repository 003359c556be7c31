//! Sets of 1, 10 and 100 MB of text: cost has to follow what is scanned, and hardly what is stored.

#![allow(clippy::disallowed_macros, reason = "a program prints its table as it is measured")]

use crate::attribution::{
    Error,
    chain::Chain,
    content::Dice,
    texts::{append, chain_with, trace},
};
use std::time::{Duration, Instant};
use tributary_attribution::text::tokenize;

/// Outputs that are traced, and their tokens.
const TRACES: usize = 400;
const TOKENS: u32 = 500;
/// Appends of a longest document.
const APPENDS: usize = 10;
const LONGEST: usize = 128 << 10;
/// Bytes of documents of a block while a set is filled.
const BLOCK: usize = 4 << 20;

/// What one size of a set showed.
#[derive(Debug, Default)]
struct Figures {
    bytes: usize,
    filled: Duration,
    slowest: Duration,
    traces: Vec<Duration>,
    trace_gas: u64,
    appends: Vec<Duration>,
    seals: Vec<Duration>,
    start: Duration,
    first: Duration,
    resident: u64,
    disk: u64,
    index: u64,
}

/// Prints what traces and appends take over growing sets of the corpus.
///
/// # Errors
/// When the corpus is too small for the smallest set, or a chain cannot be made.
pub fn texts(corpus: &[String], megabytes: usize) -> Result<(), Error> {
    let held: usize = corpus.iter().map(String::len).sum();
    let sizes: Vec<usize> = [1, 10, 100].map(|size| size * 1_000_000).into_iter().filter(|size| *size <= 1_000_000 * megabytes).collect();
    let enough: Vec<usize> = sizes.iter().copied().filter(|size| *size <= held).collect();
    if enough.is_empty() {
        return Err(Error::Corpus(format!("the corpus holds {held} bytes, and the smallest set has 1 MB")));
    }
    if enough.len() < sizes.len() {
        println!("\nThe corpus holds {} MB only: larger sets are left out.", held / 1_000_000);
    }
    let figures = enough.iter().map(|size| measure(corpus, *size)).collect::<Result<Vec<_>, _>>()?;
    println!("{}", render(&figures));
    Ok(())
}

fn measure(corpus: &[String], size: usize) -> Result<Figures, Error> {
    let (mut documents, mut bytes) = (Vec::new(), 0);
    for document in corpus {
        if bytes >= size {
            break;
        }
        bytes += document.len();
        documents.push(document);
    }
    let mut figures = Figures { bytes, ..Figures::default() };
    let resident = resident();
    let mut chain = chain_with(&[])?;
    fill(&chain, &documents, &mut figures)?;
    figures.resident = self::resident().saturating_sub(resident);
    (figures.disk, figures.index) = chain.disk()?;

    for at in 0..TRACES {
        let output = edited(&documents, at as u64);
        let ran = chain.run(&[trace(0, output.as_bytes())])?;
        figures.traces.push(ran.taken);
        figures.trace_gas += ran.gas() / TRACES as u64;
    }
    for at in 0..APPENDS {
        let long: String = (0..60).map(|part| edited(&documents, (1_000 + 100 * at + part) as u64)).collect::<Vec<_>>().join(" ");
        let (ran, sealed) = chain.commit(&[vec![append(&long.as_bytes()[..long.floor_char_boundary(LONGEST)])]])?;
        figures.appends.extend(ran.iter().map(|ran| ran.taken));
        figures.seals.push(sealed);
    }
    figures.start = chain.start_again()?;
    figures.first = chain.run(&[trace(0, edited(&documents, 9).as_bytes())])?.taken;
    Ok(figures)
}

/// Appends the documents, some megabytes a block.
fn fill(chain: &Chain, documents: &[&String], figures: &mut Figures) -> Result<(), Error> {
    let started = Instant::now();
    let mut block = Vec::new();
    let mut bytes = 0;
    for (at, document) in documents.iter().enumerate() {
        block.push(vec![append(document.as_bytes())]);
        bytes += document.len();
        if bytes >= BLOCK || at + 1 == documents.len() {
            let (ran, _) = chain.commit(&std::mem::take(&mut block))?;
            figures.slowest = figures.slowest.max(ran.iter().map(|ran| ran.taken).max().unwrap_or_default());
            bytes = 0;
        }
    }
    figures.filled = started.elapsed();
    Ok(())
}

/// About 500 tokens from somewhere in the documents, every tenth word another.
fn edited(documents: &[&String], seed: u64) -> String {
    let mut dice = Dice::new(seed + 1);
    let (mut output, mut tokens) = (String::new(), 0);
    while tokens < TOKENS {
        let document = documents[dice.below(documents.len())];
        let from = document.floor_char_boundary(dice.below(document.len()));
        for (at, word) in document[from..].split_whitespace().enumerate() {
            tokens += tokenize(word).map_or(0, |tokens| tokens.len() as u32);
            if tokens > TOKENS {
                break;
            }
            output.push_str(if at % 10 == 9 { "changed" } else { word });
            output.push(' ');
        }
    }
    output
}

/// Bytes of memory of this process that are no file's (Linux; elsewhere 0).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() << 10
}

/// The time below which `percent` of them are, in milliseconds.
fn at(times: &[Duration], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn render(figures: &[Figures]) -> String {
    type Cell = fn(&Figures) -> String;
    let rows: [(&str, Cell, &str, &str); 13] = [
        ("trace of 500 tokens, p50", |of| format!("{:.2} ms", at(&of.traces, 50)), "1 ms", "0.3 ms"),
        ("trace of 500 tokens, p99", |of| format!("{:.2} ms", at(&of.traces, 99)), "5 ms", ""),
        ("its gas, on average", |of| of.trace_gas.to_string(), "", ""),
        ("append of 128 KiB, median", |of| format!("{:.1} ms", at(&of.appends, 50)), "150 ms", "40 ms"),
        ("append of 128 KiB, slowest", |of| format!("{:.1} ms", at(&of.appends, 100)), "150 ms", ""),
        ("sealing and writing its block", |of| format!("{:.1} ms", at(&of.seals, 50)), "", ""),
        ("slowest append of the set", |of| format!("{:.1} ms", of.slowest.as_secs_f64() * 1e3), "150 ms", ""),
        ("filling the set", |of| format!("{:.2} MB/s", of.bytes as f64 / 1e6 / of.filled.as_secs_f64()), "", ""),
        ("opening the index at a start", |of| format!("{:.1} ms", of.start.as_secs_f64() * 1e3), "1000 ms", ""),
        ("first trace after a start", |of| format!("{:.1} ms", of.first.as_secs_f64() * 1e3), "", ""),
        ("memory for it, beyond files", |of| format!("{} MiB", of.resident >> 20), "200 MiB", ""),
        ("disk, for each byte of text", |of| format!("{:.1} bytes", of.disk as f64 / of.bytes as f64), "12", "6"),
        ("of that, the index", |of| format!("{:.1} bytes", of.index as f64 / of.bytes as f64), "", ""),
    ];
    let mut text = "\nProcessor time of the one thread that executes; sealing and filling by the clock.\n\n| a set of".to_owned();
    figures.iter().for_each(|of| text.push_str(&format!(" | {} MB", of.bytes / 1_000_000)));
    text.push_str(" | floor at 100 MB | beyond |\n|---");
    (0..figures.len() + 2).for_each(|_| text.push_str("|--:"));
    text.push_str("|\n");
    for (name, cell, floor, beyond) in rows {
        let cells: Vec<String> = figures.iter().map(cell).collect();
        text.push_str(&format!("| {name} | {} | {floor} | {beyond} |\n", cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_column_for_each_size_and_the_targets_beside_them() {
        let of = |bytes: usize, micros: u64| Figures {
            bytes,
            filled: Duration::from_secs(1),
            traces: (1..=100).map(|n| Duration::from_micros(n * micros)).collect(),
            disk: 3 * bytes as u64,
            ..Figures::default()
        };
        let table = render(&[of(1_000_000, 10), of(10_000_000, 20)]);
        assert!(table.contains("| a set of | 1 MB | 10 MB | floor at 100 MB | beyond |"), "{table}");
        assert!(table.contains("| trace of 500 tokens, p50 | 0.51 ms | 1.02 ms | 1 ms | 0.3 ms |"), "{table}");
        assert!(table.contains("| disk, for each byte of text | 3.0 bytes | 3.0 bytes | 12 | 6 |"), "{table}");
    }
}

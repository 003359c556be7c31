//! Traces texts to a set in memory and prints how long that takes.
//!
//! `cargo run --release -p tributary-attribution --example trace -- [FOLDER] [MEGABYTES]` appends the
//! text files of a folder (none: generated prose), in pieces of at most 4 KiB, up to so many
//! megabytes (4), then traces 500 tokens of it with one word in ten changed, and appends one document
//! of 128 KiB.

#![allow(clippy::disallowed_macros, reason = "a program that prints")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use tributary_attribution::text::{Host, MemoryIndex, TextIndex, Unmetered, Work, append, evidence, tokenize, trace};

const PIECE: usize = 4 << 10;
const TRACES: usize = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next();
    let megabytes: usize = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let mut text = String::new();
    match folder.filter(|folder| !folder.is_empty()) {
        Some(folder) => read(Path::new(&folder), megabytes << 20, &mut text)?,
        None => generate(megabytes << 20, &mut text),
    }
    let mut set = MemoryIndex::new();
    let started = Instant::now();
    let pieces: Vec<&str> = pieces(&text).collect();
    for piece in &pieces {
        set.append(piece, 0, &mut Unmetered)?;
    }
    let version = set.version()?;
    let totals = set.totals(version)?;
    println!("{} bytes, {} tokens, {} rows, {} words", text.len(), totals.tokens, totals.rows, set.words()?);
    println!("the set holds about {} bytes of memory", set.memory());
    println!("appended in {:?}, {:.1} MB/s", started.elapsed(), text.len() as f64 / 1e6 / started.elapsed().as_secs_f64());

    let outputs: Vec<String> = (0..TRACES).map(|n| edited(&text, n)).collect();
    let mut ledger = Ledger::default();
    for output in &outputs {
        trace(&set, version, output, &mut ledger)?;
    }
    println!("a trace, on average: {}", ledger.per(TRACES as u64));
    report("trace", outputs.iter().map(|output| timed(|| trace(&set, version, output, &mut Unmetered).map(drop))));
    report("evidence", outputs.iter().map(|output| timed(|| evidence(&set, version, output, 0, &mut Unmetered).map(drop))));

    let long: String = (0..40).map(|n| edited(&text, 1_000 + n)).collect::<Vec<_>>().join(" ").chars().take(128 << 10).collect();
    let mut ledger = Ledger::default();
    append(&set, &long, 0, &mut ledger)?;
    println!("an append of {} bytes: {}", long.len(), ledger.per(1));
    report("append", (0..10).map(|_| timed(|| append(&set, &long, 0, &mut Unmetered).map(drop))));
    Ok(())
}

/// Appends the text files below a folder until there are `most` bytes.
fn read(folder: &Path, most: usize, text: &mut String) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if text.len() >= most {
            break;
        } else if kind.is_dir() {
            read(&entry.path(), most, text)?;
        } else if kind.is_file() {
            text.push_str(&std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
    Ok(())
}

/// Words of which few are common and many are rare.
fn generate(bytes: usize, text: &mut String) {
    let mut state = 1u64;
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Each power of two of ranks is as likely as any other.
        let rank = (state >> 40) % (1 << ((state >> 33) % 17));
        text.push_str(&format!("w{rank} "));
    }
}

fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = text.floor_char_boundary(PIECE);
        let piece;
        (piece, text) = text.split_at(end);
        (!piece.is_empty()).then_some(piece)
    })
}

/// About 500 tokens from somewhere in the text, every tenth word another.
fn edited(text: &str, n: usize) -> String {
    let from = text.floor_char_boundary(n.wrapping_mul(2_654_435_761) % text.len().max(1));
    let (mut output, mut tokens) = (String::new(), 0);
    for (at, word) in text[from..].split_whitespace().enumerate() {
        tokens += tokenize(word).map_or(0, |tokens| tokens.len());
        if tokens > 500 {
            break;
        }
        output.push_str(if at % 10 == 9 { "changed" } else { word });
        output.push(' ');
    }
    output
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    let _done = std::hint::black_box(work());
    started.elapsed()
}

fn report(name: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<_> = times.collect();
    times.sort();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    println!("{name}: p50 {:?}, p99 {:?}", at(50), at(99));
}

/// What was announced.
#[derive(Default)]
struct Ledger {
    tokens: u64,
    places: u64,
    rows: u64,
    extension: u64,
    anchors: u64,
    elements: u64,
}

impl Ledger {
    fn per(&self, n: u64) -> String {
        let Self { tokens, places, rows, extension, anchors, elements } = self;
        format!(
            "{} tokens, {} places, {} rows, {} tokens of extensions, {} anchors, {} elements",
            tokens / n,
            places / n,
            rows / n,
            extension / n,
            anchors / n,
            elements / n
        )
    }
}

impl Host for Ledger {
    type Error = tributary_attribution::Error;

    fn charge(&mut self, work: Work) -> Result<(), Self::Error> {
        match work {
            Work::Tokens(n) => self.tokens += n,
            Work::Places(n) => self.places += n,
            Work::Rows(n) => self.rows += n,
            Work::Extension(n) => self.extension += n,
            Work::Anchors(n) => self.anchors += n,
            Work::Elements(n) => self.elements += n,
            _ => {}
        }
        Ok(())
    }
}

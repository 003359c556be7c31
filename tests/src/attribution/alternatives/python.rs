//! numpy's scan, infini-gram's matches and pyDVL's values (`tests/bench/alternatives.py`), over the same data.

#![allow(clippy::disallowed_macros, reason = "a program prints its table as it is measured")]

use crate::attribution::{
    Error,
    clock::Moment,
    content::{Dice, labelled_rows},
};
use serde_json::{Value, json};
use std::{fs, hint::black_box, path::Path, process::Command};
use tributary_attribution::{
    rows::{Layout, Rows},
    scan::{Scratch, ShapleyQuery, influence, knn_shapley},
    text::{MemoryIndex, POSTINGS, TextIndex, Unmetered, trace},
};

const ROWS: usize = 200_000;
const DIM: usize = 256;
const LABELLED: usize = 2_000;
const LABELLED_DIM: u16 = 128;
const NEIGHBOURS: u16 = 5;
const LABEL: u16 = 3;
/// Bytes of text whose suffixes are sorted.
const TEXT: usize = 4_000_000;
const QUERIES: usize = 20;
const TOKENS: usize = 500;
/// Tokens of a match that are looked at, at most.
const LONGEST: usize = 64;
/// Between documents, as infini-gram has it for 16-bit tokens; 32-bit ones cost its indexer 32 GiB.
const SEPARATOR: u16 = u16::MAX;
/// Most words of the set, so that their numbers are below that.
const WORDS: u32 = 60_000;
const ROUNDS: usize = 5;

/// Prints our times beside theirs, and whether the results are the same.
///
/// # Errors
/// When a rule refuses its data.
pub fn python(interpreter: &Path, script: &Path, corpus: &[String]) -> Result<(), Error> {
    println!("\n| beside other people's tools, one core | ours | theirs | times as fast | same results |\n|---|--:|--:|--:|---|");
    let folder = tempfile::tempdir()?;
    let ask = |name: &str, about: &Value| asked(interpreter, script, (name, folder.path()), about);
    let (ours, sum, about) = scan(folder.path())?;
    if let Some(found) = ask("scan", &about)? {
        let same = found["sum"].as_i64() == Some(sum);
        row(&format!("influence of {ROWS} rows of {DIM}, top 100: numpy, int32"), ours, &found["int32_ms"], same.to_string());
        row("the same: numpy, float32 (four times the memory)", ours, &found["float32_ms"], found["equal"].to_string());
    }
    let (ours, (built, bytes), about) = matches(folder.path(), corpus)?;
    if let Some(found) = ask("matches", &about)? {
        let same = format!(
            "{} of {} lengths and {} of {} counts differ; {} it does not see",
            found["different"], found["checked"], found["wrong_counts"], found["counts"], found["silent"]
        );
        row(
            &format!("{TOKENS} words against {bytes} bytes of text: our trace, infini-gram's longest matches"),
            ours,
            &found["query_ms"],
            same,
        );
        row("indexing that text: with origins, its suffixes", built, &found["built_ms"], "–".into());
    }
    let (ours, about) = shapley(folder.path())?;
    if let Some(found) = ask("shapley", &about)? {
        let within = format!("within {:.1e}", found["furthest"].as_f64().unwrap_or(f64::NAN));
        row(&format!("kNN-Shapley of {LABELLED} rows: pyDVL"), ours, &found["ms"], within);
    }
    Ok(())
}

fn row(what: &str, ours: f64, theirs: &Value, same: String) {
    let theirs = theirs.as_f64().unwrap_or(f64::NAN);
    println!("| {what} | {ours:.2} ms | {theirs:.2} ms | {:.1} × | {same} |", theirs / ours);
}

/// What a tool answers; nothing when it cannot, which is said.
fn asked(interpreter: &Path, script: &Path, (name, folder): (&str, &Path), about: &Value) -> Result<Option<Value>, Error> {
    fs::write(folder.join("about.json"), about.to_string())?;
    // One core, as ours.
    let one = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"].map(|name| (name, "1"));
    let done = Command::new(interpreter).arg(script).arg(name).arg(folder).envs(one).output()?;
    let found = String::from_utf8_lossy(&done.stdout).lines().last().and_then(|line| serde_json::from_str(line).ok());
    if found.is_none() {
        let told = String::from_utf8_lossy(&done.stderr);
        println!("| not compared: {name} | – | – | – | {} |", told.lines().last().unwrap_or("it said nothing"));
    }
    Ok(found)
}

/// Milliseconds of the best of some rounds.
fn best(mut work: impl FnMut()) -> f64 {
    let timed = (0..ROUNDS).map(|_| {
        let started = Moment::now();
        work();
        started.elapsed()
    });
    timed.min().unwrap_or_default().as_secs_f64() * 1e3
}

fn scan(folder: &Path) -> Result<(f64, i64, Value), Error> {
    let mut dice = Dice::new(8);
    let mut value = || (dice.below(255) as i16 - 127) as i8;
    let rows: Vec<u8> = (0..ROWS * (DIM + 1)).map(|at| if at % (DIM + 1) == 0 { 63 } else { value() as u8 }).collect();
    let query: Vec<i8> = (0..DIM).map(|_| value()).collect();
    fs::write(folder.join("rows.i8"), &rows)?;
    fs::write(folder.join("query.i8"), query.iter().map(|value| value.cast_unsigned()).collect::<Vec<u8>>())?;
    let stored = Rows::new(Layout::new(DIM, false)?, [&rows[..]], &[])?;
    // With the largest exponent a score is the dot product.
    let sums = influence(&stored, &query, 1)?;
    let taken = best(|| _ = black_box(influence(&stored, &query, 100)));
    Ok((taken, (sums.positive + sums.negative) as i64, json!({ "dim": DIM })))
}

fn shapley(folder: &Path) -> Result<(f64, Value), Error> {
    let rows = labelled_rows(LABELLED_DIM, LABELLED, 12);
    let query = labelled_rows(LABELLED_DIM, 1, 13).split_off(3);
    fs::write(folder.join("labelled.i8"), &rows)?;
    fs::write(folder.join("labelled_query.i8"), &query)?;
    let stored = Rows::new(Layout::new(LABELLED_DIM.into(), true)?, [&rows[..]], &[])?;
    let query: Vec<i8> = query.iter().map(|value| value.cast_signed()).collect();
    let asked = || ShapleyQuery { values: &query, label: LABEL, neighbours: NEIGHBOURS };
    let mut scratch = Scratch::default();
    let mut values = vec![0.0; LABELLED];
    for (row, value) in knn_shapley(&stored, asked(), 0, &mut scratch)? {
        values[row as usize] = value as f64 / (1_u64 << 62) as f64;
    }
    let taken = best(|| _ = black_box(knn_shapley(&stored, asked(), 0, &mut scratch)));
    Ok((taken, json!({ "dim": LABELLED_DIM, "k": NEIGHBOURS, "label": LABEL, "values": values })))
}

/// Milliseconds of a trace and of indexing, bytes, and what infini-gram is asked.
fn matches(folder: &Path, corpus: &[String]) -> Result<(f64, (f64, usize), Value), Error> {
    let mut set = MemoryIndex::new();
    let (mut documents, mut bytes) = (Vec::new(), 0);
    let started = Moment::now();
    for document in corpus {
        if bytes >= TEXT || set.words()? > WORDS {
            break;
        }
        bytes += document.len();
        documents.push(document);
        set.append(document, 0, &mut Unmetered)?;
    }
    let built = started.elapsed().as_secs_f64() * 1e3;
    let totals = set.totals(set.version()?)?;
    if set.words()? >= SEPARATOR.into() {
        return Err(Error::Corpus("a document has too many words".into()));
    }
    write_tokens(folder, &set, totals.rows)?;

    let mut dice = Dice::new(10);
    let (mut queries, mut times) = (Vec::new(), Vec::new());
    for _ in 0..QUERIES {
        let document = documents[dice.below(documents.len())];
        let from = document.floor_char_boundary(dice.below(document.len()));
        let words: Vec<&str> = document[from..].split_whitespace().take(TOKENS).collect();
        let output: Vec<&str> = words.iter().enumerate().map(|(at, word)| if at % 10 == 9 { words[at / 2] } else { word }).collect();
        let output = output.join(" ");
        let version = set.version()?;
        times.push(best(|| _ = black_box(trace(&set, version, &output, &mut Unmetered))));
        queries.push(longest(&set, &output, totals.rows)?);
    }
    times.sort_by(f64::total_cmp);
    let known = set.words()? as usize;
    let words: Vec<u32> = (0..500).map(|_| dice.below(known) as u32).collect();
    let counts: Vec<u64> = words.iter().map(|word| set.count(*word, totals.rows)).collect::<Result<_, _>>()?;
    let about = json!({ "vocabulary": known, "longest": LONGEST, "queries": queries, "words": words, "counts": counts });
    Ok((times[times.len() / 2], (built, bytes), about))
}

/// The numbers of all tokens, as infini-gram's indexer takes them.
fn write_tokens(folder: &Path, set: &MemoryIndex, rows: u64) -> Result<(), Error> {
    let (mut tokens, mut offsets) = (Vec::<u8>::new(), Vec::<u8>::new());
    for row in 0..rows {
        offsets.extend((tokens.len() as u64).to_le_bytes());
        tokens.extend(SEPARATOR.to_le_bytes());
        let facts = set.facts(row)?;
        // Fewer words than [`WORDS`] and those of one document have a number.
        tokens.extend(set.tokens(row, 0..facts.tokens)?.iter().flat_map(|number| (*number as u16).to_le_bytes()));
    }
    fs::write(folder.join("tokenized.0"), tokens)?;
    fs::write(folder.join("offset.0"), offsets)?;
    Ok(())
}

/// The words of a text that the set has, and the longest match that ends at each: `None` where a list of places was cut, 0 below three tokens.
fn longest(set: &MemoryIndex, output: &str, rows: u64) -> Result<Value, Error> {
    let tokens = tributary_attribution::text::tokenize(output)?;
    let numbers: Vec<u32> = tokens.iter().filter_map(|token| set.number(token.text).transpose()).collect::<Result<_, _>>()?;
    let mut lengths = Vec::with_capacity(numbers.len());
    for end in 1..=numbers.len() {
        let window = &numbers[end.saturating_sub(LONGEST)..end];
        lengths.push(match window {
            [.., a, b, c] => longest_suffix(set, window, [*a, *b, *c], rows)?,
            _ => Some(0),
        });
    }
    Ok(json!({ "tokens": numbers, "longest": lengths }))
}

fn longest_suffix(set: &MemoryIndex, window: &[u32], trigram: [u32; 3], rows: u64) -> Result<Option<usize>, Error> {
    let mut places = Vec::new();
    if set.places(trigram, rows, &mut places)? || places.len() >= POSTINGS {
        return Ok(None);
    }
    let mut longest = 0;
    for token in places {
        let span = set.row_at(token)?;
        let before = set.tokens(span.row, 0..(token - span.first) as u32)?;
        let same = before.iter().rev().zip(window[..window.len() - 3].iter().rev()).take_while(|(a, b)| a == b).count();
        longest = longest.max(3 + same);
    }
    Ok(Some(longest))
}

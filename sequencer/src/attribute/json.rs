//! The result for scripts. The shape is told by `tributary attribute --help`; fields are added to it, none is taken away or changes its meaning without
//! another number of `format`.

use super::{
    corpus::Corpus,
    shares::{Checked, Shared},
};
use serde::Serialize;
use std::collections::BTreeSet;
use tributary_attribution::text::{Evidence, TextIndex};

const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<T> {
    format: u32,
    files: usize,
    rows: u64,
    tokens: u64,
    bytes: u64,
    version: u64,
    skipped: Vec<Skipped>,
    documents: Vec<Document>,
    #[serde(flatten)]
    found: T,
}

#[derive(Debug, Serialize)]
struct Skipped {
    path: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct Document {
    row: u64,
    path: String,
    offset: usize,
    bytes: u32,
    author: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    explained: u64,
    withheld: u64,
    total: u64,
    pool: String,
    authors: Vec<Author>,
    nobody: Nobody,
    credits: Vec<Credit>,
    evidence: Vec<Passage>,
}

#[derive(Debug, Serialize)]
struct Author {
    author: String,
    weight: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<String>,
}

#[derive(Debug, Serialize)]
struct Nobody {
    weight: u64,
    share: String,
}

#[derive(Debug, Serialize)]
struct Credit {
    row: u64,
    origin: u64,
    weight: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Passage {
    row: u64,
    origin: u64,
    answer_start: u32,
    answer_end: u32,
    row_start: usize,
    row_end: usize,
    origin_start: usize,
    origin_end: usize,
    weight: u64,
    withheld: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    inherited: u64,
    closed: u64,
    own: u64,
    total: u64,
    authors: Vec<Author>,
    inherited_from: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    row: u64,
    weight: u64,
}

/// An answer, whose words are whose.
pub(crate) fn of_answer(corpus: &Corpus, found: &Shared) -> String {
    let name = |author: u32| corpus.authors[author as usize].clone();
    let share =
        |share: &super::shares::Share| Author { author: name(share.author), weight: share.weight, share: Some(share.share.to_string()) };
    let credits = &found.trace.credits;
    let named = credits.iter().flat_map(|credit| [credit.row, credit.origin]);
    let named = named.chain(found.evidence.iter().flat_map(|item| [item.row, item.origin])).collect();
    told(
        corpus,
        named,
        Answer {
            explained: found.trace.explained,
            withheld: found.trace.withheld,
            total: found.trace.total,
            pool: found.pool.to_string(),
            authors: found.shares.iter().map(share).collect(),
            nobody: Nobody { weight: found.nobody.0, share: found.nobody.1.to_string() },
            credits: credits.iter().map(|credit| Credit { row: credit.row, origin: credit.origin, weight: credit.weight }).collect(),
            evidence: found.evidence.iter().map(|item| passage(corpus, item)).collect(),
        },
    )
}

/// Offsets of the rows' files: those of a row begin where it does.
fn passage(corpus: &Corpus, item: &Evidence) -> Passage {
    let (row, origin) = (corpus.parts[item.row as usize].offset, corpus.parts[item.origin as usize].offset);
    Passage {
        row: item.row,
        origin: item.origin,
        answer_start: item.output_start,
        answer_end: item.output_end,
        row_start: row + item.row_start as usize,
        row_end: row + item.row_end as usize,
        origin_start: origin + item.origin_start as usize,
        origin_end: origin + item.origin_end as usize,
        weight: item.weight,
        withheld: item.withheld,
    }
}

/// A text, how much of it is whose.
pub(crate) fn of_check(corpus: &Corpus, found: &Checked) -> String {
    let author = |&(author, weight): &(u32, u64)| Author { author: corpus.authors[author as usize].clone(), weight, share: None };
    told(
        corpus,
        found.rows.iter().map(|row| row.0).collect(),
        Check {
            inherited: found.inherited,
            closed: found.closed,
            own: found.own(),
            total: found.total,
            authors: found.authors.iter().map(author).collect(),
            inherited_from: found.rows.iter().map(|&(row, weight)| Row { row, weight }).collect(),
        },
    )
}

fn told(corpus: &Corpus, named: BTreeSet<u64>, found: impl Serialize) -> String {
    let version = corpus.parts.len() as u64 + 1;
    let totals = corpus.index.totals(version).unwrap_or_default();
    let skipped = corpus.skipped.iter().map(|(path, why)| Skipped { path: path.to_string_lossy().into_owned(), why: why.to_string() });
    let told = Told {
        format: FORMAT,
        files: corpus.files.len(),
        rows: totals.rows,
        tokens: totals.tokens,
        bytes: corpus.bytes,
        version,
        skipped: skipped.collect(),
        documents: named.into_iter().map(|row| document(corpus, row)).collect(),
        found,
    };
    serde_json::to_string_pretty(&told).expect("invariant: keys are strings") + "\n"
}

fn document(corpus: &Corpus, row: u64) -> Document {
    let part = corpus.parts[row as usize];
    Document {
        row,
        path: corpus.files[part.file].to_string_lossy().into_owned(),
        offset: part.offset,
        bytes: corpus.index.facts(row).map_or(0, |facts| facts.bytes),
        author: corpus.authors[part.author as usize].clone(),
    }
}

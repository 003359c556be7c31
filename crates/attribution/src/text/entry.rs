//! What an append adds to an index, as a value that any store can write.

use super::{
    PER_ROW, POSTINGS,
    index::{RowFacts, Run, TextIndex},
    origin::{decide, runs},
    query::Query,
    status::Changes,
    work::{Host, Work},
};
use crate::Error;
use std::collections::{BTreeMap, HashMap};

/// A new row: what its shard stores and what it adds to the index. Writing all of it, and nothing
/// else, makes the next version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowEntry {
    /// The row's number: the rows before it.
    pub row: u64,
    /// Its facts; `born` is the version that it makes, and nothing changed yet.
    pub facts: RowFacts,
    /// Tokens of the set, with this row.
    pub set_tokens: u64,
    /// Which of its tokens are not its own; stored in the shard.
    pub runs: Vec<Run>,
    /// Numbers of its tokens.
    pub tokens: Vec<u32>,
    /// Number of the first new word.
    pub first_word: u32,
    /// Words that had no number, which get consecutive ones.
    pub words: Vec<Box<str>>,
    /// Each different word and how often it stands in the set, with this row; by number.
    pub counts: Vec<(u32, u64)>,
    /// The places that the lists of trigrams still take: trigram and token of this row, ascending.
    pub places: Vec<([u32; 3], u32)>,
}

/// Decides the origins of a new document and what the index of the set is to add for it. Nothing is
/// changed; the document is appended when the entry is written.
///
/// # Errors
/// Those of the host, [`Error::TextTooLong`] and [`Error::TooManyWords`] among them, and those of
/// the index in the host's terms.
pub fn append<I, H>(index: &I, document: &str, contributor: u32, host: &mut H) -> Result<RowEntry, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let version = index.version()?;
    let origins = decide(index, version, document, host)?;
    let runs = runs(&origins.of);
    host.charge(Work::Runs(runs.len() as u64))?;
    host.charge(Work::Tokens(origins.query.numbers.len() as u64))?;
    entry(index, origins.query, StoredRow { born: version.saturating_add(1), contributor, runs, document })
}

/// A row as its shard holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow<'a> {
    /// The set's version that its append made.
    pub born: u64,
    /// Its author.
    pub contributor: u32,
    /// Which of its tokens are not its own.
    pub runs: Vec<Run>,
    /// Its text.
    pub document: &'a str,
}

/// The entry of a row that was decided before, when an index is rebuilt. It must be the set's next
/// one; versions that changes of a status made may lie between.
///
/// # Errors
/// [`Error::Damaged`] when the runs are not ascending runs of the document's tokens with origins in
/// earlier rows, or the row is not younger than those before it; otherwise as [`append`].
pub fn restore<I, H>(index: &I, stored: StoredRow<'_>, host: &mut H) -> Result<RowEntry, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    host.charge(Work::Runs(stored.runs.len() as u64))?;
    let version = index.version()?;
    let query = Query::new(index, version, stored.document, host)?;
    let row = query.totals.rows;
    if stored.born <= version {
        return Err(Error::Damaged { row }.into());
    }
    let mut reached = 0;
    for run in &stored.runs {
        if let Some(origin) = run.origin {
            let tokens = if origin.row < row { index.facts(origin.row)?.tokens } else { 0 };
            if origin.token.checked_add(run.length).is_none_or(|end| end > tokens) {
                return Err(Error::Damaged { row }.into());
            }
        }
        let end = run.start.checked_add(run.length);
        reached = end.filter(|&end| run.start >= reached && end > run.start && end <= query.len()).ok_or(Error::Damaged { row })?;
    }
    entry(index, query, stored)
}

fn entry<I: TextIndex, E: From<I::Error> + From<Error>>(index: &I, query: Query, stored: StoredRow<'_>) -> Result<RowEntry, E> {
    let rows = query.totals.rows;
    let facts = RowFacts {
        born: stored.born,
        tokens: query.len(),
        bytes: stored.document.len() as u32,
        contributor: stored.contributor,
        changes: Changes::default(),
    };
    let mut counts = BTreeMap::<u32, u64>::new();
    for &number in &query.numbers {
        *counts.entry(number).or_default() += 1;
    }
    for (&number, count) in counts.range_mut(..query.first_new) {
        *count += index.count(number, rows)?;
    }
    let places = new_places(index, &query)?;
    let words = query.new_words.iter().filter_map(|&token| query.tokens.get(token as usize)).map(|token| token.text.into()).collect();
    Ok(RowEntry {
        row: rows,
        facts,
        set_tokens: query.totals.tokens + u64::from(query.len()),
        runs: stored.runs,
        tokens: query.numbers,
        first_word: query.first_new,
        words,
        counts: counts.into_iter().collect(),
        places,
    })
}

/// The first places of each trigram in the document that its list has room for.
fn new_places<I: TextIndex>(index: &I, query: &Query) -> Result<Vec<([u32; 3], u32)>, I::Error> {
    // How many more the list takes. Looked up, never iterated.
    let mut room: HashMap<[u32; 3], usize> = HashMap::new();
    let (mut places, mut taken) = (Vec::new(), Vec::new());
    for (at, trigram) in (0u32..).zip(query.numbers.windows(3)) {
        let trigram = [trigram[0], trigram[1], trigram[2]];
        let left = match room.get_mut(&trigram) {
            Some(left) => left,
            None => {
                let known = trigram.iter().all(|&word| word < query.first_new);
                taken.clear();
                if known {
                    index.places(trigram, query.totals.rows, &mut taken)?;
                }
                room.entry(trigram).or_insert(POSTINGS.saturating_sub(taken.len()).min(PER_ROW))
            }
        };
        if *left > 0 {
            *left -= 1;
            places.push((trigram, at));
        }
    }
    places.sort_unstable();
    Ok(places)
}

//! Entries of new rows, frozen.

use super::{
    FULL, count_key,
    rows::{CLOSED, Facts, RUN},
    sections::{Footer, TOKENS_A_STEP, Writer, too_many},
    trigram_key, word_key,
};
use crate::text::{
    PER_ROW,
    entry::RowEntry,
    index::{Place, Run},
};
use std::io::{self, Write};

/// Freezes consecutive rows, each an entry and its document; at least one.
///
/// # Errors
/// Those of `out`; [`io::ErrorKind::InvalidData`] for no rows, rows that do not follow each other, or more than 32 bits count.
pub fn freeze(rows: &[(RowEntry, String)], out: impl Write) -> io::Result<()> {
    let Some((first, _)) = rows.first() else { return Err(io::Error::new(io::ErrorKind::InvalidData, "no rows to freeze")) };
    let follow = rows.windows(2).all(|pair| pair[1].0.row == pair[0].0.row + 1);
    if !follow {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "rows to freeze do not follow each other"));
    }
    let footer = Footer {
        first_row: first.row,
        tokens_before: first.set_tokens.saturating_sub(first.tokens.len() as u64),
        first_word: first.first_word.into(),
    };
    let mut writer = Writer::new(out);
    let facts = facts(rows)?;
    facts.iter().try_for_each(|facts| writer.put(&facts.encode()))?;
    writer.end()?;
    writer.numbers(directory(facts.iter().map(|facts| facts.token_end)))?;
    writer.numbers(rows.iter().flat_map(|(entry, _)| entry.tokens.iter().copied()))?;
    rows.iter().flat_map(|(entry, _)| &entry.runs).try_for_each(|run| writer.put(&encode_run(run)))?;
    writer.end()?;
    rows.iter().try_for_each(|(_, document)| writer.put(document.as_bytes()))?;
    writer.end()?;
    words(rows, &mut writer)?;
    counts(rows, &mut writer)?;
    places(rows, &facts, &mut writer)?;
    writer.finish(footer)
}

fn facts(rows: &[(RowEntry, String)]) -> io::Result<Vec<Facts>> {
    let add = |sum: u32, more: usize| u32::try_from(more).ok().and_then(|more| sum.checked_add(more)).ok_or_else(too_many);
    let mut last = Facts::default();
    let facts = rows.iter().map(|(entry, document)| {
        last = Facts {
            born: entry.facts.born,
            document_end: last.document_end + document.len() as u64,
            contributor: entry.facts.contributor,
            token_end: add(last.token_end, entry.tokens.len())?,
            run_end: add(last.run_end, entry.runs.len())?,
            word_end: add(last.word_end, entry.words.len())?,
        };
        Ok(last)
    });
    facts.collect()
}

/// For each step of tokens, the row of the first, from where rows' tokens end.
pub(super) fn directory(token_ends: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let mut next = 0_u64;
    token_ends.enumerate().flat_map(move |(row, end)| {
        let from = next;
        while next < u64::from(end) {
            next += u64::from(TOKENS_A_STEP);
        }
        std::iter::repeat_n(row as u32, ((next - from) / u64::from(TOKENS_A_STEP)) as usize)
    })
}

pub(super) fn encode_run(run: &Run) -> [u8; RUN] {
    let origin = run.origin.unwrap_or(Place { row: CLOSED, token: 0 });
    let mut bytes = [0; RUN];
    bytes[..4].copy_from_slice(&run.start.to_le_bytes());
    bytes[4..8].copy_from_slice(&run.length.to_le_bytes());
    bytes[8..16].copy_from_slice(&origin.row.to_le_bytes());
    bytes[16..20].copy_from_slice(&origin.token.to_le_bytes());
    bytes
}

fn words<W: Write>(rows: &[(RowEntry, String)], writer: &mut Writer<W>) -> io::Result<()> {
    let words: Vec<&str> = rows.iter().flat_map(|(entry, _)| entry.words.iter().map(|word| &**word)).collect();
    let mut end = 0_u32;
    for word in &words {
        end = u32::try_from(word.len()).ok().and_then(|length| end.checked_add(length)).ok_or_else(too_many)?;
        writer.put_number(end)?;
    }
    writer.end()?;
    words.iter().try_for_each(|word| writer.put(word.as_bytes()))?;
    writer.end()?;
    let mut entries: Vec<(u32, u32)> = (0..).zip(&words).map(|(at, word)| (word_key(word), at)).collect();
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| words[a.1 as usize].cmp(words[b.1 as usize])));
    writer.table(entries.len(), entries)
}

fn counts<W: Write>(rows: &[(RowEntry, String)], writer: &mut Writer<W>) -> io::Result<()> {
    let mut counts = Vec::new();
    for (row, (entry, _)) in (0_u32..).zip(rows) {
        for &(number, count) in &entry.counts {
            counts.push((count_key(number), row, u32::try_from(count).map_err(|_| too_many())?));
        }
    }
    counts.sort_unstable();
    let mut end = 0;
    let lists = counts.chunk_by(|a, b| a.0 == b.0).map(|list| {
        end += list.len() as u32;
        (list[0].0, end)
    });
    writer.table(counts.len(), lists)?;
    writer.numbers(counts.iter().flat_map(|&(_, row, count)| [row, count]))
}

fn places<W: Write>(rows: &[(RowEntry, String)], facts: &[Facts], writer: &mut Writer<W>) -> io::Result<()> {
    let mut places = Vec::new();
    for ((entry, _), facts) in rows.iter().zip(facts) {
        // `facts` counted the tokens.
        let first = facts.token_end - entry.tokens.len() as u32;
        for of_trigram in entry.places.chunk_by(|a, b| a.0 == b.0) {
            for (at, &(trigram, token)) in (1..).zip(of_trigram) {
                let full = if at == PER_ROW { FULL } else { 0 };
                places.push((trigram_key(trigram), trigram, first.saturating_add(token), full));
            }
        }
    }
    places.sort_unstable();
    writer.table(places.len(), places.iter().map(|&(key, _, token, full)| (key | full, token)))
}

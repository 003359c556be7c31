//! Several frozen parts of a set made one.

use super::{
    FULL,
    build::directory,
    rows::{Facts, RUN},
    sections::{Footer, Writer, too_many},
    stack::{Frozen, Layer},
    word_key,
};
use std::io::{self, Write};
use std::ops::Range;

/// Writes the rows of a stack's layers in `depths`, from the oldest, as one; answers stay what they are.
///
/// Takes memory for words and counts, not for tokens and places, which are read as they are written.
///
/// # Errors
/// Those of `out`; [`io::ErrorKind::InvalidData`] for no rows, or rows that are damaged.
pub fn merge(stack: &Frozen, depths: Range<usize>, out: impl Write) -> io::Result<()> {
    let Some(layers) = stack.layers().get(depths).filter(|layers| !layers.is_empty()) else { return Err(damaged()) };
    let parts = parts(layers)?;
    let footer = Footer {
        first_row: layers[0].rows.first_row(),
        tokens_before: layers[0].rows.tokens_before(),
        first_word: layers[0].rows.first_word().into(),
    };
    let mut writer = Writer::new(out);
    rows(&parts, &mut writer)?;
    for part in &parts {
        writer.put(part.layer.rows.tokens.bytes().get(..4 * part.layer.last.token_end as usize).ok_or_else(damaged)?)?;
    }
    writer.end()?;
    for part in &parts {
        writer.put(part.layer.rows.runs.get(..RUN * part.layer.last.run_end as usize).ok_or_else(damaged)?)?;
    }
    writer.end()?;
    for part in &parts {
        writer.put(part.layer.rows.documents.get(..part.layer.last.document_end as usize).ok_or_else(damaged)?)?;
    }
    writer.end()?;
    words(&parts, &mut writer)?;
    counts(&parts, &mut writer)?;
    places(&parts, &mut writer)?;
    writer.finish(footer)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "rows to merge contradict themselves")
}

/// A layer, and the ends of what is before it in the whole.
struct Part<'a> {
    layer: &'a Layer,
    before: Facts,
    rows_before: u32,
}

fn parts(layers: &[Layer]) -> io::Result<Vec<Part<'_>>> {
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(layers.len());
    for layer in layers {
        let (before, rows_before) = match parts.last() {
            None => (Facts::default(), 0),
            Some(part) => (shift(part.layer.last, &part.before)?, part.rows_before.checked_add(part.layer.len).ok_or_else(too_many)?),
        };
        parts.push(Part { layer, before, rows_before });
    }
    Ok(parts)
}

/// Facts of a row of a part in the whole.
fn shift(facts: Facts, before: &Facts) -> io::Result<Facts> {
    let add = |a: u32, b: u32| a.checked_add(b).ok_or_else(too_many);
    Ok(Facts {
        document_end: facts.document_end.saturating_add(before.document_end),
        token_end: add(facts.token_end, before.token_end)?,
        run_end: add(facts.run_end, before.run_end)?,
        word_end: add(facts.word_end, before.word_end)?,
        ..facts
    })
}

fn rows<W: Write>(parts: &[Part<'_>], writer: &mut Writer<W>) -> io::Result<()> {
    let mut ends = Vec::new();
    for part in parts {
        for row in 0..part.layer.len as usize {
            let facts = part.layer.rows.facts(row).map_err(|_| damaged())?;
            let facts = shift(facts, &part.before)?;
            ends.push(facts.token_end);
            writer.put(&facts.encode())?;
        }
    }
    writer.end()?;
    writer.numbers(directory(ends.into_iter()))
}

fn words<W: Write>(parts: &[Part<'_>], writer: &mut Writer<W>) -> io::Result<()> {
    let all = || parts.iter().flat_map(|part| (0..part.layer.last.word_end as usize).map(|word| part.layer.rows.word_bytes_of(word)));
    let mut end = 0_u32;
    let mut entries = Vec::new();
    for word in all() {
        let word = word.ok_or_else(damaged)?;
        end = u32::try_from(word.len()).ok().and_then(|length| end.checked_add(length)).ok_or_else(too_many)?;
        writer.put_number(end)?;
        entries.push((word_key(std::str::from_utf8(word).map_err(|_| damaged())?), entries.len() as u32));
    }
    writer.end()?;
    for word in all() {
        writer.put(word.ok_or_else(damaged)?)?;
    }
    writer.end()?;
    let of = |at: u32| {
        let part = &parts[parts.partition_point(|part| part.before.word_end <= at) - 1];
        part.layer.rows.word_bytes_of((at - part.before.word_end) as usize)
    };
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| of(a.1).cmp(&of(b.1))));
    writer.table(entries.len(), entries)
}

/// Counts of one word in one part.
struct Counts {
    key: u32,
    part: u32,
    list: Range<u32>,
}

fn counts<W: Write>(parts: &[Part<'_>], writer: &mut Writer<W>) -> io::Result<()> {
    let mut lists = Vec::new();
    for (at, part) in (0_u32..).zip(parts) {
        let rows = &part.layer.rows;
        for entry in 0..rows.count_table.len() {
            let (Some((key, _)), Some(list)) = (rows.count_table.get(entry), rows.counts_of(entry)) else { return Err(damaged()) };
            let beyond = |at| rows.count_at(at).is_none_or(|(row, _)| row >= part.layer.len);
            let end = super::table::first(list.clone(), beyond);
            if end > list.start {
                lists.push(Counts { key, part: at, list: list.start as u32..end as u32 });
            }
        }
    }
    lists.sort_unstable_by_key(|list| (list.key, list.part));
    let mut end = 0_u32;
    let words = lists.chunk_by(|a, b| a.key == b.key).map(|lists| {
        end = lists.iter().fold(end, |end, counts| end.saturating_add(counts.list.len() as u32));
        (lists[0].key, end)
    });
    writer.table(lists.len(), words)?;
    for counts in &lists {
        let part = &parts[counts.part as usize];
        for at in counts.list.clone() {
            let (row, count) = part.layer.rows.count_at(at as usize).ok_or_else(damaged)?;
            writer.put_number(row + part.rows_before)?;
            writer.put_number(count)?;
        }
    }
    writer.end()
}

fn places<W: Write>(parts: &[Part<'_>], writer: &mut Writer<W>) -> io::Result<()> {
    let count = parts.iter().map(|part| part.layer.rows.places.len()).sum();
    writer.table(count, Places::new(parts))
}

/// The places of all parts in the order of their table.
struct Places<'a> {
    parts: &'a [Part<'a>],
    /// Next entry of each part.
    next: Vec<usize>,
    /// Its key, and its token within the part.
    heads: Vec<Option<(u32, u32)>>,
}

impl<'a> Places<'a> {
    fn new(parts: &'a [Part<'a>]) -> Self {
        let mut places = Self { parts, next: vec![0; parts.len()], heads: vec![None; parts.len()] };
        (0..parts.len()).for_each(|part| places.advance(part));
        places
    }

    /// Finds the part's next place that counts.
    fn advance(&mut self, part: usize) {
        let layer = self.parts[part].layer;
        loop {
            let head = layer.rows.places.get(self.next[part]);
            self.next[part] += 1;
            if head.is_none_or(|(_, token)| token < layer.last.token_end) {
                self.heads[part] = head;
                return;
            }
        }
    }

    fn trigram(&self, part: usize) -> Option<[u32; 3]> {
        self.heads[part].and_then(|(_, token)| self.parts[part].layer.rows.trigram(token))
    }
}

impl Iterator for Places<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        let mut least: Option<(u32, usize)> = None;
        for part in 0..self.heads.len() {
            let Some(key) = self.heads[part].map(|(key, _)| key & !FULL) else { continue };
            // The older part's first where the trigrams are equal.
            let less = least.is_none_or(|(best, at)| key < best || key == best && self.trigram(part) < self.trigram(at));
            if less {
                least = Some((key, part));
            }
        }
        let (_, part) = least?;
        let (key, token) = self.heads[part]?;
        self.advance(part);
        Some((key, token.saturating_add(self.parts[part].before.token_end)))
    }
}

//! Frozen rows upon each other: a set up to some row.

use super::rows::{Facts, FrozenRows};
use crate::{
    Error,
    text::{
        index::{RowFacts, Run, Span, TextIndex, Totals},
        status::Changes,
    },
};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The version of a set without rows.
const FIRST_VERSION: u64 = 1;

/// The first rows of a set, frozen.
///
/// Its statuses are all unchanged: they are not in what is frozen.
#[derive(Debug, Clone, Default)]
pub struct Frozen {
    layers: Vec<Layer>,
}

/// Frozen rows up to one of them.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) rows: Arc<FrozenRows>,
    /// How many of them count.
    pub(super) len: u32,
    /// Ends of the last that does.
    pub(super) last: Facts,
}

impl Layer {
    fn end(&self) -> u64 {
        self.rows.first_row() + u64::from(self.len)
    }

    fn words_end(&self) -> u32 {
        self.rows.first_word().saturating_add(self.last.word_end)
    }

    fn totals(&self, rows: usize) -> Result<Totals, Error> {
        let tokens = self.rows.before(rows)?.token_end;
        Ok(Totals { rows: self.rows.first_row() + rows as u64, tokens: self.rows.tokens_before() + u64::from(tokens) })
    }
}

impl Frozen {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.layers.last().map_or(0, Layer::end)
    }

    /// What it is made of: how many times rows were frozen and not merged.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Puts rows on top; of what is here, those rows count that are before them.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when they do not follow those; nothing is changed then.
    pub fn push(&mut self, rows: Arc<FrozenRows>) -> Result<(), Error> {
        let (row, below) = (rows.first_row(), self.first(rows.first_row())?);
        let follows = below.rows() == row
            && below.words_end() == rows.first_word()
            && below.tokens_end() == rows.tokens_before()
            && rows.facts(0)?.born > below.newest();
        if !follows {
            return Err(Error::OutOfOrder { row, version: rows.facts(0).map_or(0, |facts| facts.born) });
        }
        let len = u32::try_from(rows.len()).map_err(|_| Error::TooManyRows)?;
        let last = rows.before(len as usize)?;
        self.layers = below.layers;
        self.layers.push(Layer { rows, len, last });
        Ok(())
    }

    /// The first `rows` of these rows, or all when there are fewer.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn first(&self, rows: u64) -> Result<Self, Error> {
        let mut layers: Vec<Layer> = self.layers.iter().take_while(|layer| layer.rows.first_row() < rows).cloned().collect();
        if let Some(layer) = layers.last_mut().filter(|layer| layer.end() > rows) {
            // Less than what 32 bits held.
            layer.len = (rows - layer.rows.first_row()) as u32;
            layer.last = layer.rows.before(layer.len as usize)?;
        }
        Ok(Self { layers })
    }

    /// The layer that has a row, and which of its rows that is.
    fn layer(&self, row: u64) -> Result<(&Layer, usize), Error> {
        let at = self.layers.partition_point(|layer| layer.end() <= row);
        let layer = self.layers.get(at).ok_or(Error::UnknownRow { row })?;
        Ok((layer, (row - layer.rows.first_row()) as usize))
    }

    /// The layers that have rows before `rows`, and how many of theirs are.
    fn before(&self, rows: u64) -> impl DoubleEndedIterator<Item = (&Layer, u32)> {
        let here = self.layers.partition_point(|layer| layer.rows.first_row() < rows);
        self.layers[..here].iter().map(move |layer| (layer, (rows.min(layer.end()) - layer.rows.first_row()) as u32))
    }

    fn newest(&self) -> u64 {
        self.layers.last().map_or(FIRST_VERSION, |layer| layer.last.born)
    }

    fn words_end(&self) -> u32 {
        self.layers.last().map_or(0, Layer::words_end)
    }

    fn tokens_end(&self) -> u64 {
        self.layers.last().map_or(0, |layer| layer.rows.tokens_before() + u64::from(layer.last.token_end))
    }
}

impl TextIndex for Frozen {
    type Error = Error;

    fn version(&self) -> Result<u64, Error> {
        Ok(self.newest())
    }

    fn totals(&self, version: u64) -> Result<Totals, Error> {
        for layer in self.layers.iter().rev() {
            let born = layer.rows.born_by(version).min(layer.len as usize);
            if born > 0 {
                return layer.totals(born);
            }
        }
        Ok(Totals::default())
    }

    fn words(&self) -> Result<u32, Error> {
        Ok(self.words_end())
    }

    fn number(&self, word: &str) -> Result<Option<u32>, Error> {
        // The newest is the smallest, the oldest has most words.
        let found = self.layers.iter().find_map(|layer| layer.rows.word(word).filter(|&at| at < layer.last.word_end).map(|at| (layer, at)));
        Ok(found.map(|(layer, at)| layer.rows.first_word() + at))
    }

    fn count(&self, number: u32, rows: u64) -> Result<u64, Error> {
        let found = self.before(rows).rev().find_map(|(layer, rows)| layer.rows.count(number, rows));
        Ok(found.unwrap_or(0).into())
    }

    fn places(&self, trigram: [u32; 3], rows: u64, places: &mut Vec<u64>) -> Result<bool, Error> {
        let mut is_full = false;
        for (layer, rows) in self.before(rows) {
            if trigram.iter().all(|&number| number < layer.words_end()) {
                is_full |= layer.rows.places(trigram, layer.rows.before(rows as usize)?.token_end, places);
            }
        }
        Ok(is_full)
    }

    fn row_at(&self, token: u64) -> Result<Span, Error> {
        let at = self.layers.partition_point(|layer| layer.rows.tokens_before().saturating_add(layer.last.token_end.into()) <= token);
        let layer = self.layers.get(at).ok_or(Error::UnknownRow { row: self.rows() })?;
        let within = token.checked_sub(layer.rows.tokens_before()).and_then(|token| u32::try_from(token).ok());
        within.and_then(|token| layer.rows.span(token)).ok_or(Error::Damaged { row: layer.rows.first_row() })
    }

    fn facts(&self, row: u64) -> Result<RowFacts, Error> {
        let (layer, at) = self.layer(row)?;
        let (before, facts) = (layer.rows.before(at)?, layer.rows.facts(at)?);
        let bytes = facts.document_end.checked_sub(before.document_end).and_then(|bytes| u32::try_from(bytes).ok());
        Ok(RowFacts {
            born: facts.born,
            tokens: facts.token_end.checked_sub(before.token_end).ok_or(Error::Damaged { row })?,
            bytes: bytes.ok_or(Error::Damaged { row })?,
            contributor: facts.contributor,
            changes: Changes::default(),
        })
    }

    fn tokens(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [u32]>, Error> {
        let (layer, at) = self.layer(row)?;
        let first = layer.rows.before(at)?.token_end as usize;
        let bytes = layer.rows.tokens.bytes().get(4 * (first + range.start as usize)..4 * (first + range.end as usize));
        let (numbers, _) = bytes.ok_or(Error::Damaged { row })?.as_chunks::<4>();
        Ok(Cow::Owned(numbers.iter().map(|number| u32::from_le_bytes(*number)).collect()))
    }

    fn runs(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [Run]>, Error> {
        let (layer, at) = self.layer(row)?;
        let (from, to) = (layer.rows.before(at)?.run_end as usize, layer.rows.facts(at)?.run_end as usize);
        let run = |at| layer.rows.run(at).ok_or(Error::Damaged { row });
        let first = super::table::first(from..to, |at| run(at).is_ok_and(|run| run.end() > range.start));
        let mut runs = Vec::new();
        for at in first..to {
            let run = run(at)?;
            if run.start >= range.end {
                break;
            }
            runs.push(run);
        }
        Ok(Cow::Owned(runs))
    }

    fn document(&self, row: u64) -> Result<Cow<'_, str>, Error> {
        let (layer, at) = self.layer(row)?;
        let (from, to) = (layer.rows.before(at)?.document_end as usize, layer.rows.facts(at)?.document_end as usize);
        let document = layer.rows.documents.get(from..to).and_then(|bytes| std::str::from_utf8(bytes).ok());
        document.map(Cow::Borrowed).ok_or(Error::Damaged { row })
    }
}

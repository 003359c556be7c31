//! Frozen rows of a set, read.

use super::{
    FULL, count_key,
    sections::{self, Footer, Numbers, Sections, TOKENS_A_STEP, long, number},
    table::{Table, first},
    trigram_key, word_key,
};
use crate::{
    Error,
    text::index::{Place, Run, Span},
};
use alloy_primitives::bytes::Bytes;
use std::ops::Range;

/// Bytes of a row's facts, and of a run.
pub(super) const ROW: usize = 32;
pub(super) const RUN: usize = 24;
/// The row of a closed run's origin.
pub(super) const CLOSED: u64 = u64::MAX;

/// Consecutive rows of one set, in the form of [`super`].
#[derive(Debug)]
pub struct FrozenRows {
    footer: Footer,
    facts: Bytes,
    directory: Numbers,
    pub(super) tokens: Numbers,
    pub(super) runs: Bytes,
    pub(super) documents: Bytes,
    word_ends: Numbers,
    word_bytes: Bytes,
    word_table: Table,
    pub(super) count_table: Table,
    counts: Bytes,
    pub(super) places: Table,
}

/// What is said of a row; ends are those of the rows here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) born: u64,
    pub(super) document_end: u64,
    pub(super) contributor: u32,
    pub(super) token_end: u32,
    pub(super) run_end: u32,
    pub(super) word_end: u32,
}

impl Facts {
    pub(super) fn encode(&self) -> [u8; ROW] {
        let mut row = [0; ROW];
        row[..8].copy_from_slice(&self.born.to_le_bytes());
        row[8..16].copy_from_slice(&self.document_end.to_le_bytes());
        let numbers = [self.contributor, self.token_end, self.run_end, self.word_end];
        for (bytes, number) in row[16..].chunks_exact_mut(4).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        row
    }

    fn decode(row: &[u8]) -> Option<Self> {
        Some(Self {
            born: long(row, 0)?,
            document_end: long(row, 8)?,
            contributor: number(row, 16)?,
            token_end: number(row, 20)?,
            run_end: number(row, 24)?,
            word_end: number(row, 28)?,
        })
    }
}

impl FrozenRows {
    /// Rows as [`super::freeze`] or [`super::merge`] wrote them. What is wrong with them otherwise is found when it is read.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes have not that form.
    pub fn open(bytes: &Bytes) -> Result<Self, Error> {
        Self::find(bytes).ok_or(Error::Damaged { row: 0 })
    }

    fn find(bytes: &Bytes) -> Option<Self> {
        let (footer, found) = Sections::open(bytes)?;
        let rows = Self {
            footer,
            facts: found.bytes(sections::ROWS),
            directory: found.numbers(sections::ROW_DIRECTORY),
            tokens: found.numbers(sections::TOKENS),
            runs: found.bytes(sections::RUNS),
            documents: found.bytes(sections::DOCUMENTS),
            word_ends: found.numbers(sections::WORD_ENDS),
            word_bytes: found.bytes(sections::WORDS),
            word_table: found.table(sections::WORD_TABLE)?,
            count_table: found.table(sections::COUNT_TABLE)?,
            counts: found.bytes(sections::COUNTS),
            places: found.table(sections::PLACES)?,
        };
        // Whatever is here can be added to what was before.
        footer.first_row.checked_add(rows.len())?;
        footer.tokens_before.checked_add(rows.tokens.len() as u64)?;
        u32::try_from(footer.first_word).ok()?.checked_add(u32::try_from(rows.word_ends.len()).ok()?)?;
        Some(rows)
    }

    /// The number of the first row.
    #[must_use]
    pub fn first_row(&self) -> u64 {
        self.footer.first_row
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.facts.len() / ROW) as u64
    }

    /// Whether there are none, which [`super::freeze`] never writes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn tokens_before(&self) -> u64 {
        self.footer.tokens_before
    }

    pub(super) fn first_word(&self) -> u32 {
        // Checked when it was opened.
        self.footer.first_word as u32
    }

    fn damaged(&self, row: usize) -> Error {
        Error::Damaged { row: self.first_row().saturating_add(row as u64) }
    }

    /// The facts of a row of these.
    pub(super) fn facts(&self, row: usize) -> Result<Facts, Error> {
        self.facts.get(row * ROW..).and_then(Facts::decode).ok_or(self.damaged(row))
    }

    /// The facts of the row before, whose ends are this one's beginnings.
    pub(super) fn before(&self, row: usize) -> Result<Facts, Error> {
        row.checked_sub(1).map_or(Ok(Facts::default()), |before| self.facts(before))
    }

    /// How many of these rows were born by a version.
    pub(super) fn born_by(&self, version: u64) -> usize {
        first(0..self.facts.len() / ROW, |row| long(&self.facts, row * ROW).is_none_or(|born| born > version))
    }

    /// The row of these that a token is of.
    pub(super) fn row_of(&self, token: u32) -> Option<u32> {
        let step = (token / TOKENS_A_STEP) as usize;
        let from = self.directory.get(step)?;
        let to = self.directory.get(step + 1).map_or(self.facts.len() / ROW, |row| row as usize + 1);
        let token_end = |row| number(&self.facts, row * ROW + 20);
        Some(first(from as usize..to, |row| token_end(row).is_none_or(|end| end > token)) as u32)
    }

    /// Which new word this is.
    pub(super) fn word(&self, word: &str) -> Option<u32> {
        let key = word_key(word);
        let equal = self.word_table.find(key..=key);
        if equal.is_empty() {
            return None;
        }
        let order = |at: u32| self.word_bytes_of(at as usize).unwrap_or_default().cmp(word.as_bytes());
        let found = self.word_table.narrow(equal, order);
        (!found.is_empty()).then(|| self.word_table.value(found.start)).flatten()
    }

    /// The bytes of a new word.
    pub(super) fn word_bytes_of(&self, word: usize) -> Option<&[u8]> {
        let from = match word.checked_sub(1) {
            Some(before) => self.word_ends.get(before)?,
            None => 0,
        };
        self.word_bytes.get(from as usize..self.word_ends.get(word)? as usize)
    }

    /// Where the counts of an entry of their table lie.
    pub(super) fn counts_of(&self, entry: usize) -> Option<Range<usize>> {
        let from = match entry.checked_sub(1) {
            Some(before) => self.count_table.value(before)?,
            None => 0,
        };
        Some(from as usize..self.count_table.value(entry)? as usize)
    }

    /// A row of these, and how often a word stands in the set up to and with it.
    pub(super) fn count_at(&self, at: usize) -> Option<(u32, u32)> {
        Some((number(&self.counts, 8 * at)?, number(&self.counts, 8 * at + 4)?))
    }

    /// How often a word stands in the set before a row of these; nothing when none of them before it has the word.
    pub(super) fn count(&self, word: u32, before: u32) -> Option<u32> {
        let key = count_key(word);
        let found = self.count_table.find(key..=key);
        if found.is_empty() {
            return None;
        }
        let list = self.counts_of(found.start)?;
        // Mostly asked of all rows.
        if let Some((row, count)) = list.end.checked_sub(1).filter(|last| list.contains(last)).and_then(|last| self.count_at(last))
            && row < before
        {
            return Some(count);
        }
        let end = first(list.clone(), |at| self.count_at(at).is_none_or(|(row, _)| row >= before));
        let last = end.checked_sub(1).filter(|last| list.contains(last))?;
        self.count_at(last).map(|(_, count)| count)
    }

    /// The three words that begin at a token of these rows.
    pub(super) fn trigram(&self, token: u32) -> Option<[u32; 3]> {
        let bytes = self.tokens.bytes().get(4 * token as usize..)?.first_chunk::<12>()?;
        Some([number(bytes, 0)?, number(bytes, 4)?, number(bytes, 8)?])
    }

    /// Adds the places of a trigram that lie before the token `end` of these rows, as tokens of the set; whether a row has as many as are kept.
    pub(super) fn places(&self, trigram: [u32; 3], end: u32, places: &mut Vec<u64>) -> bool {
        let key = trigram_key(trigram);
        let equal = self.places.find(key..=key | FULL);
        if equal.is_empty() {
            return false;
        }
        let found = self.places.narrow(equal, |token| self.trigram(token).unwrap_or_default().cmp(&trigram));
        let mut is_full = false;
        for (key, token) in self.places.entries(found).take_while(|(_, token)| *token < end) {
            is_full |= key & FULL != 0;
            places.push(self.tokens_before().saturating_add(token.into()));
        }
        is_full
    }

    /// The row of these that a token of these is of, and where its tokens begin and end in the set.
    pub(super) fn span(&self, token: u32) -> Option<Span> {
        let row = self.row_of(token)? as usize;
        let (first, end) = (self.before(row).ok()?.token_end, self.facts(row).ok()?.token_end);
        let span = |at: u32| self.tokens_before().saturating_add(at.into());
        (first <= token && token < end).then(|| Span { row: self.first_row() + row as u64, first: span(first), end: span(end) })
    }

    /// A run of these rows.
    pub(super) fn run(&self, at: usize) -> Option<Run> {
        let run = self.runs.get(RUN * at..)?;
        let row = long(run, 8)?;
        let origin = (row != CLOSED).then_some(Place { row, token: number(run, 16)? });
        Some(Run { start: number(run, 0)?, length: number(run, 4)?, origin })
    }
}

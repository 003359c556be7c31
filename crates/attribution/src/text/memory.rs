//! The index in memory: what tests, tools and small sets use, and the measure for any other.

use super::{
    entry::{RowEntry, append, restore},
    index::{Place, RowFacts, Run, TextIndex, Totals},
    status::Status,
    work::{Host, Unmetered},
};
use crate::Error;
use alloy_primitives::map::HashMap;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A set of texts and its index, in memory.
#[derive(Debug, Clone)]
pub struct MemoryIndex {
    version: u64,
    rows: Vec<Row>,
    /// Words by number.
    words: Vec<Word>,
    numbers: std::collections::HashMap<Arc<str>, u32>,
    places: HashMap<[u32; 3], Vec<Place>>,
}

#[derive(Debug, Clone)]
struct Row {
    facts: RowFacts,
    /// Tokens of the set up to and with this row.
    set_tokens: u64,
    tokens: Box<[u32]>,
    runs: Box<[Run]>,
    document: Box<str>,
    /// Number of the first word that it brought.
    first_word: u32,
}

#[derive(Debug, Clone)]
struct Word {
    text: Arc<str>,
    /// Rows that have it, and how often it stands in the set up to and with them.
    counts: Vec<(u64, u64)>,
}

impl Default for MemoryIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryIndex {
    /// An empty set at version 1.
    #[must_use]
    pub fn new() -> Self {
        Self { version: 1, rows: Vec::new(), words: Vec::new(), numbers: std::collections::HashMap::new(), places: HashMap::default() }
    }

    /// Appends a document, and returns what that added.
    ///
    /// # Errors
    /// Those of [`append`](super::append()); nothing is changed then.
    pub fn append<H>(&mut self, document: &str, contributor: u32, host: &mut H) -> Result<RowEntry, H::Error>
    where
        H: Host<Error: From<Error>>,
    {
        let entry = append(self, document, contributor, host)?;
        self.write(&entry, document)?;
        Ok(entry)
    }

    /// Appends a document whose runs were decided before, as a shard holds them.
    ///
    /// # Errors
    /// Those of [`restore`](super::restore()); nothing is changed then.
    pub fn restore(&mut self, document: &str, contributor: u32, runs: Vec<Run>) -> Result<(), Error> {
        let entry = restore(self, document, contributor, runs, &mut Unmetered)?;
        self.write(&entry, document)
    }

    /// Writes an entry that was made for the set as it is.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when the set is not what it was made for, or the document another one.
    pub fn write(&mut self, entry: &RowEntry, document: &str) -> Result<(), Error> {
        let next = entry.row == self.rows.len() as u64 && Some(entry.facts.born) == self.version.checked_add(1);
        if !next || entry.first_word as usize != self.words.len() || entry.facts.bytes as usize != document.len() {
            return Err(Error::OutOfOrder { row: entry.row, version: entry.facts.born });
        }
        for (number, word) in (entry.first_word..).zip(&entry.words) {
            let text: Arc<str> = Arc::from(&**word);
            self.numbers.insert(Arc::clone(&text), number);
            self.words.push(Word { text, counts: Vec::new() });
        }
        for &(number, count) in &entry.counts {
            if let Some(word) = self.words.get_mut(number as usize) {
                word.counts.push((entry.row, count));
            }
        }
        for &(trigram, token) in &entry.places {
            self.places.entry(trigram).or_default().push(Place { row: entry.row, token });
        }
        self.rows.push(Row {
            facts: entry.facts,
            set_tokens: entry.set_tokens,
            tokens: entry.tokens.as_slice().into(),
            runs: entry.runs.as_slice().into(),
            document: document.into(),
            first_word: entry.first_word,
        });
        self.version = entry.facts.born;
        Ok(())
    }

    /// Changes the status of a row, which makes a version; returns it.
    ///
    /// # Errors
    /// [`Error::UnknownRow`], and [`Error::TooManyChanges`] after the fourth.
    pub fn set_status(&mut self, row: u64, status: Status) -> Result<u64, Error> {
        let version = self.version.saturating_add(1);
        let facts = self.facts_mut(row)?;
        facts.changes = facts.changes.with(version, status).ok_or(Error::TooManyChanges { row })?;
        self.version = version;
        Ok(version)
    }

    /// Names another author of a row, at every version.
    ///
    /// # Errors
    /// [`Error::UnknownRow`].
    pub fn reassign(&mut self, row: u64, contributor: u32) -> Result<(), Error> {
        self.facts_mut(row)?.contributor = contributor;
        Ok(())
    }

    /// Goes back to a version: later rows and changes of a status are as if they had never been.
    /// Authors are not versioned and stay as they were reassigned.
    ///
    /// # Errors
    /// [`Error::UnknownVersion`].
    pub fn unwind(&mut self, version: u64) -> Result<(), Error> {
        if version == 0 || version > self.version {
            return Err(Error::UnknownVersion { version, newest: self.version });
        }
        while let Some(row) = self.rows.pop_if(|row| row.facts.born > version) {
            self.forget(&row);
        }
        for row in &mut self.rows {
            row.facts.changes = row.facts.changes.up_to(version);
        }
        self.version = version;
        Ok(())
    }

    /// Removes what the last row added; the row itself is gone already.
    fn forget(&mut self, gone: &Row) {
        let row = self.rows.len() as u64;
        for &number in &gone.tokens {
            if let Some(word) = self.words.get_mut(number as usize) {
                word.counts.pop_if(|count| count.0 == row);
            }
        }
        for trigram in gone.tokens.windows(3) {
            let trigram = [trigram[0], trigram[1], trigram[2]];
            if let Some(places) = self.places.get_mut(&trigram) {
                places.truncate(places.partition_point(|place| place.row < row));
                if places.is_empty() {
                    self.places.remove(&trigram);
                }
            }
        }
        for word in self.words.drain(gone.first_word as usize..) {
            self.numbers.remove(&word.text);
        }
    }

    fn row(&self, row: u64) -> Result<&Row, Error> {
        usize::try_from(row).ok().and_then(|row| self.rows.get(row)).ok_or(Error::UnknownRow { row })
    }

    fn facts_mut(&mut self, row: u64) -> Result<&mut RowFacts, Error> {
        let found = usize::try_from(row).ok().and_then(|row| self.rows.get_mut(row));
        Ok(&mut found.ok_or(Error::UnknownRow { row })?.facts)
    }
}

impl TextIndex for MemoryIndex {
    type Error = Error;

    fn version(&self) -> Result<u64, Error> {
        Ok(self.version)
    }

    fn totals(&self, version: u64) -> Result<Totals, Error> {
        let rows = self.rows.partition_point(|row| row.facts.born <= version);
        let tokens = rows.checked_sub(1).map_or(0, |last| self.rows[last].set_tokens);
        Ok(Totals { rows: rows as u64, tokens })
    }

    fn words(&self) -> Result<u32, Error> {
        u32::try_from(self.words.len()).map_err(|_| Error::TooManyWords)
    }

    fn number(&self, word: &str) -> Result<Option<u32>, Error> {
        Ok(self.numbers.get(word).copied())
    }

    fn count(&self, number: u32, rows: u64) -> Result<u64, Error> {
        let counts = self.words.get(number as usize).map_or(&[][..], |word| &word.counts);
        let before = counts.partition_point(|count| count.0 < rows);
        Ok(before.checked_sub(1).map_or(0, |last| counts[last].1))
    }

    fn places(&self, trigram: [u32; 3], rows: u64) -> Result<Cow<'_, [Place]>, Error> {
        let places = self.places.get(&trigram).map_or(&[][..], Vec::as_slice);
        let all = places.last().is_none_or(|last| last.row < rows);
        let before = if all { places.len() } else { places.partition_point(|place| place.row < rows) };
        Ok(Cow::Borrowed(&places[..before]))
    }

    fn facts(&self, row: u64) -> Result<RowFacts, Error> {
        Ok(self.row(row)?.facts)
    }

    fn tokens(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [u32]>, Error> {
        let tokens = self.row(row)?.tokens.get(range.start as usize..range.end as usize);
        tokens.map(Cow::Borrowed).ok_or(Error::Damaged { row })
    }

    fn runs(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [Run]>, Error> {
        let runs = &self.row(row)?.runs;
        let first = runs.partition_point(|run| run.end() <= range.start);
        let end = runs.partition_point(|run| run.start < range.end);
        Ok(Cow::Borrowed(runs.get(first..end).unwrap_or_default()))
    }

    fn document(&self, row: u64) -> Result<Cow<'_, str>, Error> {
        Ok(Cow::Borrowed(&self.row(row)?.document))
    }
}

//! Rows in front of an index: the open block, a call's overrides, or a whole set in memory.

use super::{
    PER_ROW,
    entry::{RowEntry, StoredRow, append, restore},
    index::{RowFacts, Run, Span, TextIndex, Totals},
    status::{Changes, Status},
    work::Host,
};
use crate::Error;
use alloy_primitives::map::HashMap;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap as StringMap};
use std::ops::Range;
use std::sync::Arc;

/// An index and what was appended to it, in memory, since one of its versions.
///
/// Whatever the index below says of later versions is not seen, so that any number of overlays may
/// stand on any of its versions at a time.
#[derive(Debug, Clone)]
pub struct Overlay<B> {
    below: B,
    /// The version below that this stands on, its totals, and the words that have a number below.
    bottom: u64,
    totals: Totals,
    bottom_words: u32,
    version: u64,
    rows: Vec<Row>,
    words: Vec<Arc<str>>,
    numbers: StringMap<Arc<str>, u32>,
    /// By word, rows that have it, and how often it stands in the set up to and with them.
    counts: HashMap<u32, Vec<(u64, u64)>>,
    /// Tokens of the set.
    places: HashMap<[u32; 3], Vec<u64>>,
    /// What became of rows below.
    changed: BTreeMap<u64, Changed>,
    memory: usize,
}

#[derive(Debug, Clone)]
struct Row {
    facts: RowFacts,
    /// Tokens of the set up to and with this row.
    set_tokens: u64,
    tokens: Box<[u32]>,
    runs: Box<[Run]>,
    document: Box<str>,
    /// How many words were new before it.
    words: usize,
    /// Roughly the bytes that it holds here.
    memory: usize,
}

#[derive(Debug, Clone, Default)]
struct Changed {
    contributor: Option<u32>,
    statuses: Vec<(u64, Status)>,
}

impl<B: TextIndex<Error: From<Error>>> Overlay<B> {
    /// An overlay that stands on a version of an index, with nothing in it.
    ///
    /// # Errors
    /// [`Error::UnknownVersion`], and those of the index.
    pub fn over(below: B, version: u64) -> Result<Self, B::Error> {
        let newest = below.version()?;
        if version == 0 || version > newest {
            return Err(Error::UnknownVersion { version, newest }.into());
        }
        Ok(Self {
            bottom: version,
            totals: below.totals(version)?,
            bottom_words: below.words()?,
            below,
            version,
            rows: Vec::new(),
            words: Vec::new(),
            numbers: StringMap::new(),
            counts: HashMap::default(),
            places: HashMap::default(),
            changed: BTreeMap::new(),
            memory: 0,
        })
    }

    /// What this stands in front of.
    #[must_use]
    pub const fn below(&self) -> &B {
        &self.below
    }

    /// Appends a document, and returns what that added.
    ///
    /// # Errors
    /// Those of [`append`](super::append()); nothing is changed then.
    pub fn append<H>(&mut self, document: &str, contributor: u32, host: &mut H) -> Result<RowEntry, H::Error>
    where
        H: Host<Error: From<B::Error>>,
    {
        let entry = append(self, document, contributor, host)?;
        self.write(&entry, document)?;
        Ok(entry)
    }

    /// Appends a row that was decided before, as its shard holds it.
    ///
    /// # Errors
    /// Those of [`restore`](super::restore()); nothing is changed then.
    pub fn restore<H>(&mut self, stored: StoredRow<'_>, host: &mut H) -> Result<(), H::Error>
    where
        H: Host<Error: From<B::Error>>,
    {
        let document = stored.document;
        let entry = restore(self, stored, host)?;
        Ok(self.write(&entry, document)?)
    }

    /// Writes an entry that was made for the set as it is, or for it a few changes of a status later,
    /// whose versions are then without a name.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when the set is not what it was made for, or the document another one.
    pub fn write(&mut self, entry: &RowEntry, document: &str) -> Result<(), Error> {
        let rows = self.totals.rows + self.rows.len() as u64;
        let next = entry.row == rows && entry.facts.born > self.version;
        let first_word = u64::from(self.bottom_words) + self.words.len() as u64;
        if !next || u64::from(entry.first_word) != first_word || entry.facts.bytes as usize != document.len() {
            return Err(Error::OutOfOrder { row: entry.row, version: entry.facts.born });
        }
        let words = self.words.len();
        for (number, word) in (entry.first_word..).zip(&entry.words) {
            let text: Arc<str> = Arc::from(&**word);
            self.numbers.insert(Arc::clone(&text), number);
            self.words.push(text);
        }
        for &(number, count) in &entry.counts {
            self.counts.entry(number).or_default().push((entry.row, count));
        }
        let first = self.tokens_before(self.rows.len());
        for &(trigram, token) in &entry.places {
            self.places.entry(trigram).or_default().push(first + u64::from(token));
        }
        let memory = memory(entry, document);
        self.memory += memory;
        self.rows.push(Row {
            memory,
            facts: entry.facts,
            set_tokens: entry.set_tokens,
            tokens: entry.tokens.as_slice().into(),
            runs: entry.runs.as_slice().into(),
            document: document.into(),
            words,
        });
        self.version = entry.facts.born;
        Ok(())
    }

    /// Changes the status of a row, which makes a version; returns it.
    ///
    /// # Errors
    /// [`Error::UnknownRow`], [`Error::TooManyChanges`] after the fourth, those of the index.
    pub fn set_status(&mut self, row: u64, status: Status) -> Result<u64, B::Error> {
        let version = self.version.saturating_add(1);
        let changes = self.facts(row)?.changes.with(version, status).ok_or(Error::TooManyChanges { row })?;
        match self.own(row) {
            Some(own) => self.rows[own].facts.changes = changes,
            None => self.changed.entry(row).or_default().statuses.push((version, status)),
        }
        self.version = version;
        Ok(version)
    }

    /// Names another author of a row, at every version.
    ///
    /// # Errors
    /// [`Error::UnknownRow`], and those of the index.
    pub fn reassign(&mut self, row: u64, contributor: u32) -> Result<(), B::Error> {
        self.facts(row)?;
        match self.own(row) {
            Some(own) => self.rows[own].facts.contributor = contributor,
            None => self.changed.entry(row).or_default().contributor = Some(contributor),
        }
        Ok(())
    }

    /// Goes back to a version, no older than the one that this stands on: later rows and changes of
    /// a status are as if they had never been. Authors are not versioned and stay as they were
    /// reassigned.
    ///
    /// # Errors
    /// [`Error::UnknownVersion`].
    pub fn unwind(&mut self, version: u64) -> Result<(), Error> {
        if version < self.bottom || version > self.version {
            return Err(Error::UnknownVersion { version, newest: self.version });
        }
        while let Some(row) = self.rows.pop_if(|row| row.facts.born > version) {
            self.forget(&row);
        }
        for row in &mut self.rows {
            row.facts.changes = row.facts.changes.up_to(version);
        }
        for changed in self.changed.values_mut() {
            changed.statuses.retain(|change| change.0 <= version);
        }
        self.version = version;
        Ok(())
    }

    /// Removes what the last row added; the row itself is gone already.
    fn forget(&mut self, gone: &Row) {
        self.memory -= gone.memory;
        let row = self.totals.rows + self.rows.len() as u64;
        let first = self.tokens_before(self.rows.len());
        for &number in &gone.tokens {
            if let Some(counts) = self.counts.get_mut(&number) {
                counts.pop_if(|count| count.0 == row);
            }
        }
        for trigram in gone.tokens.windows(3) {
            let trigram = [trigram[0], trigram[1], trigram[2]];
            if let Some(places) = self.places.get_mut(&trigram) {
                places.truncate(places.partition_point(|place| *place < first));
                if places.is_empty() {
                    self.places.remove(&trigram);
                }
            }
        }
        for word in self.words.drain(gone.words..) {
            self.numbers.remove(&word);
        }
    }

    /// What each row in front of the index added, and its document, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = (RowEntry, &str)> + '_ {
        (self.totals.rows..).zip(&self.rows).map(|(number, row)| (self.entry(number, row), &*row.document))
    }

    fn entry(&self, number: u64, row: &Row) -> RowEntry {
        let next = self.rows.get((number - self.totals.rows) as usize + 1).map_or(self.words.len(), |next| next.words);
        let mut words = row.tokens.to_vec();
        words.sort_unstable();
        words.dedup();
        let count = |word: u32| {
            let counts = self.counts.get(&word)?;
            let at = counts.binary_search_by_key(&number, |count| count.0).ok()?;
            Some((word, counts[at].1))
        };
        let mut trigrams: Vec<[u32; 3]> = row.tokens.windows(3).map(|words| [words[0], words[1], words[2]]).collect();
        trigrams.sort_unstable();
        trigrams.dedup();
        let first = row.set_tokens - row.tokens.len() as u64;
        let places = trigrams.iter().flat_map(|trigram| {
            let places = self.places.get(trigram).map_or(&[][..], Vec::as_slice);
            let here = places.partition_point(|place| *place < first);
            places[here..].iter().take_while(move |place| **place < row.set_tokens).map(move |place| (*trigram, (place - first) as u32))
        });
        RowEntry {
            row: number,
            facts: RowFacts { changes: Changes::default(), ..row.facts },
            set_tokens: row.set_tokens,
            runs: row.runs.to_vec(),
            tokens: row.tokens.to_vec(),
            // Fewer than 2³² words have a number.
            first_word: self.bottom_words + row.words as u32,
            words: self.words[row.words..next].iter().map(|word| Box::from(&**word)).collect(),
            counts: words.into_iter().filter_map(count).collect(),
            places: places.collect(),
        }
    }

    /// Roughly the bytes of memory that the rows in front of the index hold.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Position of a row that is not below.
    fn own(&self, row: u64) -> Option<usize> {
        row.checked_sub(self.totals.rows).and_then(|own| usize::try_from(own).ok())
    }

    /// Tokens of the set before a row that is not below.
    fn tokens_before(&self, own: usize) -> u64 {
        own.checked_sub(1).map_or(self.totals.tokens, |before| self.rows[before].set_tokens)
    }

    /// Position of the row that a token is of, which is not below.
    fn own_at(&self, token: u64) -> usize {
        self.rows.partition_point(|row| row.set_tokens <= token)
    }

    fn own_row(&self, own: usize) -> Result<&Row, B::Error> {
        self.rows.get(own).ok_or_else(|| Error::UnknownRow { row: self.totals.rows.saturating_add(own as u64) }.into())
    }
}

/// Roughly what a row adds: a trigram's list and a word cost more than what they hold.
fn memory(entry: &RowEntry, document: &str) -> usize {
    let words: usize = entry.words.iter().map(|word| word.len() + 120).sum();
    size_of::<Row>()
        + document.len()
        + 4 * entry.tokens.len()
        + 32 * entry.runs.len()
        + words
        + 24 * entry.counts.len()
        + 130 * entry.places.len()
}

impl<B: TextIndex<Error: From<Error>>> TextIndex for Overlay<B> {
    type Error = B::Error;

    fn version(&self) -> Result<u64, B::Error> {
        Ok(self.version)
    }

    fn totals(&self, version: u64) -> Result<Totals, B::Error> {
        if version < self.bottom {
            return self.below.totals(version);
        }
        let rows = self.rows.partition_point(|row| row.facts.born <= version);
        let tokens = rows.checked_sub(1).map_or(self.totals.tokens, |last| self.rows[last].set_tokens);
        Ok(Totals { rows: self.totals.rows + rows as u64, tokens })
    }

    fn words(&self) -> Result<u32, B::Error> {
        let own = u32::try_from(self.words.len()).ok();
        Ok(own.and_then(|own| self.bottom_words.checked_add(own)).ok_or(Error::TooManyWords)?)
    }

    fn number(&self, word: &str) -> Result<Option<u32>, B::Error> {
        match self.numbers.get(word) {
            Some(&number) => Ok(Some(number)),
            None => self.below.number(word),
        }
    }

    fn count(&self, number: u32, rows: u64) -> Result<u64, B::Error> {
        let counts = self.counts.get(&number).map_or(&[][..], Vec::as_slice);
        match counts.partition_point(|count| count.0 < rows).checked_sub(1) {
            Some(last) => Ok(counts[last].1),
            None => self.below.count(number, rows.min(self.totals.rows)),
        }
    }

    fn places(&self, trigram: [u32; 3], rows: u64, places: &mut Vec<u64>) -> Result<bool, B::Error> {
        let mut full = self.below.places(trigram, rows.min(self.totals.rows), places)?;
        let own = self.places.get(&trigram).map_or(&[][..], Vec::as_slice);
        let before = rows.saturating_sub(self.totals.rows).min(self.rows.len() as u64);
        let own = &own[..own.partition_point(|place| *place < self.tokens_before(before as usize))];
        full |= own.array_windows::<PER_ROW>().any(|places| self.own_at(places[0]) == self.own_at(places[PER_ROW - 1]));
        places.extend_from_slice(own);
        Ok(full)
    }

    fn row_at(&self, token: u64) -> Result<Span, B::Error> {
        if token < self.totals.tokens {
            return self.below.row_at(token);
        }
        let own = self.own_at(token);
        let (row, end) = (self.totals.rows + own as u64, self.own_row(own)?.set_tokens);
        Ok(Span { row, first: self.tokens_before(own), end })
    }

    fn facts(&self, row: u64) -> Result<RowFacts, B::Error> {
        if let Some(own) = self.own(row) {
            return Ok(self.own_row(own)?.facts);
        }
        let mut facts = self.below.facts(row)?;
        facts.changes = facts.changes.up_to(self.bottom);
        if let Some(changed) = self.changed.get(&row) {
            facts.contributor = changed.contributor.unwrap_or(facts.contributor);
            let with = |changes: Changes, &(version, status): &(u64, Status)| changes.with(version, status);
            facts.changes = changed.statuses.iter().try_fold(facts.changes, with).ok_or(Error::Damaged { row })?;
        }
        Ok(facts)
    }

    fn tokens(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [u32]>, B::Error> {
        let Some(own) = self.own(row) else { return self.below.tokens(row, range) };
        let tokens = self.own_row(own)?.tokens.get(range.start as usize..range.end as usize);
        Ok(tokens.map(Cow::Borrowed).ok_or(Error::Damaged { row })?)
    }

    fn runs(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [Run]>, B::Error> {
        let Some(own) = self.own(row) else { return self.below.runs(row, range) };
        let runs = &self.own_row(own)?.runs;
        let first = runs.partition_point(|run| run.end() <= range.start);
        let end = runs.partition_point(|run| run.start < range.end);
        Ok(Cow::Borrowed(runs.get(first..end).unwrap_or_default()))
    }

    fn document(&self, row: u64) -> Result<Cow<'_, str>, B::Error> {
        let Some(own) = self.own(row) else { return self.below.document(row) };
        Ok(Cow::Borrowed(&self.own_row(own)?.document))
    }
}

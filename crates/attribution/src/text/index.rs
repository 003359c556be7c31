//! What the rules ask of a set's texts, wherever they are kept.

use super::status::Changes;
use std::borrow::Cow;
use std::ops::Range;

/// Rows and tokens of a set at one version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows that were born by then: `0..rows`.
    pub rows: u64,
    /// Tokens of those rows.
    pub tokens: u64,
}

/// A token of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The row.
    pub row: u64,
    /// The token, from 0.
    pub token: u32,
}

/// Where a row's tokens lie among the tokens of its set, which are counted through from the first row's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The row.
    pub row: u64,
    /// Its first token.
    pub first: u64,
    /// One past its last token.
    pub end: u64,
}

impl Span {
    /// Whether a token of the set is one of the row's.
    #[must_use]
    pub fn has(&self, token: u64) -> bool {
        (self.first..self.end).contains(&token)
    }
}

/// Consecutive tokens of a row that are not the row's own.
///
/// The runs of a row are disjoint and in the order of their tokens; tokens outside of all runs were
/// first contributed by the row itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First token.
    pub start: u32,
    /// Tokens, at least 1.
    pub length: u32,
    /// Where the first token was first contributed, the others following it there; nothing for
    /// closed tokens.
    pub origin: Option<Place>,
}

impl Run {
    /// One past the last token.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.start.saturating_add(self.length)
    }
}

/// What is known of a row besides its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFacts {
    /// The set's version that its append made.
    pub born: u64,
    /// Its tokens.
    pub tokens: u32,
    /// Bytes of its document.
    pub bytes: u32,
    /// Its author. Not versioned: a reassignment names the new author at every version.
    pub contributor: u32,
    /// What became of it.
    pub changes: Changes,
}

/// Append-only index of a set's texts.
///
/// Each list only grows at its end, so that the answer at an older version is the same list cut
/// short: `rows` below is [`Totals::rows`] of the version that is asked about, and what rows from
/// there on added does not exist. Numbers of words count from 0 in the order in which rows brought
/// them. Every read may fail with the implementation's error. A borrowed answer is for those who
/// have it in memory or in a mapped file; the rules ask for no more than they look at, in ranges of
/// a few to a few hundred entries.
pub trait TextIndex {
    /// Why a read failed.
    type Error;

    /// The newest version; at least 1.
    ///
    /// # Errors
    /// Those of the implementation.
    fn version(&self) -> Result<u64, Self::Error>;

    /// Rows and tokens at a version, which is not 0 and not beyond [`Self::version`].
    ///
    /// # Errors
    /// Those of the implementation.
    fn totals(&self, version: u64) -> Result<Totals, Self::Error>;

    /// How many different words have a number, at the newest version.
    ///
    /// # Errors
    /// Those of the implementation.
    fn words(&self) -> Result<u32, Self::Error>;

    /// The number of a folded token, at the newest version.
    ///
    /// # Errors
    /// Those of the implementation.
    fn number(&self, word: &str) -> Result<Option<u32>, Self::Error>;

    /// How often a word stands in the rows before `rows`.
    ///
    /// # Errors
    /// Those of the implementation.
    fn count(&self, number: u32, rows: u64) -> Result<u64, Self::Error>;

    /// Adds the first [`super::POSTINGS`] places of three words in a row, at most [`super::PER_ROW`]
    /// (the first) of a row, that lie before `rows`: tokens of the set, ascending. Whether there are so
    /// many of one row.
    ///
    /// # Errors
    /// Those of the implementation.
    fn places(&self, trigram: [u32; 3], rows: u64, places: &mut Vec<u64>) -> Result<bool, Self::Error>;

    /// The row that a token of the set is of.
    ///
    /// # Errors
    /// Those of the implementation.
    fn row_at(&self, token: u64) -> Result<Span, Self::Error>;

    /// Facts of a row that exists.
    ///
    /// # Errors
    /// Those of the implementation.
    fn facts(&self, row: u64) -> Result<RowFacts, Self::Error>;

    /// Numbers of a range of a row's tokens; the range is within [`RowFacts::tokens`].
    ///
    /// # Errors
    /// Those of the implementation.
    fn tokens(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [u32]>, Self::Error>;

    /// The runs of a row that share a token with `range`, whole and in order.
    ///
    /// # Errors
    /// Those of the implementation.
    fn runs(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [Run]>, Self::Error>;

    /// The document of a row. Asked for evidence only, which points at bytes.
    ///
    /// # Errors
    /// Those of the implementation.
    fn document(&self, row: u64) -> Result<Cow<'_, str>, Self::Error>;
}

impl<T: TextIndex + ?Sized> TextIndex for &T {
    type Error = T::Error;

    fn version(&self) -> Result<u64, T::Error> {
        (**self).version()
    }

    fn totals(&self, version: u64) -> Result<Totals, T::Error> {
        (**self).totals(version)
    }

    fn words(&self) -> Result<u32, T::Error> {
        (**self).words()
    }

    fn number(&self, word: &str) -> Result<Option<u32>, T::Error> {
        (**self).number(word)
    }

    fn count(&self, number: u32, rows: u64) -> Result<u64, T::Error> {
        (**self).count(number, rows)
    }

    fn places(&self, trigram: [u32; 3], rows: u64, places: &mut Vec<u64>) -> Result<bool, T::Error> {
        (**self).places(trigram, rows, places)
    }

    fn row_at(&self, token: u64) -> Result<Span, T::Error> {
        (**self).row_at(token)
    }

    fn facts(&self, row: u64) -> Result<RowFacts, T::Error> {
        (**self).facts(row)
    }

    fn tokens(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [u32]>, T::Error> {
        (**self).tokens(row, range)
    }

    fn runs(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [Run]>, T::Error> {
        (**self).runs(row, range)
    }

    fn document(&self, row: u64) -> Result<Cow<'_, str>, T::Error> {
        (**self).document(row)
    }
}

//! A whole set in memory: what tests, tools and small sets use, and the measure for any other index.

use super::{
    index::{RowFacts, Run, Span, TextIndex, Totals},
    overlay::Overlay,
};
use crate::Error;
use std::borrow::Cow;
use std::ops::Range;

/// A set of texts and its index, in memory: an overlay over no rows.
pub type MemoryIndex = Overlay<NoRows>;

/// The index of a new set: version 1, no rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoRows;

impl MemoryIndex {
    /// A new set.
    #[must_use]
    pub fn new() -> Self {
        Self::over(NoRows, 1).expect("a new set is at version 1")
    }
}

impl Default for MemoryIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl TextIndex for NoRows {
    type Error = Error;

    fn version(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn totals(&self, _: u64) -> Result<Totals, Error> {
        Ok(Totals::default())
    }

    fn words(&self) -> Result<u32, Error> {
        Ok(0)
    }

    fn number(&self, _: &str) -> Result<Option<u32>, Error> {
        Ok(None)
    }

    fn count(&self, _: u32, _: u64) -> Result<u64, Error> {
        Ok(0)
    }

    fn places(&self, _: [u32; 3], _: u64, _: &mut Vec<u64>) -> Result<bool, Error> {
        Ok(false)
    }

    fn row_at(&self, _: u64) -> Result<Span, Error> {
        Err(Error::UnknownRow { row: 0 })
    }

    fn facts(&self, row: u64) -> Result<RowFacts, Error> {
        Err(Error::UnknownRow { row })
    }

    fn tokens(&self, row: u64, _: Range<u32>) -> Result<Cow<'_, [u32]>, Error> {
        Err(Error::UnknownRow { row })
    }

    fn runs(&self, row: u64, _: Range<u32>) -> Result<Cow<'_, [Run]>, Error> {
        Err(Error::UnknownRow { row })
    }

    fn document(&self, row: u64) -> Result<Cow<'_, str>, Error> {
        Err(Error::UnknownRow { row })
    }
}

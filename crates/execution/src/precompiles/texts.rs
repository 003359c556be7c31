//! A set's texts as the rules see them in one call: the index for what shards hold, the state for what became of rows, and the call's gas
//! for every step.

use super::{
    call::{Call, Step, Stop, fail},
    changes, gas,
    index::TextRows,
    sets::{MAX_PAYLOAD, Set},
};
use alloy_primitives::U256;
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use tributary_attribution::{
    Error,
    text::{Host, MAX_TEXT_BYTES, RowFacts, Run, Span, TextIndex, Totals, Work},
};
use tributary_contracts::IAttributionErrors::PayloadTooLong;

/// Why the rules stop.
#[derive(Debug)]
pub(super) enum Fault {
    Rule(Error),
    Stop(Stop),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl Fault {
    /// How the call ends.
    pub(super) fn stop<T>(self, set: &Set) -> Step<T> {
        match self {
            Self::Stop(stop) => Err(stop),
            Self::Rule(Error::TextTooLong { bytes }) => {
                fail(PayloadTooLong { length: U256::from(bytes), most: U256::from(MAX_TEXT_BYTES.max(MAX_PAYLOAD)) })
            }
            // The version, the bytes, and the shards when they were indexed were checked, and no set has room for more words than can be counted: the index
            // is damaged since, or wrong.
            Self::Rule(other) => Err(Stop::Fatal(format!("the index of set {}: {other}", set.id))),
        }
    }
}

/// The call, which pays for what the rules do and reads what they ask of the state.
pub(super) struct Payer<'p, 'a>(RefCell<&'p mut Call<'a>>);

impl<'p, 'a> Payer<'p, 'a> {
    pub(super) fn new(call: &'p mut Call<'a>) -> Self {
        Self(RefCell::new(call))
    }

    fn ask<T>(&self, question: impl FnOnce(&mut Call<'a>) -> Step<T>) -> Result<T, Fault> {
        question(&mut self.0.borrow_mut()).map_err(Fault::Stop)
    }
}

impl Host for &Payer<'_, '_> {
    type Error = Fault;

    fn charge(&mut self, work: Work) -> Result<(), Fault> {
        self.ask(|call| call.charge(gas::of_work(work)))
    }
}

/// Which rows of a set have slots of their own.
#[derive(Debug)]
pub(super) enum Changed {
    /// These, ascending.
    Only(Vec<u64>),
    /// So many that the list is not read.
    Any,
}

/// Rows of a list that is read for one query.
const LISTED: u32 = 256;

impl Changed {
    /// Reads which rows were changed, for the price of the list's slots.
    pub(super) fn read(call: &mut Call<'_>, set: &Set) -> Step<Self> {
        if set.changed > LISTED {
            return Ok(Self::Any);
        }
        call.charge_each(gas::SLOT, set.changed.div_ceil(8).into())?;
        let mut rows = set.changed_rows(call)?;
        rows.sort_unstable();
        Ok(Self::Only(rows))
    }

    fn may_have(&self, row: u64) -> bool {
        match self {
            Self::Only(rows) => rows.binary_search(&row).is_ok(),
            Self::Any => true,
        }
    }
}

/// The rows of a set as it is, of which the index may know more.
pub(super) struct Texts<'t, 'p, 'a> {
    pub(super) payer: &'t Payer<'p, 'a>,
    pub(super) index: &'t TextRows,
    pub(super) set: &'t Set,
    pub(super) changed: &'t Changed,
}

impl<'a> Texts<'_, '_, 'a> {
    /// Who is paid for a row, for the price of a slot if it was ever changed.
    pub(super) fn contributor(&self, row: u64) -> Result<u32, Fault> {
        match self.slot(row, changes::contributor)?.flatten() {
            Some(contributor) => Ok(contributor),
            None => Ok(self.index.facts(row)?.contributor),
        }
    }

    /// What a slot of a row says, for its price; nothing of a row that was never changed.
    fn slot<T>(&self, row: u64, read: impl FnOnce(&mut Call<'a>, U256, u64) -> Step<T>) -> Result<Option<T>, Fault> {
        if !self.changed.may_have(row) {
            return Ok(None);
        }
        self.payer.ask(|call| {
            call.charge(gas::SLOT)?;
            read(call, self.set.id, row).map(Some)
        })
    }
}

impl TextIndex for Texts<'_, '_, '_> {
    type Error = Fault;

    fn version(&self) -> Result<u64, Fault> {
        Ok(self.set.version)
    }

    fn totals(&self, version: u64) -> Result<Totals, Fault> {
        let found = self.index.totals(version)?;
        match self.set.rows {
            rows if found.rows <= rows => Ok(found),
            0 => Ok(Totals::default()),
            // The index knows later rows, of which this state's versions say nothing.
            rows => Ok(self.index.totals(self.index.facts(rows - 1)?.born)?),
        }
    }

    fn words(&self) -> Result<u32, Fault> {
        Ok(self.index.words()?)
    }

    fn number(&self, word: &str) -> Result<Option<u32>, Fault> {
        Ok(self.index.number(word)?)
    }

    fn count(&self, number: u32, rows: u64) -> Result<u64, Fault> {
        Ok(self.index.count(number, rows)?)
    }

    fn places(&self, trigram: [u32; 3], rows: u64, places: &mut Vec<u64>) -> Result<bool, Fault> {
        Ok(self.index.places(trigram, rows, places)?)
    }

    fn row_at(&self, token: u64) -> Result<Span, Fault> {
        Ok(self.index.row_at(token)?)
    }

    /// Its statuses are those of the state.
    fn facts(&self, row: u64) -> Result<RowFacts, Fault> {
        if row >= self.set.rows {
            return Err(Error::UnknownRow { row }.into());
        }
        let changes = self.slot(row, changes::statuses)?.unwrap_or_default();
        Ok(RowFacts { changes, ..self.index.facts(row)? })
    }

    fn tokens(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [u32]>, Fault> {
        Ok(self.index.tokens(row, range)?)
    }

    fn runs(&self, row: u64, range: Range<u32>) -> Result<Cow<'_, [Run]>, Fault> {
        Ok(self.index.runs(row, range)?)
    }

    fn document(&self, row: u64) -> Result<Cow<'_, str>, Fault> {
        Ok(self.index.document(row)?)
    }
}

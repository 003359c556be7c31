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
    text::{Host, MAX_TEXT_BYTES, Place, RowFacts, Run, TextIndex, Totals, Work},
};
use tributary_contracts::IAttributionErrors::{DamagedShard, PayloadTooLong, SetFull};

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
            Self::Rule(Error::Damaged { row } | Error::UnknownRow { row } | Error::OutOfOrder { row, .. }) => {
                fail(DamagedShard { setId: set.id, shard: row })
            }
            Self::Rule(Error::TooManyWords) => fail(SetFull { setId: set.id, size: set.size }),
            Self::Rule(Error::TextTooLong { bytes }) => {
                fail(PayloadTooLong { length: U256::from(bytes), most: U256::from(MAX_TEXT_BYTES.max(MAX_PAYLOAD)) })
            }
            // The version and the bytes were checked.
            Self::Rule(other) => Err(Stop::Fatal(other.to_string())),
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

/// The rows of a set as it is, of which the index may know more.
pub(super) struct Texts<'t, 'p, 'a> {
    pub(super) payer: &'t Payer<'p, 'a>,
    pub(super) index: &'t TextRows,
    pub(super) set: &'t Set,
}

impl Texts<'_, '_, '_> {
    /// Who is paid for a row, for the price of a slot.
    pub(super) fn contributor(&self, row: u64) -> Result<u32, Fault> {
        let reassigned = self.payer.ask(|call| {
            call.charge(gas::SLOT)?;
            changes::contributor(call, self.set.id, row)
        })?;
        match reassigned {
            Some(contributor) => Ok(contributor),
            None => Ok(self.index.facts(row)?.contributor),
        }
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

    fn places(&self, trigram: [u32; 3], rows: u64) -> Result<Cow<'_, [Place]>, Fault> {
        Ok(self.index.places(trigram, rows)?)
    }

    /// Its statuses are those of the state. The announcement of the row paid for the slot.
    fn facts(&self, row: u64) -> Result<RowFacts, Fault> {
        if row >= self.set.rows {
            return Err(Error::UnknownRow { row }.into());
        }
        let changes = self.payer.ask(|call| changes::statuses(call, self.set.id, row))?;
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

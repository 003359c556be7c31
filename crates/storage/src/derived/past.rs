//! What rows held before blocks changed them, looked up by key and by block.
//!
//! A row of the table `before` is found at [`place`]: the row's key in a form that ends itself, then the number of the block. So all that was ever replaced of one
//! key lies together, in the order of the chain, and keys lie in their own order, none within another's.

use super::{Direction, end_of};
use crate::{Error, tables::Row, v1};
use signet_libmdbx::{
    Database,
    tx::aliases::{RoCursorSync, RoTxSync},
};
use std::borrow::Cow;

/// Ends a key. A zero within one is followed by [`ZERO`], which is greater.
const END: [u8; 2] = [0, 1];
const ZERO: u8 = 0xff;

/// A key, or the beginning of some, such that none is the beginning of another once each has its [`END`].
pub(super) fn escaped(key: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(key.len() + 16);
    for byte in key {
        escaped.push(*byte);
        if *byte == 0 {
            escaped.push(ZERO);
        }
    }
    escaped
}

/// Where it stands what `key` held before block `number`.
pub(super) fn place(key: &[u8], number: u64) -> Vec<u8> {
    let mut place = escaped(key);
    place.extend(END);
    place.extend(number.to_be_bytes());
    place
}

/// The place of the same key at another block.
fn moved(place: &[u8], number: u64) -> Vec<u8> {
    [&place[..place.len() - 8], &number.to_be_bytes()].concat()
}

/// The key and the block of a place.
fn read_place(place: &[u8]) -> Result<(Vec<u8>, u64), Error> {
    let corrupt = || Error::corrupt("the place of a derived row's past cannot be read");
    let (key, number) = place.split_at_checked(place.len().wrapping_sub(8)).ok_or_else(corrupt)?;
    let mut rest = key.strip_suffix(&END).ok_or_else(corrupt)?.iter();
    let mut plain = Vec::with_capacity(rest.len());
    while let Some(byte) = rest.next() {
        plain.push(*byte);
        if *byte == 0 && rest.next() != Some(&ZERO) {
            return Err(corrupt());
        }
    }
    Ok((plain, v1::decode_number(number)?))
}

fn is_same_key(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.len() >= 8 && a[..a.len() - 8] == b[..b.len() - 8]
}

/// What a row held before the first block after `number` that changed it; `None` when none did. The inner `None` says that there was no row.
pub(super) fn value_after(tx: &RoTxSync, before: Database, key: &[u8], number: u64) -> Result<Option<Option<Vec<u8>>>, Error> {
    let Some(first) = number.checked_add(1) else { return Ok(None) };
    let first = place(key, first);
    let found: Option<Row<'_>> = tx.cursor(before)?.set_range(&first)?;
    Ok(found.filter(|(place, _)| is_same_key(place, &first)).map(|(_, value)| Some(value.into_owned()).filter(|value| !value.is_empty())))
}

/// A key, and what it held; no value where there was no row.
type Past = (Vec<u8>, Option<Vec<u8>>);

/// The rows that were changed after a block, each with what it held at that block, in order.
pub(super) struct Changed<'t> {
    cursor: RoCursorSync<'t>,
    number: u64,
    prefix: Vec<u8>,
    direction: Direction,
    /// Where the cursor stands: at the next key's first place in this direction.
    next: Option<Row<'t>>,
}

impl<'t> Changed<'t> {
    /// Those whose keys begin with `prefix`, beyond the key `after` where one is given.
    pub(super) fn open(
        tx: &'t RoTxSync,
        before: Database,
        number: u64,
        (prefix, after): (&[u8], Option<&[u8]>),
        direction: Direction,
    ) -> Result<Self, Error> {
        let mut cursor = tx.cursor(before)?;
        let prefix = escaped(prefix);
        let next = match (direction, after) {
            // No block has the greatest number: beyond all places of the key.
            (Direction::Up, Some(key)) => cursor.set_range(&place(key, u64::MAX))?,
            (Direction::Up, None) => cursor.set_range(&prefix)?,
            (Direction::Down, Some(key)) => last_below(&mut cursor, Some(&place(key, 0)))?,
            (Direction::Down, None) => last_below(&mut cursor, end_of(&prefix).as_deref())?,
        };
        Ok(Self { cursor, number, prefix, direction, next })
    }

    /// The next of them. No value: there was no such row at the block.
    pub(super) fn next(&mut self) -> Result<Option<Past>, Error> {
        while let Some((at, value)) = self.next.take().filter(|(at, _)| at.starts_with(&self.prefix)) {
            let (key, block) = read_place(&at)?;
            let is_after = block > self.number;
            let found = match self.direction {
                Direction::Up if is_after => {
                    self.next = self.beyond(&at)?;
                    Some(value)
                }
                Direction::Up => {
                    self.next = self.cursor.set_range(&moved(&at, self.number + 1))?;
                    None
                }
                Direction::Down if is_after => Some(self.first_after(&at)?.unwrap_or(value)),
                Direction::Down => {
                    self.next = self.beyond(&at)?;
                    None
                }
            };
            if let Some(value) = found {
                return Ok(Some((key, Some(value.into_owned()).filter(|value| !value.is_empty()))));
            }
        }
        Ok(None)
    }

    /// The value at a key's first place after the block, where that is another than `at`, its last, at which the cursor is. Goes on to the next key.
    fn first_after(&mut self, at: &[u8]) -> Result<Option<Cow<'t, [u8]>>, Error> {
        let before: Option<Row<'t>> = self.cursor.prev()?;
        let is_older = before.as_ref().is_some_and(|(before, _)| is_same_key(before, at));
        if !is_older {
            self.next = before;
            return Ok(None);
        }
        let first: Option<Row<'t>> = self.cursor.set_range(&moved(at, self.number + 1))?;
        self.next = self.beyond(at)?;
        Ok(first.map(|(_, value)| value))
    }

    /// The place beyond those of the key at `at`, one of which the cursor is at.
    fn beyond(&mut self, at: &[u8]) -> Result<Option<Row<'t>>, Error> {
        let step = |cursor: &mut RoCursorSync<'t>| -> Result<Option<Row<'t>>, Error> {
            Ok(if self.direction == Direction::Up { cursor.next()? } else { cursor.prev()? })
        };
        let next = step(&mut self.cursor)?;
        if !next.as_ref().is_some_and(|(next, _)| is_same_key(next, at)) {
            return Ok(next);
        }
        match self.direction {
            Direction::Up => Ok(self.cursor.set_range(&moved(at, u64::MAX))?),
            Direction::Down => last_below(&mut self.cursor, Some(&moved(at, 0))),
        }
    }
}

/// The last row below `end`, of all where there is none.
pub(super) fn last_below<'t>(cursor: &mut RoCursorSync<'t>, end: Option<&[u8]>) -> Result<Option<Row<'t>>, Error> {
    let beyond: Option<Row<'t>> = match end {
        Some(end) => cursor.set_range(end)?,
        None => None,
    };
    Ok(if beyond.is_some() { cursor.prev()? } else { cursor.last()? })
}

//! Sections and their footer, in both directions.

use super::table::{Table, bits_for};
use alloy_primitives::bytes::Bytes;
use std::io::{self, Write};

pub(super) const ROWS: usize = 0;
pub(super) const ROW_DIRECTORY: usize = 1;
pub(super) const TOKENS: usize = 2;
pub(super) const RUNS: usize = 3;
pub(super) const DOCUMENTS: usize = 4;
pub(super) const WORD_ENDS: usize = 5;
pub(super) const WORDS: usize = 6;
pub(super) const WORD_TABLE: usize = 7;
pub(super) const COUNT_TABLE: usize = 9;
pub(super) const COUNTS: usize = 11;
pub(super) const PLACES: usize = 12;
const SECTIONS: usize = 14;

/// Tokens for each entry of the row directory.
pub(super) const TOKENS_A_STEP: u32 = 256;

/// What closes frozen rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Footer {
    /// The first row of the set that is here.
    pub(super) first_row: u64,
    /// Tokens of the rows before it.
    pub(super) tokens_before: u64,
    /// The number of the first new word.
    pub(super) first_word: u64,
}

const FOOTER: usize = 8 * (3 + SECTIONS);

/// Numbers of 32 bits.
#[derive(Debug, Clone)]
pub(super) struct Numbers(Bytes);

impl Numbers {
    pub(super) fn len(&self) -> usize {
        self.0.len() / 4
    }

    pub(super) fn get(&self, at: usize) -> Option<u32> {
        number(&self.0, 4 * at)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The number that begins at a byte.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The number of 64 bits that begins at a byte.
pub(super) fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The sections of frozen rows.
#[derive(Debug)]
pub(super) struct Sections([Bytes; SECTIONS]);

impl Sections {
    /// Finds the sections; nothing when the bytes have not that form.
    pub(super) fn open(bytes: &Bytes) -> Option<(Footer, Self)> {
        let footer_at = bytes.len().checked_sub(FOOTER)?;
        let word = |at: usize| long(bytes, footer_at + 8 * at);
        let footer = Footer { first_row: word(0)?, tokens_before: word(1)?, first_word: word(2)? };
        let mut sections: [Bytes; SECTIONS] = Default::default();
        let mut from = 0_usize;
        for (section, at) in sections.iter_mut().zip(3..) {
            let end = usize::try_from(word(at)?).ok().filter(|&end| from <= end && end <= footer_at)?;
            *section = bytes.slice(from..end);
            from = end.checked_next_multiple_of(8)?;
        }
        (from == footer_at).then_some((footer, Self(sections)))
    }

    pub(super) fn bytes(&self, section: usize) -> Bytes {
        self.0[section].clone()
    }

    pub(super) fn numbers(&self, section: usize) -> Numbers {
        Numbers(self.bytes(section))
    }

    pub(super) fn table(&self, section: usize) -> Option<Table> {
        Table::open(self.bytes(section), self.numbers(section + 1))
    }
}

/// Writes sections, one after the other.
#[derive(Debug)]
pub(super) struct Writer<W> {
    out: W,
    written: u64,
    ends: Vec<u64>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, written: 0, ends: Vec::with_capacity(SECTIONS) }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    pub(super) fn put_number(&mut self, number: u32) -> io::Result<()> {
        self.put(&number.to_le_bytes())
    }

    /// Ends the section.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.ends.push(self.written);
        let padding = self.written.next_multiple_of(8) - self.written;
        self.put(&[0; 8][..padding as usize])
    }

    /// A section of numbers.
    pub(super) fn numbers(&mut self, numbers: impl IntoIterator<Item = u32>) -> io::Result<()> {
        numbers.into_iter().try_for_each(|number| self.put_number(number))?;
        self.end()
    }

    /// The two sections of a table of about `count` entries, which come in the order of their keys.
    pub(super) fn table(&mut self, count: usize, entries: impl IntoIterator<Item = (u32, u32)>) -> io::Result<()> {
        let bits = bits_for(count);
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut position = 0;
        for (key, value) in entries {
            let bucket = (u64::from(key) << bits >> 32) as usize;
            starts.resize(starts.len().max(bucket + 1), position);
            self.put_number(key)?;
            self.put_number(value)?;
            position = next(position)?;
        }
        starts.resize((1 << bits) + 1, position);
        self.end()?;
        self.numbers(starts)
    }

    /// Writes the footer.
    pub(super) fn finish(mut self, footer: Footer) -> io::Result<()> {
        debug_assert_eq!(self.ends.len(), SECTIONS);
        let ends = std::mem::take(&mut self.ends);
        for word in [footer.first_row, footer.tokens_before, footer.first_word].into_iter().chain(ends) {
            self.put(&word.to_le_bytes())?;
        }
        Ok(())
    }
}

/// The next position; positions have 32 bits, which a set never needs.
fn next(position: u32) -> io::Result<u32> {
    position.checked_add(1).ok_or_else(too_many)
}

/// More of something than 32 bits count: no set has that.
pub(super) fn too_many() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a set has more entries than 32 bits count")
}

//! A part of the index: what some blocks appended to some sets, frozen. Both directions of its format.
//!
//! ```text
//! for each set:  marks, content           each from a multiple of eight bytes on
//! directory:     64 bytes for each set, ascending
//! footer:        magic u64, format u64, sets u64, CRC-32 of all before it u64
//! ```
//!
//! Numbers are little-endian. A mark is 88 bytes for each shard: its code's hash, the running root with it, the set's rows with it u64, born u64,
//! contributor u64. The content is frozen rows ([`tributary_attribution::text::frozen`]), or sketches as they were appended. An entry of the
//! directory: set id u64, kind u8, labelled u8, dim u16, least and greatest exponent u8, 0 u16, first shard u64, where marks begin u64 and end u64,
//! where the content begins u64 and ends u64, 0 u64.

use super::super::sets::{Kind, Terms};
use alloy_primitives::{B256, Bytes};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use tributary_attribution::text::frozen::FrozenRows;

const MAGIC: u64 = u64::from_le_bytes(*b"tribIdx\0");
const FORMAT: u64 = 2;
const FOOTER: usize = 32;
const ENTRY: usize = 64;
const MARK: usize = 88;

/// What is remembered of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) hash: B256,
    /// The running root up to and with it.
    pub(super) root: B256,
    /// Rows up to and with it.
    pub(super) rows: u64,
    pub(super) born: u64,
    pub(super) contributor: u32,
}

impl Mark {
    fn encode(&self) -> [u8; MARK] {
        let mut bytes = [0; MARK];
        bytes[..32].copy_from_slice(&self.hash.0);
        bytes[32..64].copy_from_slice(&self.root.0);
        for (bytes, word) in bytes[64..].chunks_exact_mut(8).zip([self.rows, self.born, self.contributor.into()]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            hash: B256::try_from(bytes.get(..32)?).ok()?,
            root: B256::try_from(bytes.get(32..64)?).ok()?,
            rows: word(bytes, 64)?,
            born: word(bytes, 72)?,
            contributor: u32::try_from(word(bytes, 80)?).ok()?,
        })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A part, in memory or in a mapped file.
#[derive(Debug)]
pub struct IndexPart {
    bytes: Bytes,
    directory: Bytes,
}

impl IndexPart {
    /// A part as it was written; nothing for what is none, or was damaged.
    #[must_use]
    pub fn open(bytes: Bytes) -> Option<Self> {
        let directory = directory_of(&bytes)?;
        Some(Self { directory: bytes.slice(directory), bytes })
    }

    /// Whether it still is what was written: a mapped file changes under whoever has it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        directory_of(&self.bytes).is_some()
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn entries(&self) -> &[[u8; ENTRY]] {
        self.directory.as_chunks().0
    }

    /// The sets that something is said of, ascending.
    pub(super) fn sets(&self) -> impl Iterator<Item = (u64, Terms)> + '_ {
        self.entries().iter().filter_map(decode_key)
    }

    /// What it says of a set.
    pub(super) fn set(&self, id: u64, terms: Terms) -> Option<SetPart> {
        let entries = self.entries();
        let from = entries.partition_point(|entry| word(entry, 0).is_some_and(|other| other < id));
        let entry = entries[from..]
            .iter()
            .take_while(|entry| word(&entry[..], 0) == Some(id))
            .find(|entry| decode_key(entry) == Some((id, terms)))?;
        let piece = |at: usize| {
            let (from, to) = (usize::try_from(word(entry, at)?).ok()?, usize::try_from(word(entry, at + 8)?).ok()?);
            (from <= to && to <= self.bytes.len()).then(|| self.bytes.slice(from..to))
        };
        let first_shard = word(entry, 16)?;
        let marks = piece(24)?;
        first_shard.checked_add((marks.len() / MARK) as u64)?;
        Some(SetPart { terms, first_shard, marks, content: piece(40)? })
    }
}

/// Where the directory of a part is; nothing for what is none, or was damaged.
fn directory_of(bytes: &[u8]) -> Option<Range<usize>> {
    let footer = bytes.len().checked_sub(FOOTER)?;
    let word = |at: usize| word(bytes, footer + 8 * at);
    let whole = word(0)? == MAGIC && word(1)? == FORMAT && word(3)? == u64::from(crc32fast::hash(&bytes[..footer + 24]));
    let directory = usize::try_from(word(2)?).ok()?.checked_mul(ENTRY).and_then(|length| footer.checked_sub(length))?;
    whole.then_some(directory..footer)
}

fn encode_key(id: u64, terms: Terms) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&id.to_le_bytes());
    (key[8], key[9]) = (terms.kind as u8, terms.labelled.into());
    key[10..12].copy_from_slice(&terms.dim.to_le_bytes());
    (key[12], key[13]) = terms.band;
    key
}

fn decode_key(entry: &[u8; ENTRY]) -> Option<(u64, Terms)> {
    let kind = match entry[8] {
        1 => Kind::Sketch,
        2 => Kind::Text,
        _ => return None,
    };
    let terms = Terms { kind, dim: u16::from_le_bytes([entry[10], entry[11]]), labelled: entry[9] != 0, band: (entry[12], entry[13]) };
    Some((word(entry, 0)?, terms))
}

/// What a part says of a set.
#[derive(Debug, Clone)]
pub(super) struct SetPart {
    terms: Terms,
    first_shard: u64,
    marks: Bytes,
    content: Bytes,
}

/// The rows of shards.
pub(super) enum Content {
    Text(Arc<FrozenRows>),
    Sketches(Bytes),
}

impl SetPart {
    pub(super) fn first_shard(&self) -> u64 {
        self.first_shard
    }

    pub(super) fn shards(&self) -> u64 {
        (self.marks.len() / MARK) as u64
    }

    /// What is remembered of a shard, counted from the first one here.
    pub(super) fn mark(&self, at: u64) -> Option<Mark> {
        self.marks.get(usize::try_from(at).ok()?.checked_mul(MARK)?..).and_then(Mark::decode)
    }

    pub(super) fn content(&self) -> Option<Content> {
        Some(match self.terms.kind {
            Kind::Text => Content::Text(Arc::new(FrozenRows::open(&self.content.0).ok()?)),
            Kind::Sketch => Content::Sketches(self.content.clone()),
        })
    }
}

/// Writes a part.
pub(super) struct PartWriter<W> {
    out: W,
    written: u64,
    check: crc32fast::Hasher,
    directory: Vec<[u8; ENTRY]>,
}

impl<W: Write> PartWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, written: 0, check: crc32fast::Hasher::new(), directory: Vec::new() }
    }

    /// The next set: its shards from the first on, and what `content` writes.
    pub(super) fn set(
        &mut self,
        (id, terms): (u64, Terms),
        first_shard: u64,
        marks: impl IntoIterator<Item = Mark>,
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut entry = [0; ENTRY];
        entry[..16].copy_from_slice(&encode_key(id, terms));
        let marks_at = self.written;
        marks.into_iter().try_for_each(|mark| self.write_all(&mark.encode()))?;
        let (marks_end, content_at) = (self.written, self.written);
        content(self)?;
        let content_end = self.written;
        for (bytes, word) in entry[16..].chunks_exact_mut(8).zip([first_shard, marks_at, marks_end, content_at, content_end]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        self.directory.push(entry);
        let padding = self.written.next_multiple_of(8) - self.written;
        self.write_all(&[0; 8][..padding as usize])
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let directory = std::mem::take(&mut self.directory);
        directory.iter().try_for_each(|entry| self.write_all(entry))?;
        for word in [MAGIC, FORMAT, directory.len() as u64] {
            self.write_all(&word.to_le_bytes())?;
        }
        let check = u64::from(self.check.clone().finalize());
        self.out.write_all(&check.to_le_bytes())?;
        self.out.flush()
    }
}

impl<W: Write> Write for PartWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.check.update(bytes);
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

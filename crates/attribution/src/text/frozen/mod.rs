//! Rows in an immutable form that is read where it lies: in memory, or in a mapped file.
//!
//! A [`FrozenRows`] holds consecutive rows of one set; a [`Frozen`] is a stack of them, the whole set up to some row, and a [`TextIndex`](super::TextIndex).
//! Rows are frozen once, from the entries that appends made ([`freeze`]), and several can be made one ([`merge`]), which changes
//! no answer. Where a stack is cut short its lists are cut short, so that nothing is rewritten when rows are taken back.
//!
//! # Format
//!
//! Sections of little-endian numbers, each from a multiple of eight bytes on, then the [`Footer`]:
//!
//! | Section | Holds |
//! |---|---|
//! | rows | 32 bytes each: born u64, end of the document u64, contributor u32, end of tokens u32, of runs u32, of new words u32 |
//! | row directory | for each 256 tokens, the row of the first |
//! | tokens | numbers of words, u32 each |
//! | runs | 24 bytes each: start u32, length u32, row of the origin u64 (2⁶⁴ − 1: closed), its token u32, 0 |
//! | documents | UTF-8 |
//! | word ends, words | the new words in the order of their numbers: where each ends, u32; UTF-8 |
//! | word table | CRC-32 of a new word → which it is |
//! | counts table, counts | a word's number, spread → end of its list; lists of (row u32, how often it stands in the set up to and with it u32) |
//! | places table | CRC-32 of a trigram → position of its first token; equal keys by trigram, then position. The lowest bit of the key is not the sum's: set at the last place that is kept of a row where that is one of several, as many as are kept |
//!
//! A table is its entries (key u32, value u32), sorted by key, and a directory by the key's first bits. Keys may be equal for
//! different things, and somebody may see to it that many are; those are found by halving, too.

mod build;
mod merge;
mod rows;
mod sections;
mod stack;
mod table;

pub use build::freeze;
pub use merge::merge;
pub use rows::FrozenRows;
pub use stack::Frozen;

/// The key of a new word.
fn word_key(word: &str) -> u32 {
    crc32fast::hash(word.as_bytes())
}

/// The key of a word's counts: each number has its own, and neighbours lie apart.
fn count_key(number: u32) -> u32 {
    number.wrapping_mul(0x9E37_79B1)
}

/// Set in the key of a place that is the last one kept of its row.
const FULL: u32 = 1;

/// The key of a trigram, in which [`FULL`] is not set.
fn trigram_key(trigram: [u32; 3]) -> u32 {
    let mut bytes = [0; 12];
    for (bytes, number) in bytes.chunks_exact_mut(4).zip(trigram) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    crc32fast::hash(&bytes) & !FULL
}

//! The index over a list of documents: a few segments of geometrically falling size.

use super::{corpus::Corpus, segment::Segment};
use crate::Error;
use std::sync::Arc;

/// Longest document and longest output, in bytes: offsets are 32 bits wide.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 30;

/// Tokens after which a new segment begins: suffix arrays have 31-bit entries, and one document
/// more must fit.
const SEGMENT_TOKENS: usize = 1 << 29;

/// A segment is merged with those after it until it is this many times as long as their sum, so a
/// document takes part in a logarithmic number of merges and a query meets few segments.
const MERGE_RATIO: usize = 8;

/// Suffix arrays over the word tokens of a list of documents (rows `0..rows`).
///
/// A value: appending makes another index that shares unchanged segments with the first. How the
/// documents are divided into segments is invisible in every result and in all announced work.
#[derive(Debug, Clone, Default)]
pub struct TextIndex {
    segments: Vec<Arc<Segment>>,
    rows: u64,
    tokens: u64,
}

impl TextIndex {
    /// Indexes documents, in time linear in their bytes whatever they are.
    ///
    /// # Errors
    /// [`Error::NotUtf8`] and [`Error::DocumentTooLong`] name the first document that does not fit.
    pub fn build<'a>(documents: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Error> {
        let mut index = Self::default();
        index.append(documents)?;
        Ok(index)
    }

    /// Appends documents after the last row. On an error the index is as it was.
    ///
    /// # Errors
    /// As [`TextIndex::build`].
    pub fn append<'a>(&mut self, documents: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Error> {
        let mut fresh = vec![Corpus::default()];
        for (position, document) in documents.into_iter().enumerate() {
            let row = self.rows + position as u64;
            if document.len() > MAX_DOCUMENT_BYTES {
                return Err(Error::DocumentTooLong { row });
            }
            let document = std::str::from_utf8(document).map_err(|_| Error::NotUtf8 { row })?;
            match fresh.last_mut() {
                Some(corpus) if corpus.len() < SEGMENT_TOKENS => corpus.push(document),
                _ => {
                    fresh.push(Corpus::default());
                    fresh.last_mut().expect("invariant: just pushed").push(document);
                }
            }
        }
        for corpus in fresh {
            self.push_and_merge(corpus);
        }
        Ok(())
    }

    /// The index over the first `rows` documents (all of them when there are fewer).
    #[must_use]
    pub fn prefix(&self, rows: u64) -> Self {
        let mut shorter = Self::default();
        for segment in &self.segments {
            let within = rows.saturating_sub(segment.first_row());
            if within >= segment.corpus().documents() as u64 {
                shorter.share(Arc::clone(segment));
            } else {
                let mut rest = Corpus::default();
                rest.absorb(segment.corpus(), 0..within as usize);
                shorter.push_and_merge(rest);
                break;
            }
        }
        shorter
    }

    /// Number of documents.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of tokens in all documents, `N`.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// `⌈log2 N⌉`, at least 1: what a look-up is charged by ([`super::Work::Search`]).
    #[must_use]
    pub fn levels(&self) -> u32 {
        // ⌈log2 n⌉ = bits of (n − 1).
        (u64::BITS - self.tokens.saturating_sub(1).leading_zeros()).max(1)
    }

    /// Roughly the memory that the index holds, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes()).sum()
    }

    pub(super) fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// How often a token occurs in all documents.
    pub(super) fn count(&self, token: &str) -> u64 {
        self.segments.iter().map(|segment| segment.count(segment.corpus().id(token))).sum()
    }

    /// Bytes of tokens `from..to` of a row.
    pub(super) fn byte_range(&self, row: u64, from: u32, to: u32) -> (u32, u32) {
        let after = self.segments.partition_point(|segment| segment.first_row() <= row);
        let segment = &self.segments[after - 1];
        segment.corpus().byte_range((row - segment.first_row()) as usize, from, to)
    }

    fn share(&mut self, segment: Arc<Segment>) {
        self.rows += segment.corpus().documents() as u64;
        self.tokens += segment.corpus().words();
        self.segments.push(segment);
    }

    /// Makes a segment of the documents, together with those before it that are not much longer.
    fn push_and_merge(&mut self, last: Corpus) {
        if last.documents() == 0 {
            return;
        }
        let mut sum = last.len();
        let mut keep = self.segments.len();
        while keep > 0 {
            let before = self.segments[keep - 1].corpus().len();
            if before >= MERGE_RATIO * sum || before + sum > SEGMENT_TOKENS {
                break;
            }
            sum += before;
            keep -= 1;
        }
        if keep == self.segments.len() {
            self.share(Arc::new(Segment::new(self.rows, last)));
            return;
        }
        let mut whole = Corpus::default();
        for segment in self.segments.drain(keep..) {
            let corpus = segment.corpus();
            self.rows -= corpus.documents() as u64;
            self.tokens -= corpus.words();
            whole.absorb(corpus, 0..corpus.documents());
        }
        whole.absorb(&last, 0..last.documents());
        self.share(Arc::new(Segment::new(self.rows, whole)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appending_one_by_one_keeps_few_segments() {
        let mut index = TextIndex::default();
        for row in 0..2_000_u32 {
            let document = format!("row {row} of two thousand");
            index.append([document.as_bytes()]).unwrap();
            assert!(index.segments.len() <= 5, "{} segments", index.segments.len());
        }
        assert_eq!((index.rows(), index.tokens()), (2_000, 10_000));
        let first_rows: Vec<u64> = index.segments.iter().map(|s| s.first_row()).collect();
        assert!(first_rows.is_sorted());
    }

    #[test]
    fn a_bad_document_leaves_the_index_as_it_was() {
        let mut index = TextIndex::build([b"one two three".as_slice()]).unwrap();
        let bad = index.append([b"four".as_slice(), b"\xFF".as_slice()]);
        assert_eq!(bad, Err(Error::NotUtf8 { row: 2 }));
        assert_eq!((index.rows(), index.tokens()), (1, 3));
    }

    #[test]
    fn levels_are_the_rounded_up_logarithm() {
        let levels = |tokens| TextIndex { tokens, ..TextIndex::default() }.levels();
        assert_eq!([0, 1, 2, 3, 4, 5, 1024, 1025].map(levels), [1, 1, 1, 2, 2, 3, 10, 11]);
        assert_eq!(levels(u64::MAX), 64);
    }
}

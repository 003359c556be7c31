//! Documents as numbers: the text that a suffix array is built over.

use super::tokenize::tokenize;
use std::collections::HashMap;
use std::ops::Range;

/// Closes each document. Also stands for a query token that no document has.
pub(super) const SEPARATOR: u32 = 0;

/// Tokens of consecutive documents, each document closed by [`SEPARATOR`].
///
/// No query contains the separator, so no match runs from one document into the next.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    /// Numbers from 1 in order of first appearance. Looked up, never iterated into a result.
    vocabulary: HashMap<Box<str>, u32>,
    /// Signed only because libsais wants it so.
    tokens: Vec<i32>,
    /// First byte of each token in its document.
    starts: Vec<u32>,
    /// Bytes of each token, by number.
    lengths: Vec<u32>,
    /// Position of each document's separator.
    ends: Vec<u32>,
}

impl Corpus {
    pub(super) fn push(&mut self, document: &str) {
        for token in tokenize(document) {
            let id = self.insert(&token.text);
            self.tokens.push(id as i32);
            self.starts.push(token.start as u32);
        }
        self.close();
    }

    /// Appends documents of another corpus, as if they had been pushed.
    pub(super) fn absorb(&mut self, other: &Self, documents: Range<usize>) {
        let mut words = vec![""; other.vocabulary.len() + 1];
        for (word, &id) in &other.vocabulary {
            words[id as usize] = word;
        }
        let mut ids = vec![SEPARATOR; words.len()];
        for document in documents {
            for at in other.begin(document)..other.ends[document] {
                let token = other.token(at) as usize;
                if ids[token] == SEPARATOR {
                    ids[token] = self.insert(words[token]);
                }
                self.tokens.push(ids[token] as i32);
                self.starts.push(other.starts[at as usize]);
            }
            self.close();
        }
    }

    fn insert(&mut self, word: &str) -> u32 {
        if let Some(&id) = self.vocabulary.get(word) {
            return id;
        }
        if self.lengths.is_empty() {
            self.lengths.push(0);
        }
        let id = self.lengths.len() as u32;
        self.vocabulary.insert(word.into(), id);
        self.lengths.push(word.len() as u32);
        id
    }

    fn close(&mut self) {
        self.ends.push(self.tokens.len() as u32);
        self.tokens.push(SEPARATOR as i32);
        self.starts.push(0);
    }

    /// Tokens and separators.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn documents(&self) -> usize {
        self.ends.len()
    }

    /// Tokens without separators.
    pub(super) fn words(&self) -> u64 {
        (self.tokens.len() - self.ends.len()) as u64
    }

    /// The token's number here, or [`SEPARATOR`] when no document has it.
    pub(super) fn id(&self, token: &str) -> u32 {
        self.vocabulary.get(token).copied().unwrap_or(SEPARATOR)
    }

    pub(super) fn token(&self, at: u32) -> u32 {
        self.tokens[at as usize] as u32
    }

    /// For libsais, which changes the text and restores it.
    pub(super) fn tokens_mut(&mut self) -> &mut [i32] {
        &mut self.tokens
    }

    /// `(document, token in it)` of a position.
    pub(super) fn place(&self, at: u32) -> (usize, u32) {
        let document = self.ends.partition_point(|&end| end < at);
        (document, at - self.begin(document))
    }

    /// First byte of token `from` and one past the last of token `to - 1` of a document.
    pub(super) fn byte_range(&self, document: usize, from: u32, to: u32) -> (u32, u32) {
        let begin = self.begin(document);
        let last = begin + to - 1;
        let end = self.starts[last as usize] + self.lengths[self.token(last) as usize];
        (self.starts[(begin + from) as usize], end)
    }

    /// By token number, how many tokens have a smaller number; one entry more at the end.
    pub(super) fn buckets(&self) -> Vec<u32> {
        let mut buckets = vec![0; self.vocabulary.len() + 2];
        for &token in &self.tokens {
            buckets[token as usize + 1] += 1;
        }
        for id in 1..buckets.len() {
            buckets[id] += buckets[id - 1];
        }
        buckets
    }

    /// Roughly the memory that the corpus holds.
    pub(super) fn bytes(&self) -> usize {
        const ENTRY: usize = 64;
        let words: usize = self.lengths.iter().map(|&length| length as usize + ENTRY).sum();
        words + (2 * self.tokens.len() + self.ends.len()) * size_of::<u32>()
    }

    fn begin(&self, document: usize) -> u32 {
        document.checked_sub(1).map_or(0, |before| self.ends[before] + 1)
    }
}

//! A text as the numbers and weights of its tokens, in one set at one version.

use super::{
    index::{TextIndex, Totals},
    tokenize::{Tokens, tokenize},
    work::{Host, Work},
};
use crate::{Error, rarity::log2_q8};
use std::collections::HashMap;
use std::ops::Range;

/// A tokenised text, looked up.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) tokens: Tokens,
    /// The words' numbers. Words without one get the next ones in order of appearance, as if the
    /// text were a row.
    pub(super) numbers: Vec<u32>,
    /// The first number that no row has.
    pub(super) first_new: u32,
    /// The token of the first appearance of each new word.
    pub(super) new_words: Vec<u32>,
    /// Weight of the tokens before each token; one more entry than tokens.
    pub(super) prefix: Vec<i64>,
    /// `log2 N` in 1/256 bits: the weight of a token that no row has.
    pub(super) log_n: i64,
    pub(super) totals: Totals,
}

/// What is known of one different word of a text.
#[derive(Clone, Copy)]
struct Word {
    number: u32,
    weight: i64,
}

impl Query {
    /// Folds `text` and looks its words up, each different one once.
    pub(super) fn new<I, H>(index: &I, version: u64, text: &str, host: &mut H) -> Result<Self, H::Error>
    where
        I: TextIndex,
        H: Host<Error: From<I::Error>>,
    {
        let newest = index.version()?;
        if version == 0 || version > newest {
            return Err(Error::UnknownVersion { version, newest }.into());
        }
        host.charge(Work::Bytes(text.len() as u64))?;
        let tokens = tokenize(text)?;
        host.charge(Work::Tokens(tokens.len() as u64))?;
        let totals = index.totals(version)?;
        let first_new = index.words()?;
        let mut query = Self {
            numbers: Vec::with_capacity(tokens.len()),
            first_new,
            new_words: Vec::new(),
            prefix: Vec::with_capacity(tokens.len() + 1),
            log_n: i64::from(log2_q8(totals.tokens, 1)),
            totals,
            tokens: Tokens::default(),
        };
        query.look_up::<I, H::Error>(index, &tokens)?;
        query.tokens = tokens;
        Ok(query)
    }

    fn look_up<I: TextIndex, E: From<I::Error> + From<Error>>(&mut self, index: &I, tokens: &Tokens) -> Result<(), E> {
        let mut words: HashMap<&str, Word> = HashMap::new();
        let mut sum = 0;
        self.prefix.push(sum);
        for (at, token) in (0u32..).zip(tokens.iter()) {
            let word = match words.get(token.text) {
                Some(&word) => word,
                None => {
                    let word = match index.number(token.text)? {
                        Some(number) => Word { number, weight: self.weight(index, number)? },
                        None => self.new_word(at)?,
                    };
                    words.insert(token.text, word);
                    word
                }
            };
            sum += word.weight;
            self.numbers.push(word.number);
            self.prefix.push(sum);
        }
        Ok(())
    }

    fn new_word(&mut self, token: u32) -> Result<Word, Error> {
        let number = self.first_new.checked_add(self.new_words.len() as u32).ok_or(Error::TooManyWords)?;
        self.new_words.push(token);
        Ok(Word { number, weight: self.log_n })
    }

    /// Weight of a word: `log2(N / count)`, in 1/256 bits.
    pub(super) fn weight<I: TextIndex>(&self, index: &I, number: u32) -> Result<i64, I::Error> {
        Ok(i64::from(log2_q8(self.totals.tokens, index.count(number, self.totals.rows)?)))
    }

    /// The three words from token `at` on, if rows can have them.
    pub(super) fn trigram(&self, at: usize) -> Option<[u32; 3]> {
        let words: [u32; 3] = self.numbers.get(at..at + 3)?.try_into().ok()?;
        words.iter().all(|&word| word < self.first_new).then_some(words)
    }

    pub(super) fn len(&self) -> u32 {
        self.numbers.len() as u32
    }

    /// Weight of all tokens.
    pub(super) fn total(&self) -> u64 {
        self.weight_of(0..self.len())
    }

    /// Weight of a range of tokens.
    pub(super) fn weight_of(&self, range: Range<u32>) -> u64 {
        (self.prefix[range.end as usize] - self.prefix[range.start as usize]).unsigned_abs()
    }
}

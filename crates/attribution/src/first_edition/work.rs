//! The measure of a trace, announced before each step.

use std::convert::Infallible;

/// An amount of work that is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Looking up `tokens` output tokens in an index of `2^levels` tokens or fewer.
    Search {
        /// Tokens of the output.
        tokens: u64,
        /// `⌈log2 N⌉`, where `N` is the number of tokens in all documents; at least 1.
        levels: u32,
    },
    /// Reading the places of one seed, at most [`super::CAP`].
    Occurrences(u64),
    /// Steps of the dynamic programme over the anchors of one document.
    Steps(u64),
}

/// What a trace needs from outside: permission for work, and which rows count.
pub trait Host {
    /// Why the trace must stop: out of gas, or a row's activity cannot be read.
    type Error;

    /// Is told of work before it is done.
    ///
    /// # Errors
    /// An error stops the trace; it is returned as it is.
    fn charge(&mut self, work: Work) -> Result<(), Self::Error>;

    /// Whether a row counts. Asked for each occurrence, after the occurrences were charged.
    ///
    /// # Errors
    /// An error stops the trace; it is returned as it is.
    fn is_active(&mut self, row: u64) -> Result<bool, Self::Error>;
}

/// The host for those who do not pay: benchmarks, tests, tools. Holds the activity predicate.
#[derive(Debug, Clone, Copy)]
pub struct Unmetered<F>(pub F);

impl<F: Fn(u64) -> bool> Host for Unmetered<F> {
    type Error = Infallible;

    fn charge(&mut self, _: Work) -> Result<(), Infallible> {
        Ok(())
    }

    fn is_active(&mut self, row: u64) -> Result<bool, Infallible> {
        Ok(self.0(row))
    }
}

//! The measure of the text rules, announced before each step.

use crate::Error;

/// An amount of work that is about to be done. Every amount is a function of the set's content at
/// the version that is asked about and of the text, never of how or where the index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Folding this many bytes of a text into tokens.
    Bytes(u64),
    /// Looking up this many tokens of the text: number, count, places of the trigram that begins
    /// there. Announced a second time by [`super::append`], for adding them.
    Tokens(u64),
    /// Looking at this many places of one trigram, at most [`super::POSTINGS`].
    Places(u64),
    /// Reading the facts of this many rows.
    Rows(u64),
    /// Comparing this many tokens to the left or the right of a place; one comparison may end before
    /// all that was announced for it.
    Extension(u64),
    /// This many anchors: keeping them, and their look-back of at most [`super::LOOKBACK`] others.
    Anchors(u64),
    /// Weighing this many tokens of rows that lie between the anchors of a strong chain.
    Gaps(u64),
    /// Finding the origin of this many tokens.
    Origins(u64),
    /// Storing this many runs.
    Runs(u64),
    /// Ranking or returning this many groups of matches, chains, credits or pieces of evidence.
    Elements(u64),
}

/// Who pays for the work, and may stop it at any step.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, text::{Host, MemoryIndex, Unmetered, Work, trace}};
///
/// /// Pays for so many tokens.
/// struct Tokens(u64);
///
/// impl Host for Tokens {
///     type Error = Option<Error>;
///
///     fn charge(&mut self, work: Work) -> Result<(), Option<Error>> {
///         if let Work::Tokens(count) = work {
///             self.0 = self.0.checked_sub(count).ok_or(None)?;
///         }
///         Ok(())
///     }
/// }
///
/// let set = MemoryIndex::new();
/// assert!(trace(&set, 1, "two words", &mut Tokens(2)).is_ok());
/// assert_eq!(trace(&set, 1, "three more words", &mut Tokens(2)), Err(None));
/// # Ok::<(), Error>(())
/// ```
pub trait Host {
    /// Why the work must stop: out of gas, or any error of the rules, which is told in the host's
    /// terms.
    type Error: From<Error>;

    /// Is told of work before it is done.
    ///
    /// # Errors
    /// An error stops the work; it is returned as it is.
    fn charge(&mut self, work: Work) -> Result<(), Self::Error>;
}

/// The host for those who do not pay: tests, benchmarks, tools.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unmetered;

impl Host for Unmetered {
    type Error = Error;

    fn charge(&mut self, _: Work) -> Result<(), Error> {
        Ok(())
    }
}

//! The text rules of the first edition: still what the precompiles execute until they move to
//! [`crate::text`].
//!
//! Trace: which documents a text quotes, and how much of it each of them explains (rule 4).
//!
//! ```text
//! documents ─▶ TextIndex (suffix arrays over word tokens)
//! output ─▶ tokens ─▶ seeds ─▶ chains per document ─▶ credit by cover + evidence
//! ```
//!
//! Every step announces its [`Work`] to a [`Host`] before it does it, so that whoever pays can stop
//! it. The amounts are functions of the documents and the output alone, never of how the index is
//! divided into segments.

mod chains;
mod corpus;
mod index;
mod minima;
mod seeds;
mod segment;
mod tokenize;
mod trace;
mod work;

pub use index::{MAX_DOCUMENT_BYTES, TextIndex};
pub use seeds::{Occurrence, Seed};
pub use tokenize::{Token, Tokens, tokenize};
pub use trace::{Credit, Evidence, Trace};
pub use work::{Host, Unmetered, Work};

/// Shortest match, in tokens, that is a seed.
pub const MIN_LENGTH: u32 = 3;
/// A match that occurs more often than this, over all documents, gives no occurrence.
pub const CAP: u64 = 2_000;
/// Largest distance of two diagonals that one chain may join.
pub const TOLERANCE: u32 = 4;
/// Largest gap, in output tokens, that a chain may bridge.
pub const GAP: u32 = 32;
/// How many anchors back the dynamic programme looks.
pub const LOOKBACK: usize = 64;

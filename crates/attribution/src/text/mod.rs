//! The text rules: whose words a text is made of (rules 4 to 6).
//!
//! ```text
//! document ─▶ tokens ─▶ anchors ─▶ chains ─▶ origins, decided once ─▶ RowEntry ─▶ any TextIndex
//! output ───▶ tokens ─▶ anchors ─▶ chains ─▶ cover ─▶ origin of each word ─▶ credits, evidence
//! ```
//!
//! The index is append-only and right at every version: the rules read it through [`TextIndex`], and
//! what an append adds to it is a value, [`RowEntry`]. An [`Overlay`] keeps new rows in memory in
//! front of any index; [`MemoryIndex`] is one in front of nothing. Nothing is ever rebuilt, and no
//! rule asks for more of the index than it looks at.
//!
//! Every step announces its [`Work`] to a [`Host`] before it does it, so that whoever pays can stop
//! it. The amounts are functions of the content at the version that is asked about. An error comes
//! back as the host's: it can tell those of the rules and those of the index.

mod anchors;
mod best;
mod chains;
mod cover;
mod entry;
mod evidence;
pub mod frozen;
mod hits;
mod index;
mod memory;
mod novelty;
mod origin;
mod overlay;
mod programme;
mod query;
mod status;
mod tokenize;
mod trace;
mod unicode;
mod work;

pub use chains::{Chain, Segment};
pub use entry::{RowEntry, StoredRow, append, restore};
pub use evidence::{Evidence, evidence};
pub use index::{Place, RowFacts, Run, Span, TextIndex, Totals};
pub use memory::{MemoryIndex, NoRows};
pub use novelty::{Novelty, novelty};
pub use overlay::Overlay;
pub use status::{Changes, MAX_CHANGES, Status};
pub use tokenize::{MAX_TEXT_BYTES, Token, Tokens, tokenize};
pub use trace::{Credit, Trace, output_chains, trace};
pub use work::{Host, Unmetered, Work};

/// Shortest match, in tokens: matches are found through trigrams.
pub const MIN_LENGTH: u32 = 3;
/// Most places of a trigram that are kept, those of the earliest rows.
pub const POSTINGS: usize = 256;
/// Most places of a trigram that are kept of one row, the first.
pub const PER_ROW: usize = 4;
/// Largest distance of two diagonals that one step of a chain may join.
pub const TOLERANCE: u64 = 4;
/// Largest gap, in tokens of the text, that a step of a chain may bridge.
pub const GAP: u32 = 32;
/// How many anchors back the dynamic programme looks.
pub const LOOKBACK: usize = 64;

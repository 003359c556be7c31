//! What steps cost, in one table. Every price is of content and input alone, and charged before its step.
//!
//! No function may be more than twice as cheap for its time as ecrecover; `cargo xtask bench attribution` prints both.

use tributary_attribution::text::Work;

/// Any call, and each 32-byte word of its arguments: paid before they are decoded.
pub(super) const CALL: u64 = 100;
pub(super) const WORD: u64 = 3;
/// One slot read as if cold. Charged whether or not it is (EIP-2929's price).
pub(super) const SLOT: u64 = 2_100;
/// Reading one shard as if cold.
pub(super) const SHARD: u64 = 2_600;
/// Each 32-byte word of a row returned.
pub(super) const ROW_WORD: u64 = 6;

/// A new set: five slots that are written now or by the first append, and the event.
pub(super) const CREATE: u64 = 72_000;
/// An append, whatever its size.
pub(super) const APPEND: u64 = 32_000;
/// Each byte of its payload: state, hashing, checking, and adding it to the index.
pub(super) const APPEND_BYTE: u64 = 100;
/// A change of a status or of an author: the set, four slots written of which two are new, the event.
pub(super) const CHANGE: u64 = 60_000;

/// Bytes of rows that are scored for one gas.
pub(super) const LINE: u64 = 64;
/// Queries after the first of a batch cost a quarter.
pub(super) const BATCH_DISCOUNT: u64 = 4;
/// Each row counted: ranking its score, returning it.
pub(super) const ROW: u64 = 60;
/// Each line of rows in DataInf, whose sums are 128 bits wide.
pub(super) const DATAINF_LINE: u64 = 64;

/// Each byte of a text: checking and folding it.
const BYTE: u64 = 2;
/// Each token of a text: its number, its count and the list of its trigram, each far away in memory.
const TOKEN: u64 = 100;
/// Each place of a trigram: its row, and sorting it by that.
const PLACE: u64 = 3;
/// Each row that is looked at: its facts. The slot of its statuses is paid for beside where it is read.
const FACTS: u64 = 40;
/// Each token compared beside a place.
const EXTENSION: u64 = 1;
/// Each match, with a look-back that is nearly always full; what is kept of it is bounded by this, too.
const ANCHOR: u64 = 10;
/// Each token of a row between the matches of a chain: the count of its word.
const GAP: u64 = 10;
/// Each token whose origin is looked up.
const ORIGIN: u64 = 2;
/// Each run stored: twenty bytes of a shard.
const RUN: u64 = 20 * APPEND_BYTE;
/// Each chain, credit and piece of evidence: ranking and returning it.
pub(super) const ELEMENT: u64 = 60;

/// The price of what the text rules are about to do.
pub(super) const fn of_work(work: Work) -> u64 {
    let (price, count) = match work {
        Work::Bytes(count) => (BYTE, count),
        Work::Tokens(count) => (TOKEN, count),
        Work::Places(count) => (PLACE, count),
        Work::Rows(count) => (FACTS, count),
        Work::Extension(count) => (EXTENSION, count),
        Work::Anchors(count) => (ANCHOR, count),
        Work::Gaps(count) => (GAP, count),
        Work::Origins(count) => (ORIGIN, count),
        Work::Runs(count) => (RUN, count),
        Work::Elements(count) => (ELEMENT, count),
    };
    price.saturating_mul(count)
}

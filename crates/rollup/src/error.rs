//! The crate's error.

use alloy_eips::BlockNumHash;

/// Why bytes are not what they should be, or why a call does not fit the state it is made in.
///
/// Derivation never returns an error for what the batcher posted: a bad batch is dropped. An error means that the L1 contracts or the caller
/// broke a promise, and that deriving on would give a chain nobody else has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that are not an encoding of `what`.
    #[error("malformed {what}: {why}")]
    Malformed {
        /// The format that was expected.
        what: &'static str,
        /// The first rule that is broken.
        why: &'static str,
    },
    /// Something cannot be encoded because the format has no room for it.
    #[error("{what} cannot be encoded: {why}")]
    Unencodable {
        /// The format.
        what: &'static str,
        /// What does not fit.
        why: &'static str,
    },
    /// The portal emitted a deposit that cannot be decoded; the contract promises not to.
    #[error("malformed deposit in log {log_index} of L1 block {l1_block}: {why}")]
    Deposit {
        /// Number of the L1 block.
        l1_block: u64,
        /// Index of the log in the L1 block.
        log_index: u64,
        /// The first rule that is broken.
        why: &'static str,
    },
    /// The L1 origin that was given does not follow the parent's.
    #[error("L1 origin {origin:?} does not follow {parent_origin:?}")]
    OriginMismatch {
        /// The parent's origin.
        parent_origin: BlockNumHash,
        /// The origin that was given.
        origin: BlockNumHash,
    },
    /// L2 time would be before the time of its L1 origin.
    #[error("L2 time {timestamp} is before its L1 origin's {origin_time}")]
    TimeBeforeOrigin {
        /// Timestamp of the L2 block.
        timestamp: u64,
        /// Timestamp of the L1 origin.
        origin_time: u64,
    },
    /// A block that was reported or added is not the one that comes next.
    #[error("unexpected block {got:?}, the next one follows {parent:?}")]
    UnexpectedBlock {
        /// What was given.
        got: BlockNumHash,
        /// The block that it should have followed.
        parent: BlockNumHash,
    },
    /// The caller supplied something that [`Step`](crate::Step) did not ask for.
    #[error("{0} was not asked for")]
    NotAsked(&'static str),
    /// Execution refused even the deposits-only block, which the specification calls a critical error.
    #[error("L2 block {number} is invalid although it contains only deposits")]
    DepositsRejected {
        /// Number of the L2 block.
        number: u64,
    },
    /// The encoder's own channel does not decode to the blocks that went into it.
    #[error("channel of L2 blocks {first}..={last} does not decode to them: {why}")]
    Verification {
        /// First block of the channel.
        first: u64,
        /// Last block of the channel.
        last: u64,
        /// What differs.
        why: &'static str,
    },
}

impl Error {
    pub(crate) const fn malformed(what: &'static str, why: &'static str) -> Self {
        Self::Malformed { what, why }
    }
}

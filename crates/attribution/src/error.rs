//! What can be wrong with the inputs of a rule.

/// An input that a rule does not accept. Nothing in this crate panics on an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is longer than [`crate::text::MAX_TEXT_BYTES`].
    #[error("a text of {bytes} bytes is longer than 2^26")]
    TextTooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A set has no such version: 0, or one that is yet to come.
    #[error("there is no version {version}, the newest is {newest}")]
    UnknownVersion {
        /// The version that was named.
        version: u64,
        /// The newest version.
        newest: u64,
    },
    /// A set has no such row.
    #[error("there is no row {row}")]
    UnknownRow {
        /// The row that was named.
        row: u64,
    },
    /// A number stands for no status.
    #[error("there is no status {status}")]
    UnknownStatus {
        /// The number.
        status: u8,
    },
    /// A row's status changed [`crate::text::MAX_CHANGES`] times already.
    #[error("the status of row {row} cannot change any more")]
    TooManyChanges {
        /// The row.
        row: u64,
    },
    /// An entry is not the one that comes next in this index.
    #[error("an entry for row {row} and version {version} is not the next one")]
    OutOfOrder {
        /// The entry's row.
        row: u64,
        /// The version that it makes.
        version: u64,
    },
    /// A set has more different words than 32 bits count.
    #[error("a set has too many different words")]
    TooManyWords,
    /// What an index or a shard says of a row contradicts itself.
    #[error("what is stored of row {row} contradicts itself")]
    Damaged {
        /// The row.
        row: u64,
    },
    /// An exponent is above [`crate::rows::MAX_EXPONENT`].
    #[error("row {row} has exponent {exponent}, more than 63")]
    Exponent {
        /// Position of the row.
        row: usize,
        /// Its exponent.
        exponent: u8,
    },
    /// DataInf divides by `lambda + |g|²`, which is 0 for a zero row and a zero lambda.
    #[error("row {row} is zero and so is lambda")]
    ZeroDivisor {
        /// Position of the row.
        row: usize,
    },
    /// A score does not fit a signed 128-bit integer.
    #[error("a score does not fit 128 bits")]
    Overflow,
    /// kNN-Shapley needs `k >= 1`.
    #[error("k is zero")]
    ZeroNeighbours,
    /// Sketches have a multiple of 32 dimensions, 32..=4,096.
    #[error("{dim} dimensions are not a multiple of 32 from 32 to 4096")]
    UnsupportedDimension {
        /// The dimensions asked for.
        dim: usize,
    },
    /// A query has another dimension than the rows.
    #[error("the query has {found} dimensions, rows have {expected}")]
    QueryLength {
        /// The query's dimension.
        found: usize,
        /// The rows' dimension.
        expected: usize,
    },
    /// One to eight queries are scored together.
    #[error("{queries} queries do not make a batch")]
    BatchSize {
        /// How many there are.
        queries: usize,
    },
    /// A segment of stored rows does not end with a row.
    #[error("segment {segment} of {length} bytes does not hold whole rows")]
    PartialRow {
        /// Position of the segment.
        segment: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// A scan has fewer than 2³² rows, one that ranks them at most 2³¹.
    #[error("more rows than are counted")]
    TooManyRows,
    /// The rows that are named as withdrawn are not in ascending order, or not rows.
    #[error("withdrawn row {row} is out of order or does not exist")]
    WithdrawnOrder {
        /// The row that does not follow.
        row: u64,
    },
    /// Nobody is named as the contributor of a row.
    #[error("row {row} has no contributor")]
    UnknownContributor {
        /// The first such row.
        row: u64,
    },
    /// DataInf needs rows of equal exponents.
    #[error("row {row} has another exponent than the first row")]
    UnequalExponents {
        /// The first such row.
        row: u64,
    },
    /// kNN-Shapley needs labelled rows.
    #[error("the rows have no labels")]
    NotLabelled,
}

//! What can be wrong with the inputs of a rule.

/// An input that a rule does not accept. Nothing in this crate panics on an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes of a document are not UTF-8; `row` counts from the first document of the index.
    #[error("document {row} is not UTF-8")]
    NotUtf8 {
        /// Row of the document.
        row: u64,
    },
    /// A document is longer than [`crate::first_edition::MAX_DOCUMENT_BYTES`].
    #[error("document {row} is longer than the index can address")]
    DocumentTooLong {
        /// Row of the document.
        row: u64,
    },
    /// A row has another dimension than the query.
    #[error("row {row} has {found} dimensions, the query has {expected}")]
    Dimension {
        /// Position of the row.
        row: usize,
        /// Its dimension.
        found: usize,
        /// The query's dimension.
        expected: usize,
    },
    /// An exponent is above [`crate::sketch::MAX_EXPONENT`].
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
}

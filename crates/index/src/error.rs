/// Why the index could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database under it failed.
    #[error(transparent)]
    Storage(#[from] tributary_storage::Error),
    /// A row does not hold what this version writes.
    #[error("a row of the index cannot be read: {0}")]
    Row(#[from] serde_json::Error),
    /// A cursor is not one that the same question gave.
    #[error("invalid cursor: it is not one that this question answered with")]
    Cursor,
}

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
    /// A page of no rows.
    #[error("invalid limit: a page has at least one row")]
    Limit,
    /// Rows are not listed by this.
    #[error("unknown filter `{name}`, {}", known_filters(known))]
    Filter {
        /// What was asked for.
        name: String,
        /// What can be.
        known: &'static [&'static str],
    },
}

fn known_filters(known: &[&str]) -> String {
    if known.is_empty() { "this list has none".to_owned() } else { format!("expected one of `{}`", known.join("`, `")) }
}

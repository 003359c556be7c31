//! What attribution costs, in gas and in time, and how well it finds whose words a text is made of.
//!
//! Figures are the best of several runs. They are printed and never asserted; what the results have to be is the tests' to say.

pub mod alternatives;
mod chain;
mod clock;
mod content;
pub mod corpus;
mod markup;
mod price;
pub mod quality;
mod sequences;
mod sketches;
mod table;
pub mod targets;
mod texts;

pub use table::Table;

use std::io;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A block could not be executed.
    #[error(transparent)]
    Execution(#[from] tributary_execution::Error),
    /// A block could not be written or read.
    #[error(transparent)]
    Storage(#[from] tributary_storage::Error),
    /// A set could not be indexed.
    #[error(transparent)]
    Node(#[from] tributary_node::Error),
    /// State could not be read.
    #[error(transparent)]
    State(#[from] tributary_primitives::StateError),
    /// The rules of attribution refused what was asked.
    #[error(transparent)]
    Rules(#[from] tributary_attribution::Error),
    /// A call that must succeed did not.
    #[error("{0} failed")]
    Refused(String),
    /// There is no text to measure with.
    #[error("{0}")]
    Corpus(String),
}

/// Every function over sizes, worst cases and sequences, beside ecrecover.
///
/// # Errors
/// When a chain cannot be made or a call that must succeed does not.
pub fn prices(table: &mut Table) -> Result<(), Error> {
    table.references()?;
    texts::texts(table)?;
    sketches::sketches(table)?;
    price::others(table)?;
    sequences::sequences(table)
}

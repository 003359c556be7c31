use std::{io, path::PathBuf};

/// Why the journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system failed; nothing more is accepted until the journal is opened again.
    #[error("journal {}: {source}", path.display())]
    Io {
        /// The journal's place.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The journal was written by another version of the node. It holds transactions that were acknowledged, so it is left as it is.
    #[error(
        "journal {}: written in format {found}, this version reads {known}; run the version that wrote it until its open block is sealed",
        path.display()
    )]
    Format {
        /// The journal's place.
        path: PathBuf,
        /// Its format.
        found: u8,
        /// The format that this version reads.
        known: u8,
    },
    /// Something that was synced is damaged or missing.
    #[error("journal {}: {what}", path.display())]
    Corrupt {
        /// The journal's place.
        path: PathBuf,
        /// What, and where.
        what: String,
    },
}

use std::{io, path::PathBuf};

/// Where a journal is kept: segments, numbered from 1 in the order in which they were begun. What was appended is safe only once [`Self::sync`] returned.
///
/// Two implementations: [`Files`](crate::Files), and `VolatileDisk`, whose power can be cut.
pub trait Log: Send {
    /// What to call this place in messages.
    fn place(&self) -> PathBuf;
    /// The segments that exist, ascending.
    fn segments(&self) -> io::Result<Vec<u64>>;
    /// All bytes of a segment.
    fn read(&self, segment: u64) -> io::Result<Vec<u8>>;
    /// Adds bytes at the end of a segment, which is created if there is none.
    fn append(&mut self, segment: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a segment to a length.
    fn truncate(&mut self, segment: u64, length: u64) -> io::Result<()>;
    /// Makes a segment, its existence included, durable.
    fn sync(&mut self, segment: u64) -> io::Result<()>;
    /// Removes a segment, durably.
    fn remove(&mut self, segment: u64) -> io::Result<()>;
}

//! What was acknowledged and is in no committed block yet: a log of typed records.
//!
//! ```text
//! Journal::open(log, head)   -> (Journal, Recovered { open, waiting })
//!   .append(record)          one of Opened, Executed, Queued, Dropped, Parked, Sealed
//!   .sync()                  one write and one fsync for all that were appended: only then is anybody told
//!   .compact()               gives back the space of what nobody needs any more
//! ```
//!
//! Records go to one log, in the order in which things happened. The log is cut into segments of bounded size, which are removed from the oldest on once
//! their blocks are sealed and their waiting transactions were placed or dropped. A transaction that waits longer than what is around it is written again
//! at the log's end; so the log is never longer than about twice what it is for, and a block costs nothing for what waits beside it.
//!
//! A batch of records, one for each sync, is on the disk whole or not at all. One that a crash cut off was never acknowledged and is dropped; one that is
//! damaged although another follows had been synced, so that is corruption and an error.
//!
//! Where the log is kept is a [`Log`]: [`Files`] of a directory, or `VolatileDisk`, a disk in memory that forgets what was not synced.

mod batch;
mod error;
mod files;
mod index;
mod journal;
mod log;
mod record;
mod recovery;
#[cfg(feature = "testing")]
mod volatile_disk;

pub use error::Error;
pub use files::Files;
pub use journal::Journal;
pub use log::Log;
pub use record::{Executed, JournalTransaction, Record};
pub use recovery::{OpenedBlock, Recovered};
#[cfg(feature = "testing")]
pub use volatile_disk::VolatileDisk;

//! The journal: what was acknowledged of blocks that are not committed yet.
//!
//! Each open block has a segment of its own, named by its number: how it was opened, then its transactions in the order of execution. Records are
//! collected by [`Journal::append`] and made durable together by [`Journal::sync`] (group commit): a transaction is acknowledged after that. The next
//! block's segment may be written while the block before it is still being committed; [`Journal::release`] removes a segment once its block is.
//!
//! A segment is a sequence of batches, one per sync. A batch that was cut off by a crash was never acknowledged and is dropped whole; a batch that is
//! damaged although a later one follows it had been synced, so that is corruption and an error.

mod backend;
mod batch;

pub use backend::{Files, JournalBackend};

use crate::{Error, Store};
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, Bytes};
use batch::{End, Record};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The segment of [`Journal::park`]: no block has this number, so that it never continues a chain.
const PARKED: u64 = u64::MAX;

/// A transaction that was executed on an open block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its index in the block.
    pub position: u32,
    /// Its EIP-2718 bytes.
    pub raw: Bytes,
    /// A hash of its receipt: replaying must give the same.
    pub result: B256,
}

/// An open block as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalBlock {
    /// Its number.
    pub number: u64,
    /// Its parent's hash.
    pub parent: B256,
    /// What it was opened with, as the caller encoded it.
    pub attributes: Bytes,
    /// Its transactions so far, in the order in which they were appended.
    pub entries: Vec<JournalEntry>,
}

/// What a journal held when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Blocks to be replayed on the head, in order: their numbers follow on from it and the first one's parent is it. Their segments can be continued.
    pub open: Vec<JournalBlock>,
    /// Blocks on a chain that was unwound before the journal could be told, and what was [parked](Journal::park). Their transactions are still wanted;
    /// the segments stay until [`Journal::discard`].
    pub stale: Vec<JournalBlock>,
    /// Blocks that are committed already, whose segments were not released. What the caller kept there beside the block's transactions is still
    /// wanted; the segments stay until [`Journal::release`].
    pub committed: Vec<JournalBlock>,
}

/// What was acknowledged of open blocks, in one segment per block. All methods take `&self`: one thread may append while another waits for the disk
/// in [`Journal::sync`].
pub struct Journal<B: JournalBackend = Files> {
    queue: Mutex<Queue>,
    disk: Mutex<Disk<B>>,
}

/// What is appended but not written.
#[derive(Default)]
struct Queue {
    /// Records by segment, in order of the first one.
    pending: BTreeMap<u64, Vec<u8>>,
    /// Segments that exist or will at the next sync.
    segments: BTreeSet<u64>,
    /// How many records were ever appended.
    appended: u64,
}

struct Disk<B> {
    backend: B,
    ends: BTreeMap<u64, End>,
    /// How many of the appended records are durable.
    durable: u64,
    /// After a failed write nobody knows what is on the disk, so nothing more is accepted.
    failed: bool,
}

impl<B: JournalBackend> fmt::Debug for Journal<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

impl Journal<Files> {
    /// Opens the journal of a store, and returns what is in it above the store's head.
    ///
    /// # Errors
    /// [`Error::Journal`] when it cannot be read or written, [`Error::Corrupt`] when something that was synced is damaged.
    pub fn open(store: &Store) -> Result<(Self, Recovered), Error> {
        let path = store.journal_path();
        let files = Files::open(&path).map_err(|source| Error::Journal { path, source })?;
        Self::with_backend(files, store.heads()?.unsafe_head)
    }
}

impl<B: JournalBackend> Journal<B> {
    /// Opens the journal in `backend` of the chain with this head. As [`Journal::open`].
    pub fn with_backend(mut backend: B, head: BlockNumHash) -> Result<(Self, Recovered), Error> {
        let mut recovered = Recovered::default();
        let mut ends = BTreeMap::new();
        let place = backend.place();
        recover(&mut backend, head, &mut recovered, &mut ends).map_err(|failure| match failure {
            Failure::Io(source) => Error::Journal { path: place, source },
            Failure::Corrupt(what) => Error::corrupt(what),
        })?;
        let queue = Queue { segments: ends.keys().copied().collect(), ..Default::default() };
        let disk = Disk { backend, ends, durable: 0, failed: false };
        Ok((Self { queue: Mutex::new(queue), disk: Mutex::new(disk) }, recovered))
    }

    /// Starts the segment of block `number`. One that was there is removed first. Durable with the next [`Self::sync`].
    pub fn begin(&self, number: u64, parent: B256, attributes: Bytes) -> Result<(), Error> {
        if self.queue().segments.contains(&number) {
            self.remove(|segment| segment == number, true)?;
        }
        let mut queue = self.queue();
        queue.segments.insert(number);
        queue.push(number, &Record::Open { parent, attributes });
        Ok(())
    }

    /// Adds a transaction to the segment of block `number`. Returns how many records that makes: it is durable once [`Self::sync`] returned as many.
    ///
    /// # Errors
    /// [`Error::UnknownBlock`] when the segment was not begun.
    pub fn append(&self, number: u64, entry: JournalEntry) -> Result<u64, Error> {
        let mut queue = self.queue();
        if !queue.segments.contains(&number) {
            return Err(Error::UnknownBlock(number));
        }
        queue.push(number, &Record::Entry(entry));
        Ok(queue.appended)
    }

    /// Keeps transactions outside of any block while the chain is unwound, in a segment of its own until [`Self::discard`]. Durable on return.
    pub fn park(&self, entries: impl IntoIterator<Item = JournalEntry>) -> Result<(), Error> {
        self.begin(PARKED, B256::ZERO, Bytes::new())?;
        for entry in entries {
            self.append(PARKED, entry)?;
        }
        self.sync().map(|_| ())
    }

    /// Makes everything durable that was appended before the call; returns how many records that is. Calls that wait for one another share one write.
    ///
    /// # Errors
    /// [`Error::Journal`]; then, and from then on, nothing more is accepted.
    pub fn sync(&self) -> Result<u64, Error> {
        let mut disk = self.disk()?;
        let (pending, appended) = {
            let mut queue = self.queue();
            (std::mem::take(&mut queue.pending), queue.appended)
        };
        let written = disk.write(&pending);
        disk.check(written)?;
        disk.durable = appended;
        Ok(appended)
    }

    /// How many records are durable.
    pub fn durable(&self) -> Result<u64, Error> {
        Ok(self.disk()?.durable)
    }

    /// Removes the segments of blocks up to `number`, which are committed.
    pub fn release(&self, number: u64) -> Result<(), Error> {
        // A committed block's segment that comes back is recovered as such, and released again.
        self.remove(|segment| segment <= number, false)
    }

    /// Removes the segments of blocks from `number` on, which will not be built. Durable on return.
    pub fn discard(&self, number: u64) -> Result<(), Error> {
        self.remove(|segment| segment >= number, true)
    }

    fn remove(&self, which: impl Fn(u64) -> bool, durably: bool) -> Result<(), Error> {
        let mut disk = self.disk()?;
        let mut queue = self.queue();
        queue.pending.retain(|segment, _| !which(*segment));
        queue.segments.retain(|segment| !which(*segment));
        drop(queue);
        let removed = disk.remove(which, durably);
        disk.check(removed)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No operation on the queue can panic half-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disk(&self) -> Result<MutexGuard<'_, Disk<B>>, Error> {
        let disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        if disk.failed { Err(disk.error(io::Error::other("an earlier write failed"))) } else { Ok(disk) }
    }
}

impl Queue {
    fn push(&mut self, number: u64, record: &Record) {
        record.encode(self.pending.entry(number).or_default());
        self.appended += 1;
    }
}

impl<B: JournalBackend> Disk<B> {
    fn write(&mut self, pending: &BTreeMap<u64, Vec<u8>>) -> io::Result<()> {
        for (segment, records) in pending {
            let end = self.ends.entry(*segment).or_insert_with(|| End::new(*segment));
            self.backend.append(*segment, &end.extend(records)?)?;
        }
        pending.keys().try_for_each(|segment| self.backend.sync(*segment))
    }

    fn remove(&mut self, which: impl Fn(u64) -> bool, durably: bool) -> io::Result<()> {
        let segments: Vec<u64> = self.ends.keys().copied().filter(|segment| which(*segment)).collect();
        for segment in segments {
            self.backend.remove(segment, durably)?;
            self.ends.remove(&segment);
        }
        Ok(())
    }

    fn check(&mut self, result: io::Result<()>) -> Result<(), Error> {
        result.map_err(|source| {
            self.failed = true;
            self.error(source)
        })
    }

    fn error(&self, source: io::Error) -> Error {
        Error::Journal { path: self.backend.place(), source }
    }
}

enum Failure {
    Io(io::Error),
    Corrupt(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads all segments, cuts off torn tails, removes what is not needed any more.
fn recover<B: JournalBackend>(
    backend: &mut B,
    head: BlockNumHash,
    recovered: &mut Recovered,
    ends: &mut BTreeMap<u64, End>,
) -> Result<(), Failure> {
    let place: PathBuf = backend.place();
    for segment in backend.segments()? {
        if segment <= head.number {
            recover_committed(backend, segment, recovered, ends)?;
            continue;
        }
        let bytes = backend.read(segment)?;
        let (records, end) = batch::parse(segment, &bytes).map_err(|at| {
            Failure::Corrupt(format!(
                "{}: the journal of block {segment} is damaged at byte {at}, before data that was synced",
                place.display()
            ))
        })?;
        let Some(block) = open_block(segment, records).map_err(|what| Failure::Corrupt(format!("{}: {what}", place.display())))? else {
            backend.remove(segment, false)?;
            continue;
        };
        let follows = match recovered.open.last() {
            None => segment == head.number + 1 && block.parent == head.hash,
            Some(previous) => segment == previous.number + 1,
        };
        if !follows {
            tracing::warn!(segment, parent = %block.parent, head = %head.hash, "journal of a block that is not on the chain");
            ends.insert(segment, end);
            recovered.stale.push(block);
            continue;
        }
        if end.offset < bytes.len() as u64 {
            tracing::info!(segment, from = bytes.len(), to = end.offset, "cutting off an unfinished journal batch");
            backend.truncate(segment, end.offset)?;
            backend.sync(segment)?;
        }
        ends.insert(segment, end);
        recovered.open.push(block);
    }
    Ok(())
}

/// A committed block's segment. The block itself needs it no more, so that damage is not worth an error.
fn recover_committed<B: JournalBackend>(
    backend: &mut B,
    segment: u64,
    recovered: &mut Recovered,
    ends: &mut BTreeMap<u64, End>,
) -> Result<(), Failure> {
    let bytes = backend.read(segment)?;
    let parsed = batch::parse(segment, &bytes).ok();
    match parsed.and_then(|(records, end)| Some((open_block(segment, records).ok()??, end))) {
        Some((block, end)) => {
            recovered.committed.push(block);
            ends.insert(segment, end);
        }
        None => backend.remove(segment, false)?,
    }
    Ok(())
}

/// The open block that a segment's records describe; `None` when there are none.
fn open_block(number: u64, records: Vec<Record>) -> Result<Option<JournalBlock>, String> {
    let mut records = records.into_iter();
    let (parent, attributes) = match records.next() {
        None => return Ok(None),
        Some(Record::Open { parent, attributes }) => (parent, attributes),
        Some(Record::Entry(_)) => return Err(format!("the journal of block {number} lacks its beginning")),
    };
    let entries = records.map(|record| match record {
        Record::Entry(entry) => Ok(entry),
        Record::Open { .. } => Err(format!("the journal of block {number} begins twice")),
    });
    Ok(Some(JournalBlock { number, parent, attributes, entries: entries.collect::<Result<_, _>>()? }))
}

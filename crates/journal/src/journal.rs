use crate::{
    Error, Files, Log, Record, Recovered,
    batch::{self, End, FORMAT},
    index::{Index, Oldest},
    recovery::Reading,
};
use alloy_eips::BlockNumHash;
use std::{fmt, io};

/// A segment that is longer is followed by another, bytes.
const SEGMENT: u64 = 1 << 20;

/// How much may be in the log that nobody needs, beside as much again as is needed, in segments.
const SLACK: u64 = 16;

/// How many segments one call may write again.
const MOVES: usize = 4;

/// What was acknowledged of a chain and is in no committed block.
pub struct Journal<L: Log = Files> {
    log: L,
    segment: u64,
    index: Index,
    /// Where the next batch goes.
    end: End,
    /// Appended and not written.
    pending: Vec<Record>,
    /// After a failed write nobody knows what is on the disk, so nothing more is accepted.
    failed: bool,
}

impl<L: Log> fmt::Debug for Journal<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("place", &self.log.place()).field("end", &self.end).finish_non_exhaustive()
    }
}

impl<L: Log> Journal<L> {
    /// Opens the journal in `log` of the chain with this head, and returns what is in it above the head.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read or written, [`Error::Corrupt`] when something that was synced is damaged, [`Error::Format`] when another
    /// version wrote it.
    pub fn open(log: L, head: BlockNumHash) -> Result<(Self, Recovered), Error> {
        Self::with_segments_of(SEGMENT, log, head)
    }

    /// As [`Self::open`], with segments that end beyond so many bytes.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_segments_of(bytes: u64, mut log: L, head: BlockNumHash) -> Result<(Self, Recovered), Error> {
        let limit = bytes;
        let place = log.place();
        let failed = |source| Error::Io { path: place.clone(), source };
        let corrupt = |what| Error::Corrupt { path: place.clone(), what };
        let segments = log.segments().map_err(failed)?;
        let mut reading = Reading::default();
        let mut end = End::new(segments.last().map_or(1, |last| last + 1));
        for (position, segment) in segments.iter().copied().enumerate() {
            let bytes = log.read(segment).map_err(failed)?;
            if let Some(found) = batch::other_format(&bytes) {
                return Err(Error::Format { path: place.clone(), found, known: FORMAT });
            }
            if position > 0 && segment != segments[position - 1] + 1 {
                return Err(corrupt(format!("segment {} is missing", segments[position - 1] + 1)));
            }
            let damaged = |at| corrupt(format!("segment {segment} is damaged at byte {at}, before data that was synced"));
            let (records, last) = batch::parse(segment, &bytes).map_err(damaged)?;
            if last.offset < bytes.len() as u64 {
                if position + 1 < segments.len() {
                    return Err(damaged(last.offset));
                }
                tracing::info!(segment, from = bytes.len(), to = last.offset, "cutting off an unfinished journal batch");
                log.truncate(segment, last.offset).and_then(|()| log.sync(segment)).map_err(failed)?;
            }
            // One that has no batch has no salt either, and is begun again.
            end = if last.offset == 0 { End::new(segment) } else { last };
            reading.read(segment, records);
        }
        let (index, recovered) = reading.finish(head);
        let mut journal = Self { log, segment: limit, index, end, pending: Vec::new(), failed: false };
        journal.append(Record::Sealed { number: head.number, hash: head.hash });
        for transaction in recovered.waiting.iter().filter(|transaction| !journal.index.is_waiting(transaction.hash)) {
            journal.pending.push(Record::Queued(transaction.clone()));
        }
        Ok((journal, recovered))
    }

    /// Adds a record. Durable with the next [`Self::sync`].
    pub fn append(&mut self, record: Record) {
        self.pending.push(record);
    }

    /// Whether the block that was opened last, as far as is durable, is this one.
    pub fn is_open(&self, number: u64) -> bool {
        self.index.is_open(number)
    }

    /// Makes everything durable that was appended.
    ///
    /// # Errors
    /// [`Error::Io`]; then, and from then on, nothing more is accepted.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.guarded(Self::write)
    }

    /// Gives back space at the log's beginning that nobody needs. To be called when nobody waits: it may write a segment.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn compact(&mut self) -> Result<(), Error> {
        self.guarded(Self::shrink)
    }

    /// Bytes of all records in the log, and of those that are needed.
    pub fn bytes(&self) -> (u64, u64) {
        self.index.bytes()
    }

    fn guarded(&mut self, work: fn(&mut Self) -> io::Result<()>) -> Result<(), Error> {
        let done = match self.failed {
            true => Err(io::Error::other("an earlier write failed")),
            false => work(self),
        };
        self.failed = done.is_err();
        done.map_err(|source| Error::Io { path: self.log.place(), source })
    }

    fn write(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.end.offset >= self.segment {
            self.end = End::new(self.end.segment + 1);
        }
        let segment = self.end.segment;
        let mut bytes = Vec::new();
        let ends: Vec<usize> = self
            .pending
            .iter()
            .map(|record| {
                record.encode(&mut bytes);
                bytes.len()
            })
            .collect();
        let batch = self.end.extend(&bytes)?;
        self.log.append(segment, &batch)?;
        self.log.sync(segment)?;
        let mut begin = 0;
        for (record, end) in std::mem::take(&mut self.pending).iter().zip(ends) {
            self.index.note(segment, record, (end - begin) as u64);
            begin = end;
        }
        Ok(())
    }

    fn shrink(&mut self) -> io::Result<()> {
        let mut moves = MOVES;
        while let Some((segment, needed)) = self.index.oldest(self.end.segment) {
            let (all, live) = self.index.bytes();
            match needed {
                Oldest::Nothing => {}
                Oldest::Waiting if moves > 0 && all > 2 * live + SLACK * self.segment => {
                    moves -= 1;
                    self.move_up(segment)?;
                }
                Oldest::Waiting | Oldest::Block => return Ok(()),
            }
            // Only the oldest: an older one may hold what a newer one says is dropped.
            self.log.remove(segment)?;
            self.index.removed(segment);
        }
        Ok(())
    }

    /// Writes what waits in a segment again, at the log's end.
    fn move_up(&mut self, segment: u64) -> io::Result<()> {
        // What is appended already may say that one of them waits no more.
        self.write()?;
        let bytes = self.log.read(segment)?;
        let (records, _) = batch::parse(segment, &bytes).map_err(|_| io::Error::other(format!("segment {segment} was damaged")))?;
        for (record, _) in records {
            let waiting = match record {
                Record::Queued(transaction) => vec![transaction],
                Record::Parked(transactions) => transactions,
                _ => continue,
            };
            let needed = waiting.into_iter().filter(|transaction| self.index.waits_in(transaction.hash, segment));
            self.pending.extend(needed.map(Record::Queued));
        }
        self.write()
    }
}

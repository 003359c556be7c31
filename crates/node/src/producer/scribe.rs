//! Makes results durable before anybody hears of them: execute → commit → publish → acknowledge.
//!
//! The producer executes; this thread takes whatever has been executed meanwhile, writes it to the journal, syncs once, publishes it to the
//! open block and answers the clients. While it waits for the disk the producer goes on executing, so that one sync serves many transactions.

use crate::{Error, tasks::Alarm};
use alloy_primitives::{B256, Bytes};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Instant,
};
use tokio::sync::{broadcast, oneshot, watch};
use tributary_chain::{Accepted, Event, Refusal};
use tributary_dashboard::metrics::{ACKNOWLEDGEMENT_SECONDS, JOURNAL_SYNC_SECONDS};
use tributary_execution::{PendingBlock, PendingTransaction, TxChanges};
use tributary_pool::{Pool, RecoveredTx};
use tributary_storage::{Journal, JournalEntry, Snapshot};

/// How much may be executed and not yet durable.
const BACKLOG: usize = 8192;

/// How much one sync may cover.
const GROUP: usize = 4096;

/// A client that waits to hear what became of its transaction. It may have gone meanwhile; that is no failure.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) reply: oneshot::Sender<Result<Accepted, Refusal>>,
    pub(crate) arrived: Instant,
}

impl Client {
    /// To be called only once the transaction is durable.
    fn acknowledge(self, accepted: Accepted) {
        metrics::histogram!(ACKNOWLEDGEMENT_SECONDS).record(self.arrived.elapsed());
        let _ = self.reply.send(Ok(accepted));
    }

    /// The transaction changed nothing.
    pub(crate) fn refuse(self, refusal: impl Into<Refusal>) {
        let _ = self.reply.send(Err(refusal.into()));
    }
}

/// The open block as readers see it, in the place where they look for it.
pub(crate) type Pending = watch::Sender<Option<Arc<PendingBlock<Snapshot>>>>;

/// Where readers look.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) pending: Pending,
    pub(crate) pool: Arc<Mutex<Pool>>,
    pub(crate) events: broadcast::Sender<Event>,
}

impl View {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that has happened and is not durable yet.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A block was opened: a new segment of the journal begins, unless it is the one that was open when the node last ended.
    Opened { number: u64, opening: Option<NewSegment>, block: Arc<PendingBlock<Snapshot>> },
    /// A transaction was executed.
    Executed {
        /// Absent when the journal has it already.
        entry: Option<JournalEntry>,
        index: usize,
        transaction: Box<PendingTransaction>,
        changes: TxChanges,
        client: Option<Client>,
        /// Whether readers find it in the pool until it is published.
        pooled: bool,
    },
    /// A transaction was put into the pool.
    Queued { entry: JournalEntry, transaction: Arc<RecoveredTx>, client: Option<Client> },
    /// Transactions were taken out of the pool without having run; somebody may wait to hear how many.
    Dropped { entries: Vec<JournalEntry>, done: Option<oneshot::Sender<u64>> },
    /// The chain is about to be set back: these were acknowledged, and are in no block until they are executed again.
    Parked { entries: Vec<JournalEntry> },
    /// The block is in the database and what waited beside it is in a newer segment: its own is no longer needed, nor is any other but the newer one.
    Released { number: u64 },
    /// Tells when everything before it is durable and published.
    Barrier(SyncSender<()>),
}

/// How a block was opened, and what waits in the pool: the segment before, which held it so far, goes away.
#[derive(Debug, Clone)]
pub(crate) struct NewSegment {
    pub(crate) parent: B256,
    pub(crate) attributes: Bytes,
    pub(crate) waiting: Vec<JournalEntry>,
}

/// The producer's end.
#[derive(Debug)]
pub(crate) struct Scribe {
    entries: SyncSender<Entry>,
    thread: JoinHandle<()>,
}

impl Scribe {
    /// Starts the thread. `alarm` tells the node when the journal cannot be written.
    pub(crate) fn start(name: &str, journal: Journal, view: View, alarm: Alarm) -> std::io::Result<Self> {
        let (entries, queue) = sync_channel(BACKLOG);
        let work = move || alarm.ended(Writer { journal, view, open: None, number: 0, unwritten: None }.run(&queue));
        let thread = std::thread::Builder::new().name(format!("{name}-journal")).spawn(work)?;
        Ok(Self { entries, thread })
    }

    /// Ends the thread once everything is written, and closes the journal.
    pub(crate) fn close(self) {
        drop(self.entries);
        // A thread that panicked has nothing more to write.
        let _ = self.thread.join();
    }

    /// Hands something over; blocks while the disk is too far behind.
    pub(crate) fn write(&self, entry: Entry) -> Result<(), Error> {
        self.entries.send(entry).map_err(|_| Error::Stopped("journal"))
    }

    /// Waits until everything handed over is durable, published and acknowledged.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let (done, wait) = sync_channel(1);
        self.write(Entry::Barrier(done))?;
        wait.recv().map_err(|_| Error::Stopped("journal"))
    }
}

#[derive(Debug)]
struct Writer {
    journal: Journal,
    view: View,
    open: Option<Arc<PendingBlock<Snapshot>>>,
    /// The open block's number.
    number: u64,
    /// The open block's segment, as long as there is nothing to keep in it: most blocks of an idle chain never need the disk for theirs.
    unwritten: Option<NewSegment>,
}

impl Writer {
    fn run(mut self, queue: &Receiver<Entry>) -> Result<(), Error> {
        while let Ok(first) = queue.recv() {
            let group: Vec<Entry> = std::iter::once(first).chain(queue.try_iter()).take(GROUP).collect();
            self.record(&group)?;
            for entry in group {
                self.publish(entry)?;
            }
        }
        Ok(())
    }

    /// Writes and syncs what the group needs written.
    fn record(&mut self, group: &[Entry]) -> Result<(), Error> {
        let mut dirty = false;
        for entry in group {
            match entry {
                Entry::Opened { number, opening, .. } => {
                    self.number = *number;
                    self.unwritten = opening.clone();
                    if opening.as_ref().is_some_and(|segment| !segment.waiting.is_empty()) {
                        self.begin()?;
                        dirty = true;
                    }
                }
                Entry::Executed { entry: Some(entry), .. } | Entry::Queued { entry, .. } => {
                    self.begin()?;
                    self.journal.append(self.number, entry.clone())?;
                    dirty = true;
                }
                Entry::Dropped { entries, .. } if !entries.is_empty() => {
                    self.begin()?;
                    for entry in entries {
                        self.journal.append(self.number, entry.clone())?;
                    }
                    dirty = true;
                }
                Entry::Parked { entries } => self.journal.park(entries.iter().cloned())?,
                Entry::Executed { entry: None, .. } | Entry::Dropped { .. } | Entry::Released { .. } | Entry::Barrier(_) => {}
            }
        }
        if dirty {
            let began = Instant::now();
            self.journal.sync()?;
            metrics::histogram!(JOURNAL_SYNC_SECONDS).record(began.elapsed());
        }
        Ok(())
    }

    /// Begins the open block's segment, unless it has begun.
    fn begin(&mut self) -> Result<(), Error> {
        let Some(NewSegment { parent, attributes, waiting }) = self.unwritten.take() else { return Ok(()) };
        self.journal.begin(self.number, parent, attributes)?;
        for entry in waiting {
            self.journal.append(self.number, entry)?;
        }
        Ok(())
    }

    /// Tells readers and clients, in order. Nobody may listen any more; that is no failure.
    fn publish(&mut self, entry: Entry) -> Result<(), Error> {
        match entry {
            Entry::Opened { block, .. } => {
                self.open = Some(block.clone());
                self.view.pending.send_replace(Some(block));
            }
            Entry::Executed { index, transaction, changes, client, pooled, .. } => {
                if let Some(block) = &self.open {
                    let transaction = block.publish(*transaction, changes);
                    if pooled {
                        // Not before: readers look into the pool first.
                        self.view.pool().left(transaction.hash);
                    }
                    let _ = self.view.events.send(Event::Transaction(transaction));
                }
                client.into_iter().for_each(|client| client.acknowledge(Accepted::Included { index }));
            }
            Entry::Queued { transaction, client, .. } => {
                let _ = self.view.events.send(Event::Queued(transaction));
                client.into_iter().for_each(|client| client.acknowledge(Accepted::Queued));
            }
            Entry::Dropped { entries, done } => {
                let _ = done.map(|done| done.send(entries.len() as u64));
            }
            Entry::Released { number } => {
                self.journal.release(number)?;
                self.journal.discard(number + 2)?;
            }
            Entry::Parked { .. } => {
                self.open = None;
                self.view.pending.send_replace(None);
            }
            Entry::Barrier(done) => {
                let _ = done.send(());
            }
        }
        Ok(())
    }
}

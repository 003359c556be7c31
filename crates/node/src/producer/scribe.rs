//! Makes results durable before anybody hears of them: execute → commit → publish → acknowledge.
//!
//! The producer executes; this thread takes whatever has been executed meanwhile, writes it to the journal, syncs once, publishes it to the
//! open block and answers the clients. While it waits for the disk the producer goes on executing, so that one sync serves many transactions.

use crate::{Error, tasks::Alarm};
use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Instant,
};
use tokio::sync::{broadcast, oneshot, watch};
use tributary_chain::{Accepted, Endpoint, Event, Refusal};
use tributary_dashboard::metrics::{ACKNOWLEDGEMENT_SECONDS, JOURNAL_SYNC_SECONDS};
use tributary_execution::{PendingBlock, PendingTransaction, TxChanges};
use tributary_journal::{Executed, Journal, JournalTransaction, Log, Record};
use tributary_pool::{Pool, RecoveredTx};
use tributary_storage::Snapshot;

/// How much may be executed and not yet durable.
const BACKLOG: usize = 8192;

/// How much one sync may cover.
const GROUP: usize = 4096;

/// A client that waits to hear what became of its transaction. It may have gone meanwhile; that is no failure.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) reply: oneshot::Sender<Result<Accepted, Refusal>>,
    pub(crate) arrived: Instant,
    pub(crate) endpoint: Endpoint,
}

impl Client {
    /// To be called only once the transaction is durable.
    pub(super) fn acknowledge(self, accepted: Accepted) {
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
    /// A block was opened.
    Opened {
        /// Absent when the journal has it already.
        opening: Option<Record>,
        block: Arc<PendingBlock<Snapshot>>,
    },
    /// Readers see no open block until the next one is.
    Closed,
    /// A transaction was executed.
    Executed {
        /// Absent when the journal has it already.
        entry: Option<Executed>,
        index: usize,
        transaction: Box<PendingTransaction>,
        changes: TxChanges,
        client: Option<Client>,
        /// Whether readers find it in the pool until it is published.
        pooled: bool,
    },
    /// A transaction was put into the pool.
    Queued { entry: JournalTransaction, transaction: Arc<RecoveredTx>, client: Option<Client> },
    /// Transactions were taken out of the pool without having run; somebody may wait to hear how many.
    Dropped { hashes: Vec<B256>, done: Option<oneshot::Sender<u64>> },
    /// The chain is about to be set back: these were acknowledged, and are in no block until they are executed again.
    Parked { entries: Vec<JournalTransaction> },
    /// The block is in the database: the journal need not keep it.
    Sealed(BlockNumHash),
    /// Tells when everything before it is durable and published.
    Barrier(oneshot::Sender<()>),
}

/// The producer's end.
#[derive(Debug)]
pub(crate) struct Scribe {
    entries: SyncSender<Entry>,
    thread: JoinHandle<()>,
}

impl Scribe {
    /// Starts the thread. `alarm` tells the node when the journal cannot be written.
    pub(crate) fn start<L: Log + 'static>(name: &str, journal: Journal<L>, view: View, alarm: Alarm) -> std::io::Result<Self> {
        let (entries, queue) = sync_channel(BACKLOG);
        let work = move || alarm.ended(Writer { journal, view, open: None, unwritten: None }.run(&queue));
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
        self.barrier()?.blocking_recv().map_err(|_| Error::Stopped("journal"))
    }

    /// Resolves when everything handed over is durable, published and acknowledged.
    pub(crate) fn barrier(&self) -> Result<oneshot::Receiver<()>, Error> {
        let (done, wait) = oneshot::channel();
        self.write(Entry::Barrier(done))?;
        Ok(wait)
    }
}

#[derive(Debug)]
struct Writer<L: Log> {
    journal: Journal<L>,
    view: View,
    open: Option<Arc<PendingBlock<Snapshot>>>,
    /// How the open block was opened, as long as nothing was executed on it: most blocks of an idle chain never need the disk for theirs.
    unwritten: Option<Record>,
}

impl<L: Log> Writer<L> {
    fn run(mut self, queue: &Receiver<Entry>) -> Result<(), Error> {
        while let Ok(first) = queue.recv() {
            let group: Vec<Entry> = std::iter::once(first).chain(queue.try_iter()).take(GROUP).collect();
            self.record(&group)?;
            group.into_iter().for_each(|entry| self.publish(entry));
            // Now nobody waits.
            self.journal.compact()?;
        }
        Ok(())
    }

    /// Writes and syncs what the group needs written.
    fn record(&mut self, group: &[Entry]) -> Result<(), Error> {
        let mut somebody_waits = false;
        for entry in group {
            match entry {
                Entry::Opened { opening, .. } => self.unwritten = opening.clone(),
                Entry::Executed { entry: Some(entry), .. } => {
                    self.unwritten.take().into_iter().for_each(|opened| self.journal.append(opened));
                    self.journal.append(Record::Executed(entry.clone()));
                    somebody_waits = true;
                }
                Entry::Queued { entry, .. } => {
                    self.journal.append(Record::Queued(entry.clone()));
                    somebody_waits = true;
                }
                Entry::Dropped { hashes, done } => {
                    hashes.iter().for_each(|hash| self.journal.append(Record::Dropped(*hash)));
                    // One that comes back after a crash is judged again, and dropped again.
                    somebody_waits |= done.is_some();
                }
                Entry::Parked { entries } => {
                    self.unwritten = None;
                    self.journal.append(Record::Parked(entries.clone()));
                    somebody_waits = true;
                }
                Entry::Sealed(BlockNumHash { number, hash }) if self.unwritten.is_none() => {
                    self.journal.append(Record::Sealed { number: *number, hash: *hash });
                }
                Entry::Closed | Entry::Executed { entry: None, .. } | Entry::Sealed(_) | Entry::Barrier(_) => {}
            }
        }
        if somebody_waits {
            let began = Instant::now();
            self.journal.sync()?;
            metrics::histogram!(JOURNAL_SYNC_SECONDS).record(began.elapsed());
        }
        Ok(())
    }

    /// Tells readers and clients, in order. Nobody may listen any more; that is no failure.
    fn publish(&mut self, entry: Entry) {
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
            Entry::Dropped { hashes, done } => {
                let _ = done.map(|done| done.send(hashes.len() as u64));
            }
            Entry::Sealed(_) => {}
            Entry::Closed | Entry::Parked { .. } => {
                self.open = None;
                self.view.pending.send_replace(None);
            }
            Entry::Barrier(done) => {
                let _ = done.send(());
            }
        }
    }
}

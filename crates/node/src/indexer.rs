//! Keeps the index over attribution sets up with a chain: what blocks append is frozen into files beside the database, which all who execute read.
//!
//! Nothing waits for it. What it has not written yet, executors hold in memory; what it has lost, it reads again from the chain when the node starts.

use crate::{Error, part_files::PartFiles};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tributary_chain::Event;
use tributary_execution::{
    Executor,
    precompiles::{Gathering, appended_sets, set_count},
};
use tributary_storage::Store;

/// Its folder beside the database.
const FOLDER: &str = "index";

/// Payload bytes that are gathered in memory before they are written.
const PART_BYTES: usize = 8 << 20;

/// How long blocks are collected before what they appended is written.
const PAUSE: Duration = Duration::from_millis(200);

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

/// The index over a chain's sets on disk.
#[derive(Debug)]
pub struct Indexer {
    store: Store,
    executor: Executor,
    parts: PartFiles,
}

/// The sets to look at.
enum Sets {
    These(BTreeSet<u64>),
    All,
}

impl Indexer {
    /// Opens the index of a chain and brings it up to the chain's head. Files that are damaged go, and what was in them is read from the chain again.
    ///
    /// # Errors
    /// When the directory or the chain cannot be read or written.
    pub fn open(store: &Store, executor: &Executor) -> Result<Self, Error> {
        Self::open_folder(store, executor, FOLDER)
    }

    /// As [`Self::open`], in a folder of another name.
    pub(crate) fn open_folder(store: &Store, executor: &Executor, folder: &str) -> Result<Self, Error> {
        let mut indexer = Self { store: store.clone(), executor: executor.clone(), parts: PartFiles::open(store, folder)? };
        indexer.catch_up()?;
        Ok(indexer)
    }

    /// Writes whatever sets of the chain's head have and the index lacks.
    ///
    /// # Errors
    /// When the chain cannot be read or the index not written.
    pub fn catch_up(&mut self) -> Result<(), Error> {
        self.bring(Sets::All)
    }

    /// Follows the chain for ever; `events` were subscribed to before the index was opened.
    pub(crate) async fn run(mut self, mut events: Receiver<Event>) -> Result<(), Error> {
        loop {
            let mut sets = Sets::These(BTreeSet::new());
            if !sets.add(events.recv().await) {
                return Ok(());
            }
            if sets.is_empty() {
                continue;
            }
            tokio::time::sleep(PAUSE).await;
            while !events.is_empty() {
                sets.add(events.recv().await);
            }
            let work = move || self.bring(sets).map(|()| self);
            self = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped("indexer"))??;
        }
    }

    /// Writes what sets have and the parts lack, and lets executors use it.
    fn bring(&mut self, sets: Sets) -> Result<(), Error> {
        let (sets, count): (Box<dyn Iterator<Item = u64>>, usize) = match sets {
            Sets::These(sets) => {
                let count = sets.len();
                (Box::new(sets.into_iter()), count)
            }
            Sets::All => {
                let count = indexed(set_count(&self.store.latest()?))?.unwrap_or_default();
                (Box::new(1..=count), usize::try_from(count).unwrap_or(usize::MAX))
            }
        };
        let (mut gathering, mut progress) = (Gathering::default(), Progress::new(count));
        for (at, id) in sets.enumerate() {
            // What cannot be indexed is read from the chain by whoever asks it.
            while !self.gather(&mut gathering, id)?.unwrap_or(true) {
                progress.tell(at, gathering.bytes());
                progress.written += gathering.bytes();
                self.parts.write(std::mem::take(&mut gathering))?;
                self.parts.merge()?;
            }
            progress.tell(at, gathering.bytes());
        }
        self.keep(gathering)
    }

    /// Adds what a set has and the parts lack; whether that was all. The snapshot ends here: while there is one, the database grows.
    fn gather(&self, gathering: &mut Gathering, id: u64) -> Result<Option<bool>, Error> {
        indexed(gathering.add(&self.store.latest()?, id, &self.parts.all(), PART_BYTES))
    }

    /// Writes a new part and lets executors use it.
    pub(crate) fn keep(&mut self, gathering: Gathering) -> Result<(), Error> {
        if !gathering.is_empty() {
            self.parts.write(gathering)?;
        }
        // Before parts are merged: executors hold in memory what they do not know to be in one.
        self.executor.publish_index(self.parts.all());
        if self.parts.merge()? {
            self.executor.publish_index(self.parts.all());
        }
        Ok(())
    }
}

/// What came of reading a set; nothing when it cannot be indexed, which is told.
fn indexed<T>(read: Result<T, tributary_execution::Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ tributary_execution::Error::Index(_)) => {
            tracing::error!(%error, "a set is not indexed");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

impl Sets {
    /// Takes note of an event; `false` when there will be no more.
    fn add(&mut self, event: Result<Event, RecvError>) -> bool {
        match (event, &mut *self) {
            (Err(RecvError::Closed), _) => return false,
            (Err(RecvError::Lagged(_)), _) => *self = Self::All,
            (Ok(Event::Sealed(block)), Self::These(sets)) => {
                sets.extend(appended_sets(block.receipts.iter().flat_map(|receipt| &receipt.logs)));
            }
            (Ok(_), _) => {}
        }
        true
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::These(sets) if sets.is_empty())
    }
}

/// Tells how far a long catching up has come.
struct Progress {
    sets: usize,
    written: usize,
    began: Instant,
    told: Instant,
}

impl Progress {
    fn new(sets: usize) -> Self {
        Self { sets, written: 0, began: Instant::now(), told: Instant::now() }
    }

    fn tell(&mut self, set: usize, bytes: usize) {
        if self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let megabytes = (self.written + bytes) as f64 / 1e6;
        let rate = megabytes / self.began.elapsed().as_secs_f64();
        tracing::info!("indexing attribution sets: {set} of {} done, {megabytes:.0} MB read, {rate:.1} MB/s", self.sets);
    }
}

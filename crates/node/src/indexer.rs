//! Keeps the index over attribution sets up with a chain: what blocks append is frozen into files beside the database, which all who execute read.
//!
//! Nothing waits for it. What it has not written yet, executors hold in memory; what it has lost, it reads again from the chain when the node starts.

use crate::{Error, part_files::PartFiles};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::sync::broadcast::Receiver;
use tributary_chain::{Event, Follower, Lost, Place, Step};
use tributary_execution::{
    Executor,
    precompiles::{Gathering, appended_sets, set_count},
};
use tributary_storage::Store;

#[cfg(test)]
mod tests;

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
    /// Up to where the chain's blocks have been looked at.
    place: Place,
    /// How many sets were looked at.
    #[cfg(test)]
    looked: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

/// The sets to look at.
#[derive(Debug)]
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
        let parts = PartFiles::open(store, folder)?;
        let mut indexer = Self {
            store: store.clone(),
            executor: executor.clone(),
            parts,
            place: Place::before(0),
            #[cfg(test)]
            looked: Default::default(),
        };
        indexer.catch_up()?;
        Ok(indexer)
    }

    /// Writes whatever sets of the chain's head have and the index lacks.
    ///
    /// # Errors
    /// When the chain cannot be read or the index not written.
    pub fn catch_up(&mut self) -> Result<(), Error> {
        // Before the sets are counted: what a block appends meanwhile is looked at twice rather than never.
        self.place = Place::after(self.store.heads()?.unsafe_head);
        self.bring(Sets::All)
    }

    /// Follows the chain for ever; `events` were subscribed to before the index was opened.
    pub(crate) async fn run(mut self, events: Receiver<Event>) -> Result<(), Error> {
        let mut follower = Follower::new(self.store.clone(), events, self.place);
        while let Some(sets) = appended(&self.store, &self.executor, &mut follower).await? {
            self.place = follower.place();
            let work = move || self.bring(sets).map(|()| self);
            self = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped("indexer"))??;
        }
        Ok(())
    }

    /// Writes what sets have and the parts lack, and lets executors use it. What turns out to be damaged meanwhile is read from the chain again.
    fn bring(&mut self, sets: Sets) -> Result<(), Error> {
        self.add(sets)?;
        self.make_up()
    }

    /// Reads again what files had that were found damaged. When that finds more, it is left for the next time.
    fn make_up(&mut self) -> Result<(), Error> {
        if self.parts.has_lost() { self.add(Sets::All) } else { Ok(()) }
    }

    fn add(&mut self, sets: Sets) -> Result<(), Error> {
        // Whatever was lost before is among what is read now.
        let sets = if self.parts.forget_loss() { Sets::All } else { sets };
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
        #[cfg(test)]
        self.looked.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
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
        self.put(gathering)
    }

    /// Adds what a set has and the parts lack; whether that was all. The snapshot ends here: while there is one, the database grows.
    fn gather(&mut self, gathering: &mut Gathering, id: u64) -> Result<Option<bool>, Error> {
        let state = self.store.latest()?;
        let mut read = |parts: &PartFiles| gathering.add(&state, id, &parts.all(), PART_BYTES);
        match read(&self.parts) {
            // What cannot be read may be a part's fault, which is mended.
            Err(_) if self.parts.drop_changed()? => {
                self.executor.publish_index(self.parts.all());
                indexed(read(&self.parts))
            }
            read => indexed(read),
        }
    }

    /// Writes a new part and lets executors use it.
    pub(crate) fn keep(&mut self, gathering: Gathering) -> Result<(), Error> {
        self.put(gathering)?;
        self.make_up()
    }

    fn put(&mut self, gathering: Gathering) -> Result<(), Error> {
        if !gathering.is_empty() {
            self.parts.write(gathering)?;
        }
        // Before parts are merged: executors hold in memory what they do not know to be in one.
        self.executor.publish_index(self.parts.all());
        self.executor.has_indexed(self.place.next.saturating_sub(1));
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

/// Waits for blocks that append to sets, and collects those sets for a moment; nothing at the end of the chain's events. However many blocks there were
/// meanwhile, only what they appended to is looked at.
async fn appended(store: &Store, executor: &Executor, follower: &mut Follower) -> Result<Option<Sets>, Error> {
    let (mut sets, mut until) = (BTreeSet::new(), None::<Instant>);
    loop {
        let step = match until {
            None => follower.next().await,
            Some(until) if Instant::now() >= until => return Ok(Some(Sets::These(sets))),
            Some(until) => match tokio::time::timeout_at(until.into(), follower.next()).await {
                Ok(step) => step,
                Err(_) => return Ok(Some(Sets::These(sets))),
            },
        };
        match step {
            Ok(Step::Block(block)) => sets.extend(appended_sets(block.receipts.iter().flat_map(|receipt| &receipt.logs))),
            // What is indexed beyond a set's end is nothing to those who ask.
            Ok(Step::Undo(_)) => {}
            Err(Lost::Stopping) => return Ok(None),
            Err(Lost::Displaced(_)) => {
                follower.again_from(Place::after(store.heads()?.unsafe_head));
                return Ok(Some(Sets::All));
            }
            Err(Lost::Storage(error)) => return Err(error.into()),
        }
        // A reader that is behind never waits by itself.
        tokio::task::yield_now().await;
        if sets.is_empty() {
            executor.has_indexed(follower.place().next.saturating_sub(1));
        } else {
            until = until.or_else(|| Instant::now().checked_add(PAUSE));
        }
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

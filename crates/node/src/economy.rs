//! Keeps the index of the economy up with a chain. Nothing waits for it: who asks it is told up to which block it has come.

use crate::Error;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tributary_chain::{Event, Follower, Lost, Place, Step};
use tributary_index::Index;
use tributary_storage::Store;

/// Steps that are written together when they are there together.
const BATCH: usize = 512;

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

/// What follows one chain for its index.
#[derive(Debug)]
pub(crate) struct Economist {
    store: Store,
    index: Index,
}

impl Economist {
    /// Opens the index of a chain.
    pub(crate) fn open(store: &Store) -> Result<Self, Error> {
        Ok(Self { store: store.clone(), index: Index::open(store)? })
    }

    /// The index.
    pub(crate) const fn index(&self) -> &Index {
        &self.index
    }

    /// Follows the chain until the node stops; `events` were subscribed to before.
    pub(crate) async fn run(self, mut events: Receiver<Event>) -> Result<(), Error> {
        loop {
            let next = events.resubscribe();
            let place = self.place()?;
            match self.follow(Follower::new(self.store.clone(), std::mem::replace(&mut events, next), place)).await? {
                Lost::Stopping => return Ok(()),
                // Its blocks were taken back while nobody looked: begun again from a block that is still there.
                Lost::Displaced(_) => {}
                Lost::Storage(error) => return Err(error.into()),
            }
        }
    }

    /// Where the index goes on. Blocks that have left the chain are taken back; an index that cannot do that, because they were final, begins anew.
    fn place(&self) -> Result<Place, Error> {
        let mut writer = self.index.write()?;
        while let Some(head) = writer.head() {
            if self.store.hash_of(head.number)? == Some(head.hash) {
                break;
            }
            if writer.undo().is_err() {
                tracing::warn!(block = head.number, "the index of the economy is begun anew: a final block left the chain");
                writer.clear()?;
            }
        }
        let place = writer.head().map_or(Place::before(self.store.genesis().number), Place::after);
        writer.commit()?;
        Ok(place)
    }

    /// Takes in what happens, for as long as nothing is missed.
    async fn follow(&self, mut follower: Follower) -> Result<Lost, Error> {
        let mut progress = Progress { told: Instant::now(), has_told: false };
        loop {
            let (steps, lost) = steps(&mut follower).await;
            let is_behind = steps.len() == BATCH;
            if let Some(Step::Block(block)) = steps.last() {
                progress.tell(block.number(), is_behind, || Ok(self.store.heads()?.unsafe_head.number))?;
            }
            let (store, index) = (self.store.clone(), self.index.clone());
            let work = move || take(&store, &index, &steps);
            tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped("index of the economy"))??;
            if let Some(lost) = lost {
                return Ok(lost);
            }
        }
    }
}

/// The next steps: one, and as many as are there already.
async fn steps(follower: &mut Follower) -> (Vec<Step>, Option<Lost>) {
    let mut steps = Vec::new();
    while steps.len() < BATCH {
        let next = tokio::select! {
            biased;
            next = follower.next() => next,
            () = std::future::ready(()), if !steps.is_empty() => break,
        };
        match next {
            Ok(step) => steps.push(step),
            Err(lost) => return (steps, Some(lost)),
        }
    }
    (steps, None)
}

/// Writes steps to the index, all or none.
fn take(store: &Store, index: &Index, steps: &[Step]) -> Result<(), Error> {
    let final_below = store.heads()?.finalized_head.number;
    let mut writer = index.write()?;
    for step in steps {
        match step {
            Step::Block(sealed) => {
                // A follower does not tell of blocks that leave the chain from before the place where it began.
                while writer.head().is_some_and(|head| head.number >= sealed.number()) {
                    writer.undo()?;
                }
                writer.block(sealed.id(), (&sealed.block, &sealed.receipts), final_below)?;
            }
            Step::Undo(_) => writer.undo()?,
        }
    }
    Ok(writer.commit()?)
}

/// Tells of long work.
struct Progress {
    told: Instant,
    has_told: bool,
}

impl Progress {
    fn tell(&mut self, block: u64, is_behind: bool, head: impl FnOnce() -> Result<u64, Error>) -> Result<(), Error> {
        if is_behind && self.told.elapsed() >= EVERY {
            tracing::info!(block, of = head()?, "reading the chain for the index of the economy");
            (self.told, self.has_told) = (Instant::now(), true);
        } else if !is_behind && self.has_told {
            tracing::info!(block, "the index of the economy is complete");
            self.has_told = false;
        }
        Ok(())
    }
}

//! Keeps the index of the economy up with a chain. No block waits for it; who asks it does, for a moment, and is told up to which block it has come.

use crate::Error;
use alloy_eips::BlockNumHash;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{broadcast::Receiver, watch},
    task::spawn_blocking,
};
use tributary_chain::{Event, Follower, Lost, Place, Step};
use tributary_index::Index;
use tributary_rpc::IndexView;
use tributary_storage::Store;

/// Steps that are written together when they are there together, and transactions after which no more steps are waited for.
const STEPS: usize = 512;
const TRANSACTIONS: usize = 20_000;

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

/// What follows one chain for its index.
#[derive(Debug, Clone)]
pub(crate) struct Economist {
    store: Store,
    index: Index,
    reached: Arc<watch::Sender<Option<BlockNumHash>>>,
}

impl Economist {
    /// Opens the index of a chain.
    pub(crate) fn open(store: &Store) -> Result<Self, Error> {
        Ok(Self { store: store.clone(), index: Index::open(store)?, reached: Arc::default() })
    }

    /// The index, and how far it is.
    pub(crate) fn view(&self) -> IndexView {
        IndexView { index: self.index.clone(), reached: self.reached.subscribe() }
    }

    /// Follows the chain until the node stops; `events` were subscribed to before.
    pub(crate) async fn run(self, events: Receiver<Event>) -> Result<(), Error> {
        let place = self.off_the_async_threads(Self::place).await?;
        // The index has been told of everything before that place.
        let mut follower = Follower::new(self.store.clone(), events, place).informed();
        let (mut progress, mut was_renewed) = (Progress { told: Instant::now(), has_told: false }, false);
        loop {
            let (steps, lost) = steps(&mut follower).await;
            if let Some(Step::Block(block)) = steps.last() {
                progress.tell(block.number(), steps.len() == STEPS, || Ok(self.store.heads()?.unsafe_head.number))?;
            }
            if let Err(error) = self.off_the_async_threads(move |this| this.take(&steps)).await {
                if std::mem::replace(&mut was_renewed, true) {
                    return Err(error);
                }
                tracing::warn!(%error, "the index of the economy is begun anew");
                follower.again_from(self.off_the_async_threads(Self::renew).await?);
                continue;
            }
            match lost {
                None => {}
                Some(Lost::Stopping) => return Ok(()),
                // Its blocks were taken back while nobody looked: begun again from a block that is still there.
                Some(Lost::Displaced(_)) => follower.again_from(self.off_the_async_threads(Self::place).await?),
                Some(Lost::Storage(error)) => return Err(error.into()),
            }
        }
    }

    async fn off_the_async_threads<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        spawn_blocking(move || work(&this)).await.map_err(|_| Error::Stopped("index of the economy"))?
    }

    /// Where the index goes on. Blocks that have left the chain are taken back; an index that cannot do that, because they were final, begins anew.
    fn place(&self) -> Result<Place, Error> {
        let mut writer = self.index.write()?;
        while let Some(head) = writer.head() {
            if self.store.hash_of(head.number)? == Some(head.hash) {
                break;
            }
            match writer.undo() {
                Err(tributary_index::Error::Storage(tributary_storage::Error::Pruned { .. })) => {
                    tracing::warn!(block = head.number, "the index of the economy is begun anew: a final block left the chain");
                    writer.clear()?;
                }
                undone => undone?,
            }
        }
        let head = writer.head();
        writer.commit()?;
        self.reached.send_replace(head);
        Ok(head.map_or_else(|| self.beginning(), Place::after))
    }

    fn renew(&self) -> Result<Place, Error> {
        let mut writer = self.index.write()?;
        writer.clear()?;
        writer.commit()?;
        Ok(self.beginning())
    }

    fn beginning(&self) -> Place {
        Place::before(self.store.genesis().number)
    }

    /// Writes steps to the index, all or none.
    fn take(&self, steps: &[Step]) -> Result<(), Error> {
        let final_below = self.store.heads()?.finalized_head.number;
        let mut writer = self.index.write()?;
        for step in steps {
            match step {
                Step::Block(sealed) => writer.block(sealed.id(), (&sealed.block, &sealed.receipts), final_below)?,
                Step::Undo(_) => writer.undo()?,
            }
        }
        let head = writer.head();
        writer.commit()?;
        self.reached.send_replace(head);
        Ok(())
    }
}

/// The next steps: one, and as many as are there already and are not too much at a time.
async fn steps(follower: &mut Follower) -> (Vec<Step>, Option<Lost>) {
    let (mut steps, mut transactions) = (Vec::new(), 0);
    while steps.len() < STEPS && transactions < TRANSACTIONS {
        let next = tokio::select! {
            biased;
            next = follower.next() => next,
            () = std::future::ready(()), if !steps.is_empty() => break,
        };
        match next {
            Ok(step) => {
                let (Step::Block(block) | Step::Undo(block)) = &step;
                transactions += block.block.body.transactions.len();
                steps.push(step);
            }
            Err(lost) => return (steps, Some(lost)),
        }
        // A reader that is behind never waits by itself.
        tokio::task::yield_now().await;
    }
    (steps, None)
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

#[cfg(test)]
mod tests;

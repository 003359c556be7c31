//! Many blocks that somebody ordered at once: executed one after the other and written together, so that the database is asked for a transaction, and for
//! the pages that all of them change, once for many.

use super::{Entry, Producer, plan::Next};
use crate::Error;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tributary_execution::OpenBlock;
use tributary_primitives::ExecutedBlock;
use tributary_storage::StoredBlock;

/// Most blocks that are written together. Until then they are in memory, with all that they change.
const MOST: u64 = 128;

/// How long whoever comes meanwhile waits for them.
const LONGEST: Duration = Duration::from_millis(30);

impl Producer {
    /// Ordered blocks, executed and not written, as long as nothing comes that would be in them or about them. None where blocks have to be opened, for users
    /// to see and to fill; so is the last.
    pub(super) fn execute_ordered(&mut self, parent: &StoredBlock) -> Result<Vec<ExecutedBlock>, Error> {
        let most = self.ordered.as_ref().map_or(0, |ordered| ordered.blocks.saturating_sub(1).min(MOST));
        if most < 2 || !self.is_undisturbed() {
            return Ok(Vec::new());
        }
        self.sealing_since = Instant::now();
        let mut tip = self.chain.store.tip()?;
        let mut parent = parent.clone();
        while (tip.blocks().len() as u64) < most && self.sealing_since.elapsed() < LONGEST && self.is_undisturbed() {
            // What else there is to do about L1 is done once these are written.
            let Next::Block(plan) = self.schedule.next(&parent, &self.chain.store, self.clock.now())? else { break };
            let (state, attributes) = (tip.clone(), plan.attributes);
            let mut block = OpenBlock::new(&self.chain.executor, state, &parent.block.header, parent.hash, attributes.block)?;
            block.execute_forced(&attributes.transactions, |_, _| {})?;
            let block = Arc::new(block.seal()?);
            parent = StoredBlock { block: block.block.clone(), hash: block.hash, senders: block.senders.clone() };
            tip.extend(block);
        }
        if tip.blocks().len() > 0 && std::mem::take(&mut self.is_announced) {
            // Nor may readers keep the one before: with the state under it, the database would keep every page that is replaced meanwhile.
            self.scribe.write(Entry::Closed)?;
        }
        Ok(tip.into_blocks())
    }

    /// Whether nobody wants anything but these blocks.
    fn is_undisturbed(&self) -> bool {
        let nothing_waits = self.recovered.is_empty() && self.returning.is_empty() && self.pool().is_empty();
        let nobody_asks = self.ready.is_none() && self.obeyed.is_none() && self.submissions.is_empty() && self.control.is_empty();
        nothing_waits && nobody_asks && !self.stopping()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Control, power_cuts::World};
    use crate::pipeline::{Pipeline, Work};
    use tokio::sync::{mpsc, oneshot};
    use tributary_chain::{Accepted, Event};
    use tributary_storage::{Durability, Options, Store};

    const BLOCKS: u64 = 700;

    /// Orders blocks; the number of the newest, once they are sealed.
    async fn order(control: &mpsc::Sender<Control>, blocks: u64) -> oneshot::Receiver<u64> {
        let (done, sealed) = oneshot::channel();
        control.send(Control::Seal { blocks, done }).await.unwrap();
        sealed
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn ordered_blocks_are_written_before_they_are_told_and_stay_after_a_power_cut() {
        let world = World::new();
        let life = world.begin().await;
        let (store, mut events) = (life.handles.chain.store.clone(), life.handles.chain.events.subscribe());
        let sealed = order(&life.handles.control, BLOCKS).await;
        let mut told = Vec::new();
        while told.len() < BLOCKS as usize {
            let Event::Sealed(block) = events.recv().await.unwrap() else { continue };
            assert_eq!(store.hash_of(block.number()).unwrap(), Some(block.hash), "told and not written");
            told.push(block);
        }
        assert_eq!(told.iter().map(|block| block.number()).collect::<Vec<_>>(), (1..=BLOCKS).collect::<Vec<_>>());
        assert_eq!(sealed.await.unwrap(), BLOCKS);
        drop(store);
        life.end().await;
        world.disk().power_cut(5);
        let life = world.begin().await;
        let store = &life.handles.chain.store;
        assert_eq!(store.heads().unwrap().unsafe_head, told.last().unwrap().id());
        store.check().unwrap();

        // Who executes them one by one comes to the same.
        let directory = tempfile::tempdir().unwrap();
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        let other = Pipeline::new(Store::open(directory.path(), store.spec().clone(), options).unwrap());
        for block in told {
            let executed = other.extend(Work::Block(Box::new(block.block.clone()))).unwrap().expect("a valid block");
            assert_eq!(executed[0].hash, block.hash);
        }
        life.end().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_sent_while_blocks_are_ordered_is_in_one_of_them() {
        let world = World::new();
        let life = world.begin().await;
        let sealed = order(&life.handles.control, 5 * BLOCKS).await;
        let mut hashes = Vec::new();
        for nonce in 0..5 {
            let tx = world.transfer(0, nonce, 1);
            hashes.push(tx.hash);
            assert!(matches!(life.submit(tx).await.unwrap(), Ok(Accepted::Included { .. })));
        }
        assert_eq!(sealed.await.unwrap(), 5 * BLOCKS);
        let numbers: Vec<_> = hashes.into_iter().map(|hash| life.place(hash).expect("it was acknowledged").number).collect();
        assert!(numbers.is_sorted() && numbers[0] <= 5 * BLOCKS, "{numbers:?}");
        life.end().await;
    }
}

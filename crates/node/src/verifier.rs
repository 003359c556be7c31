//! The verifier: derives the chain from L1 alone, in its own database, and holds it against the sequencer's.

use crate::{
    Error,
    fork::are_of_the_same,
    l1_view::{L1Reader, gone},
    pipeline::{Invalid, Pipeline, Source, Work},
    producer::Control,
    tasks::unless_passing,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256};
use metrics::counter;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};
use tributary_chain::{Derivation, DerivedFrom, L1Status, SealedBlock};
use tributary_dashboard::metrics::{DERIVED_BLOCKS, RESETS};
use tributary_l1::{InboxData, fetch_block};
use tributary_primitives::Receipt;
use tributary_rollup::{BatcherData, BatcherTransaction, DerivedBlock, Deriver, L1Block, L2Head, Start, Step, l2_block_ref};
use tributary_storage::Store;

/// In a long batch, the safe heads move after so many blocks.
const ANNOUNCED_AT_LEAST: u64 = 256;

/// Time until L1 is asked again that did not answer.
const L1_PATIENCE: Duration = Duration::from_secs(1);

/// What happens when the sequencer's chain is another than L1 gives.
#[derive(Debug, Clone)]
pub(crate) enum Difference {
    /// The node halts: nobody but itself puts blocks on its L1.
    Halts,
    /// L1 is right, and whoever keeps the other chain comes back to this one; a producer is ordered to, and to take what it lacks. Where both were made of the
    /// same, the node halts: one of the two was executed wrongly.
    Yields(Option<mpsc::Sender<Control>>),
}

/// Derives, executes, compares, and moves the safe and finalized heads.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// The verifier's own chain.
    pub(crate) chain: Pipeline,
    /// The sequencer's chain, whose safe and finalized heads follow the verifier.
    pub(crate) sequencer: Store,
    pub(crate) at_a_difference: Difference,
    pub(crate) reader: L1Reader,
    /// Changes when blocks leave L1.
    pub(crate) reorgs: watch::Receiver<u64>,
    /// How far L1 goes; `current` is set here.
    pub(crate) l1: watch::Sender<L1Status>,
    /// The newest L1 block, once all that came of it is safe; told whenever all of L1 is read.
    pub(crate) derived: watch::Sender<B256>,
    pub(crate) derivation: Arc<Derivation>,
    /// Derived blocks that are not final yet: number and the L1 block they came from.
    pub(crate) unfinal: VecDeque<(u64, u64)>,
    /// `None` when derivation has to begin at the finalized block.
    pub(crate) deriver: Option<Deriver>,
    /// What is being executed.
    pub(crate) derived_block: Option<Arc<DerivedBlock>>,
}

impl Source for Verifier {
    /// The next block that L1 prescribes.
    async fn next(&mut self) -> Result<Option<Work>, Error> {
        loop {
            let mut deriver = match self.deriver.take() {
                Some(deriver) => deriver,
                None => self.start_over()?,
            };
            let goes_on = match deriver.step()? {
                Step::Block(block) => {
                    let work = Work::Attributes(Box::new(block.attributes.clone()));
                    (self.derived_block, self.deriver) = (Some(block), Some(deriver));
                    return Ok(Some(work));
                }
                Step::NeedL1(number) => {
                    self.announce()?;
                    match self.l1_block(&deriver, number).await? {
                        Some(block) => {
                            let current = block.header.block_ref();
                            deriver.supply_l1(block)?;
                            self.l1.send_modify(|status| status.current = current);
                            self.finalize()?;
                            true
                        }
                        None => false,
                    }
                }
                Step::NeedL2(number) => {
                    let block = self.block(number)?;
                    deriver.supply_l2(&block.block)?;
                    true
                }
                Step::Reset(_) => false,
            };
            self.go_on(deriver, goes_on);
        }
    }

    /// Holds the block against the sequencer's. One that is invalid is replaced by its deposits, which the deriver does.
    async fn take(&mut self, outcome: Result<Arc<SealedBlock>, Invalid>) -> Result<(), Error> {
        let mut deriver = self.deriver.take().expect("invariant: a block was derived");
        let derived = self.derived_block.take().expect("invariant: a block was derived");
        let goes_on = match outcome {
            Ok(block) => {
                deriver.executed(l2_block_ref(&self.reader.config, &block.block, block.hash)?)?;
                self.compare(&deriver, &derived, BlockNumHash { number: block.block.header.number, hash: block.hash }).await?
            }
            Err(Invalid(reason)) => {
                tracing::warn!(number = derived.number(), %reason, "a derived block is invalid; it is replaced by its deposits");
                deriver.rejected()?;
                true
            }
        };
        self.go_on(deriver, goes_on);
        Ok(())
    }
}

impl Verifier {
    /// Runs until something that must agree does not.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        self.chain.clone().run(&mut self).await
    }

    fn go_on(&mut self, deriver: Deriver, goes_on: bool) {
        if goes_on {
            self.deriver = Some(deriver);
            return;
        }
        tracing::warn!("L1 was reorganised; deriving again from the finalized block");
        counter!(RESETS).increment(1);
    }

    /// A deriver that begins at the finalized block. What was derived above it came from L1 blocks that may have left L1 meanwhile, with the batches
    /// in them, whatever the blocks' own origins are.
    fn start_over(&mut self) -> Result<Deriver, Error> {
        let finalized = self.chain.store.heads()?.finalized_head.number;
        match self.chain.take_back(finalized, self.chain.above(finalized)?) {
            Err(Error::Storage(tributary_storage::Error::Pruned { oldest, .. })) => {
                self.chain.take_back(oldest, self.chain.above(oldest)?)?
            }
            other => other?,
        }
        let head = self.block(self.chain.store.heads()?.unsafe_head.number)?;
        self.unfinal.clear();
        self.derivation.forget_above(head.block.number);
        self.l1.send_modify(|status| status.current = status.finalized);
        self.derived.send_replace(B256::ZERO);
        let start = Start::find(&self.reader.config, head, |number| self.block(number))?;
        Ok(Deriver::new(self.reader.config.clone(), start))
    }

    fn block(&self, number: u64) -> Result<L2Head, Error> {
        let block =
            self.chain.store.block(number)?.ok_or_else(|| Error::Disagreement(format!("the verifier lacks its own block {number}")))?;
        Ok(L2Head::of_block(&self.reader.config, &block.block, block.hash)?)
    }

    /// The L1 block with this number, once L1 has it, with the batcher's data. `None` when what was read before it has left L1.
    async fn l1_block(&mut self, deriver: &Deriver, number: u64) -> Result<Option<L1Block>, Error> {
        let mut l1 = self.l1.subscribe();
        loop {
            if self.reorgs.has_changed().unwrap_or(false) {
                self.reorgs.mark_unchanged();
                if self.has_left_l1(deriver).await? {
                    return Ok(None);
                }
            }
            if l1.borrow_and_update().head.number < number {
                self.finalize()?;
                self.settle()?;
                self.derived.send_replace(deriver.l1_head().map_or(B256::ZERO, |read| read.hash));
                tokio::select! {
                    changed = l1.changed() => changed.map_err(|_| Error::Stopped("L1 follower"))?,
                    _ = self.reorgs.changed() => self.reorgs.mark_changed(),
                }
                continue;
            }
            let block = unless_passing(self.fetch(deriver, number).await, "an L1 block cannot be read")?;
            if block.is_some() {
                return Ok(block);
            }
            tokio::time::sleep(L1_PATIENCE).await;
        }
    }

    /// Whether L1 no longer has the block that was read last. Waits for an L1 that does not answer: what follows depends on it.
    async fn has_left_l1(&self, deriver: &Deriver) -> Result<bool, Error> {
        let Some(read) = deriver.l1_head() else { return Ok(false) };
        loop {
            let now = self.reader.client.block_ref(read.number).await;
            if let Some(now) = unless_passing(now, "L1 does not say whether it still has a block")? {
                return Ok(now.is_none_or(|now| now.hash != read.hash));
            }
            tokio::time::sleep(L1_PATIENCE).await;
        }
    }

    /// All of L1 is read: the sequencer's safe head is exactly what came of it, though it was further before a reorg.
    fn settle(&self) -> Result<(), Error> {
        let derived = self.chain.store.heads()?.unsafe_head;
        let known = self.sequencer.hash_of(derived.number)? == Some(derived.hash);
        if known && self.sequencer.heads()?.safe_head != derived {
            self.raise(Store::set_safe, derived)?;
        }
        Ok(())
    }

    async fn fetch(&self, deriver: &Deriver, number: u64) -> Result<L1Block, Error> {
        let Self { reader, .. } = self;
        // The block's own logs may name another batcher, whose transactions count from this block on.
        let wanted = |receipts: &[Receipt], from: Address| deriver.batcher(&reader.logs(receipts)) == from;
        let data = fetch_block(&reader.client, number, reader.config.batch_inbox_address, wanted).await?.ok_or_else(|| gone(number))?;
        let origin = reader.origin(&data);
        let batches = data.inbox.into_iter().map(|tx| BatcherTransaction {
            hash: tx.hash,
            from: tx.from,
            data: match tx.data {
                InboxData::Calldata(bytes) => BatcherData::Calldata(bytes),
                InboxData::Blobs(blobs) => BatcherData::Blobs(blobs),
            },
        });
        Ok(L1Block { header: origin.header, logs: origin.logs, batches: batches.collect() })
    }

    /// Holds a derived block against the sequencer's. False when L1 was reorganised meanwhile.
    async fn compare(&mut self, deriver: &Deriver, derived: &DerivedBlock, id: BlockNumHash) -> Result<bool, Error> {
        let sequenced = self.sequencer.hash_of(id.number)?;
        let is_missing = sequenced.is_none() && matches!(self.at_a_difference, Difference::Yields(Some(_)));
        if is_missing || sequenced.is_some_and(|hash| hash != id.hash) {
            // A sequencer that has followed a reorg already differs from what was derived from L1 as it was.
            if self.has_left_l1(deriver).await? {
                return Ok(false);
            }
            self.differ(id, sequenced)?;
        }
        self.derivation.derived(id.number, DerivedFrom { hash: id.hash, l1: derived.derived_from, batch: derived.batch });
        counter!(DERIVED_BLOCKS).increment(1);
        self.unfinal.push_back((id.number, derived.derived_from.number));
        if id.number.is_multiple_of(ANNOUNCED_AT_LEAST) {
            self.announce()?;
        }
        Ok(true)
    }

    /// The sequencer has another block than was derived, or none yet.
    fn differ(&self, id: BlockNumHash, sequenced: Option<B256>) -> Result<(), Error> {
        let ours = self.chain.store.block(id.hash)?;
        let theirs = sequenced.map(|hash| self.sequencer.block(hash)).transpose()?.flatten();
        let is_wrong = ours.zip(theirs).is_some_and(|(ours, theirs)| are_of_the_same(&ours, &theirs));
        match (&self.at_a_difference, sequenced) {
            (Difference::Yields(orders), _) if !is_wrong => {
                // Where one waits, another says nothing more.
                let _ = orders.as_ref().map(|orders| orders.try_send(Control::Adopt));
                Ok(())
            }
            (_, Some(sequenced)) => Err(Error::Diverged { number: id.number, sequenced, derived: id.hash }),
            (_, None) => Ok(()),
        }
    }

    /// Moves the safe heads to what is derived: once for all blocks that came of an L1 block, because it takes a transaction of both databases.
    fn announce(&self) -> Result<(), Error> {
        let heads = self.chain.store.heads()?;
        if heads.safe_head == heads.unsafe_head {
            return Ok(());
        }
        self.chain.store.set_safe(heads.unsafe_head)?;
        let sequencer = self.sequencer.heads()?;
        let number = heads.unsafe_head.number.min(sequencer.unsafe_head.number);
        let hash = self.chain.store.hash_of(number)?.filter(|_| sequencer.safe_head.number < number);
        match hash {
            Some(hash) if self.sequencer.hash_of(number)? == Some(hash) => self.raise(Store::set_safe, BlockNumHash { number, hash }),
            _ => Ok(()),
        }
    }

    /// Moves a head of the sequencer's chain, unless the sequencer has just taken the block back.
    fn raise(&self, head: fn(&Store, BlockNumHash) -> Result<(), tributary_storage::Error>, block: BlockNumHash) -> Result<(), Error> {
        match head(&self.sequencer, block) {
            Err(tributary_storage::Error::NotAHead { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Moves the finalized head to the newest block that came of a final L1 block.
    fn finalize(&mut self) -> Result<(), Error> {
        let l1_final = self.l1.borrow().finalized.number;
        let mut newest = None;
        while let Some((number, _)) = self.unfinal.front().copied().filter(|(_, l1)| *l1 <= l1_final) {
            newest = Some(number);
            self.unfinal.pop_front();
        }
        let Some(number) = newest else { return Ok(()) };
        if let Some(hash) = self.chain.store.hash_of(number)? {
            let block = BlockNumHash { number, hash };
            self.chain.store.set_finalized(block)?;
            self.raise(Store::set_finalized, block)?;
        }
        Ok(())
    }
}

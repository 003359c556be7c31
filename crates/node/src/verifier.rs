//! The verifier: derives the chain from L1 alone, in its own database, and holds it against the sequencer's.

use crate::{
    Error,
    derived::derive_block,
    l1_view::{L1Reader, gone},
    producer::head_block,
};
use alloy_primitives::Address;
use metrics::counter;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::watch;
use tributary_dashboard::metrics::{DERIVED_BLOCKS, RESETS};
use tributary_l1::{InboxData, fetch_block};
use tributary_primitives::{ExecutedBlock, Receipt};
use tributary_rollup::{BatcherData, BatcherTransaction, DerivedBlock, Deriver, L1Block, L2Head, Start, Step, l2_block_ref};
use tributary_rpc::{Derivation, DerivedFrom, L1Status};
use tributary_storage::Store;

/// Derives, executes, compares, and moves the safe and finalized heads.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// The verifier's own chain.
    pub(crate) store: Store,
    /// The sequencer's chain, whose safe and finalized heads follow the verifier.
    pub(crate) sequencer: Store,
    pub(crate) reader: L1Reader,
    /// How far L1 goes; `current` is set here.
    pub(crate) l1: watch::Sender<L1Status>,
    pub(crate) derivation: Arc<Derivation>,
    /// Derived blocks that are not final yet: number and the L1 block they came from.
    pub(crate) unfinal: VecDeque<(u64, u64)>,
}

impl Verifier {
    /// Runs until something that must agree does not.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        let mut deriver = self.deriver()?;
        loop {
            match deriver.step()? {
                Step::Block(block) => self.execute(&mut deriver, block).await?,
                Step::NeedL1(number) => {
                    let block = self.l1_block(&deriver, number).await?;
                    let current = block.header.block_ref();
                    deriver.supply_l1(block)?;
                    self.l1.send_modify(|status| status.current = current);
                    self.finalize()?;
                }
                Step::NeedL2(number) => {
                    let block = self.block(number)?;
                    deriver.supply_l2(&block.block)?;
                }
                Step::Reset(reason) => {
                    tracing::warn!(?reason, "L1 was reorganised");
                    counter!(RESETS).increment(1);
                    self.rewind().await?;
                    deriver = self.deriver()?;
                }
            }
        }
    }

    fn deriver(&self) -> Result<Deriver, Error> {
        let head = self.block(self.store.heads()?.unsafe_head.number)?;
        let start = Start::find(&self.reader.config, head, |number| self.block(number))?;
        Ok(Deriver::new(self.reader.config.clone(), start))
    }

    fn block(&self, number: u64) -> Result<L2Head, Error> {
        let block = self.store.block(number)?.ok_or_else(|| Error::Disagreement(format!("the verifier lacks its own block {number}")))?;
        Ok(L2Head::of_block(&self.reader.config, &block.block, block.hash)?)
    }

    /// Takes back blocks whose L1 origin is no longer on L1.
    async fn rewind(&self) -> Result<(), Error> {
        let mut number = self.store.heads()?.unsafe_head.number;
        while number > self.reader.config.genesis.l2.number {
            let origin = self.block(number)?.block.l1_origin;
            if self.reader.client.block_ref(origin.number).await?.is_some_and(|block| block.hash == origin.hash) {
                break;
            }
            number -= 1;
        }
        self.store.unwind(number)?;
        Ok(())
    }

    /// The L1 block with this number, once L1 has it, with the batcher's data.
    async fn l1_block(&mut self, deriver: &Deriver, number: u64) -> Result<L1Block, Error> {
        let mut l1 = self.l1.subscribe();
        while l1.borrow().head.number < number {
            self.finalize()?;
            l1.changed().await.map_err(|_| Error::Stopped("L1 follower"))?;
        }
        loop {
            match self.fetch(deriver, number).await {
                Ok(block) => return Ok(block),
                Err(error) => {
                    tracing::warn!(%error, number, "L1 block cannot be read");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn fetch(&self, deriver: &Deriver, number: u64) -> Result<L1Block, Error> {
        let Self { reader, .. } = self;
        // The block's own logs may name another batcher, whose transactions count from this block on.
        let wanted = |receipts: &[Receipt], from: Address| deriver.batcher(&reader.logs(receipts)) == from;
        let data = fetch_block(&reader.client, number, reader.config.batch_inbox_address, wanted).await?.ok_or_else(|| gone(number))?;
        let origin = reader.origin(&data);
        if let Some(last) = data.inbox.last() {
            self.derivation.batch_in(number, last.hash);
        }
        let batches = data.inbox.into_iter().map(|tx| {
            let data = match tx.data {
                InboxData::Calldata(bytes) => BatcherData::Calldata(bytes),
                InboxData::Blobs(blobs) => BatcherData::Blobs(blobs),
            };
            BatcherTransaction { from: tx.from, data }
        });
        Ok(L1Block { header: origin.header, logs: origin.logs, batches: batches.collect() })
    }

    /// Executes a derived block. One that is invalid is replaced by its deposits, which the deriver does.
    async fn execute(&mut self, deriver: &mut Deriver, derived: Arc<DerivedBlock>) -> Result<(), Error> {
        let (store, config, attributes) = (self.store.clone(), self.reader.config.clone(), derived.attributes.clone());
        let work = move || -> Result<Option<ExecutedBlock>, Error> {
            let parent = head_block(&store)?;
            let executed = derive_block(&store, &config, &parent, &attributes)?;
            if let Some(block) = &executed {
                store.commit(block, &[])?;
            }
            Ok(executed)
        };
        let Some(executed) = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped("verifier"))?? else {
            tracing::warn!(number = derived.number(), "a derived block is invalid; it is replaced by its deposits");
            return Ok(deriver.rejected()?);
        };
        let id = executed.id();
        deriver.executed(l2_block_ref(&self.reader.config, &executed.block, executed.hash)?)?;
        let number = id.number;
        let sequenced = self.sequencer.hash_of(number)?;
        if let Some(sequenced) = sequenced.filter(|hash| *hash != id.hash) {
            return Err(Error::Diverged { number, sequenced, derived: id.hash });
        }
        self.derivation.derived(number, DerivedFrom { hash: id.hash, l1: derived.derived_from });
        counter!(DERIVED_BLOCKS).increment(1);
        self.unfinal.push_back((number, derived.derived_from.number));
        self.store.set_safe(id)?;
        if sequenced.is_some() {
            self.sequencer.set_safe(id)?;
        }
        Ok(())
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
        for store in [&self.store, &self.sequencer] {
            if let Some(hash) = store.hash_of(number)? {
                store.set_finalized(alloy_eips::BlockNumHash { number, hash })?;
            }
        }
        Ok(())
    }
}

//! What the rollup knows of its L1: a window of recent blocks, kept up to date by one task, read by sequencer, verifier, batcher and prover.

use crate::{Error, tasks::unless_passing};
use alloy_eips::{BlockNumHash, BlockNumberOrTag};
use alloy_primitives::B256;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};
use tributary_chain::L1Status;
use tributary_dashboard::metrics::L1_RETRIES;
use tributary_l1::{L1BlockData, L1Client, fetch_block};
use tributary_primitives::{ChainSpec, L1BlockRef, Receipt, RollupConfig};
use tributary_rollup::{L1Header, L1Log};

/// An L1 block that L2 blocks can begin an epoch with.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) header: L1Header,
    /// Logs of the portal and of the system configuration contract.
    pub(crate) logs: Vec<L1Log>,
}

/// How the rollup reads its L1.
#[derive(Debug, Clone)]
pub(crate) struct L1Reader {
    pub(crate) client: L1Client,
    /// L1's blob schedule, on which the blob base fee depends.
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) config: Arc<RollupConfig>,
}

impl L1Reader {
    /// The part of an L1 block that enters L2 blocks.
    pub(crate) fn origin(&self, block: &L1BlockData) -> Origin {
        let header = &block.header;
        let blob_base_fee = self.spec.blob_params(header.timestamp).zip(header.excess_blob_gas).map(|(p, excess)| p.calc_blob_fee(excess));
        Origin { header: L1Header::new(header, block.hash, blob_base_fee), logs: self.logs(&block.receipts) }
    }

    /// The logs of the portal and of the system configuration contract among a block's receipts.
    pub(crate) fn logs(&self, receipts: &[Receipt]) -> Vec<L1Log> {
        let ours = [self.config.deposit_contract_address, self.config.l1_system_config_address];
        let logs = receipts.iter().flat_map(|receipt| &receipt.logs).enumerate();
        let ours = logs.filter(|(_, log)| ours.contains(&log.address));
        ours.map(|(index, log)| L1Log { index: index as u64, log: log.clone() }).collect()
    }

    async fn fetch(&self, number: u64) -> Result<Origin, Error> {
        let inbox = self.config.batch_inbox_address;
        let block = fetch_block(&self.client, number, inbox, |_, _| false).await?;
        Ok(self.origin(&block.ok_or_else(|| gone(number))?))
    }

    async fn head(&self, tag: BlockNumberOrTag) -> Result<L1BlockRef, Error> {
        Ok(self.client.block_ref(tag).await?.ok_or_else(|| gone(tag))?)
    }
}

/// An L1 block that was there is not there any more; reading on later settles it.
pub(crate) fn gone(block: impl std::fmt::Display) -> tributary_l1::Error {
    tributary_l1::Error::BlockGone(block.to_string())
}

/// When L1 is looked at.
#[derive(Debug)]
pub(crate) struct Look {
    /// After so long at the latest.
    pub(crate) every: Duration,
    /// As soon as somebody tells that there is something new.
    pub(crate) news: Arc<Notify>,
}

/// L1 blocks that are not final, or that the rollup has yet to build on.
#[derive(Debug, Default)]
pub(crate) struct L1View {
    origins: Mutex<BTreeMap<u64, Arc<Origin>>>,
    /// How many blocks have to be on top of one that L2 blocks are built on.
    depth: AtomicU64,
    /// How often blocks left L1.
    reorgs: watch::Sender<u64>,
}

/// Most blocks that the window holds, a week of Ethereum's: an L1 that does not become final for days must not hold up the rollup. A sequencer that is further
/// behind stays on its origin until the window reaches it.
const WINDOW: usize = 50_400;

impl L1View {
    /// The origin of the block whose parent's origin is `current`, and which follows it at `timestamp` unless it jumps: the next L1 block when it is
    /// known and not younger, or a jump. `None` when L1 no longer has `current`.
    pub(crate) fn origin_for(&self, config: &RollupConfig, current: BlockNumHash, timestamp: u64) -> Option<Arc<Origin>> {
        let origins = self.lock();
        let known = origins.get(&current.number).filter(|origin| origin.header.hash == current.hash)?;
        let next = origins.get(&(current.number + 1)).map(|next| (next, &next.header)).filter(|(_, next)| next.parent_hash == current.hash);
        let newest = origins.last_key_value().map_or(0, |(number, _)| *number);
        let is_deep = |next: &L1Header| newest - next.number >= self.depth.load(Ordering::Relaxed);
        // A block that is too late for the older origin takes what there is.
        let is_late = timestamp > known.header.timestamp + config.max_sequencer_drift;
        let next = next.filter(|(_, next)| next.timestamp <= timestamp && (is_deep(next) || is_late) || next.is_jump(config));
        Some(next.map_or(known, |(next, _)| next).clone())
    }

    /// From now on, L2 blocks are built on L1 blocks only that have so many on top of them.
    pub(crate) fn set_depth(&self, blocks: u64) {
        self.depth.store(blocks, Ordering::Relaxed);
    }

    /// Whether the L1 block with this number is known.
    pub(crate) fn knows(&self, number: u64) -> bool {
        self.lock().contains_key(&number)
    }

    /// Whether a block above `number` is a jump.
    pub(crate) fn jumps_after(&self, config: &RollupConfig, number: u64) -> bool {
        self.lock().range(number + 1..).any(|(_, origin)| origin.header.is_jump(config))
    }

    /// Whether a block is on L1. What is older than the window is final.
    pub(crate) fn has(&self, block: BlockNumHash) -> bool {
        let origins = self.lock();
        let older = origins.first_key_value().is_none_or(|(first, _)| block.number < *first);
        older || origins.get(&block.number).is_some_and(|origin| origin.header.hash == block.hash)
    }

    /// Changes whenever blocks leave L1.
    pub(crate) fn reorgs(&self) -> watch::Receiver<u64> {
        self.reorgs.subscribe()
    }

    /// Forgets the blocks above `number`: they have left L1. Gives the newest that is left.
    pub(crate) fn truncate(&self, number: u64) -> Option<L1BlockRef> {
        let left = {
            let mut origins = self.lock();
            origins.split_off(&(number + 1));
            origins.last_key_value().map(|(_, origin)| origin.header.block_ref())
        };
        self.reorgs.send_modify(|count| *count += 1);
        left
    }

    /// Forgets final blocks that no L2 block will be built on any more. None while the L2 head's origin is not on L1: how far the sequencer has to go
    /// back is for it to find out here.
    fn trim(&self, finalized: u64, sequenced: BlockNumHash, held: u64) {
        if self.has(sequenced) {
            let mut origins = self.lock();
            *origins = origins.split_off(&finalized.min(sequenced.number).min(held));
        }
    }

    fn last(&self) -> Option<u64> {
        self.lock().last_key_value().map(|(number, _)| *number)
    }

    /// The hash of the block with this number, if it is in the window.
    fn hash_of(&self, number: u64) -> Option<B256> {
        self.lock().get(&number).map(|origin| origin.header.hash)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Origin>>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads L1 from block `from` to its head, so that the sequencer can start.
    pub(crate) async fn fill(&self, reader: &L1Reader, from: u64) -> Result<(), Error> {
        let head = reader.head(BlockNumberOrTag::Latest).await?.number;
        for number in from..=head.max(from) {
            let origin = reader.fetch(number).await?;
            self.lock().insert(number, Arc::new(origin));
        }
        Ok(())
    }

    /// Follows L1 for ever. An L1 that cannot be reached is tried again; sequencing goes on meanwhile. `needed` gives the L1 block that the L2 head was
    /// built on, and the number of the oldest that an L2 head of the past may be built on again.
    pub(crate) async fn follow(
        self: Arc<Self>,
        reader: L1Reader,
        status: watch::Sender<L1Status>,
        needed: impl Fn() -> Result<(BlockNumHash, u64), Error> + Send + Sync,
        look: Look,
    ) -> Result<(), Error> {
        loop {
            if unless_passing(self.advance(&reader, &status).await, "L1 cannot be read")?.is_none() {
                metrics::counter!(L1_RETRIES).increment(1);
            }
            let (sequenced, held) = needed()?;
            self.trim(status.borrow().finalized.number, sequenced, held);
            // Whether there is news or not, what there is is on L1.
            let _ = tokio::time::timeout(look.every, look.news.notified()).await;
        }
    }

    async fn advance(&self, reader: &L1Reader, status: &watch::Sender<L1Status>) -> Result<(), Error> {
        let head = reader.head(BlockNumberOrTag::Latest).await?;
        if head.hash == status.borrow().head.hash {
            return Ok(());
        }
        let (safe, finalized) = (reader.head(BlockNumberOrTag::Safe).await?, reader.head(BlockNumberOrTag::Finalized).await?);
        if self.hash_of(head.number).is_some_and(|known| known != head.hash) {
            self.replace(reader, head.number).await?;
        }
        while let Some(last) = self.last().filter(|last| *last < head.number)
            && self.lock().len() < WINDOW
        {
            self.replace(reader, last + 1).await?;
        }
        status.send_modify(|status| (status.head, status.safe, status.finalized) = (head, safe, finalized));
        Ok(())
    }

    /// Reads block `number`, and those below it that are not those known: a branch becomes visible as a whole.
    async fn replace(&self, reader: &L1Reader, number: u64) -> Result<(), Error> {
        let mut branch = vec![reader.fetch(number).await?];
        let mut first = branch[0].header;
        // Below the window everything is final.
        while self.hash_of(first.number - 1).is_some_and(|known| known != first.parent_hash) {
            let below = reader.fetch(first.number - 1).await?;
            first = below.header;
            branch.push(below);
        }
        let gone = {
            let mut origins = self.lock();
            let gone = origins.split_off(&first.number);
            origins.extend(branch.into_iter().map(|origin| (origin.header.number, Arc::new(origin))));
            gone.len()
        };
        if gone > 0 {
            tracing::warn!(from = first.number, blocks = gone, "blocks left L1");
            self.reorgs.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}

/// The L1 heads at the start.
pub(crate) async fn l1_status(reader: &L1Reader) -> Result<L1Status, Error> {
    let head = reader.head(BlockNumberOrTag::Latest).await?;
    let (safe, finalized) = (reader.head(BlockNumberOrTag::Safe).await?, reader.head(BlockNumberOrTag::Finalized).await?);
    Ok(L1Status { current: finalized, head, safe, finalized })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DEV_MNEMONIC, DevConfig, genesis::DevGenesis, keys::Operators};

    fn block(number: u64, branch: u8) -> BlockNumHash {
        BlockNumHash { number, hash: B256::with_last_byte(16 * branch + number as u8) }
    }

    /// L1 blocks `first` to `last`; those above 4 are of a branch.
    fn view(first: u64, last: u64, branch: u8) -> L1View {
        let view = L1View::default();
        let of = |number| block(number, if number > 4 { branch } else { 0 });
        for number in first..=last {
            let header = alloy_consensus::Header { number, parent_hash: of(number - 1).hash, ..Default::default() };
            let header = L1Header::new(&header, of(number).hash, None);
            view.lock().insert(number, Arc::new(Origin { header, logs: Vec::new() }));
        }
        view
    }

    fn config() -> RollupConfig {
        let genesis = DevGenesis::new(&DevConfig::default(), &[], &Operators::from_mnemonic(DEV_MNEMONIC).unwrap(), 1_900_000_000);
        genesis.rollup_config(block(0, 0), block(0, 0), genesis.system_config(&Operators::from_mnemonic(DEV_MNEMONIC).unwrap()), 1)
    }

    #[test]
    fn final_blocks_that_the_l2_head_is_past_are_forgotten() {
        let config = config();
        let view = view(1, 9, 0);
        view.trim(6, block(4, 0), u64::MAX);
        assert!(view.origin_for(&config, block(4, 0), u64::MAX).is_some());
        assert!(view.origin_for(&config, block(3, 0), u64::MAX).is_none());
        assert!(view.has(block(3, 0)), "it is final");
    }

    #[test]
    fn l2_blocks_are_built_on_l1_blocks_that_are_deep_enough_unless_they_would_be_too_late() {
        let (config, view) = (config(), view(1, 9, 0));
        let after = |current, timestamp| view.origin_for(&config, block(current, 0), timestamp).unwrap().header.number;
        assert_eq!(after(8, 10), 9);
        view.set_depth(4);
        assert_eq!([4, 5, 8].map(|current| after(current, 10)), [5, 5, 8]);
        // These L1 blocks are of time 0.
        assert_eq!([0, 1].map(|late| after(5, config.max_sequencer_drift + late)), [5, 6]);
    }

    #[test]
    fn nothing_is_forgotten_while_the_l2_head_is_built_on_a_block_that_left_l1() {
        // The branch that took the place of another grew, and is final, before the sequencer has gone back.
        let view = view(1, 12, 1);
        view.trim(9, block(6, 0), u64::MAX);
        assert!(!view.has(block(6, 0)) && !view.has(block(5, 0)));
        assert!(view.has(block(4, 0)) && view.origin_for(&config(), block(4, 0), u64::MAX).is_some());
    }
}

//! A chain that grows by what its sequencer tells: quick, and on the sequencer's word only until L1 has it. Where L1 gives other blocks, the chain comes
//! back to those.

use super::{L1Side, Rollup};
use crate::{
    Error,
    fork::fork,
    l1_view::L1Reader,
    pipeline::{Invalid, Pipeline, Source, Work},
    tasks::unless_passing,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, U64};
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::AbortHandle,
};
use tributary_chain::{Event, FeedBlock, SealedBlock};
use tributary_client::{Endpoint, Subscription};
use tributary_contracts::SystemConfig;
use tributary_primitives::{Block, RollupConfig};
use tributary_storage::Store;

/// Blocks that wait to be executed; the feed waits beyond that.
const WAITING: usize = 64;

/// Longest message of a feed: a block's bytes in hex are far below.
const MOST: usize = 64 << 20;

/// A feed that tells nothing for so long, and for so many blocks' time, is connected to anew.
const SILENCE: Duration = Duration::from_secs(30);
const SILENT_BLOCKS: u32 = 3;

/// Rest before a feed is connected to again, and longer where what it told was of no use.
const REST: Duration = Duration::from_secs(1);
const LONG_REST: Duration = Duration::from_secs(5);

/// How often L1 is asked who signs.
const SIGNER_EVERY: Duration = Duration::from_secs(60);

/// Blocks that are taken from the derived chain at a time.
const DERIVED: u64 = 64;

/// Who signs the feed, as L1 says now.
async fn signer(l1: &L1Reader) -> Result<Address, tributary_l1::Error> {
    let at = l1.config.l1_system_config_address;
    Ok(l1.client.node().view(at, &SystemConfig::unsafeBlockSignerCall {}, BlockNumberOrTag::Latest).await?)
}

/// Warns of a key whose feed nobody would believe.
pub(super) async fn check_signer(l1: &L1Side, ours: Address) -> Result<(), Error> {
    let expected = signer(&l1.reader).await?;
    if expected != ours {
        tracing::warn!(%ours, %expected, "the feed is signed by another key than L1 names: replicas will not follow it");
    }
    Ok(())
}

/// Learns from L1 whose word counts, and goes on asking: keys are changed there.
pub(super) async fn start_signer(rollup: &Rollup, l1: &L1Side) -> Result<watch::Receiver<Address>, Error> {
    let (told, known) = watch::channel(signer(&l1.reader).await?);
    rollup.tasks.spawn("signer of the feed", ask_for_signer(l1.reader.clone(), told));
    Ok(known)
}

async fn ask_for_signer(l1: L1Reader, told: watch::Sender<Address>) -> Result<(), Error> {
    loop {
        tokio::time::sleep(SIGNER_EVERY).await;
        let Some(signer) = unless_passing(signer(&l1).await, "L1 does not say who signs the feed")? else { continue };
        if told.send_replace(signer) != signer {
            tracing::info!(%signer, "L1 names another signer of the feed");
        }
    }
}

/// Where blocks come from: the feed, and L1 where the feed is away or wrong.
pub(super) struct FeedSource {
    chain: Pipeline,
    /// What L1 gives.
    derived: Store,
    changes: broadcast::Receiver<Event>,
    reader: Reader,
    told: Told,
    /// What is to be executed next, and whether it is L1's.
    queue: VecDeque<(Block, Origin)>,
    executing: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Feed,
    L1,
}

/// What came of a block of the feed.
#[derive(Debug, PartialEq, Eq)]
enum Fit {
    /// It is the next one, or takes the place of others.
    Next,
    /// It is there, or below what can change.
    Known,
    /// L1 has another in its place.
    Contradicted,
    /// Nothing is known of its parent.
    Apart,
}

impl FeedSource {
    /// Begins to read the feed.
    pub(super) fn start(
        (chain, derived): (&Pipeline, &Pipeline),
        rollup: &RollupConfig,
        at: Endpoint,
        signer: watch::Receiver<Address>,
    ) -> Self {
        let patience = SILENCE.max(Duration::from_secs(rollup.block_time) * SILENT_BLOCKS);
        let reader = Reader { at, chain_id: rollup.l2_chain_id, patience, signer, store: chain.store.clone() };
        let told = reader.start(Duration::ZERO);
        Self {
            chain: chain.clone(),
            derived: derived.store.clone(),
            changes: derived.events.subscribe(),
            reader,
            told,
            queue: VecDeque::new(),
            executing: Origin::Feed,
        }
    }

    /// Runs for ever.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        self.chain.clone().run(&mut self).await
    }

    /// Connects anew, after a rest: what was told does not fit.
    fn again(&mut self) {
        self.told = self.reader.start(LONG_REST);
    }

    fn fit(&self, block: &Block) -> Result<Fit, Error> {
        let (store, number, hash) = (&self.chain.store, block.header.number, block.header.hash_slow());
        let heads = store.heads()?;
        if number <= heads.finalized_head.number || store.hash_of(number)? == Some(hash) {
            return Ok(Fit::Known);
        }
        if self.derived.hash_of(number)?.is_some_and(|derived| derived != hash) {
            return Ok(Fit::Contradicted);
        }
        let follows = store.hash_of(number - 1)? == Some(block.header.parent_hash);
        Ok(if follows { Fit::Next } else { Fit::Apart })
    }

    /// Takes in what the feed told.
    fn take_told(&mut self, block: Block) -> Result<(), Error> {
        let number = block.header.number;
        match self.fit(&block)? {
            Fit::Known => {}
            Fit::Next => {
                self.back_to(number - 1)?;
                self.queue.push_back((block, Origin::Feed));
            }
            Fit::Contradicted => {
                tracing::warn!(number, "the feed contradicts L1, which counts");
                self.again();
            }
            Fit::Apart => {
                tracing::debug!(number, "the feed is of another branch, or has left something out; connecting anew");
                self.again();
            }
        }
        Ok(())
    }

    /// Holds the chain against what L1 gives: where that differs it comes back to it, and where that is ahead it follows it.
    fn hold_against_l1(&mut self) -> Result<(), Error> {
        let (head, derived) = (self.chain.store.heads()?.unsafe_head.number, self.derived.heads()?.unsafe_head.number);
        let from = match fork(&self.chain.store, &self.derived)? {
            Some(common) => {
                tracing::warn!(from = common + 1, to = head, "the feed's blocks are not those that L1 gives, and are taken back");
                self.back_to(common)?;
                common
            }
            None => head,
        };
        for number in from + 1..=derived.min(from + DERIVED) {
            // It may have been taken back meanwhile.
            let Some(block) = self.derived.block(number)? else { break };
            self.queue.push_back((block.block, Origin::L1));
        }
        Ok(())
    }

    fn back_to(&self, number: u64) -> Result<(), Error> {
        let gone = self.chain.above(number)?;
        if gone.is_empty() { Ok(()) } else { self.chain.take_back(number, gone) }
    }
}

impl Source for FeedSource {
    async fn next(&mut self) -> Result<Option<Work>, Error> {
        loop {
            if let Some((block, origin)) = self.queue.pop_front() {
                self.executing = origin;
                return Ok(Some(Work::Block(Box::new(block))));
            }
            self.hold_against_l1()?;
            if !self.queue.is_empty() {
                continue;
            }
            tokio::select! {
                told = self.told.blocks.recv() => match told {
                    Some(block) => self.take_told(block)?,
                    None => return Err(Error::Stopped("feed")),
                },
                // Whatever it was, it is looked at anew.
                change = self.changes.recv() => if matches!(change, Err(broadcast::error::RecvError::Closed)) { return Ok(None) },
            }
        }
    }

    async fn take(&mut self, outcome: Result<Arc<SealedBlock>, Invalid>) -> Result<(), Error> {
        let Err(Invalid(reason)) = outcome else { return Ok(()) };
        self.queue.clear();
        match self.executing {
            Origin::Feed => {
                tracing::warn!(%reason, "the feed's block is invalid and not taken");
                self.again();
                Ok(())
            }
            Origin::L1 => Err(Error::Disagreement(format!("a block that was derived from L1 is invalid: {reason}"))),
        }
    }
}

/// Reads a feed from the chain's head on.
#[derive(Debug, Clone)]
struct Reader {
    at: Endpoint,
    chain_id: u64,
    /// Longest that it may be silent.
    patience: Duration,
    signer: watch::Receiver<Address>,
    store: Store,
}

/// What a reader found; it ends with this.
struct Told {
    blocks: mpsc::Receiver<Block>,
    task: AbortHandle,
}

impl Drop for Told {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Reader {
    fn start(&self, after: Duration) -> Told {
        let (blocks, told) = mpsc::channel(WAITING);
        let reader = self.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            reader.run(&blocks).await;
        });
        Told { blocks: told, task: task.abort_handle() }
    }

    /// Runs until nobody wants to know.
    async fn run(&self, blocks: &mpsc::Sender<Block>) {
        // How far below our head the feed's chain is looked for.
        let mut back = 0;
        let mut complained = None::<Instant>;
        while !blocks.is_closed() {
            let (began, why) = (Instant::now(), self.read(&mut back, blocks).await);
            if complained.is_none_or(|at| at.elapsed() > SILENCE) {
                tracing::warn!("the feed ended and is read again: {why}");
                complained = Some(Instant::now());
            }
            tokio::time::sleep(REST.saturating_sub(began.elapsed())).await;
        }
    }

    /// Passes blocks on until there are no more, and says why.
    async fn read(&self, back: &mut u64, blocks: &mpsc::Sender<Block>) -> String {
        let mut feed = match self.subscribe(back).await {
            Ok(feed) => feed,
            Err(why) => return why,
        };
        loop {
            let told: FeedBlock = match feed.next().await {
                Ok(told) => told,
                Err(error) => return error.to_string(),
            };
            let signer = *self.signer.borrow();
            match told.open(self.chain_id, signer) {
                Ok(block) => {
                    if blocks.send(block).await.is_err() {
                        return "nobody follows it".to_owned();
                    }
                }
                Err(error) => return error.to_string(),
            }
        }
    }

    /// Subscribes after the newest block that the feed's chain has, too; it is looked for further below each time.
    async fn subscribe(&self, back: &mut u64) -> Result<Subscription, String> {
        let failed = |error: tributary_storage::Error| error.to_string();
        let heads = self.store.heads().map_err(failed)?;
        let from = heads.unsafe_head.number.saturating_sub(*back).max(heads.finalized_head.number);
        let hash = self.store.hash_of(from).map_err(failed)?.ok_or("our own block is gone")?;
        let known = json!([{ "number": U64::from(from), "hash": hash }]);
        match Subscription::open(&self.at, "tributary_subscribeFeed", known, (self.patience, MOST)).await {
            Ok(feed) => {
                *back = 0;
                Ok(feed)
            }
            Err(error @ tributary_client::Error::Rejected { .. }) => {
                // At the final block there is nothing further below to try.
                *back = if from > heads.finalized_head.number { (*back * 2).max(1) } else { 0 };
                Err(error.to_string())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

//! Facts for people and monitors: the status line, `/health` and `/metrics`.

use crate::{
    Error,
    clock::Clock,
    development::Snapshots,
    observer::Observed,
    proposer::Proposing,
    roles::Role,
    status::{BatchStatus, Status},
    tasks::Tasks,
};
use alloy_eips::BlockNumHash;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tributary_chain::L1Status;
use tributary_dashboard::{
    Health, Held, L1Standing, Limits, ReadyLimits, Standing,
    metrics::{BACKLOG_BLOCKS, BACKLOG_BYTES, DERIVATION_LAG, HEAD_AGE_SECONDS, L1_HEAD_AGE_SECONDS, L1_HEAD_BLOCK, L1_SILENCE_SECONDS},
};
use tributary_storage::Store;

/// How often facts are gathered.
const EVERY: Duration = Duration::from_millis(250);

/// Where the facts come from.
#[derive(Debug)]
pub(crate) struct Reporter {
    pub(crate) store: Store,
    pub(crate) included: Arc<AtomicU64>,
    pub(crate) l1: watch::Receiver<L1Status>,
    pub(crate) last_batch: watch::Receiver<Option<BatchStatus>>,
    pub(crate) proposing: watch::Receiver<Proposing>,
    /// What users hold still.
    pub(crate) clock: Clock,
    pub(crate) snapshots: Snapshots,
    /// What was seen of L1.
    pub(crate) observed: watch::Receiver<Observed>,
    pub(crate) backlog: Backlog,
    /// Where its bytes are told to who builds blocks.
    pub(crate) told: watch::Sender<u64>,
}

/// What a node is and how fast its chains go, from which follows what it can be expected to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    pub(crate) role: Role,
    /// Seconds between blocks.
    pub(crate) block_time: u64,
    /// Seconds between L1's.
    pub(crate) l1_block_time: u64,
}

impl Rhythm {
    fn limits(&self) -> (Limits, ReadyLimits) {
        let l1_blocks = |count: u64| Duration::from_secs(count * self.l1_block_time);
        let safe_head = l1_blocks(30);
        // Who has only what comes to L1 has it batch by batch.
        let unsafe_head = if self.role.has_early_blocks { Duration::from_secs(10 * self.block_time) } else { safe_head };
        let ready = ReadyLimits {
            head_age: unsafe_head,
            derivation_lag: 10,
            l1_silence: l1_blocks(5).max(Duration::from_secs(15)),
            l1_head_age: l1_blocks(10).max(Duration::from_secs(15)),
        };
        (Limits { unsafe_head, safe_head, finalized_head: l1_blocks(60) }, ready)
    }
}

/// Blocks that are sealed and in no batch on L1, with the bytes of their transactions.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    blocks: VecDeque<(BlockNumHash, u64)>,
    bytes: u64,
}

/// Most blocks that are looked at in one go.
const AT_ONCE: usize = 4096;

impl Backlog {
    /// Brings it up to the head; blocks up to `batched` are on L1.
    fn update(&mut self, store: &Store, batched: u64) -> Result<(), Error> {
        while let Some((block, bytes)) = self.blocks.pop_back() {
            if store.is_canonical(block)? {
                self.blocks.push_back((block, bytes));
                break;
            }
            self.bytes -= bytes;
        }
        while self.blocks.front().is_some_and(|(block, _)| block.number <= batched) {
            self.bytes -= self.blocks.pop_front().map_or(0, |(_, bytes)| bytes);
        }
        // A safe head that went back has blocks above it again that were dropped here.
        if self.blocks.front().is_some_and(|(block, _)| block.number > batched + 1) {
            (self.blocks, self.bytes) = Default::default();
        }
        let first = self.blocks.back().map_or(batched, |(block, _)| block.number) + 1;
        for number in (first..=store.heads()?.unsafe_head.number).take(AT_ONCE) {
            let Some(hash) = store.hash_of(number)? else { break };
            let bytes = store.transaction_bytes(number)?;
            self.blocks.push_back((BlockNumHash { number, hash }, bytes));
            self.bytes += bytes;
        }
        Ok(())
    }
}

impl Reporter {
    /// Starts gathering.
    pub(crate) fn start(self, rhythm: &Rhythm, tasks: &Tasks) -> Result<(Arc<Health>, watch::Receiver<Status>), Error> {
        let health = Arc::new(Health::new(rhythm.role.name, rhythm.limits(), self.store.heads()?, Instant::now()));
        let (status, watched) = watch::channel(self.status()?);
        tasks.spawn("status reporter", self.run(health.clone(), status));
        Ok((health, watched))
    }

    async fn run(mut self, health: Arc<Health>, status: watch::Sender<Status>) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            let now = self.status()?;
            let standing = self.standing()?;
            self.measure(&standing, started)?;
            health.set_standing(standing);
            health.set_heads(&self.store.heads()?, Instant::now());
            health.set_held(self.held(), Instant::now());
            health.set_not_proposing(self.proposing.borrow().waiting);
            metrics::gauge!(L1_HEAD_BLOCK).set(now.l1_head as f64);
            status.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
            tokio::time::sleep(EVERY).await;
        }
    }

    /// What the node stands on.
    fn standing(&self) -> Result<Standing, Error> {
        let Observed { head, answered, accounts } = self.observed.borrow().clone();
        let derived = self.l1.borrow().current.number;
        Ok(Standing {
            now: self.clock.seconds(),
            stopped: self.clock.is_stopped(),
            unsafe_head_time: self.time_of(self.store.heads()?.unsafe_head)?,
            l1: L1Standing { head, derived, answered },
            accounts,
        })
    }

    /// Tells monitors in numbers.
    fn measure(&mut self, standing: &Standing, started: Instant) -> Result<(), Error> {
        let heads = self.store.heads()?;
        for (name, head) in [("unsafe", heads.unsafe_head), ("safe", heads.safe_head), ("finalized", heads.finalized_head)] {
            metrics::gauge!(HEAD_AGE_SECONDS, "head" => name).set(standing.now.saturating_sub(self.time_of(head)?) as f64);
        }
        let in_batches = self.last_batch.borrow().as_ref().map_or(0, |batch| batch.last);
        self.backlog.update(&self.store, in_batches.min(heads.unsafe_head.number).max(heads.safe_head.number))?;
        metrics::gauge!(BACKLOG_BLOCKS).set(self.backlog.blocks.len() as f64);
        metrics::gauge!(BACKLOG_BYTES).set(self.backlog.bytes as f64);
        self.told.send_replace(self.backlog.bytes);
        metrics::gauge!(L1_SILENCE_SECONDS).set(standing.l1.answered.unwrap_or(started).elapsed().as_secs_f64());
        if standing.l1.answered.is_some() {
            metrics::gauge!(DERIVATION_LAG).set(standing.derivation_lag() as f64);
            metrics::gauge!(L1_HEAD_AGE_SECONDS).set(standing.l1_head_age() as f64);
        }
        Ok(())
    }

    /// A head's time; that of one which was unwound meanwhile is not asked again.
    fn time_of(&self, head: BlockNumHash) -> Result<u64, Error> {
        Ok(self.store.header(head.hash)?.map_or(0, |header| header.timestamp))
    }

    fn held(&self) -> Held {
        match (self.clock.is_stopped(), self.snapshots.final_limit()) {
            (true, _) => Held::Everything,
            (false, u64::MAX) => Held::Nothing,
            (false, _) => Held::Finality,
        }
    }

    fn status(&self) -> Result<Status, Error> {
        let heads = self.store.heads()?;
        Ok(Status {
            unsafe_head: heads.unsafe_head.number,
            safe_head: heads.safe_head.number,
            finalized_head: heads.finalized_head.number,
            l1_head: self.l1.borrow().head.number,
            transactions: self.included.load(Ordering::Relaxed),
            last_batch: self.last_batch.borrow().clone(),
            last_proposal: self.proposing.borrow().last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_chain::TestChain;

    #[test]
    fn who_only_derives_is_given_the_time_that_batches_take() {
        let limits =
            |has_early_blocks| Rhythm { role: Role { name: "on purpose", has_early_blocks }, block_time: 1, l1_block_time: 12 }.limits();
        let ((sequencing, ready), (deriving, reading)) = (limits(true), limits(false));
        assert_eq!((sequencing.unsafe_head, ready.head_age), (Duration::from_secs(10), Duration::from_secs(10)));
        assert_eq!((deriving.unsafe_head, reading.head_age), (deriving.safe_head, deriving.safe_head));
    }

    #[test]
    fn a_backlog_is_what_lies_above_the_last_batch_also_after_blocks_were_taken_back() {
        let chain = TestChain::new(64);
        let (mut backlog, store) = (Backlog::default(), &chain.store);
        let numbers = |backlog: &Backlog| backlog.blocks.iter().map(|(block, _)| block.number).collect::<Vec<_>>();
        (0..6).for_each(|_| chain.seal([]));
        backlog.update(store, 2).unwrap();
        assert_eq!(numbers(&backlog), [3, 4, 5, 6]);
        backlog.update(store, 4).unwrap();
        assert_eq!(numbers(&backlog), [5, 6]);
        store.unwind(5).unwrap();
        backlog.update(store, 4).unwrap();
        assert_eq!(numbers(&backlog), [5]);
        backlog.update(store, 1).unwrap();
        assert_eq!(numbers(&backlog), [2, 3, 4, 5], "L1 took a batch back");
        backlog.update(store, 5).unwrap();
        assert_eq!((numbers(&backlog), backlog.bytes), (vec![], 0));
    }
}

//! Facts for people and monitors: the status line, `/health` and `/metrics`.

use crate::{
    Error,
    clock::Clock,
    development::Snapshots,
    proposer::Proposing,
    status::{BatchStatus, Status},
    tasks::Tasks,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tributary_chain::L1Status;
use tributary_dashboard::{Health, Held, Limits, metrics::L1_HEAD_BLOCK};
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
}

impl Reporter {
    /// Starts gathering.
    pub(crate) fn start(self, block_time: u64, l1_block_time: u64, tasks: &Tasks) -> Result<(Arc<Health>, watch::Receiver<Status>), Error> {
        let limits = Limits {
            unsafe_head: Duration::from_secs(10 * block_time),
            safe_head: Duration::from_secs(30 * l1_block_time),
            finalized_head: Duration::from_secs(60 * l1_block_time),
        };
        let health = Arc::new(Health::new(limits, self.store.heads()?, Instant::now()));
        let (status, watched) = watch::channel(self.status()?);
        tasks.spawn("status reporter", self.run(health.clone(), status));
        Ok((health, watched))
    }

    async fn run(self, health: Arc<Health>, status: watch::Sender<Status>) -> Result<(), Error> {
        loop {
            let now = self.status()?;
            health.set_heads(&self.store.heads()?, Instant::now());
            health.set_held(self.held(), Instant::now());
            health.set_not_proposing(self.proposing.borrow().waiting);
            metrics::gauge!(L1_HEAD_BLOCK).set(now.l1_head as f64);
            status.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
            tokio::time::sleep(EVERY).await;
        }
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

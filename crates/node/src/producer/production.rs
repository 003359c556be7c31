//! A chain that is being produced: its two threads, and the ways to them.

use super::{Control, OnSealed, Pending, Producer, Schedule, Scribe, SealPolicy, View};
use crate::{Error, clock::Clock, pipeline::Pipeline, tasks::Tasks};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot, watch};
use tributary_chain::{LostTransactions, Submission};
use tributary_journal::{Journal, Log};
use tributary_pool::{Ordering, Pool, PoolLimits};
use tributary_storage::Store;

/// Submissions that may wait for the producer; clients beyond that are told to try again.
const SUBMISSIONS: usize = 16_384;

/// What makes a chain this chain.
pub(crate) struct ProductionParts {
    pub(crate) name: &'static str,
    pub(crate) chain: Pipeline,
    pub(crate) schedule: Schedule,
    pub(crate) clock: Clock,
    pub(crate) policy: SealPolicy,
    /// Where readers find the open block.
    pub(crate) pending: Pending,
    /// Orders to take the chain back.
    pub(crate) control: mpsc::Receiver<Control>,
    /// What L1 gives of the chain, to which it can be ordered to come back.
    pub(crate) derived: Option<Store>,
    /// Where it is kept what was acknowledged and can run no more.
    pub(crate) lost: Option<LostTransactions>,
    /// Bytes of what users sent that wait for L1, where blocks are to be smaller while there are many.
    pub(crate) backlog: Option<watch::Receiver<u64>>,
    /// Called with each block once it is committed and announced.
    pub(crate) sealed: OnSealed,
}

/// The file beside a chain's database of what was acknowledged and lost.
pub(crate) const LOST: &str = "lost.jsonl";

/// What a chain has acknowledged and lost, as its directory has it.
pub(crate) fn lost_of(store: &Store) -> Result<LostTransactions, Error> {
    let path = store.path().join(LOST);
    LostTransactions::open(&path).map_err(|source| Error::Path { path, source })
}

/// A chain that is being produced.
#[derive(Debug)]
pub(crate) struct Production {
    /// The way to the producer.
    pub(crate) submit: mpsc::Sender<Submission>,
    /// What waits for a block.
    pub(crate) pool: Arc<Mutex<Pool>>,
    /// User transactions included since the start.
    pub(crate) included: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    producer: JoinHandle<()>,
}

impl Production {
    /// Starts producer and scribe over the journal in `log`. Acknowledged transactions of an interrupted run are back when this returns.
    pub(crate) async fn start<L: Log + 'static>(parts: ProductionParts, log: L, tasks: &Tasks) -> Result<Self, Error> {
        let ProductionParts { name, chain, schedule, clock, policy, pending, control, derived, lost, backlog, sealed } = parts;
        let (journal, interrupted) = Journal::open(log, chain.store.heads()?.unsafe_head)?;
        let (submit, submissions) = mpsc::channel(SUBMISSIONS);
        let pool = Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder)));
        let path = chain.store.path().to_owned();
        let thread = |source| Error::Path { path: path.clone(), source };
        let view = View { pending, pool: pool.clone(), events: chain.events.clone() };
        let scribe = Scribe::start(name, journal, view, tasks.alarm("journal")).map_err(thread)?;
        let (ready, replayed) = oneshot::channel();
        let (stop, included) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let producer = Producer {
            spec: chain.store.spec().clone(),
            chain,
            schedule,
            pool: pool.clone(),
            scribe,
            submissions,
            control,
            clock,
            policy,
            ordered: None,
            derived,
            is_adopting: false,
            lost,
            backlog,
            awaiting: Vec::new(),
            returning: Default::default(),
            l1_fees: None,
            recovered: Default::default(),
            obeyed: None,
            sealing_since: std::time::Instant::now(),
            is_announced: false,
            head: None,
            sealed,
            included: included.clone(),
            stop: stop.clone(),
            ready: Some(ready),
            runtime: tokio::runtime::Handle::current(),
        };
        let alarm = tasks.alarm("producer");
        let work = move || alarm.ended(producer.run(interrupted));
        let producer = std::thread::Builder::new().name(format!("{name}-producer")).spawn(work).map_err(thread)?;
        tokio::select! {
            // A producer that fails before says why through its failure.
            Ok(()) = replayed => {}
            error = tasks.failure() => return Err(error),
        }
        Ok(Self { submit, pool, included, stop, producer })
    }

    /// Stops producing where the producer next looks.
    pub(crate) fn halt(&self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Stops producing, and waits for that.
    pub(crate) async fn stop(self) {
        self.halt();
        let Self { producer, .. } = self;
        // A producer that panicked has nothing left to stop.
        let _ = tokio::task::spawn_blocking(move || producer.join()).await;
    }
}

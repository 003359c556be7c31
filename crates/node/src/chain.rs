//! One running chain: its store, its producer, and the server in front of them. The embedded L1 and the rollup differ only in their values.

use crate::{
    Error,
    clock::Clock,
    producer::{Control, OnSealed, Pending, Producer, Schedule, Scribe, View},
    tasks::Tasks,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
    thread::JoinHandle,
};
use tokio::sync::{broadcast, mpsc, oneshot};
use tributary_pool::{Ordering, Pool, PoolLimits};
use tributary_rpc::{BeaconView, Chain, Development, Limits, RollupView, ServerHandle};
use tributary_storage::{Journal, Store};

/// Submissions that may wait for the producer; clients beyond that are told to try again.
const SUBMISSIONS: usize = 16_384;

/// Events that a slow subscriber may lag behind.
const EVENTS: usize = 16_384;

/// What makes a chain this chain.
pub(crate) struct ChainParts {
    pub(crate) name: &'static str,
    pub(crate) store: Store,
    pub(crate) schedule: Schedule,
    /// Whether clients may see the open block as if it were sealed, at a path of its own.
    pub(crate) realtime: bool,
    pub(crate) rollup: Option<RollupView>,
    pub(crate) beacon: Option<BeaconView>,
    pub(crate) listen: SocketAddr,
    pub(crate) clock: Clock,
    /// Where readers find the open block.
    pub(crate) pending: Pending,
    /// Orders to take the chain back.
    pub(crate) control: mpsc::Receiver<Control>,
    /// Of a development chain.
    pub(crate) development: Option<Arc<Development>>,
    /// Called with each block once it is committed and announced.
    pub(crate) sealed: OnSealed,
}

/// A chain that runs.
#[derive(Debug)]
pub(crate) struct RunningChain {
    pub(crate) address: SocketAddr,
    pub(crate) included: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    producer: JoinHandle<()>,
    server: ServerHandle,
}

impl RunningChain {
    /// Starts producer and server. Acknowledged transactions of an interrupted run are back before the first client is answered.
    pub(crate) async fn start(parts: ChainParts, tasks: &Tasks) -> Result<Self, Error> {
        let ChainParts { name, store, schedule, realtime, rollup, beacon, listen, clock, pending, control, development, sealed } = parts;
        let (journal, interrupted) = Journal::open(&store)?;
        let (submit, submissions) = mpsc::channel(SUBMISSIONS);
        let (events, _) = broadcast::channel(EVENTS);
        let pool = Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder)));
        let spec = store.spec().clone();
        let chain = Chain {
            store: store.clone(),
            spec: spec.clone(),
            pool: pool.clone(),
            pending: pending.subscribe(),
            submit,
            events: events.clone(),
            rollup,
            beacon,
            development,
            limits: Limits { hosts: Limits::hosts_for(listen.ip()), ..Limits::default() },
            realtime,
        };
        let thread = |source| Error::Path { path: store.path().to_owned(), source };
        let scribe = Scribe::start(name, journal, View { pending, pool: pool.clone(), events: events.clone() }, tasks.alarm("journal"))
            .map_err(thread)?;
        let (ready, replayed) = oneshot::channel();
        let (stop, included) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let producer = Producer {
            store: store.clone(),
            spec,
            schedule,
            pool,
            scribe,
            submissions,
            control,
            clock,
            returning: Default::default(),
            l1_fees: None,
            events,
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
        let server = tributary_rpc::serve(Arc::new(chain), listen).await?;
        Ok(Self { address: server.local_addr(), included, stop, producer, server })
    }

    /// Stops producing. Reads are still answered.
    pub(crate) fn halt(&self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Stops serving and producing. A client that still waits for an answer is told that the node stops.
    pub(crate) async fn stop(self) {
        self.halt();
        let producer = tokio::task::spawn_blocking(move || self.producer.join());
        // A producer that panicked has nothing left to stop.
        let _ = tokio::join!(self.server.stop(), producer);
    }
}

//! One running chain: its store, its producer, and the server in front of them. The embedded L1 and the rollup differ only in their values.

use crate::{
    Error,
    producer::{Production, ProductionParts},
    tasks::Tasks,
};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
};
use tributary_journal::Log;
use tributary_rpc::{BeaconView, Chain, Development, Limits, RollupView, ServerHandle};

/// How a chain that is produced is served.
pub(crate) struct ServerParts {
    /// Whether clients may see the open block as if it were sealed, at a path of its own.
    pub(crate) realtime: bool,
    pub(crate) rollup: Option<RollupView>,
    pub(crate) beacon: Option<BeaconView>,
    pub(crate) listen: SocketAddr,
    /// Of a development chain.
    pub(crate) development: Option<Arc<Development>>,
}

/// A chain that runs.
#[derive(Debug)]
pub(crate) struct RunningChain {
    pub(crate) address: SocketAddr,
    pub(crate) included: Arc<AtomicU64>,
    production: Production,
    server: ServerHandle,
}

impl RunningChain {
    /// Starts producer and server. Acknowledged transactions of an interrupted run, which are in `log`, are back before the first client is answered.
    pub(crate) async fn start<L: Log + 'static>(parts: ProductionParts, served: ServerParts, log: L, tasks: &Tasks) -> Result<Self, Error> {
        let ServerParts { realtime, rollup, beacon, listen, development } = served;
        let (pipeline, pending) = (parts.chain.clone(), parts.pending.subscribe());
        let production = Production::start(parts, log, tasks).await?;
        let chain = Chain {
            spec: pipeline.store.spec().clone(),
            store: pipeline.store,
            executor: pipeline.executor.for_calls(),
            pool: production.pool.clone(),
            pending,
            submit: production.submit.clone(),
            events: pipeline.events,
            rollup,
            beacon,
            development,
            limits: Limits { hosts: Limits::hosts_for(listen.ip()), ..Limits::default() },
            realtime,
        };
        let server = tributary_rpc::serve(Arc::new(chain), listen).await?;
        Ok(Self { address: server.local_addr(), included: production.included.clone(), production, server })
    }

    /// Stops producing. Reads are still answered.
    pub(crate) fn halt(&self) {
        self.production.halt();
    }

    /// Stops serving and producing. A client that still waits for an answer is told that the node stops.
    pub(crate) async fn stop(self) {
        tokio::join!(self.server.stop(), self.production.stop());
    }
}

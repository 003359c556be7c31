//! Serving a chain that was imported: JSON-RPC over its store. Nobody builds blocks here; transactions are checked, and then wait in the pool for ever,
//! as in a geth that no consensus client drives.

use crate::{Error, imported::ImportedChain};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{broadcast, mpsc, watch};
use tributary_chain::{Accepted, Event, Refusal, Submission};
use tributary_execution::Executor;
use tributary_pool::{Ordering, Pool, PoolLimits, SenderState};
use tributary_primitives::StateReader;
use tributary_rpc::{Chain, Limits, ServerHandle};
use tributary_storage::Store;

/// Submissions that may wait to be checked; clients beyond that are told to try again.
const SUBMISSIONS: usize = 1024;
/// Events that a slow subscriber may lag behind.
const EVENTS: usize = 1024;

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// The directory that a chain was imported into.
    pub datadir: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
}

/// A chain that is served. It is until this is stopped or dropped.
#[derive(Debug)]
pub struct ServedChain {
    store: Store,
    server: ServerHandle,
    clerk: tokio::task::JoinHandle<()>,
}

/// Serves the chain that was imported into a directory. Other processes may serve it, too; an import must wait until nobody does.
///
/// # Errors
/// When the directory holds no imported chain, or the address cannot be listened on.
pub async fn serve(config: &ServeConfig) -> Result<ServedChain, Error> {
    let store = ImportedChain::find(&config.datadir)?.open_for_reading()?;
    let (submit, submissions) = mpsc::channel(SUBMISSIONS);
    let (events, _) = broadcast::channel(EVENTS);
    let pool = Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder)));
    let clerk = Clerk { store: store.clone(), pool: pool.clone(), events: events.clone() };
    let chain = Chain {
        store: store.clone(),
        spec: store.spec().clone(),
        executor: Executor::new(store.spec().clone()),
        pool,
        pending: watch::channel(None).1,
        submit,
        events,
        rollup: None,
        beacon: None,
        development: None,
        limits: Limits { hosts: Limits::hosts_for(config.listen.ip()), ..Limits::default() },
        realtime: false,
    };
    let server = tributary_rpc::serve(Arc::new(chain), config.listen).await?;
    Ok(ServedChain { store, server, clerk: tokio::spawn(clerk.run(submissions)) })
}

impl ServedChain {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Its chain id.
    pub fn chain_id(&self) -> u64 {
        self.store.spec().chain_id
    }

    /// Number of the newest block.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn head(&self) -> Result<u64, Error> {
        Ok(self.store.heads()?.unsafe_head.number)
    }

    /// Stops accepting requests and gives those that are open a moment to end.
    pub async fn stop(self) {
        self.server.stop().await;
        self.clerk.abort();
    }
}

/// Takes transactions into the pool.
#[derive(Debug)]
struct Clerk {
    store: Store,
    pool: Arc<Mutex<Pool>>,
    events: broadcast::Sender<Event>,
}

impl Clerk {
    async fn run(self, mut submissions: mpsc::Receiver<Submission>) {
        while let Some(Submission { tx, reply, .. }) = submissions.recv().await {
            let added = self.add(&tx).map(|()| Accepted::Queued);
            if added.is_ok() {
                // Nobody listening is nobody to tell.
                let _ = self.events.send(Event::Queued(Arc::new(tx)));
            }
            // The client may have gone meanwhile.
            let _ = reply.send(added);
        }
    }

    fn add(&self, tx: &tributary_pool::RecoveredTx) -> Result<(), Refusal> {
        let unreadable = |error: &dyn std::error::Error| {
            tracing::error!(%error, "a sender's account cannot be read");
            Refusal::Unreadable
        };
        let state = self.store.latest().map_err(|error| unreadable(&error))?;
        let account = state.account(tx.sender).map_err(|error| unreadable(&error))?.unwrap_or_default();
        let state = SenderState { nonce: account.nonce, balance: account.balance, ..Default::default() };
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(pool.add(tx.clone(), &state).map(drop)?)
    }
}

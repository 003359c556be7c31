//! The roles that keep a rollup over an L1 that somebody else runs, each a process.

use super::{
    Batching, ChainFiles, L1Side, ProposerKeys, Role, Rollup, Word,
    directory::RoleDirectory,
    feed::{self, FeedSource},
    forward,
};
use crate::{
    Error,
    chain::{RunningChain, ServerParts},
    clock::Clock,
    config::DataAvailability,
    pipeline::Pipeline,
    producer::{Pending, ProductionParts, Rollup as RollupSchedule, Schedule, SealPolicy, lost_of},
    prover::ProverAt,
    status::Status,
    tasks::Tasks,
    verifier::Difference,
};
use alloy_genesis::ChainConfig;
use alloy_signer_local::PrivateKeySigner;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, atomic::AtomicU64},
};
use tokio::sync::{mpsc, watch};
use tributary_chain::FeedKey;
use tributary_client::Client;
use tributary_dashboard::Health;
use tributary_journal::Files;
use tributary_l1::{Endpoint, L1Client, L1Config, chain_spec};
use tributary_pool::{Ordering, Pool, PoolLimits};
use tributary_primitives::ChainSpec;
use tributary_rpc::{Chain, Limits, ServerHandle};
use tributary_storage::{Options, Store};

/// For how many blocks the prover may be behind.
pub(super) const PROVABLE: u64 = 100_000;

/// How a role reaches L1, and what it knows of it.
#[derive(Debug, Clone)]
pub struct L1Settings {
    /// Where it is.
    pub at: L1Config,
    /// Seconds between its blocks.
    pub block_time: u64,
    /// Its forks and blob schedule, as in geth's `genesis.json`; known of public networks, and else asked of L1 where it is absent.
    pub chain: Option<ChainConfig>,
}

/// What every role is told.
#[derive(Debug, Clone)]
pub struct RoleConfig {
    /// Folder with the rollup's files.
    pub chain: PathBuf,
    /// Where the role keeps its data.
    pub datadir: PathBuf,
    /// JSON-RPC; port 0 takes a free one, as for the dashboard.
    pub listen: SocketAddr,
    /// Health and metrics.
    pub dashboard: SocketAddr,
    /// L1.
    pub l1: L1Settings,
}

/// What a sequencer is told.
#[derive(Debug, Clone)]
pub struct SequencerConfig {
    /// What every role is told.
    pub role: RoleConfig,
    /// Pays for batches on L1; nobody puts them there where it is absent.
    pub batcher: Option<PrivateKeySigner>,
    /// Where batches go.
    pub da: DataAvailability,
    /// Pays for proposals of outputs on L1, and where they are attested; nobody proposes where it is absent.
    pub proposer: Option<(PrivateKeySigner, ProverAt)>,
    /// Fewest blocks worth a proposal.
    pub proposal_interval: u64,
    /// Signs the blocks that replicas follow; there is nothing to follow where it is absent.
    pub feed: Option<PrivateKeySigner>,
    /// How many blocks L1 must have on top of one before L2 blocks are built on it: a short reorganisation of L1 is then none of L2.
    pub origin_depth: u64,
}

/// What a verifier is told.
#[derive(Debug, Clone)]
pub struct VerifierConfig {
    /// What every role is told.
    pub role: RoleConfig,
    /// JSON-RPC of the sequencer, which gets what clients send; they are refused where it is absent.
    pub sequencer: Option<String>,
}

/// What a replica is told.
#[derive(Debug, Clone)]
pub struct ReplicaConfig {
    /// What every role is told.
    pub role: RoleConfig,
    /// JSON-RPC of the sequencer, which gets what clients send; they are refused where it is absent.
    pub sequencer: Option<String>,
    /// Where the feed is: a sequencer's WebSocket, or that of somebody who passes it on.
    pub feed: Endpoint,
}

/// A role that runs.
#[derive(Debug)]
pub struct RoleNode {
    /// Where its JSON-RPC is.
    pub address: SocketAddr,
    /// Where its health and metrics are.
    pub dashboard: SocketAddr,
    /// Chain id of the rollup.
    pub chain_id: u64,
    /// How far it is.
    pub status: watch::Receiver<Status>,
    server: Server,
    dashboard_server: tributary_dashboard::ServerHandle,
    health: Arc<Health>,
    tasks: Tasks,
}

#[derive(Debug)]
enum Server {
    /// Of blocks that are made here.
    Producing(RunningChain),
    /// Of blocks that are derived.
    Reading(ServerHandle),
}

impl RoleNode {
    /// Resolves when a part fails in a way that the role must not go on after, and says why. What is there can still be read.
    pub async fn halted(&mut self) -> String {
        let stop = || {
            if let Server::Producing(chain) = &self.server {
                chain.halt();
            }
        };
        self.tasks.halted(&self.health, stop).await
    }

    /// Stops everything. What was acknowledged is on disk already.
    pub async fn stop(self) {
        let Self { server, dashboard_server, tasks, .. } = self;
        tasks.stop().await;
        match server {
            Server::Producing(chain) => chain.stop().await,
            Server::Reading(server) => server.stop().await,
        }
        dashboard_server.stop().await;
    }
}

/// What roles have before they do anything.
pub(super) struct Ground {
    files: ChainFiles,
    pub(super) directory: RoleDirectory,
    pub(super) rollup: Rollup,
    pub(super) l1: L1Side,
    metrics: tributary_dashboard::metrics::PrometheusHandle,
}

impl Ground {
    /// Reads the rollup's files, claims the directory, connects to L1 and makes sure that it is the one.
    pub(super) async fn prepare(role: &'static str, config: &RoleConfig) -> Result<Self, Error> {
        // First, or what is counted before would be lost.
        let metrics = tributary_dashboard::metrics::install()?;
        drop(tokio::task::spawn_blocking(tributary_primitives::trusted_setup));
        let files = ChainFiles::read(&config.chain)?;
        let chain = (files.rollup.l2_chain_id, files.rollup.genesis.l2.hash);
        let directory = RoleDirectory::claim(&config.datadir, role, chain)?;
        let (client, l1_chain_id) = (L1Client::new(&config.l1.at)?, files.rollup.l1_chain_id);
        client.verify_identity(l1_chain_id, None).await?;
        let rollup = Rollup {
            config: Arc::new(files.rollup.clone()),
            l1_spec: Arc::new(l1_spec(&client, l1_chain_id, &config.l1).await?),
            contracts: files.contracts,
            l1_block_time: config.l1.block_time,
            clock: Clock::not_before(0),
            snapshots: Default::default(),
            gate: Arc::default(),
            l1_news: Arc::default(),
            tasks: Tasks::new(),
            role: Role { name: role, has_early_blocks: role != "verifier" },
            payers: Default::default(),
            backlog: Default::default(),
        };
        let l1 = rollup.look_at(client, told(&config.l1.at)).await?;
        is_ours(&files, &l1).await?;
        Ok(Self { files, directory, rollup, l1, metrics })
    }

    pub(super) fn store(&self, name: &str, options: Options) -> Result<Store, Error> {
        Ok(Store::open(&self.directory.join(name), self.files.spec(), options)?)
    }
}

/// The rules of L1, which have to be those that it follows.
pub(super) async fn l1_spec(client: &L1Client, chain_id: u64, settings: &L1Settings) -> Result<ChainSpec, Error> {
    let told = client.fork_configs().await?;
    let spec = chain_spec(chain_id, settings.chain.clone(), told.as_ref())?;
    client.check_blob_schedule(&spec).await?;
    Ok(spec)
}

/// Where L1 is, as others may be told: a URL may hold a key.
fn told(l1: &L1Config) -> String {
    let endpoint = l1.execution.first();
    let scheme = endpoint.and_then(|endpoint| endpoint.url.split_once("://")).map_or("http", |(scheme, _)| scheme);
    format!("{scheme}://{}", endpoint.and_then(Endpoint::host).unwrap_or_default())
}

/// That this is the L1 that the rollup is anchored in.
async fn is_ours(files: &ChainFiles, l1: &L1Side) -> Result<(), Error> {
    let anchor = files.rollup.genesis.l1;
    let block = l1.reader.client.block_ref(anchor.number).await?;
    match block.map(|block| block.hash) {
        Some(hash) if hash == anchor.hash => Ok(()),
        Some(hash) => Err(Error::Config(format!("block {} of the L1 is {hash}, the rollup is anchored in {}", anchor.number, anchor.hash))),
        None => Err(Error::Config(format!("the L1 has no block {}, in which the rollup is anchored", anchor.number))),
    }
}

/// Starts a sequencer: it takes transactions, makes blocks, puts them on L1, and holds them against what L1 gives.
///
/// # Errors
/// When files, directory or L1 are not of one rollup, a port is taken, or L1 does not answer.
pub async fn sequencer(config: SequencerConfig) -> Result<RoleNode, Error> {
    let ground = Ground::prepare("sequencer", &config.role).await?;
    let (rollup, l1) = (&ground.rollup, &ground.l1);
    let chain = Pipeline::new(ground.store("chain", Options::default())?);
    let derived = ground.store("derived", Options { trie_history: PROVABLE, ..Options::default() })?;
    // It executes what the sequencer has executed.
    let derived = Pipeline::with(derived, chain.executor.clone());
    l1.view.set_depth(config.origin_depth);
    rollup.start_follower(l1, &chain.store, true).await?;
    rollup.start_indexer(&chain)?;
    let index = rollup.start_economist(&chain)?;
    // The verifier orders it to come back to what L1 gives, and nobody anything else.
    let (orders, control) = mpsc::channel(1);
    let lost = lost_of(&chain.store)?;
    let (pending, _): (Pending, _) = watch::channel(None);
    let parts = ProductionParts {
        name: "sequencer",
        chain: chain.clone(),
        schedule: Schedule::Rollup(RollupSchedule { config: rollup.config.clone(), l1: l1.view.clone() }),
        clock: rollup.clock.clone(),
        policy: SealPolicy::InTime,
        pending,
        control,
        derived: Some(derived.store.clone()),
        lost: Some(lost.clone()),
        // Where nobody puts blocks on L1, smaller ones do not help.
        backlog: config.batcher.as_ref().map(|_| rollup.backlog.subscribe()),
        sealed: Box::new(|_, _| Ok(())),
    };
    let feed = config.feed.map(|key| FeedKey::new(key, rollup.config.l2_chain_id));
    if let Some(feed) = &feed {
        feed::check_signer(l1, feed.address()).await?;
    }
    let view = rollup.view(l1, index, Word { feed, lost: Some(lost) });
    let served = ServerParts { realtime: true, rollup: Some(view), beacon: None, listen: config.role.listen, development: None };
    let running = RunningChain::start(parts, served, Files::open(&chain.store.journal_path())?, &rollup.tasks).await?;
    rollup.start_verifier(l1, &derived, &chain.store, Difference::Yields(Some(orders)));
    let last_batch = match &config.batcher {
        Some(key) => rollup.start_batcher(l1, &chain.store, key, Batching { da: config.da, eager: false }).await?,
        None => watch::channel(None).1,
    };
    let proposing = match config.proposer {
        Some((proposer, prover)) => {
            rollup.start_proposer(l1, &derived.store, &ProposerKeys { proposer, prover }, config.proposal_interval).await?
        }
        None => watch::channel(Default::default()).1,
    };
    let facts = rollup.start_reporter(l1, &chain.store, running.included.clone(), (last_batch, proposing))?;
    let address = running.address;
    finish(ground, &config.role, (address, Server::Producing(running)), facts).await
}

/// Starts a verifier: it derives the rollup from L1 alone, answers for what it derived, and sends transactions on.
///
/// # Errors
/// When files, directory or L1 are not of one rollup, a port is taken, or L1 does not answer.
pub async fn verifier(config: VerifierConfig) -> Result<RoleNode, Error> {
    let ground = Ground::prepare("verifier", &config.role).await?;
    let (rollup, l1) = (&ground.rollup, &ground.l1);
    let chain = Pipeline::new(ground.store("chain", Options::default())?);
    rollup.start_follower(l1, &chain.store, false).await?;
    let server = serve(&ground, &chain, &config.role, config.sequencer.as_deref()).await?;
    rollup.start_verifier(l1, &chain, &chain.store, Difference::Halts);
    answering(ground, &config.role, &chain, server).await
}

/// Starts a replica: it follows the sequencer's signed feed, executes what it is told, answers for it, and comes back to what L1 gives where that differs.
///
/// # Errors
/// When files, directory or L1 are not of one rollup, a port is taken, or L1 does not answer. A feed that is away is tried again for ever.
pub async fn replica(config: ReplicaConfig) -> Result<RoleNode, Error> {
    let ground = Ground::prepare("replica", &config.role).await?;
    let (rollup, l1) = (&ground.rollup, &ground.l1);
    let chain = Pipeline::new(ground.store("chain", Options::default())?);
    // It executes what the feed's chain has executed.
    let derived = Pipeline::with(ground.store("derived", Options::default())?, chain.executor.clone());
    rollup.start_follower(l1, &chain.store, false).await?;
    let server = serve(&ground, &chain, &config.role, config.sequencer.as_deref()).await?;
    let signer = feed::start_signer(rollup, l1).await?;
    let source = FeedSource::start((&chain, &derived), &rollup.config, config.feed, signer);
    rollup.tasks.spawn("feed", source.run());
    rollup.start_verifier(l1, &derived, &chain.store, Difference::Yields(None));
    answering(ground, &config.role, &chain, server).await
}

/// Answers for a chain whose blocks somebody else builds, and sends on what clients send.
async fn serve(ground: &Ground, chain: &Pipeline, config: &RoleConfig, sequencer: Option<&str>) -> Result<ServerHandle, Error> {
    let (rollup, l1) = (&ground.rollup, &ground.l1);
    let sequencer = sequencer.map(|url| Client::new(&tributary_client::ClientConfig::at(url))).transpose();
    let sequencer = sequencer.map_err(|error| Error::Config(format!("the sequencer's URL: {error}")))?;
    rollup.start_indexer(chain)?;
    let index = rollup.start_economist(chain)?;
    let served = Chain {
        spec: chain.store.spec().clone(),
        store: chain.store.clone(),
        executor: chain.executor.for_calls(),
        pool: Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder))),
        pending: watch::channel(None).1,
        submit: forward::start(sequencer),
        events: chain.events.clone(),
        rollup: Some(rollup.view(l1, index, Word::default())),
        beacon: None,
        development: None,
        limits: Limits { hosts: Limits::hosts_for(config.listen.ip()), ..Limits::default() },
        realtime: false,
    };
    Ok(tributary_rpc::serve(Arc::new(served), config.listen).await?)
}

/// A role that builds no blocks, and answers.
async fn answering(ground: Ground, config: &RoleConfig, chain: &Pipeline, server: ServerHandle) -> Result<RoleNode, Error> {
    let nothing = (watch::channel(None).1, watch::channel(Default::default()).1);
    let facts = ground.rollup.start_reporter(&ground.l1, &chain.store, Arc::new(AtomicU64::new(0)), nothing)?;
    let address = server.local_addr();
    finish(ground, config, (address, Server::Reading(server)), facts).await
}

async fn finish(
    ground: Ground,
    config: &RoleConfig,
    (address, server): (SocketAddr, Server),
    (health, status): (Arc<Health>, watch::Receiver<Status>),
) -> Result<RoleNode, Error> {
    let dashboard_server = tributary_dashboard::serve(config.dashboard, health.clone(), ground.metrics).await?;
    Ok(RoleNode {
        address,
        dashboard: dashboard_server.addr(),
        chain_id: ground.files.rollup.l2_chain_id,
        status,
        server,
        dashboard_server,
        health,
        tasks: ground.rollup.tasks,
    })
}

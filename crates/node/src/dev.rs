//! `tributary dev`: sequencer, batcher, verifier, prover and proposer over an embedded L1, in one process.

use crate::{
    DevConfig, Error,
    batcher::Batcher,
    chain::{ChainParts, RunningChain},
    clock::Clock,
    config::{DataAvailability, L1_CHAIN_ID, L2_CHAIN_ID},
    contracts::{DATANETS, INFERENCE},
    datadir::DataDirectory,
    deploy,
    development::{Controlled, Developer, Snapshots},
    gate::Gate,
    genesis::DevGenesis,
    keys::{self, Operators},
    l1_view::{L1Reader, L1View, l1_status},
    producer::{Control, Rollup, Schedule, Slots, head_block, unix_time},
    proposer::{Proposer, Prover},
    report::Reporter,
    status::{DevAccount, DevInfo, Layer, Status},
    tasks::Tasks,
    verifier::Verifier,
};
use alloy_signer_local::PrivateKeySigner;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};
use tributary_l1::{L1Client, L1Config, L1Sender, SenderConfig};
use tributary_primitives::RollupConfig;
use tributary_rollup::{EncoderConfig, L2Head};
use tributary_rpc::{BeaconView, Derivation, Development, RollupView, Visibility};
use tributary_storage::{Options, Store};

/// Fewest L2 blocks worth a proposal.
const PROPOSAL_INTERVAL: u64 = 10;

/// How many blocks behind its head the embedded L1 calls a block safe, and final.
const L1_SAFE_DEPTH: u64 = 1;
const L1_FINAL_DEPTH: u64 = 3;

/// Orders to the development task that may wait.
const ORDERS: usize = 64;

/// A running development rollup.
#[derive(Debug)]
pub struct DevNode {
    /// What does not change.
    pub info: DevInfo,
    /// What does.
    pub status: watch::Receiver<Status>,
    l1: RunningChain,
    l2: RunningChain,
    dashboard: tributary_dashboard::ServerHandle,
    health: Arc<tributary_dashboard::Health>,
    tasks: Tasks,
    /// Last, so that a temporary directory goes when nothing uses it any more.
    _datadir: DataDirectory,
}

/// Starts a development rollup; returns once it answers.
///
/// # Errors
/// When the configuration cannot work, a port is taken, or the data directory is foreign, newer, in use or cannot be written. Nothing is
/// damaged then.
pub async fn dev(config: DevConfig) -> Result<DevNode, Error> {
    config.validate()?;
    for port in [config.port, config.l1_port, config.dashboard_port] {
        is_free(SocketAddr::new(config.host, port))?;
    }
    let datadir = DataDirectory::open(config.datadir.as_deref())?;
    let (genesis, config) = settle(&datadir, config)?;
    let accounts = keys::accounts(&genesis.mnemonic, config.accounts)?;
    let operators = Operators::from_mnemonic(&genesis.mnemonic)?;
    let tasks = Tasks::new();
    // First, or what is counted before would be lost.
    let metrics = tributary_dashboard::metrics::install()?;

    let l1_store = Store::open(&datadir.join("l1"), genesis.l1_spec(), Options::default())?;
    let l2_store = Store::open(&datadir.join("l2"), genesis.l2_spec(), Options::default())?;
    let verifier_store = Store::open(&datadir.join("verifier"), genesis.l2_spec(), Options::default())?;
    let anchor = deploy::contracts(&l1_store, &l2_store, &genesis, &operators, &accounts)?;
    let l2_genesis = alloy_eips::BlockNumHash { number: 0, hash: l2_store.genesis().hash() };
    let rollup = Arc::new(genesis.rollup_config(anchor, l2_genesis, genesis.system_config(&operators), config.block_time));

    // A chain whose clock was moved in an earlier run goes on where it was.
    let clock = Clock::not_before(head_block(&l1_store)?.block.header.timestamp.max(head_block(&l2_store)?.block.header.timestamp));
    let snapshots = Snapshots::default();
    let (l1_parts, l1_controlled) = controlled(&l1_store, &accounts, config.l1_block_time)?;
    let (l2_parts, l2_controlled) = controlled(&l2_store, &accounts, config.block_time)?;
    let l1 = start_l1(&config, &genesis, (&clock, l1_parts, snapshots.clone()), &l1_store, &tasks).await?;
    let client = L1Client::new(&L1Config::at(format!("http://{}", reachable(l1.address))))?;
    let reader = L1Reader { client, spec: genesis.l1_spec(), config: rollup.clone() };
    let derivation = Arc::new(Derivation::default());
    let (l1_seen, l1_watch) = watch::channel(l1_status(&reader).await?);
    let view = Arc::new(L1View::default());
    let facts = L1Facts {
        status: l1_watch.clone(),
        seen: l1_seen.clone(),
        derivation: derivation.clone(),
        view: view.clone(),
        snapshots: snapshots.clone(),
    };
    let l2 = start_l2(&config, (&clock, l2_parts), &l2_store, (&reader, facts), &tasks).await?;
    let gate = Arc::new(Gate::default());
    tasks.spawn(
        Developer {
            clock,
            l1: l1_controlled,
            l2: l2_controlled,
            view: view.clone(),
            seen: l1_seen.clone(),
            snapshots,
            gate: gate.clone(),
            config: rollup.clone(),
            operators: [operators.batcher.address(), operators.proposer.address()],
        }
        .run(),
    );

    let (batch, last_batch) = watch::channel(None);
    let (proposal, last_proposal) = watch::channel(None);
    let poll = Duration::from_millis(config.l1_block_time * 1000 / 8).min(Duration::from_secs(1));
    let resubmit_after = Duration::from_secs(config.l1_block_time * 4);
    let sending = SenderConfig { poll, resubmit_after, ..SenderConfig::default() };
    let encoding = match config.da {
        DataAvailability::Blob => EncoderConfig::BLOBS,
        DataAvailability::Calldata => EncoderConfig::CALLDATA,
    };
    tasks.spawn(
        Verifier {
            store: verifier_store.clone(),
            sequencer: l2_store.clone(),
            reader: reader.clone(),
            reorgs: view.reorgs(),
            l1: l1_seen,
            derivation: derivation.clone(),
            unfinal: Default::default(),
        }
        .run(),
    );
    tasks.spawn(
        Batcher {
            store: l2_store.clone(),
            config: rollup.clone(),
            encoding,
            sender: L1Sender::new(reader.client.clone(), operators.batcher.clone(), sending).await?,
            inbox: rollup.batch_inbox_address,
            gate: gate.clone(),
            l1: l1_watch.clone(),
            last: batch,
            every: poll,
        }
        .run(),
    );
    tasks.spawn(
        Proposer {
            store: verifier_store,
            derivation,
            sender: L1Sender::new(reader.client.clone(), operators.proposer.clone(), sending).await?,
            outputs: genesis.contracts.outputs,
            gate,
            prover: Prover(operators.prover.clone()),
            interval: PROPOSAL_INTERVAL,
            every: poll,
            last: proposal,
        }
        .run(),
    );
    let reporter = Reporter { store: l2_store, included: l2.included.clone(), l1: l1_watch, last_batch, last_proposal };
    let (health, status) = reporter.start(config.block_time, config.l1_block_time, &tasks)?;
    let dashboard = tributary_dashboard::serve(SocketAddr::new(config.host, config.dashboard_port), health.clone(), metrics).await?;

    let url = |address: SocketAddr| format!("http://{}", reachable(address));
    let info = DevInfo {
        accounts,
        l2_url: url(l2.address),
        l1_url: url(l1.address),
        dashboard_url: url(dashboard.addr()),
        chain_id: L2_CHAIN_ID,
        l1_chain_id: L1_CHAIN_ID,
        datadir: datadir.path().to_owned(),
        temporary: datadir.is_temporary(),
        contracts: contracts(&genesis),
    };
    Ok(DevNode { info, status, l1, l2, dashboard, health, tasks, _datadir: datadir })
}

impl DevNode {
    /// Resolves when a part of the node fails in a way that it must not go on after, and says why. By then nothing is produced, submitted or
    /// derived any more; what is there can still be read.
    pub async fn halted(&mut self) -> String {
        let error = self.tasks.failure().await;
        match &error {
            Error::Diverged { .. } => self.health.set_verifier_agrees(false),
            Error::Storage(tributary_storage::Error::Journal { .. }) => self.health.set_journal_ok(false),
            _ => {}
        }
        let reason = error.to_string();
        self.l1.halt();
        self.l2.halt();
        self.tasks.abort();
        self.health.halt(reason.clone());
        reason
    }

    /// Stops everything. What was acknowledged is on disk already.
    pub async fn stop(self) {
        let Self { l1, l2, dashboard, tasks, .. } = self;
        let began = std::time::Instant::now();
        tasks.stop().await;
        tracing::debug!(after = ?began.elapsed(), "tasks stopped");
        tokio::join!(l2.stop(), l1.stop(), dashboard.stop());
        tracing::debug!(after = ?began.elapsed(), "chains stopped");
    }
}

/// The genesis of a kept data directory, or a new one written there. A kept chain keeps what it was created with.
fn settle(datadir: &DataDirectory, mut config: DevConfig) -> Result<(DevGenesis, DevConfig), Error> {
    let path = datadir.join("dev.json");
    if let Some(kept) = DevGenesis::read(&path)? {
        for (flag, given, kept) in [
            ("--l1-block-time", config.l1_block_time, kept.l1_block_time),
            ("--block-time", config.block_time, kept.block_time),
            ("--gas-limit", config.gas_limit, kept.l2.gas_limit),
        ] {
            if given != kept {
                tracing::warn!("{flag} {given} is ignored: the chain in {} was created with {kept}", datadir.path().display());
            }
        }
        config.l1_block_time = kept.l1_block_time;
        config.block_time = kept.block_time;
        return Ok((kept, config));
    }
    let accounts = keys::accounts(&config.mnemonic, config.accounts)?;
    let operators = Operators::from_mnemonic(&config.mnemonic)?;
    let genesis = DevGenesis::new(&config, &accounts, &operators, unix_time())?;
    genesis.write(&path)?;
    Ok((genesis, config))
}

/// What a chain is given to obey the development task.
struct Obedience {
    control: mpsc::Receiver<Control>,
    development: Arc<Development>,
}

/// Both ends of the way from a chain's server over the development task to its producer.
fn controlled(store: &Store, accounts: &[DevAccount], block_time: u64) -> Result<(Obedience, Controlled), Error> {
    let (orders, commands) = mpsc::channel(ORDERS);
    let (control, controlled) = mpsc::channel(1);
    let key = |account: &DevAccount| PrivateKeySigner::from_bytes(&account.key).map_err(|error| Error::Config(error.to_string()));
    let keys = accounts.iter().map(key).collect::<Result<_, _>>()?;
    let obedience = Obedience { control: controlled, development: Arc::new(Development::new(keys, orders)) };
    Ok((obedience, Controlled { store: store.clone(), control, commands, block_time }))
}

async fn start_l1(
    config: &DevConfig,
    genesis: &DevGenesis,
    (clock, obedience, snapshots): (&Clock, Obedience, Snapshots),
    store: &Store,
    tasks: &Tasks,
) -> Result<RunningChain, Error> {
    let schedule = Schedule::Slots(Slots {
        genesis_time: genesis.l1.timestamp,
        seconds: config.l1_block_time,
        gas_limit: genesis.l1.gas_limit,
        beneficiary: alloy_primitives::Address::ZERO,
        branch: 0,
        refill_until: 0,
    });
    let parts = ChainParts {
        name: "l1",
        store: store.clone(),
        schedule,
        visibility: Visibility::Sealed,
        rollup: None,
        beacon: Some(BeaconView { seconds_per_slot: config.l1_block_time }),
        listen: SocketAddr::new(config.host, config.l1_port),
        clock: clock.clone(),
        control: obedience.control,
        development: Some(obedience.development),
        sealed: Box::new(move |store, sealed| {
            let behind = |depth: u64| -> Result<_, Error> {
                let number = sealed.block.header.number.saturating_sub(depth);
                Ok(store.hash_of(number)?.map(|hash| alloy_eips::BlockNumHash { number, hash }))
            };
            if let Some(safe) = behind(L1_SAFE_DEPTH)? {
                store.set_safe(safe)?;
            }
            let before = store.heads()?.finalized_head.number;
            // What a snapshot may take back is not final.
            if let Some(finalized) =
                behind(L1_FINAL_DEPTH)?.filter(|block| block.number > before && block.number <= snapshots.final_limit())
            {
                store.set_finalized(finalized)?;
            }
            Ok(())
        }),
    };
    RunningChain::start(parts, tasks).await
}

/// What the rollup's producer, its server and its L1 follower share.
struct L1Facts {
    status: watch::Receiver<tributary_rpc::L1Status>,
    seen: watch::Sender<tributary_rpc::L1Status>,
    derivation: Arc<Derivation>,
    view: Arc<L1View>,
    snapshots: Snapshots,
}

async fn start_l2(
    config: &DevConfig,
    (clock, obedience): (&Clock, Obedience),
    store: &Store,
    (reader, facts): (&L1Reader, L1Facts),
    tasks: &Tasks,
) -> Result<RunningChain, Error> {
    let L1Facts { status, seen, derivation, view, snapshots } = facts;
    let rollup: Arc<RollupConfig> = reader.config.clone();
    let origin = origin_of_head(store, &rollup)?;
    let finalized = status.borrow().finalized.number;
    view.fill(reader, origin.min(finalized).max(rollup.genesis.l1.number)).await?;
    let every = Duration::from_millis(config.l1_block_time * 1000 / 8);
    let sequenced = {
        let (store, rollup) = (store.clone(), rollup.clone());
        move || Ok(origin_of_head(&store, &rollup)?.min(snapshots.oldest_origin()))
    };
    tasks.spawn(view.clone().follow(reader.clone(), seen, sequenced, every));
    let parts = ChainParts {
        name: "l2",
        store: store.clone(),
        schedule: Schedule::Rollup(Rollup { config: rollup.clone(), l1: view }),
        visibility: Visibility::Realtime,
        rollup: Some(RollupView { config: rollup, l1: status, derivation }),
        beacon: None,
        listen: SocketAddr::new(config.host, config.port),
        clock: clock.clone(),
        control: obedience.control,
        development: Some(obedience.development),
        sealed: Box::new(|_, _| Ok(())),
    };
    RunningChain::start(parts, tasks).await
}

/// The number of the L1 block that the newest L2 block was built on.
fn origin_of_head(store: &Store, rollup: &RollupConfig) -> Result<u64, Error> {
    let head = head_block(store)?;
    Ok(L2Head::of_block(rollup, &head.block, head.hash)?.block.l1_origin.number)
}

fn contracts(genesis: &DevGenesis) -> Vec<(&'static str, alloy_primitives::Address, Layer)> {
    let at = genesis.contracts;
    vec![
        ("OpenToken", at.open_token, Layer::L1),
        ("TributaryPortal", at.portal, Layer::L1),
        ("SystemConfig", at.system_config, Layer::L1),
        ("OutputProposals", at.outputs, Layer::L1),
        ("AttestationVerifier", at.verifier, Layer::L1),
        ("Datanets", DATANETS, Layer::L2),
        ("Inference", INFERENCE, Layer::L2),
    ]
}

/// Asks for the port before anything is written, so that a node with the wrong port leaves nothing behind.
fn is_free(addr: SocketAddr) -> Result<(), Error> {
    std::net::TcpListener::bind(addr).map(drop).map_err(|source| Error::Listen { addr, source })
}

/// Where a server that listens on all addresses can be reached from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    match (address.ip().is_unspecified(), address.is_ipv4()) {
        (true, true) => SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), address.port()),
        (true, false) => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}

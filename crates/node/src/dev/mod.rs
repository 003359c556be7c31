//! `tributary dev`: sequencer, batcher, verifier, prover and proposer over an embedded L1, in one process.

mod chains;
#[cfg(test)]
mod disagreement;
mod ground;
#[cfg(test)]
mod verified;

use crate::{
    DevConfig, Error,
    chain::RunningChain,
    config::{L1_CHAIN_ID, L2_CHAIN_ID, PROPOSAL_INTERVAL},
    datadir::DataDirectory,
    genesis::DevGenesis,
    prover::ProverAt,
    roles::{Batching, ProposerKeys},
    status::{DevInfo, Layer, Status},
    tasks::Tasks,
    verifier::Difference,
};
use ground::Ground;
use std::{net::SocketAddr, sync::Arc};
use tokio::sync::watch;
use tributary_contracts::predeploys::{ALL, ATTRIBUTION, WRAPPED_OPEN};
use tributary_l1::{L1Client, L1Config};
use tributary_rpc::REALTIME_PATH;

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
    are_free(&config)?;
    // First, or what is counted before would be lost.
    let metrics = tributary_dashboard::metrics::install()?;
    // In the background: the first batch would wait for it.
    drop(tokio::task::spawn_blocking(tributary_primitives::trusted_setup));
    let ground = Ground::prepare(config)?;

    let (l1, l1_controlled) = ground.start_l1().await?;
    let l1_side = ground.rollup.look_at(L1Client::new(&L1Config::at(l1_url(&l1)))?, l1_url(&l1)).await?;
    let (l2, l2_controlled) = ground.start_l2(&l1_side).await?;

    ground.start_developer([l1_controlled, l2_controlled], &l1_side);
    let (rollup, chains, keys) = (&ground.rollup, &ground.chains, &ground.operators);
    rollup.start_verifier(&l1_side, &chains.verifier, &chains.l2.store, Difference::Halts);
    // What users of a development chain send is safe with the next block of L1, which costs nothing.
    let batching = Batching { da: ground.config.da, eager: true };
    let last_batch = rollup.start_batcher(&l1_side, &chains.l2.store, &keys.batcher, batching).await?;
    let proposers = ProposerKeys { proposer: keys.proposer.clone(), prover: ProverAt::Here(keys.prover.clone()) };
    let proposing = rollup.start_proposer(&l1_side, &chains.verifier.store, &proposers, PROPOSAL_INTERVAL).await?;
    let (health, status) = rollup.start_reporter(&l1_side, &chains.l2.store, l2.included.clone(), (last_batch, proposing))?;

    let listen = SocketAddr::new(ground.config.host, ground.config.dashboard_port);
    let dashboard = tributary_dashboard::serve(listen, health.clone(), metrics).await?;
    let info = info(&ground, [l1.address, l2.address, dashboard.addr()]);
    Ok(DevNode { info, status, l1, l2, dashboard, health, tasks: ground.rollup.tasks, _datadir: ground.datadir })
}

impl DevNode {
    /// Resolves when a part of the node fails in a way that it must not go on after, and says why. By then nothing is produced, submitted or
    /// derived any more; what is there can still be read.
    pub async fn halted(&mut self) -> String {
        let stop = || {
            self.l1.halt();
            self.l2.halt();
        };
        self.tasks.halted(&self.health, stop).await
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

/// What the user is told; `addresses` are of L1, the rollup and the dashboard.
fn info(ground: &Ground, addresses: [SocketAddr; 3]) -> DevInfo {
    let [l1_url, l2_url, dashboard_url] = addresses.map(|address| format!("http://{}", reachable(address)));
    DevInfo {
        accounts: ground.accounts.clone(),
        realtime_url: format!("{l2_url}{REALTIME_PATH}"),
        l2_url,
        l1_url,
        dashboard_url,
        chain_id: L2_CHAIN_ID,
        l1_chain_id: L1_CHAIN_ID,
        datadir: ground.datadir.path().to_owned(),
        temporary: ground.datadir.is_temporary(),
        contracts: contracts(&ground.genesis),
    }
}

fn contracts(genesis: &DevGenesis) -> Vec<(&'static str, alloy_primitives::Address, Layer)> {
    let l1 = genesis.contracts.named().map(|(name, address)| (name, address, Layer::L1));
    // The economy's: what other rollups have, too, and code that is called by others' addresses is left out.
    let is_shown = |address: alloy_primitives::Address| address == WRAPPED_OPEN || (address[0] == 0 && !ATTRIBUTION.contains(&address));
    let l2 = ALL.into_iter().filter(|(_, address)| is_shown(*address)).map(|(name, address)| (name, address, Layer::L2));
    l1.into_iter().chain(l2).collect()
}

/// Asks for the ports before anything is written, so that a node with a wrong port leaves nothing behind.
fn are_free(config: &DevConfig) -> Result<(), Error> {
    for port in [config.port, config.l1_port, config.dashboard_port] {
        let addr = SocketAddr::new(config.host, port);
        std::net::TcpListener::bind(addr).map(drop).map_err(|source| Error::Listen { addr, source })?;
    }
    Ok(())
}

/// The embedded L1's JSON-RPC and beacon API.
fn l1_url(l1: &RunningChain) -> String {
    format!("http://{}", reachable(l1.address))
}

/// Where a server that listens on all addresses can be reached from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    match (address.ip().is_unspecified(), address.is_ipv4()) {
        (true, true) => SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), address.port()),
        (true, false) => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}

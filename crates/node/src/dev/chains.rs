//! The two chains of a development rollup, and how the second looks at the first.

use super::{ground::Ground, reachable};
use crate::{
    Error,
    chain::{RunningChain, ServerParts},
    development::{Controlled, Snapshots},
    economy::Economist,
    indexer::Indexer,
    l1_view::{L1Reader, L1View, Look, l1_status},
    pipeline::Pipeline,
    producer::{Control, OnSealed, Pending, ProductionParts, Rollup, Schedule, SealPolicy, Slots},
    status::DevAccount,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256};
use alloy_signer_local::PrivateKeySigner;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::{Notify, mpsc, watch};
use tributary_chain::{Derivation, L1Status, SealedBlock, Sealing};
use tributary_index::Index;
use tributary_journal::Files;
use tributary_l1::{L1Client, L1Config};
use tributary_primitives::RollupConfig;
use tributary_rollup::L2Head;
use tributary_rpc::{BeaconView, Development, Network, RollupView};
use tributary_storage::Store;

/// How many blocks behind its head the embedded L1 calls a block safe, and final.
const L1_SAFE_DEPTH: u64 = 1;
const L1_FINAL_DEPTH: u64 = 3;

/// Orders to the development task that may wait.
const ORDERS: usize = 64;

/// L1 as the rollup sees it, over its sockets.
#[derive(Debug)]
pub(super) struct L1Side {
    /// Its JSON-RPC.
    pub(super) url: String,
    pub(super) reader: L1Reader,
    pub(super) view: Arc<L1View>,
    pub(super) derivation: Arc<Derivation>,
    /// The newest L1 block, once all that came of it is safe.
    pub(super) derived: watch::Sender<B256>,
    /// How far L1 goes, and where that is told.
    pub(super) status: watch::Receiver<L1Status>,
    pub(super) seen: watch::Sender<L1Status>,
}

/// What a chain is given to obey the development task.
struct Obedience {
    pending: Pending,
    control: mpsc::Receiver<Control>,
    development: Arc<Development>,
}

impl Ground {
    /// Starts the embedded L1.
    pub(super) async fn start_l1(&self) -> Result<(RunningChain, Controlled), Error> {
        let (config, genesis) = (&self.config, &self.genesis.l1);
        let (obedience, controlled) = controlled(&self.chains.l1.store, &self.accounts, config.l1_block_time, Sealing::InTime)?;
        let schedule = Schedule::Slots(Slots {
            genesis_time: genesis.timestamp,
            seconds: config.l1_block_time,
            gas_limit: genesis.gas_limit,
            beneficiary: Address::ZERO,
            branch: 0,
            refill: Vec::new(),
            jump: None,
        });
        let parts = ProductionParts {
            name: "l1",
            chain: self.chains.l1.clone(),
            schedule,
            clock: self.clock.clone(),
            policy: SealPolicy::InTime,
            pending: obedience.pending,
            control: obedience.control,
            sealed: confirm(self.snapshots.clone(), self.l1_news.clone()),
        };
        let served = ServerParts {
            realtime: false,
            rollup: None,
            beacon: Some(BeaconView { seconds_per_slot: config.l1_block_time }),
            listen: SocketAddr::new(config.host, config.l1_port),
            development: Some(obedience.development),
        };
        let log = self.journal(&self.chains.l1.store)?;
        Ok((RunningChain::start(parts, served, log, &self.tasks).await?, controlled))
    }

    /// The journal of a chain. It waits for the disk where the chain's database does.
    fn journal(&self, store: &Store) -> Result<Files, Error> {
        let files = Files::open(&store.journal_path())?;
        Ok(if self.datadir.is_temporary() { files.relaxed() } else { files })
    }

    /// Connects to L1.
    pub(super) async fn look_at(&self, l1: &RunningChain) -> Result<L1Side, Error> {
        let url = format!("http://{}", reachable(l1.address));
        let client = L1Client::new(&L1Config::at(&url))?;
        let reader = L1Reader { client, spec: self.genesis.l1_spec(), config: self.rollup.clone() };
        let (seen, status) = watch::channel(l1_status(&reader).await?);
        Ok(L1Side { url, reader, view: Arc::default(), derivation: Arc::default(), derived: watch::Sender::new(B256::ZERO), status, seen })
    }

    /// Starts following L1, and the rollup's sequencer.
    pub(super) async fn start_l2(&self, l1: &L1Side) -> Result<(RunningChain, Controlled), Error> {
        self.start_follower(l1).await?;
        self.start_indexer()?;
        let index = Some(self.start_economist()?);
        let sealing = if self.config.interval { Sealing::InTime } else { Sealing::AtOnce };
        let (obedience, controlled) = controlled(&self.chains.l2.store, &self.accounts, self.config.block_time, sealing)?;
        let network = Network { l1_url: l1.url.clone(), l1_contracts: self.genesis.contracts };
        let rollup = RollupView { config: self.rollup.clone(), l1: l1.status.clone(), derivation: l1.derivation.clone(), network, index };
        let parts = ProductionParts {
            name: "l2",
            chain: self.chains.l2.clone(),
            schedule: Schedule::Rollup(Rollup { config: self.rollup.clone(), l1: l1.view.clone() }),
            clock: self.clock.clone(),
            policy: if sealing == Sealing::AtOnce { SealPolicy::AtOnce } else { SealPolicy::InTime },
            pending: obedience.pending,
            control: obedience.control,
            sealed: Box::new(|_, _| Ok(())),
        };
        let served = ServerParts {
            realtime: true,
            rollup: Some(rollup),
            beacon: None,
            listen: SocketAddr::new(self.config.host, self.config.port),
            development: Some(obedience.development),
        };
        let log = self.journal(&self.chains.l2.store)?;
        Ok((RunningChain::start(parts, served, log, &self.tasks).await?, controlled))
    }

    /// Brings the index over attribution sets up to the head, and starts to keep it there.
    fn start_indexer(&self) -> Result<(), Error> {
        let Pipeline { store, executor, events, .. } = &self.chains.l2;
        let events = events.subscribe();
        let indexer = Indexer::open(store, executor)?;
        self.tasks.spawn("indexer", indexer.run(events));
        Ok(())
    }

    /// Opens the index of the economy, and starts to keep it up with the chain.
    fn start_economist(&self) -> Result<Index, Error> {
        let Pipeline { store, events, .. } = &self.chains.l2;
        let economist = Economist::open(store)?;
        let index = economist.index().clone();
        self.tasks.spawn("index of the economy", economist.run(events.subscribe()));
        Ok(index)
    }

    /// Reads the L1 blocks that the sequencer needs next, and starts to follow those that come.
    async fn start_follower(&self, l1: &L1Side) -> Result<(), Error> {
        // The head's own origin may have left L1 before the node ended. That of the final head cannot.
        let origin = origin_of(&self.chains.l2.store, &self.rollup, self.chains.l2.store.heads()?.finalized_head.hash)?.number;
        let finalized = l1.status.borrow().finalized.number;
        l1.view.fill(&l1.reader, origin.min(finalized).max(self.rollup.genesis.l1.number)).await?;
        let (store, rollup, snapshots) = (self.chains.l2.store.clone(), self.rollup.clone(), self.snapshots.clone());
        let needed = move || Ok((origin_of(&store, &rollup, store.heads()?.unsafe_head.hash)?, snapshots.oldest_origin()));
        let every = Duration::from_millis(self.config.l1_block_time * 1000 / 8);
        self.tasks.spawn(
            "L1 follower",
            l1.view.clone().follow(l1.reader.clone(), l1.seen.clone(), needed, Look { every, news: self.l1_news.clone() }),
        );
        Ok(())
    }
}

/// Moves the embedded L1's safe and final heads along with its newest block, and has the rollup look at it.
fn confirm(snapshots: Snapshots, news: Arc<Notify>) -> OnSealed {
    let behind = |store: &Store, sealed: &SealedBlock, depth: u64| -> Result<Option<BlockNumHash>, Error> {
        let number = sealed.block.header.number.saturating_sub(depth);
        Ok(store.hash_of(number)?.map(|hash| BlockNumHash { number, hash }))
    };
    Box::new(move |store, sealed| {
        if let Some(safe) = behind(store, sealed, L1_SAFE_DEPTH)? {
            store.set_safe(safe)?;
        }
        let before = store.heads()?.finalized_head.number;
        // What a snapshot may take back is not final.
        let may_be_final = |block: &BlockNumHash| block.number > before && block.number <= snapshots.final_limit();
        if let Some(finalized) = behind(store, sealed, L1_FINAL_DEPTH)?.filter(may_be_final) {
            store.set_finalized(finalized)?;
        }
        news.notify_one();
        Ok(())
    })
}

/// Both ends of the way from a chain's server over the development task to its producer.
fn controlled(store: &Store, accounts: &[DevAccount], block_time: u64, sealing: Sealing) -> Result<(Obedience, Controlled), Error> {
    let (orders, commands) = mpsc::channel(ORDERS);
    let (control, controlled) = mpsc::channel(1);
    let (pending, open): (Pending, _) = watch::channel(None);
    let key = |account: &DevAccount| PrivateKeySigner::from_bytes(&account.key).map_err(|error| Error::Config(error.to_string()));
    let keys = accounts.iter().map(key).collect::<Result<_, _>>()?;
    let obedience = Obedience { pending, control: controlled, development: Arc::new(Development::new(keys, sealing, orders)) };
    Ok((obedience, Controlled { store: store.clone(), control, commands, open, block_time }))
}

/// The L1 block that an L2 block was built on.
fn origin_of(store: &Store, rollup: &RollupConfig, hash: B256) -> Result<BlockNumHash, Error> {
    let block = store.block(hash)?.ok_or_else(|| Error::Disagreement(format!("block {hash} of our own chain is missing")))?;
    Ok(L2Head::of_block(rollup, &block.block, block.hash)?.block.l1_origin)
}

//! The two chains of a development rollup, and how the second looks at the first.

use super::ground::Ground;
use crate::{
    Error,
    chain::{RunningChain, ServerParts},
    development::{Controlled, Developer, Snapshots},
    producer::{Control, OnSealed, Pending, ProductionParts, Rollup, Schedule, SealPolicy, Slots, lost_of},
    roles::{L1Side, Word},
    status::DevAccount,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::Address;
use alloy_signer_local::PrivateKeySigner;
use std::{net::SocketAddr, sync::Arc};
use tokio::sync::{Notify, mpsc, watch};
use tributary_chain::{SealedBlock, Sealing};
use tributary_journal::Files;
use tributary_rpc::{BeaconView, Development};
use tributary_storage::Store;

/// How many blocks behind its head the embedded L1 calls a block safe, and final.
const L1_SAFE_DEPTH: u64 = 1;
const L1_FINAL_DEPTH: u64 = 3;

/// Orders to the development task that may wait.
const ORDERS: usize = 64;

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
            clock: self.rollup.clock.clone(),
            policy: SealPolicy::InTime,
            pending: obedience.pending,
            control: obedience.control,
            derived: None,
            lost: None,
            backlog: None,
            sealed: confirm(self.rollup.snapshots.clone(), self.rollup.l1_news.clone()),
        };
        let served = ServerParts {
            realtime: false,
            rollup: None,
            beacon: Some(BeaconView { seconds_per_slot: config.l1_block_time }),
            listen: SocketAddr::new(config.host, config.l1_port),
            development: Some(obedience.development),
        };
        let log = self.journal(&self.chains.l1.store)?;
        Ok((RunningChain::start(parts, served, log, &self.rollup.tasks).await?, controlled))
    }

    /// The journal of a chain. It waits for the disk where the chain's database does.
    fn journal(&self, store: &Store) -> Result<Files, Error> {
        let files = Files::open(&store.journal_path())?;
        Ok(if self.datadir.is_temporary() { files.relaxed() } else { files })
    }

    /// Starts following L1, and the rollup's sequencer.
    pub(super) async fn start_l2(&self, l1: &L1Side) -> Result<(RunningChain, Controlled), Error> {
        let chain = &self.chains.l2;
        self.rollup.start_follower(l1, &chain.store, true).await?;
        self.rollup.start_indexer(chain)?;
        let index = self.rollup.start_economist(chain)?;
        let lost = lost_of(&chain.store)?;
        let sealing = if self.config.interval { Sealing::InTime } else { Sealing::AtOnce };
        let (obedience, controlled) = controlled(&chain.store, &self.accounts, self.config.block_time, sealing)?;
        let parts = ProductionParts {
            name: "l2",
            chain: chain.clone(),
            schedule: Schedule::Rollup(Rollup { config: self.rollup.config.clone(), l1: l1.view.clone() }),
            clock: self.rollup.clock.clone(),
            policy: if sealing == Sealing::AtOnce { SealPolicy::AtOnce } else { SealPolicy::InTime },
            pending: obedience.pending,
            control: obedience.control,
            derived: None,
            lost: Some(lost.clone()),
            backlog: None,
            sealed: Box::new(|_, _| Ok(())),
        };
        let served = ServerParts {
            realtime: true,
            rollup: Some(self.rollup.view(l1, index, Word { feed: None, lost: Some(lost) })),
            beacon: None,
            listen: SocketAddr::new(self.config.host, self.config.port),
            development: Some(obedience.development),
        };
        let log = self.journal(&chain.store)?;
        Ok((RunningChain::start(parts, served, log, &self.rollup.tasks).await?, controlled))
    }
}

impl Ground {
    /// Starts what carries out the orders of development methods.
    pub(super) fn start_developer(&self, [l1, l2]: [Controlled; 2], l1_side: &L1Side) {
        let developer = Developer {
            clock: self.rollup.clock.clone(),
            l1,
            l2,
            view: l1_side.view.clone(),
            seen: l1_side.seen.clone(),
            snapshots: self.rollup.snapshots.clone(),
            gate: self.rollup.gate.clone(),
            config: self.rollup.config.clone(),
            operators: [self.operators.batcher.address(), self.operators.proposer.address()],
        };
        self.rollup.tasks.spawn("developer", developer.run());
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

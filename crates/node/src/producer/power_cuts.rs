//! The whole producer on a journal whose disk loses its power, with a store that does not.

use super::{BackTo, Control, Production, ProductionParts, Rewind, Schedule, SealPolicy, Sent, Slots};
use crate::{
    DevConfig, Error,
    chain::{RunningChain, ServerParts},
    clock::Clock,
    genesis::DevGenesis,
    keys::{self, Operators},
    pipeline::{Pipeline, head_block},
    tasks::Tasks,
};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Address, B256, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};
use tributary_chain::{Accepted, Endpoint, Refusal, Submission};
use tributary_execution::PendingBlock;
use tributary_journal::VolatileDisk;
use tributary_pool::RecoveredTx;
use tributary_primitives::{Receipt, StateReader, Transaction};
use tributary_storage::{Durability, Options, Snapshot, Store};

const USERS: usize = 3;

/// What outlives a power cut: the directory, and of the journal's disk what was synced.
pub(super) struct World {
    directory: tempfile::TempDir,
    genesis: DevGenesis,
    keys: Vec<PrivateKeySigner>,
    disk: VolatileDisk,
}

impl World {
    pub(super) fn new() -> Self {
        let config = DevConfig { l1_block_time: 1, ..DevConfig::default() };
        let accounts = keys::accounts(&config.mnemonic, USERS).unwrap();
        let operators = Operators::from_mnemonic(&config.mnemonic).unwrap();
        let genesis = DevGenesis::new(&config, &accounts, &operators, 1_900_000_000);
        let keys = accounts.iter().map(|account| PrivateKeySigner::from_bytes(&account.key).unwrap()).collect();
        Self { directory: tempfile::tempdir().unwrap(), genesis, keys, disk: VolatileDisk::new() }
    }

    /// What a producer of this chain is started with. Its clock stands.
    fn parts(&self) -> (ProductionParts, Handles) {
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        let chain = Pipeline::new(Store::open(&self.directory.path().join("chain"), self.genesis.l1_spec(), options).unwrap());
        let head = head_block(&chain.store).unwrap().block.header.timestamp;
        let clock = Clock::not_before(head);
        clock.stop(true);
        clock.set(Duration::from_secs(head));
        let (pending, open) = watch::channel(None);
        let (control, orders) = mpsc::channel(1);
        let slots = Slots {
            genesis_time: self.genesis.l1.timestamp,
            seconds: 1,
            gas_limit: self.genesis.l1.gas_limit,
            beneficiary: Address::ZERO,
            branch: 0,
            refill: Vec::new(),
            jump: None,
        };
        let parts = ProductionParts {
            name: "test",
            chain: chain.clone(),
            schedule: Schedule::Slots(slots),
            clock: clock.clone(),
            policy: SealPolicy::InTime,
            pending,
            control: orders,
            derived: None,
            lost: None,
            backlog: None,
            sealed: Box::new(|_, _| Ok(())),
        };
        (parts, Handles { chain, clock, open, control })
    }

    pub(super) const fn disk(&self) -> &VolatileDisk {
        &self.disk
    }

    /// The chain with power.
    pub(super) async fn begin(&self) -> Life {
        let (parts, handles) = self.parts();
        let tasks = Tasks::new();
        let production = Production::start(parts, self.disk.clone(), &tasks).await.unwrap();
        Life { production, handles, tasks }
    }

    pub(super) fn transfer(&self, from: usize, nonce: u64, tip: u128) -> RecoveredTx {
        let key = &self.keys[from];
        let tx = TxEip1559 {
            chain_id: self.genesis.l1_spec().chain_id,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: 20_000_000_000 + tip,
            max_priority_fee_per_gas: tip,
            to: TxKind::Call(Address::repeat_byte(7)),
            value: U256::ONE,
            ..Default::default()
        };
        let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
        RecoveredTx::new(Transaction::Eip1559(tx.into_signed(signature)), key.address())
    }
}

pub(super) struct Handles {
    pub(super) chain: Pipeline,
    clock: Clock,
    open: watch::Receiver<Option<Arc<PendingBlock<Snapshot>>>>,
    pub(super) control: mpsc::Sender<Control>,
}

/// The chain from its start until the power fails.
pub(super) struct Life {
    production: Production,
    pub(super) handles: Handles,
    tasks: Tasks,
}

/// Where a transaction is, and with which receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u64,
    index: usize,
    receipt: B256,
}

/// The power failed.
#[derive(Debug)]
pub(super) struct Dark;

impl Life {
    pub(super) async fn submit(&self, tx: RecoveredTx) -> Result<Result<Accepted, Refusal>, Dark> {
        let (reply, answer) = oneshot::channel();
        let submission = Submission { arrived: Instant::now(), endpoint: Endpoint::Realtime, tx, reply };
        self.production.submit.send(submission).await.map_err(|_| Dark)?;
        answer.await.map_err(|_| Dark)
    }

    /// Ends it, so that what is on disk can be looked at.
    pub(super) async fn end(self) {
        let Self { production, handles, tasks } = self;
        production.stop().await;
        drop((handles, tasks));
    }

    /// Lets the open block's time pass.
    async fn seal(&self) -> Result<(), Dark> {
        let Handles { chain, clock, .. } = &self.handles;
        let head = || chain.store.heads().unwrap().unsafe_head;
        let before = head();
        while head() == before {
            // Readers may not have seen the open block yet.
            clock.advance_to(Duration::from_secs(self.open().header().timestamp));
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
                _ = self.tasks.failure() => return Err(Dark),
            }
        }
        Ok(())
    }

    async fn rewind(&self, by: u64) -> Result<(), Dark> {
        let head = self.handles.chain.store.heads().unwrap().unsafe_head.number;
        let (done, back) = oneshot::channel();
        let order = BackTo { rewind: Rewind { to: head.saturating_sub(by), sent: Sent::Kept }, done };
        self.handles.control.send(Control::Back(order)).await.map_err(|_| Dark)?;
        back.await.map(|_| ()).map_err(|_| Dark)
    }

    /// The open block, as readers see it.
    fn open(&self) -> Arc<PendingBlock<Snapshot>> {
        self.handles.open.borrow().clone().expect("a block is open")
    }

    fn next_nonce(&self, sender: Address) -> u64 {
        self.open().state().account(sender).unwrap().unwrap_or_default().nonce
    }

    pub(super) fn place(&self, hash: B256) -> Option<Place> {
        let digest = |receipt: &Receipt| keccak256(receipt.encoded_2718());
        let store = &self.handles.chain.store;
        if let Some((number, index)) = store.transaction_position(hash).unwrap() {
            let receipts = store.receipts(number).unwrap().unwrap();
            return Some(Place { number, index: index as usize, receipt: digest(&receipts[index as usize]) });
        }
        let open = self.open();
        open.transaction(hash).map(|(index, tx)| Place { number: open.header().number, index, receipt: digest(&tx.receipt) })
    }

    fn waits(&self, hash: B256) -> bool {
        self.production.pool.lock().unwrap().get(hash).is_some()
    }
}

/// What clients know.
#[derive(Default)]
struct Known {
    sent: BTreeSet<B256>,
    /// Acknowledged: where it was, unless that may have changed since.
    acknowledged: BTreeMap<B256, Option<Place>>,
    /// Replaced by another that was acknowledged.
    gone: BTreeSet<B256>,
    tips: u128,
}

impl Known {
    async fn send(&mut self, life: &Life, tx: RecoveredTx) -> Result<(), Dark> {
        let hash = tx.hash;
        self.sent.insert(hash);
        let rival = life.production.pool.lock().unwrap().hash_at(tx.sender, tx.nonce());
        // From here on nobody knows which of both there is.
        let rival = rival.filter(|rival| *rival != hash && self.acknowledged.remove(rival).is_some());
        match life.submit(tx).await? {
            Ok(Accepted::Included { index }) => {
                let place = life.place(hash).expect("what is acknowledged can be read");
                assert_eq!(place.index, index);
                self.acknowledged.insert(hash, Some(place));
            }
            Ok(Accepted::Queued) => {
                self.acknowledged.insert(hash, None);
                self.gone.extend(rival);
            }
            // The pool has bounds, and one that waited may have run meanwhile.
            Err(_) => self.acknowledged.extend(rival.map(|rival| (rival, None))),
        }
        Ok(())
    }

    /// One step of a client's life, or of the chain's.
    async fn step(&mut self, world: &World, life: &Life, random: &mut Random) -> Result<(), Dark> {
        let user = random.below(USERS as u64) as usize;
        let next = life.next_nonce(world.keys[user].address());
        self.tips += 1;
        match random.below(12) {
            0..5 => self.send(life, world.transfer(user, next, self.tips)).await,
            5..7 => self.send(life, world.transfer(user, next + 1 + random.below(3), self.tips)).await,
            7..9 => self.send(life, world.transfer(user, next + 1, 100_000_000_000 * self.tips)).await,
            9..11 => life.seal().await,
            _ => {
                // What it takes back may be executed elsewhere.
                self.acknowledged.values_mut().for_each(|place| *place = None);
                life.rewind(random.below(3)).await
            }
        }
    }

    fn check(&self, life: &Life) {
        for (hash, place) in &self.acknowledged {
            let found = life.place(*hash);
            match place {
                Some(_) => assert_eq!(&found, place, "{hash} is elsewhere, or has another receipt"),
                None => assert!(found.is_some() || life.waits(*hash), "{hash} was acknowledged and is lost"),
            }
        }
        for hash in &self.gone {
            assert!(life.place(*hash).is_none() && !life.waits(*hash), "{hash} was replaced and is back");
        }
        let strangers = life.open().transactions().iter().filter(|tx| !self.sent.contains(&tx.hash)).count();
        assert_eq!(strangers, 0, "the open block holds what nobody sent");
    }
}

/// A repeatable sequence (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_producer_acknowledged_is_there_with_its_receipt_after_a_power_cut_at_any_point() {
    let (mut cuts, mut acknowledged) = (0, 0);
    for seed in 0..12 {
        let mut random = Random(seed);
        let world = World::new();
        let mut known = Known::default();
        for _ in 0..5 {
            let life = world.begin().await;
            known.check(&life);
            world.disk.fail_after(random.below(90));
            for _ in 0..40 {
                if known.step(&world, &life, &mut random).await.is_err() {
                    cuts += 1;
                    break;
                }
            }
            life.end().await;
            world.disk.power_cut(random.next());
        }
        let life = world.begin().await;
        known.check(&life);
        life.handles.chain.store.check().unwrap();
        acknowledged += known.acknowledged.len();
    }
    assert!(cuts > 15 && acknowledged > 200, "{cuts} cuts, {acknowledged} acknowledged: too little happened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_journals_disk_fails_nothing_is_acknowledged_and_the_node_halts_but_answers() {
    let world = World::new();
    let (parts, handles) = world.parts();
    let tasks = Tasks::new();
    let served = ServerParts { realtime: true, rollup: None, beacon: None, listen: "127.0.0.1:0".parse().unwrap(), development: None };
    let chain = RunningChain::start(parts, served, world.disk.clone(), &tasks).await.unwrap();
    let url = format!("http://{}/realtime", chain.address);
    let ask = async |method: &str, params: serde_json::Value| -> serde_json::Value {
        let request = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        reqwest::Client::new().post(&url).json(&request).send().await.unwrap().json().await.unwrap()
    };
    let send = async |nonce| ask("eth_sendRawTransaction", serde_json::json!([world.transfer(0, nonce, 1).encoded])).await;
    let first = world.transfer(0, 0, 1).hash;
    assert_eq!(send(0).await["result"], serde_json::json!(first));

    world.disk.fail_after(0);
    assert!(send(1).await["error"].is_object(), "acknowledged without a journal");
    let failure = tasks.failure().await;
    assert!(matches!(failure, Error::Journal(_)), "{failure}");
    chain.halt();
    assert!(send(1).await["error"].is_object() && send(2).await["error"].is_object(), "acknowledged by a node that halts");
    assert_eq!(ask("eth_getTransactionReceipt", serde_json::json!([first])).await["result"]["status"], "0x1");
    let unseen = world.transfer(0, 1, 1).hash;
    assert_eq!(ask("eth_getTransactionReceipt", serde_json::json!([unseen])).await["result"], serde_json::Value::Null);
    assert_eq!(ask("eth_blockNumber", serde_json::json!([])).await["result"], "0x0");
    drop(handles);
    chain.stop().await;
}

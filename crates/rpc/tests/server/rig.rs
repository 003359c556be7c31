//! A chain in a temporary directory with a server before it, and a small sequencer that seals when the test says so.

use crate::wire;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip4844};
use alloy_eips::BlockNumHash;
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, B64, B256, Bytes, TxKind, U256, address, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tributary_chain::{
    Accepted, Command, Derivation, Endpoint, Event, L1Status, Order, OrderRefusal, Refusal, SealedBlock, Sealing, Submission,
};
use tributary_contracts::{L1Contracts, predeploys::DEVELOPER};
use tributary_execution::{Executor, Included, OpenBlock, Outcome, PendingBlock, PendingTransaction, encode};
use tributary_index::Index;
use tributary_pool::{Ordering, Pool, PoolError, PoolLimits, RecoveredTx, SenderState};
use tributary_primitives::{
    BlockAttributes, ChainSpec, Eip1559Params, ExtraData, L1BlockRef, L1Info, RollupConfig, SystemConfig, Transaction,
    rollup::{ChainOpConfig, RollupForks, RollupGenesis, predeploys::MESSAGE_PASSER},
};
use tributary_rpc::{BeaconView, Chain, Development, IndexView, Limits, Network, REALTIME_PATH, RollupView, ServerHandle, serve};
use tributary_storage::{BlobSidecar, Durability, Options, Snapshot, Store};

pub(crate) const CHAIN_ID: u64 = 630_925;

/// Adds one to slot 0.
pub(crate) const COUNTER: Address = address!("00000000000000000000000000000000000c0001");
/// Logs with its calldata's first word as only topic.
pub(crate) const EMITTER: Address = address!("00000000000000000000000000000000000c0002");
/// Reverts with its calldata.
pub(crate) const REVERTER: Address = address!("00000000000000000000000000000000000c0003");
/// Returns number and timestamp of the block, and the caller's balance.
pub(crate) const TELLER: Address = address!("00000000000000000000000000000000000c0004");
/// Runs in a circle for ever.
pub(crate) const SPINNER: Address = address!("00000000000000000000000000000000000c0005");
/// Calls [`COUNTER`].
pub(crate) const CALLER: Address = address!("00000000000000000000000000000000000c0006");

/// Tells balances from a mapping at slot 1 and allowances from one at slot 2, as a token in Solidity does; it tells them apart by the length of the
/// call data.
pub(crate) const TOKEN: Address = address!("00000000000000000000000000000000000c0007");

const CODES: [(Address, &[u8]); 8] = [
    (COUNTER, &hex!("60005460010160005500")),
    // Counts as well.
    (MESSAGE_PASSER, &hex!("60005460010160005500")),
    (EMITTER, &hex!("60003560006000a100")),
    (REVERTER, &hex!("366000600037366000fd")),
    (TELLER, &hex!("4360005242602052333160405260606000f3")),
    (SPINNER, &hex!("5b600056")),
    (CALLER, &hex!("60006000600060006000620c00015af100")),
    (
        TOKEN,
        &hex!(
            "60043560005260243611602057600160205260406000205460005260206000f35b6002602052604060002060205260243560005260406000205460005260206000f3"
        ),
    ),
];

/// The wish for a block with these blobs, and where its hash goes.
type Seal = (Vec<BlobSidecar>, oneshot::Sender<B256>);

type Pending = watch::Sender<Option<Arc<PendingBlock<Snapshot>>>>;

/// The running chain.
pub(crate) struct Rig {
    pub(crate) address: SocketAddr,
    pub(crate) chain: Arc<Chain>,
    pub(crate) server: ServerHandle,
    pub(crate) keys: Vec<PrivateKeySigner>,
    seal: mpsc::Sender<Seal>,
    _directory: tempfile::TempDir,
}

/// A creation without code, to be made something else.
pub(crate) fn draft(nonce: u64) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1,
        ..Default::default()
    }
}

impl Rig {
    /// A rollup on which acknowledged transactions are visible at once.
    pub(crate) async fn rollup() -> Self {
        Self::rollup_with(Limits::default()).await
    }

    pub(crate) async fn rollup_with(limits: Limits) -> Self {
        let spec = ChainSpec::rollup(genesis(), Eip1559Params { denominator: 250, elasticity: 6 });
        Self::start(spec, limits).await
    }

    /// An Ethereum chain at Prague, which has the ordinary endpoint only.
    pub(crate) async fn ethereum() -> Self {
        let mut genesis = genesis();
        let config = &mut genesis.config;
        for fork in [
            &mut config.homestead_block,
            &mut config.eip150_block,
            &mut config.eip155_block,
            &mut config.eip158_block,
            &mut config.byzantium_block,
            &mut config.constantinople_block,
            &mut config.petersburg_block,
            &mut config.istanbul_block,
            &mut config.berlin_block,
            &mut config.london_block,
            &mut config.shanghai_time,
            &mut config.cancun_time,
            &mut config.prague_time,
        ] {
            *fork = Some(0);
        }
        config.terminal_total_difficulty = Some(U256::ZERO);
        genesis.difficulty = U256::ZERO;
        Self::start(ChainSpec::ethereum(genesis), Limits::default()).await
    }

    /// A rollup whose users may do what anvil's may, but for what concerns time and history: of the commands, only those for blocks are taken.
    pub(crate) async fn development() -> Self {
        let mut genesis = genesis();
        genesis.alloc.insert(DEVELOPER, GenesisAccount::default().with_balance(U256::MAX >> 1));
        let spec = ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 6 }).for_development();
        Self::start(spec, Limits::default()).await
    }

    /// A rollup with an index of its economy that somebody else keeps, who tells here up to where it is.
    pub(crate) async fn indexed() -> (Self, watch::Sender<Option<BlockNumHash>>) {
        let (told, reached) = watch::channel(None);
        let spec = ChainSpec::rollup(genesis(), Eip1559Params { denominator: 250, elasticity: 6 });
        let indexed = |store: &Store| {
            let index = Some(IndexView { index: Index::open(store).unwrap(), reached });
            RollupView { index, ..rollup_view(store) }
        };
        (Self::start_with(spec, Limits::default(), indexed).await, told)
    }

    async fn start(spec: ChainSpec, limits: Limits) -> Self {
        Self::start_with(spec, limits, rollup_view).await
    }

    async fn start_with(spec: ChainSpec, limits: Limits, view: impl FnOnce(&Store) -> RollupView) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let spec = Arc::new(spec);
        let options = Options { durability: Durability::Relaxed, map_size: 1 << 30, ..Options::default() };
        let store = Store::open(&directory.path().join("chain"), spec.clone(), options).unwrap();
        let (pending, open) = watch::channel(None);
        let (submit, submissions) = mpsc::channel(1024);
        let events = broadcast::channel(1024).0;
        let pool = Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder)));
        let rollup = spec.is_rollup().then(|| view(&store));
        let (seal, seals) = mpsc::channel(1);
        let (commands, orders) = mpsc::channel(1);
        tokio::spawn(take_orders(orders, seal.clone(), store.clone(), pool.clone()));
        let chain = Arc::new(Chain {
            store: store.clone(),
            spec: spec.clone(),
            executor: Executor::new(spec.clone()).for_calls(),
            pool: pool.clone(),
            pending: open.clone(),
            submit,
            events: events.clone(),
            rollup,
            beacon: (!spec.is_rollup()).then_some(BeaconView { seconds_per_slot: 2 }),
            development: spec.development.then(|| Arc::new(Development::new(keys(), Sealing::InTime, commands))),
            limits,
            realtime: spec.is_rollup(),
        });
        let sequencer = Sequencer { store, spec, pool, pending, events };
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || sequencer.run(&runtime, submissions, seals));
        open.clone().wait_for(Option::is_some).await.unwrap();
        let server = serve(chain.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        Self { address: server.local_addr(), chain, server, keys: keys(), seal, _directory: directory }
    }

    /// Seals the open block; its hash.
    pub(crate) async fn seal(&self) -> B256 {
        self.seal_with(Vec::new()).await
    }

    /// As [`Self::seal`], with the blobs of the block's transactions.
    pub(crate) async fn seal_with(&self, blobs: Vec<BlobSidecar>) -> B256 {
        let (reply, sealed) = oneshot::channel();
        self.seal.send((blobs, reply)).await.unwrap();
        sealed.await.unwrap()
    }

    /// Calls a method that must succeed.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        wire::call(self.address, method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The same on the realtime endpoint.
    pub(crate) async fn early(&self, method: &str, params: Value) -> Value {
        let answer = wire::call_at(self.address, REALTIME_PATH, method, params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls a method that must fail: code and message.
    pub(crate) async fn err(&self, method: &str, params: Value) -> (i64, String) {
        let error = wire::call(self.address, method, params).await.expect_err("an error");
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }

    /// The address of one of the funded accounts.
    pub(crate) fn who(&self, index: usize) -> Address {
        self.keys[index].address()
    }

    /// A signed transaction of a funded account.
    pub(crate) fn sign(&self, from: usize, nonce: u64, to: TxKind, input: impl Into<Bytes>) -> Bytes {
        self.sign_draft(from, TxEip1559 { to, input: input.into(), ..draft(nonce) })
    }

    /// The same of a transaction that differs in something else.
    pub(crate) fn sign_draft(&self, from: usize, tx: TxEip1559) -> Bytes {
        let signature = self.keys[from].sign_hash_sync(&tx.signature_hash()).unwrap();
        encode(&Transaction::Eip1559(tx.into_signed(signature)))
    }

    /// Sends a call to a contract; the transaction's hash.
    pub(crate) async fn send(&self, from: usize, nonce: u64, to: Address, input: impl Into<Bytes>) -> Value {
        let raw = self.sign(from, nonce, TxKind::Call(to), input);
        self.ok("eth_sendRawTransaction", serde_json::json!([raw])).await
    }

    /// Hands a blob transaction to the sequencer, past the checks of its blobs.
    pub(crate) async fn submit_blobs(&self, from: usize, nonce: u64, versioned_hashes: Vec<B256>) -> Result<Accepted, Refusal> {
        let tx = TxEip4844 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1,
            to: Address::repeat_byte(9),
            value: U256::ZERO,
            access_list: Default::default(),
            blob_versioned_hashes: versioned_hashes,
            max_fee_per_blob_gas: 1000,
            input: Bytes::new(),
        };
        let signature = self.keys[from].sign_hash_sync(&tx.signature_hash()).unwrap();
        let tx = Transaction::Eip4844(tx.into_signed(signature));
        let sender = tx.sender().unwrap();
        let (reply, answer) = oneshot::channel();
        let tx = RecoveredTx::new(tx, sender);
        let submission = Submission { arrived: std::time::Instant::now(), endpoint: Endpoint::Realtime, tx, reply };
        self.chain.submit.send(submission).await.unwrap();
        answer.await.unwrap()
    }
}

/// Seals as many blocks as are asked for, and drops what waits.
async fn take_orders(mut orders: mpsc::Receiver<Order>, seal: mpsc::Sender<Seal>, store: Store, pool: Arc<Mutex<Pool>>) {
    while let Some(Order { command, reply }) = orders.recv().await {
        let blocks = match command {
            Command::Mine { blocks, .. } => blocks,
            Command::Drop(which) => {
                let _ = reply.send(Ok(pool.lock().unwrap().drop_waiting(which).len() as u64));
                continue;
            }
            _ => {
                let _ = reply.send(Err(OrderRefusal::Final { to: 0 }));
                continue;
            }
        };
        for _ in 0..blocks {
            let (done, sealed) = oneshot::channel();
            seal.send((Vec::new(), done)).await.unwrap();
            sealed.await.unwrap();
        }
        let _ = reply.send(Ok(store.heads().unwrap().unsafe_head.number));
    }
}

fn keys() -> Vec<PrivateKeySigner> {
    (1..=4u8).map(|byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap()).collect()
}

fn genesis() -> Genesis {
    let mut genesis = Genesis { gas_limit: 30_000_000, base_fee_per_gas: Some(1_000_000_000), timestamp: 1000, ..Default::default() };
    genesis.config.chain_id = CHAIN_ID;
    let rich = GenesisAccount::default().with_balance(U256::from(10).pow(U256::from(20)));
    genesis.alloc.extend(keys().into_iter().map(|key| (key.address(), rich.clone())));
    genesis.alloc.extend(CODES.map(|(address, code)| (address, GenesisAccount::default().with_code(Some(Bytes::from_static(code))))));
    genesis
}

/// An L1 that nobody asks.
fn network() -> Network {
    Network { l1_url: "http://127.0.0.1:1".to_owned(), l1_contracts: L1Contracts::of(Address::repeat_byte(0xd0), 0) }
}

fn rollup_view(store: &Store) -> RollupView {
    let l1 = BlockNumHash { number: 7, hash: B256::repeat_byte(7) };
    let config = RollupConfig {
        genesis: RollupGenesis {
            l1,
            l2: store.heads().unwrap().unsafe_head,
            l2_time: 1000,
            system_config: SystemConfig {
                batcher_addr: Address::ZERO,
                scalar: B256::ZERO,
                overhead: B256::ZERO,
                gas_limit: 30_000_000,
                eip1559_params: B64::ZERO,
                operator_fee_params: B256::ZERO,
                min_base_fee: 0,
                da_footprint_gas_scalar: 0,
            },
        },
        block_time: 1,
        max_sequencer_drift: 1800,
        seq_window_size: 3600,
        channel_timeout: 50,
        l1_chain_id: 900,
        l2_chain_id: CHAIN_ID,
        forks: RollupForks::ISTHMUS,
        batch_inbox_address: Address::repeat_byte(0xff),
        deposit_contract_address: Address::repeat_byte(1),
        l1_system_config_address: Address::repeat_byte(2),
        chain_op_config: ChainOpConfig { eip1559_elasticity: 6, eip1559_denominator: 250, eip1559_denominator_canyon: 250 },
        time_jumps: false,
    };
    let seen = L1BlockRef { hash: l1.hash, number: l1.number, parent_hash: B256::ZERO, timestamp: 900 };
    let status = L1Status { current: seen, head: seen, safe: seen, finalized: seen };
    RollupView {
        config: Arc::new(config),
        l1: watch::channel(status).1,
        derivation: Arc::new(Derivation::default()),
        network: network(),
        index: None,
        feed: None,
        lost: None,
    }
}

struct Sequencer {
    store: Store,
    spec: Arc<ChainSpec>,
    pool: Arc<Mutex<Pool>>,
    pending: Pending,
    events: broadcast::Sender<Event>,
}

/// What the sequencer does next.
enum Job {
    Execute(Box<Submission>),
    Seal(Vec<BlobSidecar>, oneshot::Sender<B256>),
    Stop,
}

impl Sequencer {
    fn run(self, runtime: &tokio::runtime::Handle, mut submissions: mpsc::Receiver<Submission>, mut seals: mpsc::Receiver<Seal>) {
        let (mut open, mut view) = self.open();
        loop {
            let job = runtime.block_on(async {
                tokio::select! {
                    biased;
                    Some(submission) = submissions.recv() => Job::Execute(Box::new(submission)),
                    seal = seals.recv() => seal.map_or(Job::Stop, |(blobs, reply)| Job::Seal(blobs, reply)),
                }
            });
            match job {
                Job::Execute(submission) => self.execute(&mut open, &view, *submission),
                Job::Seal(blobs, reply) => {
                    let sealed = open.seal().unwrap();
                    self.store.commit(&sealed, &blobs).unwrap();
                    let hash = sealed.hash;
                    (open, view) = self.open();
                    let _ = self.events.send(Event::Sealed(Arc::new(SealedBlock::from(sealed))));
                    let _ = reply.send(hash);
                }
                Job::Stop => return,
            }
        }
    }

    fn open(&self) -> (OpenBlock<Snapshot>, Arc<PendingBlock<Snapshot>>) {
        let snapshot = self.store.latest().unwrap();
        let parent = snapshot.header().clone();
        let rollup = self.spec.is_rollup();
        let attributes = BlockAttributes {
            timestamp: parent.timestamp + if rollup { 1 } else { 2 },
            beneficiary: Address::repeat_byte(0xfe),
            mix_hash: B256::repeat_byte(3),
            gas_limit: 30_000_000,
            extra_data: if rollup {
                ExtraData { eip1559: Eip1559Params { denominator: 250, elasticity: 6 }, min_base_fee: None }.encode()
            } else {
                Bytes::new()
            },
            parent_beacon_block_root: Some(B256::ZERO),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: B64::ZERO,
            ommers: Vec::new(),
        };
        let mut open = OpenBlock::new(&Executor::new(self.spec.clone()), snapshot.clone(), &parent, parent.hash(), attributes).unwrap();
        let view = Arc::new(PendingBlock::new(snapshot, open.header().clone(), open.initial_changes().clone()));
        if rollup {
            let info = L1Info {
                number: 7,
                timestamp: 900,
                base_fee: U256::from(5),
                blob_base_fee: U256::from(1),
                hash: B256::repeat_byte(7),
                sequence_number: parent.number + 1,
                batcher_hash: B256::ZERO,
                base_fee_scalar: 0,
                blob_base_fee_scalar: 0,
                operator_fee_scalar: 0,
                operator_fee_constant: 0,
                da_footprint_gas_scalar: None,
            };
            let deposit = Transaction::from(info.to_deposit());
            let sender = deposit.sender().unwrap();
            let Outcome::Included(included) = open.execute(deposit.clone(), sender, encode(&deposit)).unwrap() else {
                panic!("the L1 attributes were not included");
            };
            publish(&open, &view, deposit, sender, included);
        }
        let _ = self.pending.send(Some(view.clone()));
        (open, view)
    }

    fn execute(&self, open: &mut OpenBlock<Snapshot>, view: &PendingBlock<Snapshot>, submission: Submission) {
        let Submission { tx, reply, .. } = submission;
        let account = open.account(tx.sender).unwrap();
        if tx.nonce() < account.nonce {
            let known = view.transaction(tx.hash).is_some() || self.store.transaction_position(tx.hash).unwrap().is_some();
            let error = if known { PoolError::AlreadyKnown } else { PoolError::NonceTooLow { next: account.nonce, nonce: tx.nonce() } };
            let _ = reply.send(Err(error.into()));
            return;
        }
        if tx.nonce() > account.nonce {
            let state = SenderState { nonce: account.nonce, balance: account.balance, extra: Default::default() };
            let added = self.pool.lock().unwrap().add(tx.clone(), &state);
            let _ = self.events.send(Event::Queued(Arc::new(tx)));
            let _ = reply.send(added.map(|_| Accepted::Queued).map_err(Refusal::from));
            return;
        }
        let sender = tx.sender;
        let outcome = self.include(open, view, &tx);
        loop {
            let nonce = open.account(sender).unwrap().nonce;
            let Some(next) = self.pool.lock().unwrap().take_ready(sender, nonce) else { break };
            self.include(open, view, &next).unwrap();
        }
        let _ = reply.send(outcome);
    }

    fn include(&self, open: &mut OpenBlock<Snapshot>, view: &PendingBlock<Snapshot>, tx: &RecoveredTx) -> Result<Accepted, Refusal> {
        match open.execute((*tx.tx).clone(), tx.sender, tx.encoded.clone()).unwrap() {
            Outcome::Included(included) => {
                let index = included.index;
                let published = publish(open, view, (*tx.tx).clone(), tx.sender, included);
                let _ = self.events.send(Event::Transaction(published));
                Ok(Accepted::Included { index })
            }
            Outcome::Rejected(reason) => Err(reason.into()),
            Outcome::Full => Err(PoolError::GasLimitReached.into()),
        }
    }
}

fn publish(
    open: &OpenBlock<Snapshot>,
    view: &PendingBlock<Snapshot>,
    tx: Transaction,
    sender: Address,
    included: Included,
) -> Arc<PendingTransaction> {
    let receipt = open.receipts().last().unwrap().clone();
    let transaction = PendingTransaction { hash: tx.hash(), tx, sender, receipt, gas_used: included.gas_used };
    view.publish(transaction, included.changes)
}

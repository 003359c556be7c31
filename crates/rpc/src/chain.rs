//! What the server serves: one chain's store, pool and open block, and the way to its sequencer.

use crate::{development::orders::Development, rollup::derivation::Derivation, script_host::ScriptHost};
use alloy_primitives::{Address, B256};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tributary_execution::{Executor, PendingBlock, PendingTransaction};
use tributary_pool::{Pool, RecoveredTx, TxPolicy};
use tributary_primitives::{Block, ChainSpec, ExecutedBlock, L1BlockRef, Receipt, RollupConfig};
use tributary_storage::{Snapshot, Store};

/// One chain as the server sees it. The node makes one for the rollup and one for the embedded L1; every field is a handle to what the
/// node's loops keep up to date.
#[derive(Debug)]
pub struct Chain {
    /// Sealed blocks and states.
    pub store: Store,
    /// The chain's rules.
    pub spec: Arc<ChainSpec>,
    /// What executes calls on it, and its blocks again.
    pub executor: Executor,
    /// Transactions that wait for a block.
    pub pool: Arc<Mutex<Pool>>,
    /// The open block; `None` on a node that builds none.
    pub pending: watch::Receiver<Option<Arc<PendingBlock<Snapshot>>>>,
    /// The way to the loop that executes transactions. A full channel answers "server is busy".
    pub submit: mpsc::Sender<Submission>,
    /// Where the node's loops announce what happened; the server subscribes.
    pub events: broadcast::Sender<Event>,
    /// What only a rollup has.
    pub rollup: Option<RollupView>,
    /// Of an Ethereum chain that answers for its own beacon node; its blobs are then served over HTTP beside JSON-RPC.
    pub beacon: Option<BeaconView>,
    /// What only a development chain has: its users may change accounts, time and history.
    pub development: Option<Arc<Development>>,
    /// Bounds on what a client may ask for.
    pub limits: Limits,
    /// When a transaction becomes visible.
    pub visibility: Visibility,
}

/// When an acknowledged transaction becomes visible to `eth_getTransactionReceipt`, `eth_getTransactionByHash` and the `pending` tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// As soon as it is durable in the open block: its receipt is final but for the block's hash, which is zero until the seal.
    Realtime,
    /// Once its block is sealed, as on Ethereum. Before, it is a pending transaction without a receipt.
    Sealed,
}

/// A decoded transaction on its way to the loop that executes it.
#[derive(Debug)]
pub struct Submission {
    /// When the server handed it over.
    pub arrived: Instant,
    /// The transaction with its sender (and its blobs, where it has some).
    pub tx: RecoveredTx,
    /// Where the loop says what became of it; the client may have gone meanwhile.
    pub reply: oneshot::Sender<Result<Accepted, SubmitError>>,
}

/// What became of a submitted transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Executed and durable, at this position of the open block.
    Included {
        /// Position in the block.
        index: usize,
    },
    /// In the pool: it waits for an earlier nonce or for room in a block.
    Queued,
}

/// Why a submitted transaction was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SubmitError {
    /// JSON-RPC error code.
    pub code: i32,
    /// geth's words.
    pub message: String,
}

impl SubmitError {
    /// The transaction is at fault, in geth's words; trying again does not help (code −32000).
    pub fn rejected(message: impl ToString) -> Self {
        Self { code: crate::error::code::SERVER_ERROR, message: message.to_string() }
    }

    /// The node is at fault (it stops, it is busy); trying again may help (code −32005).
    pub fn unavailable(message: impl ToString) -> Self {
        Self { code: crate::error::code::LIMIT_EXCEEDED, message: message.to_string() }
    }
}

/// What happened to the chain. Sent after it is durable and visible.
#[derive(Debug, Clone)]
pub enum Event {
    /// A block is the new head.
    Sealed(Arc<SealedBlock>),
    /// Blocks left the chain, newest first; `Sealed` events of what replaces them follow.
    Reorg {
        /// The blocks that are gone.
        removed: Vec<Arc<SealedBlock>>,
    },
    /// A transaction was published to the open block.
    Transaction(Arc<PendingTransaction>),
    /// A transaction was accepted into the pool, to be executed later.
    Queued(Arc<RecoveredTx>),
}

/// A sealed block with what subscribers want to know of it.
#[derive(Debug, Clone)]
pub struct SealedBlock {
    /// The block.
    pub block: Block,
    /// Its hash.
    pub hash: B256,
    /// Senders, one per transaction.
    pub senders: Vec<Address>,
    /// Receipts, one per transaction.
    pub receipts: Vec<Receipt>,
}

impl From<ExecutedBlock> for SealedBlock {
    fn from(executed: ExecutedBlock) -> Self {
        let ExecutedBlock { block, hash, senders, receipts, .. } = executed;
        Self { block, hash, senders, receipts }
    }
}

#[cfg(test)]
impl SealedBlock {
    /// A block with one log.
    pub(crate) fn with_log(number: u64, hash: B256, parent_hash: B256) -> Arc<Self> {
        let mut block = Block::default();
        (block.header.number, block.header.parent_hash) = (number, parent_hash);
        block.body.transactions.push(op_alloy_consensus::TxDeposit::default().into());
        let receipt = Receipt {
            tx_type: tributary_primitives::TxType::Deposit,
            outcome: true.into(),
            cumulative_gas_used: 0,
            logs: vec![alloy_primitives::Log::default()],
            deposit_nonce: None,
            deposit_receipt_version: None,
        };
        Arc::new(Self { block, hash, senders: vec![Address::ZERO], receipts: vec![receipt] })
    }
}

/// What a rollup's server knows beside the chain itself.
#[derive(Debug, Clone)]
pub struct RollupView {
    /// `rollup.json`.
    pub config: Arc<RollupConfig>,
    /// How far L1 was seen and derived. The L2 side of `optimism_syncStatus` comes from the store's heads.
    pub l1: watch::Receiver<L1Status>,
    /// What the verifier derived, for `tributary_batchOf` and `tributary_verifierBlock`.
    pub derivation: Arc<Derivation>,
}

/// What a chain that stands in for its own beacon node knows of slots. Slot 0 is the genesis block's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeaconView {
    /// Length of a slot, seconds.
    pub seconds_per_slot: u64,
}

/// The L1 side of `optimism_syncStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Status {
    /// The L1 block up to which derivation has read.
    pub current: L1BlockRef,
    /// The newest L1 block.
    pub head: L1BlockRef,
    /// The newest L1 block that L1 calls safe.
    pub safe: L1BlockRef,
    /// The newest L1 block that is final.
    pub finalized: L1BlockRef,
}

/// Bounds on what clients may ask for, so that none of them can use up the node.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request, bytes.
    pub request_size: u32,
    /// Largest response, bytes.
    pub response_size: u32,
    /// Most calls in one batch.
    pub batch: u32,
    /// Most open connections.
    pub connections: u32,
    /// Requests of more than 64 KiB that are in memory at a time, over all connections; further ones wait in their sockets.
    pub large_requests: usize,
    /// Bytes of answers of more than 64 KiB that wait for their clients at a time, over all connections; an answer beyond is refused.
    pub answer_memory: usize,
    /// Most subscriptions per connection.
    pub subscriptions: u32,
    /// Messages that may wait for a slow subscriber before it is cut off.
    pub backlog: u32,
    /// Gas cap of `eth_call`, `eth_estimateGas`, `eth_createAccessList` and `debug_traceCall`.
    pub call_gas: u64,
    /// Time after which a call is aborted.
    pub call_time: Duration,
    /// Longest time that executing again for a trace may take, whatever a client asks for.
    pub trace_time: Duration,
    /// How long a client may take nothing of what is written to it before it is cut off.
    pub write_time: Duration,
    /// CPU-heavy calls that run at the same time.
    pub workers: usize,
    /// CPU-heavy calls that may wait for a worker; more are refused at once.
    pub waiting: usize,
    /// Most blocks in one `eth_getLogs`.
    pub log_blocks: u64,
    /// Most logs in one answer.
    pub logs: usize,
    /// Most blocks in one `eth_feeHistory`.
    pub fee_history: u64,
    /// Most open filters.
    pub filters: usize,
    /// A filter that is not polled for this long is gone.
    pub filter_life: Duration,
    /// Most slots in one `eth_getProof`.
    pub proof_slots: usize,
    /// Which transactions the node accepts beyond what the chain's rules say.
    pub policy: TxPolicy,
    /// Default and longest wait of `eth_sendRawTransactionSync`.
    pub sync_wait: Duration,
    /// Whether `latest`, to methods that read state or execute, means the open block once it holds a transaction ([`Visibility::Realtime`] only).
    /// Without it, a client that has a receipt does not find its effects until the seal unless it asks for `pending`.
    pub latest_is_open: bool,
    /// Whether the `debug` and `trace` namespaces are served.
    pub debug: bool,
    /// The program that runs clients' JavaScript tracers; `None` refuses them.
    pub scripts: Option<ScriptHost>,
    /// `Host` headers that are answered; `None` answers all. Keeps web pages from reaching a loopback port by DNS rebinding.
    pub hosts: Option<Vec<String>>,
    /// Web origins that may call (CORS); `None` allows all.
    pub origins: Option<Vec<String>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_size: 5 << 20,
            response_size: 32 << 20,
            batch: 1000,
            connections: 1000,
            large_requests: 16,
            answer_memory: 512 << 20,
            subscriptions: 128,
            backlog: 1024,
            call_gas: 50_000_000,
            call_time: Duration::from_secs(5),
            trace_time: Duration::from_secs(30),
            write_time: Duration::from_secs(10),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            waiting: 1024,
            log_blocks: 10_000,
            logs: 20_000,
            fee_history: 1024,
            filters: 1024,
            filter_life: Duration::from_secs(300),
            proof_slots: 1024,
            policy: TxPolicy::default(),
            sync_wait: Duration::from_secs(20),
            latest_is_open: true,
            debug: true,
            scripts: ScriptHost::this_program(),
            hosts: None,
            origins: None,
        }
    }
}

impl Limits {
    /// The `Host` headers under which a server that is bound to `ip` answers: only names of this machine where it is bound to loopback.
    pub fn hosts_for(ip: IpAddr) -> Option<Vec<String>> {
        ip.is_loopback().then(|| vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()])
    }
}

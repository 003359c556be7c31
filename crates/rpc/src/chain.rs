//! What the server serves: one chain's store, pool and open block, and the way to its sequencer.

use crate::{development::orders::Development, script_host::ScriptHost};
use alloy_eips::BlockNumHash;
use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::{broadcast, mpsc, watch};
use tributary_chain::{Derivation, Event, FeedKey, L1Status, LostTransactions, Submission};
use tributary_contracts::L1Contracts;
use tributary_execution::{Executor, PendingBlock};
use tributary_index::Index;
use tributary_pool::{Pool, TxPolicy};
use tributary_primitives::{ChainSpec, RollupConfig};
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
    /// Whether clients may choose [`Endpoint::Realtime`](tributary_chain::Endpoint), at [`REALTIME_PATH`].
    pub realtime: bool,
}

/// The path of the realtime endpoint. Every other path is the ordinary one's.
pub const REALTIME_PATH: &str = "/realtime";

/// Where a rollup's L1 is, and its contracts there.
#[derive(Debug, Clone)]
pub struct Network {
    /// JSON-RPC of the L1, as this node reaches it.
    pub l1_url: String,
    /// This project's contracts on it.
    pub l1_contracts: L1Contracts,
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
    /// Where the L1 is, for `tributary_networkInfo`.
    pub network: Network,
    /// Who, what and why in the economy; `None` where nobody keeps it.
    pub index: Option<IndexView>,
    /// What sealed blocks are signed with for those who follow this node; `None` where it has none to follow.
    pub feed: Option<FeedKey>,
    /// What was acknowledged and lost; `None` on a node that acknowledges nothing.
    pub lost: Option<LostTransactions>,
}

/// The index of the economy, which follows the chain a moment behind.
#[derive(Debug, Clone)]
pub struct IndexView {
    /// The rows.
    pub index: Index,
    /// The block to which it has come.
    pub reached: watch::Receiver<Option<BlockNumHash>>,
}

/// What a chain that stands in for its own beacon node knows of slots. Slot 0 is the genesis block's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeaconView {
    /// Length of a slot, seconds.
    pub seconds_per_slot: u64,
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

//! Bytes that somebody sends to the JSON-RPC server of a small rollup.

use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, B64, B256, Bytes, U256, address, hex};
use serde_json::{Value, value::RawValue};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    sync::{broadcast, mpsc, watch},
};
use tributary_chain::{Endpoint, Refusal, Submission};
use tributary_execution::{Executor, OpenBlock};
use tributary_pool::{Ordering, Pool, PoolLimits};
use tributary_primitives::{BlockAttributes, ChainSpec, Eip1559Params, ExtraData};
use tributary_rpc::{Chain, InProcess, Limits};
use tributary_storage::{Durability, Options, Store};

/// Logs with its calldata's first word as only topic.
const EMITTER: Address = address!("00000000000000000000000000000000000c0002");

/// A server without sockets over a chain of two blocks, and what it lives on.
struct Server {
    runtime: Runtime,
    rpc: InProcess,
    methods: Vec<&'static str>,
    _directory: TempDir,
}

static SERVER: LazyLock<Mutex<Server>> = LazyLock::new(|| Mutex::new(Server::new()));

impl Server {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let mut genesis = Genesis { gas_limit: 30_000_000, base_fee_per_gas: Some(1000), timestamp: 1000, ..Default::default() };
        genesis.config.chain_id = 630_925;
        let code = Bytes::from_static(&hex!("60003560006000a100"));
        genesis.alloc.insert(EMITTER, GenesisAccount::default().with_code(Some(code)).with_balance(U256::MAX >> 8));
        let spec = Arc::new(ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 2 }));
        let options = Options { durability: Durability::Relaxed, map_size: 1 << 28, ..Options::default() };
        let store = Store::open(directory.path(), spec.clone(), options).expect("a store");
        seal(&store, &spec);
        let (submit, mut submissions) = mpsc::channel::<Submission>(16);
        runtime.spawn(async move {
            while let Some(submission) = submissions.recv().await {
                let _ = submission.reply.send(Err(Refusal::NotTaken));
            }
        });
        let limits = Limits { call_gas: 1_000_000, sync_wait: std::time::Duration::from_millis(10), ..Limits::default() };
        let chain = chain(store, spec, submit, limits);
        let rpc = InProcess::new(Arc::new(chain), Endpoint::Realtime).expect("a server");
        Self { methods: rpc.methods(), runtime, rpc, _directory: directory }
    }

    /// Asks, and holds the answer against what holds for all answers.
    fn ask(&self, body: &[u8]) {
        let Some(answer) = self.runtime.block_on(self.rpc.answer(body)) else { return };
        // Values as they stand: an id comes back as it came, and may be a number that no type holds.
        type Fields = BTreeMap<String, Box<RawValue>>;
        let answers: Vec<Fields> = match answer.starts_with('[') {
            true => serde_json::from_str(&answer).expect("an answer is JSON"),
            false => vec![serde_json::from_str(&answer).expect("an answer is JSON")],
        };
        for fields in answers {
            assert!(fields.contains_key("result") != fields.contains_key("error"), "{answer}");
            let error: Value =
                fields.get("error").map_or(Value::Null, |error| serde_json::from_str(error.get()).expect("an error is JSON"));
            let words = error["message"].as_str().unwrap_or_default();
            assert!(!["internal error", "method handler crashed"].contains(&words), "{answer}");
        }
    }

    /// Calls a method with these parameters, if they are JSON.
    fn call(&self, method: &str, params: &str) {
        self.ask(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#).as_bytes());
    }
}

fn seal(store: &Store, spec: &Arc<ChainSpec>) {
    let snapshot = store.latest().expect("genesis");
    let parent = snapshot.header().clone();
    let attributes = BlockAttributes {
        timestamp: parent.timestamp + 1,
        beneficiary: Address::repeat_byte(0xfe),
        mix_hash: B256::repeat_byte(3),
        gas_limit: 30_000_000,
        extra_data: ExtraData { eip1559: Eip1559Params { denominator: 250, elasticity: 2 }, min_base_fee: None }.encode(),
        parent_beacon_block_root: Some(B256::ZERO),
        withdrawals: Some(Default::default()),
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        ommers: Vec::new(),
    };
    let open = OpenBlock::new(&Executor::new(spec.clone()), snapshot, &parent, parent.hash(), attributes).expect("an open block");
    store.commit(&open.seal().expect("a block"), &[]).expect("a stored block");
}

fn chain(store: Store, spec: Arc<ChainSpec>, submit: mpsc::Sender<Submission>, limits: Limits) -> Chain {
    Chain {
        store,
        executor: Executor::new(spec.clone()),
        spec,
        pool: Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder))),
        pending: watch::channel(None).1,
        submit,
        events: broadcast::channel(16).0,
        rollup: None,
        beacon: None,
        development: None,
        limits,
        realtime: true,
    }
}

fn with_server(ask: impl FnOnce(&Server)) {
    ask(&SERVER.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
}

/// The bytes are the body of a request.
pub fn rpc_request(data: &[u8]) {
    with_server(|server| server.ask(data));
}

/// The first byte names a method, the others are its parameters.
pub fn rpc_parameters(data: &[u8]) {
    let Some((first, params)) = data.split_first() else { return };
    let Ok(params) = std::str::from_utf8(params) else { return };
    with_server(|server| server.call(server.methods[usize::from(*first) % server.methods.len()], params));
}

/// The bytes are a filter of logs: asked for, subscribed to by polling, and polled.
pub fn filter(data: &[u8]) {
    let Ok(filter) = std::str::from_utf8(data) else { return };
    with_server(|server| {
        server.call("eth_getLogs", &format!("[{filter}]"));
        let open = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"eth_newFilter","params":[{filter}]}}"#);
        let answer = server.runtime.block_on(server.rpc.answer(open.as_bytes())).unwrap_or_default();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        if let Some(id) = answer["result"].as_str() {
            for method in ["eth_getFilterChanges", "eth_getFilterLogs", "eth_uninstallFilter"] {
                server.call(method, &format!(r#"["{id}"]"#));
            }
        }
    });
}

//! The sender against a small chain that takes its time, forgets, and lets others interfere.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use alloy_consensus::{
    EthereumTxEnvelope, Header, Receipt, ReceiptEnvelope, Transaction as _, TxEip4844WithSidecar, TxType, transaction::SignerRecoverable,
};
use alloy_eips::{Decodable2718, eip4844::env_settings::EnvKzgSettings, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use axum::{body::Body, http::Response};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use support::{Call, blob, client, fault, key, receipt_json, result, serve};
use tributary_l1::{Error, FeeLimits, L1Sender, SenderConfig, SidecarFormat, TxRequest};

/// A transaction in network form, with sidecars of both kinds.
type PooledTransaction = EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;

/// A block: header and the transactions in it.
#[derive(Clone)]
struct Mined {
    header: Header,
    transactions: Vec<PooledTransaction>,
}

/// What happens to the chain after a block.
type OnMined = Box<dyn FnMut(&mut Chain) + Send>;

/// One account's view of an L1. Each question for a receipt is a moment in which a block is mined.
struct Chain {
    blocks: Vec<Mined>,
    mempool: BTreeMap<u64, PooledTransaction>,
    /// Every transaction that was ever handed in.
    handed_in: Vec<PooledTransaction>,
    /// Least fee cap, and least blob fee cap, that gets into a block.
    floor: u128,
    blob_floor: u128,
    /// What `eth_feeHistory` claims.
    claimed_base_fee: u128,
    mining: bool,
    status: bool,
    /// Changes block hashes, so that a reorged block differs.
    salt: u64,
    on_mined: Option<OnMined>,
    /// Answers the next submissions instead of the chain.
    refusals: Vec<Response<Body>>,
    most_waiting: usize,
    /// Whether blobs must be proved by cells, and whether `eth_config` is there to say so.
    osaka: bool,
    tells_forks: bool,
}

impl Chain {
    fn new() -> Self {
        let genesis = Mined { header: Header::default(), transactions: Vec::new() };
        Self {
            blocks: vec![genesis],
            mempool: BTreeMap::new(),
            handed_in: Vec::new(),
            floor: 0,
            blob_floor: 0,
            claimed_base_fee: 100,
            mining: true,
            status: true,
            salt: 0,
            on_mined: None,
            refusals: Vec::new(),
            most_waiting: 0,
            osaka: false,
            tells_forks: false,
        }
    }

    fn nonce(&self) -> u64 {
        self.blocks.iter().map(|block| block.transactions.len() as u64).sum()
    }

    fn mine(&mut self) {
        let mut nonce = self.nonce();
        let mut transactions = Vec::new();
        while let Some(tx) = self.mempool.get(&nonce) {
            let pays_blobs = tx.max_fee_per_blob_gas().is_none_or(|cap| cap >= self.blob_floor);
            if tx.max_fee_per_gas() < self.floor || !pays_blobs {
                break;
            }
            transactions.extend(self.mempool.remove(&nonce));
            nonce += 1;
        }
        let parent = &self.blocks.last().unwrap().header;
        let header = Header { number: parent.number + 1, parent_hash: parent.hash_slow(), timestamp: self.salt, ..Default::default() };
        self.blocks.push(Mined { header, transactions });
        if let Some(mut callback) = self.on_mined.take() {
            callback(self);
            self.on_mined.get_or_insert(callback);
        }
    }

    /// Throws out the last `count` blocks; their transactions are forgotten altogether.
    fn reorg(&mut self, count: usize) {
        self.blocks.truncate(self.blocks.len() - count);
        self.salt += 1;
    }

    fn submit(&mut self, raw: &[u8]) -> Response<Body> {
        if let Some(refusal) = self.refusals.pop() {
            return refusal;
        }
        let tx = PooledTransaction::decode_2718_exact(raw).unwrap();
        assert_eq!(tx.chain_id(), Some(1));
        assert_eq!(tx.recover_signer().unwrap(), key(1).address());
        if tx.nonce() < self.nonce() {
            return fault(-32000, "nonce too low: next nonce 1, tx nonce 0");
        }
        let has_blobs = |tx: &PooledTransaction| tx.blob_versioned_hashes().is_some();
        if self.mempool.values().any(|other| has_blobs(other) != has_blobs(&tx)) {
            return fault(-32000, "address already reserved");
        }
        if let PooledTransaction::Eip4844(blobs) = &tx
            && blobs.tx().sidecar.is_eip7594() != self.osaka
        {
            let words = if self.osaka { "unexpected eip-4844 sidecar after osaka" } else { "unexpected sidecar version, want: 0, got: 1" };
            return fault(-32000, words);
        }
        if let Some(old) = self.mempool.get(&tx.nonce()) {
            if old.hash() == tx.hash() {
                return fault(-32000, "already known");
            }
            let percent = if old.blob_versioned_hashes().is_some() || tx.blob_versioned_hashes().is_some() { 200 } else { 110 };
            let enough = |new: u128, old: u128| new * 100 >= old * percent;
            let blob_fees = (tx.max_fee_per_blob_gas().unwrap_or(u128::MAX >> 8), old.max_fee_per_blob_gas().unwrap_or(0));
            let tips = (tx.priority_fee_or_price(), old.priority_fee_or_price());
            let pays = enough(tx.max_fee_per_gas(), old.max_fee_per_gas()) && enough(tips.0, tips.1) && enough(blob_fees.0, blob_fees.1);
            if !pays {
                return fault(-32000, "replacement transaction underpriced");
            }
        }
        let hash = *tx.hash();
        self.handed_in.push(tx.clone());
        self.mempool.insert(tx.nonce(), tx);
        self.most_waiting = self.most_waiting.max(self.mempool.len());
        result(json!(hash))
    }

    fn receipt(&mut self, hash: B256) -> Value {
        if self.mining {
            self.mine();
        }
        let holds = |block: &&Mined| block.transactions.iter().any(|tx| *tx.hash() == hash);
        let Some(block) = self.blocks.iter().find(holds) else { return Value::Null };
        let inner = Receipt { status: self.status.into(), cumulative_gas_used: 21_000, logs: Vec::new() };
        receipt_json(&ReceiptEnvelope::from_typed(TxType::Eip1559, inner), hash, block.header.hash_slow(), block.header.number)
    }

    fn answer(&mut self, call: &Call) -> Response<Body> {
        match call.method.as_str() {
            "eth_chainId" => result(json!("0x1")),
            "eth_getTransactionCount" => result(json!(U64::from(self.nonce()))),
            "eth_estimateGas" => result(json!("0x5208")),
            "eth_feeHistory" => {
                let fee = format!("{:#x}", self.claimed_base_fee);
                result(json!({
                    "oldestBlock": "0x0", "gasUsedRatio": [0.5], "reward": [["0x1"]],
                    "baseFeePerGas": [fee, fee], "baseFeePerBlobGas": ["0x1", "0x1"]
                }))
            }
            "eth_sendRawTransaction" => {
                let raw: Bytes = serde_json::from_value(call.params[0].clone()).unwrap();
                self.submit(&raw)
            }
            "eth_getTransactionReceipt" => {
                let hash = serde_json::from_value(call.params[0].clone()).unwrap();
                result(self.receipt(hash))
            }
            "eth_getBlockByNumber" => {
                let number = serde_json::from_value::<U64>(call.params[0].clone()).map_or(usize::MAX, |number| number.to());
                let block = self.blocks.get(number.min(self.blocks.len() - 1)).unwrap();
                result(serde_json::to_value(alloy_rpc_types_eth::Header::new(block.header.clone())).unwrap())
            }
            "eth_config" if self.tells_forks => {
                let precompiles = if self.osaka { json!({ "P256VERIFY": Address::left_padding_from(&[1, 0]) }) } else { json!({}) };
                let current = json!({ "activationTime": 0, "blobSchedule": null, "chainId": "0x1", "forkId": "0x00000000", "precompiles": precompiles });
                result(json!({ "current": current, "next": null, "last": null }))
            }
            "eth_config" => fault(-32601, "the method eth_config does not exist/is not available"),
            other => panic!("unexpected {other}"),
        }
    }

    fn included(&self) -> Vec<PooledTransaction> {
        self.blocks.iter().flat_map(|block| block.transactions.clone()).collect()
    }
}

/// A chain that a sender can reach.
#[derive(Clone)]
struct Network {
    chain: Arc<Mutex<Chain>>,
    url: String,
}

impl Network {
    async fn new() -> Self {
        let chain = Arc::new(Mutex::new(Chain::new()));
        let served = chain.clone();
        let url = serve(move |call| served.lock().unwrap().answer(&call)).await;
        Self { chain, url }
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap()
    }

    async fn sender(&self, config: SenderConfig) -> L1Sender {
        L1Sender::new(client(&self.url), key(1), config).await.unwrap()
    }
}

/// As impatient as can be.
fn config() -> SenderConfig {
    let fees = FeeLimits { min_tip: 10, max_fee: 1_000_000, max_blob_fee: 1_000_000 };
    SenderConfig { poll: Duration::from_millis(1), resubmit_after: Duration::ZERO, fees, ..Default::default() }
}

fn payment(wei: u64) -> TxRequest {
    TxRequest::transfer(Address::repeat_byte(5), U256::from(wei))
}

#[tokio::test]
async fn a_transaction_returns_once_enough_blocks_are_on_it() {
    let network = Network::new().await;
    let sender = network.sender(SenderConfig { confirmations: 5, ..config() }).await;
    let receipt = sender.send(payment(7)).await.unwrap();
    assert!(network.chain().blocks.len() as u64 >= receipt.block_number.unwrap() + 5);
    let chain = network.chain();
    assert_eq!(chain.included()[0].value(), U256::from(7));
    assert_eq!(chain.included()[0].gas_limit(), 21_000);
}

#[tokio::test]
async fn many_at_once_get_one_nonce_each_and_stay_within_the_bound() {
    let network = Network::new().await;
    let sender = Arc::new(network.sender(SenderConfig { max_in_flight: 3, ..config() }).await);
    let tasks: Vec<_> = (0..20)
        .map(|index| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(payment(index)).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let chain = network.chain();
    let mut values: Vec<_> = chain.included().iter().map(|tx| tx.value().to::<u64>()).collect();
    values.sort_unstable();
    assert_eq!(values, (0..20).collect::<Vec<_>>());
    assert!(chain.most_waiting <= 3);
}

#[tokio::test]
async fn a_stuck_transaction_offers_more_until_it_is_included() {
    let network = Network::new().await;
    network.chain().floor = 2_000;
    let sender = network.sender(config()).await;
    let receipt = sender.send(payment(1)).await.unwrap();
    let chain = network.chain();
    assert_eq!(chain.included().len(), 1);
    assert_eq!(*chain.included()[0].hash(), receipt.transaction_hash);
    assert!(chain.handed_in.len() > 5 && chain.handed_in.iter().all(|tx| tx.nonce() == 0));
}

#[tokio::test]
async fn a_transaction_never_offers_more_than_the_limit() {
    let network = Network::new().await;
    network.chain().floor = 1_001;
    let fees = FeeLimits { min_tip: 1, max_fee: 1_000, max_blob_fee: 1 };
    let sender = network.sender(SenderConfig { fees, ..config() }).await;
    let sending = tokio::spawn(async move { sender.send(payment(1)).await });
    while network.chain().blocks.len() < 100 {
        tokio::task::yield_now().await;
    }
    assert!(network.chain().handed_in.iter().all(|tx| tx.max_fee_per_gas() <= 1_000));
    // It waits on and is included when the price falls.
    network.chain().floor = 100;
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn blobs_are_proved_in_both_formats_and_bumped_twofold() {
    for (sidecar, floor) in [(SidecarFormat::BlobProofs, 1), (SidecarFormat::CellProofs, 1), (SidecarFormat::BlobProofs, 30)] {
        let network = Network::new().await;
        network.chain().blob_floor = floor;
        network.chain().osaka = sidecar == SidecarFormat::CellProofs;
        let sender = network.sender(SenderConfig { sidecar, ..config() }).await;
        sender.send(TxRequest::blobs(support::INBOX, vec![blob(1), blob(2)])).await.unwrap();
        let chain = network.chain();
        let PooledTransaction::Eip4844(tx) = &chain.included()[0] else { panic!("no blob transaction") };
        let TxEip4844WithSidecar { tx, sidecar } = tx.tx();
        assert_eq!(sidecar.blobs(), [blob(1), blob(2)]);
        sidecar.validate(&tx.blob_versioned_hashes, EnvKzgSettings::Default.get()).unwrap();
        assert_eq!(chain.handed_in.len() > 1, floor > 2);
    }
}

#[tokio::test]
async fn blobs_are_proved_as_the_l1_says_or_as_it_refuses() {
    for (osaka, tells_forks) in [(false, false), (false, true), (true, false), (true, true)] {
        let network = Network::new().await;
        (network.chain().osaka, network.chain().tells_forks) = (osaka, tells_forks);
        let sender = network.sender(config()).await;
        for _ in 0..2 {
            sender.send(TxRequest::blobs(support::INBOX, vec![blob(1)])).await.unwrap();
        }
        let chain = network.chain();
        let is_by_cells = |tx: &PooledTransaction| matches!(tx, PooledTransaction::Eip4844(tx) if tx.tx().sidecar.is_eip7594());
        assert_eq!(chain.included().iter().filter(|tx| is_by_cells(tx) == osaka).count(), 2);
    }
}

#[tokio::test]
async fn a_fork_that_comes_while_blobs_wait_is_answered_with_other_proofs() {
    let network = Network::new().await;
    network.chain().blob_floor = 30;
    let mut blocks = 0;
    network.chain().on_mined = Some(Box::new(move |chain| {
        blocks += 1;
        if blocks == 2 {
            // Nodes throw out what is proved in the old way.
            chain.osaka = true;
            chain.mempool.clear();
        }
    }));
    let sender = network.sender(config()).await;
    sender.send(TxRequest::blobs(support::INBOX, vec![blob(1)])).await.unwrap();
    let chain = network.chain();
    let PooledTransaction::Eip4844(tx) = &chain.included()[0] else { panic!("no blob transaction") };
    assert!(tx.tx().sidecar.is_eip7594());
}

#[tokio::test]
async fn a_gap_before_blobs_is_filled_with_a_blob() {
    let network = Network::new().await;
    let sender = network.sender(config()).await;
    sender.send(TxRequest::blobs(support::INBOX, vec![blob(1)])).await.unwrap();
    let blocks = network.chain().blocks.len();
    network.chain().reorg(blocks - 1);
    sender.send(TxRequest::blobs(support::INBOX, vec![blob(2)])).await.unwrap();
    let chain = network.chain();
    let included: Vec<_> =
        chain.included().iter().map(|tx| (tx.nonce(), tx.to().unwrap(), tx.blob_versioned_hashes().map(<[_]>::len))).collect();
    assert_eq!(included, [(0, key(1).address(), Some(1)), (1, support::INBOX, Some(1))]);
}

#[tokio::test]
async fn what_waits_of_the_other_kind_from_before_a_restart_is_replaced_in_kind() {
    let blobs = || TxRequest::blobs(support::INBOX, vec![blob(1)]);
    for (lost, ours) in [(payment(1), blobs()), (blobs(), payment(2))] {
        let network = Network::new().await;
        (network.chain().floor, network.chain().mining) = (1_000, false);
        let before = network.sender(SenderConfig { resubmit_after: Duration::MAX, ..config() }).await;
        let losing = tokio::spawn(async move { before.send(lost).await });
        while network.chain().handed_in.is_empty() {
            tokio::task::yield_now().await;
        }
        losing.abort();
        network.chain().mining = true;
        let after = network.sender(config()).await;
        let waiting = tokio::spawn(async move { after.send(ours).await });
        while network.chain().handed_in.len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Nobody asks for receipts while the other kind waits; time goes on by itself, and prices fall.
        network.chain().floor = 0;
        while !waiting.is_finished() {
            network.chain().mine();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        waiting.await.unwrap().unwrap();
        assert_eq!(network.chain().included()[0].to(), Some(key(1).address()));
        let nonces: Vec<_> = network.chain().included().iter().map(|tx| tx.nonce()).collect();
        assert_eq!(nonces, [0, 1]);
        let has_blobs: Vec<_> = network.chain().included().iter().map(|tx| tx.blob_versioned_hashes().is_some()).collect();
        assert_ne!(has_blobs[0], has_blobs[1]);
    }
}

#[tokio::test]
async fn payments_and_blobs_at_once_take_turns() {
    let network = Network::new().await;
    let sender = Arc::new(network.sender(config()).await);
    let sends = (0..6).map(|index| {
        let sender = sender.clone();
        let request = if index % 2 == 0 { payment(index) } else { TxRequest::blobs(support::INBOX, vec![blob(index as u8)]) };
        tokio::spawn(async move { sender.send(request).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap().unwrap();
    }
    assert_eq!(network.chain().included().len(), 6);
}

#[tokio::test]
async fn a_sender_signs_for_no_chain_but_the_one_it_was_told() {
    let network = Network::new().await;
    let other = L1Sender::new(client(&network.url), key(1), SenderConfig { chain_id: Some(2), ..config() }).await.unwrap_err();
    assert_eq!(other.severity(), tributary_l1::Severity::Permanent);
    assert!(other.to_string().contains("its chain id is 1, expected 2"), "{other}");
    // An L1 that is away is no reason not to start; what it says when it is back is compared.
    let away = Arc::new(Mutex::new(true));
    let (is_away, served) = (away.clone(), network.chain.clone());
    let url = serve(move |call| match *is_away.lock().unwrap() {
        true => support::answer(axum::http::StatusCode::BAD_GATEWAY, ""),
        false => served.lock().unwrap().answer(&call),
    });
    let url = url.await;
    let unsure = L1Sender::new(client(&url), key(1), config()).await.unwrap_err();
    assert!(unsure.is_retryable());
    let right = L1Sender::new(client(&url), key(1), SenderConfig { chain_id: Some(1), ..config() }).await.unwrap();
    let wrong = L1Sender::new(client(&url), key(1), SenderConfig { chain_id: Some(2), ..config() }).await.unwrap();
    *away.lock().unwrap() = false;
    right.send(payment(1)).await.unwrap();
    let error = wrong.send(payment(1)).await.unwrap_err();
    assert!(error.to_string().contains("expected 2"), "{error}");
    assert_eq!(network.chain().included().len(), 1);
}

#[tokio::test]
async fn after_a_reorg_the_transaction_is_sent_again() {
    let network = Network::new().await;
    let mut reorgs = 0;
    network.chain().on_mined = Some(Box::new(move |chain| {
        if reorgs < 2 && !chain.included().is_empty() {
            reorgs += 1;
            chain.reorg(1);
        }
    }));
    let sender = network.sender(SenderConfig { confirmations: 3, ..config() }).await;
    let receipt = sender.send(payment(7)).await.unwrap();
    let chain = network.chain();
    assert_eq!(chain.salt, 2);
    assert_eq!(chain.included().len(), 1);
    let block = &chain.blocks[receipt.block_number.unwrap() as usize];
    assert_eq!(Some(block.header.hash_slow()), receipt.block_hash);
}

#[tokio::test]
async fn a_nonce_that_somebody_else_used_is_replaced_by_another() {
    let network = Network::new().await;
    network.chain().mining = false;
    let first = network.sender(config()).await;
    let second = network.sender(config()).await;
    // Two processes with one key: both take nonce 0, the second one's fees being higher.
    let one = tokio::spawn(async move { first.send(payment(1)).await });
    while network.chain().handed_in.is_empty() {
        tokio::task::yield_now().await;
    }
    let two = tokio::spawn(async move { second.send(payment(2)).await });
    while network.chain().handed_in.iter().all(|tx| tx.value() != U256::from(2)) {
        tokio::task::yield_now().await;
    }
    network.chain().mining = true;
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    let chain = network.chain();
    let mut values: Vec<_> = chain.included().iter().map(|tx| tx.value().to::<u64>()).collect();
    values.sort_unstable();
    assert_eq!(values, [1, 2]);
}

#[tokio::test]
async fn a_refused_transaction_leaves_no_gap() {
    let network = Network::new().await;
    let sender = network.sender(config()).await;
    network.chain().refusals.push(fault(-32000, "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1"));
    let error = sender.send(payment(1)).await.unwrap_err();
    assert!(matches!(error, Error::Node(tributary_client::Error::Rejected { .. })), "{error}");
    sender.send(payment(2)).await.unwrap();
    assert_eq!(network.chain().included()[0].nonce(), 0);
}

#[tokio::test]
async fn a_node_that_takes_no_nonce_does_not_keep_us_for_ever() {
    let network = Network::new().await;
    let sender = network.sender(config()).await;
    network.chain().refusals = (0..1_000).map(|_| fault(-32000, "nonce too low")).collect();
    assert!(matches!(sender.send(payment(1)).await, Err(Error::Inconsistent(_))));
}

#[tokio::test]
async fn what_waits_from_before_a_restart_is_replaced() {
    let network = Network::new().await;
    network.chain().floor = 1_000;
    network.chain().mining = false;
    let before = network.sender(SenderConfig { resubmit_after: Duration::MAX, ..config() }).await;
    let lost = tokio::spawn(async move { before.send(payment(1)).await });
    while network.chain().handed_in.is_empty() {
        tokio::task::yield_now().await;
    }
    lost.abort();
    network.chain().mining = true;
    let after = network.sender(config()).await;
    after.send(payment(2)).await.unwrap();
    let chain = network.chain();
    assert_eq!(chain.included().len(), 1);
    assert_eq!(chain.included()[0].value(), U256::from(2));
}

#[tokio::test]
async fn a_gap_that_a_deep_reorg_left_is_filled() {
    let network = Network::new().await;
    let sender = network.sender(config()).await;
    sender.send(payment(1)).await.unwrap();
    sender.send(payment(2)).await.unwrap();
    // Both were confirmed, so that nobody waits for them any more.
    let blocks = network.chain().blocks.len();
    network.chain().reorg(blocks - 1);
    sender.send(payment(3)).await.unwrap();
    let chain = network.chain();
    let included: Vec<_> = chain.included().iter().map(|tx| (tx.nonce(), tx.value().to::<u64>())).collect();
    assert_eq!(included, [(0, 0), (1, 0), (2, 3)]);
    assert_eq!(chain.included()[0].to(), Some(key(1).address()));
}

#[tokio::test]
async fn a_failed_transaction_is_a_receipt_or_an_error_as_one_asks() {
    let network = Network::new().await;
    network.chain().status = false;
    let sender = network.sender(config()).await;
    assert!(!sender.send(payment(1)).await.unwrap().status());
    assert!(matches!(sender.execute(payment(1)).await, Err(Error::Reverted(_))));
    assert!(matches!(sender.deploy(vec![0xfe]).await, Err(Error::Reverted(_))));
    network.chain().status = true;
    let (address, _) = sender.deploy(vec![0x00]).await.unwrap();
    assert_eq!(address, Address::repeat_byte(0xc0));
    assert!(network.chain().included().last().unwrap().is_create());
}

#[tokio::test]
async fn the_key_is_never_printed() {
    let network = Network::new().await;
    let text = format!("{:?}", network.sender(config()).await);
    assert!(text.contains(&key(1).address().to_string().to_lowercase()) && !text.contains("0101010101"), "{text}");
}

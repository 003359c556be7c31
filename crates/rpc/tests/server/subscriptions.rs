use crate::{
    rig::{EMITTER, Rig},
    wire::Socket,
};
use alloy_primitives::B256;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tributary_chain::{Event, SealedBlock};
use tributary_rpc::{Chain, Limits, serve};

#[tokio::test(flavor = "multi_thread")]
async fn heads_logs_and_transactions_come_as_they_happen() {
    let rig = Rig::rollup().await;
    let (mut heads, mut logs, mut pending, mut whole) = (
        Socket::connect(rig.address).await,
        Socket::connect(rig.address).await,
        Socket::connect(rig.address).await,
        Socket::connect(rig.address).await,
    );
    let of_heads = heads.call("eth_subscribe", json!(["newHeads"])).await;
    let of_logs = logs.call("eth_subscribe", json!(["logs", { "address": EMITTER, "topics": [B256::with_last_byte(1)] }])).await;
    let of_pending = pending.call("eth_subscribe", json!(["newPendingTransactions"])).await;
    let of_whole = whole.call("eth_subscribe", json!(["newPendingTransactions", true])).await;
    assert!(of_heads.as_str().unwrap().starts_with("0x"));

    let hash = rig.send(0, 0, EMITTER, B256::with_last_byte(1).to_vec()).await;
    assert_eq!(pending.notification(&of_pending).await, hash);
    assert_eq!(whole.notification(&of_whole).await["hash"], hash);
    let block = rig.seal().await;
    let head = heads.notification(&of_heads).await;
    assert_eq!((&head["hash"], &head["number"]), (&json!(block), &json!("0x1")));
    let log = logs.notification(&of_logs).await;
    assert_eq!(log, rig.ok("eth_getLogs", json!([{ "blockHash": block }])).await[0]);

    assert_eq!(heads.call("eth_unsubscribe", json!([of_heads])).await, true);
    rig.seal().await;
    assert_eq!(heads.call("eth_blockNumber", json!([])).await, "0x2", "no notification comes in between");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_a_block_that_left_the_chain_are_told_as_removed() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["logs"])).await;
    rig.send(0, 0, EMITTER, B256::with_last_byte(1).to_vec()).await;
    let hash = rig.seal().await;
    let added = socket.notification(&subscription).await;
    let stored = rig.chain.store.block(hash).unwrap().unwrap();
    let receipts = rig.chain.store.receipts(hash).unwrap().unwrap();
    let removed = SealedBlock { block: stored.block, hash, senders: stored.senders, receipts };
    rig.chain.events.send(Event::Reorg { removed: vec![Arc::new(removed)] }).unwrap();
    let mut gone = socket.notification(&subscription).await;
    assert_eq!((&added["removed"], &gone["removed"]), (&json!(false), &json!(true)));
    gone["removed"] = json!(false);
    assert_eq!(added, gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_topics_are_refused() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    socket.send("eth_subscribe", json!(["newMoons"])).await;
    assert_eq!(socket.next().await.unwrap()["error"]["code"], -32601);
}

/// Sends a log with this topic.
async fn emit(rig: &Rig, nonce: u64, topic: u8) {
    rig.send(0, nonce, EMITTER, B256::with_last_byte(topic).to_vec()).await;
}

fn place(log: &Value) -> (Value, Value) {
    (log["blockNumber"].clone(), log["logIndex"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_to_logs_begins_at_the_block_that_it_names() {
    let rig = Rig::rollup().await;
    for nonce in 0..4 {
        emit(&rig, nonce, 1 + (nonce % 2) as u8).await;
        rig.seal().await;
    }
    let mut socket = Socket::connect(rig.address).await;
    let filter = json!({ "fromBlock": "0x2", "topics": [[B256::with_last_byte(1), B256::with_last_byte(2)]] });
    let subscription = socket.call("eth_subscribe", json!(["logs", filter])).await;
    for number in ["0x2", "0x3", "0x4"] {
        assert_eq!(place(&socket.notification(&subscription).await), (json!(number), json!("0x0")));
    }
    emit(&rig, 4, 1).await;
    rig.seal().await;
    assert_eq!(place(&socket.notification(&subscription).await), (json!("0x5"), json!("0x0")));
    let until = socket.call("eth_subscribe", json!(["logs", { "fromBlock": "earliest", "toBlock": "0x1" }])).await;
    assert_eq!(place(&socket.notification(&until).await), (json!("0x1"), json!("0x0")));
    emit(&rig, 5, 1).await;
    rig.seal().await;
    assert_eq!(place(&socket.notification(&subscription).await).0, json!("0x6"), "and nothing of the other");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_goes_on_after_the_last_log_that_it_has() {
    let rig = Rig::rollup().await;
    for nonce in 0..3 {
        emit(&rig, nonce, 1).await;
    }
    rig.seal().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["logs", { "fromBlock": "0x0" }])).await;
    let seen = socket.notification(&subscription).await;
    assert_eq!(place(&seen), (json!("0x1"), json!("0x0")));
    drop(socket);
    emit(&rig, 3, 1).await;
    rig.seal().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["logs", { "after": seen }])).await;
    for (number, index) in [("0x1", "0x1"), ("0x1", "0x2"), ("0x2", "0x0")] {
        assert_eq!(place(&socket.notification(&subscription).await), (json!(number), json!(index)));
    }
    let mut gone = seen;
    gone["blockHash"] = json!(B256::repeat_byte(5));
    socket.send("eth_subscribe", json!(["logs", { "after": gone }])).await;
    let refused = socket.next().await.unwrap();
    assert_eq!(refused["error"]["code"], -32000);
    assert!(refused["error"]["message"].as_str().unwrap().contains("begin again after block 0x0, which is final"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_loses_its_connection_again_and_again_has_every_log_once() {
    let rig = Arc::new(Rig::rollup().await);
    let chain = tokio::spawn({
        let rig = rig.clone();
        async move {
            for nonce in 0..60 {
                emit(&rig, nonce, 1).await;
                if nonce % 3 != 0 {
                    rig.seal().await;
                }
            }
            rig.seal().await;
        }
    });
    let mut logs: Vec<Value> = Vec::new();
    let mut patience = 0;
    while logs.len() < 60 {
        let mut socket = Socket::connect(rig.address).await;
        let from = logs.last().map_or_else(|| json!({ "fromBlock": "0x0" }), |last| json!({ "after": last }));
        let subscription = socket.call("eth_subscribe", json!(["logs", from])).await;
        patience = patience % 5 + 1;
        for _ in 0..patience.min(60 - logs.len()) {
            logs.push(socket.notification(&subscription).await);
        }
    }
    chain.await.unwrap();
    assert_eq!(json!(logs), rig.ok("eth_getLogs", json!([{ "fromBlock": "0x0" }])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_logs_that_missed_events_is_told_of_their_blocks_nevertheless() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["logs"])).await;
    let waiting = rig.sign(1, 5, alloy_primitives::TxKind::Call(EMITTER), alloy_primitives::Bytes::new());
    let waiting = Arc::new(tributary_pool::RecoveredTx::decode(&waiting).unwrap());
    for nonce in 0..5 {
        emit(&rig, nonce, 1).await;
        rig.seal().await;
        // More than the channel holds, at once.
        for _ in 0..3000 {
            rig.chain.events.send(Event::Queued(waiting.clone())).unwrap();
        }
    }
    for number in 1..=5 {
        assert_eq!(place(&socket.notification(&subscription).await), (json!(format!("{number:#x}")), json!("0x0")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_no_subscription_can_have_are_refused() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    for (filter, words) in [
        (json!({ "fromBlock": "pending" }), "pending logs are not supported"),
        (json!({ "fromBlock": "0x5", "toBlock": "0x4" }), "invalid block range params"),
        (json!({ "toBlock": "0x4" }), "invalid block range params"),
    ] {
        socket.send("eth_subscribe", json!(["logs", filter])).await;
        let error = &socket.next().await.unwrap()["error"];
        assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!(words)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_behind_says_so_at_once() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["syncing"])).await;
    assert_eq!(socket.notification(&subscription).await, json!(false));
    rig.seal().await;
    assert_eq!(socket.call("eth_syncing", json!([])).await, json!(false), "and nothing in between");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_older_than_l1_is_behind_until_it_has_caught_up() {
    let rig = Rig::rollup().await;
    let of = &rig.chain;
    let mut view = of.rollup.clone().unwrap();
    let mut status = *view.l1.borrow();
    // The rig's blocks are of the times 1000, 1001 and so on.
    status.head.timestamp = 1032;
    view.l1 = tokio::sync::watch::channel(status).1;
    let behind = Chain {
        store: of.store.clone(),
        spec: of.spec.clone(),
        executor: of.executor.clone(),
        pool: of.pool.clone(),
        pending: of.pending.clone(),
        submit: of.submit.clone(),
        events: of.events.clone(),
        rollup: Some(view),
        beacon: None,
        development: None,
        limits: Limits::default(),
        realtime: of.realtime,
    };
    let server = serve(Arc::new(behind), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut socket = Socket::connect(server.local_addr()).await;
    let syncing = socket.call("eth_syncing", json!([])).await;
    assert_eq!((&syncing["currentBlock"], &syncing["highestBlock"]), (&json!("0x0"), &json!("0x20")));
    let subscription = socket.call("eth_subscribe", json!(["syncing"])).await;
    let told = socket.notification(&subscription).await;
    assert_eq!((&told["syncing"], &told["status"]["CurrentBlock"], &told["status"]["HighestBlock"]), (&json!(true), &json!(0), &json!(32)));
    rig.seal().await;
    rig.seal().await;
    assert_eq!(socket.notification(&subscription).await, json!(false));
    assert_eq!(socket.call("eth_syncing", json!([])).await, json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_cut_off_and_holds_up_nobody() {
    let rig = Rig::rollup_with(Limits { backlog: 4, write_time: Duration::from_millis(200), ..Limits::default() }).await;
    let mut slow = Socket::connect(rig.address).await;
    slow.call("eth_subscribe", json!(["logs"])).await;
    // Logs enough to fill the buffers of both sides of the connection many times over.
    let log = alloy_primitives::Log::new_unchecked(EMITTER, vec![], vec![0xab; 1 << 20].into());
    let mut block = SealedBlock { block: Default::default(), hash: B256::ZERO, senders: vec![], receipts: vec![] };
    block.block.body.transactions.push(tributary_primitives::Transaction::from(op_alloy_consensus::TxDeposit::default()));
    block.receipts.push(tributary_primitives::Receipt {
        tx_type: tributary_primitives::TxType::Deposit,
        outcome: true.into(),
        cumulative_gas_used: 0,
        logs: vec![log; 64],
        deposit_nonce: None,
        deposit_receipt_version: None,
    });
    block.block.header.number = 1;
    block.block.header.parent_hash = rig.chain.store.genesis().hash();
    rig.chain.events.send(Event::Sealed(Arc::new(block))).unwrap();
    // Long enough without reading: the subscription ends, or with it the connection.
    tokio::time::sleep(Duration::from_secs(2)).await;
    rig.seal().await;
    assert_eq!(rig.ok("eth_blockNumber", json!([])).await, "0x1");
    let mut received = 0;
    while let Some(message) = slow.next().await {
        if message["params"].get("error").is_some() {
            assert_eq!(message["params"]["error"], "subscription cut off: reader too slow");
            break;
        }
        received += 1;
    }
    assert!(received < 64, "{received} of 64 logs");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_told_of_sealed_blocks_all_or_those_that_are_named() {
    let rig = Rig::rollup().await;
    let (mut all, mut named) = (Socket::connect(rig.address).await, Socket::connect(rig.address).await);
    let first = rig.send(0, 0, EMITTER, B256::with_last_byte(1).to_vec()).await;
    let second = rig.send(1, 0, EMITTER, B256::with_last_byte(2).to_vec()).await;
    let of_all = all.call("eth_subscribe", json!(["transactionReceipts"])).await;
    let of_named = named.call("eth_subscribe", json!(["transactionReceipts", { "transactionHashes": [second] }])).await;
    let block = rig.seal().await;
    let told = all.notification(&of_all).await;
    assert_eq!(told, rig.ok("eth_getBlockReceipts", json!([block])).await, "the L1 attributes, too");
    let told = named.notification(&of_named).await;
    assert_eq!(told, json!([rig.ok("eth_getTransactionReceipt", json!([second])).await]));
    assert_ne!(first, second);
    named.send("eth_subscribe", json!(["transactionReceipts", { "transactionHashes": vec![B256::ZERO; 201] }])).await;
    let refused = named.next().await.unwrap()["error"]["message"].clone();
    assert_eq!(refused, "exceed max number of transaction hashes allowed per transactionReceipts subscription");
}

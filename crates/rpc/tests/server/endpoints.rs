//! What clients see of the open block: nothing but `pending` on the ordinary endpoint, everything on the realtime one, of one chain on one port.

use crate::{
    rig::{COUNTER, EMITTER, Rig, draft},
    wire::{Socket, call, call_at, http},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_ordinary_endpoint_knows_a_transaction_of_the_open_block_as_one_that_waits() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        let hash = rig.send(0, 0, EMITTER, vec![7; 32]).await;
        assert_eq!(rig.ok("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
        let waits = rig.ok("eth_getTransactionByHash", json!([hash])).await;
        assert_eq!(waits["hash"], hash);
        for field in ["blockHash", "blockNumber", "transactionIndex"] {
            assert_eq!(waits[field], Value::Null, "{field}");
        }
        for method in ["eth_getTransactionByBlockNumberAndIndex", "eth_getRawTransactionByBlockNumberAndIndex"] {
            assert_eq!(rig.ok(method, json!(["0x1", "0x0"])).await, Value::Null);
        }
        let sender = rig.who(0).to_string();
        assert_eq!(rig.ok("txpool_content", json!([])).await["pending"][&sender]["0"]["hash"], hash);
        assert_eq!(rig.ok("txpool_status", json!([])).await, json!({ "pending": "0x1", "queued": "0x0" }));
        assert_eq!(rig.err("debug_traceTransaction", json!([hash])).await, (-32000, "transaction not found".into()));

        let block = rig.seal().await;
        let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!((&receipt["blockHash"], &receipt["blockNumber"]), (&json!(block), &json!("0x1")));
        assert_eq!(rig.ok("eth_getTransactionByHash", json!([hash])).await["blockHash"], json!(block));
        assert_eq!(rig.ok("txpool_status", json!([])).await, json!({ "pending": "0x0", "queued": "0x0" }));
        // What a client does next with a receipt.
        assert_eq!(rig.ok("eth_getBlockByHash", json!([receipt["blockHash"], false])).await["number"], "0x1");
        let logs = rig.ok("eth_getLogs", json!([{ "blockHash": receipt["blockHash"] }])).await;
        assert_eq!(logs, receipt["logs"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_is_sealed_and_pending_is_open_on_the_ordinary_endpoint() {
    let rig = Rig::rollup().await;
    let payment = TxEip1559 { to: TxKind::Call(Address::repeat_byte(0x77)), value: U256::from(5), ..draft(0) };
    rig.ok("eth_sendRawTransaction", json!([rig.sign_draft(0, payment)])).await;
    rig.send(0, 1, COUNTER, Bytes::new()).await;
    let at = async |tag: &str| {
        let mut seen = Vec::new();
        for (method, params) in [
            ("eth_getTransactionCount", json!([rig.who(0), tag])),
            ("eth_getBalance", json!([Address::repeat_byte(0x77), tag])),
            ("eth_getStorageAt", json!([COUNTER, "0x0", tag])),
        ] {
            seen.push(rig.ok(method, params).await);
        }
        seen
    };
    let before = [json!("0x0"), json!("0x0"), json!(B256::ZERO)];
    let after = [json!("0x2"), json!("0x5"), json!(B256::with_last_byte(1))];
    assert_eq!((at("latest").await, at("pending").await), (before.to_vec(), after.to_vec()));
    assert_eq!(rig.ok("eth_getBlockByNumber", json!(["latest", false])).await["number"], "0x0");
    let pending = rig.ok("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!((&pending["number"], &pending["hash"]), (&json!("0x1"), &Value::Null));
    assert_eq!(pending["transactions"].as_array().unwrap().len(), 3);
    assert_eq!(rig.err("eth_getBalance", json!([COUNTER, "0x1"])).await, (-32000, "header not found".into()));
    assert_eq!(rig.err("eth_call", json!([{ "to": COUNTER }, "0x1"])).await, (-32000, "header not found".into()));
    assert_eq!(rig.ok("eth_getProof", json!([COUNTER, ["0x0"], "latest"])).await["storageProof"][0]["value"], "0x0");
    rig.seal().await;
    assert_eq!(at("latest").await, after);
    assert_eq!(rig.ok("eth_getProof", json!([COUNTER, ["0x0"], "latest"])).await["storageProof"][0]["value"], "0x1");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_realtime_endpoint_a_transaction_has_its_receipt_before_its_block_is_sealed() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    let early = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&early["status"], &early["blockNumber"], &early["transactionIndex"]), (&json!("0x1"), &json!("0x1"), &json!("0x1")));
    assert_eq!(early["blockHash"], json!(B256::ZERO));
    assert_eq!(early["l1GasPrice"], "0x5");
    assert_eq!(rig.early("eth_blockNumber", json!([])).await, "0x0");
    let found = rig.early("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!((&found["blockNumber"], &found["from"]), (&json!("0x1"), &json!(rig.who(0))));
    assert_eq!(rig.early("txpool_status", json!([])).await, json!({ "pending": "0x0", "queued": "0x0" }));

    let block = rig.seal().await;
    let mut late = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(late, rig.ok("eth_getTransactionReceipt", json!([hash])).await);
    assert_eq!(late["blockHash"], json!(block));
    late["blockHash"] = json!(B256::ZERO);
    assert_eq!(early, late, "final but for the block's hash");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_that_an_early_receipt_names_is_found_before_the_seal() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    let receipt = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    let (number, index) = (&receipt["blockNumber"], &receipt["transactionIndex"]);
    assert_eq!(rig.early("eth_getTransactionByBlockNumberAndIndex", json!([number, index])).await["hash"], hash);
    assert!(rig.early("eth_getRawTransactionByBlockNumberAndIndex", json!([number, index])).await.is_string());
    assert_eq!(rig.early("eth_getStorageAt", json!([COUNTER, "0x0", number])).await, json!(B256::with_last_byte(1)));
    rig.early("eth_call", json!([{ "to": COUNTER }, number])).await;
    assert_eq!(rig.early("eth_feeHistory", json!([1, number, []])).await["oldestBlock"], *number);
    assert_eq!(rig.early("eth_getBlockByNumber", json!([number, false])).await, Value::Null);
    let beyond = call_at(rig.address, "/realtime", "eth_getBalance", json!([COUNTER, "0x2"])).await.unwrap_err();
    assert_eq!(beyond["message"], "header not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_follows_acknowledged_transactions_on_the_realtime_endpoint() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let count = async |tag: &str| rig.early("eth_getTransactionCount", json!([rig.who(0), tag])).await;
    assert_eq!((count("latest").await, count("pending").await, count("0x0").await), (json!("0x1"), json!("0x1"), json!("0x0")));
    rig.seal().await;
    assert_eq!(count("latest").await, "0x1");
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_synchronously_answers_with_an_early_receipt_where_that_is_asked_for() {
    let rig = Rig::rollup().await;
    let raw = rig.sign(0, 0, TxKind::Call(COUNTER), Bytes::new());
    let receipt = rig.early("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &json!(rig.who(0))));
    let again = rig.early("eth_sendRawTransactionSync", json!([raw, 50])).await;
    assert_eq!(receipt, again, "a transaction that was sent before has its receipt still");
    let block = rig.seal().await;
    assert_eq!(rig.early("eth_sendRawTransactionSync", json!([raw])).await["blockHash"], json!(block));
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_synchronously_waits_for_the_sealed_block_on_the_ordinary_endpoint() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        let raw = rig.sign(0, 0, TxKind::Call(COUNTER), Bytes::new());
        let (receipt, block) = {
            let sent = call(rig.address, "eth_sendRawTransactionSync", json!([raw]));
            let seal = async {
                while rig.ok("eth_getTransactionCount", json!([rig.who(0), "pending"])).await == "0x0" {
                    tokio::task::yield_now().await;
                }
                rig.seal().await
            };
            tokio::join!(sent, seal)
        };
        let receipt = receipt.unwrap();
        assert_eq!(receipt["blockHash"], json!(block));
        assert_eq!(rig.ok("eth_sendRawTransactionSync", json!([raw])).await, receipt, "sent before");
        let later = rig.sign(0, 1, TxKind::Call(COUNTER), Bytes::new());
        let error = call(rig.address, "eth_sendRawTransactionSync", json!([later, 50])).await.unwrap_err();
        assert_eq!(error["code"], 4, "executed, not sealed in time");
        rig.seal().await;
        assert_eq!(rig.ok("eth_getTransactionReceipt", json!([error["data"]])).await["status"], "0x1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_filters_and_heads_are_of_sealed_blocks_on_both_endpoints() {
    let rig = Rig::rollup().await;
    let mut sockets = [Socket::connect(rig.address).await, Socket::connect_to(rig.address, "/realtime").await];
    let mut subscriptions = Vec::new();
    for socket in &mut sockets {
        let heads = socket.call("eth_subscribe", json!(["newHeads"])).await;
        subscriptions.push(heads);
    }
    let filter = rig.ok("eth_newFilter", json!([{}])).await;
    let early_filter = rig.early("eth_newFilter", json!([{}])).await;
    let blocks = rig.early("eth_newBlockFilter", json!([])).await;
    rig.send(0, 0, EMITTER, vec![7; 32]).await;
    for filter in [&filter, &early_filter] {
        assert_eq!(rig.ok("eth_getFilterChanges", json!([filter])).await, json!([]));
        assert_eq!(rig.early("eth_getFilterChanges", json!([filter])).await, json!([]), "filters are the server's");
    }
    let to_open = json!([{ "fromBlock": "0x1", "toBlock": "0x1" }]);
    assert_eq!(rig.err("eth_getLogs", to_open.clone()).await, (-32602, "block range extends beyond current head block".into()));
    assert_eq!(rig.early("eth_getLogs", to_open).await[0]["blockHash"], json!(B256::ZERO), "by the number that a receipt named");
    let block = rig.seal().await;
    let logs = rig.ok("eth_getFilterChanges", json!([filter])).await;
    assert_eq!(logs[0]["blockHash"], json!(block));
    assert_eq!(rig.early("eth_getFilterChanges", json!([early_filter])).await, logs);
    assert_eq!(rig.ok("eth_getFilterChanges", json!([blocks])).await, json!([block]));
    for (socket, subscription) in sockets.iter_mut().zip(&subscriptions) {
        assert_eq!(socket.notification(subscription).await["hash"], json!(block));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_has_the_endpoint_of_its_path() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    let mut ordinary = Socket::connect(rig.address).await;
    assert_eq!(ordinary.call("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    let mut realtime = Socket::connect_to(rig.address, "/realtime").await;
    assert_eq!(realtime.call("eth_getTransactionReceipt", json!([hash])).await["status"], "0x1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_a_realtime_endpoint_says_so_and_other_paths_are_the_ordinary_one() {
    let rig = Rig::ethereum().await;
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" }).to_string();
    for path in ["/realtime", "/realtime/", "/realtime?a=b"] {
        let refused = http(rig.address, "POST", path, &[], &request).await;
        assert_eq!(refused.status, 404, "{path}");
        assert!(refused.body.contains("no realtime endpoint"), "{}", refused.body);
    }
    assert_eq!(http(rig.address, "GET", "/realtime", &[], "").await.status, 404);
    for path in ["/", "/other", "/realtimes"] {
        assert_eq!(http(rig.address, "POST", path, &[], &request).await.status, 200, "{path}");
    }
    let rollup = Rig::rollup().await;
    assert_eq!(http(rollup.address, "POST", "/realtime/", &[], &request).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_its_endpoints_and_which_one_is_asked() {
    let rig = Rig::rollup().await;
    let url = format!("http://{}", rig.address);
    let told = rig.ok("tributary_capabilities", json!([])).await;
    assert_eq!((&told["endpoint"], &told["endpoints"]["ordinary"]["http"]), (&json!("ordinary"), &json!(url)));
    assert_eq!(told["endpoints"]["realtime"]["http"], format!("{url}/realtime"));
    let early = rig.early("tributary_capabilities", json!([])).await;
    assert_eq!((&early["endpoint"], &early["endpoints"]), (&json!("realtime"), &told["endpoints"]));
    assert_eq!(Rig::ethereum().await.ok("tributary_capabilities", json!([])).await["endpoints"]["realtime"], Value::Null);
}

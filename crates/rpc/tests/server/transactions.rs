use crate::{
    rig::{COUNTER, REVERTER, Rig},
    wire::post,
};
use alloy_primitives::{B256, Bytes, TxKind, U256, U512};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_behind_a_gap_times_out_with_its_hash_and_runs_when_the_gap_closes() {
    let rig = Rig::rollup().await;
    let later = rig.sign(0, 1, TxKind::Call(COUNTER), Bytes::new());
    let error = crate::wire::call(rig.address, "eth_sendRawTransactionSync", json!([later, "0x32"])).await.unwrap_err();
    assert_eq!(error["code"], 4);
    let hash = error["data"].clone();
    let waiting = rig.ok("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!((&waiting["blockHash"], &waiting["nonce"]), (&Value::Null, &json!("0x1")));
    assert_eq!(rig.ok("txpool_status", json!([])).await, json!({ "pending": "0x0", "queued": "0x1" }));
    let content = rig.ok("txpool_content", json!([])).await;
    assert_eq!(content["queued"][rig.who(0).to_string()]["1"]["hash"], hash);
    let inspected = rig.ok("txpool_inspect", json!([])).await;
    assert!(inspected["queued"][rig.who(0).to_string()]["1"].as_str().unwrap().contains("0 wei + 200000 gas"), "{inspected}");

    let receipt = {
        let wait = rig.early("eth_sendRawTransactionSync", json!([later]));
        let close = rig.send(0, 0, COUNTER, Bytes::new());
        tokio::join!(wait, close).0
    };
    assert_eq!(receipt["transactionHash"], hash);
    assert_eq!(rig.ok("eth_getStorageAt", json!([COUNTER, "0x0", "pending"])).await, json!(B256::with_last_byte(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_transactions_get_geths_words_and_change_nothing() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let send = "eth_sendRawTransaction";
    let known = rig.sign(0, 0, TxKind::Call(COUNTER), Bytes::new());
    assert_eq!(rig.err(send, json!([known])).await, (-32000, "already known".into()));
    let low = rig.sign(0, 0, TxKind::Call(REVERTER), Bytes::new());
    assert_eq!(rig.err(send, json!([low])).await, (-32000, "nonce too low: next nonce 1, tx nonce 0".into()));
    assert_eq!(rig.err(send, json!(["0x02"])).await, (-32000, "typed transaction too short".into()));
    assert_eq!(rig.err(send, json!(["0x7e00"])).await, (-32000, "transaction type not supported".into()));
    assert_eq!(rig.err(send, json!(["zz"])).await.0, -32602);
    assert_eq!(rig.err(send, json!([])).await, (-32602, "missing value for required argument 0".into()));
    assert_eq!(rig.ok("eth_getStorageAt", json!([COUNTER, "0x0", "pending"])).await, json!(B256::with_last_byte(1)));
    assert_eq!(rig.ok("eth_getBlockTransactionCountByNumber", json!(["pending"])).await, "0x2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_beyond_128_bits_is_what_its_sender_cannot_pay() {
    let rig = Rig::rollup().await;
    // Of Ethereum's TransactionTests: TransactionWithHighGasPrice, by somebody without money here; and the same with the highest price that there is.
    let vector = "f87e809f031eea408f8e1799cb883da2927b1336521d73c2c14accfebb70d5c5ae466982520894095e7baea6a6c7c4c2dfeb977efac326af552d8780801b\
                  a048b55bfa915ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a01fffd310ac743f371de3b9f7f9cb56c0b28ad43601b4ab949f53faa07bd2c804";
    let highest = vector.replacen(
        "f87e809f031eea408f8e1799cb883da2927b1336521d73c2c14accfebb70d5c5ae4669",
        &format!("f87f80a0{}", "ff".repeat(32)),
        1,
    );
    for (raw, cost) in [
        (
            vector,
            U512::from(U256::from_str_radix("115792089237316195423570985008687907853269984665640564039457584007913129629000", 10).unwrap()),
        ),
        (&highest, U512::from(U256::MAX) * U512::from(21_000)),
    ] {
        let words = format!("insufficient funds for gas * price + value: balance 0, tx cost {cost}, overshot {cost}");
        for method in ["eth_sendRawTransaction", "eth_sendRawTransactionSync"] {
            assert_eq!(rig.err(method, json!([format!("0x{raw}")])).await, (-32000, words.clone()));
        }
    }
    let little_gas = vector.replacen("825208", "825207", 1);
    let error = rig.err("eth_sendRawTransaction", json!([format!("0x{little_gas}")])).await;
    assert_eq!(error, (-32000, "intrinsic gas too low: gas 20999, minimum needed 21000".into()));
    let other_fault = format!("0x{vector}00");
    assert_eq!(rig.err("eth_sendRawTransaction", json!([other_fault])).await.1, "rlp: input string of the wrong length for its field");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_show_their_transactions_as_hashes_or_whole() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    let pending = rig.ok("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!((&pending["hash"], &pending["nonce"], &pending["number"]), (&Value::Null, &Value::Null, &json!("0x1")));
    assert_eq!(pending["transactions"][1], hash);
    let block = rig.seal().await;
    let short = rig.ok("eth_getBlockByHash", json!([block, false])).await;
    assert_eq!((&short["hash"], &short["number"], &short["transactions"][1]), (&json!(block), &json!("0x1"), &hash));
    let whole = rig.ok("eth_getBlockByNumber", json!(["latest", true])).await;
    let deposit = &whole["transactions"][0];
    assert_eq!((&deposit["type"], &deposit["nonce"], &deposit["depositReceiptVersion"]), (&json!("0x7e"), &json!("0x0"), &json!("0x1")));
    assert_eq!(whole["transactions"][1], rig.ok("eth_getTransactionByHash", json!([hash])).await);
    assert_eq!(whole["transactions"][1], rig.ok("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x1"])).await);
    assert_eq!(whole["transactions"][1], rig.ok("eth_getTransactionByBlockHashAndIndex", json!([block, "0x1"])).await);
    let receipts = rig.ok("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(receipts[1], rig.ok("eth_getTransactionReceipt", json!([hash])).await);
    assert_eq!(receipts[0]["depositNonce"], "0x0");

    let raw = rig.ok("debug_getRawBlock", json!([block])).await;
    let header = rig.ok("debug_getRawHeader", json!(["0x1"])).await;
    assert!(raw.as_str().unwrap().contains(&header.as_str().unwrap()[2..]));
    let bytes: Bytes = serde_json::from_value(header).unwrap();
    assert_eq!(alloy_primitives::keccak256(bytes), block);
    assert_eq!(rig.ok("debug_getRawReceipts", json!([block])).await.as_array().unwrap().len(), 2);
    let raw = rig.ok("debug_getRawTransaction", json!([hash])).await;
    assert_eq!(raw, rig.ok("eth_getRawTransactionByHash", json!([hash])).await);
    assert_eq!(raw, json!(rig.sign(0, 0, TxKind::Call(COUNTER), Bytes::new())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_null() {
    let rig = Rig::rollup().await;
    let nothing = B256::repeat_byte(0xee);
    for (method, params) in [
        ("eth_getBlockByHash", json!([nothing, false])),
        ("eth_getBlockByNumber", json!(["0x99", true])),
        ("eth_getBlockReceipts", json!(["0x99"])),
        ("eth_getBlockTransactionCountByHash", json!([nothing])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x99"])),
        ("eth_getTransactionByHash", json!([nothing])),
        ("eth_getTransactionReceipt", json!([nothing])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x99", "0x0"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x0", "0x5"])),
        ("eth_getUncleByBlockNumberAndIndex", json!(["0x0", "0x0"])),
    ] {
        assert_eq!(rig.ok(method, params).await, Value::Null, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_are_told_and_their_history_too() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    rig.seal().await;
    assert_eq!(rig.ok("eth_maxPriorityFeePerGas", json!([])).await, "0xf4240");
    let pending = rig.ok("eth_getBlockByNumber", json!(["pending", false])).await;
    let base_fee: U256 = serde_json::from_value(pending["baseFeePerGas"].clone()).unwrap();
    assert_eq!(rig.ok("eth_gasPrice", json!([])).await, json!(base_fee + U256::from(1_000_000)));
    let history = rig.ok("eth_feeHistory", json!(["0x2", "latest", [50]])).await;
    assert_eq!(history["oldestBlock"], "0x1");
    assert_eq!(history["reward"], json!([["0x1"], ["0x0"]]));
    assert_eq!(history["baseFeePerGas"].as_array().unwrap().len(), 3);
    assert_eq!(history["baseFeePerGas"][2], pending["baseFeePerGas"]);
    assert_eq!(history["baseFeePerBlobGas"], json!(["0x1", "0x1", "0x1"]));
    assert!(history["gasUsedRatio"][0].as_f64().unwrap() > 0.0);
    assert_eq!(rig.ok("eth_feeHistory", json!([10, "0x1"])).await["oldestBlock"], "0x0");
    let beyond = rig.err("eth_feeHistory", json!([1, "0x99", []])).await;
    assert_eq!(beyond, (-32000, "request beyond head block: requested 153, head 2".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_fees_to_pending_ends_with_the_open_block_as_it_will_be_sealed() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        rig.seal().await;
        rig.send(0, 0, COUNTER, Bytes::new()).await;
        let pending = rig.ok("eth_feeHistory", json!(["0x2", "pending", [50]])).await;
        assert_eq!(pending["oldestBlock"], "0x1");
        assert_ne!(pending["reward"][1], json!(["0x0"]));
        let latest = rig.ok("eth_feeHistory", json!(["0x2", "latest", []])).await;
        assert_eq!(latest["oldestBlock"], "0x0");
        rig.seal().await;
        assert_eq!(rig.ok("eth_feeHistory", json!(["0x2", "latest", [50]])).await, pending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rollup_tells_how_far_it_is_settled() {
    let rig = Rig::rollup().await;
    let block = rig.seal().await;
    let status = rig.ok("optimism_syncStatus", json!([])).await;
    assert_eq!((&status["unsafe_l2"]["number"], &status["unsafe_l2"]["hash"]), (&json!(1), &json!(block)));
    assert_eq!((&status["unsafe_l2"]["sequenceNumber"], &status["unsafe_l2"]["l1origin"]["number"]), (&json!(1), &json!(7)));
    assert_eq!((&status["safe_l2"]["number"], &status["current_l1"]["number"]), (&json!(0), &json!(7)));
    assert_eq!(rig.ok("optimism_rollupConfig", json!([])).await["l2_chain_id"], 630_925);
    let output = rig.ok("optimism_outputAtBlock", json!(["0x1"])).await;
    let header = rig.ok("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!((&output["stateRoot"], &output["withdrawalStorageRoot"]), (&header["stateRoot"], &header["withdrawalsRoot"]));
    let root = |value: &Value| serde_json::from_value::<B256>(value.clone()).unwrap();
    let expected = tributary_primitives::rollup::output_root(root(&output["stateRoot"]), root(&output["withdrawalStorageRoot"]), block);
    assert_eq!(output["outputRoot"], json!(expected));
    assert_eq!(rig.err("tributary_batchOf", json!(["0x1"])).await.0, -32000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_transactions_runs_in_its_order_and_each_has_its_own_answer() {
    let rig = Rig::rollup().await;
    let to = TxKind::Call(rig.who(1));
    let sends = (0..20).map(|nonce| rig.sign(0, nonce, to, Bytes::new()).to_string());
    let sends = sends.chain(["0x1234".to_owned(), rig.sign(0, 3, to, Bytes::new()).to_string()]);
    let request = |(id, raw)| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_sendRawTransaction", "params": [raw] });
    let mut batch: Vec<_> = sends.enumerate().map(request).collect();
    batch.push(json!({ "jsonrpc": "2.0", "id": 22, "method": "eth_getTransactionCount", "params": [rig.who(0), "pending"] }));
    let answers = post(rig.address, &Value::Array(batch)).await;
    for (id, answer) in answers.as_array().unwrap().iter().enumerate() {
        assert_eq!(answer["id"], id);
        assert_eq!(answer["error"].is_null(), id < 20 || id == 22, "{answer}");
    }
    assert_eq!(answers[21]["error"]["message"], "already known");
    assert_eq!(answers[22]["result"], "0x14", "everything before it in the batch was acknowledged");
    for (index, answer) in answers.as_array().unwrap()[..20].iter().enumerate() {
        let receipt = rig.early("eth_getTransactionReceipt", json!([answer["result"]])).await;
        // The L1 attributes are first.
        assert_eq!(receipt["transactionIndex"], format!("{:#x}", index + 1));
    }
}

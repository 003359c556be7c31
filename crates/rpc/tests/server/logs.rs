use crate::rig::{EMITTER, Rig};
use alloy_primitives::{Address, B256, Bytes};
use serde_json::{Value, json};
use tributary_rpc::Limits;

fn topic(byte: u8) -> Bytes {
    B256::with_last_byte(byte).to_vec().into()
}

/// Three blocks: topics 1 and 2, nothing, topic 1.
async fn three_blocks(limits: Limits) -> (Rig, Vec<B256>) {
    let rig = Rig::rollup_with(limits).await;
    rig.send(0, 0, EMITTER, topic(1)).await;
    rig.send(1, 0, EMITTER, topic(2)).await;
    let mut hashes = vec![rig.seal().await, rig.seal().await];
    rig.send(0, 1, EMITTER, topic(1)).await;
    hashes.push(rig.seal().await);
    (rig, hashes)
}

fn places(logs: &Value) -> Vec<(String, String)> {
    let text = |log: &Value, field: &str| log[field].as_str().unwrap().to_owned();
    logs.as_array().unwrap().iter().map(|log| (text(log, "blockNumber"), text(log, "logIndex"))).collect()
}

fn at(block: &str, index: &str) -> (String, String) {
    (block.to_owned(), index.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_found_by_range_address_and_topic() {
    let (rig, hashes) = three_blocks(Limits::default()).await;
    let get = async |filter: Value| places(&rig.ok("eth_getLogs", json!([filter])).await);
    assert_eq!(get(json!({ "fromBlock": "earliest" })).await, [at("0x1", "0x0"), at("0x1", "0x1"), at("0x3", "0x0")]);
    assert_eq!(get(json!({ "fromBlock": "0x0", "topics": [B256::with_last_byte(1)] })).await, [at("0x1", "0x0"), at("0x3", "0x0")]);
    assert_eq!(get(json!({ "fromBlock": "0x0", "toBlock": "0x2", "address": EMITTER })).await, [at("0x1", "0x0"), at("0x1", "0x1")]);
    assert_eq!(get(json!({ "fromBlock": "0x0", "address": [Address::ZERO] })).await, []);
    assert_eq!(get(json!({})).await, [at("0x3", "0x0")], "the newest block by default");
    assert_eq!(get(json!({ "blockHash": hashes[0] })).await.len(), 2);
    assert_eq!(get(json!({ "fromBlock": "0x1", "toBlock": "0x99" })).await.len(), 3);
    assert_eq!(get(json!({ "fromBlock": "0x98", "toBlock": "0x99" })).await, []);
    let log = &rig.ok("eth_getLogs", json!([{ "blockHash": hashes[2] }])).await[0];
    let receipt = rig.ok("eth_getTransactionReceipt", json!([log["transactionHash"]])).await;
    assert_eq!(log, &receipt["logs"][0]);
    assert_eq!((&log["blockHash"], &log["removed"], &log["transactionIndex"]), (&json!(hashes[2]), &json!(false), &json!("0x1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_ranges_are_refused() {
    let (rig, _) = three_blocks(Limits::default()).await;
    let get = async |filter: Value| rig.err("eth_getLogs", json!([filter])).await;
    assert_eq!(get(json!({ "fromBlock": "0x2", "toBlock": "0x1" })).await, (-32602, "invalid block range params".into()));
    assert_eq!(get(json!({ "blockHash": B256::ZERO })).await, (-32000, "unknown block".into()));
    assert_eq!(get(json!({ "fromBlock": "pending" })).await.0, -32602);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_is_too_large_is_answered_with_one_that_works() {
    let (rig, _) = three_blocks(Limits { log_blocks: 2, logs: 100, ..Limits::default() }).await;
    let (code, words) = rig.err("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "0x3" }])).await;
    assert_eq!((code, words.as_str()), (-32005, "block range is larger than 2 blocks. Try with this block range [0x0, 0x1]"));
    assert_eq!(rig.ok("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "0x1" }])).await.as_array().unwrap().len(), 2);

    let (rig, _) = three_blocks(Limits { logs: 2, ..Limits::default() }).await;
    let (code, words) = rig.err("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "0x3" }])).await;
    assert_eq!((code, words.as_str()), (-32005, "query returned more than 2 results. Try with this block range [0x0, 0x2]"));
    assert_eq!(rig.ok("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "0x2" }])).await.as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_tell_each_thing_once() {
    let (rig, _) = three_blocks(Limits::default()).await;
    let logs = rig.ok("eth_newFilter", json!([{ "topics": [B256::with_last_byte(1)] }])).await;
    let blocks = rig.ok("eth_newBlockFilter", json!([])).await;
    let pending = rig.ok("eth_newPendingTransactionFilter", json!([])).await;
    let changes = async |id: &Value| rig.ok("eth_getFilterChanges", json!([id])).await;
    assert_eq!((changes(&logs).await, changes(&blocks).await, changes(&pending).await), (json!([]), json!([]), json!([])));
    let sent = rig.send(0, 2, EMITTER, topic(1)).await;
    rig.send(1, 1, EMITTER, topic(2)).await;
    let hash = rig.seal().await;
    assert_eq!(places(&changes(&logs).await), [at("0x4", "0x0")]);
    assert_eq!(changes(&blocks).await, json!([hash]));
    let told = changes(&pending).await;
    assert_eq!((told.as_array().unwrap().len(), &told[0]), (2, &sent));
    assert_eq!((changes(&logs).await, changes(&blocks).await, changes(&pending).await), (json!([]), json!([]), json!([])));
    assert_eq!(places(&rig.ok("eth_getFilterLogs", json!([logs])).await), [at("0x4", "0x0")]);
    assert_eq!(rig.ok("eth_uninstallFilter", json!([logs])).await, true);
    assert_eq!(rig.ok("eth_uninstallFilter", json!([logs])).await, false);
    assert_eq!(rig.err("eth_getFilterChanges", json!([logs])).await, (-32000, "filter not found".into()));
    assert_eq!(rig.err("eth_getFilterLogs", json!([blocks])).await, (-32000, "filter not found".into()));
}

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
    assert_eq!(get(json!({ "fromBlock": "0x1", "toBlock": "latest" })).await.len(), 3);
    assert_eq!(get(json!({ "fromBlock": "finalized", "toBlock": "safe" })).await, []);
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
    for pending in [json!({ "fromBlock": "pending" }), json!({ "fromBlock": "0x1", "toBlock": "pending" })] {
        assert_eq!(get(pending).await, (-32602, "pending logs are not supported".into()));
    }
    let future = (-32602, "block range extends beyond current head block".into());
    assert_eq!(get(json!({ "fromBlock": "0x1", "toBlock": "0x99" })).await, future);
    assert_eq!(get(json!({ "fromBlock": "0x98", "toBlock": "0x99" })).await, future);
    assert_eq!(get(json!({ "fromBlock": "0x5" })).await, (-32602, "invalid block range params".into()));
    let many = vec![Address::ZERO; 1001];
    assert_eq!(get(json!({ "address": many })).await, (-32000, "exceed max addresses or topics per search position".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_before_the_seal_leads_to_its_logs() {
    let (rig, _) = three_blocks(Limits::default()).await;
    let hash = rig.send(0, 2, EMITTER, topic(1)).await;
    let receipt = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["blockNumber"], "0x4");
    let number = &receipt["blockNumber"];
    let get = async |filter: Value| rig.early("eth_getLogs", json!([filter])).await;
    for filter in [json!({ "fromBlock": number }), json!({ "fromBlock": number, "toBlock": number })] {
        assert_eq!(get(filter).await, receipt["logs"], "what the receipt says");
    }
    let from_before = json!({ "fromBlock": "0x3", "toBlock": number, "topics": [B256::with_last_byte(1)] });
    assert_eq!(places(&get(from_before.clone()).await), [at("0x3", "0x0"), at("0x4", "0x0")]);
    assert_eq!(places(&get(json!({ "fromBlock": "0x3" })).await), [at("0x3", "0x0")], "latest is the newest sealed block");
    let block = rig.seal().await;
    let sealed = get(from_before).await;
    assert_eq!((places(&sealed), &sealed[1]["blockHash"]), (vec![at("0x3", "0x0"), at("0x4", "0x0")], &json!(block)));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_after_one_that_was_seen_are_those_that_follow_it() {
    let (rig, _) = three_blocks(Limits::default()).await;
    let all = rig.ok("eth_getLogs", json!([{ "fromBlock": "0x0" }])).await;
    let after = async |log: &Value| rig.ok("eth_getLogs", json!([{ "after": log }])).await;
    assert_eq!(places(&after(&all[0]).await), [at("0x1", "0x1"), at("0x3", "0x0")]);
    assert_eq!(places(&after(&all[1]).await), [at("0x3", "0x0")]);
    assert_eq!(after(&all[2]).await, json!([]));
    let mut early = all[1].clone();
    early["blockHash"] = json!(B256::ZERO);
    assert_eq!(places(&after(&early).await), [at("0x3", "0x0")]);
    let mut gone = all[0].clone();
    gone["blockHash"] = json!(B256::repeat_byte(7));
    let (code, words) = rig.err("eth_getLogs", json!([{ "after": gone }])).await;
    assert_eq!(code, -32000);
    assert!(words.ends_with("is not on the chain any more: begin again after block 0x0, which is final"), "{words}");
}

/// The range in an error's words.
fn hinted(words: &str) -> (String, String) {
    let range = words.split_once("Try with this block range [").unwrap().1.strip_suffix(']').unwrap();
    let (from, to) = range.split_once(", ").unwrap();
    (from.to_owned(), to.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn following_the_hints_leads_through_every_range() {
    for limits in [
        Limits { logs: 1, ..Limits::default() },
        Limits { logs: 2, ..Limits::default() },
        Limits { log_blocks: 1, ..Limits::default() },
        Limits { log_blocks: 3, logs: 3, ..Limits::default() },
        Limits { response_size: 2000, ..Limits::default() },
    ] {
        let (rig, _) = three_blocks(limits).await;
        for nonce in 2..8 {
            rig.send(0, nonce, EMITTER, topic(1)).await;
            rig.seal().await;
            rig.seal().await;
        }
        let head: String = serde_json::from_value(rig.ok("eth_blockNumber", json!([])).await).unwrap();
        for filter in [json!({}), json!({ "topics": [B256::with_last_byte(1)] })] {
            let get = async |from: &str, to: &str| {
                let mut filter = filter.clone();
                (filter["fromBlock"], filter["toBlock"]) = (json!(from), json!(to));
                crate::wire::call(rig.address, "eth_getLogs", json!([filter])).await
            };
            let (mut found, mut from) = (Vec::new(), "0x0".to_owned());
            loop {
                match get(&from, &head).await {
                    Ok(rest) => {
                        found.extend(places(&rest));
                        break;
                    }
                    Err(error) => {
                        assert_eq!(error["code"], -32005);
                        let (first, last) = hinted(error["message"].as_str().unwrap());
                        assert_eq!(first, from);
                        found.extend(places(&get(&first, &last).await.unwrap()));
                        from = format!("{:#x}", u64::from_str_radix(&last[2..], 16).unwrap() + 1);
                    }
                }
            }
            let mut expected = vec![at("0x1", "0x0"), at("0x1", "0x1"), at("0x3", "0x0")];
            expected.extend((0..6).map(|n| at(&format!("{:#x}", 4 + 2 * n), "0x0")));
            expected.retain(|place| filter == json!({}) || *place != at("0x1", "0x1"));
            assert_eq!(found, expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_any_length_may_be_asked_when_few_of_its_blocks_match() {
    let (rig, _) = three_blocks(Limits { log_blocks: 1, ..Limits::default() }).await;
    for _ in 0..20 {
        rig.seal().await;
    }
    let found = rig.ok("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "latest", "topics": [B256::with_last_byte(2)] }])).await;
    assert_eq!(places(&found), [at("0x1", "0x1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_is_too_large_is_answered_with_one_that_works() {
    let (rig, _) = three_blocks(Limits { log_blocks: 2, logs: 100, ..Limits::default() }).await;
    let (code, words) = rig.err("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "0x3" }])).await;
    assert_eq!((code, words.as_str()), (-32005, "query has to read more than 2 blocks. Try with this block range [0x0, 0x1]"));
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
    for missing in [json!(blocks), json!("0x1"), json!("nonsense")] {
        assert_eq!(rig.err("eth_getFilterLogs", json!([missing])).await, (-32000, "filter not found".into()));
    }
    assert_eq!(rig.ok("eth_uninstallFilter", json!(["nonsense"])).await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_of_waiting_transactions_gives_all_of_each_when_asked() {
    let rig = Rig::rollup().await;
    let full = rig.ok("eth_newPendingTransactionFilter", json!([true])).await;
    let hash = rig.send(0, 0, EMITTER, topic(1)).await;
    let told = rig.ok("eth_getFilterChanges", json!([full])).await;
    assert_eq!((&told[0]["hash"], &told[0]["from"]), (&hash, &json!(rig.who(0))));
    assert_eq!(rig.ok("eth_getFilterChanges", json!([full])).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_bounded_and_their_ranges_are_geths() {
    let rig = Rig::rollup_with(Limits { filters: 2, ..Limits::default() }).await;
    for range in [json!({ "fromBlock": "0x5", "toBlock": "0x4" }), json!({ "toBlock": "0x4" })] {
        assert_eq!(rig.err("eth_newFilter", json!([range])).await, (-32602, "invalid block range params".into()));
    }
    assert_eq!(rig.err("eth_newFilter", json!([{ "fromBlock": "pending" }])).await, (-32602, "pending logs are not supported".into()));
    let until = rig.ok("eth_newFilter", json!([{ "fromBlock": "0x1", "toBlock": "0x2" }])).await;
    for nonce in 0..4 {
        rig.send(0, nonce, EMITTER, topic(1)).await;
        rig.seal().await;
    }
    assert_eq!(places(&rig.ok("eth_getFilterChanges", json!([until])).await), [at("0x1", "0x0"), at("0x2", "0x0")]);
    rig.ok("eth_newBlockFilter", json!([])).await;
    let (code, words) = rig.err("eth_newBlockFilter", json!([])).await;
    assert_eq!((code, words.as_str()), (-32005, "too many open filters, at most 2"));
}

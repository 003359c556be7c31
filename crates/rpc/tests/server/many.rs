//! Calls that build on each other, calls in the middle of a block, and blocks that the client brings along.

use crate::rig::{COUNTER, REVERTER, Rig, TELLER};
use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};

/// Returns slot 0.
const READ: &str = "0x5f545f5260205ff3";

fn word(number: u64) -> Value {
    json!(B256::from(alloy_primitives::U256::from(number)))
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_request_see_what_those_before_them_changed() {
    let rig = Rig::rollup().await;
    // Adds one to slot 0 and returns it.
    let code = json!({ COUNTER.to_string(): { "code": "0x5f54600101805f555f5260205ff3" } });
    let (add, fail) = (json!({ "to": COUNTER }), json!({ "to": REVERTER, "data": "0xab" }));
    let bundles = json!([{ "transactions": [add, fail, add] }, { "transactions": [add, { "to": COUNTER, "gas": "0x1" }] }]);
    let answers = rig.ok("eth_callMany", json!([bundles, { "blockNumber": "latest" }, code])).await;
    assert_eq!(answers[0], json!([{ "value": word(1) }, { "error": "execution reverted" }, { "value": word(2) }]));
    assert_eq!(answers[1][0], json!({ "value": word(3) }));
    let words = answers[1][1]["error"].as_str().unwrap();
    assert!(words.contains("intrinsic gas too low"), "{words}");
    assert_eq!(rig.ok("eth_getStorageAt", json!([COUNTER, "0x0", "latest"])).await, word(0), "nothing is kept");

    let numbered = json!([{ "transactions": [{ "to": TELLER }], "blockOverride": { "number": "0x64", "time": "0x7" } }]);
    let told = rig.ok("eth_callMany", json!([numbered])).await;
    let told = told[0][0]["value"].as_str().unwrap();
    assert_eq!((&told[2..66], &told[66..130]), (&word(100).as_str().unwrap()[2..], &word(7).as_str().unwrap()[2..]));
    assert_eq!(rig.err("eth_callMany", json!([[]])).await, (-32602, "empty bundles".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_request_share_the_gas_of_one() {
    let limits = tributary_rpc::Limits { call_gas: 150_000, ..Default::default() };
    let rig = Rig::rollup_with(limits).await;
    let calls = vec![json!({ "to": COUNTER }); 10];
    let answers = rig.ok("eth_callMany", json!([[{ "transactions": calls }]])).await;
    let answers = answers[0].as_array().unwrap();
    assert_eq!(answers[0], json!({ "value": "0x" }));
    assert_eq!(answers[9], json!({ "error": "the gas of all calls together is used up" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_can_be_put_into_the_middle_of_a_block() {
    let rig = Rig::rollup().await;
    for who in 0..3 {
        rig.send(who, 0, COUNTER, Bytes::new()).await;
    }
    let code = json!({ COUNTER.to_string(): { "code": READ } });
    let at = async |block: &str, index: u64| {
        let context = json!({ "blockNumber": block, "transactionIndex": index });
        rig.ok("eth_callMany", json!([[{ "transactions": [{ "to": COUNTER }] }], context, code])).await[0][0]["value"].clone()
    };
    assert_eq!((at("pending", 1).await, at("pending", 3).await), (word(0), word(2)));
    rig.seal().await;
    assert_eq!((at("0x1", 0).await, at("0x1", 2).await, at("0x1", 4).await), (word(0), word(1), word(3)), "the L1 attributes count, too");
    let whole = rig
        .ok("eth_callMany", json!([[{ "transactions": [{ "to": COUNTER }] }], { "blockNumber": "0x1", "transactionIndex": -1 }, code]))
        .await;
    assert_eq!(whole[0][0]["value"], word(3));

    let traced = |index: Value| json!([{ "to": COUNTER }, "0x1", { "tracer": "callTracer", "stateOverrides": code, "txIndex": index }]);
    assert_eq!(rig.ok("debug_traceCall", traced(json!("0x2"))).await["output"], word(1));
    let beyond = rig.err("debug_traceCall", traced(json!("0x9"))).await;
    assert!(beyond.0 == -32000 && beyond.1.starts_with("transaction index 9 out of range for block"), "{beyond:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_a_row_are_traced_in_blocks_that_follow_each_other() {
    let rig = Rig::rollup().await;
    rig.seal().await;
    let bundles = json!([{ "transactions": [{ "to": COUNTER }, { "to": COUNTER }] }, { "transactions": [{ "to": TELLER }] }]);
    let options = json!({ "tracer": "callTracer" });
    let traces = rig.ok("debug_traceCallMany", json!([bundles, { "blockNumber": "0x1" }, options])).await;
    assert_eq!((traces[0].as_array().unwrap().len(), traces[1].as_array().unwrap().len()), (2, 1));
    assert!(traces[0][0]["gasUsed"].as_str() > traces[0][1]["gasUsed"].as_str(), "the second finds a slot that is not zero: {traces}");
    let told = traces[1][0]["output"].as_str().unwrap();
    assert_eq!(&told[2..66], &word(2).as_str().unwrap()[2..], "the block after");
    let options = json!({ "tracer": "prestateTracer", "stateOverrides": { COUNTER.to_string(): { "balance": "0x7" } } });
    let bundle = json!([{ "transactions": [{ "to": COUNTER }] }]);
    let state = rig.ok("debug_traceCallMany", json!([bundle, null, options])).await;
    assert_eq!(state[0][0][format!("{COUNTER:?}")]["balance"], json!("0x7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_the_client_brings_is_traced_like_one_that_is_there() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let block = rig.seal().await;
    let raw = rig.ok("debug_getRawBlock", json!([block])).await;
    let options = json!({ "tracer": "callTracer" });
    assert_eq!(rig.ok("debug_traceBlock", json!([raw, options])).await, rig.ok("debug_traceBlockByHash", json!([block, options])).await);
    let genesis = rig.ok("debug_getRawBlock", json!(["0x0"])).await;
    assert!(rig.err("debug_traceBlock", json!([genesis])).await.1.starts_with("parent 0x"));
    assert!(rig.err("debug_traceBlock", json!(["0x1234"])).await.1.starts_with("could not decode block"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_a_blocks_intermediate_roots_is_its_own() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        rig.send(0, 0, COUNTER, Bytes::new()).await;
        rig.send(1, 0, COUNTER, Bytes::new()).await;
        let block = rig.seal().await;
        let header = rig.ok("eth_getBlockByHash", json!([block, false])).await;
        let roots = rig.ok("debug_intermediateRoots", json!([block])).await;
        let roots = roots.as_array().unwrap();
        assert_eq!(roots.len(), header["transactions"].as_array().unwrap().len());
        assert_eq!(roots.last(), Some(&header["stateRoot"]));
        assert_ne!(roots[0], roots[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contracts_storage_is_listed_as_of_a_transaction() {
    let rig = Rig::rollup().await;
    // Stores its caller at slots 0 and 1, and 1 at slot 2.
    let init = rig.sign(0, 0, alloy_primitives::TxKind::Create, alloy_primitives::hex!("33600055336001556001600255").to_vec());
    let created = rig.ok("eth_sendRawTransaction", json!([init])).await;
    rig.send(1, 0, COUNTER, Bytes::new()).await;
    rig.send(2, 0, COUNTER, Bytes::new()).await;
    let block = rig.seal().await;
    let range = async |index: u64, at: &Value, start: &Value, most: u64| {
        rig.ok("debug_storageRangeAt", json!([block, index, at, start, most])).await
    };
    let (counter, start) = (json!(COUNTER), json!("0x"));
    assert_eq!(range(2, &counter, &start, 10).await, json!({ "storage": {}, "nextKey": null }), "before the first call");
    let hashed = alloy_primitives::keccak256(B256::ZERO);
    let entry = |value: u64| json!({ "storage": { hashed.to_string(): { "key": B256::ZERO, "value": word(value) } }, "nextKey": null });
    assert_eq!((range(3, &counter, &start, 10).await, range(4, &counter, &start, 10).await), (entry(1), entry(2)));

    let contract = rig.ok("eth_getTransactionReceipt", json!([created])).await["contractAddress"].clone();
    let first = range(4, &contract, &start, 2).await;
    let rest = range(4, &contract, &first["nextKey"], 2).await;
    assert_eq!(
        (first["storage"].as_object().unwrap().len(), rest["storage"].as_object().unwrap().len(), &rest["nextKey"]),
        (2, 1, &Value::Null)
    );
    let keys: Vec<_> = first["storage"].as_object().unwrap().keys().chain(rest["storage"].as_object().unwrap().keys()).cloned().collect();
    let mut expected: Vec<_> = (0..3).map(|slot| alloy_primitives::keccak256(B256::with_last_byte(slot)).to_string()).collect();
    expected.sort();
    assert_eq!(keys, expected);
    let beyond = rig.err("debug_storageRangeAt", json!([block, 9, COUNTER, "0x", 1])).await;
    assert!(beyond.1.starts_with("transaction index 9 out of range"), "{beyond:?}");
}

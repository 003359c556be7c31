//! What Otterscan asks of a node, in the forms in which it asks.

use crate::rig::{CALLER, COUNTER, EMITTER, REVERTER, Rig};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex};
use serde_json::{Value, json};
use std::time::Duration;
use tributary_rpc::Limits;

/// Makes a contract with CREATE and one with CREATE2, both of one byte of code, as it is itself.
const FACTORY: [u8; 32] = hex!("6460016000f36000526005601b6000f05060076005601b6000f55060016000f3");

fn number(value: &Value) -> U256 {
    serde_json::from_value(value.clone()).unwrap()
}

/// COUNTER called in block 1, by CALLER in block 2, not in block 3, and twice in block 4.
async fn four_blocks(limits: Limits) -> (Rig, [Value; 4]) {
    let rig = Rig::rollup_with(limits).await;
    let first = rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let inside = rig.send(1, 0, CALLER, Bytes::new()).await;
    rig.seal().await;
    rig.send(0, 1, EMITTER, Bytes::new()).await;
    rig.seal().await;
    let third = rig.send(0, 2, COUNTER, Bytes::new()).await;
    let fourth = rig.send(0, 3, COUNTER, Bytes::new()).await;
    rig.seal().await;
    (rig, [first, inside, third, fourth])
}

/// The hashes on a page, and whether it is the first and the last.
fn page(answer: &Value) -> (Vec<Value>, bool, bool) {
    let txs = answer["txs"].as_array().unwrap();
    for (tx, receipt) in txs.iter().zip(answer["receipts"].as_array().unwrap()) {
        assert_eq!(tx["hash"], receipt["transactionHash"]);
        assert!(receipt["timestamp"].as_u64().unwrap() > 1000 && receipt["logs"].is_array());
    }
    (txs.iter().map(|tx| tx["hash"].clone()).collect(), answer["firstPage"].as_bool().unwrap(), answer["lastPage"].as_bool().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn otterscan_finds_a_node_of_its_level() {
    let rig = Rig::ethereum().await;
    let block = rig.seal().await;
    assert_eq!(rig.ok("ots_getApiLevel", json!([])).await, json!(8));
    assert_eq!(rig.ok("erigon_getHeaderByNumber", json!(["latest"])).await["hash"], json!(block));
    assert_eq!(rig.ok("ots_hasCode", json!([COUNTER, "latest"])).await, true);
    assert_eq!(rig.ok("ots_hasCode", json!([COUNTER, 0])).await, true);
    assert_eq!(rig.ok("ots_hasCode", json!([rig.who(0), "latest"])).await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_found_by_everybody_who_takes_part_in_them() {
    let (rig, [first, inside, third, fourth]) = four_blocks(Limits::default()).await;
    let search = async |way: &str, who: Address, block: u64, size: u64| {
        page(&rig.ok(&format!("ots_searchTransactions{way}"), json!([who, block, size])).await)
    };
    assert_eq!(search("Before", COUNTER, 0, 1).await, (vec![fourth.clone(), third.clone()], true, false), "a block is never split");
    assert_eq!(search("Before", COUNTER, 4, 1).await, (vec![inside.clone()], false, false));
    assert_eq!(search("Before", COUNTER, 2, 1).await, (vec![first.clone()], false, true));
    assert_eq!(search("Before", COUNTER, 1, 1).await, (vec![], false, true));
    assert_eq!(search("After", COUNTER, 0, 1).await, (vec![first.clone()], false, true));
    assert_eq!(search("After", COUNTER, 1, 9).await, (vec![fourth.clone(), third.clone(), inside.clone()], true, false));
    let all = vec![fourth.clone(), third.clone(), inside.clone(), first.clone()];
    assert_eq!(search("Before", COUNTER, 0, 25).await, (all, true, true));
    assert_eq!(search("Before", rig.who(1), 0, 25).await, (vec![inside], true, true));
    assert_eq!(search("Before", rig.who(3), 0, 25).await, (vec![], true, true));
    let (code, words) = rig.err("ots_searchTransactionsBefore", json!([COUNTER, 0, 1001])).await;
    assert_eq!((code, words.as_str()), (-32000, "max allowed page size: 1000"));
    // A transfer that moves nothing leaves no trace in the state.
    let raw = rig.sign(2, 0, TxKind::Call(rig.who(3)), Bytes::new());
    let hash = rig.ok("eth_sendRawTransaction", json!([raw])).await;
    rig.seal().await;
    assert_eq!(search("Before", rig.who(3), 0, 25).await, (vec![hash], true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_without_time_gets_there_when_it_is_asked_again() {
    let (rig, [first, inside, third, fourth]) = four_blocks(Limits { call_time: Duration::ZERO, ..Limits::default() }).await;
    for _ in 0..5 {
        rig.seal().await;
    }
    let mut times_over = 0;
    let found = loop {
        match crate::wire::call(rig.address, "ots_searchTransactionsBefore", json!([COUNTER, 0, 25])).await {
            Ok(answer) if answer["lastPage"] == true => break page(&answer).0,
            // What is found is shown, but not as if it were all.
            Ok(answer) => assert!(!page(&answer).0.is_empty()),
            Err(error) => {
                assert_eq!(error["code"], -32005);
                assert!(error["message"].as_str().unwrap().ends_with("ask again to go on"), "{error}");
                times_over += 1;
            }
        }
    };
    assert_eq!(found, [fourth, third, inside, first]);
    assert!(times_over > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_shown_from_inside() {
    let rig = Rig::rollup().await;
    let raw = rig.sign(0, 0, TxKind::Create, Bytes::from_static(&FACTORY));
    let made = rig.ok("eth_sendRawTransaction", json!([raw])).await;
    let reverted = rig.send(1, 0, REVERTER, hex!("deadbeef")).await;
    rig.seal().await;
    let factory = rig.who(0).create(0);
    let child = factory.create(1);
    let salted = factory.create2_from_code(B256::with_last_byte(7), hex!("60016000f3"));
    assert_eq!(
        rig.ok("ots_getInternalOperations", json!([made])).await,
        json!([
            { "type": 2, "from": factory, "to": child, "value": "0x0" },
            { "type": 3, "from": factory, "to": salted, "value": "0x0" },
        ])
    );
    let trace = rig.ok("ots_traceTransaction", json!([made])).await;
    let entries: Vec<_> = trace.as_array().unwrap().iter().map(|entry| (&entry["type"], &entry["depth"], &entry["to"])).collect();
    assert_eq!(
        entries,
        [
            (&json!("CREATE"), &json!(0), &json!(factory)),
            (&json!("CREATE"), &json!(1), &json!(child)),
            (&json!("CREATE2"), &json!(1), &json!(salted))
        ]
    );
    assert_eq!((&trace[1]["value"], &trace[1]["input"], &trace[1]["output"]), (&json!("0x0"), &json!("0x60016000f3"), &json!("0x00")));
    assert_eq!(rig.ok("ots_getTransactionError", json!([reverted])).await, "0xdeadbeef");
    assert_eq!(rig.ok("ots_getTransactionError", json!([made])).await, "0x");
    assert_eq!(rig.err("ots_traceTransaction", json!([B256::ZERO])).await.0, -32000);

    for (contract, creator) in [(factory, rig.who(0)), (child, factory), (salted, factory)] {
        let found = rig.ok("ots_getContractCreator", json!([contract])).await;
        assert_eq!(found, json!({ "hash": made, "creator": creator }));
    }
    for without in [rig.who(0), COUNTER, Address::ZERO] {
        assert_eq!(rig.ok("ots_getContractCreator", json!([without])).await, Value::Null, "an account, a contract of the genesis, nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_and_a_nonce_name_a_transaction() {
    let (rig, [first, inside, third, fourth]) = four_blocks(Limits::default()).await;
    let find = async |who: Address, nonce: u64| rig.ok("ots_getTransactionBySenderAndNonce", json!([who, nonce])).await;
    assert_eq!((find(rig.who(0), 0).await, find(rig.who(0), 2).await), (first, third));
    assert_eq!((find(rig.who(0), 3).await, find(rig.who(1), 0).await), (fourth, inside));
    assert_eq!((find(rig.who(0), 4).await, find(rig.who(3), 0).await), (Value::Null, Value::Null));
    let attributes = rig.ok("eth_getTransactionByBlockNumberAndIndex", json!(["0x3", "0x0"])).await;
    let depositor = serde_json::from_value(attributes["from"].clone()).unwrap();
    assert_eq!(find(depositor, number(&attributes["nonce"]).to()).await, attributes["hash"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_shown_without_its_weight_and_its_transactions_by_pages() {
    let rig = Rig::rollup().await;
    let sent = [rig.send(0, 0, EMITTER, [7; 32]).await, rig.send(0, 1, EMITTER, [8; 32]).await, rig.send(0, 2, EMITTER, [9; 32]).await];
    let hash = rig.seal().await;
    let details = rig.ok("ots_getBlockDetails", json!([1])).await;
    assert_eq!(details, rig.ok("ots_getBlockDetailsByHash", json!([hash])).await);
    let block = &details["block"];
    assert_eq!((&block["hash"], &block["transactionCount"], &block["logsBloom"]), (&json!(hash), &json!(4), &Value::Null));
    assert!(block.get("transactions").is_none());
    let mut fees = U256::ZERO;
    for hash in &sent {
        let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
        fees += number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]);
    }
    assert_eq!((number(&details["totalFees"]), &details["issuance"]["issuance"]), (fees, &json!("0x0")));
    let attributes = rig.ok("eth_getBlockReceipts", json!(["0x1"])).await[0].clone();
    assert_eq!(details["gasUsedDepositTx"], attributes["gasUsed"]);
    assert_eq!(rig.ok("ots_getBlockDetails", json!([99])).await, Value::Null);

    let page = async |page: u64, size: u64| rig.ok("ots_getBlockTransactions", json!([1, page, size])).await;
    let hashes = |page: &Value| {
        let transactions = page["fullblock"]["transactions"].as_array().unwrap();
        transactions.iter().map(|tx| tx["hash"].clone()).collect::<Vec<_>>()
    };
    let newest = page(0, 3).await;
    assert_eq!(hashes(&newest), sent);
    assert_eq!(
        (&newest["fullblock"]["transactionCount"], &newest["fullblock"]["transactions"][0]["input"]),
        (&json!(4), &json!("0x07070707"))
    );
    let receipt = &newest["receipts"][2];
    assert_eq!((&receipt["transactionHash"], &receipt["logs"], &receipt["logsBloom"]), (&sent[2], &Value::Null, &Value::Null));
    assert_eq!(newest["receipts"].as_array().unwrap().len(), 3);
    assert_eq!(hashes(&page(1, 3).await), [attributes["transactionHash"].clone()]);
    assert_eq!(hashes(&page(2, 3).await), [Value::Null; 0]);
}

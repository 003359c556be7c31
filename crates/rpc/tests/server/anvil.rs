//! Development methods answer as the tools do whose names they have: alloy reads anvil's strictly.

use crate::rig::{CHAIN_ID, COUNTER, EMITTER, REVERTER, Rig};
use alloy_primitives::{Address, B256, Bytes, hex};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_something_answers_with_null_under_anvils_name_and_with_true_under_hardhats() {
    let rig = Rig::development().await;
    let account = Address::repeat_byte(0x77);
    let word = B256::with_last_byte(1);
    let calls = [
        ("setBalance", json!([account, "0x10"])),
        ("setNonce", json!([account, "0x1"])),
        ("setCode", json!([account, "0x00"])),
        ("impersonateAccount", json!([account])),
        ("impersonateAccount", json!([account])),
        ("stopImpersonatingAccount", json!([account])),
        ("setLoggingEnabled", json!([true])),
    ];
    for (name, params) in calls {
        for (namespace, answer) in [("anvil", Value::Null), ("hardhat", json!(true))] {
            if name == "stopImpersonatingAccount" {
                rig.early("anvil_impersonateAccount", json!([account])).await;
            }
            assert_eq!(rig.early(&format!("{namespace}_{name}"), params.clone()).await, answer, "{namespace}_{name}");
        }
    }
    assert_eq!(rig.early("anvil_autoImpersonateAccount", json!([false])).await, Value::Null);
    for namespace in ["anvil", "hardhat"] {
        assert_eq!(rig.early(&format!("{namespace}_setStorageAt"), json!([account, "0x0", word])).await, json!(true));
    }
    assert_eq!(rig.early("hardhat_stopImpersonatingAccount", json!([account])).await, json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_tells_of_itself_what_anvil_tells() {
    let rig = Rig::development().await;
    let block = rig.seal().await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let info = rig.ok("anvil_nodeInfo", json!([])).await;
    let mut names = keys(&info);
    names.sort_unstable();
    let expected =
        ["currentBlockHash", "currentBlockNumber", "currentBlockTimestamp", "environment", "forkConfig", "hardFork", "transactionOrder"];
    assert_eq!(names, expected);
    assert_eq!((&info["currentBlockNumber"], &info["currentBlockTimestamp"]), (&json!("0x1"), &json!(1001)));
    assert_eq!((&info["currentBlockHash"], &info["hardFork"]), (&json!(block), &json!("Isthmus")));
    assert_eq!((&info["environment"]["chainId"], &info["environment"]["gasLimit"]), (&json!(CHAIN_ID), &json!("0x1c9c380")));
    assert_eq!(info["environment"]["baseFee"], rig.ok("eth_baseFee", json!([])).await);
    assert_eq!(info["environment"]["gasPrice"], rig.ok("eth_gasPrice", json!([])).await);
    assert_eq!(info["forkConfig"]["forkUrl"], Value::Null);
    for name in ["anvil_metadata", "hardhat_metadata"] {
        let metadata = rig.ok(name, json!([])).await;
        assert_eq!((&metadata["latestBlockNumber"], &metadata["latestBlockHash"]), (&json!(1), &json!(block)));
        assert_eq!(
            (&metadata["snapshots"], &metadata["forkedNetwork"], &metadata["chainId"]),
            (&json!({}), &Value::Null, &json!(CHAIN_ID))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_the_nodes_accounts_can_be_waited_for_and_is_the_first_ones_unless_it_says_whose() {
    let rig = Rig::development().await;
    let receipt = rig.early("eth_sendTransactionSync", json!([{ "to": COUNTER }])).await;
    assert_eq!((&receipt["from"], &receipt["status"]), (&json!(rig.who(0)), &json!("0x1")));
    assert_eq!(receipt, rig.early("eth_getTransactionReceipt", json!([receipt["transactionHash"]])).await);
    let hash = rig.early("eth_sendTransaction", json!([{ "from": rig.who(1), "to": COUNTER }])).await;
    assert_eq!(rig.early("eth_getTransactionByHash", json!([hash])).await["from"], json!(rig.who(1)));
    assert_eq!(rig.err("eth_sendTransactionSync", json!([{ "from": Address::ZERO }])).await.1, "unknown account");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_mined_in_detail_show_what_their_transactions_returned() {
    let rig = Rig::development().await;
    // Error("no").
    let reason = hex!(
        "08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000026e6f000000000000000000000000000000000000000000000000000000000000"
    );
    rig.send(0, 0, EMITTER, vec![7; 32]).await;
    rig.send(0, 1, REVERTER, reason.to_vec()).await;
    let blocks = rig.ok("evm_mine_detailed", json!([{ "blocks": 2 }])).await;
    let latest = rig.ok("eth_getBlockByNumber", json!(["0x2", true])).await;
    let numbers: Vec<_> = blocks.as_array().unwrap().iter().map(|block| block["number"].clone()).collect();
    assert_eq!(numbers, ["0x1", "0x2"]);
    assert_eq!((&blocks[1]["hash"], &blocks[1]["stateRoot"]), (&latest["hash"], &latest["stateRoot"]));
    let transactions = blocks[0]["transactions"].as_array().unwrap();
    let told = |index: usize| (transactions[index]["output"].clone(), transactions[index].get("revertReason").cloned());
    assert_eq!(told(1), (json!("0x"), None));
    assert_eq!(told(2), (json!(Bytes::from(reason)), Some(json!("no"))));
    assert_eq!(rig.ok("anvil_mine_detailed", json!([])).await.as_array().unwrap().len(), 1);
    let (code, words) = rig.err("evm_mine_detailed", json!([{ "blocks": 257 }])).await;
    assert_eq!((code, words.as_str()), (-32602, "at most 256 blocks can be mined in detail at once"));
    assert_eq!(rig.ok("eth_blockNumber", json!([])).await, "0x3");
    let (code, words) = rig.err("evm_mine", json!(["soon"])).await;
    assert_eq!((code, words.as_str()), (-32602, "invalid argument 0: a time is asked for, or an object with timestamp and blocks"));
}

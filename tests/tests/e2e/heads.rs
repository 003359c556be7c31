use crate::node::Node;
use alloy_primitives::Address;
use serde_json::{Value, json};
use tributary_tests::{
    rpc::{get, number},
    token,
};

/// Number and hash of a head, as `optimism_syncStatus` gives it.
fn head(node: &mut Node, name: &str) -> (u128, Value) {
    let status = node.ask("optimism_syncStatus", json!([]));
    let head = &status[name];
    (u128::from(head["number"].as_u64().unwrap()), head["hash"].clone())
}

#[test]
fn the_safe_head_advances_to_every_transaction_with_the_hash_that_the_verifier_derived() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let (creation, address) = wallet.create(token::creation(wallet.address(), 1_000));
    node.include(&creation);
    let mut last = Value::Null;
    for amount in 1..10 {
        let call = wallet.call(address, token::transfer(Address::repeat_byte(9), amount), token::TRANSFER_GAS);
        last = node.include(&call);
    }
    let block = number(&last["blockNumber"]);
    node.wait("the last transaction is safe", |node| head(node, "safe_l2").0 >= block);
    let (safe, hash) = head(&mut node, "safe_l2");
    assert_eq!(node.ask("eth_getBlockByNumber", json!([format!("{safe:#x}"), false]))["hash"], hash);
    for height in 1..=safe {
        let height = format!("{height:#x}");
        let derived = node.ask("tributary_verifierBlock", json!([height]));
        let sequenced = node.ask("eth_getBlockByNumber", json!([height, false]));
        assert_eq!(derived["hash"], sequenced["hash"], "block {height}");
    }
    node.wait("it is final, too", |node| head(node, "finalized_l2").0 >= block);
    let finalized = number(&node.ask("eth_getBlockByNumber", json!(["finalized", false]))["number"]);
    let safe = number(&node.ask("eth_getBlockByNumber", json!(["safe", false]))["number"]);
    let latest = node.head();
    assert!(block <= finalized && finalized <= safe && safe <= latest, "{finalized} {safe} {latest}");
}

#[test]
fn the_batch_of_a_safe_block_is_in_the_l1_transaction_that_the_node_names() {
    let mut node = Node::start();
    node.wait("a block is safe", |node| head(node, "safe_l2").0 >= 3);
    let batch = node.ask("tributary_batchOf", json!(["0x3"]));
    let mut l1 = tributary_tests::rpc::Rpc::connect(&node.process.banner.l1_url).unwrap();
    let receipt = l1.call("eth_getTransactionReceipt", json!([batch["l1TransactionHash"]])).unwrap();
    assert_eq!(receipt["status"], json!("0x1"));
    assert_eq!(receipt["type"], json!("0x3"));
    assert!(number(&receipt["blockNumber"]) <= number(&batch["l1BlockNumber"]), "{receipt} {batch}");
}

#[test]
fn health_and_metrics_tell_of_a_node_that_advances() {
    let mut node = Node::start();
    node.wait("a block is safe", |node| head(node, "safe_l2").0 >= 1);
    let url = node.process.banner.dashboard_url.clone();
    let health: Value = serde_json::from_str(&get(&format!("{url}/health")).unwrap()).unwrap();
    assert_eq!(health["healthy"], json!(true), "{health}");
    let metrics = get(&format!("{url}/metrics")).unwrap();
    assert!(metrics.lines().any(|line| line == "tributary_healthy 1"), "{metrics}");
    assert!(metrics.contains("tributary_head_block{head=\"safe\"}"), "{metrics}");
}

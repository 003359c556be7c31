//! Methods that geth does not have or has no longer, and reth, anvil or the specification have.

use crate::rig::{COUNTER, EMITTER, Rig};
use alloy_primitives::{B256, Bytes, TxKind, keccak256};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_told_as_the_trie_has_it() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let account = rig.ok("eth_getAccount", json!([COUNTER, "latest"])).await;
    let proof = rig.ok("eth_getProof", json!([COUNTER, ["0x0", B256::ZERO], "latest"])).await;
    for (field, of_proof) in [("balance", "balance"), ("nonce", "nonce"), ("codeHash", "codeHash"), ("storageRoot", "storageHash")] {
        assert_eq!(account[field], proof[of_proof], "{field}");
    }
    assert_eq!((&proof["storageProof"][0]["key"], &proof["storageProof"][1]["key"]), (&json!("0x0"), &json!(B256::ZERO)));
    assert_eq!(rig.ok("eth_getAccount", json!([rig.who(3).create(9), "latest"])).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_found_by_sender_and_nonce_wherever_it_is() {
    let rig = Rig::rollup().await;
    let find = async |nonce: &str| rig.ok("eth_getTransactionBySenderAndNonce", json!([rig.who(0), nonce])).await;
    let first = rig.send(0, 0, COUNTER, Bytes::new()).await;
    assert_eq!(find("0x0").await["hash"], first, "in the open block");
    rig.seal().await;
    assert_eq!(find("0x0").await["hash"], first);
    let waiting = rig.ok("eth_sendRawTransaction", json!([rig.sign(0, 5, TxKind::Call(COUNTER), Bytes::new())])).await;
    assert_eq!(find("0x5").await["hash"], waiting);
    assert_eq!(find("0x1").await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn code_rules_and_the_fee_recipient_are_told() {
    let rig = Rig::rollup().await;
    rig.seal().await;
    let code = rig.ok("eth_getCode", json!([EMITTER, "latest"])).await;
    let hash = keccak256(serde_json::from_value::<Bytes>(code.clone()).unwrap());
    assert_eq!(rig.ok("debug_codeByHash", json!([hash])).await, code);
    assert_eq!(rig.ok("debug_codeByHash", json!([B256::repeat_byte(9)])).await, Value::Null);
    assert_eq!(rig.ok("debug_chainConfig", json!([])).await["chainId"], json!(crate::rig::CHAIN_ID));
    assert_eq!(rig.ok("debug_getBadBlocks", json!([])).await, json!([]));
    let block = rig.ok("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(rig.ok("eth_coinbase", json!([])).await, block["miner"]);
}

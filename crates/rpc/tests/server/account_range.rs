use crate::rig::{COUNTER, EMITTER, Rig};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde_json::{Value, json};

/// The accounts of a page by the hashes of their addresses, which the answer's order is not.
fn keys(page: &Value) -> Vec<B256> {
    let accounts = page["accounts"].as_object().unwrap().iter();
    let mut keys: Vec<B256> = accounts
        .map(|(name, account)| {
            let address: Address = name.parse().unwrap();
            assert_eq!((account["address"].as_str().unwrap(), name), (json!(address).as_str().unwrap(), &address.to_checksum(None)));
            assert_eq!(account["key"], json!(keccak256(address)));
            keccak256(address)
        })
        .collect();
    keys.sort_unstable();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_a_state_are_listed_page_by_page_in_the_order_of_the_trie() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let block = rig.seal().await;
    let whole = rig.ok("debug_dumpBlock", json!(["latest"])).await;
    let all = keys(&whole);
    assert!(all.len() > 10 && whole.get("next").is_none());
    let mut seen = Vec::new();
    let mut start = json!("0x");
    loop {
        let page = rig.ok("debug_accountRange", json!([block, start, 3, false, false, false])).await;
        seen.extend(keys(&page));
        assert_eq!(page["root"], whole["root"]);
        assert_eq!(page.get("next").is_some(), seen.len() < all.len());
        let Some(next) = all.get(seen.len()) else { break };
        start = json!(next);
    }
    assert_eq!(seen, all);
    assert_eq!(rig.ok("debug_accountRange", json!(["0x1", "0x", 0, false, false, false])).await, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_account_is_what_other_methods_tell_of_it() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    rig.send(0, 1, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let dump = async |number: &str| rig.ok("debug_dumpBlock", json!([number])).await["accounts"].clone();
    let name = COUNTER.to_checksum(None);
    let (before, after) = (dump("0x1").await[&name].clone(), dump("0x2").await[&name].clone());
    assert_eq!(
        (&before["storage"], &after["storage"]),
        (&json!({ B256::ZERO.to_string(): "01" }), &json!({ B256::ZERO.to_string(): "02" }))
    );
    let proof = rig.ok("eth_getProof", json!([COUNTER, [], "0x2"])).await;
    assert_eq!((&after["root"], &after["codeHash"]), (&proof["storageHash"], &proof["codeHash"]));
    assert_eq!(after["code"], rig.ok("eth_getCode", json!([COUNTER, "0x2"])).await);
    let sender = dump("0x2").await[&rig.who(0).to_checksum(None)].clone();
    let balance: U256 = serde_json::from_value(rig.ok("eth_getBalance", json!([rig.who(0), "0x2"])).await).unwrap();
    assert_eq!((&sender["balance"], &sender["nonce"]), (&json!(balance.to_string()), &json!(2)));
    assert!(sender.get("code").is_none() && sender.get("storage").is_none());
    let start = keccak256(COUNTER);
    let bare = rig.ok("debug_accountRange", json!(["0x2", start, 1, true, true, false])).await["accounts"][&name].clone();
    assert!(bare.get("code").is_none() && bare.get("storage").is_none());
    assert_eq!(bare["root"], after["root"]);
    assert!(dump("0x2").await[EMITTER.to_checksum(None)].get("storage").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_not_there_is_not_listed() {
    let rig = Rig::rollup().await;
    let none = B256::repeat_byte(1);
    for (method, params, words) in [
        ("debug_dumpBlock", json!(["0x7"]), "block #7 not found".to_owned()),
        ("debug_dumpBlock", json!(["pending"]), "pending state is not available".to_owned()),
        ("debug_accountRange", json!([none, "0x", 1, true, true, true]), format!("block {none} not found")),
        ("debug_accountRange", json!(["pending", "0x", 1, true, true, true]), "pending state is not available".to_owned()),
    ] {
        assert_eq!(rig.err(method, params).await, (-32000, words));
    }
    let long = format!("0x{}", "00".repeat(33));
    assert_eq!(rig.err("debug_accountRange", json!(["latest", long])).await.0, -32602);
}

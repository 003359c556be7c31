use crate::rig::{CALLER, COUNTER, REVERTER, Rig, SPINNER, TELLER};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use serde_json::{Value, json};
use tributary_trie::verify_proof;

fn words(value: &Value) -> Vec<U256> {
    let bytes: Bytes = serde_json::from_value(value.clone()).unwrap();
    bytes.chunks(32).map(U256::from_be_slice).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_past_state_can_be_read() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let first = rig.seal().await;
    rig.send(0, 1, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let slot = async |at: Value| rig.ok("eth_getStorageAt", json!([COUNTER, "0x0", at])).await;
    assert_eq!(slot(json!("0x0")).await, json!(B256::ZERO));
    assert_eq!(slot(json!("0x1")).await, json!(B256::with_last_byte(1)));
    assert_eq!(slot(json!({ "blockHash": first })).await, json!(B256::with_last_byte(1)));
    assert_eq!(slot(json!("latest")).await, json!(B256::with_last_byte(2)));
    assert_eq!(slot(json!("earliest")).await, json!(B256::ZERO));
    assert_eq!(slot(json!("safe")).await, json!(B256::ZERO), "nothing but the genesis is derived from L1");
    assert_eq!(rig.ok("eth_getTransactionCount", json!([rig.who(0), "0x1"])).await, "0x1");
    assert_eq!(rig.ok("eth_getCode", json!([COUNTER])).await, "0x60005460010160005500");
    assert_eq!(rig.ok("eth_getCode", json!([rig.who(0), "latest"])).await, "0x");
    let info = rig.ok("eth_getAccountInfo", json!([COUNTER, "latest"])).await;
    assert_eq!((&info["code"], &info["balance"]), (&json!("0x60005460010160005500"), &json!("0x0")));
    let modules = rig.ok("rpc_modules", json!([])).await;
    assert_eq!((&modules["eth"], &modules["txpool"]), (&json!("1.0"), &json!("1.0")));
    assert_eq!(rig.err("eth_getBalance", json!([COUNTER, "0x99"])).await, (-32000, "header not found".into()));
    let by_hash = rig.err("eth_getBalance", json!([COUNTER, { "blockHash": B256::repeat_byte(1) }])).await;
    assert_eq!(by_hash, (-32000, "header for hash not found".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pending_nonce_counts_what_waits_without_a_gap() {
    let rig = Rig::rollup().await;
    for nonce in [2, 4] {
        rig.send(0, nonce, COUNTER, Bytes::new()).await;
    }
    let nonce = async || rig.ok("eth_getTransactionCount", json!([rig.who(0), "pending"])).await;
    assert_eq!(nonce().await, "0x0");
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    assert_eq!(nonce().await, "0x1");
    rig.send(0, 1, COUNTER, Bytes::new()).await;
    assert_eq!(nonce().await, "0x3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_sees_the_block_that_it_names() {
    let rig = Rig::rollup().await;
    rig.seal().await;
    rig.seal().await;
    let ask = async |at: &str| words(&rig.ok("eth_call", json!([{ "to": TELLER, "from": rig.who(0) }, at])).await);
    let rich = U256::from(10).pow(U256::from(20));
    assert_eq!(ask("0x1").await, [U256::from(1), U256::from(1001), rich]);
    assert_eq!(ask("latest").await, [U256::from(2), U256::from(1002), rich]);
    assert_eq!(ask("pending").await, [U256::from(3), U256::from(1003), rich]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_can_pretend() {
    let rig = Rig::rollup().await;
    let call = json!({ "to": TELLER, "from": rig.who(0) });
    let state = json!({ rig.who(0).to_string(): { "balance": "0x7" } });
    let block = json!({ "number": "0x64", "time": "0xc8" });
    let told = rig.ok("eth_call", json!([call, "latest", state, block])).await;
    assert_eq!(words(&told), [U256::from(100), U256::from(200), U256::from(7)]);
    let address = Address::repeat_byte(0x77);
    let code = json!({ address.to_string(): { "code": "0x60005460005260206000f3", "stateDiff": { B256::ZERO.to_string(): B256::with_last_byte(9) } } });
    assert_eq!(words(&rig.ok("eth_call", json!([{ "to": address }, "latest", code])).await), [U256::from(9)]);
    let both = json!({ address.to_string(): { "state": {}, "stateDiff": {} } });
    let error = rig.err("eth_call", json!([{ "to": address }, "latest", both])).await;
    assert!(error.1.contains("has both 'state' and 'stateDiff'"), "{error:?}");
    let move_identity = json!({ "0x0000000000000000000000000000000000000004": { "movePrecompileToAddress": address } });
    assert_eq!(rig.ok("eth_call", json!([{ "to": address, "data": "0x1234" }, "latest", move_identity])).await, "0x1234");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_fail_in_geths_words() {
    let rig = Rig::rollup().await;
    let reverted = crate::wire::call(rig.address, "eth_call", json!([{ "to": REVERTER, "data": "0xdeadbeef" }])).await.unwrap_err();
    assert_eq!(reverted, json!({ "code": 3, "message": "execution reverted", "data": "0xdeadbeef" }));
    assert_eq!(rig.err("eth_call", json!([{ "to": SPINNER, "gas": "0x186a0" }])).await, (-32000, "out of gas".into()));
    let poor = Address::repeat_byte(0x55);
    let unpaid = rig.err("eth_call", json!([{ "from": poor, "to": COUNTER, "value": "0x1" }])).await;
    assert_eq!(unpaid.0, -32000);
    assert!(unpaid.1.starts_with(&format!("err: insufficient funds for gas * price + value: address {poor} have 0 want 1")), "{unpaid:?}");
    let cheap = rig.err("eth_call", json!([{ "to": COUNTER, "gas": "0x5207" }])).await;
    assert!(cheap.1.contains("intrinsic gas too low: have 20999, want 21000"), "{cheap:?}");
    let below = rig.err("eth_call", json!([{ "from": rig.who(0), "to": COUNTER, "gasPrice": "0x1" }])).await;
    assert!(below.1.contains("max fee per gas less than block base fee"), "{below:?}");
    let mixed = rig.err("eth_call", json!([{ "to": COUNTER, "gasPrice": "0x1", "maxFeePerGas": "0x1" }])).await;
    assert_eq!(mixed.1, "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
    assert_eq!(rig.err("eth_call", json!([{ "to": COUNTER, "chainId": "0x1" }])).await.0, -32000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_suffices_and_is_close() {
    let rig = Rig::rollup().await;
    let estimate =
        async |request: Value| serde_json::from_value::<U256>(rig.ok("eth_estimateGas", json!([request])).await).unwrap().to::<u64>();
    assert_eq!(estimate(json!({ "from": rig.who(0), "to": Address::repeat_byte(9), "value": "0x1" })).await, 21_000);
    let gas = estimate(json!({ "from": rig.who(0), "to": CALLER })).await;
    let hash = rig.send(0, 0, CALLER, Bytes::new()).await;
    let used: U256 = serde_json::from_value(rig.early("eth_getTransactionReceipt", json!([hash])).await["gasUsed"].clone()).unwrap();
    let used = used.to::<u64>();
    assert!((used..used * 104 / 100).contains(&gas), "estimated {gas}, used {used}");
    let fresh = estimate(json!({ "from": rig.who(0), "to": CALLER })).await;
    assert!(fresh < gas, "without a block the open one is meant, where the slot is not zero any more");
    let call = |gas: u64| json!([{ "from": rig.who(0), "to": CALLER, "gas": format!("{gas:#x}") }, "pending"]);
    assert!(rig.ok("eth_call", call(fresh)).await.is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_of_what_cannot_succeed_says_why() {
    let rig = Rig::rollup().await;
    let reverted = crate::wire::call(rig.address, "eth_estimateGas", json!([{ "to": REVERTER, "data": "0xdeadbeef" }])).await.unwrap_err();
    assert_eq!(reverted, json!({ "code": 3, "message": "execution reverted", "data": "0xdeadbeef" }));
    let spinning = rig.err("eth_estimateGas", json!([{ "to": SPINNER, "gas": "0x186a0" }])).await;
    assert_eq!(spinning, (-32000, "gas required exceeds allowance (100000)".into()));
    let poor = rig.err("eth_estimateGas", json!([{ "from": Address::repeat_byte(0x55), "to": COUNTER, "value": "0x1" }])).await;
    assert!(poor.1.contains("insufficient funds for gas * price + value"), "{poor:?}");
    let request = json!({ "from": Address::repeat_byte(0x55), "to": COUNTER, "value": "0x1", "maxFeePerGas": "0x77359400" });
    assert_eq!(rig.err("eth_estimateGas", json!([request])).await.1, "insufficient funds for transfer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_list_names_what_is_touched() {
    let rig = Rig::rollup().await;
    let list = rig.ok("eth_createAccessList", json!([{ "from": rig.who(0), "to": CALLER }])).await;
    assert_eq!(list["accessList"], json!([{ "address": COUNTER, "storageKeys": [B256::ZERO] }]));
    assert!(list.get("error").is_none());
    let own = rig.ok("eth_createAccessList", json!([{ "from": rig.who(0), "to": COUNTER }])).await;
    assert_eq!(own["accessList"], json!([{ "address": COUNTER, "storageKeys": [B256::ZERO] }]));
    let reverted = rig.ok("eth_createAccessList", json!([{ "to": REVERTER }])).await;
    assert_eq!((&reverted["accessList"], &reverted["error"]), (&json!([]), &json!("execution reverted")));
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_verify_against_the_state_root() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    rig.send(0, 1, COUNTER, Bytes::new()).await;
    rig.seal().await;
    for (at, expected) in [("0x1", 1u64), ("latest", 2)] {
        let proof = rig.ok("eth_getProof", json!([COUNTER, ["0x0", B256::with_last_byte(5)], at])).await;
        let header = rig.ok("eth_getBlockByNumber", json!([at, false])).await;
        let root: B256 = serde_json::from_value(header["stateRoot"].clone()).unwrap();
        let nodes = |value: &Value| serde_json::from_value::<Vec<Bytes>>(value.clone()).unwrap();
        let leaf = verify_proof(root, keccak256(COUNTER), &nodes(&proof["accountProof"])).unwrap().unwrap();
        let storage_root: B256 = serde_json::from_value(proof["storageHash"].clone()).unwrap();
        assert!(leaf.windows(32).any(|window| window == storage_root.as_slice()));
        let slot = &proof["storageProof"][0];
        assert_eq!((&slot["key"], &slot["value"]), (&json!("0x0"), &json!(U256::from(expected))));
        let value = verify_proof(storage_root, keccak256(B256::ZERO), &nodes(&slot["proof"])).unwrap().unwrap();
        assert_eq!(value, alloy_rlp::encode(expected));
        let absent = &proof["storageProof"][1];
        assert_eq!((&absent["key"], &absent["value"]), (&json!(B256::with_last_byte(5)), &json!("0x0")));
        assert_eq!(verify_proof(storage_root, keccak256(B256::with_last_byte(5)), &nodes(&absent["proof"])).unwrap(), None);
    }
    let nobody = rig.ok("eth_getProof", json!([Address::repeat_byte(0x31), [], "latest"])).await;
    assert_eq!(
        (&nobody["codeHash"], &nobody["storageHash"]),
        (&json!(alloy_primitives::KECCAK256_EMPTY), &json!(tributary_trie::EMPTY_ROOT))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_was_just_deployed_can_be_called() {
    let rig = Rig::rollup().await;
    // Init code that returns the two bytes `STOP STOP`.
    let raw = rig.sign(0, 0, TxKind::Create, alloy_primitives::hex!("60026000f3").to_vec());
    let receipt = rig.early("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!(receipt["contractAddress"], json!(rig.who(0).create(0)));
    assert_eq!(rig.early("eth_getCode", json!([receipt["contractAddress"], "latest"])).await, "0x0000");
}

#[tokio::test(flavor = "multi_thread")]
async fn authorisations_and_blobs_without_a_recipient_are_refused_wherever_a_call_is_simulated() {
    let rig = Rig::ethereum().await;
    let from = rig.who(0);
    let authorization =
        json!({ "chainId": "0x0", "address": COUNTER, "nonce": "0x0", "yParity": "0x0", "r": U256::from(1), "s": U256::from(1) });
    let versioned = |first: u8| {
        let mut hash = B256::repeat_byte(1);
        hash.0[0] = first;
        hash
    };
    for (mut request, words) in [
        (
            json!({ "authorizationList": [authorization] }),
            format!("EIP-7702 transaction cannot be used to create contract (sender {from})"),
        ),
        (json!({ "authorizationList": [] , "to": COUNTER }), format!("EIP-7702 transaction with empty auth list (sender {from})")),
        (json!({ "blobVersionedHashes": [versioned(1)], "maxFeePerBlobGas": "0x10" }), "blob transaction of type create".to_owned()),
        (
            json!({ "blobVersionedHashes": [versioned(1), versioned(2)], "to": COUNTER, "maxFeePerBlobGas": "0x10" }),
            "blob 1 has invalid hash version".to_owned(),
        ),
    ] {
        request["from"] = json!(from);
        let simulated = json!([{ "blockStateCalls": [{ "calls": [request] }], "validation": false }, "latest"]);
        for (method, params) in [
            ("eth_call", json!([request])),
            ("eth_estimateGas", json!([request])),
            ("eth_createAccessList", json!([request])),
            ("debug_traceCall", json!([request, "latest"])),
            ("eth_simulateV1", simulated),
        ] {
            let (_, message) = rig.err(method, params).await;
            assert!(message.contains(&words), "{method}: {message}");
        }
    }
}

//! What only a development chain has: accounts that the node signs for, and what rewrites accounts and the pool.

use crate::rig::{CHAIN_ID, COUNTER, Rig, TOKEN};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, b256};
use serde_json::{Value, json};
use tributary_chain::Endpoint;
use tributary_rpc::InProcess;

/// The example of EIP-712.
fn mail() -> Value {
    let field = |name: &str, ty: &str| json!({ "name": name, "type": ty });
    json!({
        "types": {
            "EIP712Domain": [field("name", "string"), field("version", "string"), field("chainId", "uint256"), field("verifyingContract", "address")],
            "Person": [field("name", "string"), field("wallet", "address")],
            "Mail": [field("from", "Person"), field("to", "Person"), field("contents", "string")],
        },
        "primaryType": "Mail",
        "domain": { "name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!",
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_data_are_signed_by_the_account_that_is_named() {
    let rig = Rig::development().await;
    let digest = b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
    for (method, data) in [("eth_signTypedData", mail()), ("eth_signTypedData_v4", mail().to_string().into())] {
        let signature: Bytes = serde_json::from_value(rig.ok(method, json!([rig.who(1), data])).await).unwrap();
        assert!(signature.len() == 65 && matches!(signature[64], 27 | 28), "{signature}");
        let signature = Signature::from_raw(&signature).unwrap();
        assert_eq!(signature.recover_address_from_prehash(&digest).unwrap(), rig.who(1), "{method}");
    }
    let stranger = Address::repeat_byte(9);
    assert_eq!(rig.err("eth_signTypedData_v4", json!([stranger, mail()])).await, (-32000, "unknown account".into()));
    let (code, words) = rig.err("eth_signTypedData_v4", json!([rig.who(0), { "types": {} }])).await;
    assert!(code == -32602 && words.starts_with("invalid argument 1: missing field"), "{words}");
    assert_eq!(rig.err("eth_signTypedData_v4", json!([rig.who(0)])).await, (-32602, "missing value for required argument 1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_balance_is_dealt_where_the_token_keeps_it() {
    let rig = Rig::development().await;
    let (owner, spender) = (rig.who(0), Address::repeat_byte(0xbe));
    let tells = async |data: String| rig.early("eth_call", json!([{ "to": TOKEN, "data": data }, "latest"])).await;
    let balance_of = format!("0x70a08231{:0>64}", &format!("{owner:x}"));
    assert_eq!(tells(balance_of.clone()).await, json!(B256::ZERO));
    rig.early("anvil_dealERC20", json!([owner, TOKEN, "0x1234"])).await;
    assert_eq!(tells(balance_of.clone()).await, json!(B256::left_padding_from(&[0x12, 0x34])));
    let allowance = format!("0xdd62ed3e{:0>64}{:0>64}", format!("{owner:x}"), format!("{spender:x}"));
    rig.early("anvil_setERC20Allowance", json!([owner, spender, TOKEN, "0x7"])).await;
    assert_eq!(tells(allowance).await, json!(B256::with_last_byte(7)));
    assert_eq!(tells(balance_of).await, json!(B256::left_padding_from(&[0x12, 0x34])), "the balance is in another slot");
    let none = rig.err("anvil_dealERC20", json!([owner, COUNTER, "0x1"])).await;
    assert_eq!(none, (-32000, "Unable to set ERC20 balance, no slot found".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_wait_are_dropped_by_hash_by_sender_and_all_together() {
    let rig = Rig::development().await;
    let wait = async |from: usize, nonce: u64| {
        let raw = rig.sign(from, nonce, TxKind::Call(COUNTER), Bytes::new());
        rig.ok("eth_sendRawTransaction", json!([raw])).await
    };
    let queued = async || rig.ok("txpool_status", json!([])).await["queued"].clone();
    let (first, _, _, _) = (wait(0, 3).await, wait(0, 5).await, wait(1, 3).await, wait(2, 9).await);
    assert_eq!(rig.ok("eth_pendingTransactions", json!([])).await.as_array().unwrap().len(), 4);
    assert_eq!(rig.ok("eth_getTransactionBySenderAndNonce", json!([rig.who(0), "0x3"])).await["hash"], first);
    assert_eq!(rig.ok("anvil_dropTransaction", json!([first])).await, first);
    assert_eq!(rig.ok("anvil_dropTransaction", json!([first])).await, Value::Null);
    assert_eq!(rig.ok("hardhat_dropTransaction", json!([first])).await, json!(false));
    assert_eq!(queued().await, "0x3");
    rig.ok("anvil_removePoolTransactions", json!([rig.who(0)])).await;
    assert_eq!(queued().await, "0x2");
    rig.ok("anvil_dropAllTransactions", json!([])).await;
    assert_eq!(queued().await, "0x0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_transaction_needs_no_key_when_it_is_said_so() {
    let rig = Rig::development().await;
    let stranger = Address::repeat_byte(0x77);
    rig.early("anvil_setBalance", json!([stranger, "0xde0b6b3a7640000"])).await;
    let request = json!({ "from": stranger, "to": COUNTER });
    assert_eq!(rig.err("eth_sendTransaction", json!([request])).await, (-32000, "unknown account".into()));
    let hash = rig.early("eth_sendUnsignedTransaction", json!([request])).await;
    let receipt = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["from"], &receipt["status"]), (&json!(stranger), &json!("0x1")));
    assert_eq!(rig.early("eth_chainId", json!([])).await, json!(format!("{CHAIN_ID:#x}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rewrites_accounts_time_and_history_is_served_on_development_chains_only() {
    let is_for_development = |name: &&'static str| {
        let signs = ["eth_sendTransaction", "eth_sendUnsignedTransaction", "eth_sign", "eth_signTransaction", "eth_requestAccounts"];
        let namespace = name.split_once('_').map_or("", |(namespace, _)| namespace);
        ["anvil", "hardhat", "evm", "tenderly", "personal"].contains(&namespace) || signs.contains(name)
    };
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        let served: Vec<_> =
            InProcess::new(rig.chain.clone(), Endpoint::Ordinary).unwrap().methods().into_iter().filter(is_for_development).collect();
        assert!(served.is_empty(), "{served:?}");
        assert_eq!(rig.err("evm_mine", json!([])).await.0, -32601);
    }
    let served = InProcess::new(Rig::development().await.chain, Endpoint::Ordinary).unwrap().methods();
    for name in ["setBalance", "setCode", "setNonce", "setStorageAt", "impersonateAccount", "stopImpersonatingAccount", "mine"] {
        for namespace in ["anvil", "hardhat"] {
            assert!(served.contains(&format!("{namespace}_{name}").as_str()), "{namespace}_{name}");
        }
    }
    for name in ["mine", "increaseTime", "setNextBlockTimestamp", "snapshot", "revert", "setAutomine", "setIntervalMining"] {
        for namespace in ["anvil", "evm"] {
            assert!(served.contains(&format!("{namespace}_{name}").as_str()), "{namespace}_{name}");
        }
    }
    assert!(served.contains(&"anvil_reorg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_read_as_tools_write_them() {
    let rig = Rig::development().await;
    let account = Address::repeat_byte(0xac);
    let padded = B256::with_last_byte(0x10);
    for (index, amount) in [json!("0x10"), json!(16), json!("16"), json!("0x0010"), json!(padded)].into_iter().enumerate() {
        let account = Address::with_last_byte(0xa0 + index as u8);
        rig.early("anvil_setBalance", json!([account, amount])).await;
        rig.early("hardhat_setNonce", json!([account, amount])).await;
        rig.early("anvil_addBalance", json!([account, amount])).await;
        assert_eq!(rig.early("eth_getBalance", json!([account, "latest"])).await, "0x20", "{amount}");
        assert_eq!(rig.early("eth_getTransactionCount", json!([account, "latest"])).await, "0x10", "{amount}");
    }
    rig.early("anvil_setBalance", json!([account, "0x1"])).await;
    for slot in [json!(5), json!("0x5"), json!(B256::with_last_byte(5))] {
        rig.early("anvil_setStorageAt", json!([account, slot, padded])).await;
        assert_eq!(rig.early("eth_getStorageAt", json!([account, "0x5", "latest"])).await, json!(padded));
        rig.early("hardhat_setStorageAt", json!([account, slot, "0x0"])).await;
    }
    assert_eq!(rig.err("anvil_setBalance", json!([account, "much"])).await.0, -32602);
}

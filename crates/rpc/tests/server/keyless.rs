//! The transaction that deploys the deterministic deployment proxy, on a chain that does not have it yet (Nick's method).

use crate::rig::{CHAIN_ID, Rig};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Address, Bytes, TxKind, U256, address, hex};
use alloy_signer::SignerSync;
use serde_json::json;
use tributary_execution::encode;
use tributary_primitives::Transaction;

const DEPLOYER: Address = address!("3fab184622dc19b6109349b94811493bf2a45362");
const PROXY: Address = address!("4e59b44847b379578588920ca78fbf26c0b4956c");
const CODE: &[u8] = &hex!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// The well-known bytes: a creation with gas price 100 gwei, gas limit 100,000, v = 27 and r = s = 0x22…22.
fn deployment() -> Bytes {
    let head = hex!("f8a58085174876e800830186a08080b853604580600e600039806000f350fe");
    let signature = [&hex!("1ba0")[..], &[0x22; 32], &hex!("a0"), &[0x22; 32]].concat();
    [&head[..], CODE, &signature].concat().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deterministic_deployment_proxy_arrives_at_its_address() {
    let rig = Rig::rollup().await;
    let send = "eth_sendRawTransaction";
    let (code, words) = rig.err(send, json!([deployment()])).await;
    assert!(code == -32000 && words.contains("insufficient funds"), "{words}");
    let funding = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(DEPLOYER),
        value: U256::from(10).pow(U256::from(16)),
        access_list: Default::default(),
        input: Bytes::new(),
    };
    let signature = rig.keys[0].sign_hash_sync(&funding.signature_hash()).unwrap();
    rig.ok(send, json!([encode(&Transaction::Eip1559(funding.into_signed(signature)))])).await;
    let hash = rig.ok(send, json!([deployment()])).await;
    assert_eq!(hash, "0xeddf9e61fb9d8f5111840daef55e5fde0041f5702856532cdbb5a02998033d26");
    let receipt = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["status"], &receipt["contractAddress"]), (&json!("0x1"), &json!(PROXY)));
    assert_eq!(rig.early("eth_getCode", json!([PROXY, "latest"])).await, json!(Bytes::from_static(CODE)));
}

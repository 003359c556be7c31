//! A whole development rollup in one process, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use tributary_node::{DataAvailability, DevConfig, Status, dev};

async fn until(config: DevConfig, reached: impl FnMut(&Status) -> bool) -> Status {
    let mut node = dev(config).await.unwrap();
    let mut status = node.status.clone();
    let seen = tokio::select! {
        seen = status.wait_for(reached) => seen.unwrap().clone(),
        reason = node.halted() => panic!("the node halted: {reason}"),
    };
    node.stop().await;
    seen
}

fn config(da: DataAvailability) -> DevConfig {
    DevConfig { port: 0, l1_port: 0, dashboard_port: 0, l1_block_time: 1, da, ..DevConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_become_safe_and_final_and_are_proposed_through_blobs() {
    let done = |status: &Status| status.finalized_head >= 12 && status.last_proposal.is_some();
    let status = until(config(DataAvailability::Blob), done).await;
    assert!(status.safe_head >= status.finalized_head && status.unsafe_head >= status.safe_head);
    assert!(status.last_batch.is_some_and(|batch| batch.bytes > 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_become_safe_through_calldata() {
    let status = until(config(DataAvailability::Calldata), |status| status.safe_head >= 5).await;
    assert!(status.last_batch.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_directory_is_resumed_and_a_taken_port_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = || DevConfig { datadir: Some(dir.path().to_owned()), ..config(DataAvailability::Blob) };
    let before = until(config(), |status| status.safe_head >= 3).await;
    let after = until(config(), |status| status.safe_head > before.unsafe_head).await;
    assert!(after.unsafe_head >= before.unsafe_head);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = dev(DevConfig { port, ..config() }).await.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    until(config(), |status| status.unsafe_head > after.unsafe_head).await;
}

/// Init code that hashes a megabyte 150 times: about 32 million gas, and far more time than gas suggests.
const SLOW: [u8; 18] = [0x60, 150, 0x5b, 0x62, 0x10, 0, 0, 0x5f, 0x20, 0x50, 0x60, 1, 0x90, 0x03, 0x80, 0x60, 2, 0x57];

async fn rpc(url: &str, method: &str, params: serde_json::Value) -> serde_json::Value {
    let request = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer: serde_json::Value = reqwest::Client::new().post(url).json(&request).send().await.unwrap().json().await.unwrap();
    assert!(answer["error"].is_null(), "{method}: {answer}");
    answer["result"].clone()
}

fn number(quantity: &serde_json::Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

fn slow_transaction(key: alloy_primitives::B256) -> String {
    let tx = TxEip1559 {
        chain_id: tributary_node::L2_CHAIN_ID,
        gas_limit: 40_000_000,
        max_fee_per_gas: 1_000_000_000,
        input: SLOW.into(),
        ..Default::default()
    };
    let signer = PrivateKeySigner::from_bytes(&key).unwrap();
    let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
    alloy_primitives::hex::encode_prefixed(tx.into_signed(signature).encoded_2718())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_whose_transactions_take_longer_than_its_time_is_sealed_and_the_rest_waits_for_the_next() {
    let node = dev(config(DataAvailability::Blob)).await.unwrap();
    let url = node.info.realtime_url.clone();
    let sends = node.info.accounts.iter().map(|account| {
        let (url, raw) = (url.clone(), slow_transaction(account.key));
        tokio::spawn(async move { rpc(&url, "eth_sendRawTransaction", serde_json::json!([raw])).await })
    });
    let mut blocks = std::collections::BTreeSet::new();
    for sent in sends.collect::<Vec<_>>() {
        let receipt = rpc(&url, "eth_getTransactionReceipt", serde_json::json!([sent.await.unwrap()])).await;
        assert_eq!(receipt["status"], "0x1");
        blocks.insert(number(&receipt["blockNumber"]));
    }
    // All ten fit one block's gas limit; only their time does not.
    assert!(blocks.len() > 1, "all in block {blocks:?}");
    let last = *blocks.last().unwrap();
    node.status.clone().wait_for(|status| status.unsafe_head >= last).await.unwrap();
    for pair in (*blocks.first().unwrap()..=last).collect::<Vec<_>>().windows(2) {
        let time = |number: u64| {
            let url = url.clone();
            async move { rpc(&url, "eth_getBlockByNumber", serde_json::json!([format!("{number:#x}"), false])).await["timestamp"].clone() }
        };
        assert_eq!(number(&time(pair[1]).await), number(&time(pair[0]).await) + 1);
    }
    node.stop().await;
}

use crate::{
    rig::{COUNTER, Rig},
    wire::http,
};
use alloy_primitives::{B256, Bytes, FixedBytes};
use serde_json::{Value, json};
use tributary_storage::BlobSidecar;

fn blob(byte: u8) -> BlobSidecar {
    let mut versioned_hash = B256::repeat_byte(byte);
    versioned_hash.0[0] = 1;
    BlobSidecar {
        versioned_hash,
        commitment: FixedBytes::repeat_byte(byte),
        proof: FixedBytes::repeat_byte(byte + 1),
        blob: Box::new(FixedBytes::repeat_byte(byte)),
    }
}

async fn get(rig: &Rig, path: &str) -> (u16, Value) {
    let response = http(rig.address, "GET", path, &[], "").await;
    (response.status, serde_json::from_str(&response.body).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn on_ethereum_a_receipt_comes_with_the_block() {
    let rig = Rig::ethereum().await;
    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    assert_eq!(rig.ok("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    let waiting = rig.ok("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!((&waiting["blockHash"], &waiting["hash"]), (&Value::Null, &hash));
    assert_eq!(rig.ok("eth_getTransactionCount", json!([rig.who(0), "latest"])).await, "0x0");
    assert_eq!(rig.ok("eth_getTransactionCount", json!([rig.who(0), "pending"])).await, "0x1");
    let raw = rig.sign(0, 1, alloy_primitives::TxKind::Call(COUNTER), Bytes::new());
    let (receipt, block) = tokio::join!(rig.ok("eth_sendRawTransactionSync", json!([raw])), async {
        while rig.ok("eth_getTransactionCount", json!([rig.who(0), "pending"])).await != "0x2" {}
        rig.seal().await
    });
    assert_eq!(receipt["blockHash"], json!(block));
    assert!(receipt.get("l1Fee").is_none());
    assert_eq!(rig.ok("eth_maxPriorityFeePerGas", json!([])).await, "0x3b9aca00");
    assert_eq!(rig.err("optimism_syncStatus", json!([])).await.0, -32601);
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_are_served_beside_json_rpc() {
    let rig = Rig::ethereum().await;
    let blobs = vec![blob(3), blob(5)];
    let hashes: Vec<B256> = blobs.iter().map(|blob| blob.versioned_hash).collect();
    rig.submit_blobs(0, 0, hashes.clone()).await.unwrap();
    rig.seal_with(blobs).await;
    let tx = rig.ok("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"])).await;
    assert_eq!((&tx["type"], &tx["blobVersionedHashes"], &tx["maxFeePerBlobGas"]), (&json!("0x3"), &json!(hashes), &json!("0x3e8")));
    let receipt = rig.ok("eth_getTransactionReceipt", json!([tx["hash"]])).await;
    assert_eq!((&receipt["blobGasUsed"], &receipt["blobGasPrice"]), (&json!("0x40000"), &json!("0x1")));
    assert_eq!(rig.ok("eth_getBlockByNumber", json!(["0x1", false])).await["blobGasUsed"], "0x40000");
    assert_eq!(rig.ok("eth_blobBaseFee", json!([])).await, "0x1");

    let (status, sidecars) = get(&rig, "/eth/v1/beacon/blob_sidecars/1").await;
    assert_eq!((status, sidecars["data"].as_array().unwrap().len()), (200, 2));
    assert_eq!(
        (&sidecars["data"][1]["index"], &sidecars["data"][1]["kzg_commitment"]),
        (&json!("1"), &json!(FixedBytes::<48>::repeat_byte(5)))
    );
    assert_eq!(sidecars["data"][0]["blob"].as_str().unwrap().len(), 2 + 2 * 131_072);
    assert_eq!(sidecars["data"][0]["signed_block_header"]["message"]["slot"], "1");
    let (_, one) = get(&rig, "/eth/v1/beacon/blob_sidecars/1?indices=1").await;
    assert_eq!((one["data"].as_array().unwrap().len(), &one["data"][0]), (1, &sidecars["data"][1]));
    let (_, blobs) = get(&rig, &format!("/eth/v1/beacon/blobs/head?versioned_hashes={}", hashes[1])).await;
    assert_eq!(blobs["data"], json!([sidecars["data"][1]["blob"]]));
    assert_eq!(get(&rig, "/eth/v1/beacon/blob_sidecars/0").await.1["data"], json!([]));
    let (status, missing) = get(&rig, "/eth/v1/beacon/blob_sidecars/77").await;
    assert_eq!((status, &missing["code"]), (404, &json!(404)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beacon_api_tells_what_readers_of_blobs_ask_first() {
    let rig = Rig::ethereum().await;
    let block = rig.seal().await;
    assert_eq!(get(&rig, "/eth/v1/beacon/genesis").await.1["data"]["genesis_time"], "1000");
    assert_eq!(get(&rig, "/eth/v1/config/spec").await.1["data"]["SECONDS_PER_SLOT"], "2");
    assert!(get(&rig, "/eth/v1/node/version").await.1["data"]["version"].as_str().unwrap().starts_with("tributary/"));
    let (_, header) = get(&rig, "/eth/v1/beacon/headers/head").await;
    assert_eq!((&header["data"]["root"], &header["data"]["header"]["message"]["slot"]), (&json!(block), &json!("1")));
    assert_eq!(get(&rig, &format!("/eth/v1/beacon/headers/{block}")).await.1, header);
    assert_eq!(get(&rig, "/eth/v1/beacon/headers/x").await.0, 400);
    assert_eq!(get(&rig, "/eth/v1/unknown").await.0, 404);
    let rollup = Rig::rollup().await;
    assert_ne!(get(&rollup, "/eth/v1/beacon/genesis").await.0, 200);
}

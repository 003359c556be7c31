//! Several nodes of one L1: those that disagree, lack blobs, or compute another price of blobs.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use alloy_consensus::Header;
use alloy_eips::{BlockNumberOrTag, eip7840::BlobParams};
use alloy_genesis::ChainConfig;
use alloy_primitives::{B256, U64};
use axum::{body::Body, http::Response, http::StatusCode};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{Call, Fixture, answer, blob, fault, result, serve};
use tributary_l1::{BlobIds, Endpoint, Error, L1Client, L1Config, chain_spec};

fn header(number: u64, branch: u64) -> Header {
    Header { number, timestamp: branch, ..Default::default() }
}

/// A node whose chain ends at `head`, is finalized up to `finalized`, and is of a branch from `fork` on.
async fn node(head: u64, finalized: u64, fork: u64, branch: u64) -> String {
    serve(move |call| {
        let number = match call.params[0].as_str().unwrap() {
            "latest" => head,
            "finalized" | "safe" => finalized,
            number => number.parse::<U64>().unwrap().to(),
        };
        if number > head {
            return result(Value::Null);
        }
        let header = header(number, if number >= fork { branch } else { 0 });
        result(serde_json::to_value(alloy_rpc_types_eth::Header::new(header)).unwrap())
    })
    .await
}

fn config(urls: &[String]) -> L1Config {
    let endpoints = || urls.iter().map(|url| Endpoint::at(url.as_str())).collect();
    L1Config { retries: 1, timeout: Duration::from_secs(5), max_response: 4 << 20, ..L1Config::of(endpoints(), endpoints()) }
}

fn quorum(urls: &[String], quorum: usize) -> L1Client {
    L1Client::new(&L1Config { quorum, ..config(urls) }).unwrap()
}

#[tokio::test]
async fn a_hash_is_believed_when_enough_nodes_have_it() {
    let urls = [node(20, 10, 15, 0).await, node(22, 12, 15, 0).await, node(90, 80, 15, 9).await];
    let client = quorum(&urls, 2);
    assert_eq!(client.header(18).await.unwrap().unwrap().seal(), header(18, 0).hash_slow());
    assert!(client.header(21).await.unwrap_err().is_retryable());
    // The liar's own blocks are nobody else's.
    assert!(client.header(50).await.unwrap().is_none());
    let at = async |tag: BlockNumberOrTag| client.block_ref(tag).await.unwrap().unwrap().number;
    assert_eq!(at(BlockNumberOrTag::Finalized).await, 12);
    // Of 22 only one honest node knows yet.
    assert_eq!(at(BlockNumberOrTag::Latest).await, 20);
    let unanimous = quorum(&urls[..2], 2);
    let reached = unanimous.block_ref(BlockNumberOrTag::Latest).await.unwrap().unwrap();
    assert_eq!((reached.number, reached.hash), (20, header(20, 0).hash_slow()));
    assert_eq!(unanimous.block_ref(BlockNumberOrTag::Finalized).await.unwrap().unwrap().number, 10);
}

#[tokio::test]
async fn nodes_that_disagree_are_told_with_both_hashes_and_that_may_pass() {
    let client = quorum(&[node(20, 10, 15, 1).await, node(20, 10, 15, 2).await], 2);
    let error = client.header(15).await.unwrap_err();
    assert!(error.is_retryable());
    for branch in [1, 2] {
        assert!(error.to_string().contains(&header(15, branch).hash_slow().to_string()), "{error}");
    }
    assert_eq!(client.header(14).await.unwrap().unwrap().number, 14);
    let away = serve(|_| answer(StatusCode::BAD_GATEWAY, "")).await;
    let error = quorum(&[node(20, 10, 15, 1).await, away], 2).header(14).await.unwrap_err();
    assert!(error.is_retryable() && !matches!(error, Error::Disagreement { .. }), "{error}");
    let too_many = L1Client::new(&L1Config { quorum: 2, ..L1Config::at("http://node.example") });
    assert!(matches!(too_many, Err(Error::Node(tributary_client::Error::Config(_)))));
}

#[tokio::test]
async fn a_body_that_one_node_has_is_read_when_the_hash_is_agreed() {
    let fixture = Arc::new(Fixture::new());
    let served = fixture.clone();
    let whole = serve(move |call| served.answer(&call)).await;
    let served = fixture.clone();
    let headers_only = serve(move |call| match call.method.as_str() {
        "eth_getBlockByHash" => result(Value::Null),
        _ => served.answer(&call),
    });
    let urls = [whole, headers_only.await];
    assert_eq!(quorum(&urls, 2).block(7).await.unwrap().unwrap().seal(), fixture.hash());
    let reversed = [urls[1].clone(), urls[0].clone()];
    assert!(matches!(quorum(&reversed, 2).block(7).await, Err(Error::BlockGone(_))));
}

/// A beacon API that answers as the fixture except where `instead` does.
async fn beacon(instead: impl Fn(&str) -> Option<Response<Body>> + Send + Sync + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let (fixture, asked) = (Fixture::new(), Arc::new(Mutex::new(Vec::new())));
    let record = asked.clone();
    let url = serve(move |call: Call| {
        record.lock().unwrap().push(call.path.clone());
        instead(&call.path).unwrap_or_else(|| fixture.answer(&call))
    });
    (url.await, asked)
}

fn hashes() -> Vec<B256> {
    Fixture::new().sidecar.versioned_hashes().collect()
}

#[tokio::test]
async fn blobs_come_from_whoever_has_them_and_archives_are_asked_last() {
    for status in [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::GONE, StatusCode::BAD_GATEWAY] {
        let lacks = move |path: &str| path.contains("blob").then(|| answer(status, ""));
        let (first, _) = beacon(lacks).await;
        let (second, _) = beacon(lacks).await;
        let sidecars = |path: &str| match path {
            "/eth/v1/beacon/blob_sidecars/7" => Some(answer(StatusCode::OK, Fixture::new().sidecars_json().to_string())),
            path => path.contains("/beacon/blobs/").then(|| answer(StatusCode::NOT_FOUND, "")),
        };
        let (archive, _) = beacon(sidecars).await;
        let archives = vec![Endpoint::at(archive)];
        let client = L1Client::new(&L1Config { archives, ..config(&[first, second]) }).unwrap();
        assert_eq!(client.blobs(70, 1_084, &hashes()).await.unwrap(), [blob(1), blob(2)], "{status}");
    }
    let ((node, _), (archive, asked)) = (beacon(|_| None).await, beacon(|_| None).await);
    let client = L1Client::new(&L1Config { archives: vec![Endpoint::at(archive)], ..config(&[node]) }).unwrap();
    client.blobs(70, 1_084, &hashes()).await.unwrap();
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn blobs_that_nobody_has_are_told_by_their_hash_and_a_node_that_is_away_may_have_them() {
    let (node, _) = beacon(|path| path.contains("blob").then(|| answer(StatusCode::NOT_FOUND, ""))).await;
    let error = L1Client::new(&config(std::slice::from_ref(&node))).unwrap().blobs(70, 1_084, &hashes()).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    let (empty, _) = beacon(|path| path.contains("/blobs/").then(|| answer(StatusCode::OK, json!({ "data": [] }).to_string()))).await;
    let error = L1Client::new(&config(&[empty])).unwrap().blobs(70, 1_084, &hashes()).await.unwrap_err();
    assert!(matches!(error, Error::NoBlob(_)) && error.to_string().contains(&hashes()[0].to_string()), "{error}");
    let (away, _) = beacon(|path| path.contains("blob").then(|| answer(StatusCode::BAD_GATEWAY, ""))).await;
    assert!(L1Client::new(&config(&[node, away])).unwrap().blobs(70, 1_084, &hashes()).await.unwrap_err().is_retryable());
}

/// As anvil: no spec, no sidecars, only the last of several hashes, and block numbers for slots.
fn like_anvil(path: &str) -> Option<Response<Body>> {
    let all = |keep: fn(&usize) -> bool| {
        let blobs = Fixture::new().sidecar.blobs;
        let kept: Vec<_> = (0..blobs.len()).filter(keep).map(|index| json!(blobs[index])).collect();
        Some(answer(StatusCode::OK, json!({ "data": kept }).to_string()))
    };
    match path.split('?').collect::<Vec<_>>()[..] {
        ["/eth/v1/config/spec"] => Some(answer(StatusCode::NOT_FOUND, "")),
        [path] if path.ends_with("/blobs/70") => all(|_| true),
        [path, _] if path.ends_with("/blobs/70") => all(|index| *index == 1),
        [path, ..] if path.contains("/blobs/") => Some(answer(StatusCode::NOT_FOUND, r#"{"code":404,"message":"Block not found"}"#)),
        [path, ..] if path.contains("/blob_sidecars/") => Some(answer(StatusCode::GONE, r#"{"code":410,"message":"deprecated"}"#)),
        _ => None,
    }
}

#[tokio::test]
async fn a_beacon_api_by_block_numbers_that_hears_one_hash_is_read() {
    for (blob_ids, seconds_per_slot) in [(BlobIds::Slot, None), (BlobIds::Slot, Some(12)), (BlobIds::BlockNumber, None)] {
        let (url, asked) = beacon(like_anvil).await;
        let client = L1Client::new(&L1Config { blob_ids, seconds_per_slot, ..config(&[url]) }).unwrap();
        assert_eq!(client.blobs(70, 1_084, &hashes()).await.unwrap(), [blob(1), blob(2)]);
        let by_slot = asked.lock().unwrap().iter().any(|path| path.contains("/blobs/7?"));
        assert_eq!(by_slot, seconds_per_slot.is_some());
    }
    // A slot of another length than twelve seconds: (1084 - 1000) / 6.
    let (url, asked) = beacon(like_anvil).await;
    let client = L1Client::new(&L1Config { seconds_per_slot: Some(6), ..config(std::slice::from_ref(&url)) }).unwrap();
    client.blobs(70, 1_084, &hashes()).await.unwrap();
    assert!(asked.lock().unwrap().iter().any(|path| path.contains("/blobs/14?")));
    assert!(L1Client::new(&L1Config { seconds_per_slot: Some(0), ..config(&[url]) }).is_err());
}

/// An L1 whose newest block has this much excess blob gas and, as it says, this blob base fee.
async fn priced(excess: u64, fee: u64, forks: Option<Value>) -> L1Client {
    let url = serve(move |call| match (call.method.as_str(), &forks) {
        ("eth_getBlockByNumber", _) => {
            let header =
                Header { number: 7, timestamp: 1_000, excess_blob_gas: Some(excess), blob_gas_used: Some(0), ..Default::default() };
            result(serde_json::to_value(alloy_rpc_types_eth::Header::new(header)).unwrap())
        }
        ("eth_feeHistory", _) => {
            assert_eq!(call.params[1], json!("0x7"));
            let fees = json!([format!("{fee:#x}"), "0x1"]);
            result(json!({ "oldestBlock": "0x7", "gasUsedRatio": [0.5], "baseFeePerGas": ["0x1", "0x1"], "baseFeePerBlobGas": fees }))
        }
        ("eth_config", Some(forks)) => result(forks.clone()),
        _ => fault(-32601, "no such method"),
    });
    L1Client::new(&config(&[url.await])).unwrap()
}

#[tokio::test]
async fn a_blob_schedule_that_is_not_the_l1s_is_noticed_by_price_or_by_what_it_tells() {
    let config = ChainConfig { chain_id: 1_337, cancun_time: Some(0), prague_time: Some(500), ..Default::default() };
    let spec = chain_spec(1_337, Some(config), None).unwrap();
    let excess = 100_000_000;
    let (right, wrong) = (BlobParams::prague().calc_blob_fee(excess) as u64, BlobParams::bpo1().calc_blob_fee(excess) as u64);
    priced(excess, right, None).await.check_blob_schedule(&spec).await.unwrap();
    let error = priced(excess, wrong, None).await.check_blob_schedule(&spec).await.unwrap_err();
    assert!(matches!(error, Error::BlobSchedule(_)), "{error}");
    assert!(error.to_string().contains(&right.to_string()) && error.to_string().contains(&wrong.to_string()), "{error}");
    let fork = |at: u64, target: u64| {
        let schedule = json!({ "target": target, "max": target + 3, "baseFeeUpdateFraction": 5_007_716 });
        json!({ "activationTime": at, "chainId": "0x539", "forkId": "0x01020304", "precompiles": {}, "blobSchedule": schedule })
    };
    let known = json!({ "current": fork(500, 6), "next": null, "last": null });
    priced(excess, right, Some(known.clone())).await.check_blob_schedule(&spec).await.unwrap();
    assert_eq!(priced(0, 1, Some(known)).await.fork_configs().await.unwrap().unwrap().current.activation_time, 500);
    let coming = json!({ "current": fork(500, 6), "next": fork(2_000, 10), "last": null });
    let error = priced(excess, right, Some(coming)).await.check_blob_schedule(&spec).await.unwrap_err();
    assert!(error.to_string().contains("at 2000 has target 10"), "{error}");
}

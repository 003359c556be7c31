//! The client against a node that tells the truth, and against nodes that do not.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, bytes};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Fixture, INBOX, answer, blob, client, fault, key, result, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tributary_l1::{Error, InboxData, L1Client, L1Config, Severity, fetch_block};

/// A node that tells the truth except where `lie` changes a JSON-RPC result.
async fn node(lie: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> L1Client {
    let fixture = Fixture::new();
    let url = serve(move |call| {
        let mut value = match call.method.as_str() {
            "eth_getBlockByNumber" | "eth_getBlockByHash" => fixture.block_json(),
            "eth_getBlockReceipts" => fixture.receipts_json(),
            _ => return fixture.answer(&call),
        };
        lie(&call.method, &mut value);
        result(value)
    });
    client(&url.await)
}

fn assert_inconsistent<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.severity(), Severity::Inconsistent, "{error}");
}

/// Answers each connection with the given bytes and closes it.
async fn raw_server(bytes: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    (url, connections)
}

#[tokio::test]
async fn a_true_block_and_its_receipts_are_read() {
    let fixture = Fixture::new();
    let client = node(|_, _| {}).await;
    let block = client.block(7).await.unwrap().unwrap();
    assert_eq!(block.seal(), fixture.hash());
    assert_eq!(block.body.transactions, fixture.transactions);
    let header = client.header(fixture.hash()).await.unwrap().unwrap();
    let receipts = client.receipts(&header).await.unwrap();
    assert_eq!(receipts.len(), 6);
    assert!(receipts[0].succeeded() && !receipts[1].succeeded());
    assert_eq!(receipts[4].logs[0].topics(), [B256::repeat_byte(4)]);
    let reference = client.block_ref(BlockNumberOrTag::Latest).await.unwrap().unwrap();
    assert_eq!((reference.number, reference.hash, reference.timestamp), (7, fixture.hash(), 1_084));
}

#[tokio::test]
async fn a_header_that_does_not_hash_to_its_hash_is_refused() {
    let client = node(|_, block| block["timestamp"] = json!("0x1")).await;
    assert_inconsistent(client.header(7).await);
    assert_inconsistent(client.block(BlockNumberOrTag::Latest).await);
}

#[tokio::test]
async fn another_block_than_the_one_asked_for_is_refused() {
    let client = node(|_, _| {}).await;
    assert_inconsistent(client.header(8).await);
    assert_inconsistent(client.header(B256::repeat_byte(1)).await);
}

#[tokio::test]
async fn a_transaction_that_is_left_out_or_altered_is_noticed() {
    let lies: [fn(&mut Value); 3] = [
        |block| drop(block["transactions"].as_array_mut().unwrap().pop()),
        |block| block["transactions"].as_array_mut().unwrap().swap(0, 1),
        |block| block["transactions"][2]["input"] = json!("0x00"),
    ];
    for lie in lies {
        assert_inconsistent(node(move |_, block| lie(block)).await.block(7).await);
    }
    assert_inconsistent(node(|_, block| block["withdrawals"] = json!([])).await.block(7).await);
}

#[tokio::test]
async fn a_false_transaction_hash_does_not_get_through() {
    let client = node(|_, block| block["transactions"][2]["hash"] = json!(B256::repeat_byte(1))).await;
    let block = client.block(7).await.unwrap().unwrap();
    assert_eq!(block.body.transactions[2].hash(), alloy_primitives::keccak256(support::encoded(&Fixture::new().transactions[2])));
}

#[tokio::test]
async fn an_altered_receipt_is_noticed() {
    let lies: [fn(&mut Value); 3] = [
        |receipts| receipts[0]["status"] = json!("0x0"),
        |receipts| receipts[2]["logs"] = json!([]),
        |receipts| drop(receipts.as_array_mut().unwrap().pop()),
    ];
    for lie in lies {
        let change = move |method: &str, value: &mut Value| {
            if method == "eth_getBlockReceipts" {
                lie(value)
            }
        };
        let client = node(change).await;
        let header = client.header(7).await.unwrap().unwrap();
        assert_inconsistent(client.receipts(&header).await);
    }
}

#[tokio::test]
async fn a_block_that_does_not_exist_is_none() {
    let client = client(&serve(|_| result(Value::Null)).await);
    assert!(client.block_ref(9).await.unwrap().is_none());
    let client = support::client(&serve(|_| fault(-39001, "safe block not found")).await);
    assert!(client.block_ref(BlockNumberOrTag::Safe).await.unwrap().is_none());
}

#[tokio::test]
async fn receipts_of_a_block_that_a_reorg_took_are_worth_a_retry() {
    let fixture = Fixture::new();
    let header = alloy_consensus::Sealed::new_unchecked(fixture.header.clone(), fixture.hash());
    let client = client(&serve(|_| result(Value::Null)).await);
    assert!(matches!(client.receipts(&header).await, Err(Error::BlockGone(_))));
}

#[tokio::test]
async fn what_the_node_refuses_is_permanent_and_asked_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let url = serve(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let error = json!({ "code": 3, "message": "execution reverted", "data": "0x08c379a0" });
        answer(StatusCode::OK, json!({ "jsonrpc": "2.0", "id": 1, "error": error }).to_string())
    });
    let error = client(&url.await).chain_id().await.unwrap_err();
    assert_eq!(error.severity(), Severity::Permanent);
    let Error::Rejected(fault) = error else { panic!("{error}") };
    assert_eq!((fault.code, fault.message.as_str(), fault.data), (3, "execution reverted", Some(bytes!("08c379a0"))));
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let error = client(&serve(|_| answer(StatusCode::UNAUTHORIZED, "")).await).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Refused(401)));
}

#[tokio::test]
async fn a_rate_limit_or_a_failing_server_is_asked_again() {
    for first in [StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY] {
        let asked = AtomicUsize::new(0);
        let url = serve(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => answer(first, ""),
            _ => result(json!("0x5")),
        });
        assert_eq!(client(&url.await).chain_id().await.unwrap(), 5);
    }
    let asked = AtomicUsize::new(0);
    let url = serve(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => fault(-32005, "limit exceeded"),
        _ => result(json!("0x5")),
    });
    assert_eq!(client(&url.await).chain_id().await.unwrap(), 5);
}

#[tokio::test]
async fn attempts_are_bounded_and_the_cause_is_told() {
    let error = client(&serve(|_| answer(StatusCode::TOO_MANY_REQUESTS, "")).await).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }) && error.is_retryable());
    let error = client(&serve(|_| answer(StatusCode::SERVICE_UNAVAILABLE, "")).await).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(503)) && error.is_retryable());
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_worth_a_retry() {
    let (url, connections) = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"jsonrpc\":\"2.0\"").await;
    let error = client(&url).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.is_retryable());
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_connection_that_is_refused_and_a_node_that_never_answers_are_worth_a_retry() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let patience = L1Config { retries: 0, timeout: Duration::from_millis(50), ..L1Config::at(&url) };
    // Connections are taken by the operating system and never read.
    let error = L1Client::new(&patience).unwrap().chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.is_retryable());
    drop(listener);
    let error = client(&url).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.is_retryable());
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{";
    let (url, connections) = raw_server(announced).await;
    assert!(matches!(client(&url).chain_id().await, Err(Error::TooLarge { .. })));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    // The same without a length in front.
    let endless = serve(|_| answer(StatusCode::OK, vec![b' '; (4 << 20) + 1])).await;
    assert!(matches!(client(&endless).chain_id().await, Err(Error::TooLarge { .. })));
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n400001\r\n";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(chunked).await;
        let _ = stream.write_all(&vec![b' '; 4 << 20]).await;
        let _ = stream.write_all(b"  \r\n0\r\n\r\n").await;
    });
    assert!(matches!(client(&url).chain_id().await, Err(Error::TooLarge { .. })));
}

#[tokio::test]
async fn an_answer_that_is_not_of_the_methods_shape_is_malformed() {
    for body in ["<html>", "{\"result\": {}}", "{\"result\": \"zz\"}"] {
        let error = client(&serve(move |_| answer(StatusCode::OK, body)).await).chain_id().await.unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert_eq!(error.severity(), Severity::Inconsistent);
    }
    let error = client(&serve(|_| result(Value::Null)).await).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Inconsistent(_)));
}

#[tokio::test]
async fn blobs_come_verified_and_in_the_order_of_their_hashes() {
    let fixture = Fixture::new();
    let client = node(|_, _| {}).await;
    let mut hashes: Vec<_> = fixture.sidecar.versioned_hashes().collect();
    assert_eq!(client.blobs(1_084, &hashes).await.unwrap(), [blob(1), blob(2)]);
    hashes.reverse();
    assert_eq!(client.blobs(1_084, &hashes).await.unwrap(), [blob(2), blob(1)]);
    assert_eq!(client.blobs(1_084, &[hashes[0], hashes[0]]).await.unwrap(), [blob(2), blob(2)]);
    assert!(client.blobs(1_084, &[]).await.unwrap().is_empty());
    assert_inconsistent(client.blobs(1_084, &[hashes[0], B256::repeat_byte(1)]).await);
    assert_inconsistent(client.blobs(999, &hashes).await);
}

#[tokio::test]
async fn an_older_beacon_nodes_sidecars_do_as_well() {
    let fixture = Fixture::new();
    let hashes: Vec<_> = fixture.sidecar.versioned_hashes().collect();
    let url = serve(move |call| match call.path.as_str() {
        path if path.starts_with("/eth/v1/beacon/blobs/") => answer(StatusCode::NOT_FOUND, ""),
        "/eth/v1/beacon/blob_sidecars/7" => answer(StatusCode::OK, fixture.sidecars_json().to_string()),
        _ => fixture.answer(&call),
    });
    let client = client(&url.await);
    assert_eq!(client.blobs(1_084, &hashes[1..]).await.unwrap(), [blob(2)]);
}

#[tokio::test]
async fn a_false_blob_under_a_true_commitment_is_noticed() {
    let fixture = Fixture::new();
    let hashes: Vec<_> = fixture.sidecar.versioned_hashes().collect();
    let url = serve(move |call| {
        let mut sidecars = fixture.sidecars_json();
        sidecars["data"][0]["blob"] = json!(blob(3));
        match call.path.as_str() {
            path if path.starts_with("/eth/v1/beacon/blobs/") => answer(StatusCode::NOT_FOUND, ""),
            path if path.starts_with("/eth/v1/beacon/blob_sidecars/") => answer(StatusCode::OK, sidecars.to_string()),
            _ => fixture.answer(&call),
        }
    });
    assert_inconsistent(client(&url.await).blobs(1_084, &hashes).await);
    let short = |call: support::Call| match call.path.as_str() {
        path if path.starts_with("/eth/v1/beacon/blobs/") => answer(StatusCode::OK, json!({ "data": ["0x01"] }).to_string()),
        _ => Fixture::new().answer(&call),
    };
    assert_inconsistent(client(&serve(short).await).blobs(1_084, &hashes).await);
}

#[tokio::test]
async fn a_block_is_reduced_to_what_wanted_senders_sent_to_the_inbox() {
    let client = node(|_, _| {}).await;
    let batcher = key(1).address();
    let block = fetch_block(&client, 7, INBOX, |receipts, from| receipts.len() == 6 && from == batcher).await.unwrap().unwrap();
    assert_eq!(block.hash, Fixture::new().hash());
    // Not the transaction of key 2, and not the one of type 4.
    let data: Vec<_> = block.inbox.iter().map(|tx| (tx.from, tx.data.clone())).collect();
    assert_eq!(data, [(batcher, InboxData::Calldata(bytes!("6261746368"))), (batcher, InboxData::Blobs(vec![blob(1), blob(2)]))]);
    let everyone = fetch_block(&client, 7, INBOX, |_, _| true).await.unwrap().unwrap();
    assert_eq!(everyone.inbox.len(), 3);
    let nobody = fetch_block(&client, 7, INBOX, |_, _| false).await.unwrap().unwrap();
    assert!(nobody.inbox.is_empty());
}

#[test]
fn a_configuration_does_not_print_what_is_secret_in_its_urls() {
    let config = L1Config::at("http://user:password@node.example/v2/secret-key");
    let text = format!("{config:?} {:?}", L1Client::new(&config).unwrap());
    assert!(text.contains("node.example") && !text.contains("secret-key") && !text.contains("password"), "{text}");
}

#[test]
fn a_url_that_can_never_be_reached_is_refused_at_once() {
    for url in ["no url", "https://node.example", "ws://node.example"] {
        assert!(matches!(L1Client::new(&L1Config::at(url)), Err(Error::Config(_))), "{url}");
    }
}

//! The client against a node that tells the truth, and against nodes that do not.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, bytes};
use axum::http::StatusCode;
use serde_json::{Value, json};
use support::{Fixture, INBOX, answer, blob, client, fault, key, result, serve};
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
async fn blobs_come_verified_and_in_the_order_of_their_hashes() {
    let fixture = Fixture::new();
    let client = node(|_, _| {}).await;
    let mut hashes: Vec<_> = fixture.sidecar.versioned_hashes().collect();
    assert_eq!(client.blobs(70, 1_084, &hashes).await.unwrap(), [blob(1), blob(2)]);
    hashes.reverse();
    assert_eq!(client.blobs(70, 1_084, &hashes).await.unwrap(), [blob(2), blob(1)]);
    assert_eq!(client.blobs(70, 1_084, &[hashes[0], hashes[0]]).await.unwrap(), [blob(2), blob(2)]);
    assert!(client.blobs(70, 1_084, &[]).await.unwrap().is_empty());
    assert_inconsistent(client.blobs(70, 1_084, &[hashes[0], B256::repeat_byte(1)]).await);
    assert_inconsistent(client.blobs(70, 999, &hashes).await);
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
    assert_eq!(client.blobs(70, 1_084, &hashes[1..]).await.unwrap(), [blob(2)]);
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
    assert_inconsistent(client(&url.await).blobs(70, 1_084, &hashes).await);
    let short = |call: support::Call| match call.path.as_str() {
        path if path.starts_with("/eth/v1/beacon/blobs/") => answer(StatusCode::OK, json!({ "data": ["0x01"] }).to_string()),
        _ => Fixture::new().answer(&call),
    };
    assert_inconsistent(client(&serve(short).await).blobs(70, 1_084, &hashes).await);
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
    for url in ["no url", "ws://node.example", "ftp://node.example"] {
        assert!(matches!(L1Client::new(&L1Config::at(url)), Err(Error::Node(tributary_client::Error::Config(_)))), "{url}");
    }
}

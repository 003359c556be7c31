//! Several endpoints of one chain, of which some are away, busy, behind TLS, or on another chain.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Signature};
use axum::http::StatusCode;
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use support::{answer, fault, result, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, rustls};
use tributary_client::{Client, ClientConfig, Endpoint, Error, Severity};

/// A node that answers each question with the same and counts them.
async fn node(reply: impl Fn(&str) -> axum::http::Response<axum::body::Body> + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let url = serve(move |call| {
        count.fetch_add(1, Ordering::SeqCst);
        reply(&call.method)
    });
    (url.await, asked)
}

/// One that is of this chain and knows nothing else.
async fn of_chain(id: u64) -> (String, Arc<AtomicUsize>) {
    node(move |method| match method {
        "eth_chainId" => result(json!(format!("{id:#x}"))),
        "eth_getBlockByNumber" => result(json!({ "hash": B256::with_last_byte(id as u8) })),
        _ => result(json!("0x9")),
    })
    .await
}

fn client(urls: &[&str]) -> Client {
    let endpoints = urls.iter().map(|url| Endpoint::at(*url)).collect();
    Client::new(&ClientConfig { retries: 1, timeout: Duration::from_secs(5), ..ClientConfig::of(endpoints) }).unwrap()
}

fn count(asked: &AtomicUsize) -> usize {
    asked.load(Ordering::SeqCst)
}

#[tokio::test]
async fn another_endpoint_is_asked_when_one_fails_and_the_sick_one_rests() {
    let refused = || answer(StatusCode::FORBIDDEN, "");
    let busy = || fault(-32000, "daily request limit reached");
    let slow = || answer(StatusCode::BAD_GATEWAY, "");
    let html = || answer(StatusCode::OK, "<html>");
    let replies: [fn() -> _; 5] = [refused, busy, slow, html, || answer(StatusCode::TOO_MANY_REQUESTS, "")];
    for reply in replies {
        let ((sick, sick_asked), (well, well_asked)) = (node(move |_| reply()).await, of_chain(5).await);
        let client = client(&[&sick, &well]);
        assert_eq!(client.chain_id().await.unwrap(), 5);
        assert_eq!((count(&sick_asked), count(&well_asked)), (1, 1));
    }
    let ((sick, asked), (well, _)) = (node(|_| answer(StatusCode::BAD_GATEWAY, "")).await, of_chain(5).await);
    let client = client(&[&sick, &well]);
    for _ in 0..20 {
        client.chain_id().await.unwrap();
    }
    assert!(count(&asked) < 20);
}

#[tokio::test]
async fn what_a_node_refuses_is_not_asked_of_another_but_a_method_that_it_lacks_is() {
    let ((first, _), (second, asked)) = (node(|_| fault(3, "execution reverted")).await, of_chain(5).await);
    assert!(matches!(client(&[&first, &second]).chain_id().await, Err(Error::Rejected { .. })));
    assert_eq!(count(&asked), 0);
    let (first, _) = node(|_| fault(-32601, "method not found")).await;
    assert_eq!(client(&[&first, &second]).chain_id().await.unwrap(), 5);
}

#[tokio::test]
async fn when_all_are_away_that_is_told_and_passes() {
    let (first, _) = node(|_| answer(StatusCode::BAD_GATEWAY, "")).await;
    let (second, _) = node(|_| answer(StatusCode::FORBIDDEN, "")).await;
    let error = client(&[&first, &second]).chain_id().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(matches!(Client::new(&ClientConfig::of(vec![])), Err(Error::Config(_))));
}

#[tokio::test]
async fn an_endpoint_at_its_rate_leaves_questions_to_another_and_alone_makes_them_wait() {
    let ((first, first_asked), (second, second_asked)) = (of_chain(5).await, of_chain(5).await);
    let slow = Endpoint { requests_per_second: Some(3), ..Endpoint::at(first.as_str()) };
    let both = Client::new(&ClientConfig::of(vec![slow.clone(), second.as_str().into()])).unwrap();
    let began = Instant::now();
    for _ in 0..30 {
        both.chain_id().await.unwrap();
    }
    // Three at once, and three more for each second that passes.
    assert!(count(&first_asked) <= 4 + 3 * began.elapsed().as_secs() as usize && count(&second_asked) > 0);
    let alone = Client::new(&ClientConfig::of(vec![slow])).unwrap();
    let began = Instant::now();
    for _ in 0..6 {
        alone.chain_id().await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(900));
}

#[tokio::test]
async fn headers_go_with_each_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = seen.clone();
    let url = serve(move |call| {
        record.lock().unwrap().push(call.headers["authorization"].to_str().unwrap().to_owned());
        result(json!("0x5"))
    });
    let headers = vec![("Authorization".to_owned(), "Bearer a".to_owned())];
    let client = Client::new(&ClientConfig::at(Endpoint { headers, ..Endpoint::at(url.await) })).unwrap();
    client.chain_id().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["Bearer a"]);
    let broken = Endpoint { headers: vec![("a b".to_owned(), String::new())], ..Endpoint::at("http://node.example") };
    assert!(matches!(Client::new(&ClientConfig::at(broken)), Err(Error::Config(_))));
}

/// A signed transaction, and its hash.
fn transaction() -> (Vec<u8>, B256) {
    let signed = TxEip1559::default().into_signed(Signature::test_signature());
    (TxEnvelope::from(signed.clone()).encoded_2718(), *signed.hash())
}

#[tokio::test]
async fn a_transaction_goes_to_every_endpoint_and_one_that_has_it_is_enough() {
    let (raw, hash) = transaction();
    let taken = move |_: &str| result(json!(hash));
    let ((first, first_asked), (second, second_asked)) = (node(taken).await, node(taken).await);
    assert_eq!(client(&[&first, &second]).send_raw_transaction(&raw).await.unwrap(), hash);
    while count(&first_asked) + count(&second_asked) < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (away, _) = node(|_| answer(StatusCode::BAD_GATEWAY, "")).await;
    let (refuses, _) = node(|_| fault(-32000, "nonce too low")).await;
    assert_eq!(client(&[&away, &refuses, &first]).send_raw_transaction(&raw).await.unwrap(), hash);
    let (knows, _) = node(|_| fault(-32000, "AlreadyKnown")).await;
    assert_eq!(client(&[&away, &refuses, &knows]).send_raw_transaction(&raw).await.unwrap(), hash);
    // Who refuses tells more than who is away.
    let error = client(&[&away, &refuses]).send_raw_transaction(&raw).await.unwrap_err();
    assert!(matches!(&error, Error::Rejected { fault, .. } if fault.message == "nonce too low"), "{error}");
    assert!(client(&[&away]).send_raw_transaction(&raw).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn an_endpoint_on_another_chain_is_named_with_both_values() {
    let ((ours, _), (other, _)) = (of_chain(5).await, of_chain(6).await);
    let host = other.strip_prefix("http://").unwrap();
    let error = client(&[&ours, &other]).verify_identity(5, None).await.unwrap_err();
    assert_eq!(error.severity(), Severity::Permanent);
    assert_eq!(error.to_string(), format!("{host} is on another chain: its chain id is 6, expected 5"));
    let (genesis, asked) = (B256::with_last_byte(5), B256::with_last_byte(7));
    let error = client(&[&ours]).verify_identity(5, Some(asked)).await.unwrap_err().to_string();
    assert!(error.contains(&genesis.to_string()) && error.contains(&asked.to_string()), "{error}");
    let right = client(&[&ours]);
    right.verify_identity(5, Some(genesis)).await.unwrap();
    assert_eq!(right.verified_chain_id(), Some(5));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_no_refusal_and_is_compared_when_it_does() {
    let away = Arc::new(AtomicUsize::new(1));
    let is_away = away.clone();
    let (late, _) = node(move |method| match (is_away.load(Ordering::SeqCst), method) {
        (1, _) => answer(StatusCode::BAD_GATEWAY, ""),
        (_, "eth_chainId") => result(json!("0x6")),
        _ => result(json!("0xbad")),
    })
    .await;
    let (ours, _) = of_chain(5).await;
    let client = client(&[&late, &ours]);
    client.verify_identity(5, None).await.unwrap();
    away.store(0, Ordering::SeqCst);
    // However often it is asked: what it says of another chain is never believed.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1_500) {
        assert_eq!(client.block_number().await.unwrap(), 9);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let alone = client.each().remove(0);
    assert!(matches!(alone.block_number().await, Err(Error::WrongChain { .. })));
    let (dead, _) = node(|_| answer(StatusCode::BAD_GATEWAY, "")).await;
    assert!(support::client(&dead).verify_identity(5, None).await.unwrap_err().is_retryable());
}

/// A TLS server that answers each connection with one JSON-RPC result; its URL and certificate.
async fn tls_node() -> (String, Vec<u8>) {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let body = r#"{"jsonrpc":"2.0","id":1,"result":"0x5"}"#;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, cert.pem().into_bytes())
}

#[tokio::test]
async fn a_node_behind_tls_is_reached_if_its_certificate_is_trusted() {
    let (url, certificate) = tls_node().await;
    let trusting = Endpoint { authorities: Some(certificate), ..Endpoint::at(url.as_str()) };
    assert_eq!(Client::new(&ClientConfig::at(trusting)).unwrap().chain_id().await.unwrap(), 5);
    let error = support::client(&url).chain_id().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.to_string().contains("certificate"), "{error}");
    let nonsense =
        Endpoint { authorities: Some(b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n".to_vec()), ..Endpoint::at(url) };
    assert!(Client::new(&ClientConfig::at(nonsense)).is_err());
    for scheme in ["ws", "ftp"] {
        let error = Client::new(&ClientConfig::at(format!("{scheme}://node.example"))).unwrap_err().to_string();
        assert!(error.contains(&format!("scheme {scheme}")), "{error}");
    }
}

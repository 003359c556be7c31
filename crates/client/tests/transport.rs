//! One exchange with a node that answers late, too much, nonsense or nothing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use alloy_primitives::bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{answer, client, fault, result, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tributary_client::{Client, ClientConfig, Error, Severity};

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
    let Error::Rejected { fault, .. } = error else { panic!("{error}") };
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
    let patience = ClientConfig { retries: 0, timeout: Duration::from_millis(50), ..ClientConfig::at(&url) };
    // Connections are taken by the operating system and never read.
    let error = Client::new(&patience).unwrap().chain_id().await.unwrap_err();
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

#[test]
fn a_configuration_does_not_print_what_is_secret_in_its_url() {
    let config = ClientConfig::at("http://user:password@node.example/v2/secret-key");
    let text = format!("{config:?} {:?}", Client::new(&config).unwrap());
    assert!(text.contains("node.example") && !text.contains("secret-key") && !text.contains("password"), "{text}");
}

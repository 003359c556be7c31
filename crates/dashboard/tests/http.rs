//! The server, through real sockets.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tributary_dashboard::{Error, Health, L1Standing, Limits, ReadyLimits, ServerHandle, Standing, metrics, serve};
use tributary_primitives::Heads;

/// Status code and body of a GET.
async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn heads(number: u64) -> Heads {
    let block = BlockNumHash { number, hash: B256::repeat_byte(7) };
    Heads { unsafe_head: block, safe_head: block, finalized_head: block }
}

async fn start() -> (ServerHandle, Arc<Health>) {
    let hour = Duration::from_secs(3600);
    let limits = Limits { unsafe_head: hour, safe_head: hour, finalized_head: hour };
    let prometheus = metrics::install().unwrap();
    let ready = ReadyLimits { head_age: hour, derivation_lag: 1, l1_silence: hour, l1_head_age: hour };
    let health = Arc::new(Health::new("verifier", (limits, ready), heads(3), Instant::now()));
    let server = serve((Ipv4Addr::LOCALHOST, 0).into(), health.clone(), prometheus).await.unwrap();
    (server, health)
}

#[tokio::test]
async fn health_turns_from_200_to_503_with_the_reason() {
    let (server, health) = start().await;
    let (status, body) = get(server.addr(), "/health").await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!((body["healthy"].as_bool(), body["safeHead"]["number"].as_u64()), (Some(true), Some(3)));

    health.halt("derived hash is not the executed hash");
    let (status, body) = get(server.addr(), "/health").await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 503);
    assert_eq!(body["reasons"][0], "halted: derived hash is not the executed hash");
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_in_prometheus_text_with_their_help() {
    let (server, health) = start().await;
    ::metrics::histogram!(metrics::SEAL_SECONDS).record(0.003);
    ::metrics::counter!(metrics::TRANSACTIONS, "outcome" => "included").increment(5);
    health.set_heads(&heads(4), Instant::now());
    let (status, body) = get(server.addr(), "/metrics").await;
    assert_eq!(status, 200);
    assert!(body.contains("# HELP tributary_transactions_total User transactions"), "{body}");
    assert!(body.contains("tributary_transactions_total{outcome=\"included\"} 5"), "{body}");
    assert!(body.contains("tributary_head_block{head=\"finalized\"} "), "{body}");
    assert!(body.contains("tributary_seal_seconds_bucket{le=\"0.005\"} 1"), "{body}");
    assert!(body.contains("tributary_healthy 1"), "{body}");
    server.stop().await;
}

#[tokio::test]
async fn readiness_follows_the_facts_and_life_does_not() {
    let (server, health) = start().await;
    let (status, body) = get(server.addr(), "/ready").await;
    assert!(status == 503 && body.contains("L1 has not answered yet"), "{body}");
    health.set_standing(Standing { l1: L1Standing { answered: Some(Instant::now()), ..Default::default() }, ..Default::default() });
    let (status, body) = get(server.addr(), "/ready").await;
    assert!(status == 200 && body.contains("\"ready\":true") && body.contains("\"role\":\"verifier\""), "{body}");
    health.halt("on purpose");
    let (status, body) = get(server.addr(), "/ready").await;
    assert!(status == 503 && body.contains("halted: on purpose"), "{body}");
    assert_eq!(get(server.addr(), "/live").await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn there_is_no_page() {
    let (server, _) = start().await;
    assert_eq!(get(server.addr(), "/").await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let (server, health) = start().await;
    let again = serve(server.addr(), health, metrics::install().unwrap()).await;
    assert!(matches!(again, Err(Error::Listen { addr, .. }) if addr == server.addr()));
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_frees_its_port_even_from_a_silent_client() {
    let (server, health) = start().await;
    let addr = server.addr();
    let _silent = TcpStream::connect(addr).await.unwrap();
    server.stop().await;
    let again = serve(addr, health, metrics::install().unwrap()).await.unwrap();
    again.stop().await;
}

//! HTTP beside POST and HTTP/1.1: how load balancers ask, and HTTP/2 by prior knowledge with the bounds that HTTP/1.1 has.

use crate::{rig::Rig, wire::http};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tributary_rpc::Limits;

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_like_get() {
    let (rollup, l1) = (Rig::rollup().await, Rig::ethereum().await);
    for (address, path) in [
        (rollup.address, "/"),
        (rollup.address, "/realtime"),
        (rollup.address, "/nothing"),
        (rollup.address, "/?a=b"),
        (l1.address, "/realtime"),
        (l1.address, "/eth/v1/node/version"),
        (l1.address, "/eth/v1/nothing"),
    ] {
        let (get, head) = (http(address, "GET", path, &[], "").await, http(address, "HEAD", path, &[], "").await);
        assert_eq!((get.status, ""), (head.status, head.body.as_str()), "{path}");
    }
    assert_eq!(http(rollup.address, "HEAD", "/", &[], "").await.status, 200);
}

type Sender = SendRequest<Full<Bytes>>;

/// A connection of a client that knows that HTTP/2 is spoken.
async fn connect(address: SocketAddr, builder: &Builder<TokioExecutor>) -> Sender {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn builder() -> Builder<TokioExecutor> {
    Builder::new(TokioExecutor::new())
}

async fn send(sender: &mut Sender, authority: &str, path: &str, body: String) -> Response<Incoming> {
    let request = Request::post(format!("http://{authority}{path}")).header("content-type", "application/json");
    sender.send_request(request.body(Full::new(body.into())).unwrap()).await.unwrap()
}

async fn whole(response: Response<Incoming>) -> Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

fn request(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_spoken_to_clients_that_know_it_on_both_endpoints_and_many_at_a_time() {
    let rig = Rig::rollup().await;
    let authority = rig.address.to_string();
    let sender = connect(rig.address, &builder()).await;
    let asked = (0..300).map(|index| {
        let (mut sender, authority) = (sender.clone(), authority.clone());
        let path = if index % 2 == 0 { "/" } else { "/realtime" };
        tokio::spawn(async move {
            let response = send(&mut sender, &authority, path, request("tributary_capabilities", json!([]))).await;
            assert_eq!(response.status(), StatusCode::OK);
            (path, whole(response).await)
        })
    });
    for asked in asked.collect::<Vec<_>>() {
        let (path, answer) = asked.await.unwrap();
        assert_eq!(answer["result"]["endpoint"], if path == "/" { "ordinary" } else { "realtime" });
    }
    let mut sender = sender;
    let get = Request::get(format!("http://{authority}/")).body(Full::default()).unwrap();
    assert_eq!(sender.send_request(get).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_http2_are_those_of_http1() {
    let limits = Limits { request_size: 100_000, hosts: Some(vec!["localhost".into()]), ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let mut sender = connect(rig.address, &builder()).await;
    let chain_id = request("eth_chainId", json!([]));
    assert_eq!(send(&mut sender, "localhost", "/", chain_id.clone()).await.status(), StatusCode::OK);
    assert_eq!(send(&mut sender, "evil.example", "/", chain_id).await.status(), StatusCode::FORBIDDEN, "no DNS rebinding");
    let large = request("eth_chainId", json!(["a".repeat(100_000)]));
    assert_eq!(send(&mut sender, "localhost", "/", large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let long = Request::get("http://localhost/").header("x", "a".repeat(100_000)).body(Full::default()).unwrap();
    let refused = sender.send_request(long).await;
    assert!(refused.is_err() || refused.unwrap().status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_arrives_whole_through_a_small_window() {
    let rig = Rig::rollup().await;
    let mut slow = builder();
    slow.initial_stream_window_size(1000).initial_connection_window_size(70_000);
    let mut sender = connect(rig.address, &slow).await;
    let calls: Vec<Value> = (0..300).map(|id| serde_json::from_str(&call("eth_getBlockByNumber", id)).unwrap()).collect();
    let answer = whole(send(&mut sender, &rig.address.to_string(), "/", json!(calls).to_string()).await).await;
    assert_eq!(answer.as_array().unwrap().len(), 300);
}

fn call(method: &str, id: usize) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": ["latest", true] }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_a_stream_unread_is_cut_off_and_gives_its_memory_back() {
    let limits = Limits { write_time: Duration::from_millis(200), answer_memory: 1 << 20, ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let mut slow = builder();
    slow.initial_stream_window_size(1000).initial_connection_window_size(70_000);
    let mut sender = connect(rig.address, &slow).await;
    let authority = rig.address.to_string();
    let calls: Vec<Value> = (0..500).map(|id| serde_json::from_str(&call("eth_getBlockByNumber", id)).unwrap()).collect();
    let large = json!(calls).to_string();
    // Nobody takes the body of this one, and it holds most of what there is for answers.
    let unread = send(&mut sender, &authority, "/", large.clone()).await;
    assert_eq!(unread.status(), StatusCode::OK);
    let cut_off = async {
        while send_maybe(&mut sender, &authority).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cut_off).await.expect("the connection ends");
    drop(unread);
    let mut other = connect(rig.address, &builder()).await;
    assert_eq!(whole(send(&mut other, &authority, "/", large).await).await.as_array().unwrap().len(), 500);
}

async fn send_maybe(sender: &mut Sender, authority: &str) -> bool {
    let request = Request::get(format!("http://{authority}/")).body(Full::default()).unwrap();
    sender.send_request(request).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrives_byte_by_byte_is_told_apart() {
    let rig = Rig::rollup().await;
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let body = request("eth_chainId", json!([]));
    let text = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for byte in text.bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

//! What is not a proper request: each gets the error that geth gives, and the server goes on.

use crate::{
    rig::{COUNTER, Rig, SPINNER},
    wire::{Response, Socket, exchange, http, post},
};
use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tributary_chain::Endpoint;
use tributary_rpc::{InProcess, Limits};

/// What is answered to a body.
enum Expected {
    /// An empty response.
    Nothing,
    /// This id, as JSON, and this result.
    Result(&'static str, Value),
    /// This id, this code and words that the message holds.
    Error(&'static str, i64, &'static str),
    /// An array with these codes; 0 for results.
    Codes(&'static [i64]),
}
use Expected::{Codes, Error, Nothing};

const CHAIN: &str = r#""method":"eth_chainId""#;

/// A call with this method and these parameters, under id 1.
pub(crate) fn call(method: &str, params: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#).into_bytes()
}

fn chain_id() -> Value {
    json!(format!("{:#x}", crate::rig::CHAIN_ID))
}

/// Bodies that are wrong as JSON or as JSON-RPC.
fn envelopes() -> Vec<(Vec<u8>, Expected)> {
    let ok = |id| Expected::Result(id, chain_id());
    let text = |body: String| body.into_bytes();
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let with_id = |id: &str| text(format!(r#"{{"jsonrpc":"2.0","id":{id},{CHAIN}}}"#));
    vec![
        (text(String::new()), Nothing),
        (text(" \n\t ".into()), Nothing),
        (text("{".into()), Error("null", -32700, "parse error")),
        (text("}".into()), Error("null", -32700, "parse error")),
        (text("[".into()), Error("null", -32700, "parse error")),
        (text("[1,]".into()), Error("null", -32700, "parse error")),
        (text("hello".into()), Error("null", -32700, "parse error")),
        (text(r#"{"jsonrpc":"2.0","id":1,"method":"#.into()), Error("null", -32700, "parse error")),
        (text("{'jsonrpc':'2.0'}".into()), Error("null", -32700, "parse error")),
        (b"\x00\x00\x00\x00".to_vec(), Error("null", -32700, "parse error")),
        (b"\xff\xfe\xfd".to_vec(), Error("null", -32700, "parse error")),
        (text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\u{0}b\"}".into()), Error("null", -32700, "parse error")),
        (text(nested(10_001)), Error("null", -32700, "parse error")),
        (text(nested(10_000)), Codes(&[-32600])),
        (text("{\"a\":".repeat(300_000)), Error("null", -32700, "parse error")),
        (text("null".into()), Error("null", -32600, "invalid request")),
        (text("5".into()), Error("null", -32600, "invalid request")),
        (text("true".into()), Error("null", -32600, "invalid request")),
        (text("\"eth_chainId\"".into()), Error("null", -32600, "invalid request")),
        (text("{}".into()), Error("null", -32600, "invalid request")),
        (text(format!(r#"{{"id":9,{CHAIN}}}"#)), Error("9", -32600, "invalid request")),
        (text(format!(r#"{{"jsonrpc":"1.0","id":9,{CHAIN}}}"#)), Error("9", -32600, "invalid request")),
        (text(format!(r#"{{"jsonrpc":2.0,"id":9,{CHAIN}}}"#)), Error("9", -32600, "invalid request")),
        (text(r#"{"jsonrpc":"2.0","id":9}"#.into()), Error("9", -32600, "invalid request")),
        (text(r#"{"jsonrpc":"2.0","id":9,"method":null}"#.into()), Error("9", -32600, "invalid request")),
        (text(r#"{"jsonrpc":"2.0","id":9,"method":5}"#.into()), Error("9", -32600, "invalid request")),
        (text(r#"{"jsonrpc":"2.0","id":9,"method":["eth_chainId"]}"#.into()), Error("9", -32600, "invalid request")),
        (text(r#"{"jsonrpc":"2.0","id":9,"method":""}"#.into()), Error("9", -32600, "invalid request")),
        (text(r#"{"jsonrpc":"2.0","id":9,"result":1}"#.into()), Nothing),
        (text(r#"{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":""}}"#.into()), Nothing),
        (with_id("null"), ok("null")),
        (with_id("0"), ok("0")),
        (with_id("-1"), ok("-1")),
        (with_id("1.5"), ok("1.5")),
        (with_id("18446744073709551615"), ok("18446744073709551615")),
        (with_id("123456789012345678901234567890"), ok("123456789012345678901234567890")),
        (with_id("true"), ok("true")),
        (with_id("\"\""), ok("\"\"")),
        (with_id("\"a b\\n\\u0000\""), ok("\"a b\\n\\u0000\"")),
        (with_id("{\"a\":1}"), Error("null", -32600, "invalid request")),
        (with_id("[1]"), Error("null", -32600, "invalid request")),
        (text(format!(r#"{{"jsonrpc":"2.0",{CHAIN}}}"#)), Nothing),
        (text(r#"{"jsonrpc":"2.0","method":"eth_nothing"}"#.into()), Nothing),
        (text(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"eth_nothing","id":2,{CHAIN}}}"#)), ok("2")),
        (text(format!(r#"{{"JSONRPC":"2.0","Id":3,{CHAIN},"unknown":{{"a":[]}}}}"#)), ok("3")),
        (text(format!(r#"{{"jsonrpc":"2.0","id":4,{CHAIN}}} trailing"#)), ok("4")),
        (text(format!("\u{feff}{{\"jsonrpc\":\"2.0\",\"id\":4,{CHAIN}}}")), Error("null", -32700, "parse error")),
        (b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"eth_\xff\"}".to_vec(), Error("5", -32601, "the method eth_\u{fffd} does not exist")),
        (call("eth_nothing", "[]"), Error("1", -32601, "the method eth_nothing does not exist/is not available")),
        (call("ETH_CHAINID", "[]"), Error("1", -32601, "the method ETH_CHAINID does not exist/is not available")),
        (call("__proto__", "[]"), Error("1", -32601, "does not exist/is not available")),
        (call("eth\\u0000", "[]"), Error("1", -32601, "does not exist/is not available")),
        (call(&"m".repeat(2049), "[]"), Error("1", -32600, "method name too long: 2049 > 2048")),
        (call("eth_subscribe", "[\"newHeads\"]"), Error("1", -32601, "notifications not supported")),
        (text("[]".into()), Error("null", -32600, "empty batch")),
        (text("[1]".into()), Codes(&[-32600])),
        (text("[1,null,{},\"a\",[]]".into()), Codes(&[-32600, -32600, -32600, -32600, -32600])),
        (text(format!(r#"[{{"jsonrpc":"2.0","id":1,{CHAIN}}},5,{{"jsonrpc":"2.0","id":2,"method":"no"}}]"#)), Codes(&[0, -32600, -32601])),
        (text(format!(r#"[{{"jsonrpc":"2.0",{CHAIN}}}]"#)), Nothing),
        (text(format!(r#"[{{"jsonrpc":"2.0",{CHAIN}}},{{"jsonrpc":"2.0","id":1,{CHAIN}}}]"#)), Codes(&[0])),
        (text(format!(r#"[{{"jsonrpc":"2.0","id":1,{CHAIN}}},{{"jsonrpc":"2.0","id":1,{CHAIN}}}]"#)), Codes(&[0, 0])),
        (text(format!("[{}]", vec![format!(r#"{{"jsonrpc":"2.0","id":7,{CHAIN}}}"#); 1001].join(","))), Codes(&[-32600])),
    ]
}

pub(crate) async fn send(address: SocketAddr, body: &[u8]) -> Response {
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    exchange(address, head.as_bytes(), body).await
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_envelope_gets_geths_answer() {
    let rig = Rig::rollup().await;
    for (body, expected) in envelopes() {
        let response = send(rig.address, &body).await;
        let shown = shown(&body);
        assert_eq!(response.status, 200, "{shown}");
        let parsed = || serde_json::from_str::<Value>(&response.body).unwrap_or_else(|_| panic!("{shown}: {response:?}"));
        match expected {
            Nothing => assert_eq!(response.body, "", "{shown}"),
            Expected::Result(id, result) => {
                assert!(response.body.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#)), "{shown}: {response:?}");
                assert_eq!(parsed()["result"], result, "{shown}");
            }
            Error(id, code, words) => {
                assert!(response.body.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#)), "{shown}: {response:?}");
                let error = &parsed()["error"];
                assert_eq!(error["code"], code, "{shown}: {error}");
                assert!(error["message"].as_str().unwrap().contains(words), "{shown}: {error}");
            }
            Codes(codes) => {
                let answers = parsed();
                let code = |answer: &Value| answer["error"]["code"].as_i64().unwrap_or_default();
                let found: Vec<_> = answers.as_array().unwrap_or_else(|| panic!("{shown}: {answers}")).iter().map(code).collect();
                assert_eq!(found, codes, "{shown}");
            }
        }
    }
}

/// Values of every kind, none of which is what most methods want.
fn oddities() -> Vec<Value> {
    let text = "\u{0}\u{1f600}\"\\".repeat(10);
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!(u64::MAX),
        json!(""),
        json!("0x"),
        json!("0x0"),
        json!("latest"),
        json!("0x7fffffffffffffff"),
        json!(text),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({ "to": null, "blockHash": B256::ZERO, "fromBlock": "0x7fffffffffffffff", "tracer": "callTracer" }),
        json!(B256::repeat_byte(0xff)),
        json!(COUNTER),
        json!(format!("0x{}", "f".repeat(64))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_method_fails_internally_whatever_it_is_given() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        rig.send(0, 0, COUNTER, Bytes::new()).await;
        rig.seal().await;
        let names = InProcess::new(rig.chain.clone(), Endpoint::Ordinary).unwrap().methods();
        assert!(names.len() > 60, "{names:?}");
        let mut all = vec![json!([]), json!(vec!["0x1"; 12]), json!(vec![Value::Null; 12])];
        all.extend(oddities().iter().map(|one| json!([one])));
        all.extend(oddities().iter().map(|one| json!([one, one])));
        all.extend(oddities().iter().map(|one| json!([COUNTER, one, one])));
        all.extend(oddities().iter().map(|one| json!(["0x1", one, one, one])));
        all.extend(oddities().iter().map(|one| json!([{ "to": COUNTER }, one, one, one])));
        for name in names {
            let call = |(id, params): (usize, &Value)| json!({ "jsonrpc": "2.0", "id": id, "method": name, "params": params });
            let batch: Value = all.iter().enumerate().map(call).collect();
            let answers = post(rig.address, &batch).await;
            let answers = answers.as_array().unwrap_or_else(|| panic!("{name}: {answers}"));
            assert_eq!(answers.len(), all.len(), "{name}");
            for (answer, params) in answers.iter().zip(&all) {
                let code = answer["error"]["code"].as_i64().unwrap_or_default();
                assert!(code != -32603, "{name} {params}: {answer}");
                let surplus = params.as_array().unwrap().len() == 12;
                assert!(!surplus || code < 0, "{name} takes twelve parameters: {answer}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_that_is_no_call_gets_geths_status() {
    let rig = Rig::rollup_with(Limits { request_size: 1000, ..Limits::default() }).await;
    let body = String::from_utf8(call("eth_chainId", "[]")).unwrap();
    let ask = async |request: String| {
        let response = exchange(rig.address, format!("{request}Host: {}\r\nConnection: close\r\n", rig.address).as_bytes(), b"").await;
        (response.status, response.body)
    };
    let with = |method: &str, content: &str| {
        let length = body.len();
        (format!("{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{content}Content-Length: {length}\r\n\r\n"), body.clone())
    };
    for (method, content, status, words) in [
        ("POST", "", 415, "invalid content type, only application/json is supported"),
        ("POST", "Content-Type: text/plain\r\n", 415, "invalid content type"),
        ("POST", "Content-Type: application/json-seq\r\n", 415, "invalid content type"),
        ("POST", "Content-Type: application/x-www-form-urlencoded\r\n", 415, "invalid content type"),
        ("PUT", "Content-Type: application/json\r\n", 405, "method not allowed"),
        ("DELETE", "Content-Type: application/json\r\n", 405, "method not allowed"),
        ("HEAD", "", 415, ""),
        ("POST", "Content-Type: application/json\r\n", 200, "result"),
        ("POST", "Content-Type: application/json; charset=utf-8\r\n", 200, "result"),
        ("POST", "content-type: APPLICATION/JSON ;charset=x\r\n", 200, "result"),
        ("POST", "Content-Type: application/json-rpc\r\n", 200, "result"),
        ("POST", "Content-Type: application/jsonrequest\r\n", 200, "result"),
        ("PATCH", "Content-Type: application/json\r\n", 200, "result"),
    ] {
        let (head, body) = with(method, content);
        let response = exchange(rig.address, head.as_bytes(), body.as_bytes()).await;
        assert_eq!(response.status, status, "{method} {content}: {response:?}");
        assert!(response.body.contains(words), "{method} {content}: {response:?}");
    }
    let get = http(rig.address, "GET", "/", &[], "").await;
    assert_eq!((get.status, get.body.as_str()), (200, ""), "a load balancer asks whether somebody is there");
    assert_eq!(http(rig.address, "GET", "/page", &[], "").await.status, 404);
    let large = http(rig.address, "POST", "/", &[], &" ".repeat(1001)).await;
    assert_eq!((large.status, large.body.as_str()), (413, "content length too large (1001>1000)\n"));
    let chunked = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n7d0\r\n{}\r\n0\r\n\r\n",
        " ".repeat(2000)
    );
    assert_eq!(exchange(rig.address, chunked.as_bytes(), b"").await.status, 413);
    assert_eq!(ask("NONSENSE\r\n".to_owned()).await.0, 400);
    assert_eq!(ask("GET / HTTP/9.9\r\n\r\n".to_owned()).await.0 / 100, 4);
    // A body that never comes whole, and a connection that says nothing, hold up nobody.
    let mut cut = TcpStream::connect(rig.address).await.unwrap();
    cut.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{").await.unwrap();
    let _silent = TcpStream::connect(rig.address).await.unwrap();
    assert_eq!(rig.ok("eth_chainId", json!([])).await, chain_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_takes_what_http_takes_and_survives_it() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    for (body, expected) in envelopes() {
        match std::str::from_utf8(&body) {
            Ok(text) => socket.send_text(text).await,
            Err(_) => socket.send_binary(&body).await,
        }
        if let Nothing = expected {
            continue;
        }
        let answer = socket.next().await.unwrap_or_else(|| panic!("closed after {}", shown(&body)));
        match expected {
            Expected::Result(_, result) => assert_eq!(answer["result"], result, "{}", shown(&body)),
            // Here there are notifications.
            Error(_, -32601, "notifications not supported") => {
                assert_eq!(socket.call("eth_unsubscribe", json!([answer["result"]])).await, true);
            }
            Error(_, code, _) => assert_eq!(answer["error"]["code"], code, "{}", shown(&body)),
            Codes(codes) => assert_eq!(answer.as_array().unwrap().len(), codes.len(), "{}", shown(&body)),
            Nothing => {}
        }
    }
    socket.send_binary(&call("eth_chainId", "[]")).await;
    assert_eq!(socket.next().await.unwrap()["result"], chain_id(), "binary frames are read like text");
}

/// A client's frame: masked with zeros. `opcode` 0 continues a message, 1 is text, 2 binary, 9 a ping.
fn frame(last: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![if last { 0x80 | opcode } else { opcode }];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => match u16::try_from(long) {
            Ok(long) => frame.extend([&[0x80 | 126][..], &long.to_be_bytes()].concat()),
            Err(_) => frame.extend([&[0x80 | 127][..], &(long as u64).to_be_bytes()].concat()),
        },
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A WebSocket connection of which every byte is ours.
async fn raw_socket(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";
    let head = format!("GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    stream
}

/// What the server sends until it closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_make_one_message_and_broken_frames_end_their_connection_alone() {
    let rig = Rig::rollup_with(Limits { request_size: 1000, ..Limits::default() }).await;
    let body = call("eth_chainId", "[]");
    let mut stream = raw_socket(rig.address).await;
    let (first, second) = body.split_at(body.len() / 2);
    stream.write_all(&frame(false, 1, first)).await.unwrap();
    stream.write_all(&frame(true, 9, b"are you there")).await.unwrap();
    stream.write_all(&frame(true, 0, second)).await.unwrap();
    let mut told = Vec::new();
    while !told.ends_with(b"}") {
        told.push(stream.read_u8().await.unwrap());
    }
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains(chain_id().as_str().unwrap()) && told.contains("are you there"), "{told}");

    // More than the buffers of two sockets hold.
    let large = vec![b' '; 16 << 20];
    for (name, bytes, words) in [
        ("too large", frame(true, 1, &large), "message too large"),
        ("too large in parts", [frame(false, 1, &large[..600]), frame(true, 0, &large)].concat(), "message too large"),
        ("an unknown opcode", frame(true, 5, b"{}"), ""),
        ("a continuation of nothing", frame(true, 0, b"{}"), ""),
        ("reserved bits", [&[0xf1][..], &frame(true, 1, &body)[1..]].concat(), ""),
        ("a length that never comes", [&[0x81, 0xff][..], &u64::MAX.to_be_bytes()].concat(), ""),
    ] {
        let mut stream = raw_socket(rig.address).await;
        stream.write_all(&bytes).await.unwrap();
        let told = tokio::time::timeout(Duration::from_secs(60), rest(stream)).await.unwrap_or_else(|_| panic!("{name}: not closed"));
        assert!(told.contains(words), "{name}: {told}");
    }
    let no_key = http(rig.address, "GET", "/", &["Upgrade: websocket", "Connection: Upgrade"], "").await;
    assert_eq!(no_key.status, 400, "{no_key:?}");
    assert_eq!(rig.ok("eth_chainId", json!([])).await, chain_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_told_in_clear_words() {
    let limits = Limits { subscriptions: 2, filters: 2, response_size: 2000, connections: 2, ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    for _ in 0..2 {
        rig.ok("eth_newBlockFilter", json!([])).await;
    }
    assert_eq!(rig.err("eth_newBlockFilter", json!([])).await, (-32005, "too many open filters, at most 2".into()));
    let large = json!([format!("0x{}", "00".repeat(2000))]);
    assert!(rig.ok("web3_sha3", large).await.is_string(), "a request may be larger than a response");
    rig.seal().await;
    let block = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", true] });
    assert_eq!(post(rig.address, &block).await["error"], json!({ "code": -32003, "message": "response too large" }));
    let count = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] });
    let answers = post(rig.address, &Value::Array(vec![count; 100])).await;
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 100);
    assert!(answers[0].get("result").is_some());
    assert_eq!(answers[99]["error"]["message"], "response too large");

    let mut first = Socket::connect(rig.address).await;
    for _ in 0..2 {
        first.call("eth_subscribe", json!(["newHeads"])).await;
    }
    first.send("eth_subscribe", json!(["logs"])).await;
    let refused = first.next().await.unwrap();
    assert_eq!(refused["error"], json!({ "code": -32005, "message": "too many subscriptions on this connection, at most 2" }));
    first.send("eth_unsubscribe", json!(["0x1234"])).await;
    assert_eq!(first.next().await.unwrap()["error"], json!({ "code": -32000, "message": "subscription not found" }));
    let _second = Socket::connect(rig.address).await;
    let third = http(rig.address, "POST", "/", &[], "").await;
    assert_eq!(third.status, 429);
    assert!(third.body.contains("too many connections, at most 2"), "{third:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_too_long_is_aborted_in_geths_words() {
    let limits = Limits { call_time: Duration::from_millis(50), call_gas: u64::MAX / 2, ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let spin = json!({ "to": SPINNER });
    let aborted = (-32000, "execution aborted (timeout = 50ms)".to_owned());
    assert_eq!(rig.err("eth_call", json!([spin])).await, aborted);
    assert_eq!(rig.err("eth_createAccessList", json!([spin])).await, aborted);
    let simulated = json!({ "blockStateCalls": [{ "blockOverrides": { "gasLimit": "0x7fffffffffffffff" }, "calls": [spin] }] });
    assert_eq!(rig.err("eth_simulateV1", json!([simulated])).await, aborted);
    assert_eq!(rig.ok("eth_call", json!([{ "to": COUNTER }])).await, "0x", "the next one is not");
}

use crate::{
    rig::{CHAIN_ID, Rig, SPINNER},
    wire::{Socket, call, http, post},
};
use alloy_primitives::keccak256;
use serde_json::{Value, json};
use tributary_rpc::{Error, Limits, serve};

fn request(id: u64, method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": [] })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_port_speaks_http_and_websocket() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    let chain_id = format!("{CHAIN_ID:#x}");
    assert_eq!(socket.call("eth_chainId", json!([])).await, json!(chain_id));
    assert_eq!(rig.ok("eth_chainId", json!([])).await, json!(chain_id));
    assert_eq!(rig.ok("net_version", json!([])).await, json!(CHAIN_ID.to_string()));
    assert_eq!(rig.ok("net_listening", json!([])).await, true);
    assert_eq!(rig.ok("eth_syncing", json!([])).await, false);
    assert_eq!(rig.ok("eth_accounts", json!([])).await, json!([]));
    assert_eq!(rig.ok("web3_sha3", json!(["0x68656c6c6f"])).await, json!(keccak256("hello")));
    for (rig, name) in [(rig, "tributary/v"), (Rig::development().await, "anvil/tributary/v")] {
        assert!(rig.ok("web3_clientVersion", json!([])).await.as_str().unwrap().starts_with(name));
    }
}

/// That it can be decompressed is seen by the clients of Node and Python, all of which ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_compressed_for_those_who_take_it() {
    let rig = Rig::rollup().await;
    let call = |method, params| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let (long, short) = (call("eth_getBlockByNumber", json!(["0x0", false])), call("eth_chainId", json!([])));
    for (body, headers, compressed) in [
        (&long, &["Accept-Encoding: gzip, deflate"][..], true),
        (&long, &["Accept-Encoding: deflate"], false),
        (&long, &[], false),
        (&short, &["Accept-Encoding: gzip"], false),
    ] {
        let response = http(rig.address, "POST", "/", headers, body).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.headers.contains("content-encoding: gzip"), compressed, "{body} {headers:?}: {}", response.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_answered_whole_up_to_their_limit() {
    let rig = Rig::rollup_with(Limits { batch: 3, ..Limits::default() }).await;
    let batch = json!([request(1, "eth_chainId"), request(2, "eth_blockNumber"), request(3, "eth_nothing")]);
    let answers = post(rig.address, &batch).await;
    assert_eq!(answers.as_array().unwrap().len(), 3);
    assert_eq!((&answers[1]["id"], &answers[1]["result"]), (&json!(2), &json!("0x0")));
    assert_eq!(answers[2]["error"]["code"], -32601);
    let large = Value::Array(vec![request(1, "eth_chainId"); 4]);
    let refused = json!([{ "jsonrpc": "2.0", "id": 1, "error": { "code": -32600, "message": "batch too large" } }]);
    assert_eq!(post(rig.address, &large).await, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_too_large_are_refused() {
    let rig = Rig::rollup_with(Limits { request_size: 10_000, ..Limits::default() }).await;
    let small = json!(["0x".to_owned() + &"00".repeat(4_000)]);
    assert!(call(rig.address, "web3_sha3", small).await.is_ok());
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "web3_sha3", "params": ["0x".to_owned() + &"00".repeat(6_000)] }).to_string();
    assert_eq!(http(rig.address, "POST", "/", &[], &body).await.status, 413);
}

/// As in geth, which gives as much as it may to whoever asks for more.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_has_no_more_gas_than_the_node_gives() {
    let rig = Rig::rollup_with(Limits { call_gas: 100_000, ..Limits::default() }).await;
    for call in [json!({ "to": SPINNER }), json!({ "to": SPINNER, "gas": "0xffffffffffffff" })] {
        assert_eq!(rig.err("eth_call", json!([call])).await, (-32000, "out of gas".into()));
        assert_eq!(rig.err("eth_estimateGas", json!([call])).await, (-32000, "gas required exceeds allowance (100000)".into()));
        let traced = rig.ok("debug_traceCall", json!([call, "latest", { "tracer": "callTracer" }])).await;
        assert_eq!((&traced["gas"], &traced["error"]), (&json!("0x186a0"), &json!("out of gas")));
    }
    let simulated = json!({ "blockStateCalls": [{ "calls": [{ "to": SPINNER }] }] });
    let blocks = rig.ok("eth_simulateV1", json!([simulated])).await;
    assert_eq!((&blocks[0]["calls"][0]["status"], &blocks[0]["calls"][0]["gasUsed"]), (&json!("0x0"), &json!("0x186a0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_may_ask_and_foreign_hosts_may_not() {
    let limits = Limits { hosts: Limits::hosts_for("127.0.0.1".parse().unwrap()), ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let body = request(1, "eth_chainId").to_string();
    let asked = http(rig.address, "POST", "/", &["Origin: https://example.org"], &body).await;
    assert_eq!(asked.status, 200);
    assert!(asked.headers.contains("access-control-allow-origin: *"), "{}", asked.headers);
    let preflight = ["Origin: https://example.org", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"];
    assert_eq!(http(rig.address, "OPTIONS", "/", &preflight, "").await.status, 200);
    let rebound = http(rig.address, "POST", "/", &["Host: attacker.example"], &body).await;
    assert_eq!(rebound.status, 403);
    assert_eq!(http(rig.address, "POST", "/", &["Host: localhost:8545"], &body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_debug_namespace_can_be_left_out() {
    let rig = Rig::rollup_with(Limits { debug: false, ..Limits::default() }).await;
    assert_eq!(rig.err("debug_traceBlockByNumber", json!(["latest"])).await.0, -32601);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_one_clear_error() {
    let rig = Rig::rollup().await;
    let error = serve(rig.chain.clone(), rig.address).await.unwrap_err();
    assert!(matches!(error, Error::Bind { .. }));
    assert!(error.to_string().starts_with(&format!("cannot listen on {}: ", rig.address)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_has_freed_its_port() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    socket.call("eth_subscribe", json!(["newHeads"])).await;
    let address = rig.address;
    rig.server.stop().await;
    let again = serve(rig.chain.clone(), address).await.unwrap();
    assert_eq!(again.local_addr(), address);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_that_nobody_has_taken_share_a_bound() {
    let rig = Rig::rollup_with(Limits { answer_memory: 0, ..Limits::default() }).await;
    let call = |id: usize| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_getBlockByNumber", "params": ["0x0", false] });
    let batch = |calls: usize| json!((7..7 + calls).map(call).collect::<Vec<_>>());
    let few = post(rig.address, &batch(3)).await;
    assert_eq!(few.as_array().unwrap().len(), 3);
    let many = post(rig.address, &batch(200)).await;
    let error = json!({ "code": -32005, "message": "server is busy, try again later" });
    assert_eq!(many, json!([{ "jsonrpc": "2.0", "id": 7, "error": error }]));
    let mut socket = Socket::connect(rig.address).await;
    socket.send_text(&batch(200).to_string()).await;
    assert_eq!(socket.next().await.unwrap(), many);
    assert_eq!(socket.call("eth_chainId", json!([])).await, rig.ok("eth_chainId", json!([])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_requests_take_turns() {
    let rig = Rig::rollup_with(Limits { large_requests: 1, ..Limits::default() }).await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "web3_sha3", "params": [format!("0x{}", "ab".repeat(200_000))] });
    let answers = (0..8).map(|_| {
        tokio::spawn({
            let (address, call) = (rig.address, call.clone());
            async move { post(address, &call).await }
        })
    });
    let answers: Vec<_> = answers.collect();
    let expected = json!(keccak256(vec![0xab; 200_000]));
    for answer in answers {
        assert_eq!(answer.await.unwrap()["result"], expected);
    }
    let mut socket = Socket::connect(rig.address).await;
    for _ in 0..8 {
        socket.send_text(&call.to_string()).await;
    }
    for _ in 0..8 {
        assert_eq!(socket.next().await.unwrap()["result"], expected);
    }
}

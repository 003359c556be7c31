use crate::rig::{CALLER, COUNTER, EMITTER, REVERTER, Rig, SPINNER, draft};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind};
use serde_json::{Value, json};
use std::time::Duration;
use tributary_rpc::Limits;

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_traced_as_it_ran_in_its_block() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let hash = rig.send(1, 0, CALLER, Bytes::new()).await;
    let receipt = rig.early("eth_getTransactionReceipt", json!([hash])).await;
    let open = rig.early("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }])).await;
    rig.seal().await;
    let trace = rig.ok("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }])).await;
    assert_eq!(open, trace, "the same before the seal and after it");
    assert_eq!((&trace["type"], &trace["from"], &trace["to"]), (&json!("CALL"), &json!(rig.who(1)), &json!(CALLER)));
    assert_eq!((&trace["gas"], &trace["gasUsed"]), (&json!("0x30d40"), &receipt["gasUsed"]));
    assert_eq!((&trace["calls"][0]["to"], &trace["calls"][0]["from"]), (&json!(COUNTER), &json!(CALLER)));

    let diff = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let diff = rig.ok("debug_traceTransaction", json!([hash, diff])).await;
    let slot = B256::ZERO.to_string();
    let counter = format!("{COUNTER:?}");
    assert_eq!(diff["pre"][&counter]["storage"][&slot], json!(B256::with_last_byte(1)), "after the block's first transaction");
    assert_eq!(diff["post"][&counter]["storage"][&slot], json!(B256::with_last_byte(2)));
    let pre = rig.ok("debug_traceTransaction", json!([hash, { "tracer": "prestateTracer" }])).await;
    assert_eq!(pre[&counter]["storage"][&slot], json!(B256::with_last_byte(1)));

    let steps = rig.ok("debug_traceTransaction", json!([hash])).await;
    assert_eq!((&steps["failed"], json!(format!("{:#x}", steps["gas"].as_u64().unwrap()))), (&json!(false), receipt["gasUsed"].clone()));
    let names: Vec<_> = steps["structLogs"].as_array().unwrap().iter().map(|step| step["op"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| **name == "SSTORE").count(), 1);
    assert_eq!(names.last(), Some(&"STOP"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_builtin_tracer_answers() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, EMITTER, B256::with_last_byte(1).to_vec()).await;
    rig.seal().await;
    let trace = async |options: Value| rig.ok("debug_traceTransaction", json!([hash, options])).await;
    assert_eq!(trace(json!({ "tracer": "4byteTracer" })).await, json!({ "0x00000000-28": 1 }));
    assert_eq!(trace(json!({ "tracer": "noopTracer" })).await, json!({}));
    let flat = trace(json!({ "tracer": "flatCallTracer" })).await;
    assert_eq!((&flat[0]["action"]["to"], &flat[0]["transactionHash"]), (&json!(EMITTER), &hash));
    let mux = trace(json!({ "tracer": "muxTracer", "tracerConfig": { "callTracer": { "withLog": true }, "4byteTracer": null } })).await;
    assert_eq!(mux["callTracer"]["logs"][0]["topics"][0], json!(B256::with_last_byte(1)));
    assert_eq!(mux["4byteTracer"], json!({ "0x00000000-28": 1 }));
    let unknown = rig.err("debug_traceTransaction", json!([hash, { "tracer": "noSuchTracer" }])).await;
    assert_eq!(unknown, (-32000, "tracer not found: noSuchTracer".into()));
    let nothing = rig.err("debug_traceTransaction", json!([B256::repeat_byte(9)])).await;
    assert_eq!(nothing, (-32000, "transaction not found".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_traced_whole_and_the_genesis_not() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, CALLER, Bytes::new()).await;
    let block = rig.seal().await;
    let traces = rig.ok("debug_traceBlockByHash", json!([block, { "tracer": "callTracer" }])).await;
    assert_eq!(traces.as_array().unwrap().len(), 2, "the L1 attributes, too");
    assert_eq!(traces[1]["txHash"], hash);
    assert_eq!(traces[1]["result"], rig.ok("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }])).await);
    assert_eq!(traces, rig.ok("debug_traceBlockByNumber", json!(["latest", { "tracer": "callTracer" }])).await);
    assert_eq!(rig.err("debug_traceBlockByNumber", json!(["0x0"])).await, (-32000, "genesis is not traceable".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_traced_with_overrides() {
    let rig = Rig::rollup().await;
    let options = json!({
        "tracer": "callTracer",
        "stateOverrides": { COUNTER.to_string(): { "code": "0x60016000526020 6000f3".replace(' ', "") } },
    });
    let trace = rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": COUNTER }, "latest", options])).await;
    assert_eq!(trace["output"], json!(B256::with_last_byte(1)));
    let reverted = rig.ok("debug_traceCall", json!([{ "to": REVERTER, "data": "0xdeadbeef" }, "latest", { "tracer": "callTracer" }])).await;
    assert_eq!((&reverted["error"], &reverted["output"]), (&json!("execution reverted"), &json!("0xdeadbeef")));
    let huge = rig.err("debug_traceCall", json!([{ "to": SPINNER }, "latest"])).await;
    assert_eq!(huge.0, -32000);
    assert!(huge.1.contains("trace has more than"), "{huge:?}");
}

/// The frames of the call tracer: type, target and number of calls, outermost first.
fn frames(frame: &Value, out: &mut Vec<(String, String, usize)>) {
    let calls = frame["calls"].as_array().cloned().unwrap_or_default();
    out.push((frame["type"].as_str().unwrap().to_owned(), frame["to"].as_str().unwrap_or_default().to_owned(), calls.len()));
    calls.iter().for_each(|call| frames(call, out));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_the_call_tracer_have_their_effect() {
    let rig = Rig::rollup().await;
    let trace = async |to: Address, config: Value| {
        let options = json!({ "tracer": "callTracer", "tracerConfig": config });
        rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": to, "gas": "0x30d40" }, "latest", options])).await
    };
    let mut all = Vec::new();
    frames(&trace(CALLER, json!({})).await, &mut all);
    assert_eq!(all, [("CALL".to_owned(), format!("{CALLER:?}"), 1), ("CALL".to_owned(), format!("{COUNTER:?}"), 0)]);
    let top = trace(CALLER, json!({ "onlyTopCall": true })).await;
    assert_eq!(top["calls"], Value::Null);
    assert_eq!(trace(EMITTER, json!({})).await["logs"], Value::Null);
    let logs = trace(EMITTER, json!({ "withLog": true })).await["logs"].clone();
    let expected = json!([{ "address": EMITTER, "topics": [B256::ZERO], "data": "0x", "position": "0x0", "index": "0x0" }]);
    assert_eq!(logs, expected);
    let bad = json!([{ "to": CALLER }, "latest", { "tracer": "callTracer", "tracerConfig": { "withLog": "yes" } }]);
    let bad = rig.err("debug_traceCall", bad).await;
    assert!(bad.0 == -32000 && bad.1.starts_with("invalid tracer config"), "{bad:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_the_prestate_tracer_have_their_effect() {
    let rig = Rig::rollup().await;
    let trace = async |config: Value| {
        let options = json!({ "tracer": "prestateTracer", "tracerConfig": config });
        rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": CALLER }, "latest", options])).await
    };
    let (caller, counter) = (format!("{CALLER:?}"), format!("{COUNTER:?}"));
    let whole = trace(json!({})).await;
    assert!(whole[&caller]["code"].is_string() && whole[&counter]["storage"].is_object());
    let no_code = trace(json!({ "disableCode": true })).await;
    assert!(no_code[&caller]["code"].is_null() && no_code[&counter]["storage"].is_object());
    let no_storage = trace(json!({ "disableStorage": true })).await;
    assert!(no_storage[&caller]["code"].is_string() && no_storage[&counter]["storage"].is_null(), "{no_storage}");
    let diff = trace(json!({ "diffMode": true })).await;
    assert!(diff["pre"].get(&caller).is_none(), "it did not change: {diff}");
    assert_eq!(diff["post"][&counter]["storage"], json!({ B256::ZERO.to_string(): B256::with_last_byte(1) }));
    let neither = trace(json!({ "diffMode": true, "disableCode": true, "disableStorage": true })).await;
    assert!(neither["post"][&counter]["storage"].is_null() && neither["pre"][&counter]["code"].is_null(), "{neither}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_the_struct_logger_have_their_effect() {
    let rig = Rig::rollup().await;
    let trace = async |to: Address, options: Value| {
        rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": to, "data": "0xaabb" }, "latest", options])).await
    };
    let any = |trace: &Value, key: &str| {
        trace["structLogs"].as_array().unwrap().iter().any(|step| step.get(key).is_some_and(|value| !value.is_null()))
    };
    let plain = trace(COUNTER, json!({})).await;
    assert_eq!(
        (any(&plain, "stack"), any(&plain, "memory"), any(&plain, "storage"), any(&plain, "returnData")),
        (true, false, true, false)
    );
    let first = &plain["structLogs"][0];
    assert_eq!((&first["op"], &first["pc"], &first["depth"], &first["gasCost"]), (&json!("PUSH1"), &json!(0), &json!(1), &json!(3)));
    let bare = trace(COUNTER, json!({ "disableStack": true, "disableStorage": true })).await;
    assert_eq!((any(&bare, "stack"), any(&bare, "storage")), (false, false));
    let reverted = trace(REVERTER, json!({ "enableMemory": true })).await;
    assert!(any(&reverted, "memory"));
    assert_eq!((&reverted["failed"], &reverted["returnValue"]), (&json!(true), &json!("0xaabb")));
    // Calls REVERTER with two bytes and stops.
    let code = json!({ COUNTER.to_string(): { "code": "0x5f5f60025f5f620c00035af100" } });
    assert!(any(&trace(COUNTER, json!({ "enableReturnData": true, "stateOverrides": code })).await, "returnData"));
    assert!(!any(&trace(COUNTER, json!({ "stateOverrides": code })).await, "returnData"));
    let size = plain["structLogs"][0].to_string().len();
    for (limit, steps) in [(1, 1), (size - 1, 1), (size, 2), (0, 7), (1 << 20, 7)] {
        let short = trace(COUNTER, json!({ "limit": limit })).await;
        assert_eq!(short["structLogs"].as_array().unwrap().len(), steps, "{limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tracers_run_at_once() {
    let rig = Rig::rollup().await;
    let trace = async |tracer: &str, config: Value| {
        rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": CALLER }, "latest", { "tracer": tracer, "tracerConfig": config }]))
            .await
    };
    let configs = json!({
        "callTracer": { "onlyTopCall": true },
        "prestateTracer": { "diffMode": true },
        "flatCallTracer": {},
        "4byteTracer": null,
        "noopTracer": null,
    });
    let all = trace("muxTracer", configs.clone()).await;
    for (tracer, config) in configs.as_object().unwrap() {
        assert_eq!(all[tracer], trace(tracer, config.clone()).await, "{tracer}");
    }
    let nested = json!([{ "to": CALLER }, "latest", { "tracer": "muxTracer", "tracerConfig": { "muxTracer": {} } }]);
    assert_eq!(rig.err("debug_traceCall", nested).await, (-32000, "muxTracer cannot be nested".into()));
    let unknown = json!([{ "to": CALLER }, "latest", { "tracer": "muxTracer", "tracerConfig": { "mineTracer": {} } }]);
    assert_eq!(rig.err("debug_traceCall", unknown).await, (-32000, "tracer not found: mineTracer".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_four_byte_tracer_counts_selectors_with_the_size_of_their_arguments() {
    let rig = Rig::rollup().await;
    let trace = async |data: &str| {
        rig.ok("debug_traceCall", json!([{ "to": REVERTER, "data": data }, "latest", { "tracer": "4byteTracer" }])).await
    };
    assert_eq!(trace("0x11223344").await, json!({ "0x11223344-0": 1 }));
    assert_eq!(trace("0x1122334455").await, json!({ "0x11223344-1": 1 }));
    assert_eq!(trace("0x112233").await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flat_call_tracer_lists_precompiles_when_it_is_told_to() {
    let rig = Rig::rollup().await;
    // STATICCALL to the identity precompile.
    let code = json!({ COUNTER.to_string(): { "code": "0x5f5f5f5f60045afa00" } });
    let trace = async |config: Value| {
        let options = json!({ "tracer": "flatCallTracer", "tracerConfig": config, "stateOverrides": code });
        rig.ok("debug_traceCall", json!([{ "to": COUNTER }, "latest", options])).await.as_array().unwrap().clone()
    };
    assert_eq!(trace(json!({})).await.len(), 1);
    let with = trace(json!({ "includePrecompiles": true })).await;
    assert_eq!((with.len(), &with[1]["action"]["callType"], &with[1]["traceAddress"]), (2, &json!("staticcall"), &json!([0])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_takes_too_long_ends_in_geths_words() {
    let limits = Limits { call_gas: u64::MAX / 2, ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let over = (-32000, "execution timeout".to_owned());
    let spin = json!({ "to": SPINNER });
    let options = json!({ "tracer": "callTracer", "timeout": "50ms" });
    assert_eq!(rig.err("debug_traceCall", json!([spin, "latest", options])).await, over);
    let bundles = json!([{ "transactions": [{ "to": COUNTER }, spin, spin] }]);
    assert_eq!(rig.err("debug_traceCallMany", json!([bundles, null, options])).await, over);
    assert!(rig.ok("debug_traceCall", json!([{ "to": COUNTER }, "latest", { "tracer": "callTracer" }])).await.is_object());

    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let none = json!({ "tracer": "callTracer", "timeout": "-1s" });
    assert_eq!(rig.err("debug_traceTransaction", json!([hash, none])).await, over, "no time at all");
    assert_eq!(rig.err("debug_traceBlockByNumber", json!(["latest", none])).await, over);
    let bad = rig.err("debug_traceTransaction", json!([hash, { "timeout": "50" }])).await;
    assert_eq!(bad, (-32000, "time: missing unit in duration \"50\"".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_gets_more_time_for_traces_than_the_node_gives() {
    let limits = Limits { call_gas: u64::MAX / 2, trace_time: Duration::from_millis(50), ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let over = (-32000, "execution timeout".to_owned());
    let spin = json!({ "to": SPINNER });
    assert_eq!(rig.err("debug_traceCall", json!([spin, "latest", { "tracer": "prestateTracer", "timeout": "1h" }])).await, over);
    assert_eq!(rig.err("trace_call", json!([spin, ["trace"]])).await, over);
    assert_eq!(rig.err("trace_callMany", json!([[[spin, ["trace"]], [spin, ["trace"]]]])).await, over);
}

#[tokio::test(flavor = "multi_thread")]
async fn executing_a_block_again_ends_in_the_midst_of_a_transaction() {
    let rig = Rig::rollup_with(Limits { trace_time: Duration::from_millis(2), ..Limits::default() }).await;
    let spin = rig.sign_draft(0, TxEip1559 { to: TxKind::Call(SPINNER), gas_limit: 25_000_000, ..draft(0) });
    rig.ok("eth_sendRawTransaction", json!([spin])).await;
    let behind = rig.send(1, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let over = (-32000, "execution timeout".to_owned());
    for (method, params) in [
        ("debug_traceBlockByNumber", json!(["0x1"])),
        ("debug_traceTransaction", json!([behind, { "tracer": "callTracer" }])),
        ("debug_traceCall", json!([{ "to": COUNTER }, "0x1", { "txIndex": "0x2" }])),
        ("debug_intermediateRoots", json!([rig.ok("eth_getBlockByNumber", json!(["0x1", false])).await["hash"]])),
        ("debug_executionWitness", json!(["0x1"])),
        ("trace_block", json!(["0x1"])),
        ("trace_replayBlockTransactions", json!(["0x1", ["trace"]])),
        ("trace_filter", json!([{ "fromBlock": "0x1", "toBlock": "0x1" }])),
    ] {
        assert_eq!(rig.err(method, params).await, over, "{method}");
    }
}

use crate::rig::{CALLER, COUNTER, EMITTER, REVERTER, Rig, SPINNER};
use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_traced_as_it_ran_in_its_block() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let hash = rig.send(1, 0, CALLER, Bytes::new()).await;
    let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
    let open = rig.ok("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }])).await;
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

//! Tracers that geth brings along beside its usual ones. What is expected is worked out by hand from what geth documents of them.

use crate::rig::{CALLER, COUNTER, Rig};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use serde_json::{Value, json};

/// A call of [`COUNTER`] with this code, and [`CALLER`] with that, under a tracer.
async fn traced(rig: &Rig, tracer: &str, code: &str, called: &str) -> Value {
    let options = json!({
        "tracer": tracer,
        "stateOverrides": { COUNTER.to_string(): { "code": code }, CALLER.to_string(): { "code": called } },
    });
    rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": COUNTER, "gas": "0x30d40", "data": "0x0102030405" }, "latest", options]))
        .await
}

/// Code that calls an account without value or input and stops.
fn calls(address: Address, instruction: &str) -> String {
    let value = if matches!(instruction, "f1" | "f2") { "5f" } else { "" };
    format!("0x5f5f5f5f{value}73{}5a{instruction}00", hex::encode(address))
}

/// Adds 1 and 2, and hashes the word that has the sum.
const HASHES: &str = "0x60016002015f5260205f2000";

#[tokio::test(flavor = "multi_thread")]
async fn preimages_of_hashes_are_told_by_hash() {
    let rig = Rig::rollup().await;
    let sum = B256::with_last_byte(3);
    assert_eq!(traced(&rig, "keccak256PreimageTracer", HASHES, "0x").await, json!({ keccak256(sum).to_string(): sum }));
    // Twice the same, then nothing at all, in another frame.
    let twice = format!("0x60205f205060205f20{}", &calls(CALLER, "f4")[2..]);
    let zeros = B256::ZERO;
    let expected = json!({ keccak256(zeros).to_string(): zeros, keccak256([]).to_string(): "0x" });
    assert_eq!(traced(&rig, "keccak256PreimageTracer", &twice, "0x5f5f2000").await, expected);
    assert_eq!(traced(&rig, "keccak256PreimageTracer", "0x5f20", "0x").await, json!({}), "there is one item only");
    // It cannot be paid, and is told of all the same.
    let dear = traced(&rig, "keccak256PreimageTracer", "0x620f42405f20", "0x").await;
    assert_eq!(dear, json!({ keccak256(vec![0; 1_000_000]).to_string(): Bytes::from(vec![0; 1_000_000]) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn instructions_are_counted_alone_and_in_runs() {
    let rig = Rig::rollup().await;
    assert_eq!(traced(&rig, "opcountTracer", HASHES, "0x").await, 9);
    let unigrams = json!({ "PUSH1": 3, "ADD": 1, "PUSH0": 2, "MSTORE": 1, "KECCAK256": 1, "STOP": 1 });
    assert_eq!(traced(&rig, "unigramTracer", HASHES, "0x").await, unigrams);
    // Calls what drops an item and stops.
    let code = calls(CALLER, "f1");
    let bigrams = json!({
        "PUSH0-PUSH0": 4, "PUSH0-PUSH20": 1, "PUSH20-GAS": 1, "GAS-CALL": 1, "PUSH0-POP": 1, "POP-STOP": 1,
    });
    assert_eq!(traced(&rig, "bigramTracer", &code, "0x5f5000").await, bigrams);
    // The first instruction after each change of frames is left out.
    let trigrams = json!({
        "--PUSH0": 1, "-PUSH0-PUSH0": 1, "PUSH0-PUSH0-PUSH0": 2, "PUSH0-PUSH0-PUSH20": 1, "PUSH0-PUSH20-GAS": 1, "PUSH20-GAS-CALL": 1,
        "--POP": 1, "-POP-STOP": 1,
    });
    assert_eq!(traced(&rig, "trigramTracer", &code, "0x5f5000").await, trigrams);
    assert_eq!(traced(&rig, "unigramTracer", "0x0c", "0x").await, json!({ "opcode 0xc not defined": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn evmdis_is_told_instructions_with_their_results() {
    let rig = Rig::rollup().await;
    let plain = json!([
        { "op": 0x60, "depth": 1, "result": ["1"], "len": 2 },
        { "op": 0x50, "depth": 1, "result": [] },
        { "op": 0x5b, "depth": 1, "result": [], "pc": 3 },
        { "op": 0x00, "depth": 1, "result": [] },
    ]);
    assert_eq!(traced(&rig, "evmdisTracer", "0x6001505b00", "0x").await, plain);
    // Calls with two bytes of input what returns a byte; the first instruction after the call is left out.
    let code = format!("0x5f5f60025f5f73{}5af1600700", hex::encode(CALLER));
    let told = traced(&rig, "evmdisTracer", &code, "0x60aa5f5360015ff3").await;
    let ops = told.as_array().unwrap();
    let numbers: Vec<_> = ops.iter().map(|op| op["op"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0x5f, 0x5f, 0x60, 0x5f, 0x5f, 0x73, 0x5a, 0xf1, 0x00]);
    let call = &ops[7];
    let gas = u64::from_str_radix(ops[6]["result"][0].as_str().unwrap(), 16).unwrap();
    assert_eq!((&call["gas"], &call["to"], &call["value"]), (&json!(gas), &json!("c0006"), &json!("0")));
    assert_eq!((&call["input"], &call["return"], &call["error"]), (&json!({ "0": 0, "1": 0 }), &json!({ "0": 0xaa }), &Value::Null));
    let inner: Vec<_> =
        call["ops"].as_array().unwrap().iter().map(|op| (op["op"].as_u64().unwrap(), op["depth"].as_u64().unwrap())).collect();
    assert_eq!(inner, [(0x60, 2), (0x5f, 2), (0x53, 2), (0x60, 2), (0x5f, 2), (0xf3, 2)]);
    // Other calls are told by name, and what fails in them with its error.
    let told = traced(&rig, "evmdisTracer", &calls(CALLER, "fa"), "0x5f01").await;
    let call = &told[6];
    assert_eq!((&call["op"], &call["error"], call.get("value")), (&json!("STATICCALL"), &json!("stack underflow (1 <=> 2)"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_tracer_of_calls_tells_what_steps_show() {
    let rig = Rig::rollup().await;
    let legacy = async |code: &str, called: &str| traced(&rig, "callTracerLegacy", code, called).await;
    let returns = "0x60aa5f5360015ff3";
    // The caller gets the byte at the end of a word.
    let code = format!("0x6001601f5f5f5f73{}5af100", hex::encode(CALLER));
    let (told, now) = (legacy(&code, returns).await, traced(&rig, "callTracer", &code, returns).await);
    for field in ["type", "from", "to", "value", "gas", "gasUsed", "input"] {
        assert_eq!(told[field], now[field], "{field}");
    }
    assert_eq!((&told["output"], told.get("error")), (&json!("0x"), None));
    let (call, by_frames) = (&told["calls"][0], &now["calls"][0]);
    for field in ["type", "from", "to", "value", "gas", "gasUsed", "input", "output"] {
        assert_eq!(call[field], by_frames[field], "{field}");
    }
    // Of an account without code no gas is known; the machine's own contracts are not called.
    let nobody = Address::repeat_byte(0x77);
    let expected = json!({ "type": "CALL", "from": COUNTER, "to": nobody, "value": "0x0", "input": "0x", "output": "0x" });
    assert_eq!(legacy(&calls(nobody, "f1"), "0x").await["calls"], json!([expected]));
    assert_eq!(legacy(&calls(Address::with_last_byte(4), "fa"), "0x").await.get("calls"), None);
    // Failures.
    let paying = format!("0x5f5f5f5f600173{}5af100", hex::encode(nobody));
    assert_eq!(legacy(&paying, "0x").await["calls"][0]["error"], "internal failure", "it has nothing to pay with");
    let reverted = &legacy(&calls(CALLER, "f4"), "0x5f5ffd").await["calls"][0];
    assert_eq!(
        (&reverted["type"], &reverted["error"], reverted.get("value")),
        (&json!("DELEGATECALL"), &json!("execution reverted"), None)
    );
    let failed = &legacy(&calls(CALLER, "fa"), "0x5f01").await["calls"][0];
    assert_eq!((&failed["error"], &failed["gas"]), (&json!("stack underflow (1 <=> 2)"), &failed["gasUsed"]));
    let whole = legacy("0x5f5ffd", "0x").await;
    assert_eq!((&whole["error"], whole.get("output")), (&json!("execution reverted"), None));
    // A creation of nothing, and an end.
    let made = json!({ "type": "CREATE", "from": COUNTER, "to": COUNTER.create(0), "value": "0x0", "gasUsed": "0x0", "input": "0x", "output": "0x" });
    assert_eq!(legacy("0x5f5f5ff000", "0x").await["calls"], json!([made]));
    let ended = json!({ "type": "SELFDESTRUCT", "from": COUNTER, "to": COUNTER, "value": "0x0" });
    assert_eq!(legacy("0x30ff", "0x").await["calls"], json!([ended]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_tracer_of_the_state_before_tells_accounts_whole() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let hash = rig.send(0, 1, CALLER, Bytes::new()).await;
    rig.seal().await;
    let told = rig.ok("debug_traceTransaction", json!([hash, { "tracer": "prestateTracerLegacy" }])).await;
    let now = rig.ok("debug_traceTransaction", json!([hash, { "tracer": "prestateTracer" }])).await;
    let (who, counter, caller) = (format!("{:?}", rig.who(0)), format!("{COUNTER:?}"), format!("{CALLER:?}"));
    assert_eq!(told.as_object().unwrap().len(), 3);
    let sender = json!({ "balance": now[&who]["balance"], "nonce": 1, "code": "0x", "storage": {} });
    assert_eq!(told[&who], sender);
    let slot = json!({ B256::ZERO.to_string(): B256::with_last_byte(1) });
    assert_eq!(
        told[&counter],
        json!({ "balance": "0x0", "nonce": now[&counter].get("nonce").cloned().unwrap_or(json!(0)), "code": now[&counter]["code"], "storage": slot })
    );
    assert_eq!((&told[&caller]["code"], &told[&caller]["storage"]), (&now[&caller]["code"], &json!({})));
    // What was sent before it is looked at is there already.
    let nobody = Address::repeat_byte(0x77);
    let looks = format!("0x5f5f5f5f5f73{0}5af173{0}3100", hex::encode(nobody));
    let told = traced(&rig, "prestateTracerLegacy", &looks, "0x").await;
    assert_eq!(told[format!("{nobody:?}")], json!({ "balance": "0x0", "nonce": 0, "code": "0x", "storage": {} }));
    // A contract that the transaction makes was not there.
    let create = json!([{ "from": rig.who(0), "data": "0x5f5400" }, "latest", { "tracer": "prestateTracerLegacy" }]);
    let told = rig.ok("debug_traceCall", create).await;
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), [&who]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_tracer_of_selectors_counts_instructions() {
    let rig = Rig::rollup().await;
    // Calls with six bytes, then identity with as many.
    let with = |to: Address| format!("5f5f60065f5f73{}5af150", hex::encode(to));
    let code = format!("0x63cafebabe5f52{}{}00", with(CALLER), with(Address::with_last_byte(4)));
    let told = traced(&rig, "4byteTracerLegacy", &code, "0x").await;
    assert_eq!(told, json!({ "0x01020304-1": 1, "0x00000000-2": 1 }));
    assert_eq!(traced(&rig, "noopTracerLegacy", &code, "0x").await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn they_may_be_some_of_many_and_other_names_are_none() {
    let rig = Rig::rollup().await;
    let options = json!({
        "tracer": "muxTracer",
        "tracerConfig": { "opcountTracer": null, "callTracerLegacy": null, "callTracer": null },
        "stateOverrides": { COUNTER.to_string(): { "code": calls(Address::with_last_byte(4), "fa") } },
    });
    let call = json!({ "from": rig.who(0), "to": COUNTER, "gas": U256::from(100_000) });
    let told = rig.ok("debug_traceCall", json!([call, "latest", options])).await;
    assert_eq!((&told["opcountTracer"], told["callTracerLegacy"].get("calls")), (&json!(8), None), "{told}");
    assert_eq!(told["callTracer"]["calls"][0]["type"], "STATICCALL");
    for name in ["opcounttracer", "callTracerLegacy2", "4byteLegacy"] {
        let refused = rig.err("debug_traceCall", json!([call, "latest", { "tracer": name }])).await;
        assert_eq!(refused, (-32000, format!("tracer not found: {name}")));
    }
}

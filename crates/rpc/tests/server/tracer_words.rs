//! What tracers tell of self-destructs, logs and failures, as geth tells it.

use crate::{
    rig::{CALLER, COUNTER, EMITTER, Rig, draft},
    wire,
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::{Value, json};

/// The trace of a call to [`COUNTER`], with these codes in place of what is there.
async fn traced(rig: &Rig, tracer: Value, codes: &[(Address, &str)], value: u64) -> Value {
    let overrides: serde_json::Map<String, Value> =
        codes.iter().map(|(address, code)| (address.to_string(), json!({ "code": code }))).collect();
    let mut options = tracer;
    options["stateOverrides"] = overrides.into();
    let call = json!({ "from": rig.who(0), "to": COUNTER, "value": U256::from(value), "gas": "0x30d40" });
    rig.ok("debug_traceCall", json!([call, "latest", options])).await
}

fn calls_of(address: Address, instruction: &str) -> String {
    // DELEGATECALL has no value.
    let value = if instruction == "f1" { "5f" } else { "" };
    format!("0x5f5f5f5f{value}73{}5a{instruction}00", hex::encode(address))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_destroys_itself_is_a_frame_from_it_to_who_gets_its_balance() {
    let rig = Rig::rollup().await;
    // The beneficiary is the executing account.
    let frame = |whose: Address| json!({ "type": "SELFDESTRUCT", "from": whose, "to": whose, "value": "0x9", "gas": "0x0", "gasUsed": "0x0", "input": "0x" });
    let call_tracer = json!({ "tracer": "callTracer" });
    let trace = traced(&rig, call_tracer.clone(), &[(COUNTER, "0x30ff")], 9).await;
    assert_eq!(trace["calls"], json!([frame(COUNTER)]));
    let delegating = calls_of(CALLER, "f4");
    let codes = [(COUNTER, delegating.as_str()), (CALLER, "0x30ff")];
    let trace = traced(&rig, call_tracer, &codes, 9).await;
    assert_eq!(trace["calls"][0]["calls"], json!([frame(COUNTER)]), "the delegating account: {trace}");

    let flat = traced(&rig, json!({ "tracer": "flatCallTracer" }), &[(COUNTER, "0x30ff")], 9).await;
    let action = json!({ "address": COUNTER, "refundAddress": COUNTER, "balance": "0x9" });
    assert_eq!((&flat[1]["type"], &flat[1]["action"], &flat[1]["traceAddress"]), (&json!("suicide"), &action, &json!([0])));
    assert_eq!((&flat[0]["subtraces"], flat[1].get("result")), (&json!(1), None));
    let call = json!({ "from": rig.who(0), "to": COUNTER, "value": "0x9" });
    let override_ = json!({ COUNTER.to_string(): { "code": "0x30ff" } });
    let parity = rig.ok("trace_call", json!([call, ["trace"], "latest", override_])).await;
    assert_eq!((&parity["trace"][1]["type"], &parity["trace"][1]["action"]), (&json!("suicide"), &action));

    // To somebody else, after a transfer of its own.
    let other = Address::repeat_byte(0x77);
    let code = format!("0x5f5f5f5f6001{}5af15073{}ff", "6000", hex::encode(other));
    let trace = traced(&rig, json!({ "tracer": "callTracer" }), &[(COUNTER, code.as_str())], 9).await;
    let last = &trace["calls"][1];
    assert_eq!((&last["from"], &last["to"], &last["value"]), (&json!(COUNTER), &json!(other), &json!("0x8")));
}

#[tokio::test(flavor = "multi_thread")]
async fn otterscan_is_told_of_a_contract_that_destroys_itself() {
    let rig = Rig::rollup().await;
    let creation = TxEip1559 { input: hex!("30ff").into(), value: U256::from(9), ..draft(0) };
    let hash = rig.ok("eth_sendRawTransaction", json!([rig.sign_draft(0, creation)])).await;
    rig.seal().await;
    let made = rig.who(0).create(0);
    let operations = rig.ok("ots_getInternalOperations", json!([hash])).await;
    assert_eq!(operations, json!([{ "type": 1, "from": made, "to": made, "value": "0x9" }]));
    let trace = rig.ok("trace_transaction", json!([hash])).await;
    assert_eq!((&trace[1]["type"], &trace[1]["action"]["balance"]), (&json!("suicide"), &json!("0x9")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_a_trace_has_its_index_in_the_block() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, EMITTER, B256::ZERO.to_vec()).await;
    // Makes a contract whose init code logs and reverts, and logs.
    let code = hex!("655f5fa05f5ffd5f526006601a5ff0505f5fa000");
    let second = rig.ok("eth_sendRawTransaction", json!([rig.sign_draft(0, TxEip1559 { input: code.into(), ..draft(1) })])).await;
    let third = rig.send(0, 2, EMITTER, B256::ZERO.to_vec()).await;
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let open = rig.early("debug_traceTransaction", json!([third, options])).await;
    assert_eq!(open["logs"][0]["index"], "0x2", "in the open block, too");
    rig.seal().await;
    // In any order: what was executed for one request serves the next.
    for (hash, index, position) in [(&third, "0x2", "0x0"), (&second, "0x1", "0x1"), (&third, "0x2", "0x0")] {
        let trace = rig.ok("debug_traceTransaction", json!([hash, options])).await;
        let logs = trace["logs"].as_array().unwrap();
        assert_eq!((logs.len(), &logs[0]["index"], &logs[0]["position"]), (1, &json!(index), &json!(position)), "{trace}");
        assert!(trace["calls"][0]["logs"].is_null(), "what reverted did not log");
        let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["logs"][0]["logIndex"], index);
    }
    let block = rig.ok("debug_traceBlockByNumber", json!(["0x1", options])).await;
    let indexes: Vec<_> = block.as_array().unwrap()[1..].iter().map(|trace| trace["result"]["logs"][0]["index"].clone()).collect();
    assert_eq!(indexes, ["0x0", "0x1", "0x2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_in_geths_words_and_in_openethereums() {
    let rig = Rig::rollup().await;
    for (code, geth, openethereum) in [
        ("0x01", "stack underflow (0 <=> 2)", "Stack underflow"),
        ("0x81", "stack underflow (0 <=> 2)", "Stack underflow"),
        ("0x5b5f600056", "stack limit reached 1024 (1023)", "Out of stack"),
        ("0x60015f5f3e", "return data out of bounds", "Out of bounds"),
        ("0x600356", "invalid jump destination", "Bad jump destination"),
        ("0x0c", "invalid opcode: opcode 0xc not defined", "Bad instruction"),
        ("0xfe", "invalid opcode: INVALID", "Bad instruction"),
        ("0x5b600056", "out of gas", "Out of gas"),
        ("0x5f195f20", "gas uint64 overflow", "Out of gas"),
        ("0x61c0015f5ff000", "max initcode size exceeded", "Out of gas"),
        ("0x5f5ffd", "execution reverted", "Reverted"),
    ] {
        let codes = [(COUNTER, code)];
        let trace = traced(&rig, json!({ "tracer": "callTracer" }), &codes, 0).await;
        assert_eq!(trace["error"], geth, "{code}");
        let flat = async |convert: bool| {
            let options = json!({ "tracer": "flatCallTracer", "tracerConfig": { "convertParityErrors": convert } });
            traced(&rig, options, &codes, 0).await[0]["error"].clone()
        };
        assert_eq!(flat(false).await, geth, "{code}");
        let overrides = json!({ COUNTER.to_string(): { "code": code } });
        let call = json!({ "to": COUNTER, "gas": "0x30d40" });
        let parity = rig.ok("trace_call", json!([call, ["trace"], "latest", overrides])).await;
        assert_eq!(parity["trace"][0]["error"], openethereum, "{code}");
        let (number, message) = rig.err("eth_call", json!([call, "latest", overrides])).await;
        let expected = if geth == "execution reverted" { 3 } else { -32000 };
        assert_eq!((number, message.as_str()), (expected, geth), "{code}");
        let script = json!({ "tracer": "{ fault: function() {}, result: function(ctx) { return ctx.error } }" });
        assert_eq!(flat(true).await != json!(geth), geth != "max initcode size exceeded", "{code}: {script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_inner_frames_and_creations_are_told_in_geths_words() {
    let rig = Rig::rollup().await;
    let call_tracer = json!({ "tracer": "callTracer" });
    let inner = async |outer: &str, code: &str| {
        let codes = [(COUNTER, outer), (CALLER, code)];
        traced(&rig, call_tracer.clone(), &codes, 0).await["calls"][0]["error"].clone()
    };
    assert_eq!(inner(&calls_of(CALLER, "fa"), "0x5f5f55").await, "write protection");
    assert_eq!(inner(&calls_of(CALLER, "fa"), "0x5fff").await, "write protection");
    // The stack is checked before anything else, and what an instruction always costs before write protection.
    for (code, words) in [
        ("0x5f55", "stack underflow (1 <=> 2)"),
        ("0x5f5d", "stack underflow (1 <=> 2)"),
        ("0xff", "stack underflow (0 <=> 1)"),
        ("0x5f5ff0", "stack underflow (2 <=> 3)"),
        ("0x5f5f5ff5", "stack underflow (3 <=> 4)"),
        ("0x5fa1", "stack underflow (1 <=> 3)"),
        ("0x5f5f5f60015f5ff1", "stack underflow (6 <=> 7)"),
        ("0x5f5f5f5ffa", "stack underflow (4 <=> 6)"),
        ("0x5f5f5f5f60015f5ff1", "write protection"),
        ("0x5f5fa0", "write protection"),
    ] {
        assert_eq!(inner(&calls_of(CALLER, "fa"), code).await, words, "{code}");
    }
    let poor = format!("0x5f5f5f5f73{}617530fa00", hex::encode(CALLER));
    assert_eq!(inner(&poor, "0x5f5f5ff0").await, "out of gas", "30,000 gas are no creation's price");
    let paying = format!("0x5f5f5f5f600173{}5af100", hex::encode(CALLER));
    assert_eq!(inner(&paying, "0x00").await, "insufficient balance for transfer");
    let paying = json!({ COUNTER.to_string(): { "code": paying } });
    let options = json!({ "tracer": "callTracer", "stateOverrides": paying });
    let trace = rig.ok("debug_traceCall", json!([{ "to": COUNTER }, "latest", options])).await;
    assert_eq!(trace["calls"][0]["gasUsed"], "0x0", "what could not begin used nothing");

    for (init, words) in [
        ("0x6160015ff3", "max code size exceeded"),
        ("0x60ef5f5360015ff3", "invalid code: must not begin with 0xef"),
        ("0x6110005ff3", "contract creation code storage out of gas"),
        ("0x01", "stack underflow (0 <=> 2)"),
    ] {
        let gas = if init == "0x6110005ff3" { "0x30d40" } else { "0x989680" };
        let create = json!({ "from": rig.who(0), "data": init, "gas": gas });
        let trace = rig.ok("debug_traceCall", json!([create, "latest", { "tracer": "callTracer" }])).await;
        assert_eq!((&trace["error"], trace.get("to")), (&json!(words), None), "{init}");
        assert_eq!(rig.err("eth_call", json!([create])).await, (-32000, words.into()), "{init}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_where_something_is_already_is_told_as_a_collision() {
    let rig = Rig::rollup().await;
    // CREATE2 of nothing, where there is storage.
    let taken = COUNTER.create2(B256::ZERO, alloy_primitives::keccak256([]));
    for account in
        [json!({ "stateDiff": { B256::ZERO.to_string(): B256::with_last_byte(1) }, "balance": "0x1" }), json!({ "nonce": "0x1" })]
    {
        let options = json!({
            "tracer": "callTracer",
            "stateOverrides": { COUNTER.to_string(): { "code": "0x5f5f5f5ff500" }, taken.to_string(): account },
        });
        let trace = rig.ok("debug_traceCall", json!([{ "to": COUNTER, "gas": "0x30d40" }, "latest", options])).await;
        let made = &trace["calls"][0];
        assert_eq!(
            (&made["type"], &made["error"], &made["input"]),
            (&json!("CREATE2"), &json!("contract address collision"), &json!("0x"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn struct_logs_tell_failures_costs_and_refunds_as_geth_does() {
    let rig = Rig::rollup().await;
    let steps = async |code: &str| traced(&rig, json!({}), &[(COUNTER, code)], 0).await["structLogs"].as_array().unwrap().clone();
    let last = |steps: &[Value]| steps.last().unwrap().clone();
    let underflow = last(&steps("0x01").await);
    assert_eq!((&underflow["error"], &underflow["gasCost"]), (&json!("stack underflow (0 <=> 2)"), &json!(3)));
    let unknown = last(&steps("0x0c").await);
    // It is met while it is executed: geth tells of it by the frame alone.
    assert_eq!((&unknown["op"], &unknown["gasCost"], unknown.get("error")), (&json!("opcode 0xc not defined"), &json!(0), None));
    // A store into a slot that was never touched, with too little gas.
    let gas = 21_000 + 5 + 10_000;
    let call = json!({ "to": COUNTER, "gas": U256::from(gas) });
    let options = json!({ "stateOverrides": { COUNTER.to_string(): { "code": "0x6001600555" } } });
    let short = rig.ok("debug_traceCall", json!([call, "latest", options])).await["structLogs"].as_array().unwrap().clone();
    let short = last(&short);
    assert_eq!((&short["op"], &short["gasCost"], &short["error"]), (&json!("SSTORE"), &json!(22_100), &json!("out of gas")));
    // Sets a slot and clears it, then calls something that does nothing: the refund is the transaction's.
    let code = format!("0x60016005555f6005555f5f5f5f5f73{}5af100", hex::encode(CALLER));
    let codes = [(COUNTER, code.as_str()), (CALLER, "0x5f00")];
    let all = traced(&rig, json!({}), &codes, 0).await["structLogs"].as_array().unwrap().clone();
    let stores: Vec<_> = all.iter().filter(|step| step["op"] == "SSTORE").map(|step| step["refund"].clone()).collect();
    assert_eq!(stores, [Value::Null, json!(19_900)], "geth counts a refund before it tells of the step");
    let inner: Vec<_> = all.iter().filter(|step| step["depth"] == 2).map(|step| step["refund"].clone()).collect();
    assert_eq!(inner, [json!(19_900), json!(19_900)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prestate_tracer_tells_what_geth_tells() {
    let rig = Rig::rollup().await;
    let trace = async |code: &str, config: Value| {
        traced(&rig, json!({ "tracer": "prestateTracer", "tracerConfig": config }), &[(COUNTER, code)], 0).await
    };
    let whole = trace("0x00", json!({})).await;
    let code_hash = alloy_primitives::keccak256([0]);
    assert_eq!(whole[format!("{COUNTER:?}")]["codeHash"], json!(code_hash));
    let nobody = Address::repeat_byte(0x55);
    let looks = format!("0x73{}31", hex::encode(nobody));
    assert!(trace(&looks, json!({})).await.get(format!("{nobody:?}")).is_none(), "what is empty is left out");
    let with_empty = trace(&looks, json!({ "includeEmpty": true })).await;
    assert_eq!(with_empty[format!("{nobody:?}")], json!({ "balance": "0x0" }));
    let both = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true, "includeEmpty": true } });
    let refused = rig.err("debug_traceCall", json!([{ "to": COUNTER }, "latest", both])).await;
    assert_eq!(refused, (-32000, "cannot use diffMode with includeEmpty".into()));
    let hash = rig.send(0, 0, COUNTER, Bytes::new()).await;
    rig.seal().await;
    let diff = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let diff = rig.ok("debug_traceTransaction", json!([hash, diff])).await;
    let counter = format!("{COUNTER:?}");
    assert_eq!(diff["post"][&counter], json!({ "storage": { B256::ZERO.to_string(): B256::with_last_byte(1) } }));
    assert!(diff["pre"][&counter].get("storage").is_none(), "the slot was empty: {diff}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_as_deep_as_they_can_be_are_traced() {
    let rig = Rig::rollup().await;
    // Calls itself until it may not.
    let code = format!("0x5f5f5f5f5f73{}5af100", hex::encode(COUNTER));
    let options = json!({ "tracer": "callTracer", "stateOverrides": { COUNTER.to_string(): { "code": code } } });
    let call = json!({ "to": COUNTER, "gas": U256::from(1_000_000_000_000u64) });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "debug_traceCall", "params": [call, "latest", options] });
    // Deeper than our parser of answers goes.
    let raw = wire::http(rig.address, "POST", "/", &[], &request.to_string()).await.body;
    assert!(raw.matches("\"DELEGATECALL\"").count() == 0 && raw.matches("\"CALL\"").count() > 300, "{} bytes", raw.len());
    assert!(raw.contains("out of gas") || raw.contains("max call depth exceeded"));
}

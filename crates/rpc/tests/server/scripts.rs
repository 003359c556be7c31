//! Tracers in JavaScript: geth's documented examples, and scripts that mean harm.

use crate::rig::{CALLER, COUNTER, EMITTER, REVERTER, Rig};
use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};
use tributary_rpc::{Limits, SCRIPT_HOST, ScriptHost, run_script_host};

/// Not a test: the process that runs scripts is this program with this test alone.
#[test]
fn host() {
    if std::env::args().any(|argument| argument == SCRIPT_HOST) {
        run_script_host();
    }
}

fn limits() -> Limits {
    let arguments = ["scripts::host", SCRIPT_HOST, "--exact", "--nocapture"].map(str::to_owned).to_vec();
    let mut host = ScriptHost::new(std::env::current_exe().unwrap(), arguments);
    host.memory = 768 << 20;
    host.at_once = 4;
    Limits { scripts: Some(host), ..Limits::default() }
}

/// A chain with one call to [`CALLER`] in a sealed block; its hash.
async fn traced() -> (Rig, Value) {
    let rig = Rig::rollup_with(limits()).await;
    let hash = rig.send(0, 0, CALLER, Bytes::new()).await;
    rig.seal().await;
    (rig, hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn geths_examples_give_what_geths_documentation_says() {
    let (rig, hash) = traced().await;
    let run = async |tracer: &str| rig.ok("debug_traceTransaction", json!([hash, { "tracer": tracer }])).await;
    let steps = run(r#"{
        retVal: [],
        step: function(log, db) { this.retVal.push(log.getPC() + ":" + log.op.toString()) },
        fault: function(log, db) { this.retVal.push("FAULT: " + JSON.stringify(log)) },
        result: function(ctx, db) { return this.retVal }
    }"#)
    .await;
    let steps: Vec<_> = steps.as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
    assert_eq!(steps[..3], ["0:PUSH1", "2:PUSH1", "4:PUSH1"]);
    assert_eq!(steps[steps.len() - 3..], ["8:SSTORE", "9:STOP", "16:STOP"]);

    let storage = run(r#"{
        retVal: [],
        step: function(log, db) {
            if (log.op.toNumber() == 0x54)
                this.retVal.push(log.getPC() + ": SLOAD " + log.stack.peek(0).toString(16));
            if (log.op.toNumber() == 0x55)
                this.retVal.push(log.getPC() + ": SSTORE " + log.stack.peek(0).toString(16) + " <- " + log.stack.peek(1).toString(16));
        },
        fault: function(log, db) {},
        result: function(ctx, db) { return this.retVal; } // and a comment at the end
    }"#)
    .await;
    assert_eq!(storage, json!(["2: SLOAD 0", "8: SSTORE 0 <- 1"]));

    let after = run(r#"{
        retVal: [], afterSload: false,
        step: function(log, db) {
            if (this.afterSload) { this.retVal.push("    Result: " + log.stack.peek(0).toString(16)); this.afterSload = false; }
            if (log.op.toNumber() == 0x54) { this.retVal.push(log.getPC() + ": SLOAD " + toHex(log.contract.getAddress())); this.afterSload = true; }
        },
        fault: function(log, db) {}, result: function(ctx, db) { return this.retVal; }
    }"#)
    .await;
    assert_eq!(after, json!([format!("2: SLOAD {COUNTER:?}"), "    Result: 0"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_sees_frames_the_transaction_and_the_state() {
    let (rig, hash) = traced().await;
    let frames = r#"{
        calls: [], config: null,
        setup: function(config) { this.config = JSON.parse(config); },
        enter: function(frame) { this.calls.push(frame.getType() + " " + toHex(frame.getFrom()) + " " + toHex(frame.getTo())); },
        exit: function(result) { this.calls.push("exit " + result.getGasUsed() + " " + (result.getError() === undefined)); },
        fault: function() {},
        result: function(ctx, db) {
            return {
                calls: this.calls, config: this.config, type: ctx.type, from: toHex(ctx.from), to: toHex(ctx.to), gas: ctx.gas, gasUsed: ctx.gasUsed,
                block: ctx.block, hash: toHex(ctx.txHash), index: ctx.txIndex, nonce: db.getNonce(ctx.from), exists: db.exists(toAddress("0x1234")),
                code: toHex(db.getCode(ctx.to)), slot: toHex(db.getState(toAddress("0x00000000000000000000000000000000000c0001"), toWord("0x00"))),
                big: bigInt("10").add(5).times(2).toString(16), isPrecompiled: isPrecompiled(toAddress("0x0000000000000000000000000000000000000001")),
            };
        }
    }"#;
    let options = json!({ "tracer": frames, "tracerConfig": { "depth": 3 } });
    let seen = rig.ok("debug_traceTransaction", json!([hash, options])).await;
    let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
    let gas_used = u64::from_str_radix(&receipt["gasUsed"].as_str().unwrap()[2..], 16).unwrap();
    assert_eq!(seen["calls"][0], json!(format!("CALL {CALLER:?} {COUNTER:?}")));
    assert!(seen["calls"][1].as_str().unwrap().ends_with("true"), "{seen}");
    assert_eq!(seen["config"], json!({ "depth": 3 }));
    assert_eq!((&seen["type"], &seen["from"], &seen["to"]), (&json!("CALL"), &json!(rig.who(0)), &json!(CALLER)));
    assert_eq!((&seen["gas"], &seen["gasUsed"], &seen["block"]), (&json!(200_000), &json!(gas_used), &json!(1)));
    assert_eq!((&seen["hash"], &seen["index"], &seen["exists"]), (&hash, &json!(1), &json!(false)));
    assert_eq!((&seen["big"], &seen["isPrecompiled"]), (&json!("1e"), &json!(true)));
    assert!(seen["code"].as_str().unwrap().starts_with("0x6000"));
    assert_eq!(seen["slot"], json!(B256::with_last_byte(1)), "as the transaction left it");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_trace_calls_blocks_and_calls_in_a_row_too() {
    let (rig, hash) = traced().await;
    let count = json!({ "tracer": "{ count: 0, step: function() { this.count++ }, fault: function() {}, result: function() { return this.count } }" });
    assert_eq!(rig.ok("debug_traceCall", json!([{ "to": COUNTER }, "latest", count])).await, json!(7));
    let block = rig.ok("debug_traceBlockByNumber", json!(["0x1", count])).await;
    assert_eq!((&block[1]["txHash"], &block[1]["result"]), (&hash, &json!(16)));
    let bundles = json!([{ "transactions": [{ "to": COUNTER }, { "to": CALLER }] }]);
    assert_eq!(rig.ok("debug_traceCallMany", json!([bundles, null, count])).await, json!([[7, 16]]));
    let open = rig.send(1, 0, EMITTER, B256::ZERO.to_vec()).await;
    assert_eq!(rig.early("debug_traceTransaction", json!([open, count])).await, json!(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_script_is_told() {
    let (rig, hash) = traced().await;
    let fails = async |tracer: &str| rig.err("debug_traceTransaction", json!([hash, { "tracer": tracer }])).await;
    for (tracer, words) in [
        ("{ result: 1 }", "trace object must expose a function result()"),
        ("{ result: function() {} }", "trace object must expose a function fault()"),
        ("{ result: function() {}, fault: function() {}, enter: function() {} }", "either both or none of enter() and exit()"),
        (
            "{ step: function(log) { log.nothing() }, fault: function() {}, result: function() { return 1 } }",
            "in server-side tracer function 'step'",
        ),
        ("{ fault: function() {}, result: function() { throw 'no' } }", "no    in server-side tracer function 'result'"),
        ("{ setup: function() { throw 'no' }, fault: function() {}, result: function() {} }", "no"),
        ("{ fault: function( }", "SyntaxError"),
    ] {
        let (code, message) = fails(tracer).await;
        assert!(code == -32000 && message.contains(words), "{tracer}: {code} {message}");
    }
    assert_eq!(fails("noSuchTracer").await, (-32000, "tracer not found: noSuchTracer".into()));
    let faults = json!({ "tracer": "{ n: 0, step: function() {}, fault: function(log) { this.n++; this.op = log.op.toString() }, result: function(ctx) { return [this.n, this.op, ctx.error] } }" });
    let reverted = rig.ok("debug_traceCall", json!([{ "to": REVERTER }, "latest", faults])).await;
    assert_eq!(reverted, json!([1, "REVERT", "execution reverted"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_means_harm_ends_and_the_node_goes_on() {
    let (rig, hash) = traced().await;
    let step = |body: &str| format!("{{ step: function() {{ {body} }}, fault: function() {{}}, result: function() {{ return 1 }} }}");
    for (body, words) in [
        ("while (true) {}", "limit of loops or recursion"),
        ("const f = () => f(); f()", "step"),
        ("let s = 'x'; for (let i = 0; i < 40; i++) s += s;", "stopped"),
        ("const all = []; for (let i = 0; i < 100000; i++) all.push(new Uint8Array(1 << 20));", "step"),
        ("new Array(4294967295).fill(0)", ""),
        ("const f = (n) => [n].map(f); f(0)", ""),
    ] {
        let options = json!({ "tracer": step(body), "timeout": "3s" });
        let (code, message) = rig.err("debug_traceTransaction", json!([hash, options])).await;
        assert!(code == -32000 && message.contains(words), "{body}: {code} {message}");
    }
    let endless =
        json!({ "tracer": step("'a'.repeat(40).match(/^(a|aa)+$|(a|a)*b/); for (let i = 0; i < 199999; i++) {}"), "timeout": "1ms" });
    assert_eq!(rig.err("debug_traceTransaction", json!([hash, endless])).await, (-32000, "execution timeout".into()));
    let bad = json!({ "tracer": step(""), "timeout": "soon" });
    let bad = rig.err("debug_traceTransaction", json!([hash, bad])).await;
    assert_eq!(bad, (-32000, "time: invalid duration \"soon\"".into()));
    assert_eq!(rig.ok("debug_traceTransaction", json!([hash, { "tracer": step("") }])).await, json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_host_runs_no_scripts() {
    let rig = Rig::rollup_with(Limits { scripts: None, ..Limits::default() }).await;
    let options = json!({ "tracer": "{ fault: function() {}, result: function() {} }" });
    let refused = rig.err("debug_traceCall", json!([{ "to": COUNTER }, "latest", options])).await;
    assert_eq!(refused, (-32000, "JavaScript tracers are not enabled".into()));
    let host = ScriptHost::new("/nowhere/at/all".into(), Vec::new());
    let rig = Rig::rollup_with(Limits { scripts: Some(host), ..Limits::default() }).await;
    assert_eq!(rig.err("debug_traceCall", json!([{ "to": COUNTER }, "latest", options])).await.0, -32603);
    let rig = Rig::rollup_with(Limits { scripts: Some(ScriptHost::new("/bin/true".into(), Vec::new())), ..Limits::default() }).await;
    let silent = rig.err("debug_traceCall", json!([{ "to": COUNTER }, "latest", options])).await;
    assert_eq!(silent, (-32000, "JavaScript tracers are not available: their host does not start".into()));
}

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

/// What a script gives for a call to [`COUNTER`] with this code.
async fn scripted(rig: &Rig, code: &str, tracer: &str) -> Value {
    let options = json!({ "tracer": tracer, "stateOverrides": { COUNTER.to_string(): { "code": code } } });
    rig.ok("debug_traceCall", json!([{ "from": rig.who(0), "to": COUNTER, "value": "0x9", "gas": "0x30d40" }, "latest", options])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_those_of_big_integer_as_bundlers_use_them() {
    let (rig, _) = traced().await;
    // Stores 2^255 at 0x20, then KECCAK256 of 4 bytes at 0x20.
    let code = "0x7f80000000000000000000000000000000000000000000000000000000000000006020526004602020";
    let seen = scripted(
        &rig,
        code,
        r#"{
            all: null,
            step: function(log) {
                if (log.op.toString() != "KECCAK256") return;
                const ofs = log.stack.peek(0), len = log.stack.peek(1);
                this.all = {
                    sum: ofs + 4, least: Math.min(ofs + len, 1000), product: 30 * log.stack.peek(1), compared: ofs > 31,
                    number: ofs.valueOf(), type: typeof ofs.valueOf(), hex: log.memory.getUint(32).toString(16), zero: bigInt.zero.equals(0),
                    piece: toHex(log.memory.slice(ofs, ofs + len)), beyond: toHex(log.memory.slice(ofs, ofs + 34)),
                    added: log.memory.getUint(32).add(1).subtract(bigInt("8000000000000000000000000000000000000000000000000000000000000000", 16)),
                    far: log.memory.slice(0, 1 << 20).length, nothing: log.memory.slice(7, 7).length, length: log.memory.length(),
                };
            },
            fault: function() {}, result: function() { return this.all }
        }"#,
    )
    .await;
    let expected = json!({
        "sum": 36, "least": 36, "product": 120, "compared": true, "number": 32, "type": "number",
        "hex": format!("8{}", "0".repeat(63)), "zero": true, "piece": "0x80000000", "beyond": format!("0x80{}", "0".repeat(66)),
        "added": "1", "far": 1 << 20, "nothing": 0, "length": 64,
    });
    assert_eq!(seen, expected);
    for (body, words) in [
        ("log.memory.slice(0, (1 << 20) + 1)", "reached limit for padding memory slice: 1048577"),
        ("log.memory.slice(3, 2)", "tracer accessed out of bound memory: offset 3, end 2"),
        ("log.memory.getUint(0)", "tracer accessed out of bound memory: available 0, offset 0, size 32"),
        ("log.stack.peek(0)", "tracer accessed out of bound stack: size 0, index 0"),
        ("try { log.stack.peek(-1) } catch (e) {}", "tracer accessed out of bound stack: size 0, index -1"),
        ("toHex(5)", "invalid buffer type"),
        ("slice(toWord('0x1'), 31, 33)", "Tracer accessed out of bound memory: available 32, offset 31, size 2"),
    ] {
        let tracer = format!("{{ step: function(log) {{ {body} }}, fault: function() {{}}, result: function() {{ return 1 }} }}");
        let options = json!({ "tracer": tracer });
        let (code, message) = rig.err("debug_traceCall", json!([{ "to": COUNTER }, "latest", options])).await;
        assert!(
            code == -32000 && message.contains(words) && message.ends_with("in server-side tracer function 'step'"),
            "{body}: {message}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_tell_values_destructions_and_errors_as_geth_does() {
    let (rig, _) = traced().await;
    let frames = r#"{
        all: [],
        enter: function(frame) {
            const value = frame.getValue();
            this.all.push(frame.getType() + " " + toHex(frame.getFrom()) + " " + toHex(frame.getTo()) + " " + (value === undefined ? "none" : value.toString(10)));
        },
        exit: function(result) { this.all.push(result.getGasUsed() >= 0 ? String(result.getError()) : "no gas") },
        fault: function() {}, result: function(ctx) { return this.all.concat([String(ctx.error), ctx.value.toString()]) }
    }"#;
    let destroyed = scripted(&rig, "0x30ff", frames).await;
    assert_eq!(destroyed, json!([format!("SELFDESTRUCT {COUNTER:?} {COUNTER:?} 9"), "undefined", "undefined", "9"]));
    let asked = scripted(&rig, "0x5f5f5f5f620c00035afa00", frames).await;
    assert_eq!(asked[0], json!(format!("STATICCALL {COUNTER:?} {REVERTER:?} none")));
    assert_eq!(asked[1], "execution reverted");
    // CREATE of init code that reverts.
    let made = scripted(&rig, "0x625f5ffd5f526003601d5ff000", frames).await;
    let new = COUNTER.create(0);
    assert_eq!((&made[0], &made[1]), (&json!(format!("CREATE {COUNTER:?} {new:?} 0")), &json!("execution reverted")));
    assert_eq!(scripted(&rig, "0x01", frames).await[0], "stack underflow (0 <=> 2)", "the transaction's own error");
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_and_faults_come_as_in_geth() {
    let (rig, _) = traced().await;
    let tracer = r#"{
        all: [],
        step: function(log, db) {
            const slot = toHex(db.getState(log.contract.getAddress(), toWord("0x5")));
            this.all.push([log.op.toString(), log.getCost(), log.getError() === undefined ? null : log.getError(), Number(slot)]);
        },
        fault: function(log) { this.all.push(["fault", log.op.toString(), log.getError()]) },
        result: function(ctx, db) { return this.all.concat([[ctx.error, Number(toHex(db.getState(ctx.to, toWord("0x05"))))]]) }
    }"#;
    let seen = scripted(&rig, "0x60076005555f5f5f", tracer).await;
    let expected = json!([
        ["PUSH1", 3, null, 0],
        ["PUSH1", 3, null, 0],
        ["SSTORE", 22_100, null, 0],
        ["PUSH0", 2, null, 7],
        ["PUSH0", 2, null, 7],
        ["PUSH0", 2, null, 7],
        ["STOP", 0, null, 7],
        [null, 7],
    ]);
    assert_eq!(seen, expected, "during a step the state is the one before it");
    let jump = scripted(&rig, "0x600356", tracer).await;
    assert_eq!(
        jump,
        json!([
            ["PUSH1", 3, null, 0],
            ["JUMP", 8, null, 0],
            ["fault", "JUMP", "invalid jump destination"],
            ["invalid jump destination", 0]
        ])
    );
    let underflow = scripted(&rig, "0x01", tracer).await;
    assert_eq!(
        underflow,
        json!([["ADD", 3, "stack underflow (0 <=> 2)", 0], ["stack underflow (0 <=> 2)", 0]]),
        "never begun, so no fault"
    );
    let unknown = scripted(&rig, "0x0c", tracer).await;
    assert_eq!(unknown[1], json!(["fault", "opcode 0xc not defined", "invalid opcode: opcode 0xc not defined"]));
    let without_step = r#"{ n: 0, fault: function(log) { this.n++ }, result: function() { return this.n } }"#;
    assert_eq!(scripted(&rig, "0x5f5ffd", without_step).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_told_of_its_transaction_as_geth_documents_it() {
    let (rig, hash) = traced().await;
    let tracer = r#"{
        fault: function() {},
        result: function(ctx, db) {
            return {
                input: toHex(ctx.input), output: toHex(ctx.output), block: ctx.block, blockHash: toHex(ctx.blockHash), txHash: toHex(ctx.txHash),
                txIndex: ctx.txIndex, gasPrice: ctx.gasPrice.toString(), intrinsicGas: ctx.intrinsicGas, value: ctx.value.toString(), error: ctx.error,
                made: toHex(toContract("0x00000000000000000000000000000000000000a1", 3)),
                salted: toHex(toContract2("0x00000000000000000000000000000000deadbeef", "0xcafebabe", "0xdeadbeef")),
                nobody: db.getBalance(toAddress("0x77")).toString(), paid: db.getBalance(ctx.from).lt(bigInt("1000000000000000000000000")),
            };
        }
    }"#;
    let seen = rig.ok("debug_traceTransaction", json!([hash, { "tracer": tracer }])).await;
    let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
    let price = u64::from_str_radix(&receipt["effectiveGasPrice"].as_str().unwrap()[2..], 16).unwrap();
    let who: alloy_primitives::Address = "0x00000000000000000000000000000000000000a1".parse().unwrap();
    assert_eq!(seen["blockHash"], receipt["blockHash"]);
    assert_eq!((&seen["txHash"], &seen["txIndex"], &seen["block"]), (&hash, &json!(1), &json!(1)));
    assert_eq!((&seen["gasPrice"], &seen["intrinsicGas"], &seen["value"]), (&json!(price.to_string()), &json!(21_000), &json!("0")));
    assert_eq!((&seen["input"], &seen["output"], seen.get("error")), (&json!("0x"), &json!("0x"), None));
    assert_eq!(seen["made"], json!(who.create(3)));
    // The EIP's example has the salt at the other end of the word.
    let salt = B256::left_padding_from(&[0xca, 0xfe, 0xba, 0xbe]);
    let from: alloy_primitives::Address = "0x00000000000000000000000000000000deadbeef".parse().unwrap();
    assert_eq!(seen["salted"], json!(from.create2_from_code(salt, [0xde, 0xad, 0xbe, 0xef])));
    assert_eq!(seen["nobody"], "0");
}

//! OpenEthereum's traces of contract calls whose course is known.

use crate::rig::{CALLER, COUNTER, EMITTER, REVERTER, Rig, TELLER};
use alloy_primitives::{Address, B256, Bytes, TxKind, address, keccak256};
use serde_json::{Value, json};

const HEIR: Address = address!("000000000000000000000000000000000000dead");

/// Creates an empty contract, calls [`REVERTER`], calls the identity precompile, and destroys itself in favour of [`HEIR`].
const BUSY: &str = "0x5f5f5ff0505f5f5f5f5f620c00035af1505f5f5f5f60045afa5061deadff";

fn addresses(traces: &Value) -> Vec<(String, Value, Value)> {
    let of = |trace: &Value| (trace["type"].as_str().unwrap().to_owned(), trace["traceAddress"].clone(), trace["subtraces"].clone());
    traces.as_array().unwrap().iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transactions_calls_are_a_flat_list_with_their_places() {
    let rig = Rig::rollup().await;
    let hash = rig.send(0, 0, CALLER, Bytes::new()).await;
    let open = rig.early("trace_transaction", json!([hash])).await;
    let block = rig.seal().await;
    let traces = rig.ok("trace_transaction", json!([hash])).await;
    assert_eq!(addresses(&traces), [("call".to_owned(), json!([]), json!(1)), ("call".to_owned(), json!([0]), json!(0))]);
    let outer = &traces[0];
    assert_eq!((&outer["action"]["from"], &outer["action"]["to"]), (&json!(rig.who(0)), &json!(CALLER)));
    assert_eq!((&outer["action"]["callType"], &outer["action"]["gas"]), (&json!("call"), &json!("0x2bb38")), "200,000 less 21,000");
    assert_eq!((&outer["blockHash"], &outer["blockNumber"]), (&json!(block), &json!(1)));
    assert_eq!((&outer["transactionHash"], &outer["transactionPosition"]), (&hash, &json!(1)));
    assert_eq!((&traces[1]["action"]["from"], &traces[1]["action"]["to"]), (&json!(CALLER), &json!(COUNTER)));
    assert_eq!((&open[0]["blockHash"], &open[1]["action"]), (&json!(B256::ZERO), &traces[1]["action"]), "the same before the seal");

    assert_eq!(rig.ok("trace_get", json!([hash, []])).await, traces[0]);
    assert_eq!(rig.ok("trace_get", json!([hash, ["0x0"]])).await, traces[1]);
    assert_eq!(rig.ok("trace_get", json!([hash, ["0x0", "0x0"]])).await, Value::Null);
    assert_eq!(rig.ok("trace_transaction", json!([B256::repeat_byte(9)])).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_says_so_and_what_was_created_is_named() {
    let rig = Rig::rollup().await;
    let reverted = rig.send(0, 0, REVERTER, vec![0xab]).await;
    // Returns one byte of code.
    let init = rig.sign(1, 0, TxKind::Create, alloy_primitives::hex!("60015ff3").to_vec());
    let created = rig.ok("eth_sendRawTransaction", json!([init])).await;
    // INVALID in its init code.
    let failed = rig.ok("eth_sendRawTransaction", json!([rig.sign(2, 0, TxKind::Create, vec![0xfe])])).await;
    rig.seal().await;
    let reverted = rig.ok("trace_transaction", json!([reverted])).await;
    assert_eq!((&reverted[0]["error"], &reverted[0]["result"]["output"]), (&json!("Reverted"), &json!("0xab")));
    let receipt = rig.ok("eth_getTransactionReceipt", json!([created])).await;
    let created = rig.ok("trace_transaction", json!([created])).await;
    assert_eq!((&created[0]["type"], &created[0]["action"]["init"]), (&json!("create"), &json!("0x60015ff3")));
    assert_eq!((&created[0]["action"]["creationMethod"], &created[0]["result"]["code"]), (&json!("create"), &json!("0x00")));
    assert_eq!(created[0]["result"]["address"], receipt["contractAddress"]);
    let failed = rig.ok("trace_transaction", json!([failed])).await;
    assert_eq!(
        (&failed[0]["type"], &failed[0]["error"], &failed[0]["result"]),
        (&json!("create"), &json!("Bad instruction"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn creations_reverts_precompiles_and_self_destructs_have_their_places() {
    let rig = Rig::rollup().await;
    let request = json!({ "from": rig.who(0), "to": COUNTER, "value": "0x5", "gas": "0xf4240" });
    let overrides = json!({ COUNTER.to_string(): { "code": BUSY, "nonce": "0x1" } });
    let all = json!(["trace", "stateDiff", "vmTrace"]);
    let done = rig.ok("trace_call", json!([request, all, "latest", overrides])).await;
    let expected = [("call", json!([]), 3), ("create", json!([0]), 0), ("call", json!([1]), 0), ("suicide", json!([2]), 0)];
    assert_eq!(addresses(&done["trace"]), expected.map(|(kind, place, count)| (kind.to_owned(), place, json!(count))));
    let traces = &done["trace"];
    assert_eq!((&traces[2]["error"], &traces[2]["action"]["to"]), (&json!("Reverted"), &json!(REVERTER)));
    let end = json!({ "address": COUNTER, "balance": "0x5", "refundAddress": HEIR });
    assert_eq!(traces[3]["action"], end);

    let diff = &done["stateDiff"];
    let heir = json!({ "balance": { "+": "0x5" }, "nonce": { "+": "0x0" }, "code": { "+": "0x" }, "storage": {} });
    assert_eq!(diff[format!("{HEIR:?}")], heir);
    let child = traces[1]["result"]["address"].as_str().unwrap();
    assert_eq!(diff[child], json!({ "balance": { "+": "0x0" }, "nonce": { "+": "0x1" }, "code": { "+": "0x" }, "storage": {} }));
    let counter = json!({ "balance": "=", "nonce": { "*": { "from": "0x1", "to": "0x2" } }, "code": "=", "storage": {} });
    assert_eq!(diff[format!("{COUNTER:?}")], counter);

    let vm = &done["vmTrace"];
    assert_eq!(vm["code"], json!(BUSY));
    let op = |name: &str| vm["ops"].as_array().unwrap().iter().find(|op| op["op"] == name).unwrap().clone();
    assert_eq!(op("CREATE")["sub"], json!({ "code": "0x", "ops": [] }));
    assert_eq!(op("CREATE")["ex"]["push"][0].as_str().map(|word| word.len()), Some(42), "the child's address");
    let called = op("CALL");
    assert_eq!((&called["sub"]["code"], &called["ex"]["push"]), (&json!("0x366000600037366000fd"), &json!(["0x0"])));
    assert_eq!((&op("STATICCALL")["sub"], &op("STATICCALL")["ex"]["push"]), (&Value::Null, &json!(["0x1"])));

    let only = rig.ok("trace_call", json!([request, ["trace"]])).await;
    assert_eq!((&only["vmTrace"], &only["stateDiff"]), (&Value::Null, &Value::Null));
    let nothing = rig.ok("trace_call", json!([{ "to": REVERTER, "data": "0x12" }, []])).await;
    assert_eq!((&nothing["trace"], &nothing["output"]), (&json!([]), &json!("0x12")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_instruction_says_what_it_pushed_wrote_and_stored() {
    let rig = Rig::rollup().await;
    let run = async |to: Address| {
        rig.ok("trace_call", json!([{ "from": rig.who(0), "to": to, "gas": "0x30d40" }, ["vmTrace"]])).await["vmTrace"].clone()
    };
    let counter = run(COUNTER).await;
    let ops = counter["ops"].as_array().unwrap();
    let names: Vec<_> = ops.iter().map(|op| op["op"].as_str().unwrap()).collect();
    assert_eq!(names, ["PUSH1", "SLOAD", "PUSH1", "ADD", "PUSH1", "SSTORE", "STOP"]);
    assert_eq!(ops.iter().map(|op| op["pc"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 2, 3, 5, 6, 8, 9]);
    assert_eq!((&ops[1]["ex"]["push"], &ops[3]["ex"]["push"]), (&json!(["0x0"]), &json!(["0x1"])));
    assert_eq!(ops[5]["ex"]["store"], json!({ "key": "0x0", "val": "0x1" }));
    assert_eq!((ops[0]["cost"].as_u64(), ops[0]["ex"]["used"].as_u64()), (Some(3), Some(200_000 - 21_000 - 3)), "what is left after it");
    assert_eq!(ops[1]["cost"], json!(2100), "cold");
    let teller = run(TELLER).await;
    let wrote = teller["ops"].as_array().unwrap().iter().find(|op| op["op"] == "MSTORE").unwrap();
    assert_eq!((&wrote["ex"]["mem"]["off"], wrote["ex"]["mem"]["data"].as_str().map(str::len)), (&json!(0), Some(66)));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_replayed_in_all_detail() {
    let rig = Rig::rollup().await;
    let first = rig.send(0, 0, COUNTER, Bytes::new()).await;
    let second = rig.send(1, 0, COUNTER, Bytes::new()).await;
    let open = rig.ok("trace_replayBlockTransactions", json!(["pending", ["stateDiff"]])).await;
    rig.seal().await;
    let replayed = rig.ok("trace_replayBlockTransactions", json!(["0x1", ["stateDiff"]])).await;
    assert_eq!(open, replayed);
    let hashes: Vec<_> = replayed.as_array().unwrap().iter().map(|one| one["transactionHash"].clone()).collect();
    assert_eq!(hashes[1..], [first.clone(), second.clone()], "after the L1 attributes");
    let slot = |diff: &Value| diff["stateDiff"][format!("{COUNTER:?}")]["storage"][B256::ZERO.to_string()].clone();
    let change = |from: u8, to: u8| json!({ "*": { "from": B256::with_last_byte(from), "to": B256::with_last_byte(to) } });
    assert_eq!((slot(&replayed[1]), slot(&replayed[2])), (change(0, 1), change(1, 2)));
    let alone = rig.ok("trace_replayTransaction", json!([second, ["trace", "stateDiff"]])).await;
    assert_eq!((slot(&alone), alone["trace"][0]["action"]["to"].clone()), (change(1, 2), json!(COUNTER)));
    let unknown = rig.err("trace_replayTransaction", json!([B256::ZERO, ["trace"]])).await;
    assert_eq!(unknown, (-32000, "transaction not found".into()));

    let traces = rig.ok("trace_block", json!(["latest"])).await;
    let mut single = Vec::new();
    for hash in hashes {
        single.extend(rig.ok("trace_transaction", json!([hash])).await.as_array().unwrap().clone());
    }
    assert_eq!(traces, json!(single), "and no reward");
    assert_eq!(rig.ok("trace_block", json!(["0x0"])).await, json!([]));
    assert_eq!(rig.ok("trace_block", json!(["0x63"])).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_selects_by_block_and_address() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, CALLER, Bytes::new()).await;
    rig.seal().await;
    let second = rig.send(1, 0, EMITTER, B256::ZERO.to_vec()).await;
    rig.seal().await;
    let open = rig.send(2, 0, COUNTER, Bytes::new()).await;
    let filter = async |filter: Value| rig.ok("trace_filter", json!([filter])).await.as_array().unwrap().clone();
    let to_counter = filter(json!({ "toAddress": [COUNTER] })).await;
    assert_eq!(to_counter.len(), 1);
    assert_eq!((&to_counter[0]["traceAddress"], &to_counter[0]["blockNumber"]), (&json!([0]), &json!(1)));
    let with_open = filter(json!({ "fromBlock": "0x1", "toBlock": "pending", "toAddress": [COUNTER] })).await;
    assert_eq!((with_open.len(), &with_open[1]["transactionHash"]), (2, &open));
    let from = filter(json!({ "fromBlock": "0x2", "toBlock": "latest", "fromAddress": [rig.who(1)] })).await;
    assert_eq!((from.len(), &from[0]["transactionHash"]), (1, &second));
    let both = json!({ "fromAddress": [rig.who(1)], "toAddress": [COUNTER] });
    assert_eq!(filter(both.clone()).await, Vec::<Value>::new());
    let either = filter(json!({ "fromAddress": both["fromAddress"], "toAddress": both["toAddress"], "mode": "union" })).await;
    assert_eq!(either.len(), 2);
    let all = filter(json!({})).await;
    assert_eq!(filter(json!({ "after": 1, "count": 2 })).await, all[1..3]);
    assert_eq!(filter(json!({ "count": "0x0" })).await, Vec::<Value>::new());

    let backwards = rig.err("trace_filter", json!([{ "fromBlock": "0x2", "toBlock": "0x1" }])).await;
    assert_eq!(backwards, (-32602, "invalid block range: fromBlock 2 is after toBlock 1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_a_row_see_each_other() {
    let rig = Rig::rollup().await;
    let call = json!([{ "to": COUNTER }, ["stateDiff"]]);
    let done = rig.ok("trace_callMany", json!([[call, call], "latest"])).await;
    let slot = |diff: &Value| diff["stateDiff"][format!("{COUNTER:?}")]["storage"][B256::ZERO.to_string()]["*"]["to"].clone();
    assert_eq!((slot(&done[0]), slot(&done[1])), (json!(B256::with_last_byte(1)), json!(B256::with_last_byte(2))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_transaction_is_traced_before_it_is_sent() {
    let rig = Rig::rollup().await;
    let raw = rig.sign(0, 0, TxKind::Call(COUNTER), Bytes::new());
    let traced = rig.ok("trace_rawTransaction", json!([raw, ["trace", "stateDiff"]])).await;
    assert_eq!(traced["trace"][0]["action"]["to"], json!(COUNTER));
    assert_eq!(traced["stateDiff"][format!("{:?}", rig.who(0))]["nonce"], json!({ "*": { "from": "0x0", "to": "0x1" } }));
    assert_eq!(rig.ok("eth_getTransactionByHash", json!([keccak256(&raw)])).await, Value::Null);
    rig.ok("eth_sendRawTransaction", json!([raw])).await;
    let again = rig.err("trace_rawTransaction", json!([raw, ["trace"]])).await;
    assert_eq!(again, (-32000, "nonce too low: next nonce 1, tx nonce 0".into()));
}

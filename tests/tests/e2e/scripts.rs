//! Tracers in JavaScript: the program runs each in a process of its own, which is itself again.

use crate::node::Node;
use serde_json::{Value, json};
use tributary_tests::rpc::{Rpc, RpcError};

fn script(step: &str) -> Value {
    json!({ "tracer": format!("{{ n: 0, step: function(log) {{ {step} }}, fault: function() {{}}, result: function() {{ return this.n }} }}") })
}

#[test]
fn both_layers_run_scripts_and_survive_those_that_mean_harm() {
    let mut node = Node::start();
    node.wait("a block is sealed", |node| node.head() > 0);
    let mut l1 = Rpc::connect(&node.process.banner.l1_url).unwrap();
    let counted = node.ask("debug_traceBlockByNumber", json!(["0x1", script("this.n++")]));
    let logged = node.ask("debug_traceBlockByNumber", json!(["0x1"]));
    assert_eq!(counted[0]["result"].as_u64().unwrap(), logged[0]["result"]["structLogs"].as_array().unwrap().len() as u64);
    let counted = l1.call("debug_traceBlockByNumber", json!(["0x1", script("this.n++")])).unwrap();
    assert!(counted.as_array().unwrap().iter().any(|trace| trace["result"].as_u64() > Some(0)), "{counted}");
    match node.rpc.call("debug_traceBlockByNumber", json!(["0x1", script("let s = 'x'; for (;;) s += s")])) {
        Err(RpcError::Refused { code: -32000, message, .. }) => assert!(message.contains("memory"), "{message}"),
        other => panic!("{other:?}"),
    }
    let before = node.head();
    node.wait("the node goes on", |node| node.head() > before);
}

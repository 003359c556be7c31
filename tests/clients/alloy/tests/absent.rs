//! The program where there is no node. (What it checks on a node, `cargo xtask test --only clients` runs.)

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use std::process::Command;

#[test]
fn a_node_that_is_not_there_is_a_failure_that_is_counted() {
    // Nothing listens on port 1.
    let output = Command::new(env!("CARGO_BIN_EXE_client-alloy")).env("RPC_URL", "http://127.0.0.1:1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert_eq!(text.lines().last(), Some("0 passed, 1 failed, 0 skipped"), "{text}");
}

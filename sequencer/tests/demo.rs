//! `tributary demo` against a running `tributary dev`.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part")]
mod node;

use node::{Node, complaint, run};

/// What the demo checks on a development chain.
const CHECKS: usize = 28;

fn demo(node: &Node, arguments: &[&str]) -> String {
    let output = run(&[&["demo", "--rpc", node.url("Rollup")], arguments].concat());
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

#[test]
fn the_demo_plays_the_whole_loop_twice_and_every_check_holds() {
    let node = Node::start(&[]);
    // The second time what is at stake, and the parameter that was voted on, are there already.
    for (before, after) in [(500, 400), (400, 500)] {
        let told = demo(&node, &[]);
        for part in ["11 texts of 8 contributors", "1.00000000000000014 OPEN for 20 answers are settled at once", "verifier derived  0x"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(told.contains(&format!("protocolBps is no longer {before} but {after}.")), "{told}");
        for held in ["the copies, and the offer, earned nothing", "the base model's owner got its royalty", "and were paid for afterwards"]
        {
            assert!(told.contains(&format!("   yes  {held}\n")), "{held}: {told}");
        }
        assert_eq!(told.matches("   yes  ").count(), CHECKS, "{told}");
        assert!(!told.contains("   NO "), "{told}");
    }
}

#[test]
fn the_demo_takes_any_directory_and_batches_in_calldata() {
    let dir = tempfile::tempdir().unwrap();
    for (name, body) in [
        ("harbour.txt", "The harbour of the old town was built in three winters by men who had never seen the sea before. "),
        ("orchard.md", "Every pear tree in the lower orchard was grafted by the same hand and bears at the same hour. "),
    ] {
        std::fs::write(dir.path().join(name), body.repeat(3)).unwrap();
    }
    // Two accounts only: everybody else gets their money from the operator.
    let node = Node::start(&["--da", "calldata", "--accounts", "2"]);
    let told = demo(&node, &[dir.path().to_str().unwrap()]);
    assert!(told.contains("harbour") && told.contains("orchard") && told.contains("2 texts of 2 contributors"), "{told}");
}

#[test]
fn without_a_node_the_demo_says_so_in_one_line() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = complaint(run(&["demo", "--rpc", &format!("http://{free}")]));
    assert!(line.contains("does not answer") && line.contains("tributary dev"), "{line}");
}

#[test]
fn another_l1_than_the_rollups_is_refused_before_anything_is_sent() {
    let node = Node::start(&[]);
    let rollup = node.url("Rollup");
    let line = complaint(run(&["demo", "--rpc", rollup, "--l1", rollup]));
    assert!(line.contains("is chain 630925, but the rollup's L1 is chain 900"), "{line}");
}

//! `tributary dev` as its user meets it: banner, health, signals, and the ways in which it does not start.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part")]
mod node;

use node::{Node, complaint, get, run};
use std::{fs, net::TcpListener};

#[test]
fn a_node_answers_at_the_urls_of_its_banner_and_stops_on_ctrl_c() {
    let node = Node::start(&["--accounts", "3"]);
    assert_eq!(node.banner.matches("\n  (").count(), 3, "{}", node.banner);
    let (status, health) = get(node.url("Dashboard"), "/health");
    assert_eq!(status, 200, "{health}");
    let (status, metrics) = get(node.url("Dashboard"), "/metrics");
    assert!(status == 200 && metrics.contains("tributary_head_block"), "{metrics}");
    node.signal("INT");
    assert_eq!(node.end().code(), Some(0));
}

#[test]
fn a_temporary_data_directory_is_removed_and_a_given_one_is_kept_and_resumed() {
    let node = Node::start(&[]);
    let temporary = node.url("Data").to_owned();
    assert!(fs::exists(&temporary).unwrap());
    node.signal("TERM");
    assert_eq!(node.end().code(), Some(0));
    assert!(!fs::exists(&temporary).unwrap());

    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("rollup");
    let flags = ["--datadir", kept.to_str().unwrap()];
    for _ in 0..2 {
        let node = Node::start(&flags);
        assert!(node.banner.contains("kept"));
        node.signal("INT");
        assert_eq!(node.end().code(), Some(0));
    }
}

#[test]
fn a_port_in_use_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for flag in ["--port", "--l1-port", "--dashboard-port"] {
        let mut arguments = vec!["dev", flag, &port];
        for other in ["--port", "--l1-port", "--dashboard-port"].into_iter().filter(|other| *other != flag) {
            arguments.extend([other, "0"]);
        }
        let line = complaint(run(&arguments));
        assert!(line.starts_with(&format!("tributary: cannot listen on 127.0.0.1:{port}")), "{flag}: {line}");
    }
}

#[test]
fn a_foreign_directory_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
    let path = dir.path().to_str().unwrap();
    let line = complaint(run(&["dev", "--port", "0", "--l1-port", "0", "--dashboard-port", "0", "--datadir", path]));
    assert!(line.contains(path) && line.contains("not a Tributary data directory"), "{line}");
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["thesis.txt"]);
    assert_eq!(fs::read_to_string(dir.path().join("thesis.txt")).unwrap(), "years of work");
}

#[test]
fn a_directory_of_a_newer_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("rollup");
    let flags = ["--datadir", kept.to_str().unwrap()];
    let node = Node::start(&flags);
    node.signal("INT");
    assert_eq!(node.end().code(), Some(0));

    let identity = kept.join("l2").join("store.txt");
    let newer = fs::read_to_string(&identity).unwrap().replacen("format ", "format 9", 1);
    fs::write(&identity, &newer).unwrap();
    let before = fs::read(kept.join("l2").join("mdbx.dat")).unwrap();
    let line = complaint(run(&[&["dev", "--port", "0", "--l1-port", "0", "--dashboard-port", "0"][..], &flags].concat()));
    assert!(line.contains("l2") && line.contains("storage format 9"), "{line}");
    assert_eq!(fs::read_to_string(&identity).unwrap(), newer);
    assert!(fs::read(kept.join("l2").join("mdbx.dat")).unwrap() == before, "the database was changed");
}

#[test]
fn a_path_that_cannot_be_written_is_one_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below = file.path().join("rollup");
    let line = complaint(run(&["dev", "--port", "0", "--l1-port", "0", "--dashboard-port", "0", "--datadir", below.to_str().unwrap()]));
    assert!(line.contains(file.path().to_str().unwrap()), "{line}");
}

#[test]
fn a_directory_in_use_is_refused_and_its_user_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let node = Node::start(&["--datadir", path]);
    complaint(run(&["dev", "--port", "0", "--l1-port", "0", "--dashboard-port", "0", "--datadir", path]));
    assert_eq!(get(node.url("Dashboard"), "/health").0, 200);
}

#[test]
fn values_that_cannot_work_are_one_line() {
    let cases: [(&[&str], &str); 4] = [
        (&["--mnemonic", "not a phrase"], "mnemonic"),
        (&["--block-time", "0"], "block time"),
        (&["--accounts", "0"], "accounts"),
        (&["--log", "a=b=c"], "--log"),
    ];
    for (flags, word) in cases {
        let arguments = [&["dev", "--port", "0", "--l1-port", "0", "--dashboard-port", "0"], flags].concat();
        let line = complaint(run(&arguments));
        assert!(line.contains(word), "{line}");
    }
}

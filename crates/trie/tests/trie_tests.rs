//! Ethereum's TrieTests.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]
#![allow(clippy::disallowed_macros, reason = "a conformance run prints what it passed and skipped")]

use alloy_primitives::{B256, hex};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, path::PathBuf, process::Command};
use tributary_trie::root_of;

/// The shared folder, `None` when it is absent.
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("TRIBUTARY_SHARED").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// Keys and values are text, or bytes after `0x`.
fn bytes(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).unwrap(),
        None => text.as_bytes().to_vec(),
    }
}

/// The pairs that are left after all insertions and removals (`null`) of a case.
fn pairs(input: &Value) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let steps: Vec<(&str, Option<&str>)> = match input {
        Value::Array(steps) => steps.iter().map(|step| (step[0].as_str().unwrap(), step[1].as_str())).collect(),
        Value::Object(pairs) => pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        other => panic!("neither a list nor a map: {other}"),
    };
    let mut pairs = BTreeMap::new();
    for (key, value) in steps {
        match value {
            Some(value) => pairs.insert(bytes(key), bytes(value)),
            None => pairs.remove(&bytes(key)),
        };
    }
    pairs
}

#[test]
fn roots_equal_those_of_ethereums_trie_tests() {
    let Some(archive) = shared().map(|folder| folder.join("conformance/small.tar.xz")).filter(|file| file.is_file()) else {
        println!("skipped: no conformance/small.tar.xz in TRIBUTARY_SHARED or ../shared");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trie-tests");
    std::fs::create_dir_all(&folder).unwrap();
    let unpacked = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(&folder).arg("TrieTests").status().unwrap();
    assert!(unpacked.success());

    let mut passed = 0;
    for (file, secured) in [
        ("trieanyorder", false),
        ("trietest", false),
        ("trieanyorder_secureTrie", true),
        ("trietest_secureTrie", true),
        ("hex_encoded_securetrie_test", true),
    ] {
        let text = std::fs::read_to_string(folder.join("TrieTests").join(file).with_extension("json")).unwrap();
        let cases: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        for (name, case) in cases {
            let expected: B256 = case["root"].as_str().unwrap().parse().unwrap();
            assert_eq!(root_of(pairs(&case["in"]), secured), expected, "{file}: {name}");
            passed += 1;
        }
    }
    println!("TrieTests: {passed} passed, 0 failed, 1 skipped (trietestnextprev: neighbours of a key, which this crate does not offer)");
    assert!(passed >= 20, "the archive holds fewer cases than it should: {passed}");
}

//! What changes hands and what is found untrue, by the commands: curators, owners, sketches, promises.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part")]
mod economy;
#[allow(dead_code, reason = "each test file uses its own part")]
mod node;

use economy::{ANSWER, Economy, OPEN, TEXTS, drawn, wait, wei};
use node::Node;
use serde_json::json;
use std::{fs, time::Duration};

#[test]
fn curators_and_owners_change_and_an_operator_who_breaks_its_promise_pays() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.found();
    economy.run(1, &["datanet", "contribute", "1", "texts"]);
    economy.run(0, &["datanet", "release", "1"]);

    // Only what is given changes.
    economy.run(0, &["datanet", "terms", "1", "--min-novelty-bps", "2000", "--commercial", "false", "--fee", "0.01"]);
    let shown = economy.run(0, &["datanet", "show", "1"])["datanet"].take();
    assert_eq!(
        (&shown["policy"]["minNoveltyBps"], &shown["licence"]["commercial"], &shown["licence"]["mayTrain"]),
        (&json!(2000), &json!(false), &json!(true))
    );
    assert_eq!(shown["curatorBps"], 500, "{shown}");
    let line = economy.refused(0, &["datanet", "terms", "1", "--commercial", "false"]);
    assert!(line.contains("its terms already"), "{line}");
    let line = economy.refused(3, &["datanet", "terms", "1", "--fee", "0"]);
    assert!(line.contains("not curator"), "{line}");
    let third = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
    economy.run(0, &["datanet", "curator", "1", "--offer", third]);
    economy.run(3, &["datanet", "curator", "1"]);
    economy.run(3, &["datanet", "terms", "1", "--fee", "0"]);
    economy.run(2, &["datanet", "donate", "1", "0.5"]);

    economy.register();
    economy.run(4, &["model", "owner", "1", "--offer", third]);
    let line = economy.refused(2, &["model", "owner", "1"]);
    assert!(!line.is_empty());
    economy.run(3, &["model", "owner", "1"]);
    assert_eq!(economy.run(0, &["model", "show", "1"])["model"]["owner"], third.to_lowercase());
    let seed = format!("0x{:064x}", 7);
    // The new owner is bonded before it makes sketches.
    economy.run(3, &["stake", "add", "trainer", "100"]);
    let made = ["model", "sketch-set", "1", "--dim", "32", "--seed", &seed, "--whitening", &seed, "--manifest", "manifest.json"];
    let set = economy.run(3, &made)["sketchSetId"].as_str().unwrap().to_owned();
    let set = u64::from_str_radix(&set[2..], 16).unwrap().to_string();
    let sketches: Vec<u8> = (0..3).flat_map(|row| [[0].as_slice(), &[row + 1; 32]].concat()).collect();
    fs::write(dir.path().join("sketches.bin"), &sketches).unwrap();
    let appended = economy.run(3, &["model", "sketches", &set, "1@1", "sketches.bin", "--dim", "32"]);
    assert_eq!(appended["rows"], 3);
    let line = economy.refused(3, &["model", "sketches", &set, "1@1", "sketches.bin", "--dim", "64"]);
    assert!(line.contains("99 bytes are no sketches of 65 bytes"), "{line}");

    // The operator promises the second answer, and never gives it.
    economy.run(4, &["infer", "serve", "1"]);
    economy.run(5, &["infer", "session", "1", "--answers", "2"]);
    economy.write("prompt.txt", "How does a lock lift a boat?");
    let line = economy.refused(5, &["infer", "promise", "1", "2", "--prompt", "prompt.txt"]);
    assert!(line.contains("answers in it"), "{line}");
    let promise = economy.run(4, &["infer", "promise", "1", "2", "--prompt", "prompt.txt"]);
    economy.write("promise.json", &promise.to_string());
    let shown = ["dispute", "promise", "1", "2", "--prompt", "prompt.txt", "--signature", "promise.json"];
    assert!(economy.refused(5, &shown).contains("too early"));
    economy.write("answer.txt", ANSWER);
    let answer = ["--answer", "answer.txt", "--prompt", "prompt.txt"];
    let voucher = economy.run(5, &[&["infer", "voucher", "1"][..], &answer].concat());
    economy.write("voucher.json", &voucher.to_string());
    economy.run(4, &[&["infer", "settle", "1", "--voucher", "voucher.json"][..], &answer].concat());
    // It kept the first.
    let kept = economy.run(4, &["infer", "promise", "1", "1", "--prompt", "prompt.txt"]);
    economy.write("kept.json", &kept.to_string());
    wait(&node, 8 * 86_400);
    let line = economy.refused(5, &["dispute", "promise", "1", "1", "--prompt", "prompt.txt", "--signature", "kept.json"]);
    assert!(line.contains("not broken"), "{line}");
    let slashed = economy.run(5, &shown);
    assert!(wei(&slashed["slashed"]) > 0, "{slashed}");
}

#[test]
fn a_model_answers_by_sketches_and_one_that_anybody_computes_otherwise_costs_its_trainer() {
    let (node, dir) = (Node::start(&["--accounts", "12"]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    // As many as a model's jury has seats.
    const JURORS: std::ops::Range<u32> = 5..10;
    economy.found();
    for validator in JURORS {
        economy.run(validator, &["stake", "add", "validator", "1000"]);
        economy.run(validator, &["stake", "join", "1000"]);
    }
    for (author, (name, _)) in (1..).zip(TEXTS) {
        economy.run(author, &["datanet", "contribute", "1", &format!("texts/{name}")]);
    }
    economy.run(0, &["datanet", "release", "1"]);
    economy.register();

    // The first text helped the answer, the second hindered it.
    let seed = format!("0x{:064x}", 7);
    let set = ["model", "sketch-set", "1", "--dim", "32", "--seed", &seed, "--whitening", &seed, "--manifest", "manifest.json"];
    let set = economy.run(4, &set)["sketchSetId"].as_str().unwrap().to_owned();
    let set = u64::from_str_radix(&set[2..], 16).unwrap().to_string();
    let sketch = |value: i8| [[0].as_slice(), &[value as u8; 32]].concat();
    fs::write(dir.path().join("sketches.bin"), [sketch(3), sketch(-2)].concat()).unwrap();
    economy.run(4, &["model", "sketches", &set, "1@1", "sketches.bin", "--dim", "32"]);
    let mut version = vec!["model", "version", "1", "--file", "version.json", "--contributor-bps", "6000", "--sketch-bps", "5000"];
    version.extend(["--sketch-set", &set, "--seed", &seed, "--whitening", &seed, "--deterministic"]);
    assert_eq!(economy.run(4, &version)["version"], 2);

    economy.run(4, &["infer", "serve", "1"]);
    economy.run(11, &["infer", "ask", "1", "How does a lock lift a boat?"]);
    economy.write("answer.txt", ANSWER);
    fs::write(dir.path().join("query.bin"), [1u8; 32]).unwrap();
    let answer = ["--answer", "answer.txt", "--sketch", "query.bin"];
    let voucher = economy.run(11, &[&["infer", "voucher", "1"][..], &answer].concat());
    economy.write("voucher.json", &voucher.to_string());
    economy.run(4, &[&["infer", "settle", "1", "--voucher", "voucher.json"][..], &answer].concat());
    let settlement = economy.run(0, &["infer", "show", "1"])["settlements"][0].take();
    let payees = settlement["payees"].as_array().unwrap();
    let by = |sketch: bool| payees.iter().filter(|payee| payee["bySketch"] == sketch).collect::<Vec<_>>();
    let (by_words, by_sketches) = (by(false), by(true));
    assert_eq!((by_words.len(), by_sketches.len()), (1, 1), "who hindered gets nothing {settlement}");
    assert_eq!(by_words[0]["account"], by_sketches[0]["account"]);
    // Half of the contributors' pool, which is six tenths of the price.
    assert_eq!(wei(&by_sketches[0]["amount"]), 3 * OPEN / 100);
    let receipt = economy.run(0, &["infer", "explain", &(1u64 << 32 | 1).to_string(), "--out", "receipt.json"]);
    assert_eq!(receipt["explanation"]["payees"].as_array().unwrap().len(), 2);

    // Who computes nearly the same has nothing to dispute.
    std::thread::sleep(Duration::from_secs(5));
    let dispute = ["dispute", "sketch", "1", "2", "1", "0", "--sketch", "sketch.bin"];
    fs::write(dir.path().join("sketch.bin"), sketch(3)).unwrap();
    assert!(economy.refused(10, &dispute).contains("sketches agree"));
    fs::write(dir.path().join("sketch.bin"), sketch(-3)).unwrap();
    assert_eq!(economy.run(10, &dispute)["caseId"], "0x1");
    let bonded = |of: &str| {
        let stakes = economy.run(4, &["stake", "show"]);
        let stake = stakes["stakes"].as_array().unwrap().iter().find(|stake| stake["purpose"] == "trainer").unwrap().clone();
        wei(&stake[of])
    };
    assert_eq!(bonded("slashed"), 0);
    drawn(&economy, "1", 5);
    for juror in JURORS {
        economy.run(juror, &["jury", "commit", "1", "uphold", "--reason", "computed it from the manifest"]);
    }
    for juror in JURORS {
        economy.run(juror, &["jury", "reveal", "1"]);
    }
    wait(&node, 3 * 86_400);
    assert_eq!(economy.run(0, &["jury", "advance", "1"])["phase"], "final");
    assert_eq!(economy.run(0, &["jury", "settle", "1"])["done"], true);
    assert!(bonded("slashed") > 0);
    assert!(wei(&economy.run(10, &["rewards", "show"])["account"]["owed"]) > 0, "who found it is paid");
    // The version takes no more requests.
    let line = economy.refused(11, &["infer", "ask", "1", "And a bell?"]);
    assert!(line.contains("not offered"), "{line}");
}

//! The commands against a running `tributary dev`, as strangers use them: each knows the node's URL and its own key, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part")]
mod economy;
#[allow(dead_code, reason = "each test file uses its own part")]
mod node;

use economy::{ANSWER, Economy, OPEN, TEXTS, drawn, told, wait, wei};
use node::{Node, complaint, tributary};
use serde_json::{Value, json};
use std::{fs, os::unix::ffi::OsStrExt, path::PathBuf, process::Stdio, time::Duration};

#[test]
fn strangers_found_a_datanet_contribute_build_a_model_on_it_and_are_paid_for_its_answers() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.found();

    // A dry run tells all and does nothing.
    let dry = economy.run(1, &["datanet", "contribute", "1", "texts", "--dry-run"]);
    assert_eq!(dry["documents"].as_array().unwrap().len(), 4);
    assert!(dry["documents"].as_array().unwrap().iter().all(|document| document["ownBps"] == "0x2710"), "{dry}");
    assert_eq!(economy.run(0, &["datanet", "show", "1"])["datanet"]["rows"], "0x0");

    let rows = economy.run(1, &["datanet", "contribute", "1", "texts"]);
    assert_eq!(rows["rows"].as_array().unwrap().len(), 4);
    // Again: nothing is handed in twice.
    assert_eq!(economy.run(1, &["datanet", "contribute", "1", "texts"]), rows);
    economy.write("refined.txt", &format!("{} The keeper is paid by the boat, and never by the hour.", TEXTS[0].1));
    let refined = economy.run(2, &["datanet", "refine", "1", "2", "refined.txt"]);
    assert_eq!(refined["row"], 4);
    let line = economy.refused(3, &["datanet", "accept", "1", "4"]);
    assert!(line.contains("not acceptor"), "{line}");
    economy.run(0, &["datanet", "accept", "1", "4"]);
    assert_eq!(economy.run(0, &["datanet", "release", "1", "--note", "first edition"])["reference"], "1@1");

    pulled_and_exported(&economy);
    economy.register();

    economy.run(4, &["infer", "serve", "1"]);
    let asked = economy.run(5, &["infer", "ask", "1", "How does a lock lift a boat?"]);
    assert_eq!(asked["sessionId"], "0x1");
    economy.write("answer.txt", ANSWER);
    economy.write("other.txt", "Another answer than the payer signed for.");
    // Only the payer signs, and only what it signed is paid.
    let line = economy.refused(4, &["infer", "voucher", "1", "--answer", "answer.txt"]);
    assert!(line.contains("signs for it"), "{line}");
    in_vain(&economy);
    let voucher = economy.run(5, &["infer", "voucher", "1", "--answer", "answer.txt"]);
    economy.write("voucher.json", &voucher.to_string());
    let line = economy.refused(4, &["infer", "settle", "1", "--answer", "other.txt", "--voucher", "voucher.json"]);
    assert!(line.contains("settling: not signed"), "{line}");
    economy.run(4, &["infer", "settle", "1", "--answer", "answer.txt", "--voucher", "voucher.json"]);
    paid(&economy);
    explained(&economy);
}

/// What could never be settled is not signed, and what cannot be done is told in words.
fn in_vain(economy: &Economy<'_>) {
    economy.write("empty.txt", "");
    economy.write("long.txt", &"word ".repeat(60_000));
    fs::write(economy.dir.join("latin.txt"), b"caf\xe9").unwrap();
    let refused = |arguments: &[&str], part: &str| {
        let line = economy.refused(5, &[&["infer"], arguments].concat());
        assert!(line.contains(part), "{line}");
    };
    refused(&["voucher", "999", "--answer", "answer.txt"], "there is no session 999");
    refused(&["promise", "999", "1", "--prompt", "answer.txt"], "there is no session 999");
    let two = ["voucher", "1", "--answer", "answer.txt", "--answer", "other.txt", "--prompt", "answer.txt", "--prompt", "other.txt"];
    refused(&two, "1 of its 1 answers are left, 2 are given");
    refused(&["voucher", "1", "--answer", "answer.txt", "--prompt", "other.txt"], "wrong prompt");
    refused(&["voucher", "1", "--answer", "empty.txt"], "empty answer (index: 1)");
    refused(&["voucher", "1", "--answer", "latin.txt"], "not utf8");
    refused(&["voucher", "1", "--answer", "long.txt"], "none may have more than 131072");
    refused(&["voucher", "1", "--answer", "answer.txt", "--amount", "7"], "escrow too small");
    refused(&["close", "1"], "it is open: it ends when");
    refused(&["ask", "1", "And a bell?", "--seconds", "60"], "must be from 86400, the model's time to answer, to 604800");
}

/// A receipt that holds without the node, and against L1 once that has an output root of its block.
fn explained(economy: &Economy<'_>) {
    let settlement = (1u64 << 32 | 1).to_string();
    let verify = |arguments: &[&str]| {
        let mut command = tributary(&[&["verify", "receipt.json", "--json"], arguments].concat());
        command.current_dir(economy.dir).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    };
    let l1 = economy.node.url("L1");
    let mut verified = Value::Null;
    for _ in 0..300 {
        let receipt = economy.run(0, &["infer", "explain", &settlement, "--out", "receipt.json"]);
        assert_eq!(receipt["whole"], true, "a small set is in its proof");
        assert_eq!(told(verify(&[]))["explanation"], receipt["explanation"]);
        let output = verify(&["--l1", l1]);
        if output.status.success() {
            verified = told(output);
            break;
        }
        let line = complaint(output);
        assert!(line.contains("L1 names no output of block"), "{line}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(verified["l1"]["portal"].is_string(), "{verified}");
    let spans = verified["explanation"]["answers"][0]["traces"][0]["spans"].as_array().unwrap();
    let first = spans.iter().find(|span| span["outputStart"] == "0x0").unwrap();
    let end = usize::from_str_radix(&first["outputEnd"].as_str().unwrap()[2..], 16).unwrap();
    assert!(TEXTS[0].1.contains(&ANSWER[..end]) && end > 20, "{first}");
    let nowhere = "0x00000000000000000000000000000000000000aa";
    let line = complaint(verify(&["--l1", l1, "--portal", nowhere]));
    assert!(line.contains("it is of the rollup whose portal is 0x") && line.contains("not 0x0000000"), "{line}");
    let kept = fs::read_to_string(economy.dir.join("receipt.json")).unwrap();
    let portal = verified["l1"]["portal"].as_str().unwrap();
    let chain_id = serde_json::from_str::<Value>(&kept).unwrap()["rollup"]["chainId"].take().to_string();
    for (what, by, part) in [
        ("\"signed\":true", "\"signed\":false", "is not to be believed: the payer's signature"),
        (portal, nowhere, "there is no contract at the portal's address"),
        (&format!("\"chainId\":{chain_id}"), "\"chainId\":\"0x1\"", "not of chain 1"),
        ("{\"chainId\"", "{\"name\":\"mine\",\"chainId\"", "unknown field `name`"),
        ("\"signed\":true", "\"signed\":true,\"audited\":true", "unknown field `audited`"),
    ] {
        assert!(kept.contains(what), "{what}");
        economy.write("receipt.json", &kept.replacen(what, by, 1));
        let line = complaint(verify(&["--l1", l1]));
        assert!(line.contains(part), "{line}");
    }
}

fn pulled_and_exported(economy: &Economy<'_>) {
    let pulled = economy.run(3, &["datanet", "pull", "1@1", "copy"]);
    let first = pulled.as_array().unwrap().iter().find(|document| document["row"] == 2).unwrap();
    let copy = fs::read_to_string(economy.dir.join("copy").join(first["file"].as_str().unwrap())).unwrap();
    assert!(TEXTS.iter().any(|(_, text)| *text == copy), "{copy}");
    economy.run(3, &["datanet", "export", "1@1", "export"]);
    let croissant: Value = serde_json::from_slice(&fs::read(economy.dir.join("export/croissant.json")).unwrap()).unwrap();
    assert_eq!(croissant["conformsTo"], "http://mlcommons.org/croissant/1.1");
    // As mlcroissant reads it: lines of JSON, of which each field is a column.
    assert_eq!(croissant["distribution"][0]["encodingFormat"], "application/jsonlines");
    assert_eq!(croissant["recordSet"][0]["field"][1]["source"]["extract"], json!({ "column": "text" }));
    let table = fs::read_to_string(economy.dir.join("export/documents.jsonl")).unwrap();
    let authors: Vec<_> = table.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["author"].clone()).collect();
    assert_eq!(authors.len(), 5);
    assert!(authors[0] == authors[3] && authors[0] != authors[4], "{authors:?}");
    // What becomes of a row afterwards changes no release.
    economy.run(1, &["datanet", "withdraw", "1", "3"]);
    economy.run(3, &["datanet", "export", "1@1", "again"]);
    for file in ["croissant.json", "documents.jsonl"] {
        assert!(
            fs::read(economy.dir.join("export").join(file)).unwrap() == fs::read(economy.dir.join("again").join(file)).unwrap(),
            "{file}"
        );
    }
    let line = economy.refused(3, &["datanet", "pull", "1@2", "copy"]);
    assert!(line.contains("unknown release"), "{line}");
}

fn paid(economy: &Economy<'_>) {
    let shown = economy.run(0, &["infer", "show", "1"]);
    let settlement = &shown["settlements"][0];
    let shares = settlement["shares"].as_object().unwrap();
    assert_eq!(shares.values().map(wei).sum::<u128>(), 100_000_000_000_000_000, "the parts sum to the payment");
    let payees = settlement["payees"].as_array().unwrap();
    assert!(payees.iter().map(|payee| wei(&payee["amount"])).sum::<u128>() == wei(&shares["contributors"]));
    // The words are the first author's; who refined added others.
    let rewards = economy.run(1, &["rewards", "show"]);
    let owed = wei(&rewards["account"]["owed"]);
    assert!(owed > 0 && owed == wei(&rewards["account"]["earned"]["contributor"]), "{rewards}");
    assert_eq!(rewards["earnings"][0]["reason"], "contributor");
    assert_eq!(economy.run(2, &["rewards", "show"])["account"]["owed"], "0");
    // Nobody else had the author's words earlier; and there is no other settlement.
    let unpaid = economy.run(1, &["rewards", "why", "4294967297"]);
    assert!(unpaid.as_array().unwrap().iter().all(|words| words["reason"] != "earlier"), "{unpaid}");
    assert_eq!(economy.run(5, &["rewards", "why", "4294967297"]), json!([]));
    let line = economy.refused(1, &["rewards", "why", "4294967298"]);
    assert!(line.contains("settlement 4294967298"), "{line}");

    economy.run(1, &["rewards", "claim", "--to", "0x00000000000000000000000000000000000c1a13"]);
    let claimed = economy.run(1, &["rewards", "show"]);
    assert_eq!((wei(&claimed["account"]["owed"]), wei(&claimed["account"]["claimed"])), (0, owed));
    let line = economy.refused(1, &["rewards", "claim"]);
    assert!(line.contains("nothing owed"), "{line}");
}

#[test]
fn a_text_that_is_refused_keeps_none_of_the_others_from_being_rows() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.run(0, &["datanet", "create", "News", "--min-novelty-bps", "5000"]);
    for (name, text) in [("a.txt", TEXTS[0].1.to_owned()), ("b.txt", format!("{} So it is.", TEXTS[0].1)), ("c.txt", TEXTS[1].1.to_owned())]
    {
        economy.write(&format!("texts/{name}"), &text);
    }
    let told = economy.run(1, &["datanet", "contribute", "1", "texts"]);
    let author = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
    let rows =
        json!([{ "file": "texts/a.txt", "row": "0x0", "author": author }, { "file": "texts/c.txt", "row": "0x1", "author": author }]);
    assert_eq!((&told["rows"], &told["refused"][0]["file"]), (&rows, &json!("texts/b.txt")), "{told}");
    assert!(told["refused"][0]["why"].as_str().unwrap().starts_with("not novel"), "{told}");
    // What somebody else had first is told to be that one's, and copies are told.
    economy.write("others/a.txt", TEXTS[0].1);
    economy.write("others/copy.txt", TEXTS[0].1);
    let told = economy.run(2, &["datanet", "contribute", "1", "others"]);
    assert_eq!(told["rows"], json!([{ "file": "others/a.txt", "row": "0x0", "author": author }]));
    assert_eq!(told["copies"], json!([{ "file": "others/copy.txt", "of": "others/a.txt" }]));
    // Where nothing is taken, that is a failure.
    let line = economy.refused(2, &["datanet", "contribute", "1", "texts/b.txt"]);
    assert!(line.contains("none of 1 documents was taken"), "{line}");
    economy.write("texts/d.txt", TEXTS[2].1);
    let dry = economy.run(1, &["datanet", "contribute", "1", "texts", "--dry-run"]);
    let [a, b, c, d] = dry["documents"].as_array().unwrap().as_slice() else { panic!("{dry}") };
    assert_eq!((&a["row"], &b["row"], &c["row"], &d["row"]), (&json!("0x0"), &Value::Null, &json!("0x1"), &Value::Null));
    assert!(b["refused"].as_str().unwrap().starts_with("not novel") && d["refused"].is_null(), "{dry}");
    assert!(wei(&d["cost"]) > 0 && dry["cost"] == d["cost"], "{dry}");
}

impl Economy<'_> {
    /// A folder of letters, in more than one transaction's worth.
    fn letters(&self, folder: &str) {
        for index in 0..70 {
            self.write(&format!("{folder}/{index:02}.txt"), &format!("Letter {index} of {folder}: {}", TEXTS[index % 4].1));
        }
    }

    /// What a run keeps in a folder, and where.
    fn state(&self, folder: &str) -> Option<(PathBuf, Value)> {
        let names = fs::read_dir(self.dir.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let path = names.into_iter().find(|path| path.to_str().unwrap().contains("/.tributary-") && path.extension().unwrap() == "json")?;
        let kept = serde_json::from_slice(&fs::read(&path).ok()?).unwrap();
        Some((path, kept))
    }

    /// Kills a run as soon as what it keeps is `so`, and tells what that was.
    fn kill(&self, folder: &str, so: impl Fn(&Value) -> bool) -> Value {
        let mut child = self.command(1, &["datanet", "contribute", "1", folder]).spawn().unwrap();
        let kept = loop {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before it was killed");
            match self.state(folder) {
                Some((_, kept)) if so(&kept) => break kept,
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it ended before it was killed");
        kept
    }
}

#[test]
fn what_a_committed_datanet_refused_is_told_and_is_not_paid_for_twice() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.run(0, &["datanet", "create", "News", "--committed", "--min-novelty-bps", "5000", "--fee", "0.5", "--bond", "1"]);
    economy.write("first/lock.txt", TEXTS[0].1);
    assert_eq!(economy.run(1, &["datanet", "contribute", "1", "first"])["commitmentId"], "0x1");
    economy.write("mine/copy.txt", TEXTS[0].1);
    economy.write("mine/near.txt", &format!("{} So it is.", TEXTS[0].1));
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    fs::write(dir.path().join("mine").join(name), TEXTS[1].1).unwrap();

    let files = |told: &Value, of: &str| -> Vec<String> {
        told[of].as_array().unwrap().iter().map(|item| item["file"].as_str().unwrap().to_owned()).collect()
    };
    let told = economy.run(2, &["datanet", "contribute", "1", "mine"]);
    assert_eq!((&told["commitmentId"], &told["stage"], &told["revealed"]), (&json!("0x2"), &json!("complete"), &json!(2)), "{told}");
    assert_eq!(
        (files(&told, "rows"), files(&told, "refused")),
        (vec!["mine/copy.txt".to_owned(), "mine/caf\u{fffd}.txt".to_owned()], vec!["mine/near.txt".to_owned()])
    );
    assert!(told["refused"][0]["why"].as_str().unwrap().starts_with("not novel: less than 5000"), "{told}");
    let balance = |account: &str| {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [account, "latest"] });
        let answer = node::post(node.url("Rollup"), &request);
        answer.split_once("\"result\"").unwrap().1.to_owned()
    };
    let second = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
    let before = balance(second);
    let told = economy.run(2, &["datanet", "contribute", "1", "mine"]);
    assert_eq!((&told["commitmentId"], files(&told, "rows").len(), files(&told, "refused").len()), (&Value::Null, 2, 1), "{told}");
    let why = told["refused"][0]["why"].as_str().unwrap();
    assert!(why.contains("(commitment 2); --again"), "{why}");
    let line = economy.refused(2, &["datanet", "contribute", "1", "mine/near.txt"]);
    assert!(line.contains("none of 1 documents was taken"), "{line}");
    let dry = economy.run(2, &["datanet", "contribute", "1", "mine", "--dry-run"]);
    assert_eq!((&dry["cost"], &dry["bond"]), (&json!("0"), &json!("0")), "{dry}");
    assert_eq!(balance(second), before, "nothing was paid");
    let output = economy.command(2, &["datanet", "contribute", "1", "mine/near.txt", "--again"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["commitmentId"]), (Some(1), &json!("0x3")), "{told}");
    assert_ne!(balance(second), before);
}

#[test]
fn a_rejected_folder_is_not_handed_in_again_unasked_and_one_run_at_a_time_works_with_it() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.run(0, &["datanet", "create", "Reviewed", "--jurors", "3", "--fee", "0.01", "--bond", "1"]);
    economy.letters("mine");
    let mut run = economy.command(1, &["datanet", "contribute", "1", "mine"]).spawn().unwrap();
    let locked =
        || fs::read_dir(dir.path().join("mine")).unwrap().any(|entry| entry.unwrap().path().extension().is_some_and(|end| end == "lock"));
    while !locked() {
        assert_eq!(run.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(1));
    }
    let line = economy.refused(1, &["datanet", "contribute", "1", "mine"]);
    assert!(line.contains(&format!("another run (process {}) is at work here", run.id())), "{line}");
    assert_eq!(told(run.wait_with_output().unwrap())["commitmentId"], "0x1");
    assert!(!locked());

    // Later files and changed ones are told, and what was committed to has no price.
    economy.write("mine/later.txt", "It came later.");
    economy.write("mine/00.txt", "It was edited.");
    let told = economy.run(1, &["datanet", "contribute", "1", "mine"]);
    assert_eq!((&told["stage"], &told["changed"]), (&json!("reviewed"), &json!(["mine/00.txt"])), "{told}");
    assert_eq!(told["later"], json!(["mine/00.txt", "mine/later.txt"]));
    let dry = economy.run(1, &["datanet", "contribute", "1", "mine", "--dry-run"]);
    assert_eq!((&dry["cost"], &dry["bond"]), (&json!("0"), &json!("0")), "{dry}");
    let later = dry["documents"].as_array().unwrap().iter().filter(|document| document["later"] == true).count();
    assert_eq!((later, &dry["documents"][1]["pending"]), (2, &json!("commitment 1, reviewed")));

    // Nobody is a validator, so the curator decides.
    fs::remove_file(dir.path().join("mine/later.txt")).unwrap();
    fs::remove_file(dir.path().join("mine/00.txt")).unwrap();
    drawn(&economy, "1", 0);
    economy.run(0, &["jury", "decide", "1", "reject", "--reason", "not letters"]);
    let case = economy.run(0, &["jury", "show", "1"]);
    assert_eq!((&case["case"]["rounds"][0]["reason"], &case["case"]["upheld"]), (&json!("not letters"), &json!(false)), "{case}");
    wait(&node, 3 * 86_400);
    assert_eq!(economy.run(0, &["jury", "advance", "1"])["phase"], "final");
    let output = economy.command(1, &["datanet", "contribute", "1", "mine"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &told["stage"], told["refused"].as_array().unwrap().len()),
        (Some(1), &json!("rejected"), 70),
        "{told}"
    );
    let output = economy.command(1, &["datanet", "contribute", "1", "mine"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["commitmentId"]), (Some(1), &Value::Null), "{told}");
    assert!(told["refused"][0]["why"].as_str().unwrap().starts_with("rejected in case 1 (commitment 1)"), "{told}");
    assert!(complaint(output).contains("none of 69 documents was taken"));
}

#[test]
fn a_folder_is_committed_to_as_one_and_an_interrupted_run_goes_on() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.run(0, &["datanet", "create", "Letters", "--committed", "--fee", "0.01", "--bond", "1"]);
    let goes_on = |folder: &str| {
        let told = economy.run(1, &["datanet", "contribute", "1", folder]);
        assert_eq!((&told["stage"], economy.state(folder)), (&json!("complete"), None), "{told}");
        told["commitmentId"].clone()
    };
    // Before anything is sent, or just then.
    economy.letters("keeper");
    economy.kill("keeper", |_| true);
    assert_eq!(goes_on("keeper"), "0x1");
    // When it is committed to.
    economy.letters("founder");
    let kept = economy.kill("founder", |kept| kept["commitment"] != "0x0");
    assert_eq!((goes_on("founder"), &kept["commitment"]), (json!("0x2"), &json!("0x2")));
    // When it is committed to and what is kept does not say so yet.
    economy.letters("smith");
    economy.kill("smith", |kept| kept["commitment"] != "0x0");
    let (path, mut kept) = economy.state("smith").unwrap();
    // What is of another chain, or of no commitment of this one, is not believed and stays.
    for field in ["genesis", "root", "author"] {
        let mut other = kept.clone();
        let digits = other[field].as_str().unwrap().len() - 2;
        other[field] = json!(format!("0x{}", "1".repeat(digits)));
        fs::write(&path, other.to_string()).unwrap();
        let line = economy.refused(1, &["datanet", "contribute", "1", "smith"]);
        assert!(line.contains(path.file_name().unwrap().to_str().unwrap()) && line.contains("move this file away"), "{field}: {line}");
        assert_eq!(fs::read_to_string(&path).unwrap(), other.to_string());
    }
    // A number that is another commitment's is found out.
    kept["commitment"] = json!("0x1");
    fs::write(&path, kept.to_string()).unwrap();
    assert_eq!(goes_on("smith"), "0x3");
    economy.letters("baker");
    economy.kill("baker", |kept| kept["commitment"] != "0x0");
    let (path, mut kept) = economy.state("baker").unwrap();
    kept["commitment"] = json!("0x0");
    fs::write(path, kept.to_string()).unwrap();
    assert_eq!(goes_on("baker"), "0x4");
    assert_eq!(economy.run(0, &["datanet", "show", "1"])["datanet"]["rows"], "0x118");

    // What was not handed in in time is committed to anew.
    economy.letters("miller");
    economy.kill("miller", |kept| kept["commitment"] != "0x0");
    wait(&node, 86_401);
    let told = economy.run(1, &["datanet", "contribute", "1", "miller"]);
    assert_eq!((&told["stage"], economy.state("miller")), (&json!("lapsed"), None), "{told}");
    assert_eq!(goes_on("miller"), "0x6");
    assert_eq!(economy.run(0, &["datanet", "show", "1"])["datanet"]["rows"], "0x15e");
    // Each bond but the one that lapsed came back once.
    assert_eq!(wei(&economy.run(1, &["rewards", "show"])["account"]["owed"]), 5 * OPEN);
}

#[test]
fn each_file_and_author_has_a_commitment_and_what_was_never_committed_to_may_change() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.found();
    economy.run(0, &["datanet", "create", "Reviewed", "--jurors", "3", "--fee", "0.01", "--bond", "1"]);
    let commits = |account: u32, path: &str| {
        let told = economy.run(account, &["datanet", "contribute", "2", path]);
        assert_eq!(told["stage"], "reviewed", "{told}");
        (told["commitmentId"].clone(), told["revealed"].clone())
    };
    // A jury has to accept them: until then all are begun.
    for _ in 0..2 {
        assert_eq!(commits(1, "texts/lock.txt"), (json!("0x1"), json!(1)));
        assert_eq!(commits(1, "texts/bell.txt"), (json!("0x2"), json!(1)));
        assert_eq!(commits(2, "texts"), (json!("0x3"), json!(4)));
        assert_eq!(commits(1, "texts"), (json!("0x4"), json!(4)));
    }

    // An account without money cannot commit. What it drafted is no promise.
    economy.write("poor/first.txt", "The first words of a poor author.");
    economy.refused(50, &["datanet", "contribute", "2", "poor"]);
    let (path, kept) = economy.state("poor").unwrap();
    assert_eq!(kept["commitment"], "0x0");
    economy.write("poor/first.txt", "The last words of a poor author, which are others.");
    let author = path.file_stem().unwrap().to_str().unwrap().rsplit('-').next().unwrap();
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [author, "0x56bc75e2d63100000"] });
    node::post(node.url("Rollup"), &request);
    assert_eq!(commits(50, "poor"), (json!("0x5"), json!(1)));
    // What was committed to is one.
    economy.write("poor/first.txt", "The first words of a poor author.");
    assert_eq!(commits(50, "poor"), (json!("0x5"), json!(1)));
}

#[test]
fn jurors_keep_their_verdicts_secret_until_all_have_one_and_governance_changes_a_parameter() {
    let (node, dir) = (Node::start(&[]), tempfile::tempdir().unwrap());
    let economy = Economy { node: &node, dir: dir.path() };
    economy.found();
    economy.run(1, &["datanet", "contribute", "1", "texts"]);
    for validator in 5..8 {
        economy.run(validator, &["stake", "add", "validator", "1000"]);
        economy.run(validator, &["stake", "join", "1000"]);
    }
    economy.run(9, &["gov", "deposit", "5000"]);
    let line = economy.refused(9, &["gov", "propose", "protocolBps", "9000", "--why", "all of it"]);
    assert!(line.contains("must be from 0 to 2000"), "{line}");
    let proposed = economy.run(9, &["gov", "propose", "protocolBps", "300", "--why", "a smaller share"]);
    let proposal = proposed["proposalId"].as_str().unwrap().to_owned();

    judged(&economy);

    let line = economy.refused(9, &["gov", "execute", &proposal]);
    assert!(line.contains("it is active: the vote ends at 20"), "{line}");
    wait(&node, 86_400);
    economy.run(9, &["gov", "vote", &proposal, "for"]);
    wait(&node, 5 * 86_400);
    economy.run(9, &["gov", "queue", &proposal]);
    let line = economy.refused(9, &["gov", "queue", &proposal]);
    assert!(line.contains("it is queued"), "{line}");
    let line = economy.refused(9, &["gov", "execute", &proposal]);
    assert!(line.contains("it may be executed from 20") && line.contains("UTC"), "{line}");
    wait(&node, 2 * 86_400);
    economy.run(9, &["gov", "execute", &proposal]);
    let parameters = economy.run(9, &["gov", "parameters"]);
    let protocol = parameters.as_array().unwrap().iter().find(|parameter| parameter["name"] == "protocolBps").unwrap();
    assert_eq!((&protocol["value"], &protocol["initial"]), (&json!("300"), &json!("500")));
    assert_eq!(economy.run(0, &["gov", "show", &proposal])["state"], "executed");
}

/// A row is disputed and withdrawn by a jury.
fn judged(economy: &Economy<'_>) {
    // Who joined is drawn for what is opened from the next L1 origin on.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let disputed = economy.run(8, &["dispute", "row", "1", "0", "--reason", "not about machines"]);
    assert_eq!((&disputed["caseId"], wei(&disputed["paid"])), (&json!("0x1"), 53 * OPEN / 10));
    let line = economy.refused(5, &["jury", "commit", "1", "reject", "--reason", "not drawn yet"]);
    assert!(line.contains("has no seat in its round 0; the phase is drawing"), "{line}");
    drawn(economy, "1", 3);
    let line = economy.refused(2, &["jury", "commit", "1", "uphold", "--reason", "no juror", "--state", "foreign"]);
    assert!(line.contains("has no seat") && !economy.dir.join("foreign").exists(), "{line}");
    let line = economy.refused(5, &["jury", "commit", "1", "uphold", "--reason", &"bell ".repeat(300)]);
    assert!(line.contains("the reason: has 1499 bytes; 1024 are the most"), "{line}");
    verdicts(economy);
    wait(economy.node, 3 * 86_400);
    assert_eq!(economy.run(0, &["jury", "advance", "1"])["phase"], "final");
    assert_eq!(economy.run(0, &["jury", "settle", "1"])["done"], true);
    let case = economy.run(0, &["jury", "show", "1"]);
    assert_eq!((&case["case"]["upheld"], &case["matter"]["applied"]), (&json!(true), &json!(true)));
    let votes = case["case"]["rounds"][0]["votes"].as_array().unwrap();
    assert!(votes.len() == 3 && votes.iter().all(|vote| vote["reason"] == "it is about bells"), "{votes:?}");
    let table = tributary(&["jury", "show", "1", "--rpc", economy.node.url("Rollup")]).output().unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    assert_eq!(table.matches("upholds  it is about bells").count(), 3, "{table}");
    // The claimant has its bond back, and each juror its fee.
    assert_eq!(wei(&economy.run(8, &["rewards", "show"])["account"]["earned"]["bond"]), 5_000_000_000_000_000_000);
    assert!(wei(&economy.run(5, &["rewards", "show"])["account"]["owed"]) >= 100_000_000_000_000_000);
}

/// Nothing of a verdict is in the open before all have one, and nothing is kept of it after it was told.
fn verdicts(economy: &Economy<'_>) {
    let kept = || {
        let names = fs::read_dir(economy.dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("-case-1-")).count()
    };
    // Drawn, with nothing sent: what is kept was not committed to.
    economy.run(5, &["jury", "commit", "1", "uphold", "--reason", "it is about bells"]);
    let line = economy.refused(5, &["jury", "commit", "1", "reject", "--reason", "another mind"]);
    assert!(line.contains("committed to its verdict"), "{line}");
    economy.write("reason.txt", "it is about bells\n");
    // A folder that is not there is made.
    economy.run(6, &["jury", "commit", "1", "uphold", "--reason-file", "reason.txt", "--state", "verdicts/six"]);
    assert_eq!(fs::read_dir(economy.dir.join("verdicts/six")).unwrap().count(), 1);
    let line = economy.refused(5, &["jury", "reveal", "1"]);
    assert!(line.contains("revealing the verdict: wrong phase"), "{line}");
    economy.write("verdict.txt", "uphold\nit is about bells\n");
    let input = fs::File::open(economy.dir.join("verdict.txt")).unwrap();
    told(economy.command(7, &["jury", "commit", "1", "-"]).stdin(input).output().unwrap());
    assert_eq!(kept(), 2);
    for (juror, state, left) in [(5, ".", 1), (6, "verdicts/six", 1), (7, ".", 0)] {
        let revealed = economy.run(juror, &["jury", "reveal", "1", "--state", state]);
        assert_eq!((&revealed["upholds"], &revealed["reason"]), (&json!(true), &json!("it is about bells")));
        assert_eq!(kept(), left);
    }
    let line = economy.refused(5, &["jury", "reveal", "1"]);
    assert!(line.contains("there is no verdict of"), "{line}");
}

//! The commands against a running `tributary dev`, as strangers use them: each knows the node's URL and its own key, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part")]
mod economy;
#[allow(dead_code, reason = "each test file uses its own part")]
mod node;

use economy::{ANSWER, Economy, OPEN, TEXTS, drawn, told, wait, wei};
use node::{Node, complaint, tributary};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Stdio, time::Duration};

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
    let voucher = economy.run(5, &["infer", "voucher", "1", "--answer", "answer.txt"]);
    economy.write("voucher.json", &voucher.to_string());
    let line = economy.refused(4, &["infer", "settle", "1", "--answer", "other.txt", "--voucher", "voucher.json"]);
    assert!(line.contains("settling: not signed"), "{line}");
    economy.run(4, &["infer", "settle", "1", "--answer", "answer.txt", "--voucher", "voucher.json"]);
    paid(&economy);
    explained(&economy);
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
    let line = complaint(verify(&["--l1", l1, "--portal", "0x00000000000000000000000000000000000000aa"]));
    assert!(line.contains("there is no contract at the portal's address"), "{line}");
    let kept = fs::read_to_string(economy.dir.join("receipt.json")).unwrap();
    economy.write("receipt.json", &kept.replace("\"signed\":true", "\"signed\":false"));
    let line = complaint(verify(&[]));
    assert!(line.contains("is not to be believed: the payer's signature"), "{line}");
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
    let rows = json!([{ "file": "texts/a.txt", "row": "0x0" }, { "file": "texts/c.txt", "row": "0x1" }]);
    assert_eq!((&told["rows"], &told["refused"][0]["file"]), (&rows, &json!("texts/b.txt")), "{told}");
    assert!(told["refused"][0]["why"].as_str().unwrap().starts_with("not novel"), "{told}");
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
    kept["commitment"] = json!("0x0");
    fs::write(path, kept.to_string()).unwrap();
    assert_eq!(goes_on("smith"), "0x3");
    assert_eq!(economy.run(0, &["datanet", "show", "1"])["datanet"]["rows"], "0xd2");

    // What was not handed in in time is committed to anew.
    economy.letters("miller");
    economy.kill("miller", |kept| kept["commitment"] != "0x0");
    wait(&node, 86_401);
    let told = economy.run(1, &["datanet", "contribute", "1", "miller"]);
    assert_eq!((&told["stage"], economy.state("miller")), (&json!("lapsed"), None), "{told}");
    assert_eq!(goes_on("miller"), "0x5");
    assert_eq!(economy.run(0, &["datanet", "show", "1"])["datanet"]["rows"], "0x118");
    // Each bond but the one that lapsed came back once.
    assert_eq!(wei(&economy.run(1, &["rewards", "show"])["account"]["owed"]), 4 * OPEN);
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

    wait(&node, 86_400);
    economy.run(9, &["gov", "vote", &proposal, "for"]);
    wait(&node, 5 * 86_400);
    economy.run(9, &["gov", "queue", &proposal]);
    let line = economy.refused(9, &["gov", "execute", &proposal]);
    assert!(line.contains("executing the proposal: "), "{line}");
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
    assert!(line.contains("committing to a verdict: wrong phase"), "{line}");
    // Nobody is drawn, so nothing tells that what is kept was not committed to.
    let line = economy.refused(5, &["jury", "commit", "1", "uphold", "--reason", "it is about bells"]);
    assert!(line.contains("another verdict is kept there"), "{line}");
    drawn(economy, "1", 3);
    verdicts(economy);
    wait(economy.node, 3 * 86_400);
    assert_eq!(economy.run(0, &["jury", "advance", "1"])["phase"], "final");
    assert_eq!(economy.run(0, &["jury", "settle", "1"])["done"], true);
    let case = economy.run(0, &["jury", "show", "1"]);
    assert_eq!((&case["case"]["upheld"], &case["matter"]["applied"]), (&json!(true), &json!(true)));
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
    economy.run(6, &["jury", "commit", "1", "uphold", "--reason-file", "reason.txt"]);
    let line = economy.refused(5, &["jury", "reveal", "1"]);
    assert!(line.contains("revealing the verdict: wrong phase"), "{line}");
    economy.write("verdict.txt", "uphold\nit is about bells\n");
    let input = fs::File::open(economy.dir.join("verdict.txt")).unwrap();
    told(economy.command(7, &["jury", "commit", "1", "-"]).stdin(input).output().unwrap());
    assert_eq!(kept(), 3);
    for juror in 5..8 {
        let revealed = economy.run(juror, &["jury", "reveal", "1"]);
        assert_eq!((&revealed["upholds"], &revealed["reason"]), (&json!(true), &json!("it is about bells")));
        assert_eq!(kept(), 7 - juror as usize);
    }
    let line = economy.refused(5, &["jury", "reveal", "1"]);
    assert!(line.contains("there is no verdict of"), "{line}");
}

//! What operators have beside the roles themselves: their configuration checked, life and readiness, numbers, and what is done with a data directory.

use crate::roles::{CHAIN, Ground, Role, told, transfer};
use alloy_primitives::U256;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Output},
};
use tributary_tests::{rpc::Rpc, wallet::Wallet};

/// Status code and body of a GET.
pub(crate) fn get(url: &str, path: &str) -> (u16, String) {
    let authority = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn json_of(role: &Role, path: &str) -> (u16, Value) {
    let (status, body) = get(&role.dashboard, path);
    (status, serde_json::from_str(&body).unwrap())
}

/// Every sample of `/metrics`, by name and labels.
pub(crate) fn samples(role: &Role) -> BTreeMap<String, f64> {
    let (status, body) = get(&role.dashboard, "/metrics");
    assert_eq!(status, 200);
    let lines = body.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    lines.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// The one sample of this name whose labels hold this text.
fn sample(samples: &BTreeMap<String, f64>, name: &str, label: &str) -> f64 {
    let is_it = |key: &str| (key == name || key.starts_with(&format!("{name}{{"))) && key.contains(label);
    let found: Vec<_> = samples.iter().filter(|(key, _)| is_it(key)).collect();
    assert_eq!(found.len(), 1, "{name} {label}: {found:?}");
    *found[0].1
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_configuration_is_checked_whole_and_nothing_is_started_by_it() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    let check = |more: &[&str], batcher: &str| {
        let mut command = ground.command(&[&["config", "check"], more].concat());
        command.env("TRIBUTARY_BATCHER_KEY", batcher).output().unwrap()
    };
    let good = ["--chain", "rollup", "--datadir", "new", "--l1-chain-config", "l1.json", "--l1-block-time", "2"];
    let batcher = ground.key(7).to_owned();
    for (role, more) in [("sequencer", &["--offline"][..]), ("sequencer", &[]), ("verifier", &[])] {
        let output = check(&[&[role], &good[..], more].concat(), &batcher);
        assert!(output.status.success() && text(&output).contains("is in order"), "{role} {more:?}: {}", text(&output));
    }

    // A file with one mistake of each kind; what is wrong with the world is told with what is wrong in the file.
    let bad = "chain = \"rollup\"\ndatadir = \"new\"\nport = 9000\ndashboard_port = 9000\nlogs = \"info\"\n\
               [l1]\nquorum = 3\nchain_config = \"l1.json\"\nblock_tim = 2\n[prover]\nkeystore = \"none.json\"\npassword_file = \"none.txt\"\n";
    std::fs::write(ground.path("bad.toml"), bad).unwrap();
    let output = check(&["sequencer", "--config", "bad.toml", "--json"], ground.key(3));
    assert!(!output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = report["errors"].to_string();
    for words in
        ["there is --log", "there is --l1-block-time", "--l1-quorum is from 1 to", "port of JSON-RPC", "none.txt", "key of the prover"]
    {
        assert!(found.contains(words), "{words}: {report:#}");
    }
    // Whose key is no batcher's learns it from L1.
    let output = check(&[&["sequencer"], &good[..]].concat(), ground.key(3));
    assert!(!output.status.success() && text(&output).contains("L1 takes batches of"), "{}", text(&output));
    // As does who asks an L1 that is another chain.
    let l2 = ground.node.process.banner.l2_url.clone();
    let output = check(&[&["verifier", "--l1-url", &l2], &good[..]].concat(), &batcher);
    assert!(!output.status.success() && text(&output).contains("is chain 630925, the rollup's L1 is chain 900"), "{}", text(&output));
    assert!(!ground.path("new").exists(), "a check writes nothing");

    let shown = ground.command(&[&["config", "show", "sequencer"], &good[..], &["--json"]].concat()).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let depth = shown.as_array().unwrap().iter().find(|setting| setting["flag"] == "--origin-depth").unwrap();
    assert_eq!(depth, &json!({ "flag": "--origin-depth", "value": "4", "from": "default" }));
}

/// Waits until a role is ready, or not.
fn wait_for(role: &mut Role, path: &'static str, status: u16) -> Value {
    let mut report = Value::Null;
    role.wait(&format!("{status} of {path}"), |role| {
        let (found, told) = json_of(role, path);
        report = told;
        found == status
    });
    report
}

#[test]
fn a_role_tells_whether_it_may_lead_and_what_it_costs() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    let arguments = ["--origin-depth", "1", "--proposer-interval", "5"];
    let mut sequencer = ground.role("sequencer", "sequencer", &arguments).unwrap();
    let mut wallet = Wallet::funded(1, CHAIN);
    let sent = transfer(&mut wallet, 1);
    sequencer.ask("eth_sendRawTransaction", json!([sent.json()]));
    sequencer.receipt(sent.hash);
    let ready = wait_for(&mut sequencer, "/ready", 200);
    assert_eq!((&ready["role"], &ready["reasons"], &ready["l1"]["reachable"]), (&json!("sequencer"), &json!([]), &json!(true)));
    let accounts = ready["accounts"].as_array().unwrap();
    let mut l1 = Rpc::connect(&ground.node.process.banner.l1_url).unwrap();
    assert_eq!(accounts.iter().map(|account| account["role"].as_str().unwrap()).collect::<Vec<_>>(), ["batcher", "proposer"]);
    for account in accounts {
        assert_eq!(account["signer"], true);
        let at_most = l1.call("eth_getBalance", json!([account["address"], "0x1"])).unwrap().as_str().unwrap().parse::<U256>().unwrap();
        let balance = account["balanceWei"].as_str().unwrap().parse::<U256>().unwrap();
        assert!(balance <= at_most && balance > U256::ZERO, "{account}");
    }
    assert_eq!(json_of(&sequencer, "/live").0, 200);
    wait_for(&mut sequencer, "/health", 200);

    // Numbers that fit what L1 says.
    sequencer.wait("money spent", |role| {
        let samples = samples(role);
        ["batcher", "proposer"].iter().all(|payer| sample(&samples, "tributary_l1_spent_wei", payer) > 0.0)
    });
    let numbers = samples(&sequencer);
    for head in ["unsafe", "safe", "finalized"] {
        assert!(sample(&numbers, "tributary_head_age_seconds", &format!("\"{head}\"")) < 120.0);
    }
    assert!(sample(&numbers, "tributary_head_block", "\"safe\"") > 0.0 && sample(&numbers, "tributary_ready", "") == 1.0);
    assert!(sample(&numbers, "tributary_da_price_wei_per_byte", "blob") > 0.0);
    assert!(sample(&numbers, "tributary_da_price_wei_per_byte", "calldata") > sample(&numbers, "tributary_da_price_wei_per_byte", "blob"));
    assert!(
        sample(&numbers, "tributary_derivation_lag_blocks", "") <= 10.0 && sample(&numbers, "tributary_l1_head_age_seconds", "") < 20.0
    );
    assert_eq!(sample(&numbers, "tributary_l1_endpoint_errors_total", "execution"), 0.0);
    let (blocks, bytes) =
        (sample(&numbers, "tributary_batcher_backlog_blocks", ""), sample(&numbers, "tributary_batcher_backlog_bytes", ""));
    assert!(blocks >= 0.0 && (blocks > 0.0 || bytes == 0.0), "{blocks} blocks, {bytes} bytes");

    // An L1 that hangs: alive, not ready, and why. What is sent meanwhile waits for the batcher, byte for byte.
    let signal = |name: &str| assert!(Command::new("kill").args([name, &ground.node.process.id().to_string()]).status().unwrap().success());
    signal("-STOP");
    let second = transfer(&mut wallet, 2);
    sequencer.ask("eth_sendRawTransaction", json!([second.json()]));
    let ready = wait_for(&mut sequencer, "/ready", 503);
    assert!(ready["reasons"].to_string().contains("L1 has not answered for"), "{ready}");
    assert_eq!(json_of(&sequencer, "/live").0, 200);
    sequencer.receipt(second.hash);
    sequencer.wait("a backlog", |role| sample(&samples(role), "tributary_batcher_backlog_bytes", "") == second.raw.len() as f64);
    assert!(sample(&samples(&sequencer), "tributary_batcher_backlog_blocks", "") >= 1.0);
    sequencer.wait("an endpoint that failed", |role| sample(&samples(role), "tributary_l1_endpoint_errors_total", "execution") > 0.0);
    signal("-CONT");
    wait_for(&mut sequencer, "/ready", 200);
    sequencer.wait("no backlog", |role| sample(&samples(role), "tributary_batcher_backlog_bytes", "") == 0.0);
}

#[test]
fn who_cannot_pay_or_is_not_listened_to_may_not_lead_and_who_only_reads_needs_neither() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    let penniless = format!("0x{}", "17".repeat(32));
    let mut sequencer = ground.role_with_batcher(&penniless, "sequencer", "sequencer", &["--origin-depth", "1"]).unwrap();
    sequencer.wait("two reasons", |role| {
        let (status, ready) = json_of(role, "/ready");
        let reasons = ready["reasons"].to_string();
        status == 503 && reasons.contains("has 0 wei on L1, less than") && reasons.contains("and L1 listens to")
    });
    drop(sequencer);
    let mut sequencer = ground.role("sequencer", "sequencer", &["--origin-depth", "1"]).unwrap();
    wait_for(&mut sequencer, "/ready", 200);
    let mut verifier = ground.role("verifier", "verifier", &[]).unwrap();
    let ready = wait_for(&mut verifier, "/ready", 200);
    assert_eq!((&ready["role"], &ready["accounts"]), (&json!("verifier"), &json!([])));
    assert_eq!(json_of(&verifier, "/health").0, 200);
}

/// Sends transfers one after the other until it is told to stop; gives back the last.
fn load(url: String, wallet: Wallet) -> (std::sync::mpsc::Sender<()>, std::thread::JoinHandle<(Wallet, Vec<alloy_primitives::B256>)>) {
    let (stop, stopped) = std::sync::mpsc::channel();
    let sending = std::thread::spawn(move || {
        let (mut rpc, mut wallet, mut sent) = (Rpc::connect(&url).unwrap(), wallet, Vec::new());
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let signed = transfer(&mut wallet, 1);
            rpc.call("eth_sendRawTransaction", json!([signed.json()])).unwrap();
            sent.push(signed.hash);
        }
        (wallet, sent)
    });
    (stop, sending)
}

impl Ground {
    fn db(&self, arguments: &[&str]) -> Output {
        Command::new(tributary_tests::dev_process::built_binary()).arg("db").args(arguments).current_dir(self.dir.path()).output().unwrap()
    }
}

fn head(role: &mut Role, tag: &str) -> u64 {
    let block = role.ask("eth_getBlockByNumber", json!([tag, false]));
    u64::from_str_radix(block["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

fn hash_at(role: &mut Role, number: u64) -> Value {
    role.ask("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))["hash"].clone()
}

const SEQUENCER: [&str; 4] = ["--origin-depth", "1", "--proposer-interval", "5"];

#[test]
fn a_snapshot_under_load_starts_a_verifier_elsewhere_and_that_a_sequencer() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    let mut sequencer = ground.role("sequencer", "sequencer", &SEQUENCER).unwrap();
    let (stop, sending) = load(sequencer.url.clone(), Wallet::funded(1, CHAIN));
    sequencer.wait("final blocks", |role| head(role, "finalized") > 0);

    let place = ["--datadir", "sequencer", "--chain", "rollup", "--json"];
    let manifest = told(ground.db(&[&["snapshot", "--out", "snapshot"], &place[..]].concat()));
    assert_eq!((&manifest["role"], &manifest["stopped"]), (&json!("sequencer"), &json!(false)));
    let checked = told(ground.db(&[&["check"], &place[..]].concat()));
    assert_eq!(checked["ok"], true);
    assert!(checked["stores"][0]["transactions"].as_u64().unwrap() > 10, "{checked}");
    let stats = told(ground.db(&[&["stats"], &place[..]].concat()));
    assert!(
        stats["stores"][0]["tables"]["transactions"]["rows"].as_u64()
            > checked["stores"][0]["transactions"].as_u64().map(|count| count - 1)
    );
    let busy = ground.db(&[&["prune"], &place[..]].concat());
    assert!(!busy.status.success() && text(&busy).contains("is another node running on it?"), "{}", text(&busy));
    stop.send(()).unwrap();
    let (mut wallet, sent) = sending.join().unwrap();
    let last = sequencer.receipt(*sent.last().unwrap());

    // On another machine there is nothing but the snapshot.
    let sums = Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(ground.path("snapshot")).output().unwrap();
    assert!(sums.status.success(), "{}", text(&sums));
    let refused = ground.db(&["restore", "--from", "snapshot", "--datadir", "too-early"]);
    assert!(!refused.status.success() && text(&refused).contains("make a verifier of it"), "{}", text(&refused));
    let restored =
        told(ground.db(&["restore", "--from", "snapshot", "--datadir", "elsewhere", "--chain", "files", "--role", "verifier", "--json"]));
    assert_eq!(restored["role"], "verifier");
    let mut verifier = ground.role("verifier", "elsewhere", &["--chain", "files"]).unwrap();
    let known = manifest["stores"]["derived"]["finalizedHead"]["number"].as_u64().unwrap();
    assert!(known > 0 && head(&mut verifier, "latest") >= known, "{manifest}");
    for number in 0..=known {
        assert_eq!(hash_at(&mut verifier, number), hash_at(&mut sequencer, number));
    }
    assert_eq!(verifier.receipt(*sent.last().unwrap())["blockHash"], last["blockHash"], "the rest is on L1");

    // The sequencer is lost; what it put on L1 is the verifier's, who becomes one.
    drop(sequencer);
    wait_for(&mut verifier, "/ready", 200);
    std::thread::sleep(std::time::Duration::from_secs(6));
    let (number, hash) = {
        let number = head(&mut verifier, "latest");
        (number, hash_at(&mut verifier, number))
    };
    drop(verifier);
    let manifest = told(ground.db(&["snapshot", "--out", "verified", "--datadir", "elsewhere", "--chain", "files", "--json"]));
    assert_eq!((&manifest["role"], &manifest["stopped"]), (&json!("verifier"), &json!(true)));
    told(ground.db(&["restore", "--from", "verified", "--datadir", "promoted", "--chain", "files", "--role", "sequencer", "--json"]));
    let mut sequencer = ground.role("sequencer", "promoted", &SEQUENCER).unwrap();
    assert_eq!(hash_at(&mut sequencer, number), hash);
    wallet.nonce = u64::from_str_radix(
        sequencer.ask("eth_getTransactionCount", json!([wallet.address(), "latest"])).as_str().unwrap().trim_start_matches("0x"),
        16,
    )
    .unwrap();
    assert_eq!(wallet.nonce, sent.len() as u64);
    let next = transfer(&mut wallet, 1);
    sequencer.ask("eth_sendRawTransaction", json!([next.json()]));
    let hash = sequencer.receipt(next.hash)["blockHash"].clone();
    let mut verifier = ground.role("verifier", "elsewhere", &[]).unwrap();
    assert_eq!(verifier.receipt(next.hash)["blockHash"], hash, "and its blocks are derived by others");
}

#[test]
fn a_stopped_sequencer_moves_with_all_that_it_acknowledged_and_is_pruned_and_checked() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    let mut sequencer = ground.role("sequencer", "sequencer", &SEQUENCER).unwrap();
    let (stop, sending) = load(sequencer.url.clone(), Wallet::funded(1, CHAIN));
    sequencer.wait("final blocks", |role| head(role, "finalized") > 5);
    stop.send(()).unwrap();
    let (_, sent) = sending.join().unwrap();
    drop(sequencer);
    let manifest = told(ground.db(&["snapshot", "--out", "snapshot", "--datadir", "sequencer", "--chain", "rollup", "--json"]));
    assert_eq!(manifest["stopped"], true);

    // A snapshot that lost a byte on its way, or has one too many, is refused, and leaves nothing that a role would start from.
    let file = ground.path("snapshot/chain/mdbx.dat");
    let whole = std::fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&file, &damaged).unwrap();
    let refused = ground.db(&["restore", "--from", "snapshot", "--datadir", "moved", "--chain", "rollup"]);
    assert!(
        !refused.status.success() && text(&refused).contains("chain/mdbx.dat is damaged") && !ground.path("moved").exists(),
        "{}",
        text(&refused)
    );
    std::fs::write(&file, &whole).unwrap();
    told(ground.db(&["restore", "--from", "snapshot", "--datadir", "moved", "--chain", "rollup", "--json"]));
    let again = ground.db(&["restore", "--from", "snapshot", "--datadir", "moved", "--chain", "rollup"]);
    assert!(!again.status.success() && text(&again).contains("is not empty"), "{}", text(&again));

    // Pruned to what is not final, it is smaller, in order, and goes on.
    let place = ["--datadir", "moved", "--chain", "rollup", "--json"];
    let pruned = told(ground.db(&[&["prune", "--keep-tries", "1", "--indexes"], &place[..]].concat()));
    let chain = &pruned["stores"][0];
    assert!(
        chain["trieNodes"].as_u64().unwrap() > 0 && chain["oldestTrie"]["now"].as_u64() > chain["oldestTrie"]["before"].as_u64(),
        "{pruned}"
    );
    let finalized = manifest["stores"]["chain"]["finalizedHead"]["number"].as_u64();
    assert!(chain["oldestTrie"]["now"].as_u64() <= finalized, "{pruned}");
    // A database that is written grows by 64 MiB at a time: what nothing uses is the disk's again.
    assert!(chain["file"]["now"].as_u64().unwrap() < 32 << 20, "{pruned}");
    assert_eq!(told(ground.db(&[&["check"], &place[..]].concat()))["ok"], true);
    let mut sequencer = ground.role("sequencer", "moved", &SEQUENCER).unwrap();
    let head = &manifest["stores"]["chain"]["unsafeHead"];
    assert_eq!(hash_at(&mut sequencer, head["number"].as_u64().unwrap()), head["hash"]);
    for hash in &sent {
        assert_eq!(sequencer.receipt(*hash)["status"], "0x1", "everything acknowledged moved");
    }
    let last = sequencer.receipt(*sent.last().unwrap());
    let mut verifier = ground.role("verifier", "verifier", &[]).unwrap();
    assert_eq!(verifier.receipt(*sent.last().unwrap())["blockHash"], last["blockHash"]);

    // Indexes go when they are asked to, and come again.
    drop(sequencer);
    let pruned = told(ground.db(&[&["prune", "--indexes"], &place[..]].concat()));
    assert!(pruned["stores"][0]["indexBytes"].as_u64().unwrap() > 0, "{pruned}");
    let mut sequencer = ground.role("sequencer", "moved", &SEQUENCER).unwrap();
    assert_eq!(sequencer.receipt(*sent.last().unwrap())["blockHash"], last["blockHash"]);
}

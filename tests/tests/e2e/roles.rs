//! A rollup that somebody operates on an L1 of others: genesis, sequencer and verifier, each a process of its own.

use crate::node::Node;
use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;
use tributary_tests::{
    dev_process::built_binary,
    rpc::{Rpc, RpcError, number},
    wallet::{Signed, Wallet},
};

pub(crate) const CHAIN: u64 = 4242;

/// The phrase of anvil and Hardhat, whose accounts the embedded L1 funds.
const PHRASE: &str = "test test test test test test test test test test test junk";

/// A role that runs, killed when this is dropped.
pub(crate) struct Role {
    child: Child,
    pub(crate) url: String,
    /// Health and metrics.
    pub(crate) dashboard: String,
    pub(crate) rpc: Rpc,
}

impl Role {
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.rpc.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Waits for an answer other than nothing.
    pub(crate) fn wait(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        for _ in 0..1_200 {
            if done(self) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("never: {what}");
    }

    pub(crate) fn receipt(&mut self, hash: B256) -> Value {
        Self::receipt_of(&mut self.rpc, hash)
    }

    /// Waits for a node to have a transaction's receipt.
    pub(crate) fn receipt_of(rpc: &mut Rpc, hash: B256) -> Value {
        for _ in 0..1_200 {
            let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).unwrap_or_else(|error| panic!("a receipt: {error}"));
            if !receipt.is_null() {
                return receipt;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("never: a receipt of {hash}");
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The L1 of a development node, and a folder for a rollup on it.
pub(crate) struct Ground {
    pub(crate) node: Node,
    pub(crate) dir: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let (node, dir) = (Node::start_in_time(), tempfile::tempdir().unwrap());
        let config = Rpc::connect(&node.process.banner.l1_url).unwrap().call("debug_chainConfig", json!([])).unwrap();
        std::fs::write(dir.path().join("l1.json"), config.to_string()).unwrap();
        Self { node, dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The key of a funded account.
    pub(crate) fn key(&self, index: usize) -> &str {
        &self.node.process.banner.keys[index]
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(built_binary());
        command.args(arguments).args(["--l1-url", &self.node.process.banner.l1_url]).current_dir(self.dir.path());
        command.env("TRIBUTARY_MNEMONIC", PHRASE).stdin(Stdio::null());
        command
    }

    pub(crate) fn genesis(&self, more: &[&str]) -> Output {
        let [batcher, prover] = [7, 6].map(|index| Wallet::funded(index, CHAIN).address().to_string());
        let fund = format!("{}=1000", Wallet::funded(1, CHAIN).address());
        let chain = CHAIN.to_string();
        let arguments = ["genesis", "--out", "rollup", "--chain-id", &chain, "--block-time", "1", "--anchor", "latest", "--index", "9"];
        let operators = ["--batcher", &batcher, "--prover", &prover, "--fund", &fund, "--finality", "12", "--json"];
        self.command(&[&arguments, &operators[..], more].concat()).output().unwrap()
    }

    /// Starts a role; `None` with its words when it does not start.
    pub(crate) fn role(&self, name: &str, datadir: &str, more: &[&str]) -> Result<Role, String> {
        self.role_with(name, datadir, more, &[])
    }

    /// As [`Self::role`], with another key for its batcher.
    pub(crate) fn role_with_batcher(&self, batcher: &str, name: &str, datadir: &str, more: &[&str]) -> Result<Role, String> {
        self.role_with(name, datadir, more, &[("TRIBUTARY_BATCHER_KEY", batcher)])
    }

    /// The same with other keys, or none where one is empty.
    pub(crate) fn role_with(&self, name: &str, datadir: &str, more: &[&str], keys: &[(&str, &str)]) -> Result<Role, String> {
        let log = File::options().create(true).append(true).open(self.path(&format!("{datadir}.log"))).unwrap();
        let chain = if more.contains(&"--chain") { &[][..] } else { &["--chain", "rollup"][..] };
        let mut child = self
            .command(&[&[name, "--datadir", datadir, "--port", "0", "--dashboard-port", "0"], chain, more].concat())
            .args(["--l1-chain-config", "l1.json", "--l1-block-time", "2"])
            .env("TRIBUTARY_BATCHER_KEY", self.key(7))
            .env("TRIBUTARY_PROPOSER_KEY", self.key(8))
            .env("TRIBUTARY_PROVER_KEY", self.key(6))
            .envs(keys.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let urls: Vec<_> = line.split_whitespace().filter(|word| word.starts_with("http://")).map(str::to_owned).collect();
        match &urls[..] {
            [url, dashboard] => Ok(Role { rpc: Rpc::connect(url).unwrap(), url: url.clone(), dashboard: dashboard.clone(), child }),
            _ => {
                child.wait().unwrap();
                Err(std::fs::read_to_string(self.path(&format!("{datadir}.log"))).unwrap())
            }
        }
    }
}

pub(crate) fn told(output: Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn transfer(wallet: &mut Wallet, value: u64) -> Signed {
    let draft = alloy_consensus::TxEip1559 {
        to: alloy_primitives::TxKind::Call(Address::repeat_byte(0x77)),
        value: U256::from(value),
        gas_limit: 21_000,
        ..wallet.draft()
    };
    wallet.nonce += 1;
    wallet.sign(draft)
}

fn files(dir: &Path) -> Vec<Vec<u8>> {
    ["genesis.json", "rollup.json", "addresses.json"].map(|name| std::fs::read(dir.join(name)).unwrap()).to_vec()
}

#[test]
fn a_rollup_is_put_on_an_l1_sequenced_derived_and_survives_kills() {
    let ground = Ground::new();
    let dry = told(ground.genesis(&["--dry-run"]));
    assert!(dry["gas"].as_u64().unwrap() > 1_000_000 && !ground.path("rollup").exists(), "{dry}");
    let made = told(ground.genesis(&[]));
    assert_eq!((&made["chainId"], &made["contracts"]), (&json!(CHAIN), &dry["contracts"]));
    let again = ground.genesis(&[]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("holds a rollup's files already"));

    let mut verifier = ground.role("verifier", "alone", &[]).unwrap();
    let mut wallet = Wallet::funded(1, CHAIN);
    let refused = verifier.rpc.call("eth_sendRawTransaction", json!([transfer(&mut wallet, 1).json()])).unwrap_err();
    assert!(matches!(&refused, RpcError::Refused { code: -32005, .. }), "{refused:?}");
    wallet.nonce = 0;

    let mut sequencer = ground.role("sequencer", "sequencer", &["--origin-depth", "1", "--proposer-interval", "5"]).unwrap();
    assert_eq!(number(&sequencer.ask("eth_chainId", json!([]))), u128::from(CHAIN));
    assert_eq!(sequencer.ask("eth_getBlockByNumber", json!(["0x0", false]))["hash"], made["genesis"]);
    let first = transfer(&mut wallet, 1);
    sequencer.ask("eth_sendRawTransaction", json!([first.json()]));
    let receipt = sequencer.receipt(first.hash);
    assert_eq!(receipt["status"], "0x1");

    // Who knows L1 only comes to the same block; and what it is sent goes to the sequencer.
    assert_eq!(verifier.receipt(first.hash)["blockHash"], receipt["blockHash"]);
    let mut forwarding = ground.role("verifier", "forwarding", &["--sequencer-url", &sequencer.url]).unwrap();
    let second = transfer(&mut wallet, 2);
    forwarding.ask("eth_sendRawTransaction", json!([second.json()]));
    let nonce_too_low = forwarding.rpc.call("eth_sendRawTransaction", json!([first.json()])).unwrap_err().to_string();
    assert!(nonce_too_low.contains("nonce too low") || nonce_too_low.contains("already known"), "{nonce_too_low}");
    assert_eq!(forwarding.receipt(second.hash)["blockHash"], sequencer.receipt(second.hash)["blockHash"]);

    // Killed with something acknowledged, it has that again.
    let third = transfer(&mut wallet, 3);
    sequencer.ask("eth_sendRawTransaction", json!([third.json()]));
    drop(sequencer);
    let mut sequencer = ground.role("sequencer", "sequencer", &["--origin-depth", "1", "--proposer-interval", "5"]).unwrap();
    let hash = sequencer.receipt(third.hash)["blockHash"].clone();
    assert_eq!(verifier.receipt(third.hash)["blockHash"], hash);
    drop(verifier);
    let mut verifier = ground.role("verifier", "alone", &[]).unwrap();
    assert_eq!(verifier.receipt(third.hash)["blockHash"], hash);

    // Outputs of it come to L1.
    let outputs: Address = serde_json::from_value(made["contracts"]["outputs"].clone()).unwrap();
    let mut l1 = Rpc::connect(&ground.node.process.banner.l1_url).unwrap();
    let latest = alloy_primitives::hex::encode_prefixed(&alloy_primitives::keccak256("latestBlockNumber()")[..4]);
    sequencer.wait("an output on L1", |_| {
        let block = l1.call("eth_call", json!([{ "to": outputs, "input": latest }, "latest"])).unwrap();
        block.as_str().unwrap().parse::<U256>().unwrap() > U256::ZERO
    });

    // Directories and files stay with what they are of.
    let error = ground.role("verifier", "sequencer", &[]).err().unwrap();
    assert!(error.contains("is of a sequencer, not of a verifier"), "{error}");
    let before = files(&ground.path("rollup"));
    let rollup = String::from_utf8(before[1].clone()).unwrap().replace("\"block_time\": 1", "\"block_time\": 1, \"time_jumps\": true");
    std::fs::write(ground.path("rollup/rollup.json"), rollup).unwrap();
    let error = ground.role("verifier", "another", &[]).err().unwrap();
    assert!(error.contains("time_jumps is for development chains only"), "{error}");
}

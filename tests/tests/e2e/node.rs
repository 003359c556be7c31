//! A node of a test's own.

use serde_json::{Value, json};
use std::{path::Path, thread, time::Duration};
use tempfile::TempDir;
use tributary_tests::{
    dev_process::{DevProcess, built_binary},
    rpc::{Rpc, RpcError, number},
    wallet::{Signed, Wallet},
};

/// A running `tributary dev`, a connection to it, and the directory that goes with both.
pub(crate) struct Node {
    pub(crate) process: DevProcess,
    pub(crate) rpc: Rpc,
    /// The realtime endpoint.
    early: Rpc,
    directory: TempDir,
    /// How it was started, beside its directory.
    flags: &'static [&'static str],
}

impl Node {
    /// A fresh node.
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &[])
    }

    /// A fresh node with the rhythm of a production chain: what is executed stays in the open block until its time is over.
    pub(crate) fn start_in_time() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &["--interval"])
    }

    /// A fresh node whose blocks are as small as they may be.
    pub(crate) fn start_with_small_blocks() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &["--gas-limit", "30000000"])
    }

    /// A fresh node of somebody who has read nothing: its chains go with it.
    pub(crate) fn start_at_defaults() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), &[], &["--log", "warn"])
    }

    fn start_in(directory: TempDir, flags: &'static [&'static str]) -> Self {
        let datadir = directory.path().join("data");
        let all = [&["--datadir", datadir.to_str().unwrap(), "--log", "warn"], flags].concat();
        Self::start_with(directory, flags, &all)
    }

    fn start_with(directory: TempDir, flags: &'static [&'static str], all: &[&str]) -> Self {
        let process = DevProcess::start(&built_binary(), all, &directory.path().join("log")).unwrap();
        let rpc = Rpc::connect(&process.banner.l2_url).unwrap();
        let early = Rpc::connect(&process.banner.realtime_url).unwrap();
        Self { process, rpc, early, directory, flags }
    }

    /// `kill -9`, and another node on the same directory.
    pub(crate) fn kill_and_restart(self) -> Self {
        self.kill_and_restart_after(|_| {})
    }

    /// `kill -9`, something done to the data directory, and another node on it.
    pub(crate) fn kill_and_restart_after(self, done: impl FnOnce(&Path)) -> Self {
        self.process.kill();
        done(&self.directory.path().join("data"));
        Self::start_in(self.directory, self.flags)
    }

    /// What the node logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// The result of a method that must succeed.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.rpc
            .call(method, params)
            .unwrap_or_else(|error| panic!("{method}: {error}\n{}", std::fs::read_to_string(self.directory.path().join("log")).unwrap()))
    }

    /// The same on the realtime endpoint.
    pub(crate) fn ask_early(&mut self, method: &str, params: Value) -> Value {
        self.early.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}\n{}", self.log()))
    }

    /// A method's result that is a quantity.
    pub(crate) fn quantity(&mut self, method: &str, params: Value) -> u128 {
        number(&self.ask(method, params))
    }

    /// The number of the newest sealed block.
    pub(crate) fn head(&mut self) -> u128 {
        self.quantity("eth_blockNumber", json!([]))
    }

    /// Sends, and gives the receipt.
    pub(crate) fn include(&mut self, transaction: &Signed) -> Value {
        self.ask("eth_sendRawTransactionSync", json!([transaction.json()]))
    }

    /// Sends, and gives the receipt that there is before the block is sealed.
    pub(crate) fn include_early(&mut self, transaction: &Signed) -> Value {
        self.ask_early("eth_sendRawTransactionSync", json!([transaction.json()]))
    }

    /// Sends what the node must refuse; its error code and words.
    pub(crate) fn refuse(&mut self, transaction: &Signed) -> (i64, String) {
        match self.rpc.call("eth_sendRawTransaction", json!([transaction.json()])) {
            Err(RpcError::Refused { code, message, .. }) => (code, message),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// A funded account, ready to send.
    pub(crate) fn wallet(&mut self, index: u32) -> Wallet {
        let chain_id = self.quantity("eth_chainId", json!([])).try_into().unwrap();
        let mut wallet = Wallet::funded(index, chain_id);
        wallet.nonce = self.quantity("eth_getTransactionCount", json!([wallet.address(), "pending"])).try_into().unwrap();
        wallet
    }

    /// Waits until the answer to a question is yes. Ends the test when the answer is still no after two minutes.
    pub(crate) fn wait(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        for _ in 0..1200 {
            if done(self) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("never: {what}\n{}", self.log());
    }

    /// Waits until this block is sealed.
    pub(crate) fn wait_for_block(&mut self, number: u128) {
        self.wait(&format!("block {number}"), |node| node.head() >= number);
    }
}

/// A receipt without what is known only at the seal: the block's hash.
pub(crate) fn without_hash(mut receipt: Value) -> Value {
    let logs = receipt["logs"].as_array_mut().unwrap().iter_mut();
    logs.for_each(|log| drop(log["blockHash"].take()));
    receipt["blockHash"].take();
    receipt
}

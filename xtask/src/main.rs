//! Chores of the repository: `cargo xtask help` lists them.
#![expect(clippy::disallowed_macros, reason = "a program for people at a terminal")]

mod bench;
mod checks;
mod contracts;
mod corpus;
mod coverage;
#[path = "../../tests/src/dev_process.rs"]
#[allow(unreachable_pub, dead_code, reason = "the same file is part of the tests' library, where all of it is used")]
mod dev_process;
mod dirs;
mod error;
mod npm;
mod pip;
mod predeploys;
mod preinstalls;
mod quality;
mod slither;
#[cfg(test)]
mod sources;
mod test;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{dirs::Dirs, error::Error};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Chores of the Tributary repository")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install the contracts' npm packages (forge, anvil, cast, solc, libraries) into the build folder.
    Npm,
    /// Rebuild contracts/artifacts from the Solidity sources.
    Contracts {
        /// Change nothing; fail when the committed artifacts differ from what the sources give.
        #[arg(long)]
        check: bool,
        /// Run the contracts' own tests (forge test) instead.
        #[arg(long, conflicts_with = "check")]
        test: bool,
        /// Rewrite contracts/.gas-snapshot, what each test costs, instead; with --check, fail when it is another.
        #[arg(long, conflicts_with = "test")]
        gas: bool,
        /// Print how many lines and branches the tests reach instead; fail below 95 of a hundred.
        #[arg(long, conflicts_with_all = ["check", "test", "gas"])]
        coverage: bool,
        /// Run Slither instead, and fail unless contracts/slither answers all that it finds.
        #[arg(long, conflicts_with_all = ["check", "test", "gas", "coverage"])]
        slither: bool,
        /// More arguments for forge test, after `--`.
        #[arg(last = true, requires = "test")]
        forge: Vec<String>,
    },
    /// Measure throughput, latency and bytes on L1, beside anvil. Takes some minutes; nothing else should run meanwhile.
    Bench {
        #[command(subcommand)]
        of: Option<bench::Of>,
    },
    /// Collect text for `bench attribution` and `quality` in the build folder: documentation from Debian's packages, fetched with apt-get.
    Corpus {
        /// Collect what these folders hold instead.
        #[arg(long, value_name = "FOLDER", num_args = 1..)]
        from: Vec<PathBuf>,
    },
    /// Print how well traces find whose words a text is made of, in five languages, and the score of the digits case. Fetches what `corpus` does.
    Quality {
        /// More arguments for the program, after `--`; `-- --help` lists them.
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// Run every test there is; the last line is `N passed, N failed, N skipped`.
    Test {
        /// Run only these steps.
        #[arg(long, value_name = "STEP", num_args = 1.., value_parser = test::names())]
        only: Vec<String>,
        /// Show the steps and run none.
        #[arg(long, conflicts_with = "only")]
        list: bool,
    },
    /// Run what takes longer than `test` may: tests of minutes each, and the random ones with many more cases. Takes about an hour.
    Soak,
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Error> {
    let dirs = Dirs::locate();
    match command {
        Command::Npm => npm::install(&dirs.contracts(), &dirs.npm())?,
        Command::Contracts { test: true, forge, .. } => contracts::test(&dirs, &forge)?,
        Command::Contracts { gas: true, check, .. } => checks::gas(&dirs, check)?,
        Command::Contracts { coverage: true, .. } => print!("{}", coverage::coverage(&dirs)?),
        Command::Contracts { slither: true, .. } => println!("{} findings, each answered", slither::slither(&dirs)?),
        Command::Contracts { check: true, .. } => contracts::check(&dirs)?,
        Command::Contracts { .. } => {
            let written = contracts::write(&dirs)?;
            println!("{written} artifacts in {}", dirs.artifacts().display());
        }
        Command::Bench { of: None } => bench::bench(&dirs)?,
        Command::Bench { of: Some(bench::Of::Attribution(arguments)) } => bench::attribution(&dirs, &arguments)?,
        Command::Quality { more } => quality::quality(&dirs, &more)?,
        Command::Corpus { from } => corpus::corpus(&dirs, &from)?,
        Command::Test { list: true, .. } => test::list(),
        Command::Test { only, .. } if !test::run(&dirs, &only) => return Ok(ExitCode::FAILURE),
        Command::Soak if !test::soak(&dirs) => return Ok(ExitCode::FAILURE),
        Command::Test { .. } | Command::Soak => {}
    }
    Ok(ExitCode::SUCCESS)
}

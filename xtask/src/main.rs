//! Chores of the repository: `cargo xtask help` lists them.
#![expect(clippy::disallowed_macros, reason = "a program for people at a terminal")]

mod contracts;
mod dirs;
mod error;
mod npm;
mod predeploys;

use std::process::ExitCode;

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
        /// More arguments for forge test, after `--`.
        #[arg(last = true, requires = "test")]
        forge: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    let dirs = Dirs::locate();
    match command {
        Command::Npm => npm::install(&dirs.contracts(), &dirs.npm()),
        Command::Contracts { test: true, forge, .. } => contracts::test(&dirs, &forge),
        Command::Contracts { check: true, .. } => contracts::check(&dirs),
        Command::Contracts { .. } => {
            let written = contracts::write(&dirs)?;
            println!("{written} artifacts in {}", dirs.artifacts().display());
            Ok(())
        }
    }
}

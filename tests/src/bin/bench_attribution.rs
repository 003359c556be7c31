//! `bench_attribution [--corpus FOLDER]`: what attribution costs, in gas and in time. `cargo xtask bench attribution` calls it.

#![allow(clippy::disallowed_macros, reason = "a program prints")]

use clap::{Parser, ValueEnum};
use std::{path::PathBuf, process::ExitCode};
use tributary_tests::attribution::{Error, Table, alternatives, corpus, prices, targets};

/// Measures every function of the attribution precompiles beside ecrecover, and what ATTRIBUTION.md sets as targets.
#[derive(Debug, Parser)]
struct Arguments {
    /// Text to measure with, as `cargo xtask corpus` collects it.
    #[arg(long, value_name = "FOLDER")]
    corpus: PathBuf,
    /// Only these parts.
    #[arg(long, value_name = "PART", num_args = 1..)]
    parts: Vec<Part>,
    /// Only rows of the table of prices whose function or case holds this.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// forge's output for `contracts/bench`. Without it nothing is compared with Solidity.
    #[arg(long, value_name = "FILE")]
    solidity: Option<PathBuf>,
    /// An interpreter with the packages of `tests/bench`, and the program there. Without them nothing is compared with other people's tools.
    #[arg(long, value_name = "FILE", num_args = 2)]
    python: Vec<PathBuf>,
    /// Most megabytes of text in a set.
    #[arg(long, value_name = "MB", default_value_t = 100)]
    megabytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Gas and time of every function.
    Prices,
    /// Scans of a million rows.
    Scans,
    /// Sets of 1, 10 and 100 MB of text.
    Texts,
    /// The same in Solidity.
    Solidity,
    /// The same with other people's tools.
    Python,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench attribution: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let wants = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    if wants(Part::Prices) {
        let mut table = Table::new(arguments.only.clone());
        prices(&mut table)?;
        println!("{}", table.summary());
    }
    if wants(Part::Scans) {
        targets::scans()?;
    }
    if let Some(compiled) = arguments.solidity.as_deref().filter(|_| wants(Part::Solidity)) {
        alternatives::solidity(compiled)?;
    }
    if let [interpreter, script] = &arguments.python[..]
        && wants(Part::Python)
    {
        alternatives::python(interpreter, script, &corpus::read(&arguments.corpus)?)?;
    }
    if wants(Part::Texts) {
        targets::texts(&corpus::read(&arguments.corpus)?, arguments.megabytes)?;
    }
    Ok(())
}

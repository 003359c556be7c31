//! `conformance SUITE [PATH…]`: runs Ethereum's own tests and says what failed and why.

#![allow(clippy::disallowed_macros, reason = "a program prints")]

use clap::Parser;
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};
use tributary_tests::conformance::{Data, Progress, Suite, run};

/// Runs Ethereum's own tests through the node's executor, trie and storage.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which tests.
    #[arg(value_parser = Suite::ALL.map(|(name, _)| name))]
    suite: String,
    /// Files or folders; the shared data when there are none.
    paths: Vec<PathBuf>,
    /// Also writes the failures to this file, one line each.
    #[arg(long, value_name = "FILE")]
    failures: Option<PathBuf>,
    /// Runs only the cases whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
}

fn main() -> ExitCode {
    match conform(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn conform(arguments: Arguments) -> Result<ExitCode, std::io::Error> {
    let suite = Suite::named(&arguments.suite).expect("invariant: the parser admits only names of suites");
    let mut paths = arguments.paths;
    if paths.is_empty() {
        let Some(data) = Data::find() else {
            println!("skipped: no conformance tests in TRIBUTARY_SHARED or ../shared, and no PATH");
            return Ok(ExitCode::SUCCESS);
        };
        paths.push(data.folder(suite)?);
    }
    let report = run(suite, &paths, &arguments.filter, &show)?;
    println!("{report}");
    if let Some(file) = arguments.failures {
        std::fs::write(file, report.failures())?;
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line that is written over on a terminal; otherwise a line for every tenth of the files.
fn show(Progress { done, files }: Progress) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{done}/{files} files{}", if done == files { "\n" } else { "" });
    } else if done * 10 / files != (done - 1) * 10 / files {
        eprintln!("{done}/{files} files");
    }
}

//! `corpus --into FOLDER FOLDER…`: collects the documentation in folders as text to measure with. `cargo xtask corpus` calls it.

#![allow(clippy::disallowed_macros, reason = "a program prints")]

use clap::Parser;
use std::{path::PathBuf, process::ExitCode};
use tributary_tests::attribution::corpus;

/// Collects plain text, Markdown, reStructuredText, HTML, manual pages and message catalogues.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the documents go; what is there is dropped.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Where they are looked for.
    #[arg(required = true, value_name = "FOLDER")]
    from: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { into, from } = Arguments::parse();
    let collected = corpus::collect(&from).and_then(|documents| corpus::write(&into, &documents).map(|()| documents));
    match collected {
        Ok(documents) => {
            let bytes: usize = documents.iter().map(String::len).sum();
            println!("{} documents, {} MB in {}", documents.len(), bytes / 1_000_000, into.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("corpus: {error}");
            ExitCode::FAILURE
        }
    }
}

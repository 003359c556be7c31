//! `quality --tree FOLDER [--digits FOLDER]`: how well traces find whose words a text is made of. `cargo xtask quality` calls it.

#![allow(clippy::disallowed_macros, reason = "a program prints")]

use clap::Parser;
use std::{path::PathBuf, process::ExitCode};
use tributary_tests::attribution::{
    Error,
    quality::{LANGUAGES, Language, digits, quality},
};

/// Prints recall of planted passages, and who is paid for copies, in five languages; and the score of the digits case.
#[derive(Debug, Parser)]
struct Arguments {
    /// Debian's packages of `cargo xtask corpus`, unpacked.
    #[arg(long, value_name = "FOLDER")]
    tree: PathBuf,
    /// The digits case: sketches and retrained subsets. Without it that score is left out.
    #[arg(long, value_name = "FOLDER")]
    digits: Option<PathBuf>,
    /// Only these languages.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    languages: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quality: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let wanted = |language: &&Language| arguments.languages.is_empty() || arguments.languages.iter().any(|name| name == language.name);
    let languages: Vec<&Language> = LANGUAGES.iter().filter(wanted).collect();
    match &arguments.digits {
        Some(folder) => {
            println!("\n| sketches of the digits case, through the precompile | LDS, in ten-thousandths |\n|---|--:|");
            for dim in [256, 128] {
                println!("| d = {dim} | {} |", digits(folder, dim)?);
            }
        }
        None => println!("The digits case is left out: no folder was named."),
    }
    println!("{}", quality(&arguments.tree, &languages, &|what| eprintln!("{what} …"))?);
    Ok(())
}

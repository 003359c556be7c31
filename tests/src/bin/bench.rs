//! `bench --tributary FILE --anvil FILE`: how fast the node is, beside anvil on the same machine. `cargo xtask bench` calls it.

#![allow(clippy::disallowed_macros, reason = "a program prints")]

use clap::Parser;
use std::{path::PathBuf, process::ExitCode};
use tributary_tests::bench::{Contender, measure, render, render_sequential, sequential};

/// Measures throughput and latency through JSON-RPC, and bytes on L1.
#[derive(Debug, Parser)]
struct Arguments {
    /// The node's binary.
    #[arg(long, value_name = "FILE")]
    tributary: PathBuf,
    /// anvil's binary.
    #[arg(long, value_name = "FILE")]
    anvil: PathBuf,
    /// tests/clients/sequential.mjs beside its packages. Without it nothing is sent one after the other.
    #[arg(long, value_name = "FILE")]
    sequential: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { tributary, anvil, sequential: script } = Arguments::parse();
    let contenders = [Contender::Tributary(tributary), Contender::Anvil(anvil)];
    let tell = |what: &str| eprintln!("{what} …");
    let one_by_one = script.map_or(Ok(Vec::new()), |script| sequential(&contenders, &script, &tell));
    let figures = one_by_one.and_then(|taken| {
        println!("{}", render_sequential(&taken));
        measure(&contenders, &tell)
    });
    match figures.map(<[_; 2]>::try_from) {
        Ok(Ok(figures)) => {
            println!("{}", render(&figures));
            ExitCode::SUCCESS
        }
        Ok(Err(_)) => unreachable!("two contenders have two figures"),
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

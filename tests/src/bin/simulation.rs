//! `simulation`: the economy with many who take part, some of whom cheat, under several policies.

#![allow(clippy::disallowed_macros, reason = "a program prints")]

use clap::Parser;
use std::process::ExitCode;
use tributary_tests::simulation::simulate;

const EXAMPLES: &str = "\
Examples:
  simulation                                   1,000 agents, 10,000 requests
  simulation --agents 60 --requests 200        a small one, in seconds
  simulation --seed 2 --json > two.json        others, for a program; money in wei

The exit code is 1 when money is missing, or somebody earned what nobody may.";

/// Prints who earned what under which policy: honest contributors, copycats, sybils, validators who do not look, operators who lie. Every policy has a chain
/// of its own in this process, with the contracts and precompiles of genesis, and the same people do the same on it.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
struct Arguments {
    /// How many take part. Some of each kind do, so that there are 36 at least.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(36..))]
    agents: u32,
    /// How many answers are asked for, under all policies together. Each has the same number of whole sessions, six at least.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// Decides who writes, quotes and asks what.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (agents, requests) = (arguments.agents as usize, arguments.requests as usize);
    let report = match simulate(agents, requests, arguments.seed, &|what| eprintln!("{what}")) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("simulation: {error}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_else(|error| error.to_string()));
    } else {
        println!("{report}");
    }
    if report.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

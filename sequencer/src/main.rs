//! `tributary`: one binary, one command per file. Arguments are facts; each command turns its own into a typed configuration.

mod attribute;
mod caller;
mod chain;
mod cli;
mod config;
mod datanet;
mod db;
mod demo;
mod dev;
mod dispute;
mod error;
mod files;
mod gov;
mod import;
mod infer;
mod jury;
mod kept;
mod logging;
mod model;
mod outputs;
mod passages;
mod report;
mod reverts;
mod rewards;
mod roles;
mod secret;
mod serve;
mod shutdown;
mod stake;
mod terminal;
mod verify;
mod wallet;

use clap::Parser;
use std::{process::ExitCode, time::Duration};

fn main() -> ExitCode {
    // This process may be here to run one client's script and nothing else.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == tributary_node::SCRIPT_HOST) {
        return tributary_node::run_script_host();
    }
    let arguments = match roles::with_config_file(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(error) => return fail(&error),
    };
    let command = cli::Arguments::parse_from(arguments).command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error::Error::Runtime(error)),
    };
    let done = runtime.block_on(async {
        match command {
            cli::Command::Dev(arguments) => dev::run(arguments).await,
            cli::Command::Demo(arguments) => demo::run(arguments).await,
            cli::Command::Datanet(arguments) => datanet::run(arguments).await,
            cli::Command::Model(arguments) => model::run(arguments).await,
            cli::Command::Infer(arguments) => infer::run(arguments).await,
            cli::Command::Verify(arguments) => verify::run(arguments).await,
            cli::Command::Rewards(arguments) => rewards::run(arguments).await,
            cli::Command::Stake(arguments) => stake::run(arguments).await,
            cli::Command::Jury(arguments) => jury::run(arguments).await,
            cli::Command::Dispute(arguments) => dispute::run(arguments).await,
            cli::Command::Gov(arguments) => gov::run(arguments).await,
            cli::Command::Attribute(arguments) => attribute::run(arguments).await,
            cli::Command::Import(arguments) => import::run(arguments),
            cli::Command::Serve(arguments) => serve::run(arguments).await,
            cli::Command::Genesis(arguments) => roles::genesis(*arguments).await,
            cli::Command::Sequencer(arguments) => roles::sequencer(*arguments).await,
            cli::Command::Db(arguments) => db::run(arguments).await,
            cli::Command::Config(arguments) => config::run(arguments).await,
            cli::Command::Verifier(arguments) => roles::verifier(*arguments).await,
            cli::Command::Replica(arguments) => roles::replica(*arguments).await,
            cli::Command::Prover(arguments) => roles::prover(*arguments).await,
            cli::Command::Recover(arguments) => roles::recover(*arguments).await,
        }
    });
    // Whatever still runs in the background has nothing left to save: what was acknowledged is on disk.
    runtime.shutdown_timeout(Duration::from_millis(100));
    done.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

fn fail(error: &error::Error) -> ExitCode {
    // Whoever wants JSON reads both streams with a program.
    if std::env::args_os().any(|argument| argument == "--json") {
        terminal::complain(&serde_json::json!({ "error": error.to_string() }).to_string());
    } else {
        terminal::complain(&format!("tributary: {error}"));
    }
    ExitCode::FAILURE
}

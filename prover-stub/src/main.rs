//! `prover-stub`: re-executes a witness file and prints the result, signed when there is a key.

use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use clap::Parser;
use serde::Serialize;
use std::{
    fmt::Display,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use tributary_execution::Executor;
use tributary_primitives::{ChainSpec, RollupConfig};
use tributary_prover_stub::{Attestation, RangeOutput, RangeWitness, attest, prove};

/// Re-execute a range of blocks from its witness alone and print the result as JSON.
///
/// Example: TRIBUTARY_PROVER_KEY=0x… prover-stub --rollup rollup.json --l1-head 0x… range.witness
#[derive(Debug, Parser)]
#[command(name = "prover-stub", version)]
struct Arguments {
    /// The witness file.
    witness: PathBuf,
    /// The rollup's configuration (rollup.json).
    #[arg(long, value_name = "FILE")]
    rollup: PathBuf,
    /// Hash of the L1 block up to which the range was derived; needed to sign.
    #[arg(long, value_name = "HASH", requires = "key")]
    l1_head: Option<B256>,
    /// The prover's private key, 32 bytes in hex. Give it in the environment; arguments are visible to every user of the machine.
    #[arg(long, env = "TRIBUTARY_PROVER_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<PrivateKeySigner>,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Report {
    output: RangeOutput,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<Attestation>,
}

fn main() -> ExitCode {
    let printed = run(&Arguments::parse()).and_then(|report| {
        let json = serde_json::to_string_pretty(&report).expect("invariant: a report is representable in JSON");
        writeln!(std::io::stdout(), "{json}").map_err(|error| error.to_string())
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nothing is left to be done when stderr is closed too.
            let _ = writeln!(std::io::stderr(), "prover-stub: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report, String> {
    let rollup: RollupConfig = serde_json::from_slice(&read(&arguments.rollup)?).map_err(|error| in_file(&arguments.rollup, error))?;
    let witness = RangeWitness::decode(&read(&arguments.witness)?).map_err(|error| in_file(&arguments.witness, error))?;
    let output = prove(&Executor::new(rules(&rollup)), &witness).map_err(|error| in_file(&arguments.witness, error))?;
    let attestation = match (arguments.l1_head, &arguments.key) {
        (Some(l1_head), Some(key)) => Some(attest(&output, l1_head, key).map_err(|error| error.to_string())?),
        _ => None,
    };
    Ok(Report { output, attestation })
}

/// The chain's rules. Execution asks its genesis for the chain id only; the state comes from the witness.
fn rules(rollup: &RollupConfig) -> Arc<ChainSpec> {
    let config = ChainConfig { chain_id: rollup.l2_chain_id, ..Default::default() };
    let spec = ChainSpec::rollup(Genesis { config, ..Default::default() }, rollup.default_eip1559());
    Arc::new(if rollup.is_jovian() { spec.with_jovian() } else { spec })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| in_file(path, error))
}

fn in_file(path: &Path, error: impl Display) -> String {
    format!("{}: {error}", path.display())
}

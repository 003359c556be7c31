//! The program `prover-stub`, from its arguments to its exit code.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part of the chain")]
mod chain;

use alloy_primitives::{Address, B64, B256};
use chain::{CHAIN_ID, Chain};
use serde_json::Value;
use std::{path::Path, process::Output};
use tributary_execution::Executor;
use tributary_primitives::{
    RollupConfig, SystemConfig,
    rollup::{CHANNEL_TIMEOUT, ChainOpConfig, MAX_SEQUENCER_DRIFT, RollupForks, RollupGenesis},
};
use tributary_prover_stub::{Attestation, RangeOutput, RangeWitness, attest, prove};

const KEY: &str = "0x0707070707070707070707070707070707070707070707070707070707070707";

fn rollup() -> RollupConfig {
    let system_config = SystemConfig {
        batcher_addr: Address::ZERO,
        scalar: B256::ZERO,
        overhead: B256::ZERO,
        gas_limit: 30_000_000,
        eip1559_params: B64::ZERO,
        operator_fee_params: B256::ZERO,
        min_base_fee: 0,
        da_footprint_gas_scalar: 0,
    };
    RollupConfig {
        genesis: RollupGenesis { l1: Default::default(), l2: Default::default(), l2_time: 0, system_config },
        block_time: 1,
        max_sequencer_drift: MAX_SEQUENCER_DRIFT,
        seq_window_size: 3600,
        channel_timeout: CHANNEL_TIMEOUT,
        l1_chain_id: 900,
        l2_chain_id: CHAIN_ID,
        forks: RollupForks::JOVIAN,
        batch_inbox_address: Address::ZERO,
        deposit_contract_address: Address::ZERO,
        l1_system_config_address: Address::ZERO,
        chain_op_config: ChainOpConfig { eip1559_elasticity: 6, eip1559_denominator: 250, eip1559_denominator_canyon: 250 },
        time_jumps: false,
    }
}

fn witness() -> (Chain, RangeWitness) {
    let mut chain = Chain::new();
    let start = chain.head.clone();
    let payment = chain.payment(Address::repeat_byte(1), 7);
    let blocks = vec![chain.advance(vec![payment]), chain.advance(Vec::new())];
    (chain, RangeWitness { start, blocks })
}

/// Runs the program on a witness file in `dir`.
fn run(dir: &Path, witness: &[u8], arguments: &[&str]) -> Output {
    std::fs::write(dir.join("rollup.json"), serde_json::to_vec(&rollup()).unwrap()).unwrap();
    std::fs::write(dir.join("range.witness"), witness).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_prover-stub"));
    command.current_dir(dir).args(["--rollup", "rollup.json", "range.witness"]).args(arguments);
    command.env("TRIBUTARY_PROVER_KEY", KEY).output().unwrap()
}

#[test]
fn the_program_prints_the_attested_result() {
    let dir = tempfile::tempdir().unwrap();
    let (chain, witness) = witness();
    let l1_head = B256::repeat_byte(4);
    let done = run(dir.path(), &witness.encode(), &["--l1-head", &l1_head.to_string()]);
    assert!(done.status.success(), "{done:?}");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let output: RangeOutput = serde_json::from_value(report["output"].clone()).unwrap();
    assert_eq!(output, prove(&Executor::new(chain.spec.clone()), &witness).unwrap());
    let attestation: Attestation = serde_json::from_value(report["attestation"].clone()).unwrap();
    assert_eq!(attestation, attest(&output, l1_head, &KEY.parse().unwrap()).unwrap());
}

#[test]
fn without_an_l1_head_nothing_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &witness().1.encode(), &[]);
    assert!(done.status.success(), "{done:?}");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(report.get("attestation").is_none());
}

#[test]
fn a_bad_witness_is_one_line_and_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut witness) = witness();
    witness.blocks[0].state.nodes.remove(0);
    let done = run(dir.path(), &witness.encode(), &[]);
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stdout.is_empty());
    let reason = String::from_utf8(done.stderr).unwrap();
    assert!(reason.starts_with("prover-stub: range.witness: block 1: ") && reason.contains("missing trie node"), "{reason}");
    assert_eq!(reason.lines().count(), 1);
}

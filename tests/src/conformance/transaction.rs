//! TransactionTests: bytes that are a valid transaction in some forks and not in others.

use super::{Case, Failure, fork};
use alloy_eips::eip2718::Decodable2718;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, Bytes, U64};
use serde::Deserialize;
use std::collections::BTreeMap;
use tributary_execution::recover_sender;
use tributary_pool::{NextBlock, RecoveredTx, TxPolicy, intrinsic_gas, validate};
use tributary_primitives::{ChainSpec, Transaction};

#[derive(Debug, Deserialize)]
struct TransactionTest {
    txbytes: Bytes,
    result: BTreeMap<String, Expected>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    hash: Option<B256>,
    sender: Option<Address>,
    intrinsic_gas: Option<U64>,
    exception: Option<String>,
}

pub(super) fn cases(json: &str, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Vec<Case>> {
    let tests: BTreeMap<String, TransactionTest> = serde_json::from_str(json)?;
    let mut cases = Vec::new();
    for (name, test) in &tests {
        for (network, expected) in &test.result {
            let case = format!("{name}/{network}");
            if wanted(&case) {
                cases.push((case, run(&test.txbytes, network, expected)));
            }
        }
    }
    Ok(cases)
}

fn run(encoded: &Bytes, network: &str, expected: &Expected) -> Result<(), Failure> {
    let spec = ChainSpec::ethereum(Genesis { config: fork::chain_config(network, |_| 0)?, ..Default::default() });
    match (accept(encoded, &spec), &expected.exception) {
        (Err(_), Some(_)) => Ok(()),
        (Ok(_), Some(exception)) => Err(Failure::new(format!("accepted, though it should be refused for {exception}"))),
        (Err(reason), None) => Err(Failure::new(format!("refused: {reason}"))),
        (Ok((tx, gas)), None) => {
            Failure::unless_equal("hash", Some(tx.hash), expected.hash)?;
            Failure::unless_equal("sender", Some(tx.sender), expected.sender)?;
            Failure::unless_equal("intrinsic gas", Some(gas), expected.intrinsic_gas.map(|gas| gas.to()))
        }
    }
}

/// Decodes and validates a transaction for a block in which every fork of `spec` is active; gives it with its intrinsic gas.
fn accept(encoded: &Bytes, spec: &ChainSpec) -> Result<(RecoveredTx, u64), Failure> {
    let block = NextBlock { number: 1, timestamp: 1, gas_limit: u64::MAX };
    let tx = Transaction::decode_2718_exact(encoded)?;
    let sender = recover_sender(spec, block.number, block.timestamp, &tx)?;
    let gas = intrinsic_gas(&tx, |fork| spec.is_active(fork, block.number, block.timestamp));
    let tx = RecoveredTx::new(tx, sender);
    let policy = TxPolicy { max_bytes: usize::MAX, allow_unprotected: true, ..Default::default() };
    validate(&tx, spec, &block, &policy)?;
    Ok((tx, gas))
}

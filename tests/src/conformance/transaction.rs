//! TransactionTests: bytes that are a valid transaction in some forks and not in others.
//!
//! There are two ways into the node, in a block and from a user; both must say the same.

use super::{Case, Failure, fork};
use alloy_consensus::Transaction as _;
use alloy_eips::eip2718::Decodable2718;
use alloy_genesis::Genesis;
use alloy_hardforks::EthereumHardfork as Fork;
use alloy_primitives::{Address, B256, Bytes, U64, U256, U512};
use serde::Deserialize;
use std::collections::BTreeMap;
use tributary_execution::recover_sender;
use tributary_pool::{NextBlock, RecoveredTx, TxPolicy, intrinsic_gas, validate};
use tributary_primitives::{ChainSpec, Transaction, Unpayable};

/// The block for which a transaction is validated; all forks of a test are active in it.
const NEXT_BLOCK: NextBlock = NextBlock { number: 1, timestamp: 1, gas_limit: u64::MAX };

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
    judge(accept(&spec, encoded, || in_block(encoded, &spec)), expected)?;
    // From users the node takes only what has been valid since Spurious Dragon: a low `s`, and a chain id that counts.
    if spec.is_active(Fork::SpuriousDragon, NEXT_BLOCK.number, NEXT_BLOCK.timestamp) {
        judge(accept(&spec, encoded, || Ok(RecoveredTx::decode(encoded)?)), expected)
            .map_err(|reason| Failure::new(format!("from a user: {reason}")))?;
    }
    Ok(())
}

fn judge(accepted: Result<(RecoveredTx, u64), Failure>, expected: &Expected) -> Result<(), Failure> {
    match (accepted, &expected.exception) {
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

/// Decodes a transaction as one of a block.
fn in_block(encoded: &Bytes, spec: &ChainSpec) -> Result<RecoveredTx, Failure> {
    let tx = Transaction::decode_2718_exact(encoded)?;
    let sender = recover_sender(spec, NEXT_BLOCK.number, NEXT_BLOCK.timestamp, &tx)?;
    Ok(RecoveredTx::new(tx, sender))
}

/// A transaction that only its price keeps from being decoded. Ethereum has it for valid as long as its cost is a number of 256 bits.
fn unpayable(encoded: &Bytes, spec: &ChainSpec) -> Option<RecoveredTx> {
    let tx = Unpayable::decode(encoded)?;
    let protected = matches!(tx.tx, Transaction::Legacy(_)) && tx.tx.chain_id().is_some();
    let replayable = !spec.is_active(Fork::SpuriousDragon, NEXT_BLOCK.number, NEXT_BLOCK.timestamp);
    let refused = protected && replayable || tx.cost() > U512::from(U256::MAX);
    (!refused).then(|| RecoveredTx::saturated(tx, encoded.clone()))
}

/// Validates a transaction for a block in which every fork of `spec` is active; gives it with its intrinsic gas.
fn accept(spec: &ChainSpec, encoded: &Bytes, decode: impl FnOnce() -> Result<RecoveredTx, Failure>) -> Result<(RecoveredTx, u64), Failure> {
    let tx = decode().or_else(|reason| unpayable(encoded, spec).ok_or(reason))?;
    let gas = intrinsic_gas(&tx.tx, |fork| spec.is_active(fork, NEXT_BLOCK.number, NEXT_BLOCK.timestamp));
    let policy = TxPolicy { max_bytes: usize::MAX, max_gas: u64::MAX, allow_unprotected: true, ..Default::default() };
    validate(&tx, spec, &NEXT_BLOCK, &policy)?;
    Ok((tx, gas))
}

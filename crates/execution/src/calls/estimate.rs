//! `eth_estimateGas`: the smallest gas limit with which a transaction succeeds, found as geth finds it.

use super::{
    abort::Abort,
    call::{Simulation, run},
    refusal::{Refusal, Stop, Stopped},
    state::State,
};
use crate::{
    error::Error,
    machine::Machine,
    traces::record::{Observer, words::of_halt},
};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::context::{
    TxEnv,
    result::{ExecutionResult, HaltReason},
};

/// Gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;
/// Gas that a call with value passes on top.
const CALL_STIPEND: u64 = 2_300;
/// Most gas of a transaction since Osaka (EIP-7825).
const MAX_TRANSACTION_GAS: u64 = 1 << 24;
/// Gas of one blob (EIP-4844).
const GAS_PER_BLOB: u64 = 1 << 17;
/// The search stops once it knows the answer up to this many thousandths; always upwards.
const TOLERANCE: u128 = 15;

/// What an estimate found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Estimate {
    /// This gas limit suffices.
    Gas(u64),
    /// The call reverts with this data, whatever the limit.
    Reverted(Bytes),
    /// There is no such limit, in geth's words ("gas required exceeds allowance (…)").
    Impossible(String),
}

/// How one attempt went.
enum Attempt {
    Succeeded {
        used: u64,
        peak: u64,
    },
    /// Failed for want of gas, or in a way that more gas might cure.
    Starved,
    Reverted(Bytes),
    Halted(String),
}

impl Simulation {
    /// Searches for the smallest sufficient gas limit.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn estimate_gas(&self, request: &TransactionRequest, abort: &Abort) -> Result<Estimate, Error> {
        match self.search(request, abort) {
            Ok(estimate) => Ok(estimate),
            Err(Stop::Refused(words)) => Ok(Estimate::Impossible(words)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn search(&self, request: &TransactionRequest, abort: &Abort) -> Result<Estimate, Stop> {
        let (mut machine, env) = self.machine(request, Observer::ending(abort.clone()))?;
        let mut high = self.ceiling(request, &mut machine, &env)?;
        if is_transfer(&mut machine, &env)?
            && let Ok(Attempt::Succeeded { .. }) = attempt(&mut machine, &env, TRANSFER_GAS)
        {
            return Ok(Estimate::Gas(TRANSFER_GAS));
        }
        let (used, peak) = match attempt(&mut machine, &env, high)? {
            Attempt::Succeeded { used, peak } => (used, peak),
            Attempt::Starved => return Ok(Estimate::Impossible(format!("gas required exceeds allowance ({high})"))),
            Attempt::Reverted(data) => return Ok(Estimate::Reverted(data)),
            Attempt::Halted(words) => return Ok(Estimate::Impossible(words)),
        };
        let mut low = used.saturating_sub(1);
        // A call keeps back 1/64 of its gas at each depth: what was used at the peak, plus that, is likely right at once.
        let likely = peak.saturating_add(CALL_STIPEND).saturating_mul(64) / 63;
        if likely < high {
            bisect(&mut machine, &env, likely, &mut low, &mut high)?;
        }
        while low + 1 < high && u128::from(high - low) * 1000 >= u128::from(high) * TOLERANCE {
            // Most transactions need little more than they used, so that the search leans to the low side.
            let middle = (low + (high - low) / 2).min(low.saturating_mul(2).max(1));
            bisect(&mut machine, &env, middle, &mut low, &mut high)?;
        }
        Ok(Estimate::Gas(high))
    }

    /// The highest limit worth trying: the block's or the request's, bounded by what the sender can pay and by the node's cap.
    fn ceiling(&self, request: &TransactionRequest, machine: &mut Machine<State, Observer>, env: &TxEnv) -> Result<u64, Stop> {
        let mut high = request.gas.filter(|gas| *gas >= TRANSFER_GAS).unwrap_or(machine.block_env().gas_limit);
        if env.gas_price != 0 {
            let balance = machine.state_mut().account_now(env.caller)?.unwrap_or_default().balance;
            if env.value > U256::ZERO && env.value >= balance {
                return Err(Stop::Refused("insufficient funds for transfer".into()));
            }
            let blobs = U256::from(env.blob_hashes.len() as u64 * GAS_PER_BLOB).saturating_mul(U256::from(env.max_fee_per_blob_gas));
            let available = balance - env.value;
            if blobs > U256::ZERO && blobs >= available {
                return Err(Stop::Refused("insufficient funds for gas * price + value".into()));
            }
            let allowance: U256 = (available - blobs) / U256::from(env.gas_price);
            high = high.min(allowance.saturating_to());
        }
        // A transaction cannot ask for more, though a call can.
        let osaka = self.executor.spec().is_active(EthereumHardfork::Osaka, self.header.number, self.header.timestamp);
        Ok(high.min(self.gas_cap).min(if osaka { MAX_TRANSACTION_GAS } else { u64::MAX }))
    }
}

/// Tries a limit between the two bounds and moves one of them.
fn bisect(machine: &mut Machine<State, Observer>, env: &TxEnv, limit: u64, low: &mut u64, high: &mut u64) -> Result<(), Stop> {
    match attempt(machine, env, limit)? {
        Attempt::Succeeded { .. } => *high = limit,
        _ => *low = limit,
    }
    Ok(())
}

fn is_transfer(machine: &mut Machine<State, Observer>, env: &TxEnv) -> Result<bool, Stop> {
    match env.kind {
        TxKind::Call(to) if env.data.is_empty() => Ok(!machine.state_mut().account_now(to)?.unwrap_or_default().has_code()),
        _ => Ok(false),
    }
}

fn attempt(machine: &mut Machine<State, Observer>, env: &TxEnv, gas_limit: u64) -> Result<Attempt, Stop> {
    let result = match run(machine, TxEnv { gas_limit, ..env.clone() }) {
        Ok(done) => done.result,
        Err(Stopped::Refused(Refusal { needs_gas: true, .. })) => return Ok(Attempt::Starved),
        Err(Stopped::Refused(Refusal { words, .. })) => return Err(Stop::Refused(format!("failed with {gas_limit} gas: {words}"))),
        Err(Stopped::Failed(error)) => return Err(Stop::Failed(error)),
    };
    let (used, peak) = (result.tx_gas_used(), result.gas().total_gas_spent());
    Ok(match result {
        ExecutionResult::Success { .. } => Attempt::Succeeded { used, peak },
        ExecutionResult::Revert { output, .. } => Attempt::Reverted(output),
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => Attempt::Starved,
        ExecutionResult::Halt { reason, .. } => Attempt::Halted(of_halt(&reason, machine.inspector_mut().at())),
    })
}

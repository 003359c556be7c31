//! The rules that a transaction must meet before it may run or wait, in geth's order, so that one with two faults is told the same one.

use crate::{
    error::PoolError,
    limits::{SenderState, TxPolicy},
    transaction::RecoveredTx,
};
use alloy_consensus::{Transaction as _, Typed2718};
use alloy_eips::{
    eip4844::{MAX_BLOBS_PER_BLOCK_DENCUN, env_settings::EnvKzgSettings},
    eip7594::BlobTransactionSidecarVariant,
    eip7623::{tokens_in_calldata, transaction_floor_cost},
    eip7825::MAX_TX_GAS_LIMIT_OSAKA,
};
use alloy_hardforks::EthereumHardfork as Fork;
use alloy_primitives::U256;
use tributary_primitives::{ChainSpec, Transaction};

/// Most bytes of init code (EIP-3860).
const MAX_INITCODE_BYTES: usize = 49_152;

/// The block that the transaction would run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextBlock {
    /// Number.
    pub number: u64,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Gas limit.
    pub gas_limit: u64,
}

/// Everything that can be checked without the state. Blobs are verified against their commitments, which takes about a millisecond each.
///
/// # Errors
/// The first rule that the transaction breaks.
pub fn validate(tx: &RecoveredTx, spec: &ChainSpec, block: &NextBlock, policy: &TxPolicy) -> Result<(), PoolError> {
    check_policy(tx, policy)?;
    check_type(&tx.tx, spec, block)?;
    if tx.encoded.len() > policy.max_bytes {
        return Err(PoolError::Oversized { size: tx.encoded.len(), limit: policy.max_bytes });
    }
    let active = |fork| spec.is_active(fork, block.number, block.timestamp);
    check_limits(&tx.tx, block, active)?;
    check_fees(tx)?;
    match tx.tx.chain_id() {
        Some(have) if have != spec.chain_id => return Err(PoolError::WrongChain { have, want: spec.chain_id }),
        _ => {}
    }
    if tx.nonce() == u64::MAX {
        return Err(PoolError::NonceMax);
    }
    check_gas(&tx.tx, active)?;
    let tip = tx.tx.priority_fee_or_price();
    if tip < policy.min_tip {
        return Err(PoolError::TipTooLow { tip, needed: policy.min_tip });
    }
    match tx.tx.as_ref() {
        Transaction::Eip4844(_) => check_blobs(tx, spec, block),
        Transaction::Eip7702(signed) if signed.tx().authorization_list.is_empty() => Err(PoolError::NoAuthorizations),
        _ => Ok(()),
    }
}

/// What depends on the sender's account alone: nonce and balance. A nonce that is too high passes.
///
/// # Errors
/// [`PoolError::NonceTooLow`] and [`PoolError::InsufficientFunds`].
pub fn validate_account(tx: &RecoveredTx, sender: &SenderState) -> Result<(), PoolError> {
    if tx.nonce() < sender.nonce {
        return Err(PoolError::NonceTooLow { next: sender.nonce, nonce: tx.nonce() });
    }
    let cost = tx.cost().saturating_add(sender.extra_fee);
    if sender.balance < cost {
        return Err(PoolError::InsufficientFunds { balance: sender.balance, cost });
    }
    Ok(())
}

/// Gas that a transaction pays before its first instruction (yellow paper g₀; EIP-2, 2028, 2930, 3860, 7702), by the forks that are active.
pub fn intrinsic_gas(tx: &Transaction, active: impl Fn(Fork) -> bool) -> u64 {
    let input = tx.input();
    let zeros = input.iter().filter(|byte| **byte == 0).count() as u64;
    let nonzeros = input.len() as u64 - zeros;
    let per_nonzero = if active(Fork::Istanbul) { 16 } else { 68 };
    let mut gas = 21_000 + 4 * zeros + per_nonzero * nonzeros;
    if tx.is_create() {
        gas += if active(Fork::Homestead) { 32_000 } else { 0 };
        gas += if active(Fork::Shanghai) { 2 * (input.len() as u64).div_ceil(32) } else { 0 };
    }
    for item in tx.access_list().map(|list| list.0.as_slice()).unwrap_or_default() {
        gas += 2_400 + 1_900 * item.storage_keys.len() as u64;
    }
    gas + 25_000 * tx.authorization_count().unwrap_or_default()
}

fn check_policy(tx: &RecoveredTx, policy: &TxPolicy) -> Result<(), PoolError> {
    let fee = U256::from(tx.tx.gas_limit()) * U256::from(tx.tx.max_fee_per_gas());
    if let Some(cap) = policy.fee_cap.filter(|cap| fee > *cap) {
        return Err(PoolError::FeeCapExceeded { fee, cap });
    }
    if !policy.allow_unprotected && tx.tx.chain_id().is_none() && !tx.tx.is_deposit() {
        return Err(PoolError::Unprotected);
    }
    Ok(())
}

fn check_type(tx: &Transaction, spec: &ChainSpec, block: &NextBlock) -> Result<(), PoolError> {
    let (fork, name) = match tx {
        Transaction::Legacy(_) => return Ok(()),
        Transaction::Eip2930(_) => (Fork::Berlin, "Berlin"),
        Transaction::Eip1559(_) => (Fork::London, "London"),
        Transaction::Eip4844(_) if spec.is_rollup() => return Err(PoolError::TypeNotAccepted(tx.ty())),
        Transaction::Eip4844(_) => (Fork::Cancun, "Cancun"),
        Transaction::Eip7702(_) => (Fork::Prague, "Prague"),
        Transaction::Deposit(_) => return Err(PoolError::UnknownType),
    };
    if spec.is_active(fork, block.number, block.timestamp) { Ok(()) } else { Err(PoolError::TypeBeforeFork { ty: tx.ty(), fork: name }) }
}

fn check_limits(tx: &Transaction, block: &NextBlock, active: impl Fn(Fork) -> bool) -> Result<(), PoolError> {
    let size = tx.input().len();
    if tx.is_create() && active(Fork::Shanghai) && size > MAX_INITCODE_BYTES {
        return Err(PoolError::InitCodeTooLarge { size, limit: MAX_INITCODE_BYTES });
    }
    let gas = tx.gas_limit();
    if active(Fork::Osaka) && gas > MAX_TX_GAS_LIMIT_OSAKA {
        return Err(PoolError::GasLimitTooHigh { cap: MAX_TX_GAS_LIMIT_OSAKA, gas });
    }
    if gas > block.gas_limit { Err(PoolError::ExceedsBlockGas) } else { Ok(()) }
}

fn check_fees(tx: &RecoveredTx) -> Result<(), PoolError> {
    let (tip, fee_cap) = (tx.tx.priority_fee_or_price(), tx.tx.max_fee_per_gas());
    if tip > fee_cap { Err(PoolError::TipAboveFeeCap { sender: tx.sender, tip, fee_cap }) } else { Ok(()) }
}

fn check_gas(tx: &Transaction, active: impl Fn(Fork) -> bool) -> Result<(), PoolError> {
    let gas = tx.gas_limit();
    let needed = intrinsic_gas(tx, &active);
    if gas < needed {
        return Err(PoolError::IntrinsicGas { gas, needed });
    }
    if active(Fork::Prague) {
        let needed = transaction_floor_cost(tokens_in_calldata(tx.input()));
        if gas < needed {
            return Err(PoolError::FloorDataGas { gas, needed });
        }
    }
    Ok(())
}

fn check_blobs(tx: &RecoveredTx, spec: &ChainSpec, block: &NextBlock) -> Result<(), PoolError> {
    let hashes = tx.tx.blob_versioned_hashes().unwrap_or_default();
    let limit = spec.blob_params(block.timestamp).map_or(MAX_BLOBS_PER_BLOCK_DENCUN as u64, |params| params.max_blobs_per_tx);
    let count = hashes.len() as u64;
    if count > limit {
        return Err(PoolError::TooManyBlobs { count, limit });
    }
    let sidecar = tx.sidecar.as_ref().ok_or(PoolError::MissingSidecar)?;
    let want = u8::from(spec.is_active(Fork::Osaka, block.number, block.timestamp));
    let got = u8::from(matches!(sidecar.as_ref(), BlobTransactionSidecarVariant::Eip7594(_)));
    if want != got {
        return Err(PoolError::SidecarVersion { want, got });
    }
    let fee_cap = tx.tx.max_fee_per_blob_gas().unwrap_or_default();
    if fee_cap == 0 {
        return Err(PoolError::BlobFeeCapTooLow { fee_cap, needed: 1 });
    }
    if hashes.is_empty() {
        return Err(PoolError::NoBlobs);
    }
    if sidecar.blobs().len() != hashes.len() || sidecar.commitments().len() != hashes.len() {
        return Err(PoolError::BlobCount { blobs: sidecar.blobs().len(), hashes: hashes.len() });
    }
    for (index, (computed, expected)) in sidecar.versioned_hashes().zip(hashes.iter().copied()).enumerate() {
        if computed != expected {
            return Err(PoolError::BlobHash { index, computed, expected });
        }
    }
    sidecar.validate(hashes, EnvKzgSettings::Default.get()).map_err(|_| PoolError::BlobProof)
}

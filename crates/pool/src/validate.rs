//! The rules that a transaction must meet before it may run or wait, in geth's order, so that one with two faults is told the same one.

use crate::{
    error::PoolError,
    limits::{SenderState, TxPolicy},
    transaction::RecoveredTx,
};
use alloy_consensus::{Transaction as _, Typed2718};
use alloy_eips::{
    eip4844::MAX_BLOBS_PER_BLOCK_DENCUN,
    eip7594::BlobTransactionSidecarVariant,
    eip7623::{tokens_in_calldata, transaction_floor_cost},
    eip7825::MAX_TX_GAS_LIMIT_OSAKA,
};
use alloy_hardforks::EthereumHardfork as Fork;
use alloy_primitives::{U256, U512};
use tributary_primitives::{ChainSpec, Transaction, Unpayable, trusted_setup};

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
    check_limits(&tx.tx, block, policy, active)?;
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
    check_account(tx.nonce(), U512::from(tx.cost()), sender)
}

/// As [`validate_account`], of a transaction whose price no transaction holds. It passes only where a development chain's account was given so much.
///
/// # Errors
/// As of [`validate_account`].
pub fn validate_unpayable(tx: &Unpayable, sender: &SenderState) -> Result<(), PoolError> {
    check_account(tx.tx.nonce(), tx.cost(), sender)
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

fn check_account(nonce: u64, cost: U512, sender: &SenderState) -> Result<(), PoolError> {
    if nonce < sender.nonce {
        return Err(PoolError::NonceTooLow { next: sender.nonce, nonce });
    }
    let cost = cost + U512::from(sender.extra.fee);
    if U512::from(sender.balance) < cost {
        return Err(PoolError::InsufficientFunds { balance: sender.balance, cost });
    }
    Ok(())
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

fn check_limits(tx: &Transaction, block: &NextBlock, policy: &TxPolicy, active: impl Fn(Fork) -> bool) -> Result<(), PoolError> {
    let size = tx.input().len();
    if tx.is_create() && active(Fork::Shanghai) && size > MAX_INITCODE_BYTES {
        return Err(PoolError::InitCodeTooLarge { size, limit: MAX_INITCODE_BYTES });
    }
    let gas = tx.gas_limit();
    if active(Fork::Osaka) && gas > MAX_TX_GAS_LIMIT_OSAKA {
        return Err(PoolError::GasLimitTooHigh { cap: MAX_TX_GAS_LIMIT_OSAKA, gas });
    }
    if gas > block.gas_limit {
        return Err(PoolError::ExceedsBlockGas);
    }
    if gas > policy.max_gas { Err(PoolError::GasLimitTooHigh { cap: policy.max_gas, gas }) } else { Ok(()) }
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
    sidecar.validate(hashes, trusted_setup()).map_err(|_| PoolError::BlobProof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{key, raw, sidecar, signed, transfer};
    use crate::limits::Extra;
    use alloy_consensus::{Signed, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy, transaction::RlpEcdsaEncodableTx};
    use alloy_eips::{
        eip2930::{AccessList, AccessListItem},
        eip7702::Authorization,
    };
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::{Address, B256, Signature, TxKind};
    use std::sync::Arc;
    use tributary_primitives::Eip1559Params;

    const BLOCK: NextBlock = NextBlock { number: 1, timestamp: 10, gas_limit: 30_000_000 };

    fn config() -> ChainConfig {
        ChainConfig {
            chain_id: 1,
            homestead_block: Some(0),
            eip150_block: Some(0),
            eip155_block: Some(0),
            eip158_block: Some(0),
            byzantium_block: Some(0),
            constantinople_block: Some(0),
            petersburg_block: Some(0),
            istanbul_block: Some(0),
            berlin_block: Some(0),
            london_block: Some(0),
            terminal_total_difficulty: Some(U256::ZERO),
            terminal_total_difficulty_passed: true,
            shanghai_time: Some(0),
            cancun_time: Some(0),
            prague_time: Some(0),
            ..Default::default()
        }
    }

    fn ethereum(config: ChainConfig) -> ChainSpec {
        ChainSpec::ethereum(Genesis { config, ..Default::default() })
    }

    fn rollup() -> ChainSpec {
        let genesis = Genesis { config: config(), ..Default::default() };
        ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 6 })
    }

    fn tx<T: RlpEcdsaEncodableTx>(signed: Signed<T>) -> RecoveredTx {
        RecoveredTx::decode(&raw(signed)).unwrap()
    }

    fn blob_tx(cell_proofs: bool) -> RecoveredTx {
        let sidecar = sidecar(cell_proofs);
        let blob_versioned_hashes = sidecar.versioned_hashes().collect();
        let bare = TxEip4844 { chain_id: 1, gas_limit: 21_000, max_fee_per_blob_gas: 1, blob_versioned_hashes, ..Default::default() };
        RecoveredTx { sidecar: Some(Arc::new(sidecar)), ..tx(signed(bare)) }
    }

    fn refusal(tx: &RecoveredTx, spec: &ChainSpec) -> String {
        validate(tx, spec, &BLOCK, &TxPolicy::default()).unwrap_err().to_string()
    }

    #[test]
    fn an_ordinary_transfer_is_valid_on_both_kinds_of_chain() {
        let transfer = tx(signed(transfer(0, 1)));
        validate(&transfer, &rollup(), &BLOCK, &TxPolicy::default()).unwrap();
        validate(&transfer, &ethereum(config()), &BLOCK, &TxPolicy::default()).unwrap();
    }

    #[test]
    fn another_chains_transaction_is_refused() {
        let mut foreign = transfer(0, 1);
        foreign.chain_id = 5;
        assert_eq!(refusal(&tx(signed(foreign)), &rollup()), "invalid sender: invalid chain id for signer: have 5 want 1");
    }

    #[test]
    fn an_unprotected_transaction_needs_the_policys_leave() {
        let unprotected = tx(signed(TxLegacy { gas_limit: 21_000, to: TxKind::Call(Address::ZERO), ..Default::default() }));
        validate(&unprotected, &rollup(), &BLOCK, &TxPolicy::default()).unwrap();
        let policy = TxPolicy { allow_unprotected: false, ..Default::default() };
        let error = validate(&unprotected, &rollup(), &BLOCK, &policy).unwrap_err();
        assert_eq!(error.to_string(), "only replay-protected (EIP-155) transactions allowed over RPC");
    }

    #[test]
    fn blobs_have_no_place_on_a_rollup() {
        assert_eq!(refusal(&blob_tx(false), &rollup()), "transaction type not supported: tx type 3 not supported by this pool");
    }

    #[test]
    fn a_type_waits_for_its_fork() {
        let early = ethereum(ChainConfig { cancun_time: Some(11), prague_time: Some(11), ..config() });
        assert_eq!(refusal(&blob_tx(false), &early), "transaction type not supported: type 3 rejected, pool not yet in Cancun");
        let set_code = tx(signed(TxEip7702 { chain_id: 1, ..Default::default() }));
        assert_eq!(refusal(&set_code, &early), "transaction type not supported: type 4 rejected, pool not yet in Prague");
    }

    #[test]
    fn sizes_have_limits() {
        let mut big = transfer(0, 1);
        big.input = vec![1; 128 * 1024].into();
        assert!(refusal(&tx(signed(big)), &rollup()).starts_with("oversized data: transaction size 131"));
        let mut init = transfer(0, 1);
        (init.to, init.input) = (TxKind::Create, vec![0; 49_153].into());
        assert_eq!(refusal(&tx(signed(init)), &rollup()), "max initcode size exceeded: code size 49153, limit 49152");
    }

    #[test]
    fn gas_has_an_upper_and_a_lower_limit() {
        let with = |gas_limit, input: &[u8]| {
            let input = input.to_vec().into();
            tx(signed(TxEip1559 { gas_limit, input, ..transfer(0, 1) }))
        };
        assert_eq!(refusal(&with(30_000_001, &[]), &rollup()), "exceeds block gas limit");
        let policy = TxPolicy { max_gas: 29_999_999, ..Default::default() };
        let error = validate(&with(30_000_000, &[]), &rollup(), &BLOCK, &policy).unwrap_err();
        assert_eq!(error, PoolError::GasLimitTooHigh { cap: 29_999_999, gas: 30_000_000 });
        assert_eq!(refusal(&with(20_999, &[]), &rollup()), "intrinsic gas too low: gas 20999, minimum needed 21000");
        assert_eq!(refusal(&with(21_019, &[0, 1]), &rollup()), "intrinsic gas too low: gas 21019, minimum needed 21020");
        // 1,000 non-zero bytes: 37,000 intrinsic, 61,000 floor.
        assert_eq!(
            refusal(&with(60_999, &[1; 1000]), &rollup()),
            "insufficient gas for floor data gas cost: gas 60999, minimum needed 61000"
        );
        validate(&with(61_000, &[1; 1000]), &rollup(), &BLOCK, &TxPolicy::default()).unwrap();
        let osaka = ethereum(ChainConfig { osaka_time: Some(0), ..config() });
        assert_eq!(refusal(&with(16_777_217, &[]), &osaka), "transaction gas limit too high (cap: 16777216, tx: 16777217)");
    }

    #[test]
    fn intrinsic_gas_counts_creation_access_list_and_authorizations_by_fork() {
        let create = TxLegacy { chain_id: Some(1), input: vec![1; 33].into(), ..Default::default() };
        let create = tx(signed(create)).tx;
        assert_eq!(intrinsic_gas(&create, |_| true), 21_000 + 32_000 + 33 * 16 + 2 * 2);
        assert_eq!(intrinsic_gas(&create, |fork| fork <= Fork::Frontier), 21_000 + 33 * 68);
        let item = AccessListItem { address: Address::ZERO, storage_keys: vec![B256::ZERO; 3] };
        let listed = TxEip2930 { chain_id: 1, access_list: AccessList(vec![item]), to: TxKind::Call(Address::ZERO), ..Default::default() };
        assert_eq!(intrinsic_gas(&tx(signed(listed)).tx, |_| true), 21_000 + 2_400 + 3 * 1_900);
        let authorization = Authorization { chain_id: U256::ZERO, address: Address::ZERO, nonce: 0 };
        let authorization = authorization.into_signed(Signature::test_signature());
        let set_code = TxEip7702 { chain_id: 1, authorization_list: vec![authorization; 2], ..Default::default() };
        assert_eq!(intrinsic_gas(&tx(signed(set_code)).tx, |_| true), 21_000 + 50_000);
    }

    #[test]
    fn fees_must_make_sense() {
        let mut tip_above = transfer(0, 5);
        tip_above.max_priority_fee_per_gas = 6;
        assert_eq!(
            refusal(&tx(signed(tip_above)), &rollup()),
            format!(
                "max priority fee per gas higher than max fee per gas: address {}, maxPriorityFeePerGas: 6, maxFeePerGas: 5",
                key().address()
            )
        );
        let policy = TxPolicy { min_tip: 2, fee_cap: Some(U256::from(21_000)), ..Default::default() };
        let error = validate(&tx(signed(transfer(0, 1))), &rollup(), &BLOCK, &policy).unwrap_err();
        assert_eq!(error.to_string(), "transaction underpriced: gas tip cap 1, minimum needed 2");
        let error = validate(&tx(signed(transfer(0, 2))), &rollup(), &BLOCK, &policy).unwrap_err();
        assert!(matches!(error, PoolError::FeeCapExceeded { .. }));
    }

    #[test]
    fn the_last_nonce_is_never_used() {
        assert_eq!(refusal(&tx(signed(transfer(u64::MAX, 1))), &rollup()), "nonce has max value");
    }

    #[test]
    fn set_code_needs_an_authorization() {
        let empty = tx(signed(TxEip7702 { chain_id: 1, gas_limit: 21_000, ..Default::default() }));
        assert_eq!(refusal(&empty, &rollup()), "set code tx must have at least one authorization tuple");
    }

    #[test]
    fn blobs_are_verified() {
        let l1 = ethereum(config());
        validate(&blob_tx(false), &l1, &BLOCK, &TxPolicy::default()).unwrap();
        assert_eq!(refusal(&RecoveredTx { sidecar: None, ..blob_tx(false) }, &l1), "missing sidecar in blob transaction");
        assert_eq!(refusal(&blob_tx(true), &l1), "unexpected sidecar version, want: 0, got: 1");
        let osaka = ethereum(ChainConfig { osaka_time: Some(0), ..config() });
        validate(&blob_tx(true), &osaka, &BLOCK, &TxPolicy::default()).unwrap();
        assert_eq!(refusal(&blob_tx(false), &osaka), "unexpected sidecar version, want: 1, got: 0");

        let altered = |change: fn(&mut alloy_eips::eip4844::BlobTransactionSidecar)| {
            let mut sidecar = sidecar(false).into_eip4844().unwrap();
            change(&mut sidecar);
            RecoveredTx { sidecar: Some(Arc::new(sidecar.into())), ..blob_tx(false) }
        };
        assert_eq!(refusal(&altered(|sidecar| sidecar.blobs[0][31] = 6), &l1), "KZG verification error: invalid blob proof");
        assert!(refusal(&altered(|sidecar| sidecar.commitments[0][5] ^= 1), &l1).starts_with("blob 0: computed hash 0x01"));
        assert_eq!(refusal(&altered(|sidecar| sidecar.blobs.clear()), &l1), "invalid number of 0 blobs compared to 1 blob hashes");
    }

    #[test]
    fn the_number_of_blobs_has_limits() {
        let with = |count, max_fee_per_blob_gas| {
            let blob_versioned_hashes = vec![B256::ZERO; count];
            let bare = TxEip4844 { chain_id: 1, gas_limit: 21_000, max_fee_per_blob_gas, blob_versioned_hashes, ..Default::default() };
            RecoveredTx { sidecar: Some(Arc::new(sidecar(false))), ..tx(signed(bare)) }
        };
        let l1 = ethereum(config());
        let limit = l1.blob_params(BLOCK.timestamp).unwrap().max_blobs_per_tx;
        assert!(refusal(&with(limit as usize + 1, 1), &l1).starts_with("transaction blob limit exceeded: blob count"));
        assert_eq!(refusal(&with(0, 1), &l1), "blobless blob transaction");
        assert_eq!(refusal(&with(1, 0), &l1), "transaction underpriced: blob fee cap 0, minimum needed 1");
    }

    #[test]
    fn an_account_must_not_be_past_the_nonce_and_must_be_able_to_pay() {
        let transfer = tx(signed(transfer(3, 10)));
        let state = |nonce, balance: u64, extra: u64| {
            let extra = Extra { fee: U256::from(extra), da_footprint: 0 };
            SenderState { nonce, balance: U256::from(balance), extra }
        };
        validate_account(&transfer, &state(3, 210_000, 0)).unwrap();
        validate_account(&transfer, &state(0, 210_000, 0)).unwrap();
        assert_eq!(validate_account(&transfer, &state(5, 0, 0)).unwrap_err().to_string(), "nonce too low: next nonce 5, tx nonce 3");
        assert_eq!(
            validate_account(&transfer, &state(3, 210_000, 7)).unwrap_err().to_string(),
            "insufficient funds for gas * price + value: balance 210000, tx cost 210007, overshot 7"
        );
    }

    #[test]
    fn a_price_that_no_transaction_holds_is_beyond_what_an_account_has() {
        let price = U256::MAX / U256::from(21_000);
        let signed = signed(transfer(3, u128::MAX));
        let unpayable = Unpayable { hash: *signed.hash(), sender: key().address(), price, tx: Transaction::Eip1559(signed) };
        let state = |nonce, balance| SenderState { nonce, balance, extra: Extra::default() };
        let refusal = |nonce, balance| validate_unpayable(&unpayable, &state(nonce, balance)).unwrap_err().to_string();
        let cost = price * U256::from(21_000);
        let words = format!("insufficient funds for gas * price + value: balance 9, tx cost {cost}, overshot {}", cost - U256::from(9));
        assert_eq!(refusal(3, U256::from(9)), words);
        assert_eq!(refusal(4, U256::from(9)), "nonce too low: next nonce 4, tx nonce 3");
        validate_unpayable(&unpayable, &state(3, cost)).unwrap();
    }
}

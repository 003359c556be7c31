//! Why a transaction cannot be in a block, in the words that clients of geth match on.

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U256};
use revm::context::result::InvalidTransaction;
use tributary_primitives::Transaction;

/// A transaction was not executed; the state is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The nonce was used before.
    #[error("nonce too low: next nonce {state}, tx nonce {tx}")]
    NonceTooLow {
        /// The account's nonce.
        state: u64,
        /// The transaction's nonce.
        tx: u64,
    },
    /// The nonce leaves a gap.
    #[error("nonce too high: address {sender}, tx: {tx} state: {state}")]
    NonceTooHigh {
        /// Who sent it.
        sender: Address,
        /// The account's nonce.
        state: u64,
        /// The transaction's nonce.
        tx: u64,
    },
    /// The sender cannot pay gas limit × fee cap + value (+ L1 data fee on a rollup).
    #[error("insufficient funds for gas * price + value: address {sender} have {have} want {want}")]
    InsufficientFunds {
        /// Who sent it.
        sender: Address,
        /// Balance, wei.
        have: U256,
        /// Needed, wei.
        want: U256,
    },
    /// The DA footprint is larger than a block's may be (specs: protocol/jovian/exec-engine).
    #[error("DA footprint {footprint} exceeds the block gas limit {limit}")]
    DaFootprint {
        /// The transaction's, in gas.
        footprint: u64,
        /// The block's gas limit.
        limit: u64,
    },
    /// Anything else, already in words.
    #[error("{0}")]
    Other(String),
}

impl Rejection {
    /// Puts revm's reason into geth's words. `funds` is the sender's balance before the transaction.
    pub(crate) fn new(error: InvalidTransaction, tx: &Transaction, sender: Address, funds: U256, base_fee: u64) -> Self {
        use InvalidTransaction as I;
        match error {
            I::NonceTooLow { tx, state } => Self::NonceTooLow { state, tx },
            I::NonceTooHigh { tx, state } => Self::NonceTooHigh { sender, state, tx },
            I::LackOfFundForMaxFee { fee, balance } => {
                // A rollup's data fee is taken first: it is what cannot be paid, or is missing in the balance that cannot pay the rest.
                let own = own_cost(tx);
                let data_fee = if *fee == own { funds.saturating_sub(*balance) } else { *fee };
                Self::InsufficientFunds { sender, have: funds, want: own.saturating_add(data_fee) }
            }
            I::GasPriceLessThanBasefee => Self::Other(format!(
                "max fee per gas less than block base fee: address {sender}, maxFeePerGas: {}, baseFee: {base_fee}",
                tx.max_fee_per_gas()
            )),
            other => Self::Other(invalid_words(&other)),
        }
    }
}

/// Wei that a transaction may cost without a rollup's data fee: gas limit × fee cap + value + blob gas × blob fee cap.
fn own_cost(tx: &Transaction) -> U256 {
    let priced = |gas: u64, fee: u128| U256::from(gas).saturating_mul(U256::from(fee));
    let gas = priced(tx.gas_limit(), tx.max_fee_per_gas());
    let blobs = priced(tx.blob_gas_used().unwrap_or_default(), tx.max_fee_per_blob_gas().unwrap_or_default());
    gas.saturating_add(tx.value()).saturating_add(blobs)
}

/// Geth's words for the reasons that need nothing but themselves.
pub(crate) fn invalid_words(error: &InvalidTransaction) -> String {
    use InvalidTransaction as I;
    match error {
        I::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        I::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
        }
        I::PriorityFeeGreaterThanMaxFee => "max priority fee per gas higher than max fee per gas".into(),
        I::GasPriceLessThanBasefee => "max fee per gas less than block base fee".into(),
        I::CallerGasLimitMoreThanBlock => "gas limit reached".into(),
        I::RejectCallerWithCode => "sender not an eoa".into(),
        I::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: have {balance} want {fee}")
        }
        I::NonceOverflowInTransaction => "nonce has max value".into(),
        I::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        I::InvalidChainId | I::MissingChainId => "invalid chain id for signer".into(),
        I::AccessListNotSupported
        | I::Eip2930NotSupported
        | I::Eip1559NotSupported
        | I::Eip4844NotSupported
        | I::Eip7702NotSupported
        | I::AuthorizationListNotSupported
        | I::BlobVersionedHashesNotSupported
        | I::MaxFeePerBlobGasNotSupported => "transaction type not supported".into(),
        I::BlobGasPriceGreaterThanMax { block_blob_gas_price, tx_max_fee_per_blob_gas } => {
            format!(
                "max fee per blob gas less than block blob gas fee: maxFeePerBlobGas: {tx_max_fee_per_blob_gas}, blobBaseFee: {block_blob_gas_price}"
            )
        }
        I::EmptyBlobs => "blob transaction missing blob hashes".into(),
        I::BlobCreateTransaction => "input string too short for common.Address, blob transaction of type create".into(),
        I::EmptyAuthorizationList => "EIP-7702 transaction with empty auth list".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::TxLegacy;
    use tributary_primitives::Transaction;

    #[test]
    fn who_cannot_pay_is_told_the_whole_cost() {
        let tx = TxLegacy { gas_limit: 21_000, gas_price: 10, value: U256::from(5), ..Default::default() };
        let tx = Transaction::unsigned(tx.into(), Address::ZERO);
        // What revm says: the fee that failed and the balance that was left for it.
        for (fee, balance, funds, words) in [
            (96, 0, 0, "have 0 want 210101"),
            (210_005, 199_904, 200_000, "have 200000 want 210101"),
            (210_005, 100, 100, "have 100 want 210005"),
        ] {
            let [fee, balance] = [fee, balance].map(|wei| Box::new(U256::from(wei)));
            let error = InvalidTransaction::LackOfFundForMaxFee { fee, balance };
            let rejection = Rejection::new(error, &tx, Address::ZERO, U256::from(funds), 0).to_string();
            assert!(rejection.ends_with(words), "{rejection}");
        }
    }
}

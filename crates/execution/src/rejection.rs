//! Why a transaction cannot be in a block, in the words that clients of geth match on.

use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
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
        have: String,
        /// Needed, wei.
        want: String,
    },
    /// Anything else, already in words.
    #[error("{0}")]
    Other(String),
}

impl Rejection {
    /// Puts revm's reason into geth's words.
    pub(crate) fn new(error: InvalidTransaction, tx: &Transaction, sender: Address, base_fee: u64) -> Self {
        use InvalidTransaction as I;
        match error {
            I::NonceTooLow { tx, state } => Self::NonceTooLow { state, tx },
            I::NonceTooHigh { tx, state } => Self::NonceTooHigh { sender, state, tx },
            I::LackOfFundForMaxFee { fee, balance } => Self::InsufficientFunds { sender, have: balance.to_string(), want: fee.to_string() },
            I::GasPriceLessThanBasefee => Self::Other(format!(
                "max fee per gas less than block base fee: address {sender}, maxFeePerGas: {}, baseFee: {base_fee}",
                tx.max_fee_per_gas()
            )),
            other => Self::Other(invalid_words(&other)),
        }
    }
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

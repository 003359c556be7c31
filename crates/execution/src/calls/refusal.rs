//! Why simulated calls have no result: the request is at fault, or the node is.

use crate::error::Error;
use revm::context::result::InvalidTransaction;
use tributary_primitives::StateError;

/// What is wrong with a request, as far as the specification of `eth_simulateV1` has codes for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The nonce was used before (−38010).
    NonceTooLow,
    /// The nonce leaves a gap (−38011).
    NonceTooHigh,
    /// The fee cap is below the base fee (−38012).
    FeeTooLow,
    /// The gas limit is below the intrinsic cost (−38013).
    IntrinsicGas,
    /// The sender cannot pay (−38014).
    InsufficientFunds,
    /// The calls of a block need more gas than it has (−38015).
    BlockGasLimit,
    /// Block numbers do not rise (−38020).
    BlockOrder,
    /// Timestamps do not rise (−38021).
    TimestampOrder,
    /// The sender is a contract (−38024).
    SenderCode,
    /// The init code is too large (−38025).
    InitCode,
    /// There are too many blocks (−38026).
    TooManyBlocks,
    /// The parameters contradict each other (−32602).
    Parameters,
    /// The transaction is invalid for a reason without a code (−32603).
    Transaction,
    /// An override cannot be applied (−32000).
    Override,
}

impl Fault {
    /// The fault of a transaction that could not start.
    pub(crate) fn of(error: &InvalidTransaction) -> Self {
        use InvalidTransaction as I;
        match error {
            I::NonceTooLow { .. } => Self::NonceTooLow,
            I::NonceTooHigh { .. } => Self::NonceTooHigh,
            I::GasPriceLessThanBasefee => Self::FeeTooLow,
            I::CallGasCostMoreThanGasLimit { .. } | I::GasFloorMoreThanGasLimit { .. } => Self::IntrinsicGas,
            I::LackOfFundForMaxFee { .. } | I::OverflowPaymentInTransaction => Self::InsufficientFunds,
            I::RejectCallerWithCode => Self::SenderCode,
            I::CreateInitCodeSizeLimit => Self::InitCode,
            I::PriorityFeeGreaterThanMaxFee => Self::Parameters,
            _ => Self::Transaction,
        }
    }
}

/// A transaction that could not start.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// In geth's words.
    pub(crate) words: String,
    /// More gas could help: the limit is below the intrinsic cost.
    pub(crate) needs_gas: bool,
    /// What kind of fault it is.
    pub(crate) fault: Fault,
}

/// Why [`run`] has no result.
#[derive(Debug)]
pub(crate) enum Stopped {
    Refused(Refusal),
    Failed(Error),
}

/// Why a simulation has no result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The request is at fault, in geth's words.
    Refused(String),
    /// The state or the EVM failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        Self::Failed(error.into())
    }
}

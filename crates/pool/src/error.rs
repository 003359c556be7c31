//! Why a transaction is not accepted, in geth's words, because wallets and libraries recognise errors by them.

use alloy_primitives::{Address, B256, U256, U512};

/// Why bytes are not a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// The bytes end before the value does.
    #[error("value size exceeds available input length")]
    TooShort,
    /// Bytes follow the transaction.
    #[error("input contains more than one value")]
    Trailing,
    /// A list of another length than the type's, where it is not known whether it is longer.
    #[error("input list has the wrong number of elements for a transaction")]
    WrongLength,
    /// The list ends before the elements of this type do.
    #[error("too few elements for types.{0}")]
    TooFew(&'static str),
    /// The list holds more elements than this type has.
    #[error("input list has too many elements for types.{0}")]
    TooMany(&'static str),
    /// A string where a list belongs.
    #[error("expected input list")]
    ExpectedList,
    /// A string where a transaction of this type belongs.
    #[error("expected input list for types.{0}")]
    NoList(&'static str),
    /// A list where a string belongs.
    #[error("expected input string or byte")]
    ExpectedString,
    /// An integer with leading zeros, or a length that is not in its shortest form.
    #[error("non-canonical integer or size information")]
    NonCanonical,
    /// A number too large for its field, or bytes of the wrong length for it.
    #[error("input string of the wrong length for its field")]
    WrongSize,
}

impl From<alloy_rlp::Error> for DecodeFault {
    fn from(error: alloy_rlp::Error) -> Self {
        use alloy_rlp::Error as E;
        match error {
            E::InputTooShort => Self::TooShort,
            E::UnexpectedString => Self::ExpectedList,
            E::UnexpectedList => Self::ExpectedString,
            E::LeadingZero | E::NonCanonicalSingleByte | E::NonCanonicalSize => Self::NonCanonical,
            E::ListLengthMismatch { .. } => Self::WrongLength,
            E::Overflow | E::UnexpectedLength | E::Custom(_) => Self::WrongSize,
        }
    }
}

/// Why a transaction is not accepted.
///
/// A nonce that is too high is no error: the transaction is queued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// Not RLP of a transaction.
    #[error("rlp: {0}")]
    Decode(DecodeFault),
    /// Fewer than two bytes.
    #[error("typed transaction too short")]
    TypedTooShort,
    /// A type that does not exist, or that nobody may send (a deposit).
    #[error("transaction type not supported")]
    UnknownType,
    /// A type that this chain does not accept.
    #[error("transaction type not supported: tx type {0} not supported by this pool")]
    TypeNotAccepted(u8),
    /// A type whose fork is not active yet.
    #[error("transaction type not supported: type {ty} rejected, pool not yet in {fork}")]
    TypeBeforeFork {
        /// EIP-2718 type.
        ty: u8,
        /// The fork that introduces it.
        fork: &'static str,
    },
    /// The signature does not recover to an address.
    #[error("invalid sender: invalid transaction v, r, s values")]
    InvalidSignature,
    /// Signed for another chain.
    #[error("invalid sender: invalid chain id for signer: have {have} want {want}")]
    WrongChain {
        /// The transaction's chain id.
        have: u64,
        /// This chain's.
        want: u64,
    },
    /// A legacy transaction without EIP-155 protection, which the policy does not allow.
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    Unprotected,
    /// The fee would be more than the node's operator lets anybody pay by mistake.
    #[error("tx fee ({} ether) exceeds the configured cap ({} ether)", ether(.fee), ether(.cap))]
    FeeCapExceeded {
        /// Gas limit × maximum price, wei.
        fee: U256,
        /// The configured cap, wei.
        cap: U256,
    },
    /// More bytes than the pool handles.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Bytes of the EIP-2718 encoding.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// EIP-3860.
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitCodeTooLarge {
        /// Bytes of init code.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// EIP-7825.
    #[error("transaction gas limit too high (cap: {cap}, tx: {gas})")]
    GasLimitTooHigh {
        /// The limit for one transaction.
        cap: u64,
        /// The transaction's gas limit.
        gas: u64,
    },
    /// More gas than a block has.
    #[error("exceeds block gas limit")]
    ExceedsBlockGas,
    /// The open block has too little gas left. The transaction can run in the next one.
    #[error("gas limit reached")]
    GasLimitReached,
    /// Fee cap below the tip.
    #[error("max priority fee per gas higher than max fee per gas: address {sender}, maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee_cap}")]
    TipAboveFeeCap {
        /// Sender.
        sender: Address,
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        fee_cap: u128,
    },
    /// Fee cap below the base fee of the block that it should run in, and below what any block charges: a higher one waits. A call cannot wait.
    #[error("max fee per gas less than block base fee: address {sender}, maxFeePerGas: {fee_cap}, baseFee: {base_fee}")]
    FeeCapBelowBaseFee {
        /// Sender.
        sender: Address,
        /// Wei per gas.
        fee_cap: u128,
        /// Wei per gas.
        base_fee: u64,
    },
    /// Nonce 2⁶⁴−1 (EIP-2681).
    #[error("nonce has max value")]
    NonceMax,
    /// Less gas than the transaction costs before it does anything.
    #[error("intrinsic gas too low: gas {gas}, minimum needed {needed}")]
    IntrinsicGas {
        /// Gas limit.
        gas: u64,
        /// The intrinsic gas.
        needed: u64,
    },
    /// Less gas than EIP-7623's floor.
    #[error("insufficient gas for floor data gas cost: gas {gas}, minimum needed {needed}")]
    FloorDataGas {
        /// Gas limit.
        gas: u64,
        /// The floor.
        needed: u64,
    },
    /// Tip below what the node takes.
    #[error("transaction underpriced: gas tip cap {tip}, minimum needed {needed}")]
    TipTooLow {
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        needed: u128,
    },
    /// EIP-7702 without authorizations.
    #[error("set code tx must have at least one authorization tuple")]
    NoAuthorizations,
    /// A blob transaction without its blobs.
    #[error("missing sidecar in blob transaction")]
    MissingSidecar,
    /// A blob transaction without blob hashes.
    #[error("blobless blob transaction")]
    NoBlobs,
    /// More blobs than one transaction may carry.
    #[error("transaction blob limit exceeded: blob count {count}, limit {limit}")]
    TooManyBlobs {
        /// Blob hashes.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// The sidecar of another fork: 0 with blob proofs, 1 with cell proofs (since Osaka).
    #[error("unexpected sidecar version, want: {want}, got: {got}")]
    SidecarVersion {
        /// Version that the fork prescribes.
        want: u8,
        /// Version received.
        got: u8,
    },
    /// Blob fee cap below one wei.
    #[error("transaction underpriced: blob fee cap {fee_cap}, minimum needed {needed}")]
    BlobFeeCapTooLow {
        /// Wei per blob gas.
        fee_cap: u128,
        /// Wei per blob gas.
        needed: u128,
    },
    /// As many blobs as hashes are needed.
    #[error("invalid number of {blobs} blobs compared to {hashes} blob hashes")]
    BlobCount {
        /// Blobs in the sidecar.
        blobs: usize,
        /// Hashes in the transaction.
        hashes: usize,
    },
    /// A commitment that does not hash to what the transaction says.
    #[error("blob {index}: computed hash {computed} mismatches transaction one {expected}")]
    BlobHash {
        /// Position.
        index: usize,
        /// Versioned hash of the sidecar's commitment.
        computed: B256,
        /// Versioned hash in the transaction.
        expected: B256,
    },
    /// A blob that is not what its commitment says.
    #[error("KZG verification error: invalid blob proof")]
    BlobProof,
    /// The account is past this nonce.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The account's next nonce.
        next: u64,
        /// The transaction's nonce.
        nonce: u64,
    },
    /// The account cannot pay for this transaction alone.
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {}", .cost.saturating_sub(U512::from(*.balance)))]
    InsufficientFunds {
        /// Wei.
        balance: U256,
        /// Wei: gas limit × fee cap + value (+ blob gas × blob fee cap; + L1 data fee and operator fee on a rollup).
        cost: U512,
    },
    /// The account cannot pay for this transaction and those of it that wait already.
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}, overshot {}",
        .queued.saturating_add(*.cost).saturating_sub(*.balance)
    )]
    Overdraft {
        /// Wei.
        balance: U256,
        /// Wei: what the waiting transactions cost.
        queued: U256,
        /// Wei: what this one costs.
        cost: U256,
    },
    /// Known already.
    #[error("already known")]
    AlreadyKnown,
    /// There is a transaction with this sender and nonce, and this one does not pay enough more.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// The pool is full and everything in it pays at least as much.
    #[error("transaction underpriced")]
    Underpriced,
    /// The pool is full, and a transaction that cannot run yet makes nobody else leave.
    #[error("txpool is full")]
    Full,
    /// As many transactions wait behind nonce gaps as may.
    #[error("txpool is full: {queued} transactions wait for earlier nonces")]
    QueueFull {
        /// How many wait.
        queued: usize,
    },
    /// The sender has as many transactions waiting as one sender may.
    #[error("account limit exceeded: pooled {pooled} txs")]
    AccountLimit {
        /// How many wait.
        pooled: usize,
    },
}

impl From<alloy_rlp::Error> for PoolError {
    fn from(error: alloy_rlp::Error) -> Self {
        Self::Decode(error.into())
    }
}

/// Wei as ether with two decimals, rounded half up.
fn ether(wei: &U256) -> String {
    let cents = (*wei + U256::from(5_000_000_000_000_000u64)) / U256::from(10_000_000_000_000_000u64);
    let (whole, rest) = cents.div_rem(U256::from(100));
    format!("{whole}.{:02}", rest.to::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fee_cap_error_gives_ether_with_two_decimals() {
        let fee = U256::from(1_234_567_890_000_000_000u64);
        let cap = U256::from(1_000_000_000_000_000_000u64);
        let error = PoolError::FeeCapExceeded { fee, cap };
        assert_eq!(error.to_string(), "tx fee (1.23 ether) exceeds the configured cap (1.00 ether)");
    }

    #[test]
    fn the_overshoot_is_what_is_missing() {
        let error = PoolError::InsufficientFunds { balance: U256::from(3), cost: U512::from(10) };
        assert_eq!(error.to_string(), "insufficient funds for gas * price + value: balance 3, tx cost 10, overshot 7");
        let error = PoolError::Overdraft { balance: U256::from(12), queued: U256::from(5), cost: U256::from(10) };
        assert_eq!(error.to_string(), "insufficient funds for gas * price + value: balance 12, queued cost 5, tx cost 10, overshot 3");
    }

    #[test]
    fn words_are_geths() {
        assert_eq!(PoolError::NonceTooLow { next: 5, nonce: 3 }.to_string(), "nonce too low: next nonce 5, tx nonce 3");
        assert_eq!(PoolError::AlreadyKnown.to_string(), "already known");
        assert_eq!(PoolError::ReplacementUnderpriced.to_string(), "replacement transaction underpriced");
        assert_eq!(PoolError::IntrinsicGas { gas: 1, needed: 2 }.to_string(), "intrinsic gas too low: gas 1, minimum needed 2");
    }
}

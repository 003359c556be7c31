//! What nodes mean when they refuse a transaction. There is no code for it on which they agree, only words.

use crate::error::RpcFault;

/// Why a node did not take a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has this very transaction.
    AlreadyKnown,
    /// The account is past the nonce.
    NonceTooLow,
    /// Another transaction waits with this nonce, and ours does not pay enough more.
    ReplacementTooCheap,
    /// It pays less than the node or the next block wants.
    TooCheap,
    /// The account cannot pay for it.
    InsufficientFunds,
    /// The account has transactions of the other kind waiting, with blobs or without.
    OtherKindWaits,
    /// Its blobs are proved in a way that the chain's fork does not want.
    SidecarFormat,
    /// Anything else.
    Other,
}

/// Lower-case parts of what geth, Nethermind, Besu, Erigon, Reth, anvil and ourselves say, the more special first.
const WORDS: &[(&str, Refusal)] = &[
    ("already known", Refusal::AlreadyKnown),
    ("alreadyknown", Refusal::AlreadyKnown),
    ("already imported", Refusal::AlreadyKnown),
    ("unknown transaction", Refusal::Other),
    ("known transaction", Refusal::AlreadyKnown),
    ("existing txn with same hash", Refusal::AlreadyKnown),
    ("address already reserved", Refusal::OtherKindWaits),
    ("pendingtxsofconflictingtype", Refusal::OtherKindWaits),
    ("pending transaction type conflict", Refusal::OtherKindWaits),
    ("conflicts with existing transaction", Refusal::OtherKindWaits),
    ("replace blob-txn with a non-blob-txn", Refusal::OtherKindWaits),
    ("sidecar after osaka", Refusal::SidecarFormat),
    ("sidecar before osaka", Refusal::SidecarFormat),
    ("sidecar version", Refusal::SidecarFormat),
    ("invalidtxproofversion", Refusal::SidecarFormat),
    ("proof version", Refusal::SidecarFormat),
    ("kzgcommitments must match", Refusal::SidecarFormat),
    ("authority nonce too low", Refusal::Other),
    ("nonce too low", Refusal::NonceTooLow),
    ("noncetoolow", Refusal::NonceTooLow),
    ("oldnonce", Refusal::NonceTooLow),
    ("nonce is too low", Refusal::NonceTooLow),
    ("nonce has already been used", Refusal::NonceTooLow),
    ("replacement transaction underpriced", Refusal::ReplacementTooCheap),
    ("replacementnotallowed", Refusal::ReplacementTooCheap),
    ("insufficient gas price to replace", Refusal::ReplacementTooCheap),
    ("could not replace existing", Refusal::ReplacementTooCheap),
    ("insufficient funds", Refusal::InsufficientFunds),
    ("insufficientfunds", Refusal::InsufficientFunds),
    ("upfront cost exceeds", Refusal::InsufficientFunds),
    ("overdraws from account", Refusal::InsufficientFunds),
    ("underpriced", Refusal::TooCheap),
    ("less than block", Refusal::TooCheap),
    ("below current base fee", Refusal::TooCheap),
    ("below configured minimum", Refusal::TooCheap),
    ("below chain minimum", Refusal::TooCheap),
    ("feetoolow", Refusal::TooCheap),
    ("fee too low", Refusal::TooCheap),
];

impl Refusal {
    /// What these words mean.
    pub fn of(fault: &RpcFault) -> Self {
        let said = fault.message.to_lowercase();
        WORDS.iter().find(|(words, _)| said.contains(words)).map_or(Self::Other, |(_, refusal)| *refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the programs have it; some told names of their own values before they took geth's words.
    const SAID: &[(&str, &str, Refusal)] = &[
        ("geth", "already known", Refusal::AlreadyKnown),
        ("geth", "nonce too low: next nonce 7, tx nonce 1", Refusal::NonceTooLow),
        ("geth", "replacement transaction underpriced: new tx gas fee cap 1 <= 1 queued", Refusal::ReplacementTooCheap),
        ("geth", "transaction underpriced: gas tip cap 0, minimum needed 1", Refusal::TooCheap),
        ("geth", "max fee per gas less than block base fee: address 0x01, maxFeePerGas: 1, baseFee: 2", Refusal::TooCheap),
        ("geth", "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1", Refusal::InsufficientFunds),
        ("geth", "address already reserved", Refusal::OtherKindWaits),
        ("geth", "unexpected sidecar version, want: 1, got: 0", Refusal::SidecarFormat),
        ("geth", "authority nonce too low", Refusal::Other),
        ("geth", "exceeds block gas limit", Refusal::Other),
        ("Nethermind", "AlreadyKnown", Refusal::AlreadyKnown),
        ("Nethermind", "OldNonce, Current nonce: 7, nonce of rejected tx: 1", Refusal::NonceTooLow),
        ("Nethermind", "ReplacementNotAllowed", Refusal::ReplacementTooCheap),
        ("Nethermind", "FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1, BaseFee: 2", Refusal::TooCheap),
        ("Nethermind", "FeeTooLowToCompete", Refusal::TooCheap),
        ("Nethermind", "InsufficientFunds, Account balance: 0, cumulative cost: 1", Refusal::InsufficientFunds),
        ("Nethermind", "PendingTxsOfConflictingType", Refusal::OtherKindWaits),
        ("Nethermind", "pending transaction type conflict", Refusal::OtherKindWaits),
        ("Nethermind", "InvalidTxProofVersion: Version of network wrapper is not supported.", Refusal::SidecarFormat),
        ("Nethermind", "NonceGap, Future nonce. Expected nonce: 1", Refusal::Other),
        ("Besu", "Known transaction", Refusal::AlreadyKnown),
        ("Besu", "Unknown transaction type", Refusal::Other),
        ("Besu", "Nonce too low", Refusal::NonceTooLow),
        ("Besu", "Replacement transaction underpriced", Refusal::ReplacementTooCheap),
        ("Besu", "Gas price below configured minimum gas price", Refusal::TooCheap),
        ("Besu", "Max fee per gas below current base fee", Refusal::TooCheap),
        ("Besu", "Upfront cost exceeds account balance", Refusal::InsufficientFunds),
        ("Erigon", "existing txn with same hash", Refusal::AlreadyKnown),
        ("Erigon", "nonce too low", Refusal::NonceTooLow),
        ("Erigon", "could not replace existing tx", Refusal::ReplacementTooCheap),
        ("Erigon", "underpriced", Refusal::TooCheap),
        ("Erigon", "fee too low", Refusal::TooCheap),
        ("Erigon", "insufficient funds", Refusal::InsufficientFunds),
        ("Erigon", "can't replace blob-txn with a non-blob-txn", Refusal::OtherKindWaits),
        ("Erigon", "INVALID: KZGcommitments must match the corresponding blobs and proofs", Refusal::SidecarFormat),
        ("Reth", "already known", Refusal::AlreadyKnown),
        ("Reth", "transaction already imported", Refusal::AlreadyKnown),
        ("Reth", "nonce too low: next nonce 7, tx nonce 1", Refusal::NonceTooLow),
        ("Reth", "insufficient gas price to replace existing transaction", Refusal::ReplacementTooCheap),
        ("Reth", "transaction feeCap 1 below chain minimum", Refusal::TooCheap),
        ("Reth", "transaction overdraws from account", Refusal::InsufficientFunds),
        ("Reth", "transaction type 2 conflicts with existing transaction for 0x01", Refusal::OtherKindWaits),
        ("Reth", "unexpected eip-4844 sidecar after osaka", Refusal::SidecarFormat),
        ("Reth", "unexpected eip-7594 sidecar before osaka", Refusal::SidecarFormat),
        ("anvil", "transaction already imported", Refusal::AlreadyKnown),
        ("anvil", "[0x01] already Imported", Refusal::AlreadyKnown),
        ("anvil", "nonce too low", Refusal::NonceTooLow),
        ("anvil", "replacement transaction underpriced", Refusal::ReplacementTooCheap),
        ("anvil", "max fee per gas less than block base fee", Refusal::TooCheap),
        ("anvil", "Insufficient funds for gas * price + value", Refusal::InsufficientFunds),
        ("Hardhat", "Nonce too low. Expected nonce to be 7 but got 1.", Refusal::NonceTooLow),
    ];

    #[test]
    fn what_six_programs_say_is_understood() {
        for (program, words, meaning) in SAID {
            let fault = RpcFault { code: -32000, message: (*words).to_owned(), data: None };
            assert_eq!(Refusal::of(&fault), *meaning, "{program}: {words}");
        }
    }
}

//! One transaction type for every chain that the node runs: Ethereum's five and the OP Stack's deposit.
//!
//! The node executes its rollup and the development L1 with the same code, so the envelope is the union of both. Which types a chain
//! accepts is [`ChainSpec`](crate::ChainSpec)'s decision, not the codec's.

use alloy_consensus::{
    Sealed, SignableTransaction, Signed, TransactionEnvelope, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy, TypedTransaction,
    crypto::RecoveryError,
    transaction::{SignerRecoverable, TxHashRef},
};
use alloy_primitives::{Address, B256, Signature, U256};
use op_alloy_consensus::TxDeposit;

/// An EIP-2718 transaction envelope. Blob transactions are held without their sidecar, as they are in blocks.
#[derive(Debug, Clone, TransactionEnvelope)]
#[envelope(tx_type_name = TxType)]
pub enum Transaction {
    /// Untyped, with or without EIP-155 replay protection.
    #[envelope(ty = 0)]
    Legacy(Signed<TxLegacy>),
    /// EIP-2930: access list.
    #[envelope(ty = 1)]
    Eip2930(Signed<TxEip2930>),
    /// EIP-1559: priority fee.
    #[envelope(ty = 2)]
    Eip1559(Signed<TxEip1559>),
    /// EIP-4844: blobs. Ethereum chains only.
    #[envelope(ty = 3)]
    Eip4844(Signed<TxEip4844>),
    /// EIP-7702: set code.
    #[envelope(ty = 4)]
    Eip7702(Signed<TxEip7702>),
    /// OP Stack deposit, type 0x7E (specs: protocol/deposits). Rollup chains only; unsigned.
    #[envelope(ty = 126)]
    #[serde(serialize_with = "op_alloy_consensus::serde_deposit_tx_rpc")]
    Deposit(Sealed<TxDeposit>),
}

impl Transaction {
    /// The transaction's hash: keccak256 of its EIP-2718 encoding.
    pub fn hash(&self) -> B256 {
        *self.tx_hash()
    }

    /// The deposit inside, if it is one.
    pub fn as_deposit(&self) -> Option<&TxDeposit> {
        match self {
            Self::Deposit(deposit) => Some(deposit.inner()),
            _ => None,
        }
    }

    /// Whether this is an OP Stack deposit.
    pub fn is_deposit(&self) -> bool {
        matches!(self, Self::Deposit(_))
    }

    /// A transaction of `sender` that nobody signed, for development chains ([`ChainSpec::for_development`](crate::ChainSpec::for_development)).
    /// Its signature is `r` = sender, `s` = 0, which is no signature of any key (SEC 1, 4.1.4), so that it is valid nowhere else.
    pub fn unsigned(tx: TypedTransaction, sender: Address) -> Self {
        let mark = Signature::new(U256::from_be_slice(sender.as_slice()), U256::ZERO, false);
        match tx {
            TypedTransaction::Legacy(tx) => Self::Legacy(tx.into_signed(mark)),
            TypedTransaction::Eip2930(tx) => Self::Eip2930(tx.into_signed(mark)),
            TypedTransaction::Eip1559(tx) => Self::Eip1559(tx.into_signed(mark)),
            TypedTransaction::Eip4844(tx) => Self::Eip4844(tx.into_signed(mark).map(|tx| tx.tx().clone())),
            TypedTransaction::Eip7702(tx) => Self::Eip7702(tx.into_signed(mark)),
        }
    }

    /// Whom an unsigned transaction is from; `None` of one with a signature.
    pub fn unsigned_sender(&self) -> Option<Address> {
        let signature = self.signature()?;
        let is_address = signature.r().leading_zeros() >= 96;
        (signature.s().is_zero() && is_address).then(|| Address::from_word(signature.r().into()))
    }

    /// The signature; deposits have none.
    pub(crate) fn signature(&self) -> Option<&Signature> {
        match self {
            Self::Legacy(tx) => Some(tx.signature()),
            Self::Eip2930(tx) => Some(tx.signature()),
            Self::Eip1559(tx) => Some(tx.signature()),
            Self::Eip4844(tx) => Some(tx.signature()),
            Self::Eip7702(tx) => Some(tx.signature()),
            Self::Deposit(_) => None,
        }
    }

    /// The sender: recovered from the signature (EIP-2 low `s` enforced), or a deposit's `from`.
    ///
    /// # Errors
    /// When the signature does not recover to a key.
    pub fn sender(&self) -> Result<Address, RecoveryError> {
        self.recover_signer()
    }
}

impl TxHashRef for Transaction {
    fn tx_hash(&self) -> &B256 {
        match self {
            Self::Legacy(tx) => tx.hash(),
            Self::Eip2930(tx) => tx.hash(),
            Self::Eip1559(tx) => tx.hash(),
            Self::Eip4844(tx) => tx.hash(),
            Self::Eip7702(tx) => tx.hash(),
            Self::Deposit(tx) => tx.hash_ref(),
        }
    }
}

impl SignerRecoverable for Transaction {
    fn recover_signer(&self) -> Result<Address, RecoveryError> {
        match self {
            Self::Legacy(tx) => SignerRecoverable::recover_signer(tx),
            Self::Eip2930(tx) => SignerRecoverable::recover_signer(tx),
            Self::Eip1559(tx) => SignerRecoverable::recover_signer(tx),
            Self::Eip4844(tx) => SignerRecoverable::recover_signer(tx),
            Self::Eip7702(tx) => SignerRecoverable::recover_signer(tx),
            Self::Deposit(tx) => Ok(tx.from),
        }
    }

    fn recover_signer_unchecked(&self) -> Result<Address, RecoveryError> {
        match self {
            Self::Legacy(tx) => SignerRecoverable::recover_signer_unchecked(tx),
            Self::Eip2930(tx) => SignerRecoverable::recover_signer_unchecked(tx),
            Self::Eip1559(tx) => SignerRecoverable::recover_signer_unchecked(tx),
            Self::Eip4844(tx) => SignerRecoverable::recover_signer_unchecked(tx),
            Self::Eip7702(tx) => SignerRecoverable::recover_signer_unchecked(tx),
            Self::Deposit(tx) => Ok(tx.from),
        }
    }
}

impl From<TxDeposit> for Transaction {
    fn from(deposit: TxDeposit) -> Self {
        use alloy_consensus::Sealable;
        Self::Deposit(deposit.seal_slow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eips::{Decodable2718, Encodable2718};
    use alloy_primitives::address;

    #[test]
    fn a_deposit_round_trips_and_its_sender_is_its_from() {
        let from = address!("00000000000000000000000000000000deadbeef");
        let deposit = TxDeposit { from, mint: 7, value: U256::from(3), gas_limit: 21_000, ..Default::default() };
        let tx = Transaction::from(deposit);
        let bytes = tx.encoded_2718();
        assert_eq!(bytes[0], 0x7e);
        let back = Transaction::decode_2718_exact(&bytes).unwrap();
        assert_eq!(back, tx);
        assert_eq!(back.sender().unwrap(), from);
        assert_eq!(back.hash(), alloy_primitives::keccak256(&bytes));
    }

    #[test]
    fn an_unsigned_transaction_has_its_sender_on_a_development_chain_alone() {
        let from = address!("00000000000000000000000000000000deadbeef");
        let tx = Transaction::unsigned(TxEip1559 { chain_id: 1, nonce: 4, ..Default::default() }.into(), from);
        let back = Transaction::decode_2718_exact(&tx.encoded_2718()).unwrap();
        let chain = crate::ChainSpec::ethereum(Default::default());
        assert!(chain.sender(&back).is_err());
        assert_eq!(chain.for_development().sender(&back).unwrap(), from);
    }
}

//! Transactions for tests.

use crate::{Extra, Ordering, Pool, PoolLimits, Room, SenderState, transaction::RecoveredTx};
use alloy_consensus::{SignableTransaction, Signed, TxEip1559, transaction::RlpEcdsaEncodableTx};
use alloy_eips::eip7594::BlobTransactionSidecarVariant;
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, hex::FromHex};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use tributary_primitives::Transaction;

/// A key of the "test test … junk" mnemonic.
pub(crate) fn key() -> PrivateKeySigner {
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse().unwrap()
}

pub(crate) fn signed<T: SignableTransaction<Signature>>(tx: T) -> Signed<T> {
    let signature = key().sign_hash_sync(&tx.signature_hash()).unwrap();
    tx.into_signed(signature)
}

/// A transfer on chain 1.
pub(crate) fn transfer(nonce: u64, fee: u128) -> TxEip1559 {
    TxEip1559 {
        chain_id: 1,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: fee,
        to: TxKind::Call(Address::repeat_byte(7)),
        value: U256::ZERO,
        access_list: Default::default(),
        input: Bytes::new(),
    }
}

/// A transfer of some sender, whose signature is not looked at.
pub(crate) fn from(sender: u8, nonce: u64, fee: u128) -> RecoveredTx {
    let mut tx = transfer(nonce, fee);
    // Makes the hash depend on the sender, as a real signature does.
    tx.value = U256::from(sender);
    RecoveredTx::new(Transaction::Eip1559(signed(tx)), Address::repeat_byte(sender))
}

/// The raw bytes of a consensus transaction.
pub(crate) fn raw<T: RlpEcdsaEncodableTx>(tx: Signed<T>) -> Vec<u8> {
    let mut out = Vec::new();
    tx.eip2718_encode(&mut out);
    out
}

/// A valid sidecar of one blob.
pub(crate) fn sidecar(cell_proofs: bool) -> BlobTransactionSidecarVariant {
    use alloy_eips::{
        eip4844::{Blob, BlobTransactionSidecar, builder::BuildableSidecar},
        eip7594::BlobTransactionSidecarEip7594,
    };
    let mut blob = Blob::ZERO;
    blob[31] = 5;
    if cell_proofs {
        BlobTransactionSidecarEip7594::build(vec![blob]).unwrap().into()
    } else {
        BlobTransactionSidecar::build(vec![blob]).unwrap().into()
    }
}

/// Bytes from hex.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    Vec::<u8>::from_hex(text).unwrap()
}

/// Room for what the tests send.
pub(crate) const ROOM: Room = Room { gas: 1_000_000, blob_gas: 0, da_footprint: u64::MAX };

/// A pool that is soon full.
pub(crate) fn pool(ordering: Ordering) -> Pool {
    Pool::new(PoolLimits { transactions: 4, per_sender: 3, ..Default::default() }, ordering)
}

/// An account that can pay for everything.
pub(crate) fn rich(nonce: u64) -> SenderState {
    SenderState { nonce, balance: U256::MAX, extra: Extra::default() }
}

pub(crate) fn address(sender: u8) -> Address {
    Address::repeat_byte(sender)
}

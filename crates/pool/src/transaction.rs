//! A transaction as the node carries it around: decoded once, sender recovered once.

use crate::error::{DecodeFault, PoolError};
use alloy_consensus::{
    Signed, Transaction as _, TxEip1559, TxEip2930, TxEip4844, TxEip4844WithSidecar, TxEip7702, TxLegacy, transaction::RlpEcdsaDecodableTx,
};
use alloy_eips::{eip2718::Encodable2718, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::Header;
use std::sync::Arc;
use tributary_primitives::{ChainSpec, Transaction, Unpayable};

/// A transaction with its sender, its hash and its exact bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RecoveredTx {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// Its sender.
    pub sender: Address,
    /// Its hash.
    pub hash: B256,
    /// Exact EIP-2718 bytes as they stand in a block, which is without blobs.
    pub encoded: Bytes,
    /// Blobs, commitments and proofs of a blob transaction.
    pub sidecar: Option<Arc<BlobTransactionSidecarVariant>>,
}

impl RecoveredTx {
    /// A transaction whose sender is known.
    pub fn new(tx: Transaction, sender: Address) -> Self {
        Self { hash: tx.hash(), encoded: tx.encoded_2718().into(), tx: Arc::new(tx), sender, sidecar: None }
    }

    /// What [`crate::validate`] can say of a transaction whose price no transaction holds: its own hash and bytes, at the highest price that is held. It
    /// must not wait in a pool nor run.
    pub fn saturated(tx: Unpayable, encoded: Bytes) -> Self {
        Self { hash: tx.hash, encoded, tx: Arc::new(tx.tx), sender: tx.sender, sidecar: None }
    }

    /// Decodes what `eth_sendRawTransaction` takes and recovers the sender: EIP-2718 bytes, for a blob transaction in the network form with
    /// its sidecar (EIP-4844's, or EIP-7594's with cell proofs). A blob transaction without sidecar decodes too; [`crate::validate`] refuses it.
    ///
    /// # Errors
    /// [`PoolError::Decode`], [`PoolError::TypedTooShort`], [`PoolError::UnknownType`] (deposits among them: nobody sends those) and
    /// [`PoolError::InvalidSignature`].
    pub fn decode(raw: &[u8]) -> Result<Self, PoolError> {
        Self::decode_with(raw, |tx| tx.sender().ok())
    }

    /// As [`Self::decode`], of a transaction that this node took in before: on a development chain it may be unsigned.
    ///
    /// # Errors
    /// As of [`Self::decode`].
    pub fn decode_on(spec: &ChainSpec, raw: &[u8]) -> Result<Self, PoolError> {
        Self::decode_with(raw, |tx| spec.sender(tx).ok())
    }

    fn decode_with(raw: &[u8], sender: impl FnOnce(&Transaction) -> Option<Address>) -> Result<Self, PoolError> {
        let mut rest = raw;
        let (tx, sidecar) = decode_any(&mut rest)?;
        if !rest.is_empty() {
            return Err(PoolError::Decode(DecodeFault::Trailing));
        }
        let encoded: Bytes = tx.encoded_2718().into();
        // What is stored and hashed is the encoding, so that bytes which mean the same but are not the encoding must not pass.
        if sidecar.is_none() && *encoded != *raw {
            return Err(PoolError::Decode(DecodeFault::NonCanonical));
        }
        let sender = sender(&tx).ok_or(PoolError::InvalidSignature)?;
        Ok(Self { hash: tx.hash(), encoded, tx: Arc::new(tx), sender, sidecar: sidecar.map(Arc::new) })
    }

    /// Nonce.
    pub fn nonce(&self) -> u64 {
        self.tx.nonce()
    }

    /// Bytes that it occupies, including blobs.
    pub fn size(&self) -> usize {
        self.encoded.len() + self.sidecar.as_ref().map_or(0, |sidecar| sidecar.rlp_encoded_fields_length())
    }

    /// The most that it can cost, wei: gas limit × fee cap + value + blob gas × blob fee cap. Without the L1 data fee of a rollup.
    pub fn cost(&self) -> U256 {
        let gas = U256::from(self.tx.gas_limit()) * U256::from(self.tx.max_fee_per_gas());
        let blob_fee = self.tx.max_fee_per_blob_gas().unwrap_or_default();
        let blobs = U256::from(self.tx.blob_gas_used().unwrap_or_default()) * U256::from(blob_fee);
        gas.saturating_add(blobs).saturating_add(self.tx.value())
    }

    /// The line that `txpool_inspect` shows: `0x…: V wei + G gas × P wei`.
    pub fn summary(&self) -> String {
        let to = self.tx.to().map_or_else(|| "contract creation".to_owned(), |to| to.to_string());
        format!("{to}: {} wei + {} gas × {} wei", self.tx.value(), self.tx.gas_limit(), self.tx.max_fee_per_gas())
    }

    /// The network form, which a blob transaction needs with its sidecar; otherwise [`Self::encoded`].
    pub fn network_encoded(&self) -> Bytes {
        match (self.tx.as_ref(), &self.sidecar) {
            (Transaction::Eip4844(signed), Some(sidecar)) => {
                let full = TxEip4844WithSidecar { tx: signed.tx().clone(), sidecar: sidecar.as_ref().clone() };
                let mut out = Vec::with_capacity(self.size() + 16);
                Signed::new_unchecked(full, *signed.signature(), *signed.hash()).eip2718_encode(&mut out);
                out.into()
            }
            _ => self.encoded.clone(),
        }
    }
}

/// A transaction of any type that users send, and its sidecar.
fn decode_any(buf: &mut &[u8]) -> Result<(Transaction, Option<BlobTransactionSidecarVariant>), PoolError> {
    let Some(first) = buf.first().copied() else { return Err(PoolError::TypedTooShort) };
    if first >= 0x80 {
        let whole = *buf;
        let signed = TxLegacy::rlp_decode_signed(buf).map_err(|error| fault(error, whole, "LegacyTx"))?;
        return Ok((Transaction::Legacy(signed), None));
    }
    if buf.len() == 1 {
        return Err(PoolError::TypedTooShort);
    }
    match first {
        1 => Ok((Transaction::Eip2930(typed::<TxEip2930>(buf, "AccessListTx")?), None)),
        2 => Ok((Transaction::Eip1559(typed::<TxEip1559>(buf, "DynamicFeeTx")?), None)),
        3 if holds_sidecar(buf) => {
            let signed = typed::<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>(buf, "blobTxWithBlobs")?;
            let signature = *signed.signature();
            let (tx, sidecar) = signed.strip_signature().into_parts();
            Ok((Transaction::Eip4844(Signed::new_unhashed(tx, signature)), Some(sidecar)))
        }
        3 => Ok((Transaction::Eip4844(typed::<TxEip4844>(buf, "BlobTx")?), None)),
        4 => Ok((Transaction::Eip7702(typed::<TxEip7702>(buf, "SetCodeTx")?), None)),
        _ => Err(PoolError::UnknownType),
    }
}

/// A transaction after its type byte. `name` is what geth calls the type.
fn typed<T: RlpEcdsaDecodableTx>(buf: &mut &[u8], name: &'static str) -> Result<Signed<T>, PoolError> {
    let body = &mut &buf[1..];
    let signed = T::rlp_decode_signed(body).map_err(|error| fault(error, &buf[1..], name))?;
    *buf = body;
    Ok(signed)
}

/// In the network form the payload is a list whose first element is the transaction, itself a list.
fn holds_sidecar(buf: &[u8]) -> bool {
    let mut body = &buf[1..];
    Header::decode(&mut body).is_ok_and(|header| header.list) && body.first().is_some_and(|byte| *byte >= 0xc0)
}

/// Why `body` is no transaction of the type that geth calls `name`. A `v` that is no parity is a fault of the signature, not of the RLP.
fn fault(error: alloy_rlp::Error, mut body: &[u8], name: &'static str) -> PoolError {
    use alloy_rlp::Error as E;
    let outer = Header::decode(&mut body);
    PoolError::Decode(match (error, outer) {
        (E::Custom(words), _) if words.contains("parity") || words.contains("bool") => return PoolError::InvalidSignature,
        (_, Ok(outer)) if !outer.list => DecodeFault::NoList(name),
        // The whole list is there, but not all of its elements.
        (E::InputTooShort, Ok(_)) => DecodeFault::TooFew(name),
        (E::ListLengthMismatch { expected, got }, Ok(_)) if expected > got => DecodeFault::TooMany(name),
        (error, _) => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{hex, key, raw, sidecar, signed, transfer};
    use alloy_primitives::Signature;
    use op_alloy_consensus::TxDeposit;

    fn blob_transaction(sidecar: &BlobTransactionSidecarVariant) -> TxEip4844 {
        let blob_versioned_hashes = sidecar.versioned_hashes().collect();
        TxEip4844 { chain_id: 1, gas_limit: 21_000, max_fee_per_blob_gas: 1, blob_versioned_hashes, ..Default::default() }
    }

    #[test]
    fn every_type_that_users_send_decodes_to_its_sender_and_its_bytes() {
        let legacy = TxLegacy { chain_id: Some(1), gas_limit: 21_000, ..Default::default() };
        let raws = [
            raw(signed(legacy.clone())),
            raw(signed(TxLegacy { chain_id: None, ..legacy })),
            raw(signed(TxEip2930 { chain_id: 1, ..Default::default() })),
            raw(signed(transfer(3, 9))),
            raw(signed(blob_transaction(&sidecar(false)))),
            raw(signed(TxEip7702 { chain_id: 1, ..Default::default() })),
        ];
        for bytes in raws {
            let tx = RecoveredTx::decode(&bytes).unwrap();
            assert_eq!(tx.sender, key().address());
            assert_eq!(*tx.encoded, *bytes);
            assert_eq!(tx.hash, alloy_primitives::keccak256(&bytes));
            assert!(tx.sidecar.is_none());
        }
    }

    #[test]
    fn a_blob_transaction_decodes_from_both_network_forms_and_back() {
        for cell_proofs in [false, true] {
            let sidecar = sidecar(cell_proofs);
            let bare = signed(blob_transaction(&sidecar));
            let full = TxEip4844WithSidecar { tx: bare.tx().clone(), sidecar: sidecar.clone() };
            let mut network = Vec::new();
            Signed::new_unhashed(full, *bare.signature()).eip2718_encode(&mut network);

            let tx = RecoveredTx::decode(&network).unwrap();
            assert_eq!(tx.hash, *bare.hash());
            assert_eq!(tx.sender, key().address());
            assert_eq!(*tx.encoded, *raw(bare));
            assert_eq!(tx.sidecar.as_deref(), Some(&sidecar));
            assert_eq!(*tx.network_encoded(), *network);
            assert!(tx.size() > 131_072);
        }
    }

    #[test]
    fn what_is_no_transaction_gets_geths_words() {
        let words = |bytes: &[u8]| RecoveredTx::decode(bytes).unwrap_err().to_string();
        assert_eq!(words(&[]), "typed transaction too short");
        assert_eq!(words(&[2]), "typed transaction too short");
        assert_eq!(words(&[5, 0xc0]), "transaction type not supported");
        assert_eq!(words(&[0, 0xc0]), "transaction type not supported");
        assert_eq!(words(&[0x80]), "rlp: expected input list for types.LegacyTx");
        assert_eq!(words(&[2, 0x80]), "rlp: expected input list for types.DynamicFeeTx");
        assert_eq!(words(&[0xc0]), "rlp: too few elements for types.LegacyTx");
        assert_eq!(words(&hex("02c20102")), "rlp: too few elements for types.DynamicFeeTx");
        assert_eq!(words(&hex("02c301")), "rlp: value size exceeds available input length");
        let mut long = raw(signed(transfer(0, 1)));
        let header = Header::decode(&mut &long[1..]).unwrap();
        let at = 1 + header.length();
        let longer = Header { payload_length: header.payload_length + 1, ..header };
        let mut head = Vec::new();
        longer.encode(&mut head);
        long.splice(1..at, head);
        long.push(1);
        assert_eq!(words(&long), "rlp: input list has too many elements for types.DynamicFeeTx");
    }

    #[test]
    fn a_deposit_is_not_sent_by_anybody() {
        assert_eq!(RecoveredTx::decode(&Transaction::from(TxDeposit::default()).encoded_2718()).unwrap_err(), PoolError::UnknownType);
    }

    #[test]
    fn trailing_bytes_and_cut_off_bytes_are_refused() {
        let mut bytes = raw(signed(transfer(0, 1)));
        for length in 0..bytes.len() {
            RecoveredTx::decode(&bytes[..length]).unwrap_err();
        }
        bytes.push(0);
        assert_eq!(RecoveredTx::decode(&bytes).unwrap_err(), PoolError::Decode(DecodeFault::Trailing));
    }

    #[test]
    fn a_signature_with_a_high_s_or_without_a_point_has_no_sender() {
        let good = signed(transfer(0, 1));
        let order = alloy_primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
        let mirrored = Signature::new(good.signature().r(), order - good.signature().s(), !good.signature().v());
        for signature in [mirrored, Signature::new(U256::ZERO, U256::ZERO, false)] {
            let bytes = raw(Signed::new_unhashed(transfer(0, 1), signature));
            let error = RecoveredTx::decode(&bytes).unwrap_err();
            assert_eq!(error.to_string(), "invalid sender: invalid transaction v, r, s values");
        }
    }

    #[test]
    fn cost_and_summary_are_those_of_txpool_inspect() {
        let mut tx = transfer(0, 10);
        tx.value = U256::from(5);
        let tx = RecoveredTx::decode(&raw(signed(tx))).unwrap();
        assert_eq!(tx.cost(), U256::from(210_005));
        assert_eq!(tx.summary(), "0x0707070707070707070707070707070707070707: 5 wei + 21000 gas × 10 wei");
        let create = TxLegacy { chain_id: Some(1), ..Default::default() };
        assert_eq!(RecoveredTx::decode(&raw(signed(create))).unwrap().summary(), "contract creation: 0 wei + 0 gas × 0 wei");
    }
}

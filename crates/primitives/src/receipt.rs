//! Receipts of every transaction type, with the encodings that block headers commit to.

use crate::transaction::TxType;
use alloy_consensus::{Eip658Value, Typed2718};
use alloy_primitives::{Bloom, Log, logs_bloom};
use alloy_rlp::{BufMut, Decodable, Encodable, Header};

/// The result of one transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Type of the transaction.
    pub tx_type: TxType,
    /// Success flag (EIP-658), or the post-state root before Byzantium.
    pub outcome: Eip658Value,
    /// Gas used in the block up to and including this transaction.
    pub cumulative_gas_used: u64,
    /// Logs, in order.
    pub logs: Vec<Log>,
    /// Deposits only: the sender's nonce before the transaction (specs: protocol/deposits, since Regolith).
    pub deposit_nonce: Option<u64>,
    /// Deposits only: 1 since Canyon.
    pub deposit_receipt_version: Option<u64>,
}

impl Receipt {
    /// Whether the transaction succeeded. Before Byzantium a receipt does not tell; it counts as success.
    pub fn succeeded(&self) -> bool {
        self.outcome.coerce_status()
    }

    /// The bloom filter over addresses and topics of the logs.
    pub fn bloom(&self) -> Bloom {
        logs_bloom(&self.logs)
    }

    /// EIP-2718 encoding with bloom: what the receipts root commits to and `debug_getRawReceipts` returns.
    pub fn encoded_2718(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        if self.tx_type != TxType::Legacy {
            out.push(self.tx_type.ty());
        }
        self.encode_fields(true, &mut out);
        out
    }

    /// The inverse of [`Self::encoded_2718`].
    ///
    /// # Errors
    /// When these are not the bytes of one receipt, or its bloom is not that of its logs.
    pub fn decode_2718(mut bytes: &[u8]) -> alloy_rlp::Result<Self> {
        // A list is a legacy transaction's; every other type is told by a byte below 0x80.
        let ty = if bytes.first().is_some_and(|first| *first < 0x80) { u8::decode_byte(&mut bytes)? } else { 0 };
        let receipt = Self::decode_fields(ty, true, &mut bytes)?;
        if bytes.is_empty() { Ok(receipt) } else { Err(alloy_rlp::Error::UnexpectedLength) }
    }

    /// Encoding without the bloom, which is computed again when read: what storage keeps.
    pub fn encode_stored(&self, out: &mut dyn BufMut) {
        out.put_u8(self.tx_type.ty());
        self.encode_fields(false, out);
    }

    /// The inverse of [`Self::encode_stored`]; takes the bytes of one receipt off the front of `buf`.
    ///
    /// # Errors
    /// When the bytes are not a stored receipt.
    pub fn decode_stored(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let ty = u8::decode_byte(buf)?;
        Self::decode_fields(ty, false, buf)
    }

    fn decode_fields(ty: u8, with_bloom: bool, buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let tx_type = TxType::try_from(ty).map_err(|_| alloy_rlp::Error::Custom("unknown receipt type"))?;
        let header = Header::decode(buf)?;
        if !header.list || header.payload_length > buf.len() {
            return Err(alloy_rlp::Error::UnexpectedString);
        }
        let (mut payload, rest) = buf.split_at(header.payload_length);
        *buf = rest;
        let outcome = Eip658Value::decode(&mut payload)?;
        let cumulative_gas_used = u64::decode(&mut payload)?;
        let bloom = with_bloom.then(|| Bloom::decode(&mut payload)).transpose()?;
        let logs = Vec::<Log>::decode(&mut payload)?;
        if bloom.is_some_and(|bloom| bloom != logs_bloom(&logs)) {
            return Err(alloy_rlp::Error::Custom("a receipt's bloom is not that of its logs"));
        }
        let deposit_nonce = (!payload.is_empty()).then(|| u64::decode(&mut payload)).transpose()?;
        let deposit_receipt_version = (!payload.is_empty()).then(|| u64::decode(&mut payload)).transpose()?;
        if !payload.is_empty() {
            return Err(alloy_rlp::Error::ListLengthMismatch {
                expected: header.payload_length - payload.len(),
                got: header.payload_length,
            });
        }
        Ok(Self { tx_type, outcome, cumulative_gas_used, logs, deposit_nonce, deposit_receipt_version })
    }

    fn encode_fields(&self, with_bloom: bool, out: &mut dyn BufMut) {
        let bloom = with_bloom.then(|| self.bloom());
        let mut payload_length = self.outcome.length() + self.cumulative_gas_used.length() + self.logs.length();
        payload_length += bloom.as_ref().map_or(0, Encodable::length);
        payload_length += self.deposit_nonce.map_or(0, |x| x.length());
        payload_length += self.deposit_receipt_version.map_or(0, |x| x.length());
        Header { list: true, payload_length }.encode(out);
        self.outcome.encode(out);
        self.cumulative_gas_used.encode(out);
        if let Some(bloom) = bloom {
            bloom.encode(out);
        }
        self.logs.encode(out);
        if let Some(nonce) = self.deposit_nonce {
            nonce.encode(out);
        }
        if let Some(version) = self.deposit_receipt_version {
            version.encode(out);
        }
    }
}

/// Reads one raw byte, which RLP's own `u8` would not do for values from 0x80 up.
trait RawByte: Sized {
    fn decode_byte(buf: &mut &[u8]) -> alloy_rlp::Result<Self>;
}

impl RawByte for u8 {
    fn decode_byte(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let (first, rest) = buf.split_first().ok_or(alloy_rlp::Error::InputTooShort)?;
        *buf = rest;
        Ok(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{LogData, address, b256};

    fn receipt(tx_type: TxType) -> Receipt {
        let log = Log {
            address: address!("0000000000000000000000000000000000000011"),
            data: LogData::new_unchecked(
                vec![b256!("0100000000000000000000000000000000000000000000000000000000000000")],
                vec![1, 2].into(),
            ),
        };
        Receipt {
            tx_type,
            outcome: true.into(),
            cumulative_gas_used: 46_913,
            logs: vec![log],
            deposit_nonce: (tx_type == TxType::Deposit).then_some(4_012_991),
            deposit_receipt_version: (tx_type == TxType::Deposit).then_some(1),
        }
    }

    #[test]
    fn a_receipt_reads_back_from_what_the_root_commits_to() {
        for tx_type in [TxType::Legacy, TxType::Eip1559, TxType::Deposit] {
            let bytes = receipt(tx_type).encoded_2718();
            assert_eq!(Receipt::decode_2718(&bytes).unwrap(), receipt(tx_type));
            assert!(Receipt::decode_2718(&[&bytes[..], &[0]].concat()).is_err());
            for at in 0..bytes.len() {
                assert!(Receipt::decode_2718(&bytes[..at]).is_err());
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                assert_ne!(Receipt::decode_2718(&changed).ok(), Some(receipt(tx_type)));
            }
        }
    }

    #[test]
    fn a_stored_receipt_reads_back_and_leaves_what_follows() {
        for tx_type in [TxType::Legacy, TxType::Eip1559, TxType::Deposit] {
            let mut bytes = Vec::new();
            receipt(tx_type).encode_stored(&mut bytes);
            bytes.push(0xaa);
            let mut buf = bytes.as_slice();
            assert_eq!(Receipt::decode_stored(&mut buf).unwrap(), receipt(tx_type));
            assert_eq!(buf, [0xaa]);
        }
    }

    #[test]
    fn the_encoding_of_a_deposit_receipt_equals_op_alloys() {
        use alloy_eips::Encodable2718;
        let ours = receipt(TxType::Deposit);
        let theirs = op_alloy_consensus::OpReceiptEnvelope::from_parts(
            true,
            ours.cumulative_gas_used,
            &ours.logs,
            op_alloy_consensus::OpTxType::Deposit,
            ours.deposit_nonce,
            ours.deposit_receipt_version,
        );
        assert_eq!(ours.encoded_2718(), theirs.encoded_2718());
    }
}

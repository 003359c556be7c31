//! The L1-attributes transaction, in both directions (specs: protocol/deposits, protocol/isthmus/l1-attributes,
//! protocol/jovian/l1-attributes).

use crate::{Block, rollup::predeploys};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use op_alloy_consensus::TxDeposit;

/// First four bytes of keccak256 of `setL1BlockValuesIsthmus()`.
const ISTHMUS: [u8; 4] = [0x09, 0x89, 0x99, 0xbe];

/// First four bytes of keccak256 of `setL1BlockValuesJovian()`.
const JOVIAN: [u8; 4] = [0x3d, 0xb6, 0xbe, 0x2b];

/// Gas limit of the transaction (since Regolith).
const GAS: u64 = 1_000_000;

/// Length of the packed calldata of `setL1BlockValuesIsthmus`, with the selector. That of Jovian has two bytes more.
const LENGTH: usize = 176;

/// What identifies a deposit: keccak256(domain ‖ keccak256(l1 block hash ‖ index)) (specs: protocol/deposits#source-hash-computation).
pub fn deposit_source_hash(domain: u64, l1_block: B256, index: u64) -> B256 {
    let mut id = [0u8; 64];
    id[..32].copy_from_slice(l1_block.as_slice());
    id[56..].copy_from_slice(&index.to_be_bytes());
    let mut preimage = [0u8; 64];
    preimage[24..32].copy_from_slice(&domain.to_be_bytes());
    preimage[32..].copy_from_slice(keccak256(id).as_slice());
    keccak256(preimage)
}

/// What the first transaction of each L2 block tells the `L1Block` contract about L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Info {
    /// Number of the L1 origin.
    pub number: u64,
    /// Timestamp of the L1 origin, seconds.
    pub timestamp: u64,
    /// Base fee of the L1 origin, wei per gas.
    pub base_fee: U256,
    /// Blob base fee of the L1 origin, wei per blob gas.
    pub blob_base_fee: U256,
    /// Hash of the L1 origin.
    pub hash: B256,
    /// Position of the L2 block in its epoch.
    pub sequence_number: u64,
    /// The batcher's address as a version 0 batcher hash.
    pub batcher_hash: B256,
    /// Ecotone base fee scalar.
    pub base_fee_scalar: u32,
    /// Ecotone blob base fee scalar.
    pub blob_base_fee_scalar: u32,
    /// Isthmus operator fee scalar.
    pub operator_fee_scalar: u32,
    /// Isthmus operator fee constant.
    pub operator_fee_constant: u64,
    /// Jovian DA footprint gas scalar; `None` on a chain without Jovian.
    pub da_footprint_gas_scalar: Option<u16>,
}

impl L1Info {
    /// Calldata of `setL1BlockValuesJovian`, 178 packed bytes, or without a DA footprint gas scalar of `setL1BlockValuesIsthmus`, 176.
    pub fn encode_calldata(&self) -> Bytes {
        let mut out = Vec::with_capacity(LENGTH + 2);
        out.extend_from_slice(if self.da_footprint_gas_scalar.is_some() { &JOVIAN } else { &ISTHMUS });
        out.extend_from_slice(&self.base_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.blob_base_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.sequence_number.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.base_fee.to_be_bytes::<32>());
        out.extend_from_slice(&self.blob_base_fee.to_be_bytes::<32>());
        out.extend_from_slice(self.hash.as_slice());
        out.extend_from_slice(self.batcher_hash.as_slice());
        out.extend_from_slice(&self.operator_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.operator_fee_constant.to_be_bytes());
        out.extend(self.da_footprint_gas_scalar.into_iter().flat_map(u16::to_be_bytes));
        out.into()
    }

    /// The inverse of [`Self::encode_calldata`].
    ///
    /// # Errors
    /// Says whether the length or the selector differs.
    pub fn decode_calldata(data: &[u8]) -> Result<Self, &'static str> {
        let (data, da_footprint_gas_scalar) = if let Some(data) = data.strip_prefix(&ISTHMUS) {
            (data, None)
        } else {
            let data = data.strip_prefix(&JOVIAN).ok_or("the selector is neither setL1BlockValuesJovian nor setL1BlockValuesIsthmus")?;
            let (data, scalar) = data.split_last_chunk().ok_or("the L1 attributes are too short")?;
            (data, Some(u16::from_be_bytes(*scalar)))
        };
        if data.len() != LENGTH - 4 {
            return Err("the L1 attributes are not as long as they should be");
        }
        let u32_at = |at: usize| u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"));
        let u64_at = |at: usize| u64::from_be_bytes(data[at..at + 8].try_into().expect("eight bytes"));
        Ok(Self {
            base_fee_scalar: u32_at(0),
            blob_base_fee_scalar: u32_at(4),
            sequence_number: u64_at(8),
            timestamp: u64_at(16),
            number: u64_at(24),
            base_fee: U256::from_be_slice(&data[32..64]),
            blob_base_fee: U256::from_be_slice(&data[64..96]),
            hash: B256::from_slice(&data[96..128]),
            batcher_hash: B256::from_slice(&data[128..160]),
            operator_fee_scalar: u32_at(160),
            operator_fee_constant: u64_at(164),
            da_footprint_gas_scalar,
        })
    }

    /// The L1-attributes transaction that carries this.
    pub fn to_deposit(&self) -> TxDeposit {
        TxDeposit {
            source_hash: deposit_source_hash(1, self.hash, self.sequence_number),
            from: predeploys::DEPOSITOR,
            to: TxKind::Call(predeploys::L1_BLOCK),
            mint: 0,
            value: U256::ZERO,
            gas_limit: GAS,
            is_system_transaction: false,
            input: self.encode_calldata(),
        }
    }

    /// Reads the first transaction of an L2 block other than genesis.
    ///
    /// # Errors
    /// Says why that is not an L1-attributes transaction.
    pub fn of_block(block: &Block) -> Result<Self, &'static str> {
        let deposit = block.body.transactions.first().and_then(|tx| tx.as_deposit());
        let deposit = deposit.ok_or("its first transaction is not a deposit")?;
        if deposit.from != predeploys::DEPOSITOR || deposit.to != TxKind::Call(predeploys::L1_BLOCK) {
            return Err("its first transaction is not the L1 attributes");
        }
        Self::decode_calldata(&deposit.input)
    }

    /// Number and hash of the L1 origin.
    pub const fn origin(&self) -> BlockNumHash {
        BlockNumHash { number: self.number, hash: self.hash }
    }

    /// The batcher's address.
    pub fn batcher(&self) -> Address {
        Address::from_word(self.batcher_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selectors_are_those_of_their_signatures() {
        assert_eq!(keccak256("setL1BlockValuesIsthmus()")[..4], ISTHMUS);
        assert_eq!(keccak256("setL1BlockValuesJovian()")[..4], JOVIAN);
    }

    #[test]
    fn a_selector_has_one_length() {
        let info = |da_footprint_gas_scalar| L1Info {
            number: 1,
            timestamp: 2,
            base_fee: U256::from(3),
            blob_base_fee: U256::from(4),
            hash: B256::repeat_byte(5),
            sequence_number: 6,
            batcher_hash: B256::repeat_byte(7),
            base_fee_scalar: 8,
            blob_base_fee_scalar: 9,
            operator_fee_scalar: 10,
            operator_fee_constant: 11,
            da_footprint_gas_scalar,
        };
        for (info, length) in [(info(None), 176), (info(Some(0)), 178), (info(Some(400)), 178)] {
            let data = info.encode_calldata();
            assert_eq!((data.len(), L1Info::decode_calldata(&data)), (length, Ok(info)));
            assert!(L1Info::decode_calldata(&data[..length - 1]).is_err());
            assert!(L1Info::decode_calldata(&[&data[..], &[0]].concat()).is_err());
            // The scalar is where the specification has it.
            assert_eq!(data.get(176..), Some(&info.da_footprint_gas_scalar.map_or(vec![], |scalar| scalar.to_be_bytes().to_vec())[..]));
        }
        assert!(L1Info::decode_calldata(&JOVIAN).is_err());
    }
}

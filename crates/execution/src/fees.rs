//! What a rollup transaction paid for L1 data and to the operator, for its receipt (specs: protocol/exec-engine, ecotone, fjord, isthmus).

use alloy_primitives::U256;
use op_revm::{L1BlockInfo, OpSpecId};
use tributary_primitives::L1Info;

/// Transaction type of a deposit, which pays no fee.
const DEPOSIT_TYPE: u8 = 0x7e;

/// The fee parameters of one L2 block, as its first transaction carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Fees {
    /// Base fee of the L1 origin, wei per gas.
    pub base_fee: u64,
    /// Blob base fee of the L1 origin, wei per blob gas.
    pub blob_base_fee: u128,
    /// Scalar of the base fee, millionths.
    pub base_fee_scalar: u32,
    /// Scalar of the blob base fee, millionths.
    pub blob_base_fee_scalar: u32,
    /// Operator fee per gas, millionths of a wei.
    pub operator_fee_scalar: u32,
    /// Operator fee per transaction, wei.
    pub operator_fee_constant: u64,
}

impl L1Fees {
    /// Reads the parameters from the input of a block's L1-attributes transaction. `None` when it is not one of Isthmus.
    pub fn from_attributes(input: &[u8]) -> Option<Self> {
        let info = L1Info::decode_calldata(input).ok()?;
        Some(Self {
            base_fee: info.base_fee.saturating_to(),
            blob_base_fee: info.blob_base_fee.saturating_to(),
            base_fee_scalar: info.base_fee_scalar,
            blob_base_fee_scalar: info.blob_base_fee_scalar,
            operator_fee_scalar: info.operator_fee_scalar,
            operator_fee_constant: info.operator_fee_constant,
        })
    }

    /// L1 gas that a transaction with these EIP-2718 bytes is charged for: 16 per estimated compressed byte (Fjord).
    pub fn data_gas(&self, encoded: &[u8]) -> u64 {
        match is_deposit(encoded) {
            true => 0,
            false => self.info().data_gas(encoded, OpSpecId::ISTHMUS).saturating_to(),
        }
    }

    /// The L1 data fee of a transaction with these EIP-2718 bytes, wei.
    pub fn data_fee(&self, encoded: &[u8]) -> U256 {
        self.info().calculate_tx_l1_cost(encoded, OpSpecId::ISTHMUS)
    }

    /// The operator fee of a transaction that used (or, before it runs, may use) so much gas, wei.
    pub fn operator_fee(&self, encoded: &[u8], gas: u64) -> U256 {
        self.info().operator_fee_charge(encoded, U256::from(gas), OpSpecId::ISTHMUS)
    }

    fn info(&self) -> L1BlockInfo {
        L1BlockInfo {
            l1_base_fee: U256::from(self.base_fee),
            l1_base_fee_scalar: U256::from(self.base_fee_scalar),
            l1_blob_base_fee: Some(U256::from(self.blob_base_fee)),
            l1_blob_base_fee_scalar: Some(U256::from(self.blob_base_fee_scalar)),
            operator_fee_scalar: Some(U256::from(self.operator_fee_scalar)),
            operator_fee_constant: Some(U256::from(self.operator_fee_constant)),
            ..Default::default()
        }
    }
}

fn is_deposit(encoded: &[u8]) -> bool {
    encoded.is_empty() || encoded[0] == DEPOSIT_TYPE
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    const FEES: L1Fees = L1Fees {
        base_fee: 1_000_000_000,
        blob_base_fee: 1,
        base_fee_scalar: 1368,
        blob_base_fee_scalar: 810_949,
        operator_fee_scalar: 2_000_000,
        operator_fee_constant: 7,
    };

    fn attributes(fees: &L1Fees) -> Vec<u8> {
        let mut input = hex!("098999be").to_vec();
        input.extend(fees.base_fee_scalar.to_be_bytes());
        input.extend(fees.blob_base_fee_scalar.to_be_bytes());
        input.extend([0; 24]);
        input.extend(U256::from(fees.base_fee).to_be_bytes::<32>());
        input.extend(U256::from(fees.blob_base_fee).to_be_bytes::<32>());
        input.extend([0; 64]);
        input.extend(fees.operator_fee_scalar.to_be_bytes());
        input.extend(fees.operator_fee_constant.to_be_bytes());
        input
    }

    #[test]
    fn fees_are_read_from_the_attributes_and_from_nothing_else() {
        let input = attributes(&FEES);
        assert_eq!(L1Fees::from_attributes(&input), Some(FEES));
        assert_eq!(L1Fees::from_attributes(&input[..175]), None);
        let mut ecotone = input;
        ecotone[..4].copy_from_slice(&hex!("440a5e20"));
        assert_eq!(L1Fees::from_attributes(&ecotone), None);
    }

    #[test]
    fn a_small_transaction_pays_for_a_hundred_bytes() {
        // Fjord: estimated size ≥ 100 bytes; fee = size × (16 × base fee × scalar + blob fee × scalar) / 1e12, size scaled by 1e6.
        let expected = 100_000_000u128 * (16 * 1_000_000_000 * 1368 + 810_949) / 1_000_000_000_000;
        assert_eq!(FEES.data_fee(&[2, 1, 2, 3]), U256::from(expected));
        assert_eq!(FEES.data_gas(&[2, 1, 2, 3]), 1600);
    }

    #[test]
    fn a_deposit_pays_neither_data_nor_operator_fee() {
        assert_eq!(FEES.data_fee(&[0x7e, 1]), U256::ZERO);
        assert_eq!(FEES.data_gas(&[0x7e, 1]), 0);
        assert_eq!(FEES.operator_fee(&[0x7e, 1], 21_000), U256::ZERO);
        assert_eq!(FEES.operator_fee(&[2, 1], 21_000), U256::from(21_000 * 2 + 7));
    }
}

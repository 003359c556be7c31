//! What a rollup transaction paid for L1 data and to the operator, for its receipt (specs: protocol/exec-engine, ecotone, fjord, isthmus,
//! jovian), and what it adds to its block's DA footprint.

use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::U256;
use op_revm::{L1BlockInfo, OpSpecId, transaction::estimate_tx_compressed_size};
use tributary_primitives::{ChainSpec, L1Info, Transaction};

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
    /// Operator fee per gas: millionths of a wei, with Jovian hundreds of wei.
    pub operator_fee_scalar: u32,
    /// Operator fee per transaction, wei.
    pub operator_fee_constant: u64,
    /// Gas that a byte counts as in the DA footprint. `None` before Jovian.
    pub da_footprint_gas_scalar: Option<u16>,
}

/// Millionths, in which op-revm estimates sizes.
const SCALE: u64 = 1_000_000;

/// The DA footprint of a block with these transactions, in gas; zero on a chain that knows none.
pub(crate) fn da_footprint(spec: &ChainSpec, transactions: &[Transaction]) -> u64 {
    let fees = L1Fees::of_block(transactions).filter(|_| spec.is_jovian());
    fees.map_or(0, |fees| transactions.iter().map(|tx| fees.da_footprint(&tx.encoded_2718())).fold(0, u64::saturating_add))
}

impl L1Fees {
    /// Reads the parameters from the input of a block's L1-attributes transaction. `None` when it is not one of Isthmus or Jovian.
    pub fn from_attributes(input: &[u8]) -> Option<Self> {
        let info = L1Info::decode_calldata(input).ok()?;
        Some(Self {
            base_fee: info.base_fee.saturating_to(),
            blob_base_fee: info.blob_base_fee.saturating_to(),
            base_fee_scalar: info.base_fee_scalar,
            blob_base_fee_scalar: info.blob_base_fee_scalar,
            operator_fee_scalar: info.operator_fee_scalar,
            operator_fee_constant: info.operator_fee_constant,
            da_footprint_gas_scalar: info.da_footprint_gas_scalar,
        })
    }

    /// Those of a block's transactions, the first of which are the L1 attributes. `None` on a chain that has none.
    pub fn of_block(transactions: &[Transaction]) -> Option<Self> {
        Self::from_attributes(&transactions.first()?.as_deposit()?.input)
    }

    /// All that a transaction of these EIP-2718 bytes may cost beside gas and value, wei: the data fee, and the operator fee as if it used up its gas limit
    /// (what a sender must have; specs: protocol/exec-engine, protocol/isthmus/exec-engine).
    pub fn rollup_cost(&self, encoded: &[u8], gas_limit: u64) -> U256 {
        self.data_fee(encoded).saturating_add(self.operator_fee(encoded, gas_limit))
    }

    /// L1 gas that a transaction with these EIP-2718 bytes is charged for: 16 per estimated compressed byte (Fjord).
    pub fn data_gas(&self, encoded: &[u8]) -> u64 {
        match is_deposit(encoded) {
            true => 0,
            false => self.info().data_gas(encoded, self.fork()).saturating_to(),
        }
    }

    /// The L1 data fee of a transaction with these EIP-2718 bytes, wei.
    pub fn data_fee(&self, encoded: &[u8]) -> U256 {
        self.info().calculate_tx_l1_cost(encoded, self.fork())
    }

    /// The operator fee of a transaction that used (or, before it runs, may use) so much gas, wei.
    pub fn operator_fee(&self, encoded: &[u8], gas: u64) -> U256 {
        self.info().operator_fee_charge(encoded, U256::from(gas), self.fork())
    }

    /// What a transaction of these EIP-2718 bytes adds to its block's DA footprint, in gas; zero before Jovian (specs: protocol/jovian/exec-engine).
    pub fn da_footprint(&self, encoded: &[u8]) -> u64 {
        match self.da_footprint_gas_scalar {
            Some(scalar) if !is_deposit(encoded) => (estimate_tx_compressed_size(encoded) / SCALE).saturating_mul(scalar.into()),
            _ => 0,
        }
    }

    /// The fork whose rules these parameters are of.
    const fn fork(&self) -> OpSpecId {
        if self.da_footprint_gas_scalar.is_some() { OpSpecId::JOVIAN } else { OpSpecId::ISTHMUS }
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
        da_footprint_gas_scalar: None,
    };
    const JOVIAN: L1Fees = L1Fees { da_footprint_gas_scalar: Some(400), ..FEES };

    fn attributes(fees: &L1Fees) -> Vec<u8> {
        let mut input = if fees.da_footprint_gas_scalar.is_some() { hex!("3db6be2b") } else { hex!("098999be") }.to_vec();
        input.extend(fees.base_fee_scalar.to_be_bytes());
        input.extend(fees.blob_base_fee_scalar.to_be_bytes());
        input.extend([0; 24]);
        input.extend(U256::from(fees.base_fee).to_be_bytes::<32>());
        input.extend(U256::from(fees.blob_base_fee).to_be_bytes::<32>());
        input.extend([0; 64]);
        input.extend(fees.operator_fee_scalar.to_be_bytes());
        input.extend(fees.operator_fee_constant.to_be_bytes());
        input.extend(fees.da_footprint_gas_scalar.into_iter().flat_map(u16::to_be_bytes));
        input
    }

    #[test]
    fn fees_are_read_from_the_attributes_and_from_nothing_else() {
        let input = attributes(&FEES);
        assert_eq!(L1Fees::from_attributes(&input), Some(FEES));
        assert_eq!(L1Fees::from_attributes(&input[..175]), None);
        assert_eq!(L1Fees::from_attributes(&attributes(&JOVIAN)), Some(JOVIAN));
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
        assert_eq!(FEES.rollup_cost(&[2, 1], 21_000), FEES.data_fee(&[2, 1]) + U256::from(42_007));
        assert_eq!(FEES.rollup_cost(&[0x7e, 1], 21_000), U256::ZERO);
    }

    #[test]
    fn with_jovian_the_operator_fee_is_a_hundred_times_the_scalar_for_each_gas() {
        assert_eq!(JOVIAN.operator_fee(&[2, 1], 21_000), U256::from(21_000u64 * 2_000_000 * 100 + 7));
        assert_eq!(JOVIAN.data_fee(&[2, 1]), FEES.data_fee(&[2, 1]), "the data fee is as before");
        // The largest there is does not overflow.
        let most = L1Fees { operator_fee_scalar: u32::MAX, operator_fee_constant: u64::MAX, ..JOVIAN };
        let fee = most.operator_fee(&[2, 1], u64::MAX);
        assert_eq!(fee, U256::from(u64::MAX) * U256::from(u32::MAX) * U256::from(100) + U256::from(u64::MAX));
        assert_eq!((fee.bit_len(), fee.to_string().len(), &fee.to_string()[..16]), (103, 31, "7922816249600206"));
    }

    #[test]
    fn the_da_footprint_is_the_estimated_size_in_whole_bytes_times_the_scalar() {
        assert_eq!(JOVIAN.da_footprint(&[2, 1, 2, 3]), 100 * 400, "at least a hundred bytes");
        assert_eq!(JOVIAN.da_footprint(&[0x7e; 500]), 0, "a deposit has none");
        assert_eq!(FEES.da_footprint(&[2, 1, 2, 3]), 0, "before Jovian nothing has");
        // Bytes that do not compress: FastLZ spends a byte on every 32 of them.
        let mut state = 1u32;
        let noise: Vec<u8> = std::iter::once(2)
            .chain(std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            }))
            .take(3_200)
            .collect();
        let size = (3_300u64 * 836_500 - 42_585_600) / 1_000_000;
        assert_eq!(JOVIAN.da_footprint(&noise), size * 400);
        assert_eq!(L1Fees { da_footprint_gas_scalar: Some(u16::MAX), ..JOVIAN }.da_footprint(&noise), size * 65_535);
        assert_eq!(L1Fees { da_footprint_gas_scalar: Some(0), ..JOVIAN }.da_footprint(&noise), 0);
    }
}

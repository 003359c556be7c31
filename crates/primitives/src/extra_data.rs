//! What a rollup's header says in its extra data (specs: protocol/holocene/exec-engine, protocol/jovian/exec-engine).

use crate::rollup::Eip1559Params;
use alloy_primitives::{B64, Bytes};

/// Version byte of Holocene.
const HOLOCENE: u8 = 0;
/// Version byte of Jovian.
const JOVIAN: u8 = 1;

/// From what the base fee of the block after follows, beside gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtraData {
    /// EIP-1559 parameters.
    pub eip1559: Eip1559Params,
    /// The least base fee, wei. On a chain with Jovian there is one, if it be zero; on others there is none.
    pub min_base_fee: Option<u64>,
}

impl ExtraData {
    /// `version ‖ denominator u32 ‖ elasticity u32`, big-endian, version 0; with a minimum version 1, and the minimum u64 at the end.
    pub fn encode(self) -> Bytes {
        let mut out = vec![if self.min_base_fee.is_some() { JOVIAN } else { HOLOCENE }];
        out.extend_from_slice(self.eip1559.to_b64().as_slice());
        out.extend(self.min_base_fee.into_iter().flat_map(u64::to_be_bytes));
        out.into()
    }

    /// The inverse of [`Self::encode`]; `None` for anything else, longer or shorter.
    pub fn decode(extra: &[u8]) -> Option<Self> {
        let (version, rest) = extra.split_first()?;
        let (params, rest) = rest.split_first_chunk::<8>()?;
        let min_base_fee = match (*version, rest) {
            (HOLOCENE, []) => None,
            (JOVIAN, minimum) => Some(u64::from_be_bytes(minimum.try_into().ok()?)),
            _ => return None,
        };
        Some(Self { eip1559: Eip1559Params::from_b64(B64::from(*params)), min_base_fee })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eips::eip1559::BaseFeeParams;
    use op_alloy_consensus::{decode_holocene_extra_data, decode_jovian_extra_data, encode_holocene_extra_data, encode_jovian_extra_data};

    const PARAMS: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 6 };
    const UNUSED: BaseFeeParams = BaseFeeParams { max_change_denominator: 1, elasticity_multiplier: 1 };

    #[test]
    fn extra_data_is_what_op_alloy_reads_and_writes() {
        let holocene = ExtraData { eip1559: PARAMS, min_base_fee: None }.encode();
        assert_eq!(holocene, encode_holocene_extra_data(PARAMS.to_b64(), UNUSED).unwrap());
        // op-alloy gives the elasticity first, whatever it takes.
        let (one, other) = decode_holocene_extra_data(&holocene).unwrap();
        assert!([(250, 6), (6, 250)].contains(&(one, other)));
        for minimum in [0, 257, 1_000_000_000, u64::MAX] {
            let jovian = ExtraData { eip1559: PARAMS, min_base_fee: Some(minimum) };
            assert_eq!(jovian.encode(), encode_jovian_extra_data(PARAMS.to_b64(), UNUSED, minimum).unwrap());
            assert_eq!(decode_jovian_extra_data(&jovian.encode()).unwrap().2, minimum);
            assert_eq!(ExtraData::decode(&jovian.encode()), Some(jovian));
        }
        assert_eq!(ExtraData::decode(&holocene), Some(ExtraData { eip1559: PARAMS, min_base_fee: None }));
    }

    #[test]
    fn extra_data_of_another_length_or_version_is_none() {
        let jovian = ExtraData { eip1559: PARAMS, min_base_fee: Some(7) }.encode();
        for wrong in [&jovian[..0], &jovian[..8], &jovian[..9], &jovian[..16], &[&jovian[..], &[0]].concat(), &[2; 17], &[0; 17], &[0; 10]]
        {
            assert_eq!(ExtraData::decode(wrong), None, "{wrong:?}");
        }
    }
}

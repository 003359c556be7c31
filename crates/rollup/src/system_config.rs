//! The system configuration and how L1 changes it (specs: protocol/system-config, protocol/holocene/system-config,
//! protocol/isthmus/system-config, protocol/jovian/system-config).

use crate::{
    Error, L1Log,
    deposits::{abi_bytes, l1_info_of},
};
use alloy_primitives::{Address, B64, B256, b256};
use tributary_primitives::{Block, ExtraData, RollupConfig, SystemConfig};

/// keccak256 of `ConfigUpdate(uint256,uint8,bytes)`.
pub const CONFIG_UPDATE: B256 = b256!("1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be");

/// Applies the `ConfigUpdate` logs of the L1 contract `SystemConfig` among `logs`, in order.
///
/// An update that cannot be parsed is skipped, as the specification demands; so are updates of unknown type and of the unsafe block signer.
pub fn apply_config_updates(cfg: &RollupConfig, config: &mut SystemConfig, logs: &[L1Log]) {
    for log in logs.iter().map(|l| &l.log).filter(|log| log.address == cfg.l1_system_config_address) {
        let &[event, version, kind] = log.topics() else { continue };
        if event == CONFIG_UPDATE
            && version == B256::ZERO
            && let Some(payload) = abi_bytes(&log.data.data)
        {
            apply(config, kind, payload);
        }
    }
}

/// Applies one update of type `kind` (the event's second indexed argument).
fn apply(config: &mut SystemConfig, kind: B256, payload: &[u8]) -> Option<()> {
    let (padding, kind) = kind.split_at(31);
    if padding.iter().any(|b| *b != 0) {
        return None;
    }
    match kind[0] {
        0 => config.batcher_addr = Address::from_slice(right_aligned::<20>(payload)?),
        1 => {
            let (_overhead, scalar) = payload.split_at_checked(32)?;
            config.scalar = valid_scalar(scalar)?;
            config.overhead = B256::ZERO;
        }
        2 => config.gas_limit = u64::from_be_bytes(right_aligned::<8>(payload)?.try_into().ok()?),
        4 => config.eip1559_params = B64::from_slice(right_aligned::<8>(payload)?),
        5 => {
            right_aligned::<12>(payload)?;
            config.operator_fee_params = B256::from_slice(payload);
        }
        6 => config.min_base_fee = u64::from_be_bytes(right_aligned::<8>(payload)?.try_into().ok()?),
        7 => config.da_footprint_gas_scalar = u16::from_be_bytes(right_aligned::<2>(payload)?.try_into().ok()?),
        _ => {}
    }
    Some(())
}

/// The last `N` bytes of a word whose other bytes are zero.
fn right_aligned<const N: usize>(word: &[u8]) -> Option<&[u8]> {
    if word.len() != 32 {
        return None;
    }
    let (padding, value) = word.split_at(32 - N);
    padding.iter().all(|b| *b == 0).then_some(value)
}

/// A scalar word whose version and padding follow specs: protocol/system-config#post-ecotone-scalar-encoding.
fn valid_scalar(word: &[u8]) -> Option<B256> {
    let word = B256::try_from(word).ok()?;
    let padding = match word[0] {
        0 => 1..28,
        1 => 1..24,
        _ => return None,
    };
    word[padding].iter().all(|b| *b == 0).then_some(word)
}

/// The configuration as an L2 block records it: scalars in version 1, no overhead, EIP-1559 parameters never zero; with Jovian the DA footprint gas scalar
/// never zero, without it nothing of what it brings.
///
/// Whoever starts from a block reconstructs this, so whoever keeps the configuration in memory must hold the same.
pub(crate) fn recorded(cfg: &RollupConfig, config: &SystemConfig) -> SystemConfig {
    let (base, blob) = config.fee_scalars();
    let eip1559_params = if config.eip1559_params.is_zero() { cfg.default_eip1559().to_b64() } else { config.eip1559_params };
    let (min_base_fee, da_footprint_gas_scalar) =
        if cfg.is_jovian() { (config.min_base_fee, config.da_footprint_gas_scalar()) } else { (0, 0) };
    SystemConfig {
        scalar: SystemConfig::encode_fee_scalars(base, blob),
        overhead: B256::ZERO,
        eip1559_params,
        min_base_fee,
        da_footprint_gas_scalar,
        ..*config
    }
}

/// The system configuration in force in an L2 block, from its L1 attributes, gas limit and extra data; that of genesis comes from `cfg`.
///
/// # Errors
/// [`Error::Malformed`] when the block is not genesis and lacks L1 attributes or extra data, or has those of another fork.
pub fn system_config_of(cfg: &RollupConfig, block: &Block) -> Result<SystemConfig, Error> {
    if block.header.number == cfg.genesis.l2.number {
        return Ok(cfg.genesis.system_config);
    }
    let info = l1_info_of(block)?;
    let extra =
        ExtraData::decode(&block.header.extra_data).ok_or(Error::malformed("L2 block", "its extra data holds no EIP-1559 parameters"))?;
    if extra.min_base_fee.is_some() != cfg.is_jovian() || info.da_footprint_gas_scalar.is_some() != cfg.is_jovian() {
        return Err(Error::malformed("L2 block", "its extra data or L1 attributes are not those of the chain's forks"));
    }
    let mut operator_fee_params = B256::ZERO;
    operator_fee_params[20..24].copy_from_slice(&info.operator_fee_scalar.to_be_bytes());
    operator_fee_params[24..].copy_from_slice(&info.operator_fee_constant.to_be_bytes());
    Ok(SystemConfig {
        batcher_addr: info.batcher(),
        scalar: SystemConfig::encode_fee_scalars(info.base_fee_scalar, info.blob_base_fee_scalar),
        overhead: B256::ZERO,
        gas_limit: block.header.gas_limit,
        eip1559_params: extra.eip1559.to_b64(),
        operator_fee_params,
        min_base_fee: extra.min_base_fee.unwrap_or_default(),
        da_footprint_gas_scalar: info.da_footprint_gas_scalar.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, keccak256};
    use tributary_primitives::Eip1559Params;

    fn config() -> SystemConfig {
        SystemConfig {
            batcher_addr: Address::repeat_byte(1),
            scalar: SystemConfig::encode_fee_scalars(1, 2),
            overhead: B256::ZERO,
            gas_limit: 30_000_000,
            eip1559_params: B64::ZERO,
            operator_fee_params: B256::ZERO,
            min_base_fee: 0,
            da_footprint_gas_scalar: 0,
        }
    }

    fn kind(n: u8) -> B256 {
        B256::with_last_byte(n)
    }

    #[test]
    fn the_event_is_that_of_its_signature() {
        assert_eq!(keccak256("ConfigUpdate(uint256,uint8,bytes)"), CONFIG_UPDATE);
    }

    #[test]
    fn each_type_of_update_changes_its_own_field() {
        let mut c = config();
        apply(&mut c, kind(0), Address::repeat_byte(9).into_word().as_slice()).unwrap();
        assert_eq!(c.batcher_addr, Address::repeat_byte(9));
        let scalar = SystemConfig::encode_fee_scalars(5, 6);
        apply(&mut c, kind(1), &[[7u8; 32], scalar.0].concat()).unwrap();
        assert_eq!((c.fee_scalars(), c.overhead), ((5, 6), B256::ZERO));
        apply(&mut c, kind(2), &U256::from(77).to_be_bytes::<32>()).unwrap();
        assert_eq!(c.gas_limit, 77);
        apply(&mut c, kind(4), &U256::from((250u64 << 32) | 6).to_be_bytes::<32>()).unwrap();
        assert_eq!(c.eip1559_params, Eip1559Params { denominator: 250, elasticity: 6 }.to_b64());
        apply(&mut c, kind(5), &(U256::from((3u128 << 64) | 4)).to_be_bytes::<32>()).unwrap();
        assert_eq!(c.operator_fee(), (3, 4));
        apply(&mut c, kind(6), &U256::from(u64::MAX).to_be_bytes::<32>()).unwrap();
        assert_eq!((c.min_base_fee, c.da_footprint_gas_scalar, c.da_footprint_gas_scalar()), (u64::MAX, 0, 400));
        apply(&mut c, kind(7), &U256::from(u16::MAX).to_be_bytes::<32>()).unwrap();
        assert_eq!((c.min_base_fee, c.da_footprint_gas_scalar()), (u64::MAX, u16::MAX));
        let before = c;
        apply(&mut c, kind(3), &[0xff; 32]);
        apply(&mut c, kind(200), &[0xff; 32]);
        assert_eq!(c, before);
    }

    #[test]
    fn an_update_that_does_not_parse_changes_nothing() {
        let before = config();
        let mut c = before;
        for n in [0u8, 1, 2, 4, 5, 6, 7] {
            assert_eq!(apply(&mut c, kind(n), &[0xff; 32]), None, "type {n}");
            assert_eq!(apply(&mut c, kind(n), &[0xff; 64]), None, "type {n}");
            assert_eq!(apply(&mut c, kind(n), &[]), None, "type {n}");
        }
        assert_eq!(apply(&mut c, B256::repeat_byte(2), &[0; 32]), None);
        assert_eq!(apply(&mut c, kind(6), &U256::from(1u128 << 64).to_be_bytes::<32>()), None);
        assert_eq!(apply(&mut c, kind(7), &U256::from(1u64 << 16).to_be_bytes::<32>()), None);
        assert_eq!(c, before);
    }
}

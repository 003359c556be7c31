//! The rollup's configuration (`rollup.json` of the OP Stack) and the references that derivation works with.

use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B64, B256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// EIP-1559 parameters of the rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eip1559Params {
    /// Base fee change denominator: the fee moves by at most 1/denominator per block.
    pub denominator: u32,
    /// Elasticity: gas target = gas limit / elasticity.
    pub elasticity: u32,
}

impl Eip1559Params {
    /// `denominator ‖ elasticity`, big-endian, as in payload attributes and `setEIP1559Params`.
    pub fn to_b64(self) -> B64 {
        let mut out = [0u8; 8];
        out[..4].copy_from_slice(&self.denominator.to_be_bytes());
        out[4..].copy_from_slice(&self.elasticity.to_be_bytes());
        B64::from(out)
    }

    /// The inverse of [`Self::to_b64`].
    pub fn from_b64(bytes: B64) -> Self {
        let [a, b, c, d, e, f, g, h] = bytes.0;
        Self { denominator: u32::from_be_bytes([a, b, c, d]), elasticity: u32::from_be_bytes([e, f, g, h]) }
    }
}

/// The part of the rollup's configuration that the L1 contract `SystemConfig` can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemConfig {
    /// The account whose L1 transactions to the inbox carry batches.
    pub batcher_addr: Address,
    /// Version byte 1 ‖ … ‖ blobBaseFeeScalar u32 ‖ baseFeeScalar u32 (specs: protocol/ecotone/l1-attributes).
    pub scalar: B256,
    /// Unused since Ecotone; kept because rollup.json and event decoding name it.
    pub overhead: B256,
    /// L2 block gas limit.
    pub gas_limit: u64,
    /// EIP-1559 parameters; zeros mean the chain's defaults (specs: protocol/holocene/system-config).
    pub eip1559_params: B64,
    /// Operator fee scalar u32 and constant u64 (specs: protocol/isthmus/system-config): `0…0 ‖ scalar ‖ constant`, big-endian.
    pub operator_fee_params: B256,
    /// The least base fee, wei (specs: protocol/jovian/system-config); zero on a chain without Jovian, as the scalar below.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_base_fee: u64,
    /// Gas that a byte counts as in a block's DA footprint (specs: protocol/jovian/system-config); zero means [`DA_FOOTPRINT_GAS_SCALAR`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub da_footprint_gas_scalar: u16,
}

/// The DA footprint gas scalar where the system configuration holds zero (specs: protocol/jovian/l1-attributes).
pub const DA_FOOTPRINT_GAS_SCALAR: u16 = 400;

/// Whether a value of Jovian is left out of the configuration.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl SystemConfig {
    /// `(base_fee_scalar, blob_base_fee_scalar)`.
    pub fn fee_scalars(&self) -> (u32, u32) {
        let b = &self.scalar.0;
        let base = u32::from_be_bytes([b[28], b[29], b[30], b[31]]);
        let blob = if b[0] == 0 { 0 } else { u32::from_be_bytes([b[24], b[25], b[26], b[27]]) };
        (base, blob)
    }

    /// The scalar word for a pair of Ecotone scalars.
    pub fn encode_fee_scalars(base_fee_scalar: u32, blob_base_fee_scalar: u32) -> B256 {
        let mut word = B256::ZERO;
        word.0[0] = 1;
        word.0[24..28].copy_from_slice(&blob_base_fee_scalar.to_be_bytes());
        word.0[28..].copy_from_slice(&base_fee_scalar.to_be_bytes());
        word
    }

    /// `(operator_fee_scalar, operator_fee_constant)`.
    pub fn operator_fee(&self) -> (u32, u64) {
        let b = &self.operator_fee_params.0;
        let mut scalar = [0u8; 4];
        let mut constant = [0u8; 8];
        scalar.copy_from_slice(&b[20..24]);
        constant.copy_from_slice(&b[24..]);
        (u32::from_be_bytes(scalar), u64::from_be_bytes(constant))
    }

    /// The DA footprint gas scalar in force.
    pub const fn da_footprint_gas_scalar(&self) -> u16 {
        if self.da_footprint_gas_scalar == 0 { DA_FOOTPRINT_GAS_SCALAR } else { self.da_footprint_gas_scalar }
    }
}

/// The anchor from which derivation starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollupGenesis {
    /// The L1 block after which batches count.
    pub l1: BlockNumHash,
    /// The L2 genesis block.
    pub l2: BlockNumHash,
    /// Timestamp of the L2 genesis block, seconds.
    pub l2_time: u64,
    /// System configuration at genesis.
    pub system_config: SystemConfig,
}

/// EIP-1559 defaults in rollup.json.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainOpConfig {
    /// Elasticity.
    pub eip1559_elasticity: u32,
    /// Denominator before Canyon.
    pub eip1559_denominator: u32,
    /// Denominator since Canyon.
    pub eip1559_denominator_canyon: u32,
}

/// The rollup's immutable configuration, in op-node's `rollup.json` format. All forks through Isthmus are active at genesis, and Jovian is or will never be:
/// one with a fork that begins later cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct RollupConfig {
    /// Anchor.
    pub genesis: RollupGenesis,
    /// Seconds between L2 blocks.
    pub block_time: u64,
    /// How far L2 time may run ahead of its L1 origin, seconds (a constant 1800 since Fjord).
    pub max_sequencer_drift: u64,
    /// Number of L1 blocks within which a batch for an epoch must appear.
    pub seq_window_size: u64,
    /// Number of L1 blocks within which a channel must be complete (50 since Granite).
    pub channel_timeout: u64,
    /// Chain id of the L1.
    pub l1_chain_id: u64,
    /// Chain id of the rollup.
    pub l2_chain_id: u64,
    /// Fork times, all zero; that of Jovian may be absent.
    #[serde(flatten)]
    pub forks: RollupForks,
    /// Where batcher transactions go.
    pub batch_inbox_address: Address,
    /// The portal on L1, which emits `TransactionDeposited`.
    pub deposit_contract_address: Address,
    /// The `SystemConfig` contract on L1, which emits `ConfigUpdate`.
    pub l1_system_config_address: Address,
    /// EIP-1559 defaults.
    pub chain_op_config: ChainOpConfig,
    /// A development chain whose L1 may mark a block as a jump in time: the L2 block that begins its epoch has its time. No other chain has the field.
    #[serde(default, skip_serializing_if = "is_absent")]
    pub time_jumps: bool,
}

/// Whether a rule of development chains is left out of the configuration.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_absent(rule: &bool) -> bool {
    !*rule
}

/// Fork times of the rollup. Tributary starts at Isthmus or at Jovian, so that every time is the genesis'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the fork of that name")]
pub struct RollupForks {
    pub regolith_time: u64,
    pub canyon_time: u64,
    pub delta_time: u64,
    pub ecotone_time: u64,
    pub fjord_time: u64,
    pub granite_time: u64,
    pub holocene_time: u64,
    pub isthmus_time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jovian_time: Option<u64>,
}

impl RollupForks {
    /// Every fork through Isthmus active at genesis.
    pub const ISTHMUS: Self = Self {
        regolith_time: 0,
        canyon_time: 0,
        delta_time: 0,
        ecotone_time: 0,
        fjord_time: 0,
        granite_time: 0,
        holocene_time: 0,
        isthmus_time: 0,
        jovian_time: None,
    };

    /// Every fork through Jovian active at genesis.
    pub const JOVIAN: Self = Self { jovian_time: Some(0), ..Self::ISTHMUS };
}

/// The maximum time that L2 may run ahead of its origin, seconds (specs: protocol/fjord/derivation).
pub const MAX_SEQUENCER_DRIFT: u64 = 1800;

/// The number of L1 blocks within which a channel must be complete (specs: protocol/granite/derivation).
pub const CHANNEL_TIMEOUT: u64 = 50;

impl RollupConfig {
    /// The default EIP-1559 parameters, used while the system config holds zeros.
    pub fn default_eip1559(&self) -> Eip1559Params {
        Eip1559Params { denominator: self.chain_op_config.eip1559_denominator_canyon, elasticity: self.chain_op_config.eip1559_elasticity }
    }

    /// Whether Jovian is active, which is from genesis on.
    pub fn is_jovian(&self) -> bool {
        self.forks.jovian_time.is_some_and(|time| time <= self.genesis.l2_time)
    }

    /// The field and the time of a fork that begins after genesis, if there is one.
    fn later_fork(&self) -> Option<(&'static str, u64)> {
        let RollupForks {
            regolith_time,
            canyon_time,
            delta_time,
            ecotone_time,
            fjord_time,
            granite_time,
            holocene_time,
            isthmus_time,
            jovian_time,
        } = self.forks;
        let forks = [
            ("regolith_time", regolith_time),
            ("canyon_time", canyon_time),
            ("delta_time", delta_time),
            ("ecotone_time", ecotone_time),
            ("fjord_time", fjord_time),
            ("granite_time", granite_time),
            ("holocene_time", holocene_time),
            ("isthmus_time", isthmus_time),
            ("jovian_time", jovian_time.unwrap_or_default()),
        ];
        forks.into_iter().find(|(_, time)| *time > self.genesis.l2_time)
    }
}

impl Serialize for RollupConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for RollupConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = Self::deserialize(deserializer)?;
        match config.later_fork() {
            None => Ok(config),
            Some((field, time)) => Err(D::Error::custom(format!(
                "{field} {time} is after genesis ({}), but no fork of this rollup begins later; Jovian may be left out",
                config.genesis.l2_time
            ))),
        }
    }
}

/// What derivation needs to know of an L1 block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L1BlockRef {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
}

impl L1BlockRef {
    /// Number and hash.
    pub const fn id(&self) -> BlockNumHash {
        BlockNumHash { number: self.number, hash: self.hash }
    }
}

/// What derivation needs to know of an L2 block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L2BlockRef {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// The L1 block that the block's epoch is named after.
    #[serde(rename = "l1origin")]
    pub l1_origin: BlockNumHash,
    /// Position in the epoch, from 0.
    pub sequence_number: u64,
}

impl L2BlockRef {
    /// Number and hash.
    pub const fn id(&self) -> BlockNumHash {
        BlockNumHash { number: self.number, hash: self.hash }
    }
}

/// The sender and the recipients that the OP Stack fixes.
pub mod predeploys {
    use alloy_primitives::{Address, address};

    /// Sender of the L1-attributes transaction.
    pub const DEPOSITOR: Address = address!("deaddeaddeaddeaddeaddeaddeaddeaddead0001");
    /// The `L1Block` contract.
    pub const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
    /// The `L2ToL1MessagePasser` contract, whose storage root is the header's withdrawals root.
    pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
    /// Receives priority fees.
    pub const SEQUENCER_FEE_VAULT: Address = address!("4200000000000000000000000000000000000011");
    /// Receives the base fee.
    pub const BASE_FEE_VAULT: Address = address!("4200000000000000000000000000000000000019");
}

/// Version 0 output root: keccak256(0 ‖ state root ‖ message passer storage root ‖ block hash) (specs: protocol/proposals).
pub fn output_root(state_root: B256, message_passer_storage_root: B256, block_hash: B256) -> B256 {
    let mut preimage = [0u8; 128];
    preimage[32..64].copy_from_slice(state_root.as_slice());
    preimage[64..96].copy_from_slice(message_passer_storage_root.as_slice());
    preimage[96..].copy_from_slice(block_hash.as_slice());
    alloy_primitives::keccak256(preimage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_scalars_round_trip() {
        let config = SystemConfig {
            batcher_addr: Address::ZERO,
            scalar: SystemConfig::encode_fee_scalars(1368, 810_949),
            overhead: B256::ZERO,
            gas_limit: 1,
            eip1559_params: B64::ZERO,
            operator_fee_params: B256::ZERO,
            min_base_fee: 0,
            da_footprint_gas_scalar: 0,
        };
        assert_eq!(config.fee_scalars(), (1368, 810_949));
    }

    fn config(forks: RollupForks, l2_time: u64) -> RollupConfig {
        let system_config = SystemConfig {
            batcher_addr: Address::ZERO,
            scalar: B256::ZERO,
            overhead: B256::ZERO,
            gas_limit: 30_000_000,
            eip1559_params: B64::ZERO,
            operator_fee_params: B256::ZERO,
            min_base_fee: 0,
            da_footprint_gas_scalar: 0,
        };
        RollupConfig {
            genesis: RollupGenesis { l1: Default::default(), l2: Default::default(), l2_time, system_config },
            block_time: 1,
            max_sequencer_drift: MAX_SEQUENCER_DRIFT,
            seq_window_size: 3600,
            channel_timeout: CHANNEL_TIMEOUT,
            l1_chain_id: 1,
            l2_chain_id: 2,
            forks,
            batch_inbox_address: Address::ZERO,
            deposit_contract_address: Address::ZERO,
            l1_system_config_address: Address::ZERO,
            chain_op_config: ChainOpConfig { eip1559_elasticity: 6, eip1559_denominator: 250, eip1559_denominator_canyon: 250 },
            time_jumps: false,
        }
    }

    #[test]
    fn a_configuration_with_a_fork_after_genesis_is_refused_in_words() {
        let read = |forks, l2_time| {
            let written = serde_json::to_string(&config(forks, l2_time)).unwrap();
            serde_json::from_str::<RollupConfig>(&written)
        };
        for jovian_time in [None, Some(0), Some(100)] {
            let forks = RollupForks { jovian_time, ..RollupForks::ISTHMUS };
            let read = read(forks, 100).unwrap();
            assert_eq!((&read, read.is_jovian()), (&config(forks, 100), jovian_time.is_some()));
        }
        let later = RollupForks { jovian_time: Some(101), ..RollupForks::ISTHMUS };
        let words = "jovian_time 101 is after genesis (100), but no fork of this rollup begins later; Jovian may be left out";
        assert!(read(later, 100).unwrap_err().to_string().starts_with(words));
        let later = RollupForks { isthmus_time: 7, ..RollupForks::JOVIAN };
        assert!(read(later, 6).unwrap_err().to_string().starts_with("isthmus_time 7 is after genesis (6)"));
    }

    #[test]
    fn a_configuration_without_jovian_is_written_as_before_it() {
        let forks = serde_json::to_value(RollupForks::ISTHMUS).unwrap();
        assert!(forks.get("jovian_time").is_none());
        assert_eq!(serde_json::from_value::<RollupForks>(forks).unwrap(), RollupForks::ISTHMUS);
        let forks = serde_json::to_value(RollupForks::JOVIAN).unwrap();
        assert_eq!(forks["jovian_time"], 0);
        assert_eq!(serde_json::from_value::<RollupForks>(forks).unwrap(), RollupForks::JOVIAN);
    }
}

//! Payload attributes: what L1 prescribes for the next L2 block (specs: protocol/derivation#building-individual-payload-attributes).
//!
//! Sequencer and deriver both start a block here, so they cannot disagree about what L1 says.

use crate::{
    Error, L1Header, L1Log, apply_config_updates, l1_info, l2_block_ref,
    system_config::{recorded, system_config_of},
    user_deposits,
};
use alloy_eips::{BlockNumHash, Encodable2718};
use alloy_primitives::{B256, Bytes};
use op_alloy_consensus::TxDeposit;
use tributary_primitives::{
    Block, BlockAttributes, Eip1559Params, ExtraData, L2BlockRef, PayloadAttributes, RollupConfig, SystemConfig,
    rollup::{MAX_SEQUENCER_DRIFT, predeploys},
};

/// An L2 block and the system configuration in force in it: all that the next block needs to know of its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L2Head {
    /// The block.
    pub block: L2BlockRef,
    /// The configuration as recorded in the block.
    pub system_config: SystemConfig,
}

impl L2Head {
    /// Reads both from a block whose header hashes to `hash`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the block is not genesis and does not begin with L1 attributes.
    pub fn of_block(cfg: &RollupConfig, block: &Block, hash: B256) -> Result<Self, Error> {
        Ok(Self { block: l2_block_ref(cfg, block, hash)?, system_config: system_config_of(cfg, block)? })
    }
}

/// The attributes of the block after `parent` in the epoch of L1 block `origin`, and the system configuration that the block will record.
///
/// `transactions` holds the L1 attributes and, in the first block of an epoch, the deposits; a batch's are appended by the caller.
/// `no_tx_pool` tells whether the sequencer drift forbids any more. `logs` are those of `origin`; they matter only when it begins an epoch.
///
/// # Errors
/// [`Error::OriginMismatch`] when `origin` is neither the parent's nor its child, [`Error::TimeBeforeOrigin`] when the block would be older than
/// its origin, [`Error::Deposit`] when the portal broke its promise.
pub fn next_attributes(
    cfg: &RollupConfig,
    parent: &L2Head,
    origin: &L1Header,
    logs: &[L1Log],
) -> Result<(PayloadAttributes, SystemConfig), Error> {
    let parent_origin = parent.block.l1_origin;
    let id = BlockNumHash { number: origin.number, hash: origin.hash };
    let mut config = parent.system_config;
    let (sequence_number, deposits) = if id == parent_origin {
        (parent.block.sequence_number + 1, Vec::new())
    } else if origin.number == parent_origin.number + 1 && origin.parent_hash == parent_origin.hash {
        apply_config_updates(cfg, &mut config, logs);
        (0, user_deposits(cfg, origin, logs)?)
    } else {
        return Err(Error::OriginMismatch { parent_origin, origin: id });
    };
    let timestamp = next_time(cfg, &parent.block, origin);
    if timestamp < origin.timestamp {
        return Err(Error::TimeBeforeOrigin { timestamp, origin_time: origin.timestamp });
    }
    let info = l1_info(cfg, origin, sequence_number, &config).to_deposit();
    let block = BlockAttributes {
        timestamp,
        beneficiary: predeploys::SEQUENCER_FEE_VAULT,
        mix_hash: origin.mix_hash,
        gas_limit: config.gas_limit,
        extra_data: extra_data(cfg, &config).encode(),
        parent_beacon_block_root: Some(origin.parent_beacon_block_root),
        withdrawals: Some(Default::default()),
        difficulty: Default::default(),
        nonce: Default::default(),
        ommers: Vec::new(),
    };
    let attributes = PayloadAttributes {
        block,
        transactions: std::iter::once(&info).chain(&deposits).map(encode_deposit).collect(),
        no_tx_pool: exceeds_drift(origin.timestamp, timestamp),
    };
    Ok((attributes, recorded(cfg, &config)))
}

/// The time of the block after `parent` in the epoch of `origin`, seconds: a block time later, and where it begins the epoch of a jump
/// ([`RollupConfig::time_jumps`]) that block's time, unless that is not even a block time later.
pub(crate) fn next_time(cfg: &RollupConfig, parent: &L2BlockRef, origin: &L1Header) -> u64 {
    let following = parent.timestamp + cfg.block_time;
    let begins_epoch = origin.number == parent.l1_origin.number + 1;
    if begins_epoch && origin.is_jump(cfg) { origin.timestamp.max(following) } else { following }
}

/// What a block's header says of the next base fee: the parameters of the system configuration, the chain's own where they are zero (specs:
/// protocol/holocene/exec-engine), and with Jovian the minimum.
fn extra_data(cfg: &RollupConfig, config: &SystemConfig) -> ExtraData {
    let params = Eip1559Params::from_b64(config.eip1559_params);
    let eip1559 = if params.denominator == 0 { cfg.default_eip1559() } else { params };
    ExtraData { eip1559, min_base_fee: cfg.is_jovian().then_some(config.min_base_fee) }
}

/// Whether L2 time runs so far ahead of its origin that only deposits may be included (specs: protocol/fjord/derivation).
pub(crate) fn exceeds_drift(origin_time: u64, timestamp: u64) -> bool {
    timestamp > origin_time.saturating_add(MAX_SEQUENCER_DRIFT)
}

fn encode_deposit(deposit: &TxDeposit) -> Bytes {
    deposit.encoded_2718().into()
}

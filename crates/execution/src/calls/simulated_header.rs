//! The blocks of a simulation before their calls: numbers, times, headers.

use super::{
    refusal::Fault,
    simulate::{SimulationBlock, SimulationChain},
    simulate_error::{SimulateError, refused},
};
use crate::block::builder::next_excess_blob_gas;
use alloy_consensus::Header;
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{B256, U256};

/// Most blocks of one simulation, pretended ones in gaps included.
const MAX_BLOCKS: u64 = 256;
/// Seconds from a block to the next one that does not say its time.
const SECONDS_PER_BLOCK: u64 = 12;

/// A block of the request whose number and time are settled.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) number: u64,
    pub(super) timestamp: u64,
    pub(super) block: SimulationBlock,
}

impl SimulationChain<'_> {
    /// Settles numbers and times, and fills gaps with empty blocks.
    pub(super) fn slots(&self, blocks: Vec<SimulationBlock>) -> Result<Vec<Slot>, SimulateError> {
        let (mut number, mut timestamp) = (self.base.number, self.base.timestamp);
        let mut slots = Vec::with_capacity(blocks.len());
        for block in blocks {
            let wanted = block.overrides.number.map_or(number.saturating_add(1), |wanted| wanted.saturating_to());
            if wanted <= number {
                return Err(refused(Fault::BlockOrder, format!("block numbers must be in order: {wanted} <= {number}")));
            }
            if wanted - self.base.number > MAX_BLOCKS {
                return Err(refused(Fault::TooManyBlocks, "too many blocks"));
            }
            for number in number + 1..wanted {
                timestamp = timestamp.saturating_add(SECONDS_PER_BLOCK);
                slots.push(Slot { number, timestamp, block: SimulationBlock::default() });
            }
            number = wanted;
            let time = block.overrides.time.unwrap_or_else(|| timestamp.saturating_add(SECONDS_PER_BLOCK));
            if time <= timestamp {
                return Err(refused(Fault::TimestampOrder, format!("block timestamps must be in order: {time} <= {timestamp}")));
            }
            timestamp = time;
            slots.push(Slot { number, timestamp, block });
        }
        Ok(slots)
    }

    /// The header before execution. What is not overridden follows from the parent; without validation the base fee is zero.
    pub(super) fn header(&self, slot: &Slot, parent: &Header, parent_hash: B256) -> Header {
        let Slot { number, timestamp, block: SimulationBlock { overrides, .. } } = slot;
        let active = |fork| self.executor.spec().is_active(fork, *number, *timestamp);
        let difficulty = if active(EthereumHardfork::Paris) { U256::ZERO } else { parent.difficulty };
        let base_fee = || if self.validation { self.executor.spec().next_base_fee(parent, *timestamp).unwrap_or_default() } else { 0 };
        Header {
            parent_hash,
            number: *number,
            timestamp: *timestamp,
            beneficiary: overrides.coinbase.unwrap_or(parent.beneficiary),
            difficulty: overrides.difficulty.unwrap_or(difficulty),
            gas_limit: overrides.gas_limit.unwrap_or(parent.gas_limit),
            mix_hash: overrides.random.unwrap_or_default(),
            // A rollup's blocks carry the parameters of the base fee here.
            extra_data: if self.executor.spec().is_rollup() { parent.extra_data.clone() } else { Default::default() },
            base_fee_per_gas: active(EthereumHardfork::London).then(|| overrides.base_fee.map_or_else(base_fee, |fee| fee.saturating_to())),
            excess_blob_gas: next_excess_blob_gas(self.executor.spec(), parent, *timestamp),
            parent_beacon_block_root: active(EthereumHardfork::Cancun).then(|| overrides.beacon_root.unwrap_or_default()),
            ..Default::default()
        }
    }
}

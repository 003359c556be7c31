//! What the next block begins with, and when it ends: the only difference between producing L1 and producing L2.

use super::records::Opening;
use crate::{Error, derived::eip1559_extra_data, l1_view::L1View};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Sealed, keccak256};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tributary_primitives::{BlockAttributes, RollupConfig};
use tributary_rollup::{L2Head, next_attributes};
use tributary_storage::StoredBlock;

/// A block that is about to be opened.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) opening: Opening,
    pub(crate) seal_at: SystemTime,
}

/// Where attributes come from.
#[derive(Debug)]
pub(crate) enum Schedule {
    /// The embedded L1: a block each slot.
    Slots(Slots),
    /// The rollup: a block each block time, on the newest L1 origin that its time allows.
    Rollup(Rollup),
}

impl Schedule {
    pub(crate) fn next(&self, parent: &StoredBlock) -> Result<Plan, Error> {
        match self {
            Self::Slots(slots) => Ok(slots.next(parent)),
            Self::Rollup(rollup) => rollup.next(parent),
        }
    }
}

/// The clock of the embedded L1.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) genesis_time: u64,
    pub(crate) seconds: u64,
    pub(crate) gas_limit: u64,
    pub(crate) beneficiary: Address,
}

impl Slots {
    fn next(&self, parent: &StoredBlock) -> Plan {
        let now = unix_time();
        let coming = self.genesis_time + (now.saturating_sub(self.genesis_time) / self.seconds + 1) * self.seconds;
        let timestamp = coming.max(parent.block.header.timestamp + self.seconds);
        Plan { opening: self.opening(parent.hash, timestamp), seal_at: at(timestamp) }
    }

    fn opening(&self, parent: B256, timestamp: u64) -> Opening {
        // A real beacon chain's values are unpredictable; a development chain's only need to differ from block to block.
        let tagged = |tag: &[u8]| keccak256([tag, parent.as_slice()].concat());
        Opening {
            timestamp,
            beneficiary: self.beneficiary,
            mix_hash: tagged(b"randao"),
            gas_limit: self.gas_limit,
            extra_data: Bytes::from_static(b"tributary dev"),
            parent_beacon_block_root: tagged(b"beacon"),
            forced: Vec::new(),
            takes_transactions: true,
        }
    }
}

/// The attributes of the embedded L1's first block, which the node builds itself.
pub(crate) fn block_one(seconds: u64, genesis: &Sealed<Header>) -> BlockAttributes {
    let slots = Slots { genesis_time: genesis.timestamp, seconds, gas_limit: genesis.gas_limit, beneficiary: Address::ZERO };
    slots.opening(genesis.hash(), genesis.timestamp + seconds).attributes()
}

/// The clock and the origins of the rollup.
#[derive(Debug)]
pub(crate) struct Rollup {
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) l1: Arc<L1View>,
}

impl Rollup {
    fn next(&self, parent: &StoredBlock) -> Result<Plan, Error> {
        let head = L2Head::of_block(&self.config, &parent.block, parent.hash)?;
        let timestamp = parent.block.header.timestamp + self.config.block_time;
        let origin = self.l1.origin_for(head.block.l1_origin, timestamp)?;
        let (attributes, _) = next_attributes(&self.config, &head, &origin.header, &origin.logs)?;
        let opening = Opening {
            timestamp,
            beneficiary: attributes.fee_recipient,
            mix_hash: attributes.prev_randao,
            gas_limit: attributes.gas_limit,
            extra_data: eip1559_extra_data(&self.config, &attributes),
            parent_beacon_block_root: attributes.parent_beacon_block_root,
            forced: attributes.transactions,
            takes_transactions: !attributes.no_tx_pool,
        };
        Ok(Plan { opening, seal_at: at(timestamp) })
    }
}

pub(crate) fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn at(timestamp: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(timestamp)
}

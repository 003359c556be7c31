//! What the next block begins with, and when it ends: the only difference between producing L1 and producing L2.

use crate::{Error, l1_view::L1View};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Sealed, keccak256};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tributary_primitives::{BlockAttributes, PayloadAttributes, RollupConfig};
use tributary_rollup::{L2Head, next_attributes};
use tributary_storage::{Store, StoredBlock};

/// A block that is about to be opened.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) attributes: PayloadAttributes,
    /// Since the Unix epoch.
    pub(crate) seal_at: Duration,
}

/// What comes after the head.
#[derive(Debug)]
pub(crate) enum Next {
    Block(Box<Plan>),
    /// The head was built on an L1 block that is no longer on L1; the newest that was not is this one.
    Rewind(u64),
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
    /// `now` in seconds since the Unix epoch.
    pub(crate) fn next(&self, parent: &StoredBlock, store: &Store, now: u64) -> Result<Next, Error> {
        match self {
            Self::Slots(slots) => Ok(Next::Block(Box::new(slots.next(parent, now)))),
            Self::Rollup(rollup) => rollup.next(parent, store),
        }
    }

    /// The chain was set back from a head of this time.
    pub(crate) const fn set_back(&mut self, from: u64) {
        if let Self::Slots(slots) = self {
            slots.branch += 1;
            slots.refill_until = from;
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
    /// How often the chain was set back, so that a block in place of another never is the same.
    pub(crate) branch: u64,
    /// Up to this time every slot gets a block at once: a branch that takes another's place is as long.
    pub(crate) refill_until: u64,
}

impl Slots {
    fn next(&self, parent: &StoredBlock, now: u64) -> Plan {
        // A slot that has just begun is not too late for its block.
        let coming = self.genesis_time + now.saturating_sub(self.genesis_time).div_ceil(self.seconds) * self.seconds;
        let following = parent.block.header.timestamp + self.seconds;
        let timestamp = if following <= self.refill_until { following } else { coming.max(following) };
        Plan { attributes: self.attributes(parent.hash, timestamp), seal_at: Duration::from_secs(timestamp) }
    }

    fn attributes(&self, parent: B256, timestamp: u64) -> PayloadAttributes {
        // A real beacon chain's values are unpredictable; a development chain's only need to differ from block to block.
        let tagged = |tag: &[u8]| keccak256([tag, parent.as_slice(), &self.branch.to_be_bytes()].concat());
        let block = BlockAttributes {
            timestamp,
            beneficiary: self.beneficiary,
            mix_hash: tagged(b"randao"),
            gas_limit: self.gas_limit,
            extra_data: Bytes::from_static(b"tributary dev"),
            parent_beacon_block_root: Some(tagged(b"beacon")),
            withdrawals: Some(Default::default()),
            difficulty: Default::default(),
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        PayloadAttributes { block, transactions: Vec::new(), no_tx_pool: false }
    }
}

/// The attributes of the embedded L1's first block, which the node builds itself.
pub(crate) fn block_one(seconds: u64, genesis: &Sealed<Header>) -> PayloadAttributes {
    let slots = Slots {
        genesis_time: genesis.timestamp,
        seconds,
        gas_limit: genesis.gas_limit,
        beneficiary: Address::ZERO,
        branch: 0,
        refill_until: 0,
    };
    slots.attributes(genesis.hash(), genesis.timestamp + seconds)
}

/// The clock and the origins of the rollup.
#[derive(Debug)]
pub(crate) struct Rollup {
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) l1: Arc<L1View>,
}

impl Rollup {
    fn next(&self, parent: &StoredBlock, store: &Store) -> Result<Next, Error> {
        let head = L2Head::of_block(&self.config, &parent.block, parent.hash)?;
        let timestamp = parent.block.header.timestamp + self.config.block_time;
        let Some(origin) = self.l1.origin_for(head.block.l1_origin, timestamp) else { return self.fork(&head, store) };
        let (attributes, _) = next_attributes(&self.config, &head, &origin.header, &origin.logs)?;
        Ok(Next::Block(Box::new(Plan { attributes, seal_at: Duration::from_secs(timestamp) })))
    }

    /// The newest block below `head` whose origin is on L1.
    fn fork(&self, head: &L2Head, store: &Store) -> Result<Next, Error> {
        for number in (self.config.genesis.l2.number..head.block.number).rev() {
            let missing = || Error::Disagreement(format!("block {number} of our own chain is missing"));
            let block = store.block(number)?.ok_or_else(missing)?;
            let origin = L2Head::of_block(&self.config, &block.block, block.hash)?.block.l1_origin;
            if self.l1.has(origin) {
                return Ok(Next::Rewind(number));
            }
        }
        Err(Error::Disagreement("L1 no longer has the block that the rollup began at".to_owned()))
    }
}

pub(crate) fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time of the block that follows one of `parent`, opened at `now`, in slots of 12 seconds from 100 on.
    fn next(parent: u64, now: u64, refill_until: u64) -> u64 {
        let slots = Slots { genesis_time: 100, seconds: 12, gas_limit: 1, beneficiary: Address::ZERO, branch: 0, refill_until };
        let header = Header { timestamp: parent, ..Default::default() };
        let block = tributary_primitives::Block::new(header, Default::default());
        slots.next(&StoredBlock { block, hash: B256::ZERO, senders: Vec::new() }, now).attributes.block.timestamp
    }

    #[test]
    fn a_slot_is_missed_once_it_has_begun_without_a_block_for_more_than_a_second() {
        assert_eq!(next(112, 112, 0), 124, "the parent has the slot of now");
        assert_eq!(next(112, 119, 0), 124);
        assert_eq!(next(112, 124, 0), 124, "a clock that stands at the slot's beginning waits for this block");
        assert_eq!(next(112, 125, 0), 136);
        assert_eq!(next(112, 125, 130), 124, "a branch that takes another's place is as long");
    }
}

//! What the next block begins with, and when it ends: the only difference between producing L1 and producing L2.

use crate::{Error, l1_view::L1View};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Sealed, keccak256};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tributary_primitives::{BlockAttributes, PayloadAttributes, RollupConfig};
use tributary_rollup::{L2Head, TIME_JUMP, next_attributes};
use tributary_storage::{Store, StoredBlock};

/// A block that is about to be opened.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) attributes: PayloadAttributes,
    /// When its time is over, since the Unix epoch.
    pub(crate) seal_at: Duration,
    /// How long it stays open at least, by no clock that somebody sets.
    pub(crate) rest: Duration,
}

impl Plan {
    /// A block whose time is over when its timestamp says.
    const fn in_time(attributes: PayloadAttributes) -> Self {
        Self { seal_at: Duration::from_secs(attributes.block.timestamp), attributes, rest: Duration::ZERO }
    }

    /// A block after a jump: whoever ordered that has some time to put something into it.
    fn held(attributes: PayloadAttributes, now: Duration) -> Self {
        Self { seal_at: now + HELD, attributes, rest: Duration::ZERO }
    }

    /// A block that was open when the node ended, now that it is `now`.
    pub(super) fn reopened(attributes: PayloadAttributes, now: Duration) -> Self {
        let is_far = Duration::from_secs(attributes.block.timestamp) > now + FAR;
        if is_far { Self::held(attributes, now) } else { Self::in_time(attributes) }
    }
}

/// How long a block after a jump in time waits for what it was made for.
const HELD: Duration = Duration::from_secs(5);

/// No chain's blocks are as far apart, so that a block as far ahead of the clock is one after a jump.
const FAR: Duration = Duration::from_secs(60);

/// How long a block of the embedded L1 stays open when users of the rollup drive the clock: slots that go by meanwhile are missed.
const PACE: Duration = Duration::from_millis(250);

/// What comes after the head.
#[derive(Debug)]
pub(crate) enum Next {
    Block(Box<Plan>),
    /// Nothing, until more is known of L1: a block so far ahead of its origin would be invalid, if the next origin has come already.
    Wait,
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
    /// `now` is since the Unix epoch.
    pub(crate) fn next(&self, parent: &StoredBlock, store: &Store, now: Duration) -> Result<Next, Error> {
        match self {
            Self::Slots(slots) => Ok(Next::Block(Box::new(slots.next(parent, now)))),
            Self::Rollup(rollup) => rollup.next(parent, store, now),
        }
    }

    /// Blocks were taken back. Those with these headers, from the oldest on, are made up for.
    pub(crate) fn set_back<'a>(&mut self, replaced: impl Iterator<Item = &'a Header>) {
        if let Self::Slots(slots) = self {
            slots.branch += 1;
            slots.jump = None;
            slots.refill = replaced.map(|header| Slot { timestamp: header.timestamp, is_jump: *header.extra_data == *TIME_JUMP }).collect();
        }
    }

    /// The next block of the embedded L1 is to be a jump to this time, seconds since the Unix epoch.
    pub(crate) const fn jump(&mut self, to: u64) {
        if let Self::Slots(slots) = self {
            slots.jump = Some(to);
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
    /// Blocks that are made up for at once: a branch that takes another's place is as long.
    pub(crate) refill: Vec<Slot>,
    /// Where time is to jump to with the next block, seconds since the Unix epoch; no more once a block is as late.
    pub(crate) jump: Option<u64>,
}

/// The place of a block of the embedded L1 in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    timestamp: u64,
    /// Whether it is marked as a jump in time.
    is_jump: bool,
}

impl Slots {
    fn next(&self, parent: &StoredBlock, now: Duration) -> Plan {
        let newest = parent.block.header.timestamp;
        let refill = self.refill.iter().find(|slot| slot.timestamp > newest);
        if let Some(to) = self.jump.filter(|to| *to > newest && refill.is_none()) {
            return Plan::held(self.attributes(parent.hash, Slot { timestamp: to, is_jump: true }), now);
        }
        if let Some(slot) = refill {
            return Plan { seal_at: Duration::ZERO, ..Plan::in_time(self.attributes(parent.hash, *slot)) };
        }
        // A slot that has just begun is not too late for its block.
        let coming = self.genesis_time + now.as_secs().saturating_sub(self.genesis_time).div_ceil(self.seconds) * self.seconds;
        let slot = Slot { timestamp: coming.max(newest + self.seconds), is_jump: false };
        Plan { rest: PACE, ..Plan::in_time(self.attributes(parent.hash, slot)) }
    }

    fn attributes(&self, parent: B256, slot: Slot) -> PayloadAttributes {
        // A real beacon chain's values are unpredictable; a development chain's only need to differ from block to block.
        let tagged = |tag: &[u8]| keccak256([tag, parent.as_slice(), &self.branch.to_be_bytes()].concat());
        let block = BlockAttributes {
            timestamp: slot.timestamp,
            beneficiary: self.beneficiary,
            mix_hash: tagged(b"randao"),
            gas_limit: self.gas_limit,
            extra_data: Bytes::from_static(if slot.is_jump { TIME_JUMP } else { b"tributary dev" }),
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
        refill: Vec::new(),
        jump: None,
    };
    slots.attributes(genesis.hash(), Slot { timestamp: genesis.timestamp + seconds, is_jump: false })
}

/// The clock and the origins of the rollup.
#[derive(Debug)]
pub(crate) struct Rollup {
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) l1: Arc<L1View>,
}

impl Rollup {
    fn next(&self, parent: &StoredBlock, store: &Store, now: Duration) -> Result<Next, Error> {
        let head = L2Head::of_block(&self.config, &parent.block, parent.hash)?;
        let following = parent.block.header.timestamp + self.config.block_time;
        let current = head.block.l1_origin;
        let Some(origin) = self.l1.origin_for(&self.config, current, following) else { return self.fork(&head, store) };
        let (mut attributes, _) = next_attributes(&self.config, &head, &origin.header, &origin.logs)?;
        if attributes.no_tx_pool && !self.l1.knows(origin.header.number + 1) {
            return Ok(Next::Wait);
        }
        let plan = if self.l1.jumps_after(&self.config, origin.header.number) {
            // What users sent is for the block after the jump; those up to there have nothing to wait for.
            attributes.no_tx_pool = true;
            Plan { seal_at: Duration::ZERO, ..Plan::in_time(attributes) }
        } else if attributes.block.timestamp > following {
            Plan::held(attributes, now)
        } else {
            Plan::in_time(attributes)
        };
        Ok(Next::Block(Box::new(plan)))
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

    fn slots(refill: &[(u64, bool)], jump: Option<u64>) -> Slots {
        let refill = refill.iter().map(|(timestamp, is_jump)| Slot { timestamp: *timestamp, is_jump: *is_jump }).collect();
        Slots { genesis_time: 100, seconds: 12, gas_limit: 1, beneficiary: Address::ZERO, branch: 0, refill, jump }
    }

    /// The time of the block that follows one of `parent`, opened at `now`, in slots of 12 seconds from 100 on, and whether it is a jump.
    fn next(slots: &Slots, parent: u64, now: u64) -> (u64, bool) {
        let header = Header { timestamp: parent, ..Default::default() };
        let block = tributary_primitives::Block::new(header, Default::default());
        let plan = slots.next(&StoredBlock { block, hash: B256::ZERO, senders: Vec::new() }, Duration::from_secs(now));
        (plan.attributes.block.timestamp, *plan.attributes.block.extra_data == *TIME_JUMP)
    }

    #[test]
    fn a_slot_is_missed_once_it_has_begun_without_a_block_for_more_than_a_second() {
        let slots = slots(&[], None);
        for (parent, now, time) in [(112, 112, 124), (112, 119, 124), (112, 124, 124), (112, 125, 136)] {
            assert_eq!(next(&slots, parent, now), (time, false), "a missed slot is no jump");
        }
    }

    #[test]
    fn a_branch_that_takes_anothers_place_has_its_blocks_and_its_jumps() {
        let slots = slots(&[(124, false), (9999, true)], None);
        assert_eq!(next(&slots, 112, 10_020), (124, false));
        assert_eq!(next(&slots, 124, 10_020), (9999, true));
        assert_eq!(next(&slots, 9999, 10_020), (10_024, false));
    }

    #[test]
    fn a_jump_is_made_once() {
        let slots = slots(&[], Some(5000));
        assert_eq!(next(&slots, 112, 113), (5000, true));
        assert_eq!(next(&slots, 5000, 113), (5012, false));
    }
}

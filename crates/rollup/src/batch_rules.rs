//! When a batch counts (specs: protocol/derivation#batch-queue and protocol/delta/span-batches#batch-queue as amended by
//! protocol/holocene/derivation). Pure functions from batch and context to a verdict.

use crate::{
    L1Header, L1Log, SingularBatch, SpanBatch,
    attributes::{exceeds_drift, next_time},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use std::collections::VecDeque;
use tributary_primitives::{L2BlockRef, RollupConfig};

/// What becomes of a batch.
///
/// The specification's `undecided` does not occur: batches are read only once L1 is past the origin of the safe head, and then the next epoch
/// is known. `future` does not occur since Holocene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// The batch is the next block (or, for a span batch, its blocks may be tried one by one).
    Accept,
    /// The batch is about blocks that are already safe: it is skipped, what follows in its channel counts.
    Past,
    /// The batch is invalid: it is dropped together with the rest of its channel.
    Drop,
}

/// An L1 block that L2 blocks can have as their origin.
#[derive(Debug, Clone)]
pub(crate) struct Epoch {
    pub(crate) header: L1Header,
    pub(crate) logs: Vec<L1Log>,
}

/// What a span batch has to know of the block that it follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent {
    hash: B256,
    /// Number of its L1 origin.
    epoch: u64,
}

impl Parent {
    /// The safe head, which the next block follows.
    pub(crate) const fn safe_head(safe_head: &L2BlockRef) -> Self {
        Self { hash: safe_head.hash, epoch: safe_head.l1_origin.number }
    }

    /// The parent of a block that is already safe.
    pub(crate) const fn of(block: &L2BlockRef) -> Self {
        let epochs_before = if block.sequence_number == 0 { 1 } else { 0 };
        Self { hash: block.parent_hash, epoch: block.l1_origin.number.saturating_sub(epochs_before) }
    }
}

/// What batches are judged against.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) cfg: &'a RollupConfig,
    pub(crate) safe_head: &'a L2BlockRef,
    /// The safe head's origin, and every L1 block after it up to the one that is being read.
    pub(crate) epochs: &'a VecDeque<Epoch>,
    /// Number of the L1 block that is being read.
    pub(crate) inclusion: u64,
}

impl Context<'_> {
    pub(crate) fn next_timestamp(&self) -> u64 {
        self.safe_head.timestamp + self.cfg.block_time
    }

    /// The next block's time if its origin is the L1 block with this number: another than [`Self::next_timestamp`] where it begins the epoch of a jump.
    fn next_timestamp_in(&self, epoch: u64) -> u64 {
        self.epoch(epoch).map_or_else(|| self.next_timestamp(), |origin| next_time(self.cfg, self.safe_head, origin))
    }

    /// The L1 block with this number, if it is among the epochs.
    pub(crate) fn epoch(&self, number: u64) -> Option<&L1Header> {
        let first = self.epochs.front()?.header.number;
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.epochs.get(at).map(|epoch| &epoch.header)
    }

    fn window_is_over(&self, epoch: u64) -> bool {
        epoch.saturating_add(self.cfg.seq_window_size) < self.inclusion
    }

    /// Judges a batch of one block.
    pub(crate) fn check_singular(&self, batch: &SingularBatch) -> Validity {
        if batch.timestamp < self.next_timestamp() {
            return Validity::Past;
        }
        if batch.timestamp != self.next_timestamp_in(batch.epoch_num)
            || batch.parent_hash != self.safe_head.hash
            || self.window_is_over(batch.epoch_num)
            || !self.origin_is_valid(batch)
            || !batch.transactions.iter().all(|tx| may_be_in_a_batch(tx))
        {
            return Validity::Drop;
        }
        Validity::Accept
    }

    /// The origin is canonical, the parent's or the next, not after the block, and not so old that the sequencer should have moved on.
    fn origin_is_valid(&self, batch: &SingularBatch) -> bool {
        let epoch = self.safe_head.l1_origin.number;
        if batch.epoch_num != epoch && batch.epoch_num != epoch + 1 {
            return false;
        }
        let Some(origin) = self.epoch(batch.epoch_num) else { return false };
        if batch.epoch_hash != origin.hash || batch.timestamp < origin.timestamp {
            return false;
        }
        if !exceeds_drift(origin.timestamp, batch.timestamp) {
            return true;
        }
        // Beyond the drift only an empty block may follow, and only where the next epoch could not be adopted yet. A jump can be at any time.
        let must_wait = |next: &L1Header| batch.timestamp < next.timestamp && !next.is_jump(self.cfg);
        batch.transactions.is_empty() && (batch.epoch_num == epoch + 1 || self.epoch(epoch + 1).is_some_and(must_wait))
    }

    /// Number of the block that is the first of `batch`: the next one, or one that is already safe. `None` when there is no such block.
    pub(crate) fn first_of(&self, batch: &SpanBatch) -> Option<u64> {
        // One that begins with a jump is later than a block time after the safe head.
        let back = self.next_timestamp().saturating_sub(batch.start_timestamp(self.cfg));
        let blocks = back.is_multiple_of(self.cfg.block_time).then(|| back / self.cfg.block_time)?;
        let number = (self.safe_head.number + 1).checked_sub(blocks)?;
        (number > self.cfg.genesis.l2.number).then_some(number)
    }

    /// The part of a span batch's rules that needs only its times.
    pub(crate) fn check_span_time(&self, batch: &SpanBatch) -> Validity {
        let start = batch.start_timestamp(self.cfg);
        if start > self.next_timestamp() && start != self.next_timestamp_in(batch.start_epoch()) {
            Validity::Drop
        } else if batch.end_timestamp(self.cfg) < self.next_timestamp() {
            Validity::Past
        } else {
            Validity::Accept
        }
    }

    /// The other rules of a span batch, given the block that its first block follows. Holocene judges its blocks one by one afterwards; what
    /// Delta demands of the first block alone still holds, also where that block is already safe.
    pub(crate) fn check_span_start(&self, batch: &SpanBatch, parent: Parent) -> Validity {
        let start = batch.start_epoch();
        let origin_is_canonical = self.epoch(batch.l1_origin_num).is_some_and(|origin| batch.ends_at_origin(origin.hash));
        let origin_follows = start == parent.epoch || start == parent.epoch + 1;
        if batch.follows(parent.hash) && origin_is_canonical && origin_follows && !self.window_is_over(start) {
            Validity::Accept
        } else {
            Validity::Drop
        }
    }

    /// The empty batch that follows when everything up to the current L1 block is read and no batch was accepted; `None` while the sequencer may
    /// still deliver one.
    pub(crate) fn forced_batch(&self) -> Option<SingularBatch> {
        let next_timestamp = self.next_timestamp();
        let expired = |epoch: u64| epoch.saturating_add(self.cfg.seq_window_size) <= self.inclusion;
        let current = self.safe_head.l1_origin.number;
        if !expired(current) {
            return None;
        }
        let next = self.epoch(current + 1)?;
        let origin = if next_timestamp < next.timestamp && !next.is_jump(self.cfg) {
            self.safe_head.l1_origin
        } else if expired(next.number) {
            // Every epoch has at least one block, so the next one cannot be skipped, but its own window must be over first.
            BlockNumHash { number: next.number, hash: next.hash }
        } else {
            return None;
        };
        Some(SingularBatch {
            parent_hash: self.safe_head.hash,
            epoch_num: origin.number,
            epoch_hash: origin.hash,
            timestamp: self.next_timestamp_in(origin.number),
            transactions: Vec::new(),
        })
    }
}

/// Whether a transaction is of a type that batches carry: legacy, EIP-2930, EIP-1559 and, since Isthmus, EIP-7702.
/// Whether it is valid otherwise is for execution to say.
fn may_be_in_a_batch(tx: &[u8]) -> bool {
    !matches!(tx.first(), None | Some(3 | 5..=0x7f))
}

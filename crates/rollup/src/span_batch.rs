//! Span batches: a run of consecutive L2 blocks in one batch (specs: protocol/delta/span-batches).

use crate::{
    BatchBlock, Error,
    span_transactions::{decode_transactions, encode_transactions},
    wire::{Reader, put_bits, put_uvarint},
};
use alloy_primitives::{B256, FixedBytes};
use tributary_primitives::{RollupConfig, Transaction};

/// Most blocks and most transactions in a span batch.
pub const MAX_SPAN_BATCH_ELEMENT_COUNT: u64 = 10_000_000;

/// A run of consecutive L2 blocks without their deposits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanBatch {
    /// Timestamp of the first block minus that of genesis, seconds.
    pub rel_timestamp: u64,
    /// Number of the last block's L1 origin.
    pub l1_origin_num: u64,
    /// First 20 bytes of the hash of the first block's parent.
    pub parent_check: FixedBytes<20>,
    /// First 20 bytes of the hash of the last block's L1 origin.
    pub l1_origin_check: FixedBytes<20>,
    /// The blocks, at least one.
    pub blocks: Vec<SpanBlock>,
}

/// One block of a [`SpanBatch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanBlock {
    /// Whether the L1 origin is the one after the previous block's.
    pub origin_changed: bool,
    /// Transactions except deposits.
    pub transactions: Vec<Transaction>,
}

/// The first 20 bytes of a hash.
fn check_of(hash: B256) -> FixedBytes<20> {
    FixedBytes::from_slice(&hash[..20])
}

impl SpanBatch {
    /// The batch of consecutive `blocks` a block time apart; `None` when there are none.
    pub fn of_blocks(cfg: &RollupConfig, blocks: &[BatchBlock]) -> Option<Self> {
        let (first, last) = (blocks.first()?.block, blocks.last()?.block);
        Some(Self {
            rel_timestamp: first.timestamp - cfg.genesis.l2_time,
            l1_origin_num: last.l1_origin.number,
            parent_check: check_of(first.parent_hash),
            l1_origin_check: check_of(last.l1_origin.hash),
            blocks: blocks
                .iter()
                .map(|b| SpanBlock { origin_changed: b.block.sequence_number == 0, transactions: b.transactions.clone() })
                .collect(),
        })
    }

    /// Batches of consecutive `blocks`, each as far as there is no jump in time.
    pub(crate) fn of_runs(cfg: &RollupConfig, blocks: &[BatchBlock]) -> impl Iterator<Item = Self> {
        let runs = blocks.chunk_by(|block, next| next.block.timestamp == block.block.timestamp + cfg.block_time);
        runs.filter_map(|run| Self::of_blocks(cfg, run))
    }

    /// Appends `prefix ‖ payload`, without the batch version.
    ///
    /// # Errors
    /// [`Error::Unencodable`] when a transaction has no place in a span batch of chain `chain_id`.
    pub fn encode(&self, chain_id: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        put_uvarint(out, self.rel_timestamp);
        put_uvarint(out, self.l1_origin_num);
        out.extend_from_slice(self.parent_check.as_slice());
        out.extend_from_slice(self.l1_origin_check.as_slice());
        put_uvarint(out, self.blocks.len() as u64);
        put_bits(out, &self.blocks.iter().map(|b| b.origin_changed).collect::<Vec<_>>());
        for block in &self.blocks {
            put_uvarint(out, block.transactions.len() as u64);
        }
        encode_transactions(self.blocks.iter().flat_map(|b| &b.transactions), chain_id, out)
    }

    /// The inverse of [`Self::encode`]. Bytes after the batch are ignored, as the specification allows.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the bytes are no span batch.
    pub fn decode(bytes: &[u8], chain_id: u64) -> Result<Self, Error> {
        let mut reader = Reader::new("span batch", bytes);
        let rel_timestamp = reader.uvarint()?;
        let l1_origin_num = reader.uvarint()?;
        let parent_check = reader.array()?.into();
        let l1_origin_check = reader.array()?.into();

        let block_count = reader.uvarint()?;
        if block_count == 0 {
            return Err(reader.malformed("it has no blocks"));
        }
        if block_count > MAX_SPAN_BATCH_ELEMENT_COUNT {
            return Err(reader.malformed("it has too many blocks"));
        }
        let origin_bits = reader.bits(block_count as usize)?;
        if (origin_bits.iter().skip(1).filter(|bit| **bit).count() as u64) > l1_origin_num {
            return Err(reader.malformed("its first block's origin has a negative number"));
        }
        let mut counts = Vec::new();
        let mut total = 0u64;
        for _ in 0..block_count {
            let count = reader.uvarint()?;
            total = total.saturating_add(count);
            if total > MAX_SPAN_BATCH_ELEMENT_COUNT {
                return Err(reader.malformed("it has too many transactions"));
            }
            counts.push(count as usize);
        }
        let mut transactions = decode_transactions(&mut reader, total as usize, chain_id)?.into_iter();
        let blocks = origin_bits
            .into_iter()
            .zip(counts)
            .map(|(origin_changed, count)| SpanBlock { origin_changed, transactions: transactions.by_ref().take(count).collect() })
            .collect();
        Ok(Self { rel_timestamp, l1_origin_num, parent_check, l1_origin_check, blocks })
    }

    /// Number of the first block's L1 origin. Whether its own bit is set says nothing of it: that only separates it from the parent.
    pub fn start_epoch(&self) -> u64 {
        let changes = self.blocks.iter().skip(1).filter(|b| b.origin_changed).count() as u64;
        self.l1_origin_num.saturating_sub(changes)
    }

    /// Timestamp of the first block, seconds; saturates for a batch from beyond the end of time.
    pub fn start_timestamp(&self, cfg: &RollupConfig) -> u64 {
        cfg.genesis.l2_time.saturating_add(self.rel_timestamp)
    }

    /// Timestamp of the last block, seconds; saturates likewise.
    pub fn end_timestamp(&self, cfg: &RollupConfig) -> u64 {
        let span = (self.blocks.len() as u64 - 1).saturating_mul(cfg.block_time);
        self.start_timestamp(cfg).saturating_add(span)
    }

    /// Whether `hash` can be the hash of the first block's parent.
    pub fn follows(&self, hash: B256) -> bool {
        self.parent_check == check_of(hash)
    }

    /// Whether `hash` can be the hash of the last block's L1 origin.
    pub fn ends_at_origin(&self, hash: B256) -> bool {
        self.l1_origin_check == check_of(hash)
    }
}

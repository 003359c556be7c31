//! The encoder: L2 blocks in, batcher transactions out, no I/O (specs: protocol/batcher).

use crate::{
    Batch, BatchBlock, BatcherData, Compression, DataAvailability, Error, FRAME_OVERHEAD, MAX_RLP_BYTES_PER_CHANNEL, SingularBatch,
    SpanBatch,
    payload::{channel_id, cut, max_frame_size, pack},
    verify,
};
use alloy_eips::Encodable2718;
use std::{collections::VecDeque, sync::Arc};
use tributary_primitives::{RollupConfig, rollup::CHANNEL_TIMEOUT};

/// Which batches the encoder writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchKind {
    /// One batch for each block.
    Singular,
    /// One span batch for each channel, and another after each jump in time.
    Span,
}

/// How the encoder works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderConfig {
    /// Span or singular batches.
    pub kind: BatchKind,
    /// Compression of channels.
    pub compression: Compression,
    /// Blobs or calldata.
    pub da: DataAvailability,
    /// Most bytes of a frame, its 23 bytes of overhead included; bounded by what blobs or calldata hold.
    pub max_frame_size: usize,
    /// A channel is closed when it fills this many frames.
    pub target_frames: usize,
    /// A channel is closed when it has been open for this many L1 blocks.
    pub max_channel_duration: u64,
    /// A channel is closed this many L1 blocks before the sequencing window of its first block ends.
    pub window_margin: u64,
}

impl EncoderConfig {
    /// Up to six full blobs a transaction, a channel a transaction.
    ///
    /// Quality 9, not op-batcher's 10: on transfers it gives the same size to a tenth of a percent, at a tenth of the time.
    pub const BLOBS: Self = Self {
        kind: BatchKind::Span,
        compression: Compression::Brotli { quality: 9 },
        da: DataAvailability::Blobs { per_transaction: 6 },
        max_frame_size: BLOB_FRAME_CAPACITY,
        target_frames: 6,
        max_channel_duration: 2,
        window_margin: 10,
    };

    /// One transaction of at most 120,000 bytes for each channel.
    pub const CALLDATA: Self = Self { da: DataAvailability::Calldata, max_frame_size: 120_000 - 1, target_frames: 1, ..Self::BLOBS };

    /// Compressed bytes at which a channel is full.
    fn target_size(&self) -> usize {
        let frame = self.max_frame_size.min(max_frame_size(self.da));
        frame.saturating_sub(FRAME_OVERHEAD).max(1).saturating_mul(self.target_frames.max(1))
    }
}

/// The largest frame that fits a blob beside the version byte of batcher transactions.
pub const BLOB_FRAME_CAPACITY: usize = crate::MAX_BLOB_DATA - 1;

/// Names a payload of one encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadId {
    channel: u64,
    index: usize,
}

/// The data of one batcher transaction.
#[derive(Debug, Clone)]
pub struct Payload {
    /// For [`Encoder::confirm`].
    pub id: PayloadId,
    /// Goes to the batch inbox.
    pub data: Arc<BatcherData>,
    /// Numbers of the first and the last L2 block of the channel.
    pub blocks: (u64, u64),
}

/// What a confirmation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// Payloads of the channel, or of one before it, are still missing.
    Partial,
    /// Every L2 block up to this number is on L1 in time.
    Complete(u64),
    /// The channel took too long; its blocks and all later ones will be encoded again.
    TimedOut,
}

#[derive(Debug)]
enum Status {
    Ready,
    Sent,
    /// Included in the L1 block with this number.
    Included(u64),
}

/// A closed channel.
#[derive(Debug)]
struct Channel {
    sequence: u64,
    blocks: Vec<BatchBlock>,
    payloads: Vec<(Arc<BatcherData>, Status)>,
}

impl Channel {
    fn inclusions(&self) -> impl Iterator<Item = u64> {
        self.payloads.iter().filter_map(|(_, status)| match status {
            Status::Included(at) => Some(*at),
            _ => None,
        })
    }

    fn is_complete(&self) -> bool {
        self.inclusions().count() == self.payloads.len()
    }

    /// Whether the channel times out on L1 before it can be complete at `l1_head`.
    fn is_timed_out(&self, l1_head: u64) -> bool {
        let last = if self.is_complete() { self.inclusions().max() } else { Some(l1_head) };
        self.inclusions().min().zip(last).is_some_and(|(first, last)| last > first + CHANNEL_TIMEOUT)
    }
}

/// Turns L2 blocks into batcher transactions.
///
/// The caller adds blocks in order, calls [`Self::step`] until it has nothing to do, submits [`Self::next_payload`] after payload *in the order
/// handed out* (Holocene drops frames that arrive out of order, so nonces must follow that order), and reports what became of each.
/// Progress is not kept: after a restart, an L1 reorg or any doubt, make a new encoder and add the blocks after the safe head.
#[derive(Debug)]
pub struct Encoder {
    cfg: Arc<RollupConfig>,
    config: EncoderConfig,
    /// Blocks that are in no closed channel yet.
    open: VecDeque<BatchBlock>,
    /// The L1 head when the first of `open` was seen.
    opened_at: Option<u64>,
    /// Leading blocks of `open` to compress next, and their size.
    prefix: (usize, usize),
    /// The size from which compressing is worth a try.
    try_at: usize,
    closed: VecDeque<Channel>,
    sequence: u64,
    close_requested: bool,
}

impl Encoder {
    /// An encoder that expects blocks from anywhere.
    pub fn new(cfg: Arc<RollupConfig>, config: EncoderConfig) -> Self {
        let try_at = config.target_size();
        let (open, closed) = (VecDeque::new(), VecDeque::new());
        Self { cfg, config, open, opened_at: None, prefix: (0, 0), try_at, closed, sequence: 0, close_requested: false }
    }

    /// Adds the block after the last one that was added.
    ///
    /// # Errors
    /// [`Error::UnexpectedBlock`] when it does not follow: the L2 chain was replaced, and a new encoder is needed.
    pub fn add(&mut self, block: BatchBlock) -> Result<(), Error> {
        let last = self.open.back().or(self.closed.back().and_then(|c| c.blocks.last()));
        if let Some(last) = last.map(|b| b.block)
            && (block.block.number, block.block.parent_hash) != (last.number + 1, last.hash)
        {
            return Err(Error::UnexpectedBlock { got: block.block.id(), parent: last.id() });
        }
        self.open.push_back(block);
        Ok(())
    }

    /// Does a bounded piece of work (a few compressions of one channel) given the number of the L1 head. Returns whether it did any: call again.
    ///
    /// # Errors
    /// [`Error::Verification`] when a channel does not decode to its blocks, [`Error::Unencodable`] when a block fits no batch. Both mean that
    /// nothing may be sent.
    pub fn step(&mut self, l1_head: u64) -> Result<bool, Error> {
        if let Some(at) = self.closed.iter().position(|c| c.is_timed_out(l1_head)) {
            self.reopen(at);
        }
        if self.open.is_empty() {
            self.opened_at = None;
            self.close_requested = false;
            return Ok(false);
        }
        let opened_at = *self.opened_at.get_or_insert(l1_head);
        while self.prefix.1 < self.try_at && self.prefix.0 < self.open.len() {
            self.prefix = (self.prefix.0 + 1, self.prefix.1 + size_of(&self.open[self.prefix.0]));
        }
        let first_epoch = self.open[0].block.l1_origin.number;
        let window_end = (first_epoch + self.cfg.seq_window_size).saturating_sub(self.config.window_margin);
        let due = self.close_requested || l1_head >= opened_at + self.config.max_channel_duration || l1_head >= window_end;
        if self.prefix.1 < self.try_at && !due {
            return Ok(false);
        }
        self.try_close(due)?;
        Ok(true)
    }

    /// Closes the open channel at the next [`Self::step`] however full it is.
    pub fn close(&mut self) {
        self.close_requested = true;
    }

    /// The first payload that was not handed out yet.
    pub fn next_payload(&mut self) -> Option<Payload> {
        self.closed.iter_mut().find_map(|channel| {
            let index = channel.payloads.iter().position(|(_, status)| matches!(status, Status::Ready))?;
            channel.payloads[index].1 = Status::Sent;
            Some(Payload {
                id: PayloadId { channel: channel.sequence, index },
                data: channel.payloads[index].0.clone(),
                blocks: (channel.blocks.first()?.block.number, channel.blocks.last()?.block.number),
            })
        })
    }

    /// Reports that a payload is in L1 block number `l1_block`. A payload of a channel that was given up is ignored.
    pub fn confirm(&mut self, id: PayloadId, l1_block: u64) -> Confirmation {
        let Some(at) = self.set_status(id, Status::Included(l1_block)) else { return Confirmation::Partial };
        if self.closed[at].is_timed_out(l1_block) {
            self.reopen(at);
            return Confirmation::TimedOut;
        }
        let mut confirmed = Confirmation::Partial;
        // A channel counts only behind complete ones: if an earlier one must be sent again, the batches of later ones were dropped.
        while let Some(channel) = self.closed.pop_front_if(|c| c.is_complete()) {
            let last = channel.blocks.last().expect("a channel has blocks");
            confirmed = Confirmation::Complete(last.block.number);
        }
        confirmed
    }

    /// Number of L2 blocks that are added and not confirmed.
    pub fn pending_blocks(&self) -> usize {
        self.open.len() + self.closed.iter().map(|c| c.blocks.len()).sum::<usize>()
    }

    fn set_status(&mut self, id: PayloadId, status: Status) -> Option<usize> {
        let at = self.closed.iter().position(|c| c.sequence == id.channel)?;
        self.closed[at].payloads.get_mut(id.index)?.1 = status;
        Some(at)
    }

    /// Gives up the closed channels from position `at` on: their blocks are open again.
    fn reopen(&mut self, at: usize) {
        for channel in self.closed.drain(at..).rev() {
            channel.blocks.into_iter().rev().for_each(|block| self.open.push_front(block));
        }
        self.prefix = (0, 0);
        self.close_requested = true;
    }

    /// Compresses the prefix; closes a channel with it when it is full, or when it is all there is and `due`.
    fn try_close(&mut self, due: bool) -> Result<(), Error> {
        let (mut count, raw) = self.prefix;
        let target = self.config.target_size();
        let mut compressed = self.compress(count)?;
        let full = compressed.len() >= target || raw >= MAX_CHANNEL_INPUT;
        let all = count == self.open.len();
        let estimate = scale(raw, target, compressed.len());
        if !(full || (due && all)) {
            self.try_at = estimate.max(raw + raw / 16 + 1).min(MAX_CHANNEL_INPUT);
            return Ok(());
        }
        // The block that filled the channel usually made it too large: fewer blocks save a frame that is mostly empty.
        while compressed.len() > target && count > 1 {
            count = scale(count, target, compressed.len()).clamp(1, count - 1);
            compressed = self.compress(count)?;
        }
        self.try_at = estimate.clamp(1, MAX_CHANNEL_INPUT);
        self.close_channel(count, compressed)
    }

    /// The channel of the first `count` open blocks.
    fn compress(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let blocks = &self.open.make_contiguous()[..count];
        let batches = match self.config.kind {
            BatchKind::Singular => blocks.iter().map(|block| Batch::Singular(SingularBatch::of_block(block))).collect(),
            BatchKind::Span => SpanBatch::of_runs(&self.cfg, blocks).map(Batch::Span).collect::<Vec<_>>(),
        };
        let encoded = batches.iter().map(|batch| batch.encode(self.cfg.l2_chain_id)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.config.compression.compress(encoded.iter().map(Vec::as_slice)))
    }

    /// Moves the first `count` open blocks into a closed channel, once it is certain that they can be read back.
    fn close_channel(&mut self, count: usize, compressed: Vec<u8>) -> Result<(), Error> {
        let blocks = &self.open.make_contiguous()[..count];
        let frame_size = self.config.max_frame_size.min(max_frame_size(self.config.da));
        let frames = cut(&compressed.into(), channel_id(blocks, self.sequence), frame_size)?;
        let payloads = pack(&frames, self.config.da)?;
        verify(&self.cfg, &payloads, blocks)?;
        let payloads = payloads.into_iter().map(|data| (Arc::new(data), Status::Ready)).collect();
        let blocks = self.open.drain(..count).collect();
        self.closed.push_back(Channel { sequence: self.sequence, blocks, payloads });
        self.sequence += 1;
        self.prefix = (0, 0);
        self.opened_at = None;
        Ok(())
    }
}

/// Most bytes that go into one channel: far from the limit of what is decoded, and bounds the time of one compression.
const MAX_CHANNEL_INPUT: usize = MAX_RLP_BYTES_PER_CHANNEL / 4;

/// About how many bytes a block adds to a channel before compression.
fn size_of(block: &BatchBlock) -> usize {
    40 + block.transactions.iter().map(|tx| tx.encode_2718_len()).sum::<usize>()
}

/// `value × numerator / denominator`, without overflow.
fn scale(value: usize, numerator: usize, denominator: usize) -> usize {
    let scaled = value as u128 * numerator as u128 / denominator.max(1) as u128;
    usize::try_from(scaled).unwrap_or(usize::MAX)
}

//! From batcher transactions to batches: frame queue, channel bank and channel reader with Holocene's strict order
//! (specs: protocol/holocene/derivation#frame-queue, #channel-bank).

use crate::{Batch, BatcherData, ChannelId, ChannelReader, Frame, MAX_RLP_BYTES_PER_CHANNEL, decode_frames, payload::data_strings};
use alloy_primitives::{B256, Bytes};
use std::collections::VecDeque;
use tributary_primitives::rollup::CHANNEL_TIMEOUT;

/// The channel that is being assembled. Holocene knows at most one.
#[derive(Debug)]
struct StagingChannel {
    id: ChannelId,
    /// Number of the L1 block that held the first frame.
    opened_at: u64,
    next_frame: u32,
    data: Vec<u8>,
}

/// Reads batches out of the batcher's data, block by L1 block.
#[derive(Debug)]
pub(crate) struct L1Source {
    chain_id: u64,
    /// Number of the L1 block that is being read.
    l1_block: u64,
    /// Data of the current L1 block that is not parsed yet, each with its transaction.
    data: VecDeque<(B256, Bytes)>,
    /// Frames of the data string that was parsed last.
    frames: VecDeque<Frame>,
    /// The transaction whose data was parsed last.
    transaction: B256,
    staging: Option<StagingChannel>,
    reader: Option<ChannelReader>,
    /// The transaction whose frame completed the channel that was read last.
    completed_by: B256,
}

impl L1Source {
    pub(crate) const fn new(chain_id: u64) -> Self {
        Self {
            chain_id,
            l1_block: 0,
            data: VecDeque::new(),
            frames: VecDeque::new(),
            transaction: B256::ZERO,
            staging: None,
            reader: None,
            completed_by: B256::ZERO,
        }
    }

    /// Moves to the next L1 block, with the batcher's transactions in it: their hashes and data.
    pub(crate) fn advance<'a>(&mut self, l1_block: u64, transactions: impl Iterator<Item = (B256, &'a BatcherData)>) {
        debug_assert!(self.data.is_empty() && self.frames.is_empty() && self.reader.is_none());
        self.l1_block = l1_block;
        self.data.extend(transactions.flat_map(|(hash, data)| data_strings(data).into_iter().map(move |data| (hash, data))));
        self.staging.take_if(|channel| l1_block > channel.opened_at.saturating_add(CHANNEL_TIMEOUT));
    }

    /// The next batch, `None` when the current L1 block is exhausted. A channel ends at its first malformed batch.
    pub(crate) fn next_batch(&mut self) -> Option<Batch> {
        loop {
            if let Some(reader) = &mut self.reader {
                if let Ok(Some(batch)) = reader.next_batch() {
                    return Some(batch);
                }
                self.reader = None;
            } else if let Some(frame) = self.frames.pop_front() {
                self.load(frame);
            } else {
                let (transaction, data) = self.data.pop_front()?;
                self.transaction = transaction;
                // All frames of a transaction must parse, otherwise none of them counts.
                self.frames = decode_frames(&data).map(in_order).unwrap_or_default().into();
            }
        }
    }

    /// The transaction whose frame completed the channel that the last batch came from.
    pub(crate) const fn completed_by(&self) -> B256 {
        self.completed_by
    }

    /// Drops what is left of the channel that the last batch came from.
    pub(crate) fn flush_channel(&mut self) {
        self.reader = None;
    }

    /// Adds a frame to the staging channel; a complete channel goes to the reader.
    fn load(&mut self, frame: Frame) {
        if frame.number == 0 {
            self.staging = Some(StagingChannel { id: frame.channel, opened_at: self.l1_block, next_frame: 0, data: Vec::new() });
        }
        let Some(channel) = &mut self.staging else { return };
        if channel.id != frame.channel || channel.next_frame != u32::from(frame.number) {
            return;
        }
        channel.next_frame += 1;
        channel.data.extend_from_slice(&frame.data);
        // The size of a channel counts 200 bytes for each frame (specs: protocol/derivation#pruning).
        if channel.data.len() + 200 * channel.next_frame as usize > MAX_RLP_BYTES_PER_CHANNEL {
            self.staging = None;
        } else if frame.is_last {
            self.reader = self.staging.take().map(|channel| ChannelReader::new(&channel.data, self.chain_id));
            self.completed_by = self.transaction;
        }
    }
}

/// Drops the frames of one batcher transaction that are out of order (specs: protocol/holocene/derivation#frame-queue).
fn in_order(frames: Vec<Frame>) -> Vec<Frame> {
    let mut kept: Vec<Frame> = Vec::with_capacity(frames.len());
    for frame in frames {
        let Some(previous) = kept.last() else {
            // Whether a non-first frame continues the staging channel is not known here.
            kept.push(frame);
            continue;
        };
        if frame.number == 0 {
            if !previous.is_last {
                let unfinished = previous.channel;
                let keep = kept.iter().rposition(|f| f.channel != unfinished || f.is_last).map_or(0, |i| i + 1);
                kept.truncate(keep);
            }
            kept.push(frame);
        } else if frame.channel == previous.channel && !previous.is_last && frame.number.checked_sub(1) == Some(previous.number) {
            kept.push(frame);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame written as `A0`, or `A0.` when it is the last of its channel.
    fn frame(text: &str) -> Frame {
        let bytes = text.as_bytes();
        Frame {
            channel: ChannelId::repeat_byte(bytes[0]),
            number: u16::from(bytes[1] - b'0'),
            data: Bytes::new(),
            is_last: text.ends_with('.'),
        }
    }

    fn queue(text: &str) -> String {
        let kept = in_order(text.split_whitespace().map(frame).collect());
        let show = |f: &Frame| format!("{}{}{}", f.channel[0] as char, f.number, if f.is_last { "." } else { "" });
        kept.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn frames_in_order_stay() {
        for frames in ["", "A0 A1 A2.", "A0 A1. B0 B1.", "A3 A4. B0", "A0. B0. C0"] {
            assert_eq!(queue(frames), frames);
        }
    }

    #[test]
    fn a_non_first_frame_out_of_order_is_dropped() {
        assert_eq!(queue("A0 A2 A1."), "A0 A1.");
        assert_eq!(queue("A0 A1 A1 A2."), "A0 A1 A2.");
        assert_eq!(queue("A0 A1. A2 A1. B0."), "A0 A1. B0.");
        assert_eq!(queue("A0 B1 A1."), "A0 A1.");
        assert_eq!(queue("A0. B1 B2."), "A0.");
    }

    #[test]
    fn a_first_frame_drops_the_unfinished_channel_before_it() {
        assert_eq!(queue("A0 A1 B0 B1."), "B0 B1.");
        assert_eq!(queue("Z0. A0 A1 B0 B1."), "Z0. B0 B1.");
        assert_eq!(queue("A5 A6 B0."), "B0.");
        assert_eq!(queue("A0 A1 A0 A1."), "A0 A1.");
        assert_eq!(queue("A0. A0 A1 A0 A1."), "A0. A0 A1.");
    }
}

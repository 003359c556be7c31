//! What one batcher transaction carries, and how blocks become such payloads and back.

use crate::{
    BLOB_FRAME_CAPACITY, Batch, BatchBlock, BatcherData, ChannelId, ChannelReader, Error, FRAME_OVERHEAD, Frame, MAX_FRAME_DATA,
    SingularBatch, SpanBatch, batch::encode_all, decode_blob, decode_frames, encode_blob, encode_frames,
};
use alloy_primitives::{Bytes, keccak256};
use tributary_primitives::RollupConfig;

/// How the encoder writes L2 blocks to L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataAvailability {
    /// EIP-4844 blobs, one frame each.
    Blobs {
        /// Most blobs in one transaction.
        per_transaction: usize,
    },
    /// Calldata, one frame a transaction.
    Calldata,
}

/// Cuts a channel into frames with at most `max_frame_size` bytes, overhead included.
///
/// # Errors
/// [`Error::Unencodable`] when that takes more than 65536 frames.
pub(crate) fn cut(channel: &Bytes, id: ChannelId, max_frame_size: usize) -> Result<Vec<Frame>, Error> {
    let size = max_frame_size.saturating_sub(FRAME_OVERHEAD).clamp(1, MAX_FRAME_DATA);
    let count = channel.len().div_ceil(size).max(1);
    if count > usize::from(u16::MAX) + 1 {
        return Err(Error::Unencodable { what: "channel", why: "it has more than 65536 frames" });
    }
    let frame = |i: usize| Frame {
        channel: id,
        number: i as u16,
        data: channel.slice(i * size..channel.len().min((i + 1) * size)),
        is_last: i + 1 == count,
    };
    Ok((0..count).map(frame).collect())
}

/// Packs frames into the data of batcher transactions, in order.
pub(crate) fn pack(frames: &[Frame], da: DataAvailability) -> Result<Vec<BatcherData>, Error> {
    match da {
        DataAvailability::Calldata => Ok(frames.iter().map(|frame| BatcherData::Calldata(encode_frames([frame]).into())).collect()),
        DataAvailability::Blobs { per_transaction } => frames
            .chunks(per_transaction.max(1))
            .map(|chunk| chunk.iter().map(|frame| encode_blob(&encode_frames([frame]))).collect::<Result<_, _>>().map(BatcherData::Blobs))
            .collect(),
    }
}

/// The largest frame that fits this kind of data.
pub(crate) const fn max_frame_size(da: DataAvailability) -> usize {
    match da {
        DataAvailability::Blobs { .. } => BLOB_FRAME_CAPACITY,
        DataAvailability::Calldata => MAX_FRAME_DATA + FRAME_OVERHEAD,
    }
}

/// An identifier that no other channel of this chain has, as long as `attempt` differs between two channels of the same blocks.
pub(crate) fn channel_id(blocks: &[BatchBlock], attempt: u64) -> ChannelId {
    let mut preimage = attempt.to_be_bytes().to_vec();
    for block in [blocks.first(), blocks.last()].into_iter().flatten() {
        preimage.extend_from_slice(block.block.hash.as_slice());
    }
    ChannelId::from_slice(&keccak256(preimage)[..16])
}

/// The data strings of a batcher transaction: its calldata or each of its blobs. A blob that does not decode is left out, as the specification
/// says.
pub(crate) fn data_strings(data: &BatcherData) -> Vec<Bytes> {
    match data {
        BatcherData::Calldata(bytes) => vec![bytes.clone()],
        BatcherData::Blobs(blobs) => blobs.iter().filter_map(|blob| decode_blob(blob).ok()).collect(),
    }
}

/// Checks that `payloads`, which hold one channel, decode to `blocks`: what the batcher runs before it sends anything.
///
/// # Errors
/// [`Error::Verification`] naming the first difference.
pub fn verify(cfg: &RollupConfig, payloads: &[BatcherData], blocks: &[BatchBlock]) -> Result<(), Error> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(()) };
    let fail = |why| Error::Verification { first: first.block.number, last: last.block.number, why };
    let mut channel = Vec::new();
    let mut next = 0u32;
    for data in payloads.iter().flat_map(data_strings) {
        for frame in decode_frames(&data).map_err(|_| fail("a frame does not parse"))? {
            if u32::from(frame.number) != next {
                return Err(fail("frames are out of order"));
            }
            next += 1;
            channel.extend_from_slice(&frame.data);
        }
    }
    let mut reader = ChannelReader::new(&channel, cfg.l2_chain_id);
    let mut rest = blocks;
    while let Some(batch) = reader.next_batch().map_err(|_| fail("a batch does not parse"))? {
        let count = check(cfg, &batch, rest).map_err(fail)?;
        rest = &rest[count..];
    }
    if rest.is_empty() { Ok(()) } else { Err(fail("blocks are missing")) }
}

/// Compares a decoded batch with the next blocks; returns how many it covers.
fn check(cfg: &RollupConfig, batch: &Batch, blocks: &[BatchBlock]) -> Result<usize, &'static str> {
    match batch {
        Batch::Singular(batch) => {
            let block = blocks.first().ok_or("there is a batch too many")?;
            (*batch == SingularBatch::of_block(block)).then_some(1).ok_or("a singular batch differs")
        }
        Batch::Span(batch) => {
            let blocks = blocks.get(..batch.blocks.len()).ok_or("there is a block too many")?;
            let start = batch.start_timestamp(cfg);
            for (i, (got, block)) in batch.blocks.iter().zip(blocks).enumerate() {
                if start + i as u64 * cfg.block_time != block.block.timestamp {
                    return Err("a timestamp differs");
                }
                if encode_all(&got.transactions) != encode_all(&block.transactions) {
                    return Err("transactions differ");
                }
            }
            (Some(batch) == SpanBatch::of_blocks(cfg, blocks).as_ref()).then_some(blocks.len()).ok_or("a span batch differs")
        }
    }
}

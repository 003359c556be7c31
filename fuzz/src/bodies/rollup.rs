//! Bytes that a batcher posts to L1.

use alloy_primitives::Bytes;
use tributary_rollup::{Batch, ChannelReader, Compression, SpanBatch, decode_frames, encode_frames};

/// The chain that the batches are of.
const CHAIN_ID: u64 = 630_925;

/// Reads the bytes as what each stage of derivation gets, and writes again what was read.
pub fn batcher_data(data: &[u8]) {
    frames(data);
    batch(data);
    let _ = SpanBatch::decode(data, CHAIN_ID);
    channel(data);
    // The same as if a batcher had compressed them, which random bytes hardly ever are.
    channel(&Compression::Zlib { level: 1 }.compress([data]));
}

fn frames(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(frames) = decode_frames(&bytes) {
        assert_eq!(encode_frames(&frames), data, "frames are their own encoding");
    }
}

fn channel(data: &[u8]) {
    let mut reader = ChannelReader::new(data, CHAIN_ID);
    while let Ok(Some(read)) = reader.next_batch() {
        if let Ok(encoded) = read.encode(CHAIN_ID) {
            Batch::decode(&encoded, CHAIN_ID).expect("an encoding decodes");
        }
    }
}

fn batch(data: &[u8]) {
    if let Ok(read) = Batch::decode(data, CHAIN_ID)
        && let Ok(encoded) = read.encode(CHAIN_ID)
    {
        assert_eq!(Batch::decode(&encoded, CHAIN_ID).as_ref(), Ok(&read), "there and back");
    }
}

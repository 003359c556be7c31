//! Round trips: whatever goes into L1 comes out of it, however it is cut, packed and surrounded.

#![allow(clippy::unwrap_used, reason = "tests")]

mod chain;

use alloy_eips::eip4844::Blob;
use alloy_primitives::{B256, Bytes, U256};
use chain::{
    Chain,
    posting::{Posted, noise, post},
};
use proptest::{collection::vec, prelude::*};
use std::sync::Arc;
use tributary_primitives::L1Info;
use tributary_rollup::{
    Batch, BatchBlock, BatchKind, BatcherData, ChannelId, ChannelReader, Compression, DataAvailability, EncoderConfig, Frame,
    SingularBatch, SpanBatch, decode_blob, decode_frames, encode_blob, encode_frames, verify,
};

fn compression() -> impl Strategy<Value = Compression> {
    prop_oneof![(0u32..10).prop_map(|level| Compression::Zlib { level }), (0u32..12).prop_map(|quality| Compression::Brotli { quality })]
}

fn encoder_config() -> impl Strategy<Value = EncoderConfig> {
    let da =
        prop_oneof![Just(DataAvailability::Calldata), (1usize..4).prop_map(|per_transaction| DataAvailability::Blobs { per_transaction })];
    let kind = prop_oneof![Just(BatchKind::Span), Just(BatchKind::Singular)];
    (kind, compression(), da, 30usize..3000, 1usize..5, 0u64..5).prop_map(
        |(kind, compression, da, max_frame_size, target_frames, max_channel_duration)| {
            let sizes = EncoderConfig { max_frame_size, target_frames, max_channel_duration, ..EncoderConfig::BLOBS };
            EncoderConfig { kind, compression, da, ..sizes }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Invariant 2 of the architecture, with noise that must not matter, from genesis and from every restart.
    #[test]
    fn deriving_what_was_encoded_gives_the_same_blocks(
        l1_time in 1u64..5,
        events in vec(chain::l1_events(), 0..20),
        plans in vec(chain::l2_plan(6), 1..40),
        config in encoder_config(),
        noise in vec(noise(), 1..5),
        per_block in 1usize..40,
        restart in any::<prop::sample::Index>(),
    ) {
        let chain = Chain::of_plan(l1_time, &events, &plans, 3600);
        let last = chain.l2.len() - 1;
        let head = chain.l2[last].1;
        let posted = post(chain, config, &noise, per_block);
        prop_assert_eq!(posted.derive(posted.genesis()), head);
        prop_assert_eq!(posted.derive(posted.start(restart.index(last + 1))), head);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// The same on a development chain whose L1 jumps, by seconds or by years.
    #[test]
    fn deriving_what_was_encoded_gives_the_same_blocks_across_jumps_in_time(
        block_time in 1u64..4,
        l1 in chain::jumps(),
        plans in vec(chain::l2_plan(4), 1..40),
        config in encoder_config(),
        noise in vec(noise(), 1..5),
        per_block in 1usize..40,
        restart in any::<prop::sample::Index>(),
    ) {
        let chain = Chain::with_jumps(3600, block_time).of_jumps(&l1, &plans);
        let last = chain.l2.len() - 1;
        let head = chain.l2[last].1;
        let posted = post(chain, config, &noise, per_block);
        prop_assert_eq!(posted.derive(posted.genesis()), head);
        prop_assert_eq!(posted.derive(posted.start(restart.index(last + 1))), head);
    }

    /// The batcher falls silent, and L1 forces what follows: an epoch has the blocks that fit before the next, a jump's begins at once.
    #[test]
    fn blocks_that_l1_forces_follow_its_jumps(
        block_time in 1u64..4,
        l1 in chain::jumps(),
        plans in vec(chain::l2_plan(4), 1..12),
        forced in 1usize..40,
        window in 9u64..30,
    ) {
        let chain = Chain::with_jumps(window, block_time).of_jumps(&l1, &plans);
        let posted = post(chain, EncoderConfig::CALLDATA, &[Vec::new()], 40);
        // What reached L1 too late would have been forced.
        prop_assume!(posted.batches.len() as u64 - 1 <= posted.chain.l2[1].1.block.l1_origin.number + window);
        let mut chain = posted.chain;
        for (seconds, jump, events) in l1.iter().cycle().take(forced) {
            chain.mine_marked(if *jump { *seconds } else { 1 + seconds % 5 }, events, *jump);
        }
        for _ in 0..20 * forced {
            chain.build(&chain::L2Plan { advance: true, txs: Vec::new() });
        }
        let posted = Posted { chain, batches: posted.batches };
        // Compares each block.
        let last = posted.derive(posted.genesis()).block;
        let newest = posted.chain.l1.len() as u64 - 1;
        prop_assert!(last.l1_origin.number + posted.chain.cfg.seq_window_size >= newest, "every epoch whose window is over has its blocks");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_span_batch_survives_encoding(plans in vec(chain::l2_plan(8), 1..12), trailing in vec(any::<u8>(), 0..3)) {
        let chain = Chain::of_plan(2, &[], &plans, 3600);
        let blocks: Vec<_> = (1..chain.l2.len()).map(|n| chain.batch_block(n)).collect();
        let batch = SpanBatch::of_blocks(&chain.cfg, &blocks).unwrap();
        let mut bytes = Batch::Span(batch.clone()).encode(chain::CHAIN_ID).unwrap();
        bytes.extend(trailing);
        prop_assert_eq!(Batch::decode(&bytes, chain::CHAIN_ID).unwrap(), Batch::Span(batch.clone()));
        let (first, last) = (blocks[0].block, blocks[blocks.len() - 1].block);
        prop_assert_eq!(batch.start_epoch(), first.l1_origin.number);
        prop_assert_eq!((batch.start_timestamp(&chain.cfg), batch.end_timestamp(&chain.cfg)), (first.timestamp, last.timestamp));
        prop_assert!(batch.follows(first.parent_hash) && batch.ends_at_origin(last.l1_origin.hash));
    }

    #[test]
    fn a_truncated_span_batch_is_refused_and_a_random_one_does_no_harm(
        plans in vec(chain::l2_plan(4), 1..4),
        cut in any::<prop::sample::Index>(),
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let chain = Chain::of_plan(2, &[], &plans, 3600);
        let blocks: Vec<_> = (1..chain.l2.len()).map(|n| chain.batch_block(n)).collect();
        let batch = SpanBatch::of_blocks(&chain.cfg, &blocks).unwrap();
        let mut bytes = Batch::Span(batch).encode(chain::CHAIN_ID).unwrap();
        prop_assert!(Batch::decode(&bytes[..cut.index(bytes.len())], chain::CHAIN_ID).is_err());
        let at = flip.0.index(bytes.len());
        bytes[at] ^= flip.1;
        // Whatever still decodes must encode to what was read: otherwise two nodes could read it differently.
        if let Ok(batch) = Batch::decode(&bytes, chain::CHAIN_ID) {
            let again = batch.encode(chain::CHAIN_ID).unwrap();
            prop_assert_eq!(Batch::decode(&again, chain::CHAIN_ID).unwrap(), batch);
        }
    }

    #[test]
    fn a_singular_batch_survives_encoding(words in any::<[[u8; 32]; 2]>(), numbers in any::<[u64; 2]>(), txs in vec(vec(any::<u8>(), 0..90), 0..5)) {
        let batch = Batch::Singular(SingularBatch {
            parent_hash: B256::from(words[0]),
            epoch_num: numbers[0],
            epoch_hash: B256::from(words[1]),
            timestamp: numbers[1],
            transactions: txs.into_iter().map(Bytes::from).collect(),
        });
        prop_assert_eq!(Batch::decode(&batch.encode(1).unwrap(), 1).unwrap(), batch);
    }

    #[test]
    fn a_channel_survives_compression(timestamps in vec(any::<u64>(), 0..9), compression in compression()) {
        let batches: Vec<_> = timestamps.into_iter().map(|timestamp| {
            let (parent_hash, epoch_hash) = (B256::ZERO, B256::ZERO);
            Batch::Singular(SingularBatch { parent_hash, epoch_num: 3, epoch_hash, timestamp, transactions: Vec::new() })
        }).collect();
        let encoded: Vec<_> = batches.iter().map(|batch| batch.encode(1).unwrap()).collect();
        let mut reader = ChannelReader::new(&compression.compress(encoded.iter().map(Vec::as_slice)), 1);
        for batch in batches {
            prop_assert_eq!(reader.next_batch().unwrap(), Some(batch));
        }
        prop_assert_eq!(reader.next_batch().unwrap(), None);
    }

    #[test]
    fn any_bytes_as_a_channel_do_no_harm(mut bytes in vec(any::<u8>(), 0..400), first in prop_oneof![Just(0x78u8), Just(1), any::<u8>()]) {
        bytes.insert(0, first);
        let mut reader = ChannelReader::new(&bytes, 1);
        while let Ok(Some(_)) = reader.next_batch() {}
        prop_assert_eq!(reader.next_batch(), Ok(None));
    }

    #[test]
    fn frames_survive_encoding(frames in vec((any::<[u8; 16]>(), any::<u16>(), vec(any::<u8>(), 0..200), any::<bool>()), 1..6)) {
        let frames: Vec<_> = frames.into_iter()
            .map(|(id, number, data, is_last)| Frame { channel: ChannelId::from(id), number, data: data.into(), is_last })
            .collect();
        let bytes = Bytes::from(encode_frames(&frames));
        prop_assert_eq!(decode_frames(&bytes).unwrap(), frames);
        prop_assert!(decode_frames(&bytes.slice(..bytes.len() - 1)).is_err());
    }

    #[test]
    fn l1_attributes_survive_encoding(numbers in any::<[u64; 4]>(), words in any::<[[u8; 32]; 4]>(), scalars in any::<[u32; 3]>(), footprint in any::<Option<u16>>()) {
        let info = L1Info {
            number: numbers[0],
            timestamp: numbers[1],
            base_fee: U256::from_be_bytes(words[0]),
            blob_base_fee: U256::from_be_bytes(words[1]),
            hash: B256::from(words[2]),
            sequence_number: numbers[2],
            batcher_hash: B256::from(words[3]),
            base_fee_scalar: scalars[0],
            blob_base_fee_scalar: scalars[1],
            operator_fee_scalar: scalars[2],
            operator_fee_constant: numbers[3],
            da_footprint_gas_scalar: footprint,
        };
        let calldata = info.encode_calldata();
        prop_assert_eq!(calldata.len(), if footprint.is_some() { 178 } else { 176 });
        prop_assert_eq!(L1Info::decode_calldata(&calldata).unwrap(), info);
        prop_assert!(L1Info::decode_calldata(&calldata[..calldata.len() - 1]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn a_blob_survives_encoding_and_random_field_elements_do_no_harm(
        data in vec(any::<u8>(), 0..3000),
        repeat in 1usize..40,
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let data = data.repeat(repeat);
        let mut blob = Box::new(encode_blob(&data).unwrap());
        prop_assert_eq!(decode_blob(&blob).unwrap(), data);
        let at = flip.0.index(blob.len());
        blob[at] ^= flip.1;
        // Decoding is bijective: what is accepted is what its content encodes to.
        if let Ok(data) = decode_blob(&blob) {
            prop_assert_eq!(&*blob, &encode_blob(&data).unwrap() as &Blob);
        }
    }

    #[test]
    fn verification_finds_any_change(plans in vec(chain::l2_plan(5), 2..8), which in any::<prop::sample::Index>()) {
        let chain = Chain::of_plan(2, &[], &plans, 3600);
        let blocks: Vec<_> = (1..chain.l2.len()).map(|n| chain.batch_block(n)).collect();
        let mut encoder = tributary_rollup::Encoder::new(Arc::clone(&chain.cfg), EncoderConfig::CALLDATA);
        blocks.iter().for_each(|block| encoder.add(block.clone()).unwrap());
        encoder.close();
        while encoder.step(0).unwrap() {}
        let payloads: Vec<BatcherData> = std::iter::from_fn(|| encoder.next_payload()).map(|p| BatcherData::clone(&p.data)).collect();
        prop_assert_eq!(verify(&chain.cfg, &payloads, &blocks), Ok(()));
        prop_assert!(verify(&chain.cfg, &payloads, &blocks[1..]).is_err());
        prop_assert!(verify(&chain.cfg, &payloads, &blocks[..blocks.len() - 1]).is_err());
        prop_assert!(verify(&chain.cfg, &[], &blocks).is_err());
        let at = which.index(blocks.len());
        let mut other: Vec<BatchBlock> = blocks.clone();
        match other[at].transactions.pop() {
            Some(_) => {}
            None => other[at].transactions.push(chain::legacy()),
        }
        prop_assert!(verify(&chain.cfg, &payloads, &other).is_err());
    }
}

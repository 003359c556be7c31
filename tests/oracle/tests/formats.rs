//! Each format alone: what we write kona reads, and what kona writes is what we write.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../crates/rollup/tests/chain/mod.rs"]
mod chain;

use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes};
use chain::{Chain, L1Event};
use kona_genesis::RollupConfig as KonaConfig;
use kona_protocol::{BatchReader, BlockInfo, Channel, Frame, L1BlockInfoTx, SingleBatch, SpanBatch as KonaSpanBatch};
use proptest::{collection::vec, prelude::*};
use std::sync::Arc;
use tributary_primitives::L1Info;
use tributary_rollup::{
    Batch, BatchBlock, BatchKind, BatcherData, Compression, DataAvailability, Encoder, EncoderConfig, SingularBatch, SpanBatch,
    user_deposits,
};

fn kona_config(chain: &Chain) -> KonaConfig {
    let mut json = serde_json::to_value(&*chain.clone().without_jovian().cfg).unwrap();
    json.as_object_mut().unwrap().insert("protocol_versions_address".into(), serde_json::json!(chain::INBOX));
    serde_json::from_value(json).unwrap()
}

fn blocks_of(chain: &Chain) -> Vec<BatchBlock> {
    (1..chain.l2.len()).map(|n| chain.batch_block(n)).collect()
}

fn kona_single(block: &BatchBlock) -> SingleBatch {
    let SingularBatch { parent_hash, epoch_num, epoch_hash, timestamp, transactions } = SingularBatch::of_block(block);
    SingleBatch { parent_hash, epoch_num, epoch_hash, timestamp, transactions }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_span_batch_has_the_bytes_that_kona_gives_it(plans in vec(chain::l2_plan(8), 1..20), skip in any::<prop::sample::Index>()) {
        let chain = Chain::of_plan(2, &[], &plans, 3600);
        let blocks = &blocks_of(&chain)[skip.index(plans.len())..];
        let (chain_id, genesis_timestamp) = (chain::CHAIN_ID, chain::GENESIS_TIME);
        let mut kona = KonaSpanBatch { chain_id, genesis_timestamp, ..Default::default() };
        for block in blocks {
            kona.append_singular_batch(kona_single(block), block.block.sequence_number).unwrap();
        }
        let mut expected = vec![1];
        kona.to_raw_span_batch().unwrap().encode(&mut expected).unwrap();
        let ours = Batch::Span(SpanBatch::of_blocks(&chain.cfg, blocks).unwrap()).encode(chain_id).unwrap();
        prop_assert_eq!(Bytes::from(ours), Bytes::from(expected));
    }

    #[test]
    fn kona_reads_our_frames_and_channels(
        plans in vec(chain::l2_plan(8), 1..20),
        span in any::<bool>(),
        quality in 0u32..12,
        zlib in any::<bool>(),
        max_frame_size in 50usize..2000,
    ) {
        let chain = Chain::of_plan(2, &[], &plans, 3600);
        let blocks = blocks_of(&chain);
        let config = EncoderConfig {
            kind: if span { BatchKind::Span } else { BatchKind::Singular },
            compression: if zlib { Compression::Zlib { level: quality.min(9) } } else { Compression::Brotli { quality } },
            da: DataAvailability::Calldata,
            max_frame_size,
            target_frames: 10_000,
            ..EncoderConfig::CALLDATA
        };
        let mut encoder = Encoder::new(Arc::clone(&chain.cfg), config);
        blocks.iter().for_each(|block| encoder.add(block.clone()).unwrap());
        encoder.close();
        while encoder.step(0).unwrap() {}

        let mut channel: Option<Channel> = None;
        while let Some(payload) = encoder.next_payload() {
            let BatcherData::Calldata(data) = &*payload.data else { panic!("calldata was asked for") };
            prop_assert!(data.len() <= max_frame_size + 1);
            for frame in Frame::parse_frames(data).unwrap() {
                let channel = channel.get_or_insert_with(|| Channel::new(frame.id, BlockInfo::default()));
                channel.add_frame(frame, BlockInfo::default()).unwrap();
            }
        }
        let channel = channel.unwrap();
        prop_assert!(channel.is_ready());
        let config = kona_config(&chain);
        let mut reader = BatchReader::new(channel.frame_data().unwrap(), 100_000_000);
        if span {
            let kona_protocol::Batch::Span(batch) = reader.next_batch(&config).unwrap() else { panic!("a span batch was posted") };
            prop_assert_eq!(batch.batches.len(), blocks.len());
            for (got, block) in batch.batches.iter().zip(&blocks) {
                let expected = kona_single(block);
                prop_assert_eq!((got.epoch_num, got.timestamp), (expected.epoch_num, expected.timestamp));
                prop_assert_eq!(&got.transactions, &expected.transactions);
            }
        } else {
            for block in &blocks {
                let kona_protocol::Batch::Single(batch) = reader.next_batch(&config).unwrap() else { panic!("singular batches were posted") };
                prop_assert_eq!(batch, kona_single(block));
            }
        }
        prop_assert!(reader.next_batch(&config).is_none());
    }

    #[test]
    fn kona_reads_our_l1_attributes(numbers in any::<[u64; 4]>(), blob_base_fee in any::<u128>(), words in any::<[[u8; 32]; 2]>(), scalars in any::<[u32; 3]>()) {
        let batcher = chain::batcher();
        let info = L1Info {
            number: numbers[0],
            timestamp: numbers[1],
            base_fee: alloy_primitives::U256::from(numbers[2]),
            blob_base_fee: alloy_primitives::U256::from(blob_base_fee),
            hash: B256::from(words[0]),
            sequence_number: numbers[3],
            batcher_hash: batcher.into_word(),
            base_fee_scalar: scalars[0],
            blob_base_fee_scalar: scalars[1],
            operator_fee_scalar: scalars[2],
            operator_fee_constant: numbers[2],
            da_footprint_gas_scalar: None,
        };
        let calldata = info.encode_calldata();
        let kona = L1BlockInfoTx::decode_calldata(&calldata).unwrap();
        prop_assert_eq!(kona.encode_calldata(), calldata);
        let L1BlockInfoTx::Isthmus(kona) = kona else { panic!("it is of Isthmus") };
        prop_assert_eq!((kona.number, kona.time, kona.base_fee, kona.block_hash), (numbers[0], numbers[1], numbers[2], info.hash));
        prop_assert_eq!((kona.sequence_number, kona.batcher_address, kona.blob_base_fee), (numbers[3], batcher, blob_base_fee));
        prop_assert_eq!((kona.base_fee_scalar, kona.blob_base_fee_scalar), (scalars[0], scalars[1]));
        prop_assert_eq!((kona.operator_fee_scalar, kona.operator_fee_constant), (scalars[2], numbers[2]));
    }

    #[test]
    fn kona_decodes_deposits_to_the_same_bytes(mint in any::<u64>(), creation in any::<bool>(), data in vec(any::<u8>(), 0..200)) {
        let mut chain = Chain::new(10);
        chain.mine(2, &[L1Event::Foreign, L1Event::Deposit { mint, creation, data }]);
        let l1 = &chain.l1[1];
        let ours: Vec<Bytes> = user_deposits(&chain.cfg, &l1.info, &l1.logs).unwrap().iter().map(|d| d.encoded_2718().into()).collect();
        let log = &l1.logs[1];
        prop_assert_eq!(ours, vec![kona_protocol::decode_deposit(l1.info.hash, log.index as usize, &log.log).unwrap()]);
    }

    /// Two decoders that differ on any bytes could split the chain.
    #[test]
    fn what_kona_and_we_both_read_of_a_damaged_span_batch_is_the_same(
        plans in vec(chain::l2_plan(4), 1..6),
        flips in vec(any::<(prop::sample::Index, u8)>(), 1..3),
    ) {
        let chain = Chain::of_plan(2, &[], &plans, 3600);
        let mut bytes = Batch::Span(SpanBatch::of_blocks(&chain.cfg, &blocks_of(&chain)).unwrap()).encode(chain::CHAIN_ID).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let ours = Batch::decode(&bytes, chain::CHAIN_ID);
        let kona = std::panic::catch_unwind(|| kona_protocol::Batch::decode(&mut bytes.as_slice(), &kona_config(&chain)));
        let (Ok(Batch::Span(ours)), Ok(Ok(kona_protocol::Batch::Span(kona)))) = (ours, kona) else { return Ok(()) };
        prop_assert_eq!(ours.blocks.len(), kona.batches.len());
        prop_assert_eq!(ours.start_timestamp(&chain.cfg), kona.starting_timestamp());
        prop_assert_eq!(ours.start_epoch(), kona.starting_epoch_num());
        for (ours, kona) in ours.blocks.iter().zip(&kona.batches) {
            let ours: Vec<Bytes> = ours.transactions.iter().map(|tx| tx.encoded_2718().into()).collect();
            prop_assert_eq!(&ours, &kona.transactions);
        }
    }
}

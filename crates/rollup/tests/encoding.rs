//! When the encoder closes channels, in which order it hands out payloads, and what it does when L1 disappoints it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod chain;

use alloy_consensus::{Signed, TxLegacy};
use alloy_primitives::{Bytes, Signature, TxKind, U256, keccak256};
use chain::{Chain, L2Plan};
use tributary_primitives::{Transaction, rollup::CHANNEL_TIMEOUT};
use tributary_rollup::{
    BatchBlock, BatchKind, BatcherData, Compression, Confirmation, DataAvailability, Encoder, EncoderConfig, Error, MAX_BLOB_DATA, Payload,
    decode_blob, decode_frames,
};

/// A transaction with `bytes` of input that no compression makes smaller.
fn noise(salt: u64, bytes: usize) -> Transaction {
    let input: Vec<u8> = (0u64..).flat_map(|i| keccak256([salt.to_be_bytes(), i.to_be_bytes()].concat()).0).take(bytes).collect();
    let signature = Signature::new(U256::from(salt), U256::from(2), true);
    let tx = TxLegacy { chain_id: Some(chain::CHAIN_ID), to: TxKind::Create, input: input.into(), ..Default::default() };
    Transaction::Legacy(Signed::new_unhashed(tx, signature))
}

/// A chain of blocks with `bytes` of such data each.
fn noisy_chain(count: u64, bytes: usize) -> Chain {
    let plans: Vec<_> = (0..count).map(|n| L2Plan { advance: true, txs: vec![noise(n, bytes)] }).collect();
    Chain::of_plan(2, &[], &plans, 3600)
}

fn blocks(chain: &Chain) -> Vec<BatchBlock> {
    (1..chain.l2.len()).map(|n| chain.batch_block(n)).collect()
}

fn encoder(chain: &Chain, config: EncoderConfig) -> Encoder {
    let mut encoder = Encoder::new(chain.cfg.clone(), config);
    blocks(chain).into_iter().for_each(|block| encoder.add(block).unwrap());
    encoder
}

fn work(encoder: &mut Encoder, l1_head: u64) {
    while encoder.step(l1_head).unwrap() {}
}

fn payloads(encoder: &mut Encoder) -> Vec<Payload> {
    std::iter::from_fn(|| encoder.next_payload()).collect()
}

/// Small frames, a channel for every two of them.
fn small() -> EncoderConfig {
    EncoderConfig { max_frame_size: 1000, target_frames: 2, max_channel_duration: 1_000_000, ..EncoderConfig::CALLDATA }
}

#[test]
fn a_channel_is_closed_when_it_is_full_and_fills_its_frames() {
    let chain = noisy_chain(40, 200);
    let mut encoder = encoder(&chain, small());
    work(&mut encoder, 0);
    let payloads = payloads(&mut encoder);
    assert!(payloads.len() >= 6, "{} payloads of about 9 kB", payloads.len());
    let mut next = 1;
    for pair in payloads.chunks(2) {
        let [a, b] = pair else { panic!("a channel has two frames") };
        assert_eq!(a.blocks, b.blocks);
        assert_eq!(a.blocks.0, next);
        next = a.blocks.1 + 1;
        let sizes = pair.iter().map(|p| match &*p.data {
            BatcherData::Calldata(data) => data.len(),
            BatcherData::Blobs(_) => panic!("calldata was asked for"),
        });
        let total: usize = sizes.sum();
        assert!(total <= 2002 && total > 1500, "{total} bytes");
    }
    assert_eq!(encoder.pending_blocks(), 40, "nothing is confirmed");
    assert!(next <= 40, "what does not fill a channel waits");
}

#[test]
fn a_channel_is_closed_when_it_is_old() {
    let chain = noisy_chain(3, 10);
    let mut encoder = encoder(&chain, EncoderConfig { max_channel_duration: 5, ..small() });
    for l1_head in 100..105 {
        work(&mut encoder, l1_head);
        assert!(encoder.next_payload().is_none(), "opened at 100");
    }
    work(&mut encoder, 105);
    assert_eq!(encoder.next_payload().unwrap().blocks, (1, 3));
}

#[test]
fn a_channel_is_closed_before_the_sequencing_window_of_its_first_block_ends() {
    let chain = noisy_chain(3, 10);
    let mut encoder = encoder(&chain, EncoderConfig { window_margin: 100, ..small() });
    work(&mut encoder, 3499);
    assert!(encoder.next_payload().is_none());
    work(&mut encoder, 3500);
    assert!(encoder.next_payload().is_some(), "the window of epoch 0 ends at 3600");
}

#[test]
fn a_channel_is_closed_on_request() {
    let chain = noisy_chain(3, 10);
    let mut encoder = encoder(&chain, small());
    work(&mut encoder, 0);
    assert!(encoder.next_payload().is_none());
    encoder.close();
    work(&mut encoder, 0);
    assert!(encoder.next_payload().is_some());
    assert!(encoder.next_payload().is_none());
}

#[test]
fn blobs_are_filled_and_packed_into_transactions() {
    let chain = noisy_chain(60, 20_000);
    let config = EncoderConfig {
        compression: Compression::Brotli { quality: 1 },
        da: DataAvailability::Blobs { per_transaction: 2 },
        target_frames: 4,
        max_channel_duration: 1_000_000,
        ..EncoderConfig::BLOBS
    };
    let mut encoder = encoder(&chain, config);
    work(&mut encoder, 0);
    let payloads = payloads(&mut encoder);
    assert_eq!(payloads.len(), 4, "1.2 MB fill two channels of four blobs");
    for payload in payloads {
        let BatcherData::Blobs(blobs) = &*payload.data else { panic!("blobs were asked for") };
        assert_eq!(blobs.len(), 2);
        let lengths: Vec<_> = blobs.iter().map(|blob| decode_blob(blob).unwrap().len()).collect();
        assert_eq!(lengths[0], MAX_BLOB_DATA);
        assert!(lengths[1] > MAX_BLOB_DATA / 2);
    }
}

#[test]
fn a_block_larger_than_a_channel_takes_more_frames() {
    let chain = noisy_chain(1, 5000);
    let mut encoder = encoder(&chain, small());
    work(&mut encoder, 0);
    assert_eq!(payloads(&mut encoder).len(), 6);
}

#[test]
fn blocks_are_confirmed_in_their_order_once_every_payload_is_included() {
    let chain = noisy_chain(40, 200);
    let mut encoder = encoder(&chain, small());
    work(&mut encoder, 0);
    let payloads = payloads(&mut encoder);
    assert_eq!(encoder.confirm(payloads[2].id, 10), Confirmation::Partial);
    assert_eq!(encoder.confirm(payloads[3].id, 11), Confirmation::Partial, "the first channel is missing");
    assert_eq!(encoder.confirm(payloads[0].id, 11), Confirmation::Partial);
    assert_eq!(encoder.confirm(payloads[1].id, 12), Confirmation::Complete(payloads[2].blocks.1));
    assert_eq!(encoder.pending_blocks() as u64, 40 - payloads[2].blocks.1);
    assert_eq!(encoder.confirm(payloads[0].id, 12), Confirmation::Partial, "nothing is confirmed twice");
}

#[test]
fn a_channel_that_took_too_long_is_encoded_again_with_all_that_follow() {
    let chain = noisy_chain(40, 200);
    let mut encoder = encoder(&chain, small());
    work(&mut encoder, 0);
    let before = payloads(&mut encoder);
    encoder.confirm(before[0].id, 10);
    for payload in &before[2..] {
        assert_eq!(encoder.confirm(payload.id, 11), Confirmation::Partial);
    }
    assert_eq!(encoder.confirm(before[1].id, 11 + CHANNEL_TIMEOUT), Confirmation::TimedOut);
    assert_eq!(encoder.pending_blocks(), 40);
    assert!(encoder.next_payload().is_none(), "nothing of what was given up is sent any more");
    work(&mut encoder, 100);
    let after = payloads(&mut encoder);
    assert_eq!(after[0].blocks.0, 1);
    assert_eq!(after.last().unwrap().blocks.1, 40);
    let id = |payload: &Payload| match &*payload.data {
        BatcherData::Calldata(data) => decode_frames(data).unwrap()[0].channel,
        BatcherData::Blobs(_) => panic!("calldata was asked for"),
    };
    assert!(after.iter().all(|a| before.iter().all(|b| id(a) != id(b))), "channel identifiers are not used again");
    assert_eq!(encoder.confirm(before[1].id, 200), Confirmation::Partial, "late news of the old channel is ignored");
}

#[test]
fn a_channel_that_can_no_longer_be_completed_is_given_up() {
    let chain = noisy_chain(10, 200);
    let mut encoder = encoder(&chain, EncoderConfig { max_channel_duration: 0, ..small() });
    work(&mut encoder, 0);
    let before = payloads(&mut encoder);
    encoder.confirm(before[0].id, 10);
    work(&mut encoder, 10 + CHANNEL_TIMEOUT);
    assert!(encoder.next_payload().is_none());
    work(&mut encoder, 11 + CHANNEL_TIMEOUT);
    assert_eq!(encoder.next_payload().unwrap().blocks.0, 1);
}

#[test]
fn a_block_that_does_not_follow_is_refused() {
    let chain = noisy_chain(5, 10);
    let blocks = blocks(&chain);
    let mut encoder = Encoder::new(chain.cfg.clone(), small());
    encoder.add(blocks[0].clone()).unwrap();
    assert!(matches!(encoder.add(blocks[2].clone()), Err(Error::UnexpectedBlock { .. })));
    assert!(matches!(encoder.add(blocks[0].clone()), Err(Error::UnexpectedBlock { .. })));
    encoder.add(blocks[1].clone()).unwrap();
    encoder.close();
    work(&mut encoder, 0);
    assert!(matches!(encoder.add(blocks[3].clone()), Err(Error::UnexpectedBlock { .. })), "also after a closed channel");
    encoder.add(blocks[2].clone()).unwrap();
}

#[test]
fn a_transaction_of_another_chain_is_not_posted() {
    let chain = noisy_chain(2, 10);
    let mut blocks = blocks(&chain);
    let tx = TxLegacy { chain_id: Some(1), to: TxKind::Create, input: Bytes::new(), ..Default::default() };
    blocks[1].transactions.push(Transaction::Legacy(Signed::new_unhashed(tx, Signature::new(U256::from(1), U256::from(1), false))));
    let mut encoder = Encoder::new(chain.cfg.clone(), EncoderConfig { kind: BatchKind::Span, ..small() });
    blocks.into_iter().for_each(|block| encoder.add(block).unwrap());
    encoder.close();
    assert!(matches!(encoder.step(0), Err(Error::Unencodable { .. })));
    assert!(encoder.next_payload().is_none());
}

//! kona derives what our encoder posted, and must get the same attributes, byte for byte.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../crates/rollup/tests/chain/mod.rs"]
mod chain;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip4844};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes, TxKind, keccak256};
use alloy_signer::SignerSync;
use chain::{
    Chain, KEYS, L1Event,
    posting::{Posted, noise, post},
};
use proptest::{collection::vec, prelude::*};
use tributary_oracle::{Attributes, L1Block, kona_attributes};
use tributary_primitives::{PayloadAttributes, Receipt, Transaction, TxType};
use tributary_rollup::{BatchKind, BatcherData, BatcherTransaction, Compression, DataAvailability, EncoderConfig};

/// The signed L1 transaction that carries batcher data, and its blobs.
fn sign(tx: &BatcherTransaction, nonce: u64) -> (Bytes, Vec<(B256, Bytes)>) {
    let key = KEYS.iter().find(|key| key.address() == tx.from).unwrap();
    match &tx.data {
        BatcherData::Calldata(input) => {
            let tx = TxEip1559 { chain_id: 900, nonce, to: TxKind::Call(chain::INBOX), input: input.clone(), ..Default::default() };
            let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
            (Transaction::Eip1559(tx.into_signed(signature)).encoded_2718().into(), Vec::new())
        }
        BatcherData::Blobs(blobs) => {
            let blobs: Vec<_> = blobs.iter().map(|blob| (keccak256(blob), Bytes::copy_from_slice(blob.as_slice()))).collect();
            let blob_versioned_hashes = blobs.iter().map(|(hash, _)| *hash).collect();
            // A blob transaction's calldata must not matter.
            let input = Bytes::from_static(b"calldata");
            let tx = TxEip4844 { chain_id: 900, nonce, to: chain::INBOX, blob_versioned_hashes, input, ..Default::default() };
            let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
            (Transaction::Eip4844(tx.into_signed(signature)).encoded_2718().into(), blobs)
        }
    }
}

/// The L1 of a posted chain as bytes.
fn raw_l1(posted: &Posted) -> Vec<L1Block> {
    let raw = |(number, l1): (usize, &chain::L1)| {
        let logs: Vec<_> = l1.logs.iter().map(|l| l.log.clone()).collect();
        let tx_type = TxType::Eip1559;
        let (outcome, deposit_nonce, deposit_receipt_version) = (true.into(), None, None);
        let receipt = Receipt { tx_type, outcome, cumulative_gas_used: 1, logs, deposit_nonce, deposit_receipt_version };
        let mut block =
            L1Block { header: alloy_rlp::encode(&l1.header).into(), receipts: vec![receipt.encoded_2718().into()], ..Default::default() };
        for (nonce, tx) in posted.batches.get(number).into_iter().flatten().enumerate() {
            let (tx, blobs) = sign(tx, nonce as u64);
            block.transactions.push(tx);
            block.blobs.extend(blobs);
        }
        block
    };
    posted.chain.l1.iter().enumerate().map(raw).collect()
}

fn same(ours: &PayloadAttributes, kona: &Attributes) -> Result<(), TestCaseError> {
    prop_assert_eq!(&ours.transactions, &kona.transactions);
    prop_assert_eq!(ours.timestamp, kona.timestamp);
    prop_assert_eq!(ours.prev_randao, kona.prev_randao);
    prop_assert_eq!(ours.fee_recipient, kona.fee_recipient);
    prop_assert_eq!(ours.parent_beacon_block_root, kona.parent_beacon_block_root);
    prop_assert_eq!(ours.no_tx_pool, kona.no_tx_pool);
    prop_assert_eq!(ours.gas_limit, kona.gas_limit);
    prop_assert_eq!(ours.eip1559_params, kona.eip1559_params);
    Ok(())
}

/// Both derivations of the same L1.
fn compare(posted: &Posted) -> Result<usize, TestCaseError> {
    let mut ours = Vec::new();
    posted.derive_with(posted.genesis(), |block| ours.push(block.clone()));
    let l2: Vec<Bytes> = posted.chain.l2.iter().map(|(block, _)| alloy_rlp::encode(block).into()).collect();
    let config = serde_json::to_string(&*posted.chain.cfg).unwrap();
    let kona = kona_attributes(&config, &raw_l1(posted), move |number| l2.get(number as usize).cloned()).unwrap();
    for (ours, kona) in ours.iter().zip(&kona) {
        same(&ours.attributes, kona)?;
        prop_assert_eq!(ours.parent.hash, kona.parent);
        prop_assert_eq!(ours.derived_from.number, kona.derived_from);
    }
    prop_assert_eq!(ours.len(), kona.len());
    Ok(kona.len())
}

fn encoder_config() -> impl Strategy<Value = EncoderConfig> {
    let da =
        prop_oneof![Just(DataAvailability::Calldata), (1usize..4).prop_map(|per_transaction| DataAvailability::Blobs { per_transaction })];
    let kind = prop_oneof![3 => Just(BatchKind::Span), 1 => Just(BatchKind::Singular)];
    let compression = prop_oneof![
        1 => (1u32..10).prop_map(|level| Compression::Zlib { level }),
        2 => (0u32..12).prop_map(|quality| Compression::Brotli { quality })
    ];
    (kind, compression, da, 50usize..3000, 1usize..5, 0u64..5).prop_map(
        |(kind, compression, da, max_frame_size, target_frames, max_channel_duration)| {
            let sizes = EncoderConfig { max_frame_size, target_frames, max_channel_duration, ..EncoderConfig::BLOBS };
            EncoderConfig { kind, compression, da, ..sizes }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn kona_derives_the_same_attributes_from_what_we_post(
        l1_time in 1u64..5,
        mut events in vec(chain::l1_events(), 0..20),
        plans in vec(chain::l2_plan(6), 1..30),
        config in encoder_config(),
        noise in vec(noise(), 1..5),
        per_block in 1usize..40,
    ) {
        // kona halts at an update that does not parse; the specification skips it.
        events.iter_mut().for_each(|block| block.retain(|event| !matches!(event, L1Event::Nonsense(_))));
        let posted = post(Chain::of_plan(l1_time, &events, &plans, 3600), config, &noise, per_block);
        prop_assert_eq!(compare(&posted)?, plans.len());
    }
}

/// Without batches both force the same empty blocks once the sequencing window is over.
#[test]
fn kona_forces_the_same_empty_blocks() {
    let mut chain = Chain::new(4);
    (0..30).for_each(|_| chain.mine(3, &[L1Event::Deposit { mint: 1, creation: false, data: vec![1] }]));
    let mut posted = Posted { chain, batches: Vec::new() };
    let mut forced = Vec::new();
    let start = posted.genesis();
    posted.derive_with(start, |block| forced.push(block.clone()));
    assert!(forced.len() > 60, "{} blocks", forced.len());
    for derived in &forced {
        let block = chain::execute(&derived.parent, &derived.attributes);
        let head = tributary_rollup::L2Head::of_block(&posted.chain.cfg, &block, block.header.hash_slow()).unwrap();
        posted.chain.l2.push((block, head));
    }
    assert_eq!(compare(&posted).unwrap(), forced.len());
}

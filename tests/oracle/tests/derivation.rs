//! kona derives what our encoder posted, and must get the same attributes, byte for byte.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../crates/rollup/tests/chain/mod.rs"]
mod chain;
mod raw;

use chain::{
    Chain, L1Event,
    posting::{Posted, noise, post},
};
use proptest::{collection::vec, prelude::*};
use raw::{kona, same};
use tributary_rollup::{BatchKind, Compression, DataAvailability, EncoderConfig};

/// Both derivations of the same L1.
fn compare(posted: &Posted) -> Result<usize, TestCaseError> {
    let mut ours = Vec::new();
    posted.derive_with(posted.genesis(), |block| ours.push(block.clone()));
    let kona = kona(posted).unwrap();
    for (ours, kona) in ours.iter().zip(&kona) {
        same(posted, &ours.attributes, kona)?;
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
        jovian in any::<bool>(),
    ) {
        // kona halts at an update that does not parse; the specification skips it.
        events.iter_mut().for_each(|block| block.retain(|event| !matches!(event, L1Event::Nonsense(_))));
        let chain = Chain::new(3600);
        let chain = if jovian { chain } else { without_updates_of_jovian(&mut events, chain) };
        let posted = post(chain.planned(l1_time, &events, &plans), config, &noise, per_block);
        prop_assert_eq!(compare(&posted)?, plans.len());
    }
}

/// A chain without Jovian, to which nobody tells what it brings: kona would halt.
fn without_updates_of_jovian(events: &mut [Vec<L1Event>], chain: Chain) -> Chain {
    events.iter_mut().for_each(|block| block.retain(|event| !matches!(event, L1Event::MinBaseFee(_) | L1Event::DaFootprint(_))));
    chain.without_jovian()
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

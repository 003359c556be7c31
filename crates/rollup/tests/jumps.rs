//! Jumps in time on a development rollup: what its L1 marks, and what a batcher cannot do with it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod chain;

use alloy_primitives::B256;
use chain::{Chain, L2Plan, posting::Posted};
use tributary_rollup::{
    Batch, BatcherData, BatcherTransaction, ChannelId, Compression, DerivedBlock, Frame, SingularBatch, SpanBatch, SpanBlock, encode_frames,
};

const YEARS: u64 = 4 * 365 * 86_400;

/// Three blocks, a jump, and three more; nothing posted yet. L1 block 1 is `jump` seconds after genesis.
fn posted(jump: u64) -> Posted {
    let mut chain = Chain::with_jumps(20, 1);
    chain.mine_marked(jump, &[], true);
    chain.mine(2, &[]);
    for number in 1..=6 {
        chain.build(&L2Plan { advance: number == 4, txs: vec![chain::legacy()] });
    }
    Posted { chain, batches: Vec::new() }
}

fn times(posted: &Posted) -> Vec<u64> {
    posted.chain.l2.iter().map(|(block, _)| block.header.timestamp - chain::GENESIS_TIME).collect()
}

fn singular(posted: &Posted, number: usize) -> SingularBatch {
    SingularBatch::of_block(&posted.chain.batch_block(number))
}

fn span(posted: &Posted, numbers: std::ops::RangeInclusive<usize>) -> Batch {
    let blocks: Vec<_> = numbers.map(|n| posted.chain.batch_block(n)).collect();
    Batch::Span(SpanBatch::of_blocks(&posted.chain.cfg, &blocks).unwrap())
}

impl Posted {
    /// Posts a channel with these batches into L1 block `number`, which is mined if need be.
    fn put(&mut self, number: usize, batches: &[Batch]) -> &mut Self {
        while self.chain.l1.len() <= number {
            self.chain.mine(2, &[]);
        }
        self.batches.resize(self.batches.len().max(number + 1), Vec::new());
        let encoded: Vec<_> = batches.iter().map(|batch| batch.encode(chain::CHAIN_ID).unwrap()).collect();
        let data = Compression::Brotli { quality: 5 }.compress(encoded.iter().map(Vec::as_slice)).into();
        let channel = ChannelId::repeat_byte(self.batches.iter().flatten().count() as u8);
        let frame = Frame { channel, number: 0, data, is_last: true };
        let data = BatcherData::Calldata(encode_frames([&frame]).into());
        self.batches[number].push(BatcherTransaction { hash: B256::ZERO, from: chain::batcher(), data });
        self
    }

    fn derived(&self) -> Vec<DerivedBlock> {
        let mut derived = Vec::new();
        self.derive_with(self.genesis(), |block| derived.push(block.clone()));
        derived
    }

    /// How many blocks are derived from batches; each is compared with the chain's.
    fn batched(&self) -> usize {
        self.derived().iter().take_while(|block| block.batch.is_some()).count()
    }
}

#[test]
fn only_the_block_that_begins_the_epoch_of_a_jump_takes_its_time() {
    assert_eq!(times(&posted(YEARS)), [0, 1, 2, 3, YEARS, YEARS + 1, YEARS + 2]);
    assert_eq!(times(&posted(2)), [0, 1, 2, 3, 4, 5, 6], "time does not go back");
}

#[test]
fn no_batch_crosses_a_jump() {
    for jump in [YEARS, 6] {
        let mut posted = posted(jump);
        let rest = span(&posted, 4..=6);
        let across = span(&posted, 1..=6);
        posted.put(4, &[across, rest.clone()]);
        assert_eq!(posted.batched(), 3, "the channel is dropped where the jump is");
        posted.put(5, &[rest]);
        assert_eq!(posted.batched(), 6);
    }
}

#[test]
fn a_batch_that_begins_before_the_safe_head_counts_unless_there_is_a_jump_in_between() {
    for jump in [YEARS, 6] {
        for (first, counts) in [(3, false), (4, true), (5, true)] {
            let mut posted = posted(jump);
            let batches = [span(&posted, 1..=3), span(&posted, 4..=5)];
            let Batch::Span(mut overlapping) = span(&posted, first..=6) else { unreachable!("it is one") };
            if !counts {
                // As long as it takes to reach beyond the safe head without the jump.
                let more = SpanBlock { origin_changed: false, transactions: Vec::new() };
                overlapping.blocks.extend(vec![more; 3]);
            }
            posted.put(4, &batches).put(5, &[Batch::Span(overlapping)]);
            assert_eq!(posted.batched(), if counts { 6 } else { 5 }, "from {first}, {jump} seconds");
        }
    }
}

/// How many blocks are derived from batches when that of block `number` is changed.
fn with(posted: &Posted, number: usize, change: impl FnOnce(&mut SingularBatch)) -> usize {
    let mut posted = posted.clone();
    let mut batches: Vec<_> = (1..=6).map(|n| singular(&posted, n)).collect();
    change(&mut batches[number - 1]);
    posted.put(4, &batches.into_iter().map(Batch::Singular).collect::<Vec<_>>());
    posted.batched()
}

#[test]
fn a_batcher_can_neither_jump_by_itself_nor_ignore_a_jump() {
    let posted = posted(YEARS);
    let jump = singular(&posted, 4);
    assert_eq!(with(&posted, 4, |_| {}), 6);
    assert_eq!(with(&posted, 4, |batch| batch.timestamp = chain::GENESIS_TIME + 4), 3, "the time that would follow");
    assert_eq!(with(&posted, 4, |batch| batch.timestamp -= 1), 3);
    assert_eq!(with(&posted, 4, |batch| batch.timestamp += 1), 3);
    assert_eq!(with(&posted, 3, |batch| batch.timestamp = jump.timestamp), 2, "the jump's time in the epoch before");
    assert_eq!(with(&posted, 5, |batch| batch.timestamp = jump.timestamp + YEARS), 4, "a jump again in its epoch");
}

#[test]
fn a_mark_means_nothing_on_a_chain_that_has_no_jumps_and_no_mark_is_a_missed_slot() {
    for (has_jumps, is_marked) in [(false, true), (true, false)] {
        let mut chain = if has_jumps { Chain::with_jumps(20, 1) } else { Chain::new(20) };
        chain.mine_marked(100, &[], is_marked);
        (0..120).for_each(|_| chain.build(&L2Plan { advance: true, txs: Vec::new() }));
        let mut posted = Posted { chain, batches: Vec::new() };
        assert_eq!(times(&posted), (0..=120).collect::<Vec<_>>());
        let all = span(&posted, 1..=100);
        let mut leap = singular(&posted, 1);
        let origin = posted.chain.l1[1].info;
        (leap.epoch_num, leap.epoch_hash, leap.timestamp) = (origin.number, origin.hash, origin.timestamp);
        posted.put(4, &[Batch::Singular(leap)]);
        assert_eq!(posted.batched(), 0);
        posted.put(5, &[all]);
        assert_eq!(posted.batched(), 100);
    }
}

#[test]
fn what_l1_forces_reaches_a_jump_with_one_block() {
    let mut chain = Chain::with_jumps(3, 1);
    chain.mine(2, &[]);
    chain.mine_marked(YEARS, &[], true);
    for _ in 0..6 {
        chain.mine(2, &[]);
    }
    (0..20).for_each(|_| chain.build(&L2Plan { advance: true, txs: Vec::new() }));
    let derived = Posted { chain, batches: Vec::new() }.derived();
    let times: Vec<_> = derived.iter().map(|block| block.attributes.block.timestamp - chain::GENESIS_TIME).collect();
    assert_eq!(times[..5], [1, 2, 2 + YEARS, 3 + YEARS, 4 + YEARS]);
}

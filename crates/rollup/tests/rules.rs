//! The rules of derivation, one story each. Which page of the specification a rule is on stands where it is implemented.

#![allow(clippy::unwrap_used, reason = "tests")]

mod chain;

use alloy_primitives::{B256, Bytes};
use chain::{Chain, KEYS, L1Event, L2Plan, posting::Posted};
use tributary_primitives::rollup::{CHANNEL_TIMEOUT, MAX_SEQUENCER_DRIFT};
use tributary_rollup::{
    Batch, BatcherData, BatcherTransaction, ChannelId, Compression, DerivedBlock, Deriver, Error, Frame, L1Header, L2Head, SingularBatch,
    SpanBatch, Start, Step, encode_frames, next_attributes,
};

/// L2 blocks with one transaction each, in the oldest epoch that time allows or the newest.
fn blocks(count: usize, advance: bool) -> Vec<L2Plan> {
    vec![L2Plan { advance, txs: vec![chain::legacy()] }; count]
}

/// A chain of `count` such blocks, an L1 block every two seconds, and nothing posted yet.
fn posted(count: usize, seq_window: u64) -> Posted {
    Posted { chain: Chain::of_plan(2, &[], &blocks(count, true), seq_window), batches: Vec::new() }
}

fn singular(posted: &Posted, number: usize) -> SingularBatch {
    SingularBatch::of_block(&posted.chain.batch_block(number))
}

fn span(posted: &Posted, numbers: std::ops::RangeInclusive<usize>) -> SpanBatch {
    let blocks: Vec<_> = numbers.map(|n| posted.chain.batch_block(n)).collect();
    SpanBatch::of_blocks(&posted.chain.cfg, &blocks).unwrap()
}

/// Frames of a channel with these batches, the channel cut into `count` of them.
fn channel(batches: &[Batch], count: usize) -> Vec<Frame> {
    let encoded: Vec<_> = batches.iter().map(|batch| batch.encode(chain::CHAIN_ID).unwrap()).collect();
    let bytes = Bytes::from(Compression::Brotli { quality: 5 }.compress(encoded.iter().map(Vec::as_slice)));
    let size = bytes.len().div_ceil(count);
    let id = ChannelId::from_slice(&alloy_primitives::keccak256(&bytes)[..16]);
    let piece = |i: usize| bytes.slice((i * size).min(bytes.len())..((i + 1) * size).min(bytes.len()));
    (0..count).map(|i| Frame { channel: id, number: i as u16, data: piece(i), is_last: i + 1 == count }).collect()
}

impl Posted {
    /// Posts frames in one transaction into L1 block `number`, which is mined if need be.
    fn put(&mut self, number: usize, frames: &[Frame]) -> &mut Self {
        while self.chain.l1.len() <= number {
            self.chain.mine(2, &[]);
        }
        self.batches.resize(self.batches.len().max(number + 1), Vec::new());
        let data = BatcherData::Calldata(encode_frames(frames).into());
        // Counted from one in each L1 block.
        let hash = B256::with_last_byte(self.batches[number].len() as u8 + 1);
        self.batches[number].push(BatcherTransaction { hash, from: chain::batcher(), data });
        self
    }

    /// Posts a channel of one frame with these batches.
    fn put_batches(&mut self, number: usize, batches: &[Batch]) -> &mut Self {
        self.put(number, &channel(batches, 1))
    }

    /// Derives from genesis, and returns what was derived whether or not it is the chain's.
    fn run(&self) -> Vec<DerivedBlock> {
        let mut out = Vec::new();
        let mut deriver = Deriver::new(self.chain.cfg.clone(), self.genesis());
        while let Some(block) = self.next(&mut deriver) {
            execute(&self.chain, &mut deriver, &block);
            out.push(block);
        }
        out
    }

    /// The next block, `None` at the end of L1.
    fn next(&self, deriver: &mut Deriver) -> Option<DerivedBlock> {
        loop {
            match deriver.step().unwrap() {
                Step::Block(block) => return Some(DerivedBlock::clone(&block)),
                Step::NeedL1(number) => deriver.supply_l1(self.l1_block(number)?).unwrap(),
                Step::NeedL2(number) => deriver.supply_l2(&self.chain.l2[number as usize].1.block).unwrap(),
                Step::Reset(reason) => panic!("{reason:?}"),
            }
        }
    }

    fn last(&self) -> usize {
        self.chain.l2.len() - 1
    }
}

fn execute(chain: &Chain, deriver: &mut Deriver, derived: &DerivedBlock) -> L2Head {
    let block = chain::execute(&derived.parent, &derived.attributes);
    let head = L2Head::of_block(&chain.cfg, &block, block.header.hash_slow()).unwrap();
    deriver.executed(head.block).unwrap();
    head
}

/// Whether these are the first `count` blocks of the chain.
fn are_the_chain(posted: &Posted, derived: &[DerivedBlock], count: usize) -> bool {
    derived.len() == count && derived.iter().all(|d| chain::execute(&d.parent, &d.attributes) == posted.chain.l2[d.number() as usize].0)
}

#[test]
fn a_channel_must_be_complete_within_fifty_l1_blocks() {
    for (gap, count) in [(CHANNEL_TIMEOUT, 4), (CHANNEL_TIMEOUT + 1, 0)] {
        let mut posted = posted(4, 3600);
        let frames = channel(&[Batch::Span(span(&posted, 1..=4))], 2);
        posted.put(10, &frames[..1]).put(10 + gap as usize, &frames[1..]);
        assert!(are_the_chain(&posted, &posted.run(), count), "{gap} L1 blocks");
    }
}

#[test]
fn after_a_restart_a_channel_that_began_before_the_safe_heads_origin_is_found() {
    let mut posted = posted(200, 3600);
    let (early, late) = (channel(&[Batch::Span(span(&posted, 1..=150))], 1), channel(&[Batch::Span(span(&posted, 151..=200))], 2));
    let origin = posted.chain.l2[150].1.block.l1_origin.number as usize;
    posted.put(origin + 1, &early).put(origin + 2, &late[..1]).put(origin + 40, &late[1..]);
    let start = posted.start(150);
    assert!(start.base.block.l1_origin.number + CHANNEL_TIMEOUT <= start.safe_head.block.l1_origin.number);
    assert_eq!(posted.derive(start), posted.chain.l2[200].1);
    assert_eq!(posted.start(20).base.block.l1_origin, posted.chain.cfg.genesis.l1, "less than a timeout from genesis");
}

#[test]
fn batch_in_an_orphaned_l1_block_is_not_derived() {
    let mut posted = posted(4, 3600);
    posted.put_batches(5, &[Batch::Span(span(&posted, 1..=4))]);
    posted.chain.mine(2, &[]);
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    for number in 0..5 {
        assert_eq!(deriver.step(), Ok(Step::NeedL1(number)));
        deriver.supply_l1(posted.l1_block(number).unwrap()).unwrap();
    }
    assert_eq!(deriver.step(), Ok(Step::NeedL1(5)));
    // Another block 5 with the batch in it, on another block 4.
    let mut other = posted.l1_block(5).unwrap();
    other.header.parent_hash = B256::repeat_byte(4);
    other.header.hash = B256::repeat_byte(5);
    deriver.supply_l1(other).unwrap();
    let Ok(Step::Reset(reason)) = deriver.step() else { panic!("the parent is another block") };
    assert_eq!((reason.l1_block, reason.expected, reason.got), (5, posted.chain.l1[4].info.hash, B256::repeat_byte(4)));
    assert!(matches!(deriver.step(), Ok(Step::Reset(_))), "and stays so");
    assert_eq!(deriver.supply_l1(posted.l1_block(5).unwrap()), Err(Error::NotAsked("an L1 block")));
}

#[test]
fn a_safe_head_whose_origin_was_orphaned_must_be_left() {
    let mut posted = posted(40, 3600);
    posted.put_batches(30, &[Batch::Span(span(&posted, 1..=40))]);
    let start = Start { base: posted.chain.l2[0].1, ..posted.start(40) };
    let origin = start.safe_head.block.l1_origin.number;
    let mut wrong = start;
    wrong.safe_head.block.l1_origin.hash = B256::repeat_byte(9);
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), wrong);
    while let Step::NeedL1(number) = deriver.step().unwrap() {
        deriver.supply_l1(posted.l1_block(number).unwrap()).unwrap();
    }
    let Step::Reset(reason) = deriver.step().unwrap() else { panic!("the origin is another block") };
    assert_eq!((reason.l1_block, reason.expected), (origin, B256::repeat_byte(9)));
    // Likewise where derivation shall begin.
    let mut wrong = start;
    wrong.base.block.l1_origin.hash = B256::repeat_byte(9);
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), wrong);
    deriver.supply_l1(posted.l1_block(0).unwrap()).unwrap();
    assert!(matches!(deriver.step(), Ok(Step::Reset(_))));
}

#[test]
fn a_batch_must_be_included_within_the_sequencing_window_of_its_epoch() {
    // Epoch 0 has one block; with a window of 10 its batch must be in L1 block 10.
    for (inclusion, transactions) in [(10, 1), (11, 0)] {
        let mut posted = posted(1, 10);
        posted.put_batches(inclusion, &[Batch::Singular(singular(&posted, 1))]);
        let derived = posted.run();
        let [attributes, rest @ ..] = derived[0].attributes.transactions.as_slice() else { panic!("no L1 attributes") };
        assert_eq!(attributes[0], 0x7e);
        assert_eq!(rest.len(), transactions, "included in L1 block {inclusion}");
        assert_eq!(derived[0].derived_from.number, 10);
    }
}

#[test]
fn a_block_names_the_transaction_whose_frame_completed_its_channel_and_a_forced_one_names_none() {
    let mut posted = posted(2, 10);
    let frames = channel(&[Batch::Singular(singular(&posted, 1))], 2);
    let unfinished = &channel(&[Batch::Singular(singular(&posted, 2))], 2)[..1];
    posted.put(2, &frames[..1]).put(3, &[]).put(3, &frames[1..]).put(3, unfinished).put(13, &[]);
    let derived = posted.run();
    assert_eq!((derived[0].derived_from.number, derived[0].batch), (3, Some(B256::with_last_byte(2))));
    let forced = derived.iter().find(|block| block.number() == 2).unwrap();
    assert_eq!((forced.derived_from.number > 3, forced.batch), (true, None));
}

#[test]
fn without_batches_every_epoch_gets_blocks_with_its_deposits() {
    let mut chain = Chain::new(3);
    (0..12).for_each(|_| chain.mine(5, &[L1Event::Deposit { mint: 5, creation: false, data: Vec::new() }]));
    let posted = Posted { chain, batches: Vec::new() };
    let derived = posted.run();
    for epoch in 1..=9 {
        let blocks: Vec<_> = derived.iter().filter(|d| d.l1_origin.number == epoch).collect();
        // The last epoch begins as soon as its own window is over, and goes on when that of the next is.
        assert_eq!(blocks.len(), 5, "epoch {epoch}");
        for (i, block) in blocks.iter().enumerate() {
            assert_eq!(block.sequence_number, i as u64);
            assert_eq!(block.attributes.transactions.len(), if i == 0 { 2 } else { 1 });
            assert!(block.is_deposits_only());
        }
    }
}

#[test]
fn an_invalid_block_is_replaced_by_its_deposits_and_takes_the_rest_of_its_channel_along() {
    let mut posted = posted(4, 3600);
    posted.put_batches(5, &[Batch::Span(span(&posted, 1..=3)), Batch::Singular(singular(&posted, 4))]);
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    let first = posted.next(&mut deriver).unwrap();
    execute(&posted.chain, &mut deriver, &first);
    let second = posted.next(&mut deriver).unwrap();
    assert!(!second.is_deposits_only());
    deriver.rejected().unwrap();
    let replaced = posted.next(&mut deriver).unwrap();
    assert!(replaced.is_deposits_only());
    let mut expected = second;
    expected.attributes.transactions.truncate(1);
    assert_eq!(replaced, expected);
    assert_eq!(deriver.rejected(), Err(Error::DepositsRejected { number: 2 }));
    let head = execute(&posted.chain, &mut deriver, &replaced);
    assert_eq!(posted.next(&mut deriver), None, "blocks 3 and 4 were in the same channel");
    assert_eq!(*deriver.safe_head(), head);
}

#[test]
fn a_span_batch_may_begin_before_the_safe_head() {
    let mut posted = posted(8, 3600);
    posted.put_batches(5, &[Batch::Span(span(&posted, 1..=5))]);
    posted.put_batches(6, &[Batch::Span(span(&posted, 2..=8))]);
    let mut asked = Vec::new();
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    loop {
        match deriver.step().unwrap() {
            Step::NeedL2(number) => {
                asked.push(number);
                let (other, this) = (posted.chain.l2[7].1.block, posted.chain.l2[number as usize].1.block);
                assert_eq!(deriver.supply_l2(&other), Err(Error::NotAsked("an L2 block")));
                assert_eq!(deriver.step(), Ok(Step::NeedL2(number)));
                deriver.supply_l2(&this).unwrap();
            }
            Step::NeedL1(number) => match posted.l1_block(number) {
                Some(block) => deriver.supply_l1(block).unwrap(),
                None => break,
            },
            Step::Block(block) => {
                execute(&posted.chain, &mut deriver, &block);
            }
            Step::Reset(reason) => panic!("{reason:?}"),
        }
    }
    assert_eq!(asked, [2], "the block in the place of its first");
    assert_eq!(*deriver.safe_head(), posted.chain.l2[8].1);
}

#[test]
fn a_span_batch_on_another_parent_is_dropped_with_its_channel() {
    let mut posted = posted(8, 3600);
    let mut stray = span(&posted, 2..=8);
    stray.parent_check = [9; 20].into();
    posted.put_batches(5, &[Batch::Span(span(&posted, 1..=5))]);
    posted.put_batches(6, &[Batch::Span(stray), Batch::Span(span(&posted, 6..=8))]);
    assert!(are_the_chain(&posted, &posted.run(), 5));
    posted.put_batches(7, &[Batch::Span(span(&posted, 6..=8))]);
    assert!(are_the_chain(&posted, &posted.run(), 8), "the next channel counts");
}

#[test]
fn what_was_posted_twice_is_skipped_and_what_follows_it_counts() {
    let mut posted = posted(6, 3600);
    let again = [Batch::Span(span(&posted, 1..=3)), Batch::Singular(singular(&posted, 2)), Batch::Span(span(&posted, 4..=6))];
    posted.put_batches(5, &[Batch::Span(span(&posted, 1..=3))]);
    posted.put_batches(6, &again);
    assert!(are_the_chain(&posted, &posted.run(), 6));
}

#[test]
fn a_batch_that_is_early_is_dropped_with_its_channel() {
    for early in [true, false] {
        let mut posted = posted(3, 3600);
        let gap = if early { Batch::Singular(singular(&posted, 2)) } else { Batch::Span(span(&posted, 2..=3)) };
        posted.put_batches(5, &[gap, Batch::Singular(singular(&posted, 1))]);
        assert!(are_the_chain(&posted, &posted.run(), 0));
        posted.put_batches(6, &[Batch::Span(span(&posted, 1..=3))]);
        assert!(are_the_chain(&posted, &posted.run(), 3));
    }
}

/// Derives one block whose batch was changed, and tells whether it was accepted.
fn accepts(change: impl FnOnce(&mut SingularBatch)) -> bool {
    let mut posted = posted(1, 3600);
    let mut batch = singular(&posted, 1);
    change(&mut batch);
    posted.put_batches(5, &[Batch::Singular(batch)]);
    posted.next(&mut Deriver::new(posted.chain.cfg.clone(), posted.genesis())).is_some()
}

#[test]
fn a_singular_batch_with_a_wrong_parent_is_dropped() {
    assert!(accepts(|_| ()));
    assert!(!accepts(|batch| batch.parent_hash = B256::repeat_byte(1)));
}

#[test]
fn a_batch_must_name_a_canonical_origin_that_is_the_parents_or_the_next() {
    assert!(!accepts(|batch| batch.epoch_hash = B256::repeat_byte(1)));
    assert!(!accepts(|batch| batch.epoch_num = 2));
    assert!(!accepts(|batch| batch.epoch_num = u64::MAX));
}

#[test]
fn a_batch_with_a_transaction_that_batches_do_not_carry_is_dropped() {
    let with = |tx: &'static [u8]| accepts(move |batch| batch.transactions.push(Bytes::from_static(tx)));
    for tx in [&[][..], &[0x7e, 1], &[3, 1], &[5, 1], &[0x7f]] {
        assert!(!with(tx), "{tx:?}");
    }
    // Whether these are valid is for execution to say.
    for tx in [&[1][..], &[2, 0xc0], &[4], &[0xc0], &[0xf8, 1]] {
        assert!(with(tx), "{tx:?}");
    }
}

#[test]
fn beyond_the_sequencers_drift_only_empty_blocks_may_repeat_an_epoch_that_cannot_be_left() {
    // L1 stands still for longer than the drift, then goes on.
    let build = |txs: bool, l1_gap: u64| {
        let mut chain = Chain::with_block_time(3600, 600);
        chain.mine(l1_gap, &[]);
        (0..3).for_each(|_| chain.mine(12, &[]));
        let plan = L2Plan { advance: false, txs: Vec::new() };
        let last = L2Plan { advance: false, txs: if txs { vec![chain::legacy()] } else { Vec::new() } };
        (0..3).for_each(|_| chain.build(&plan));
        chain.build(&last);
        assert!(chain.l2[4].1.block.timestamp > chain::GENESIS_TIME + MAX_SEQUENCER_DRIFT);
        let mut posted = Posted { chain, batches: Vec::new() };
        posted.put_batches(2, &[Batch::Span(span(&posted, 1..=4))]);
        posted.run().len()
    };
    assert_eq!(build(false, 10_000), 4);
    assert_eq!(build(true, 10_000), 3, "transactions beyond the drift");
    assert_eq!(build(false, 2400), 3, "the next epoch could have been adopted");
}

#[test]
fn the_batcher_may_change_and_counts_from_the_l1_block_of_the_change_on() {
    let mut posted = posted(2, 3600);
    while posted.chain.l1.len() < 6 {
        posted.chain.mine(2, &[]);
    }
    posted.chain.mine(2, &[L1Event::Batcher(7)]);
    let number = posted.chain.l1.len() - 1;
    posted.put_batches(number, &[Batch::Span(span(&posted, 1..=2))]);
    assert!(are_the_chain(&posted, &posted.run(), 0), "the old batcher's");
    posted.batches[number][0].from = KEYS[7].address();
    assert!(are_the_chain(&posted, &posted.run(), 2), "the new batcher's");
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    assert_eq!(deriver.step(), Ok(Step::NeedL1(0)));
    assert_eq!(deriver.batcher(&[]), chain::batcher());
    assert_eq!(deriver.batcher(&posted.chain.l1[number].logs), KEYS[7].address());
}

#[test]
fn the_deriver_takes_only_what_it_asked_for() {
    let mut posted = posted(2, 3600);
    posted.put_batches(3, &[Batch::Span(span(&posted, 1..=2))]);
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    let block = posted.chain.l2[1].1.block;
    assert_eq!(deriver.executed(block), Err(Error::NotAsked("an executed block")));
    assert_eq!(deriver.rejected(), Err(Error::NotAsked("a rejected block")));
    assert_eq!(deriver.supply_l2(&block), Err(Error::NotAsked("an L2 block")));
    assert_eq!(deriver.supply_l1(posted.l1_block(1).unwrap()), Err(Error::NotAsked("an L1 block")));
    let derived = posted.next(&mut deriver).unwrap();
    assert!(matches!(deriver.executed(posted.chain.l2[2].1.block), Err(Error::UnexpectedBlock { .. })));
    assert_eq!(deriver.step().unwrap(), Step::Block(derived.into()), "nothing was lost");
    deriver.executed(block).unwrap();
    assert_eq!(deriver.safe_head().block, block);
}

#[test]
fn no_frame_counts_when_one_in_the_same_transaction_is_broken() {
    let mut posted = posted(2, 3600);
    let frames = channel(&[Batch::Span(span(&posted, 1..=2))], 1);
    posted.put(4, &frames);
    let BatcherData::Calldata(data) = &mut posted.batches[4][0].data else { panic!("it is calldata") };
    *data = [data, &[1, 2, 3][..]].concat().into();
    assert!(are_the_chain(&posted, &posted.run(), 0));
    posted.put(5, &frames);
    assert!(are_the_chain(&posted, &posted.run(), 2));
}

#[test]
fn attributes_follow_only_the_parents_origin_or_its_child_and_never_precede_it() {
    let chain = Chain::of_plan(2, &[], &blocks(3, false), 3600);
    let parent = chain.l2[1].1;
    let next = |origin: &L1Header| next_attributes(&chain.cfg, &parent, origin, &[]);
    assert!(next(&chain.l1[0].info).is_ok());
    assert!(next(&chain.l1[1].info).is_ok(), "an L1 block at two seconds, an L2 block at two seconds");
    assert!(matches!(next(&chain.l1[2].info), Err(Error::OriginMismatch { .. })));
    let orphan = L1Header { hash: B256::repeat_byte(1), ..chain.l1[0].info };
    assert!(matches!(next(&orphan), Err(Error::OriginMismatch { .. })));
    let late = L1Header { timestamp: chain.l1[1].info.timestamp + 1, ..chain.l1[1].info };
    assert!(matches!(next(&late), Err(Error::TimeBeforeOrigin { .. })));
    let old = L1Header { timestamp: chain::GENESIS_TIME - MAX_SEQUENCER_DRIFT, ..chain.l1[0].info };
    assert!(next(&old).unwrap().0.no_tx_pool, "beyond the drift a sequencer includes nothing");
    assert!(!next(&chain.l1[0].info).unwrap().0.no_tx_pool);
}

#[test]
fn a_deposit_that_cannot_be_decoded_stops_derivation() {
    let mut posted = posted(4, 3600);
    let mut chain = posted.chain.clone();
    chain.mine(2, &[L1Event::Deposit { mint: 1, creation: false, data: Vec::new() }]);
    let mut log = chain.l1.last().unwrap().logs[0].clone();
    log.log.data = alloy_primitives::LogData::new_unchecked(log.log.topics().to_vec(), Bytes::from_static(&[1]));
    let at = posted.chain.l2[4].1.block.l1_origin.number as usize;
    posted.put_batches(6, &[Batch::Span(span(&posted, 1..=4))]);
    posted.chain.l1[at].logs = vec![log];
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    let error = loop {
        match deriver.step() {
            Ok(Step::NeedL1(number)) => deriver.supply_l1(posted.l1_block(number).unwrap()).unwrap(),
            Ok(Step::Block(block)) => {
                execute(&posted.chain, &mut deriver, &block);
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Deposit { l1_block, log_index: 0, .. } if l1_block == at as u64));
}

#[test]
fn derivation_goes_on_where_l1_has_more() {
    let mut posted = posted(6, 3600);
    posted.put_batches(5, &[Batch::Span(span(&posted, 1..=3))]);
    let mut deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
    while let Some(block) = posted.next(&mut deriver) {
        execute(&posted.chain, &mut deriver, &block);
    }
    assert_eq!(deriver.safe_head().block.number, 3);
    let end = posted.chain.l1.len();
    posted.put_batches(end, &[Batch::Span(span(&posted, 4..=6))]);
    while let Some(block) = posted.next(&mut deriver) {
        execute(&posted.chain, &mut deriver, &block);
    }
    assert_eq!(deriver.safe_head().block.number as usize, posted.last());
}

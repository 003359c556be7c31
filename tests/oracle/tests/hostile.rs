//! A batcher that breaks the rules: kona and we must drop the same batches, and derive the same chain from what is left.
//!
//! Left out are the cases in which kona does not follow the specification: a singular batch with a wrong parent hash (kona accepts it), types of
//! transaction that batches do not carry (kona leaves them to execution), and anything that follows an invalid span batch in the same L1 block
//! or the next one (kona skips not only the rest of its channel but of the block, and the whole next block).

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../crates/rollup/tests/chain/mod.rs"]
mod chain;
mod raw;

use alloy_eips::Decodable2718;
use alloy_primitives::{B256, Bytes};
use chain::{Chain, L1Event, posting::Posted};
use proptest::{collection::vec, prelude::*};
use raw::{kona, same};
use tributary_oracle::Error;
use tributary_primitives::Transaction;
use tributary_rollup::{
    Batch, BatcherData, BatcherTransaction, ChannelId, Compression, DerivedBlock, Deriver, Frame, L1Block, L2Head, SingularBatch,
    SpanBatch, SpanBlock, Step, encode_frames,
};

/// What is in a block of a batch.
#[allow(clippy::large_enum_variant, reason = "a handful exist at a time")]
#[derive(Debug, Clone)]
enum Txs {
    None,
    Good(Transaction),
    Empty,
    Deposit,
    /// Passes the rules of batches and fails in execution.
    Undecodable,
}

/// One batch, told by how it differs from a good one.
#[derive(Debug, Clone)]
struct Plan {
    span: bool,
    /// First block, relative to the one after the safe head.
    offset: i64,
    /// For each block whether the epoch moves on, and what it holds.
    blocks: Vec<(bool, Txs)>,
    /// Added to the time and to the last epoch's number.
    time_shift: i64,
    epoch_shift: i64,
    bad_parent: bool,
    bad_origin: bool,
}

/// One channel: batches, cut into frames, with at most one frame repeated, left out, or moved to the next L1 block.
#[derive(Debug, Clone)]
struct Post {
    batches: Vec<Plan>,
    frame_size: usize,
    repeat: Option<prop::sample::Index>,
    omit: Option<prop::sample::Index>,
    split: Option<prop::sample::Index>,
}

fn txs() -> impl Strategy<Value = Txs> {
    prop_oneof![
        6 => Just(Txs::None),
        6 => chain::transaction().prop_map(Txs::Good),
        1 => Just(Txs::Empty),
        1 => Just(Txs::Deposit),
        1 => Just(Txs::Undecodable),
    ]
}

fn rarely<T: Clone + std::fmt::Debug + Default + 'static>(strategy: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(T::default()), 1 => strategy]
}

fn plan() -> impl Strategy<Value = Plan> {
    let shape = (any::<bool>(), prop_oneof![4 => Just(0i64), 1 => -6i64..3], vec((any::<bool>(), txs()), 1..6));
    let faults = (rarely(-2i64..3), rarely(-2i64..3), rarely(any::<bool>()), rarely(any::<bool>()));
    (shape, faults).prop_map(|((span, offset, blocks), (time_shift, epoch_shift, bad_parent, bad_origin))| Plan {
        span,
        offset,
        blocks,
        time_shift,
        epoch_shift,
        bad_parent,
        bad_origin,
    })
}

fn post() -> impl Strategy<Value = Post> {
    let index = || rarely(any::<prop::sample::Index>().prop_map(Some));
    (vec(plan(), 1..4), 30usize..2000, index(), index(), index()).prop_map(|(batches, frame_size, repeat, omit, split)| Post {
        batches,
        frame_size,
        repeat,
        omit,
        split,
    })
}

/// A chain whose L2 is what was derived so far.
struct Run {
    posted: Posted,
    deriver: Deriver,
    derived: Vec<DerivedBlock>,
    /// Frames that were held back for the next L1 block.
    held: Vec<Frame>,
    channels: u64,
    /// L1 blocks that stay empty because one before may hold an invalid span batch.
    blank: usize,
}

impl Run {
    fn new(seq_window: u64, block_time: u64, jovian: bool) -> Self {
        let chain = Chain::with_block_time(seq_window, block_time);
        let chain = if jovian { chain } else { chain.without_jovian() };
        let posted = Posted { chain, batches: Vec::new() };
        let deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
        Self { posted, deriver, derived: Vec::new(), held: Vec::new(), channels: 0, blank: 0 }
    }

    /// Reads L1 to its end.
    fn read(&mut self) {
        loop {
            match self.deriver.step().unwrap() {
                Step::Block(derived) => {
                    let decodes = derived.attributes.transactions.iter().all(|tx| Transaction::decode_2718_exact(tx).is_ok());
                    if self.derived.len() < derived.number() as usize {
                        self.derived.push(DerivedBlock::clone(&derived));
                    }
                    if !decodes {
                        self.deriver.rejected().unwrap();
                        continue;
                    }
                    let cfg = &self.posted.chain.cfg;
                    let block = chain::execute(&derived.parent, &derived.attributes);
                    let head = L2Head::of_block(cfg, &block, block.header.hash_slow()).unwrap();
                    self.posted.chain.l2.push((block, head));
                    self.deriver.executed(head.block).unwrap();
                }
                Step::NeedL2(number) => {
                    let block = self.posted.chain.l2[number as usize].1.block;
                    self.deriver.supply_l2(&block).unwrap();
                }
                Step::NeedL1(number) => {
                    let Some(l1) = self.posted.chain.l1.get(number as usize) else { return };
                    let batches = self.posted.batches.get(number as usize).cloned().unwrap_or_default();
                    let block = L1Block { header: l1.info, logs: l1.logs.clone(), batches };
                    self.deriver.supply_l1(block).unwrap();
                }
                Step::Reset(reason) => panic!("{reason:?}"),
            }
        }
    }

    /// Number, epoch and time of block `i` of a batch on the chain as it is, and whether its epoch is new.
    ///
    /// Batches of one channel agree on the epochs, because a later one whose last epoch is older than the safe head's origin is dropped with its
    /// channel, says the specification, while kona skips it and reads on.
    fn places(&self, plan: &Plan, epochs: &[(bool, Txs)]) -> Vec<(i64, u64, bool)> {
        let l2 = &self.posted.chain.l2;
        let safe = l2.last().unwrap().1.block;
        let first = (safe.number as i64 + 1 + plan.offset).max(1);
        let mut epoch = l2[(first as usize - 1).min(l2.len() - 1)].1.block.l1_origin.number;
        let newest = self.posted.chain.l1.len() as u64 - 1;
        let mut out = Vec::new();
        for i in 0..plan.blocks.len() {
            let number = first + i as i64;
            let advance = epochs[number as usize % epochs.len()].0;
            let time = chain::GENESIS_TIME as i64 + number * self.posted.chain.cfg.block_time as i64;
            let before = epoch;
            match l2.get(number as usize) {
                Some((_, head)) => epoch = head.block.l1_origin.number,
                None => {
                    let next = self.posted.chain.l1.get(epoch as usize + 1);
                    let may = next.is_some_and(|l1| epoch + 1 < newest && l1.header.timestamp as i64 <= time);
                    epoch += u64::from(advance && may);
                }
            }
            out.push((time, epoch, epoch != before));
        }
        out
    }

    fn batches(&self, plan: &Plan, epochs: &[(bool, Txs)]) -> Vec<Batch> {
        let chain = &self.posted.chain;
        let places = self.places(plan, epochs);
        let block_time = chain.cfg.block_time as i64;
        // Nobody knows the hash of the L1 block that the batch will be in.
        let known = &chain.l1[..chain.l1.len() - 1];
        let hash_of = |number: u64| known.get(number as usize).map_or(B256::ZERO, |l1| l1.info.hash);
        if plan.span {
            let (time, ..) = places[0];
            let first = (time - chain::GENESIS_TIME as i64) / block_time;
            let parent = chain.l2.get(first as usize - 1).map_or(B256::ZERO, |(_, head)| head.block.hash);
            let (_, last, _) = places[places.len() - 1];
            let l1_origin_num = last.saturating_add_signed(plan.epoch_shift);
            let block = |((_, txs), (.., changed)): (&(bool, Txs), &(i64, u64, bool))| SpanBlock {
                origin_changed: *changed,
                transactions: if let Txs::Good(tx) = txs { vec![tx.clone()] } else { Vec::new() },
            };
            let batch = SpanBatch {
                // kona cannot make up its mind about a block before genesis; the specification drops it.
                rel_timestamp: (time - chain::GENESIS_TIME as i64 + plan.time_shift).max(1) as u64,
                l1_origin_num,
                parent_check: (if plan.bad_parent { [7; 20] } else { parent[..20].try_into().unwrap() }).into(),
                l1_origin_check: (if plan.bad_origin { [7; 20] } else { hash_of(l1_origin_num)[..20].try_into().unwrap() }).into(),
                blocks: plan.blocks.iter().zip(&places).map(block).collect(),
            };
            return vec![Batch::Span(batch)];
        }
        let (time, epoch, _) = places[0];
        let timestamp = (time + plan.time_shift) as u64;
        let number = (time + plan.time_shift - chain::GENESIS_TIME as i64) / block_time;
        // The parent is always the right one for the time, because kona does not mind. So it must exist.
        let Some((_, parent)) = usize::try_from(number - 1).ok().and_then(|parent| chain.l2.get(parent)) else { return Vec::new() };
        let epoch_num = epoch.saturating_add_signed(plan.epoch_shift);
        let transactions = match &plan.blocks[0].1 {
            Txs::None => Vec::new(),
            Txs::Good(tx) => vec![Bytes::from(alloy_eips::Encodable2718::encoded_2718(tx))],
            Txs::Empty => vec![Bytes::new()],
            Txs::Deposit => vec![Bytes::from_static(&[0x7e, 0xc0])],
            Txs::Undecodable => vec![Bytes::from_static(&[0x02, 0xc0])],
        };
        let batch = SingularBatch {
            parent_hash: parent.block.hash,
            epoch_num,
            epoch_hash: if plan.bad_origin { B256::repeat_byte(7) } else { hash_of(epoch_num) },
            timestamp,
            transactions,
        };
        vec![Batch::Singular(batch)]
    }

    /// Appends the data of a channel to `data`, one string for each frame.
    fn encode(&mut self, post: &Post, data: &mut Vec<Bytes>) {
        // Of a channel that is read later than written only one batch can be judged alike, see above; so can a wrong origin only at the end.
        let plans = if post.split.is_some() { &post.batches[..1] } else { &post.batches };
        let end = plans.iter().position(|plan| plan.epoch_shift != 0).map_or(plans.len(), |at| at + 1);
        let epochs = &post.batches[0].blocks;
        let batches: Vec<_> = plans[..end].iter().flat_map(|plan| self.batches(plan, epochs)).collect();
        // Only one singular batch can have the right parent; the ones after it would have a wrong one.
        let singular = batches.iter().position(|batch| matches!(batch, Batch::Singular(_)));
        let batches = &batches[..singular.map_or(batches.len(), |at| at + 1)];
        let batches = if singular.is_some_and(|at| at > 0) { &batches[..batches.len() - 1] } else { batches };
        let encoded: Vec<_> = batches.iter().map(|batch| batch.encode(chain::CHAIN_ID).unwrap()).collect();
        let channel = Bytes::from(Compression::Zlib { level: 6 }.compress(encoded.iter().map(Vec::as_slice)));
        self.channels += 1;
        let id = ChannelId::left_padding_from(&self.channels.to_be_bytes());
        let count = channel.len().div_ceil(post.frame_size).max(1);
        let mut frames: Vec<_> = (0..count)
            .map(|i| Frame {
                channel: id,
                number: i as u16,
                data: channel.slice(i * post.frame_size..channel.len().min((i + 1) * post.frame_size)),
                is_last: i + 1 == count,
            })
            .collect();
        // A repeated frame could be a second copy of a channel with an invalid span batch, see at the top.
        if let Some(at) = post.repeat.as_ref().filter(|_| post.batches.iter().all(|plan| !plan.span)) {
            let at = at.index(frames.len());
            frames.insert(at, frames[at].clone());
        }
        if let Some(at) = &post.omit {
            frames.remove(at.index(frames.len()));
        }
        let rest = post.split.as_ref().filter(|_| !frames.is_empty()).map_or(Vec::new(), |at| {
            let at = at.index(frames.len());
            frames.split_off(at)
        });
        for frame in frames {
            data.push(encode_frames([&frame]).into());
        }
        self.held = rest;
    }

    fn take_held(&mut self) -> Vec<Bytes> {
        self.held.drain(..).map(|frame| encode_frames([&frame]).into()).collect()
    }

    /// Mines an L1 block with this channel in it, and reads it.
    fn mine(&mut self, seconds: u64, post: Option<&Post>) {
        self.posted.chain.mine(seconds, &[L1Event::Deposit { mint: 1, creation: false, data: Vec::new() }]);
        let mut data = Vec::new();
        let held = !self.held.is_empty();
        match post {
            _ if self.blank > 0 => {}
            // What was held back goes alone: it may be a span batch, and nothing may follow that.
            _ if !self.held.is_empty() => data = self.take_held(),
            None => {}
            // One channel for each L1 block: after an accepted batch, a singular one has a wrong parent.
            Some(post) => self.encode(post, &mut data),
        }
        let may_be_span = held || post.is_some_and(|post| post.batches.iter().any(|plan| plan.span));
        self.blank = if may_be_span && !data.is_empty() { 3 } else { self.blank.saturating_sub(1) };
        let number = self.posted.chain.l1.len() - 1;
        self.posted.batches.resize(number, Vec::new());
        let from = chain::batcher();
        self.posted
            .batches
            .push(data.into_iter().map(|d| BatcherTransaction { hash: B256::ZERO, from, data: BatcherData::Calldata(d) }).collect());
        self.read();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn kona_drops_what_we_drop(
        seq_window in 2u64..9,
        slow in any::<bool>(),
        jovian in any::<bool>(),
        l1 in vec((1u64..4, prop::option::of(post())), 1..60),
    ) {
        // Slow blocks reach the limit of the sequencer's drift, 1800 seconds, after a few.
        let scale = if slow { 500 } else { 1 };
        let mut run = Run::new(seq_window, scale, jovian);
        for (seconds, post) in &l1 {
            run.mine(seconds * scale, post.as_ref());
        }
        let (kona, halted) = match kona(&run.posted) {
            Ok(kona) => (kona, false),
            // What the specification warns of: an outdated origin in a span batch must not stall derivation. kona halts, we drop the batch.
            Err(Error::Kona { why, derived }) if why.contains("Missing L1 origin") => (derived, true),
            // While it waits to force a block in the next epoch, kona takes a batch for the epoch after that as valid, and resets itself over it.
            Err(Error::Kona { why, derived }) if why.contains("Block mismatch on epoch reset") => (derived, true),
            Err(other) => panic!("{other}"),
        };
        for (ours, kona) in run.derived.iter().zip(&kona) {
            same(&run.posted, &ours.attributes, kona)?;
            prop_assert_eq!(ours.derived_from.number, kona.derived_from);
        }
        prop_assert!(halted || run.derived.len() == kona.len(), "{} blocks and {}", run.derived.len(), kona.len());
    }
}

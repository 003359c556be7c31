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
    /// The L1 block before may hold an invalid span batch.
    after_span: bool,
}

impl Run {
    fn new(seq_window: u64, block_time: u64) -> Self {
        let chain = Chain::with_block_time(seq_window, block_time);
        let posted = Posted { chain, batches: Vec::new() };
        let deriver = Deriver::new(posted.chain.cfg.clone(), posted.genesis());
        Self { posted, deriver, derived: Vec::new(), held: Vec::new(), channels: 0, after_span: false }
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
    fn places(&self, plan: &Plan) -> Vec<(i64, u64, bool)> {
        let l2 = &self.posted.chain.l2;
        let safe = l2.last().unwrap().1.block;
        let first = (safe.number as i64 + 1 + plan.offset).max(1);
        let mut epoch = l2[(first as usize - 1).min(l2.len() - 1)].1.block.l1_origin.number;
        let newest = self.posted.chain.l1.len() as u64 - 1;
        let mut out = Vec::new();
        for (i, (advance, _)) in plan.blocks.iter().enumerate() {
            let number = first + i as i64;
            let time = chain::GENESIS_TIME as i64 + number * self.posted.chain.cfg.block_time as i64;
            let before = epoch;
            match l2.get(number as usize) {
                Some((_, head)) => epoch = head.block.l1_origin.number,
                // Mostly moves on where it may, now and then where it may not.
                None => {
                    let next = self.posted.chain.l1.get(epoch as usize + 1);
                    let may = next.is_some_and(|l1| epoch + 1 < newest && l1.header.timestamp as i64 <= time);
                    epoch += u64::from(*advance && may);
                }
            }
            out.push((time, epoch, epoch != before));
        }
        out
    }

    fn batches(&self, plan: &Plan) -> Vec<Batch> {
        let chain = &self.posted.chain;
        let places = self.places(plan);
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
        // The hash of a parent that is not there yet cannot be known: only the first block can have a good one.
        let (time, epoch, _) = places[0];
        let number = (time - chain::GENESIS_TIME as i64) / block_time;
        let epoch_num = epoch.saturating_add_signed(plan.epoch_shift);
        let transactions = match &plan.blocks[0].1 {
            Txs::None => Vec::new(),
            Txs::Good(tx) => vec![Bytes::from(alloy_eips::Encodable2718::encoded_2718(tx))],
            Txs::Empty => vec![Bytes::new()],
            Txs::Deposit => vec![Bytes::from_static(&[0x7e, 0xc0])],
            Txs::Undecodable => vec![Bytes::from_static(&[0x02, 0xc0])],
        };
        let batch = SingularBatch {
            parent_hash: chain.l2.get(number as usize - 1).map_or(B256::ZERO, |(_, head)| head.block.hash),
            epoch_num,
            epoch_hash: if plan.bad_origin { B256::repeat_byte(7) } else { hash_of(epoch_num) },
            timestamp: (time + plan.time_shift) as u64,
            transactions,
        };
        // A batch on a block that is not there has a wrong parent, which kona would accept.
        if chain.l2.len() < number as usize || number as usize > chain.l2.len() { Vec::new() } else { vec![Batch::Singular(batch)] }
    }

    /// Appends the data of a channel to `data`, one string for each frame.
    fn encode(&mut self, post: &Post, data: &mut Vec<Bytes>) {
        let batches: Vec<_> = post.batches.iter().flat_map(|plan| self.batches(plan)).collect();
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
        if let Some(at) = &post.repeat {
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

    /// Mines an L1 block with these channels in it, and reads it.
    fn mine(&mut self, seconds: u64, posts: &[Post]) {
        self.posted.chain.mine(seconds, &[L1Event::Deposit { mint: 1, creation: false, data: Vec::new() }]);
        let mut data = Vec::new();
        let is_span = |post: &Post| post.batches.iter().any(|plan| plan.span);
        match posts {
            // What was held back may be a span batch, so nothing may follow it.
            _ if self.after_span => {}
            _ if !self.held.is_empty() => data = self.held.drain(..).map(|frame| encode_frames([&frame]).into()).collect(),
            [post, ..] if is_span(post) => self.encode(post, &mut data),
            _ => posts.iter().filter(|post| !is_span(post) && post.split.is_none()).for_each(|post| self.encode(post, &mut data)),
        }
        self.after_span = !self.after_span && !data.is_empty();
        let number = self.posted.chain.l1.len() - 1;
        self.posted.batches.resize(number, Vec::new());
        let from = chain::batcher();
        self.posted.batches.push(data.into_iter().map(|d| BatcherTransaction { from, data: BatcherData::Calldata(d) }).collect());
        self.read();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn kona_drops_what_we_drop(
        seq_window in 2u64..9,
        slow in any::<bool>(),
        l1 in vec((1u64..4, vec(post(), 0..3)), 1..40),
    ) {
        // Slow blocks reach the limit of the sequencer's drift, 1800 seconds, after a few.
        let scale = if slow { 500 } else { 1 };
        let mut run = Run::new(seq_window, scale);
        for (seconds, posts) in &l1 {
            run.mine(seconds * scale, posts);
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
            same(&ours.attributes, kona)?;
            prop_assert_eq!(ours.derived_from.number, kona.derived_from);
        }
        prop_assert!(halted || run.derived.len() == kona.len(), "{} blocks and {}", run.derived.len(), kona.len());
    }
}

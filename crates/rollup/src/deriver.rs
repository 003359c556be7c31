//! The deriver: L1 blocks in, L2 blocks out, no I/O (specs: protocol/derivation, protocol/holocene/derivation).

use crate::{
    Batch, Error, L1Block, L1Log, L2Head, SingularBatch, SpanBatch, apply_config_updates,
    batch::encode_all,
    batch_rules::{Context, Epoch, Parent, Validity},
    l1_source::L1Source,
    next_attributes,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256};
use std::{collections::VecDeque, sync::Arc};
use tributary_primitives::{L1BlockRef, L2BlockRef, PayloadAttributes, RollupConfig, SystemConfig, rollup::CHANNEL_TIMEOUT};

/// What the deriver has, or needs, next. The same step is returned until the caller acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The next L2 block: execute it, then call [`Deriver::executed`], or [`Deriver::rejected`] when it is invalid.
    Block(Arc<DerivedBlock>),
    /// The L1 block with this number is needed: call [`Deriver::supply_l1`] once it exists.
    NeedL1(u64),
    /// The safe L2 block with this number is needed: call [`Deriver::supply_l2`].
    NeedL2(u64),
    /// The L1 chain is not the one that the safe head was derived from: find a head that is, and start a new deriver there.
    Reset(ResetReason),
}

/// Why derivation cannot go on from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetReason {
    /// Number of the L1 block that was supplied.
    pub l1_block: u64,
    /// The hash that it, or its parent, should have had.
    pub expected: B256,
    /// The hash that it, or its parent, has.
    pub got: B256,
}

/// An L2 block as L1 prescribes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedBlock {
    /// What to execute.
    pub attributes: PayloadAttributes,
    /// The block to execute it on.
    pub parent: L2BlockRef,
    /// The L1 block whose epoch it is in.
    pub l1_origin: BlockNumHash,
    /// Position in the epoch.
    pub sequence_number: u64,
    /// The L1 block that completed it: once that is final, so is the L2 block.
    pub derived_from: L1BlockRef,
    /// The L1 transaction whose frame completed the channel that the block's batch is in. `None` for a block that L1 forced without a batch.
    pub batch: Option<B256>,
    /// The system configuration that the block records.
    pub system_config: SystemConfig,
}

impl DerivedBlock {
    /// Number of the L2 block.
    pub const fn number(&self) -> u64 {
        self.parent.number + 1
    }

    /// Whether there are no transactions but deposits.
    pub fn is_deposits_only(&self) -> bool {
        self.attributes.transactions.iter().all(|tx| tx.first() == Some(&0x7e))
    }
}

/// Where derivation starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The block after which derivation shall go on.
    pub safe_head: L2Head,
    /// A block of the same chain from whose L1 origin on L1 is read; see [`Start::find`].
    pub base: L2Head,
}

impl Start {
    /// Walks back from `safe_head` to a block whose L1 origin is a channel timeout older, so that no channel with the next batch began before
    /// it (specs: protocol/derivation#finding-the-sync-starting-point). `block` returns the L2 block with a number.
    ///
    /// # Errors
    /// Those of `block`.
    pub fn find<E>(cfg: &RollupConfig, safe_head: L2Head, mut block: impl FnMut(u64) -> Result<L2Head, E>) -> Result<Self, E> {
        let mut base = safe_head;
        while base.block.number > cfg.genesis.l2.number
            && base.block.l1_origin.number > cfg.genesis.l1.number
            && base.block.l1_origin.number.saturating_add(CHANNEL_TIMEOUT) > safe_head.block.l1_origin.number
        {
            base = block(base.block.number - 1)?;
        }
        Ok(Self { safe_head, base })
    }
}

/// The blocks of a span batch that are not judged yet.
#[derive(Debug)]
struct Span {
    batch: SpanBatch,
    /// Position of the next block.
    next: usize,
    /// L1 origin of the block before it; at first that of the first block itself.
    epoch: u64,
}

/// What the batches have to say about the next block.
enum Candidate {
    Batch(SingularBatch),
    NeedL2(u64),
    Exhausted,
}

/// Derives the L2 chain from L1.
#[derive(Debug)]
pub struct Deriver {
    cfg: Arc<RollupConfig>,
    safe_head: L2Head,
    /// The configuration at the L1 block that is being read, which decides who the batcher is.
    l1_config: SystemConfig,
    /// The next L1 block to read and the hash that is known of it.
    next_l1: NextL1,
    /// From the safe head's origin on, up to the L1 block that is being read.
    epochs: VecDeque<Epoch>,
    source: L1Source,
    span: Option<Span>,
    /// A span batch that begins before the safe head, waiting for the block in the place of its first.
    overlapping: Option<(SpanBatch, u64)>,
    pending: Option<Arc<DerivedBlock>>,
    reset: Option<ResetReason>,
}

/// What is known of the L1 block to read next.
#[derive(Debug)]
enum NextL1 {
    /// The first one: number and hash.
    Base(BlockNumHash),
    /// The child of the one that is being read.
    ChildOf(L1BlockRef),
}

impl Deriver {
    /// A deriver whose first block is the one after `start.safe_head`.
    pub fn new(cfg: Arc<RollupConfig>, start: Start) -> Self {
        Self {
            safe_head: start.safe_head,
            l1_config: start.base.system_config,
            next_l1: NextL1::Base(start.base.block.l1_origin),
            epochs: VecDeque::new(),
            source: L1Source::new(cfg.l2_chain_id),
            span: None,
            overlapping: None,
            pending: None,
            reset: None,
            cfg,
        }
    }

    /// The newest block that was derived and executed.
    pub const fn safe_head(&self) -> &L2Head {
        &self.safe_head
    }

    /// The L1 block that is being read, `None` before the first.
    pub const fn l1_head(&self) -> Option<&L1BlockRef> {
        match &self.next_l1 {
            NextL1::Base(_) => None,
            NextL1::ChildOf(block) => Some(block),
        }
    }

    /// Whose transactions count in the next L1 block, given that block's logs: the others need not be fetched.
    pub fn batcher(&self, logs: &[L1Log]) -> Address {
        let mut config = self.l1_config;
        apply_config_updates(&self.cfg, &mut config, logs);
        config.batcher_addr
    }

    /// What comes next.
    ///
    /// # Errors
    /// [`Error::Deposit`] when the portal broke its promise: nobody can derive this chain any further.
    pub fn step(&mut self) -> Result<Step, Error> {
        loop {
            if let Some(reason) = self.reset {
                return Ok(Step::Reset(reason));
            }
            if let Some(block) = &self.pending {
                return Ok(Step::Block(block.clone()));
            }
            match self.next_candidate() {
                Candidate::Batch(batch) => self.build(batch, Some(self.source.completed_by()))?,
                Candidate::NeedL2(number) => return Ok(Step::NeedL2(number)),
                Candidate::Exhausted => match self.forced_batch() {
                    Some(batch) => self.build(batch, None)?,
                    None => return Ok(Step::NeedL1(self.next_l1_number())),
                },
            }
        }
    }

    /// Supplies the L1 block that [`Step::NeedL1`] named.
    ///
    /// # Errors
    /// [`Error::NotAsked`] when it is not the one, or none is needed. That it is of another chain is no error but the next step.
    pub fn supply_l1(&mut self, block: L1Block) -> Result<(), Error> {
        let header = block.header;
        if self.step()? != Step::NeedL1(header.number) {
            return Err(Error::NotAsked("an L1 block"));
        }
        let (expected, got) = match &self.next_l1 {
            NextL1::Base(id) => (id.hash, header.hash),
            NextL1::ChildOf(parent) => (parent.hash, header.parent_hash),
        };
        let safe_origin = self.safe_head.block.l1_origin;
        if expected != got {
            self.reset = Some(ResetReason { l1_block: header.number, expected, got });
        } else if header.number == safe_origin.number && header.hash != safe_origin.hash {
            self.reset = Some(ResetReason { l1_block: header.number, expected: safe_origin.hash, got: header.hash });
        }
        if self.reset.is_some() {
            return Ok(());
        }
        apply_config_updates(&self.cfg, &mut self.l1_config, &block.logs);
        let batcher = self.l1_config.batcher_addr;
        self.source.advance(header.number, block.batches.iter().filter(|tx| tx.from == batcher).map(|tx| (tx.hash, &tx.data)));
        if header.number >= safe_origin.number {
            self.epochs.push_back(Epoch { header, logs: block.logs });
        }
        self.next_l1 = NextL1::ChildOf(header.block_ref());
        Ok(())
    }

    /// Supplies the safe L2 block that [`Step::NeedL2`] named.
    ///
    /// # Errors
    /// [`Error::NotAsked`] when it is not the one, or none is needed.
    pub fn supply_l2(&mut self, block: &L2BlockRef) -> Result<(), Error> {
        match self.overlapping.take_if(|(_, number)| *number == block.number) {
            // Another time means that there was a jump in between, which no batch crosses.
            Some((batch, _)) if batch.start_timestamp(&self.cfg) != block.timestamp => {
                self.flush_channel();
                Ok(())
            }
            Some((batch, _)) => {
                self.start_span(batch, Parent::of(block));
                Ok(())
            }
            None => Err(Error::NotAsked("an L2 block")),
        }
    }

    /// Reports the block that came of [`Step::Block`]; it is the safe head from now on.
    ///
    /// # Errors
    /// [`Error::UnexpectedBlock`] when it is not what was derived, [`Error::NotAsked`] when nothing was.
    pub fn executed(&mut self, block: L2BlockRef) -> Result<(), Error> {
        let pending = self.pending.as_ref().ok_or(Error::NotAsked("an executed block"))?;
        let parent = pending.parent;
        let expected = L2BlockRef {
            hash: block.hash,
            number: pending.number(),
            parent_hash: parent.hash,
            timestamp: pending.attributes.block.timestamp,
            l1_origin: pending.l1_origin,
            sequence_number: pending.sequence_number,
        };
        if block != expected {
            return Err(Error::UnexpectedBlock { got: block.id(), parent: parent.id() });
        }
        self.safe_head = L2Head { block, system_config: pending.system_config };
        self.pending = None;
        while self.epochs.front().is_some_and(|epoch| epoch.header.number < block.l1_origin.number) {
            self.epochs.pop_front();
        }
        Ok(())
    }

    /// Reports that the block of [`Step::Block`] is invalid. It is replaced by one with its deposits only, and what is left of its channel is
    /// dropped (specs: protocol/holocene/derivation#engine-queue).
    ///
    /// # Errors
    /// [`Error::DepositsRejected`] when it had nothing but deposits, [`Error::NotAsked`] when no block is waiting.
    pub fn rejected(&mut self) -> Result<(), Error> {
        let pending = self.pending.as_mut().ok_or(Error::NotAsked("a rejected block"))?;
        if pending.is_deposits_only() {
            return Err(Error::DepositsRejected { number: pending.number() });
        }
        Arc::make_mut(pending).attributes.transactions.retain(|tx| tx.first() == Some(&0x7e));
        self.flush_channel();
        Ok(())
    }

    const fn next_l1_number(&self) -> u64 {
        match &self.next_l1 {
            NextL1::Base(id) => id.number,
            NextL1::ChildOf(block) => block.number + 1,
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            cfg: &self.cfg,
            safe_head: &self.safe_head.block,
            epochs: &self.epochs,
            inclusion: self.l1_head().map_or(0, |block| block.number),
        }
    }

    /// Whether L1 is read past the safe head's origin. Up to there a batch can only be about blocks that are already safe.
    fn is_past_safe_origin(&self) -> bool {
        self.l1_head().is_some_and(|block| block.number > self.safe_head.block.l1_origin.number)
    }

    fn forced_batch(&self) -> Option<SingularBatch> {
        self.is_past_safe_origin().then(|| self.context().forced_batch()).flatten()
    }

    /// The next batch that is valid.
    fn next_candidate(&mut self) -> Candidate {
        loop {
            if let Some((_, number)) = &self.overlapping {
                return Candidate::NeedL2(*number);
            }
            let batch = match self.next_of_span() {
                Some(batch) => batch,
                None => match self.source.next_batch() {
                    None => return Candidate::Exhausted,
                    Some(_) if !self.is_past_safe_origin() => continue,
                    Some(Batch::Span(batch)) => {
                        self.consider_span(batch);
                        continue;
                    }
                    Some(Batch::Singular(batch)) => batch,
                },
            };
            match self.context().check_singular(&batch) {
                Validity::Accept => return Candidate::Batch(batch),
                Validity::Past => {}
                Validity::Drop => self.flush_channel(),
            }
        }
    }

    /// The next block of the current span batch as a singular batch on the safe head. Blocks that are already safe are skipped.
    fn next_of_span(&mut self) -> Option<SingularBatch> {
        let span = self.span.as_mut()?;
        let start = span.batch.start_timestamp(&self.cfg);
        while let Some(block) = span.batch.blocks.get_mut(span.next) {
            let timestamp = start.saturating_add((span.next as u64).saturating_mul(self.cfg.block_time));
            span.epoch += u64::from(span.next > 0 && block.origin_changed);
            span.next += 1;
            if timestamp <= self.safe_head.block.timestamp {
                continue;
            }
            let transactions = encode_all(&std::mem::take(&mut block.transactions));
            let epoch_num = span.epoch;
            // An origin that is not known fails the check of its number, whatever the hash.
            let epoch_hash = self.context().epoch(epoch_num).map_or(B256::ZERO, |origin| origin.hash);
            return Some(SingularBatch { parent_hash: self.safe_head.block.hash, epoch_num, epoch_hash, timestamp, transactions });
        }
        self.span = None;
        None
    }

    /// Judges a new span batch as far as that is possible without its parent.
    fn consider_span(&mut self, batch: SpanBatch) {
        let context = self.context();
        match context.check_span_time(&batch) {
            Validity::Past => {}
            Validity::Drop => self.flush_channel(),
            Validity::Accept => match context.first_of(&batch) {
                None => self.flush_channel(),
                Some(number) if number > self.safe_head.block.number => {
                    self.start_span(batch, Parent::safe_head(&self.safe_head.block));
                }
                Some(number) => self.overlapping = Some((batch, number)),
            },
        }
    }

    /// Makes `batch`, whose first block follows `parent`, the current span batch if it is valid.
    fn start_span(&mut self, batch: SpanBatch, parent: Parent) {
        match self.context().check_span_start(&batch, parent) {
            Validity::Accept => self.span = Some(Span { epoch: batch.start_epoch(), batch, next: 0 }),
            _ => self.flush_channel(),
        }
    }

    /// Drops what is left of the current span batch and of the channel that it came from.
    fn flush_channel(&mut self) {
        self.span = None;
        self.source.flush_channel();
    }

    /// Turns a valid batch into the block that waits for execution; `transaction` is where it came from, unless L1 forced it.
    fn build(&mut self, batch: SingularBatch, transaction: Option<B256>) -> Result<(), Error> {
        let parent = self.safe_head;
        let first = self.epochs.front().map_or(0, |epoch| epoch.header.number);
        let epoch = &self.epochs[(batch.epoch_num - first) as usize];
        let (mut attributes, system_config) = next_attributes(&self.cfg, &parent, &epoch.header, &epoch.logs)?;
        attributes.transactions.extend(batch.transactions);
        attributes.no_tx_pool = true;
        let new_epoch = epoch.header.number != parent.block.l1_origin.number;
        self.pending = Some(Arc::new(DerivedBlock {
            attributes,
            parent: parent.block,
            l1_origin: BlockNumHash { number: epoch.header.number, hash: epoch.header.hash },
            sequence_number: if new_epoch { 0 } else { parent.block.sequence_number + 1 },
            derived_from: *self.l1_head().expect("a batch was read from an L1 block"),
            batch: transaction,
            system_config,
        }));
        Ok(())
    }
}

//! Source → execute → commit → announce: how every chain of a node grows, whoever its blocks come from.
//!
//! A [`Source`] says what the next block is made of: a producer from its pool and its clock, a verifier from L1, an import from a file. What follows is
//! the same for all.

use crate::Error;
use alloy_consensus::Header;
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{runtime::RuntimeFlavor, sync::broadcast};
use tributary_chain::{Event, SealedBlock};
use tributary_execution::{Ancestor, Executor, OpenBlock, import_block};
use tributary_primitives::{Block, ExecutedBlock, PayloadAttributes};
use tributary_storage::{BlobSidecar, Snapshot, Store, StoredBlock};

/// Events that a slow subscriber may lag behind.
const EVENTS: usize = 16_384;

/// How many ancestors the rules of ommers look at.
const ANCESTORS: u64 = 7;

/// A chain that grows: what its blocks are executed with, where they are written, and where they are announced.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) store: Store,
    pub(crate) executor: Executor,
    pub(crate) events: broadcast::Sender<Event>,
}

/// What the block after the head is made of.
#[derive(Debug)]
pub(crate) enum Work {
    /// Of these attributes and no other transactions.
    Attributes(Box<PayloadAttributes>),
    /// Somebody else built it, and it must come out as it is.
    Block(Box<Block>),
    /// Its transactions were executed as they came.
    Open { block: Box<OpenBlock<Snapshot>>, sidecars: Vec<BlobSidecar> },
}

/// Why there is no such block. Nothing has changed.
#[derive(Debug)]
pub(crate) struct Invalid(pub(crate) tributary_execution::Error);

/// Where blocks come from.
pub(crate) trait Source {
    /// What the block after the head is made of, once that is known; `None` at the end.
    async fn next(&mut self) -> Result<Option<Work>, Error>;

    /// Takes note of what became of it: a block that is committed and announced, or none.
    async fn take(&mut self, outcome: Result<Arc<SealedBlock>, Invalid>) -> Result<(), Error>;
}

impl Pipeline {
    /// The chain in a store.
    pub(crate) fn new(store: Store) -> Self {
        let executor = Executor::new(store.spec().clone());
        Self::with(store, executor)
    }

    /// As [`Self::new`], with an executor that another copy of the chain has too.
    pub(crate) fn with(store: Store, executor: Executor) -> Self {
        Self { store, executor, events: broadcast::channel(EVENTS).0 }
    }

    /// Grows the chain until the source ends.
    pub(crate) async fn run(&self, source: &mut impl Source) -> Result<(), Error> {
        loop {
            // An open block cannot go to another thread, so that it must be gone before anything is waited for again.
            let outcome = match source.next().await? {
                Some(work) => off_the_async_threads(|| self.extend(work))?,
                None => return Ok(()),
            };
            source.take(outcome).await?;
        }
    }

    /// As [`Self::run`], for a source that holds up its thread instead of waiting.
    pub(crate) fn run_here(&self, source: &mut impl Source) -> Result<(), Error> {
        match pin!(self.run(source)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => unreachable!("invariant: such a source never waits"),
        }
    }

    /// Executes, commits and announces the block after the head.
    pub(crate) fn extend(&self, work: Work) -> Result<Result<Arc<SealedBlock>, Invalid>, Error> {
        use tributary_execution::Error::{HeaderMismatch, InvalidBlock, InvalidTransaction};
        let parent = head_block(&self.store)?;
        let (executed, sidecars) = match self.execute(work, &parent) {
            Ok(executed) => executed,
            Err(Error::Execution(error @ (InvalidTransaction { .. } | InvalidBlock(_) | HeaderMismatch { .. }))) => {
                return Ok(Err(Invalid(error)));
            }
            Err(error) => return Err(error),
        };
        self.store.commit(&executed, &sidecars)?;
        let sealed = Arc::new(SealedBlock::from(executed));
        // Nobody may listen.
        let _ = self.events.send(Event::Sealed(sealed.clone()));
        Ok(Ok(sealed))
    }

    fn execute(&self, work: Work, parent: &StoredBlock) -> Result<(ExecutedBlock, Vec<BlobSidecar>), Error> {
        let header = &parent.block.header;
        Ok(match work {
            Work::Open { block, sidecars } => (block.seal()?, sidecars),
            Work::Attributes(attributes) => {
                let mut block = OpenBlock::new(&self.executor, self.store.latest()?, header, parent.hash, attributes.block)?;
                block.execute_forced(&attributes.transactions, |_, _| {})?;
                (block.seal()?, Vec::new())
            }
            Work::Block(block) => {
                let ancestors = if block.body.ommers.is_empty() { Vec::new() } else { self.ancestors(header)? };
                (import_block(&self.executor, self.store.latest()?, header, &ancestors, &block)?, Vec::new())
            }
        })
    }

    /// The head and the blocks below it, as far as ommers need them.
    fn ancestors(&self, head: &Header) -> Result<Vec<Ancestor>, Error> {
        let lowest = (head.number + 1).saturating_sub(ANCESTORS).max(self.store.genesis().number);
        let blocks = (lowest..=head.number).rev().filter_map(|number| self.store.block(number).transpose());
        let ancestor = |stored: StoredBlock| Ancestor { hash: stored.hash, header: stored.block.header, ommers: stored.block.body.ommers };
        Ok(blocks.map(|stored| stored.map(ancestor)).collect::<Result<_, _>>()?)
    }

    /// The blocks above `to`, lowest first.
    pub(crate) fn above(&self, to: u64) -> Result<Vec<Arc<SealedBlock>>, Error> {
        let head = self.store.heads()?.unsafe_head.number;
        (to + 1..=head).map(|number| self.sealed_block(number).map(Arc::new)).collect()
    }

    /// Takes the chain back to `to`, and announces which blocks, those [above](Self::above) it, are gone.
    pub(crate) fn take_back(&self, to: u64, mut gone: Vec<Arc<SealedBlock>>) -> Result<(), Error> {
        self.store.unwind(to)?;
        gone.reverse();
        let _ = self.events.send(Event::Reorg { removed: gone });
        Ok(())
    }

    fn sealed_block(&self, number: u64) -> Result<SealedBlock, Error> {
        let missing = || Error::Disagreement(format!("block {number} of our own chain is missing"));
        let block = self.store.block(number)?.ok_or_else(missing)?;
        let receipts = self.store.receipts(number)?.ok_or_else(missing)?;
        Ok(SealedBlock { block: block.block, hash: block.hash, senders: block.senders, receipts })
    }
}

/// The newest block of a store.
pub(crate) fn head_block(store: &Store) -> Result<StoredBlock, Error> {
    let head = store.heads()?.unsafe_head;
    store.block(head.hash)?.ok_or_else(|| Error::Disagreement(format!("the head block {} is missing", head.number)))
}

/// Does work that takes the processor or the disk for long where other tasks do not wait for it.
fn off_the_async_threads<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

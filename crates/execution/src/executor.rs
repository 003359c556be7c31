use crate::{
    codes::Codes,
    precompiles::{Gathering, IndexCache, IndexPart},
};
use alloy_primitives::B256;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tributary_primitives::ChainSpec;
use tributary_trie::OpenTries;

/// Memory for indexes over the sets that blocks read, bytes.
const BLOCK_INDEXES: usize = 1 << 30;

/// Memory for indexes over what calls read beside, bytes.
const CALL_INDEXES: usize = 256 << 20;

/// How long blocks wait at most for the index.
const PATIENCE: Duration = Duration::from_secs(10);

/// What executes a chain's blocks, or calls on it: its rules, indexes over the sets that its precompiles read, codes that are ready to run, and the newest
/// block's tries. Clones share those, so that there is one of each for each chain of a process. Nothing but time depends on what is in them.
#[derive(Debug, Clone)]
pub struct Executor {
    spec: Arc<ChainSpec>,
    indexes: Arc<IndexCache>,
    /// The newest block of which parts have all; the last there can be where nobody keeps parts.
    indexed: Arc<AtomicU64>,
    codes: Arc<Codes>,
    /// Those of the block that was sealed last, until the next takes them.
    tries: Arc<Mutex<Option<OpenTries>>>,
}

impl Executor {
    /// An executor that has no index yet.
    pub fn new(spec: Arc<ChainSpec>) -> Self {
        Self {
            spec,
            indexes: Arc::new(IndexCache::new(BLOCK_INDEXES)),
            indexed: Arc::new(AtomicU64::new(u64::MAX)),
            codes: Arc::default(),
            tries: Arc::default(),
        }
    }

    /// One for calls, and for whoever wants to know what this one would read: it uses the indexes of this one, and keeps those that it builds itself
    /// apart, whatever the calls pretend.
    #[must_use]
    pub fn for_calls(&self) -> Self {
        Self {
            spec: self.spec.clone(),
            indexes: Arc::new(IndexCache::above(self.indexes.clone(), CALL_INDEXES)),
            indexed: self.indexed.clone(),
            codes: self.codes.clone(),
            tries: Arc::default(),
        }
    }

    /// The chain's rules.
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// Uses these parts of the index over sets from now on, the oldest first: what they have is not read from state, nor kept in memory.
    pub fn publish_index(&self, parts: Vec<Arc<IndexPart>>) {
        self.indexes.publish(parts);
    }

    /// What blocks appended up to this one is in the parts that were published.
    pub fn has_indexed(&self, block: u64) {
        self.indexed.store(block, Ordering::Relaxed);
    }

    /// Blocks after this one have left the chain: of those that come instead, nothing is in a part.
    pub fn unwind_index(&self, block: u64) {
        self.indexed.fetch_min(block, Ordering::Relaxed);
    }

    /// Makes room for the rows of the block after this one. Rows that are in no part yet would have to be read again inside of a block, for which nobody pays;
    /// so where much is held, it waits until parts have all of this block, before the older indexes go. To be called between blocks.
    pub fn settle_index(&self, block: u64) {
        if !self.indexes.is_half_full() {
            return;
        }
        let since = Instant::now();
        while self.indexed.load(Ordering::Relaxed) < block && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.indexes.settle();
    }

    /// Takes out what it has read of sets, or was told by appends, and no part has, once that takes `memory` bytes or is of many sets.
    pub fn drain_index(&self, memory: usize) -> Option<Gathering> {
        self.indexes.is_full(memory).then(|| self.indexes.drain())
    }

    pub(crate) const fn codes(&self) -> &Arc<Codes> {
        &self.codes
    }

    /// Tries of the state with this root, as far as they are open.
    pub(crate) fn take_tries(&self, root: B256) -> OpenTries {
        // A panic while it is held leaves some tries or none.
        let kept = self.tries.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.filter(|tries| tries.root() == root).unwrap_or_else(|| OpenTries::new(root))
    }

    /// Keeps tries for the next block.
    pub(crate) fn keep_tries(&self, tries: OpenTries) {
        *self.tries.lock().unwrap_or_else(PoisonError::into_inner) = Some(tries);
    }

    pub(crate) const fn indexes(&self) -> &Arc<IndexCache> {
        &self.indexes
    }
}

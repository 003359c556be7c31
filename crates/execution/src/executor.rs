use crate::precompiles::{Gathering, IndexCache, IndexPart};
use std::sync::Arc;
use tributary_primitives::ChainSpec;

/// Memory for indexes over the sets that blocks read, bytes.
const BLOCK_INDEXES: usize = 1 << 30;

/// Memory for indexes over what calls read beside, bytes.
const CALL_INDEXES: usize = 256 << 20;

/// What executes a chain's blocks, or calls on it: its rules, and indexes over the sets that its precompiles read. Clones share the indexes, so that
/// there is one for each chain of a process. Nothing but time depends on what is in them.
#[derive(Debug, Clone)]
pub struct Executor {
    spec: Arc<ChainSpec>,
    indexes: Arc<IndexCache>,
}

impl Executor {
    /// An executor that has no index yet.
    pub fn new(spec: Arc<ChainSpec>) -> Self {
        Self { spec, indexes: Arc::new(IndexCache::new(BLOCK_INDEXES)) }
    }

    /// One for calls, and for whoever wants to know what this one would read: it uses the indexes of this one, and keeps those that it builds itself
    /// apart, whatever the calls pretend.
    #[must_use]
    pub fn for_calls(&self) -> Self {
        Self { spec: self.spec.clone(), indexes: Arc::new(IndexCache::above(self.indexes.clone(), CALL_INDEXES)) }
    }

    /// The chain's rules.
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// Uses these parts of the index over sets from now on, the oldest first: what they have is not read from state, nor kept in memory.
    pub fn publish_index(&self, parts: Vec<Arc<IndexPart>>) {
        self.indexes.publish(parts);
    }

    /// Takes out what it has read of sets, or was told by appends, and no part has, once that takes `memory` bytes or is of many sets.
    pub fn drain_index(&self, memory: usize) -> Option<Gathering> {
        self.indexes.is_full(memory).then(|| self.indexes.drain())
    }

    pub(crate) const fn indexes(&self) -> &Arc<IndexCache> {
        &self.indexes
    }
}

//! A chain of imported blocks with its branches.
//!
//! Which branch is the chain is decided as ethereum/tests says: before the merge the one with the greatest total difficulty, since then the one with the
//! newest valid block.

use super::{Failure, world::World};
use alloy_consensus::Header;
use alloy_genesis::Genesis;
use alloy_primitives::{B256, U256};
use alloy_rlp::Decodable;
use std::collections::HashMap;
use tributary_execution::{Ancestor, Executor, import_block};
use tributary_primitives::{Block, ExecutedBlock};

/// How many ancestors the rules of ommers look at.
const ANCESTORS: usize = 7;

/// Imports blocks that follow one another in RLP (`chain.rlp` of geth and hive) onto their genesis; the hash of the last.
///
/// # Errors
/// When a block cannot be decoded or is invalid.
pub fn import_chain(genesis: Genesis, mut rlp: &[u8]) -> Result<B256, Failure> {
    let mut chain = Chain::begin(World::new(genesis)?);
    while !rlp.is_empty() {
        let block = Block::decode(&mut rlp)?;
        let number = block.header.number;
        chain.import(block).map_err(|reason| Failure::new(format!("block {number}: {reason}")))?;
    }
    let head = chain.settle()?.store.heads()?.unsafe_head;
    Ok(head.hash)
}

/// A valid block, wherever it is.
#[derive(Debug)]
struct Known {
    header: Header,
    ommers: Vec<Header>,
    total_difficulty: U256,
    /// What commits it again when its branch becomes the chain; the genesis is always there.
    executed: Option<ExecutedBlock>,
}

/// All valid blocks so far; those on the branch that was imported to last are in the store.
#[derive(Debug)]
pub(super) struct Chain {
    world: World,
    known: HashMap<B256, Known>,
    best: B256,
}

impl Chain {
    /// The chain that is the store's genesis alone.
    pub(super) fn begin(world: World) -> Self {
        let genesis = world.store.genesis().clone();
        let best = genesis.hash();
        let known = Known { total_difficulty: genesis.difficulty, header: genesis.into_inner(), ommers: Vec::new(), executed: None };
        Self { world, known: HashMap::from([(best, known)]), best }
    }

    /// The hash of the newest block of the chain.
    pub(super) fn best(&self) -> B256 {
        self.best
    }

    /// Imports a block onto its parent, wherever that is; it becomes the best if the rule of fork choice says so.
    pub(super) fn import(&mut self, block: Block) -> Result<(), Failure> {
        let parent_hash = block.header.parent_hash;
        let parent = self.known.get(&parent_hash).ok_or_else(|| Failure::new("unknown parent"))?;
        self.switch_to(parent_hash)?;
        let ancestors = self.ancestors(parent_hash);
        let executed = import_block(&Executor::new(self.world.spec()), self.world.store.latest()?, &parent.header, &ancestors, &block)?;
        self.world.store.commit(&executed, &[])?;
        let total_difficulty = parent.total_difficulty + block.header.difficulty;
        if block.header.difficulty.is_zero() || total_difficulty > self.known[&self.best].total_difficulty {
            self.best = executed.hash;
        }
        let known = Known { header: block.header, ommers: block.body.ommers, total_difficulty, executed: None };
        self.known.insert(executed.hash, Known { executed: Some(executed), ..known });
        Ok(())
    }

    /// The store with the chain that won.
    pub(super) fn settle(self) -> Result<World, Failure> {
        self.switch_to(self.best)?;
        Ok(self.world)
    }

    /// The block and those below it, as far as ommers need them.
    fn ancestors(&self, hash: B256) -> Vec<Ancestor> {
        let below = |hash: &B256| self.known.get(hash).map(|known| known.header.parent_hash);
        let hashes = std::iter::successors(Some(hash), below).take(ANCESTORS);
        hashes
            .filter_map(|hash| self.known.get(&hash).map(|known| (hash, known)))
            .map(|(hash, known)| Ancestor { hash, header: known.header.clone(), ommers: known.ommers.clone() })
            .collect()
    }

    /// Makes the branch of this block the one in the store, with the block as its head.
    fn switch_to(&self, hash: B256) -> Result<(), Failure> {
        let store = &self.world.store;
        let mut branch = Vec::new();
        let mut at = hash;
        while store.number_of(at)?.is_none() {
            let known = &self.known[&at];
            branch.extend(&known.executed);
            at = known.header.parent_hash;
        }
        store.unwind(self.known[&at].header.number)?;
        branch.into_iter().rev().try_for_each(|block| Ok(store.commit(block, &[])?))
    }
}

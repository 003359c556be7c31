//! The state that the next block is built on, while blocks below it may still be unwritten.

use crate::{Snapshot, Store};
use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256,
    map::{AddressMap, HashMap},
};
use nybbles::Nibbles;
use std::sync::Arc;
use tributary_primitives::{Account, ExecutedBlock, StateError, StateReader, TrieReader};

/// How far back BLOCKHASH reaches (Yellow Paper, 9.4.1).
const BLOCK_HASHES: u64 = 256;

/// The state after some blocks that are executed and not written yet, on top of one that is; or of none. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tip {
    base: Snapshot,
    unwritten: Arc<Unwritten>,
}

#[derive(Debug, Clone, Default)]
struct Unwritten {
    blocks: Vec<Arc<ExecutedBlock>>,
    accounts: AddressMap<Option<Account>>,
    storage: AddressMap<Written>,
}

/// What blocks did to an account's storage.
#[derive(Debug, Clone, Default)]
struct Written {
    /// What is below is gone.
    cleared: bool,
    slots: HashMap<U256, U256>,
}

impl Store {
    /// The state that the block after the newest is built on.
    ///
    /// # Errors
    /// As [`Store::latest`].
    pub fn tip(&self) -> Result<Tip, crate::Error> {
        Ok(self.latest()?.into())
    }
}

impl From<Snapshot> for Tip {
    fn from(base: Snapshot) -> Self {
        Self { base, unwritten: Arc::default() }
    }
}

impl Tip {
    /// The state below the unwritten blocks.
    pub const fn base(&self) -> &Snapshot {
        &self.base
    }

    /// Puts a block on top, which was executed on this state.
    pub fn extend(&mut self, block: Arc<ExecutedBlock>) {
        let unwritten = Arc::make_mut(&mut self.unwritten);
        for (address, change) in &block.state.diff.accounts {
            unwritten.accounts.insert(*address, change.after);
            let destroyed = change.after.is_none();
            if !destroyed && !change.storage_cleared && change.storage.is_empty() {
                continue;
            }
            let written = unwritten.storage.entry(*address).or_default();
            if destroyed || change.storage_cleared {
                *written = Written { cleared: true, slots: HashMap::default() };
            }
            if !destroyed {
                written.slots.extend(change.storage.iter().map(|(slot, (_, after))| (*slot, *after)));
            }
        }
        unwritten.blocks.push(block);
    }

    /// The unwritten blocks, the lowest first.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = &ExecutedBlock> {
        self.unwritten.blocks.iter().map(|block| &**block)
    }

    /// The same, given up.
    pub fn into_blocks(self) -> Vec<ExecutedBlock> {
        Arc::unwrap_or_clone(self.unwritten).blocks.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// The number of the block that this is the state after.
    fn number(&self) -> u64 {
        self.base.header().number + self.unwritten.blocks.len() as u64
    }

    /// What unwritten blocks say of a trie node: its RLP, or that there is none.
    fn unwritten_node(&self, owner: Option<B256>, path: &Nibbles) -> Option<Option<&Bytes>> {
        self.unwritten.blocks.iter().rev().find_map(|block| {
            let trie = &block.state.trie;
            let Some(owner) = owner else { return Some(trie.accounts.get(path)?.as_ref()) };
            let storage = trie.storage.get(&owner)?;
            match storage.nodes.get(path) {
                Some(node) => Some(node.as_ref()),
                None => storage.cleared.then_some(None),
            }
        })
    }
}

impl StateReader for Tip {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.unwritten.accounts.get(&address).map_or_else(|| self.base.account(address), |account| Ok(*account))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        match self.unwritten.storage.get(&address) {
            Some(Written { cleared, slots }) => match slots.get(&slot) {
                Some(value) => Ok(*value),
                None if *cleared => Ok(U256::ZERO),
                None => self.base.storage(address, slot),
            },
            None => self.base.storage(address, slot),
        }
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        let Some(Written { cleared, slots }) = self.unwritten.storage.get(&address) else { return self.base.has_storage(address) };
        if slots.values().any(|value| !value.is_zero()) {
            return Ok(true);
        }
        if *cleared {
            return Ok(false);
        }
        // Every slot of it that was written is zero now.
        for slot in self.base.slots(address) {
            if !slots.contains_key(&slot?.0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        if hash == KECCAK256_EMPTY {
            return Ok(Bytes::new());
        }
        let new = self.unwritten.blocks.iter().rev().find_map(|block| block.state.diff.code.get(&hash));
        new.map_or_else(|| self.base.code(hash), |code| Ok(code.clone()))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let (newest, written) = (self.number(), self.base.header().number);
        if number > newest || newest - number >= BLOCK_HASHES {
            return Ok(B256::ZERO);
        }
        match number.checked_sub(written + 1) {
            Some(above) => Ok(self.unwritten.blocks[above as usize].hash),
            None => self.base.block_hash(number),
        }
    }

    fn may_be_kept(&self) -> bool {
        true
    }
}

impl TrieReader for Tip {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        match self.unwritten_node(owner, path) {
            None => self.base.trie_node(owner, path, hash),
            Some(node) => {
                node.filter(|rlp| keccak256(rlp) == hash).cloned().ok_or_else(|| StateError::Missing(format!("trie node {hash}")))
            }
        }
    }
}

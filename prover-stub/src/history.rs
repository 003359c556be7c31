//! BLOCKHASH out of the state, so that a witness needs no hash that nothing proves.

use alloy_consensus::Header;
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy_primitives::{Address, B256, Bytes, U256};
use nybbles::Nibbles;
use tributary_primitives::{Account, StateError, StateReader, TrieReader};

/// A parent's post-state that answers BLOCKHASH from the parent's header and the history contract (EIP-2935).
///
/// The contract holds the last 8,191 ancestors of the parent, the opcode reaches back 256 blocks: the two always suffice.
#[derive(Debug)]
pub(crate) struct History<S> {
    state: S,
    parent_number: u64,
    parent_hash: B256,
}

impl<S> History<S> {
    /// `state` is the post-state of `parent`, whose hash is `parent_hash`.
    pub(crate) fn new(state: S, parent: &Header, parent_hash: B256) -> Self {
        Self { state, parent_number: parent.number, parent_hash }
    }
}

impl<S: StateReader> StateReader for History<S> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.state.account(address)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.state.storage(address, slot)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.state.has_storage(address)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.state.code(hash)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        if number == self.parent_number {
            return Ok(self.parent_hash);
        }
        let window = HISTORY_SERVE_WINDOW as u64;
        if number > self.parent_number || self.parent_number - number > window {
            return Ok(B256::ZERO);
        }
        let hash = self.state.storage(HISTORY_STORAGE_ADDRESS, U256::from(number % window))?;
        if hash.is_zero() {
            return Err(StateError::Missing(format!("the hash of block {number} in the history contract of EIP-2935")));
        }
        Ok(hash.into())
    }
}

impl<S: TrieReader> TrieReader for History<S> {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.state.trie_node(owner, path, hash)
    }
}

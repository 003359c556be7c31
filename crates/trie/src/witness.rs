use crate::{AccountLeaf, EMPTY_ROOT, Error, account::slot_value, proof::walk, state::slot_key};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use nybbles::Nibbles;
use std::collections::BTreeMap;
use tributary_primitives::{Account, StateError, StateReader, TrieReader};

/// All that an execution read of the state, as data: RLP of `[root, nodes, codes, block_hashes]`. Equal executions give equal bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Witness {
    /// State root before the execution.
    pub root: B256,
    /// RLP of trie nodes, sorted by their keccak256.
    pub nodes: Vec<Bytes>,
    /// Codes, sorted by their keccak256.
    pub codes: Vec<Bytes>,
    /// Answers to BLOCKHASH, sorted by number. Nothing in the witness proves them.
    pub block_hashes: Vec<NumberedHash>,
}

/// The hash of a block of this chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct NumberedHash {
    /// The block's number.
    pub number: u64,
    /// Its hash, zero when BLOCKHASH answers zero.
    pub hash: B256,
}

/// Trie nodes by hash. What it gives has the hash that was asked for, so nothing in it needs to be trusted.
#[derive(Debug, Clone, Default)]
pub struct WitnessNodes {
    nodes: BTreeMap<B256, Bytes>,
}

impl WitnessNodes {
    /// Hashes `nodes`. Their order, duplicates and nodes that belong to no trie do not matter.
    pub fn from_nodes(nodes: impl IntoIterator<Item = Bytes>) -> Self {
        Self { nodes: nodes.into_iter().map(|rlp| (keccak256(&rlp), rlp)).collect() }
    }
}

impl TrieReader for WitnessNodes {
    fn trie_node(&self, _owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.nodes.get(&hash).cloned().ok_or_else(|| StateError::Missing(format!("trie node {hash} at {path:?}")))
    }
}

/// A state that is known as far as a witness reaches. What lies beyond it is [`StateError::Missing`], never a wrong answer.
#[derive(Debug, Clone)]
pub struct WitnessState {
    root: B256,
    nodes: WitnessNodes,
    codes: BTreeMap<B256, Bytes>,
    block_hashes: BTreeMap<u64, B256>,
}

impl WitnessState {
    /// The state root.
    pub fn root(&self) -> B256 {
        self.root
    }

    fn leaf(&self, address: Address) -> Result<Option<AccountLeaf>, Error> {
        let leaf = walk(self.root, keccak256(address), |path, hash| Ok(self.nodes.trie_node(None, path, hash)?))?;
        leaf.map(|rlp| AccountLeaf::decode_exact(&rlp)).transpose()
    }
}

impl From<Witness> for WitnessState {
    fn from(witness: Witness) -> Self {
        Self {
            root: witness.root,
            nodes: WitnessNodes::from_nodes(witness.nodes),
            codes: witness.codes.into_iter().map(|code| (keccak256(&code), code)).collect(),
            block_hashes: witness.block_hashes.into_iter().map(|block| (block.number, block.hash)).collect(),
        }
    }
}

impl TrieReader for WitnessState {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.nodes.trie_node(owner, path, hash)
    }
}

impl StateReader for WitnessState {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.leaf(address)?.map(|leaf| leaf.account()))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let Some(leaf) = self.leaf(address)? else { return Ok(U256::ZERO) };
        let owner = Some(keccak256(address));
        let value = walk(leaf.storage_root, slot_key(slot), |path, hash| Ok(self.nodes.trie_node(owner, path, hash)?))?;
        Ok(slot_value(value.as_deref())?)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        Ok(self.leaf(address)?.is_some_and(|leaf| leaf.storage_root != EMPTY_ROOT))
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        if hash == KECCAK256_EMPTY {
            return Ok(Bytes::new());
        }
        self.codes.get(&hash).cloned().ok_or_else(|| StateError::Missing(format!("code {hash}")))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.block_hashes.get(&number).copied().ok_or_else(|| StateError::Missing(format!("hash of block {number}")))
    }
}

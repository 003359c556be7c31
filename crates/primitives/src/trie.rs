//! Trie nodes as data: what a root computation changed.

use alloy_primitives::{B256, Bytes};
use nybbles::Nibbles;
use std::collections::BTreeMap;

/// Changed nodes of one trie: path → RLP of the node, `None` when the node is gone.
/// Only the root and nodes of 32 bytes or more stand alone; shorter ones live inside their parent.
pub type NodeUpdates = BTreeMap<Nibbles, Option<Bytes>>;

/// Changed nodes of one account's storage trie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageTrieUpdates {
    /// Every node that the trie had before is gone; `nodes` are all that it has now.
    pub cleared: bool,
    /// Changed nodes.
    pub nodes: NodeUpdates,
}

/// Changed nodes of the account trie and of storage tries (by keccak256 of the address).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrieUpdates {
    /// The account trie.
    pub accounts: NodeUpdates,
    /// Storage tries by hashed address.
    pub storage: BTreeMap<B256, StorageTrieUpdates>,
}

use alloy_primitives::{B256, Bytes};
use nybbles::Nibbles;
use tributary_primitives::{StateError, TrieReader, TrieUpdates};

/// The tries after a block that is not written yet: its changed nodes over those of its parent.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'a, R> {
    below: R,
    updates: &'a TrieUpdates,
}

impl<'a, R> Overlay<'a, R> {
    /// `updates` as [`state_root`](crate::state_root) gave them for a state whose nodes `below` has.
    pub fn new(below: R, updates: &'a TrieUpdates) -> Self {
        Self { below, updates }
    }
}

impl<R: TrieReader> TrieReader for Overlay<'_, R> {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let (nodes, cleared) = match owner {
            None => (Some(&self.updates.accounts), false),
            Some(owner) => self.updates.storage.get(&owner).map_or((None, false), |storage| (Some(&storage.nodes), storage.cleared)),
        };
        match nodes.and_then(|nodes| nodes.get(path)) {
            Some(Some(rlp)) => Ok(rlp.clone()),
            None if !cleared => self.below.trie_node(owner, path, hash),
            _ => Err(StateError::Missing(format!("trie node {hash} at {path:?}, which the block removed"))),
        }
    }
}

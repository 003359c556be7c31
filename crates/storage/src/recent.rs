//! Trie nodes that the newest blocks wrote: the next block begins with them, and need not look for them.

use alloy_primitives::{
    B256, Bytes,
    map::{B256Map, HashMap},
};
use nybbles::Nibbles;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tributary_primitives::{ExecutedBlock, NodeUpdates};

/// How many nodes are kept, of at most about half a kilobyte each.
const MOST: usize = 1 << 14;

/// Nodes of the tries as they are after one block.
#[derive(Debug, Default)]
pub(crate) struct RecentNodes(Mutex<Nodes>);

#[derive(Debug, Default)]
struct Nodes {
    /// The block.
    head: B256,
    accounts: HashMap<Nibbles, Bytes>,
    /// By hashed address.
    storage: B256Map<HashMap<Nibbles, Bytes>>,
    count: usize,
}

impl RecentNodes {
    /// A node of the state after a block, of the account trie or of a storage trie, if it is kept.
    pub(crate) fn get(&self, head: B256, owner: Option<B256>, path: &Nibbles) -> Option<Bytes> {
        let nodes = self.lock();
        if nodes.head != head {
            return None;
        }
        let trie = match owner {
            None => &nodes.accounts,
            Some(owner) => nodes.storage.get(&owner)?,
        };
        trie.get(path).cloned()
    }

    /// Takes note of a block that was committed. What is kept of another branch is forgotten.
    pub(crate) fn add(&self, block: &ExecutedBlock) {
        let mut nodes = self.lock();
        if nodes.head != block.block.header.parent_hash {
            *nodes = Nodes::default();
        }
        let trie = &block.state.trie;
        let Nodes { accounts, storage, count, .. } = &mut *nodes;
        apply(accounts, count, &trie.accounts);
        for (owner, updates) in &trie.storage {
            let of_owner = storage.entry(*owner).or_default();
            if updates.cleared {
                *count -= std::mem::take(of_owner).len();
            }
            apply(of_owner, count, &updates.nodes);
        }
        if *count > MOST {
            *nodes = Nodes::default();
        }
        nodes.head = block.hash;
    }

    fn lock(&self) -> MutexGuard<'_, Nodes> {
        // A panic while it is held leaves a head that no snapshot has, or nodes of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(trie: &mut HashMap<Nibbles, Bytes>, count: &mut usize, updates: &NodeUpdates) {
    *count -= trie.len();
    for (path, node) in updates {
        match node {
            Some(node) => drop(trie.insert(*path, node.clone())),
            None => drop(trie.remove(path)),
        }
    }
    *count += trie.len();
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::Header;
    use tributary_primitives::{Block, RootedDiff, StorageTrieUpdates, TrieUpdates};

    const OWNER: B256 = B256::repeat_byte(9);

    fn hash(block: u8) -> B256 {
        B256::repeat_byte(block)
    }

    fn path(nibble: u8) -> Nibbles {
        Nibbles::from_nibbles([nibble])
    }

    /// A block with these changes of nodes, in the account trie and in that of one account.
    fn block(
        (parent, of): (u8, u8),
        accounts: &[(u8, Option<&'static str>)],
        storage: (bool, &[(u8, Option<&'static str>)]),
    ) -> ExecutedBlock {
        let nodes = |nodes: &[(u8, Option<&'static str>)]| -> NodeUpdates {
            nodes.iter().map(|(at, node)| (path(*at), node.map(|node| Bytes::from_static(node.as_bytes())))).collect()
        };
        let storage = StorageTrieUpdates { cleared: storage.0, nodes: nodes(storage.1) };
        let trie = TrieUpdates { accounts: nodes(accounts), storage: [(OWNER, storage)].into() };
        ExecutedBlock {
            block: Block::new(Header { parent_hash: hash(parent), ..Default::default() }, Default::default()),
            hash: hash(of),
            senders: Vec::new(),
            receipts: Vec::new(),
            requests: Default::default(),
            state: RootedDiff { diff: Default::default(), trie, state_root: B256::ZERO },
        }
    }

    fn get(nodes: &RecentNodes, head: u8, owner: Option<B256>) -> Vec<Option<Bytes>> {
        (1..4).map(|at| nodes.get(hash(head), owner, &path(at))).collect()
    }

    fn of(nodes: [Option<&'static str>; 3]) -> Vec<Option<Bytes>> {
        nodes.map(|node| node.map(|node| Bytes::from_static(node.as_bytes()))).into()
    }

    #[test]
    fn nodes_are_those_of_the_newest_block_and_of_no_other() {
        let nodes = RecentNodes::default();
        nodes.add(&block((0, 1), &[(1, Some("a")), (2, Some("b"))], (false, &[(3, Some("c"))])));
        nodes.add(&block((1, 2), &[(1, Some("d")), (2, None)], (false, &[(1, Some("e"))])));
        assert_eq!(get(&nodes, 2, None), of([Some("d"), None, None]));
        assert_eq!(get(&nodes, 2, Some(OWNER)), of([Some("e"), None, Some("c")]));
        assert_eq!(get(&nodes, 2, Some(B256::ZERO)), of([None; 3]));
        assert_eq!(get(&nodes, 1, None), of([None; 3]), "a snapshot of the block before");
        nodes.add(&block((2, 3), &[], (true, &[(2, Some("f"))])));
        assert_eq!(get(&nodes, 3, Some(OWNER)), of([None, Some("f"), None]));
        assert_eq!(nodes.lock().count, 2);
    }

    #[test]
    fn another_branch_begins_with_nothing() {
        let nodes = RecentNodes::default();
        nodes.add(&block((0, 1), &[(1, Some("a"))], (false, &[])));
        nodes.add(&block((0, 2), &[(2, Some("b"))], (false, &[])));
        assert_eq!(get(&nodes, 2, None), of([None, Some("b"), None]));
    }
}

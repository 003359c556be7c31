//! The keys beside a key.

use crate::{
    EMPTY_ROOT, Error,
    node::{Link, Node, Reference},
};
use alloy_primitives::B256;
use nybbles::Nibbles;
use std::cmp::Ordering;
use tributary_primitives::TrieReader;

/// The greatest key below `key` and the least above it, in the account trie (`owner` is `None`) or a storage trie with this root. `key` itself need not
/// be in it. Reads the nodes on the way to `key` and to both answers, no others. Errors when `reader` lacks a node or gives a bad one.
pub fn neighbours(reader: &impl TrieReader, owner: Option<B256>, root: B256, key: B256) -> Result<(Option<B256>, Option<B256>), Error> {
    if root == EMPTY_ROOT {
        return Ok((None, None));
    }
    let search = |side| {
        let search = Search { reader, owner, key: Nibbles::unpack_array(&key.0), side };
        search.below(&Reference::Hash(root), Nibbles::new())
    };
    Ok((search(Ordering::Less)?, search(Ordering::Greater)?))
}

/// The search for the key nearest to `key` of those that compare to it as `side`.
struct Search<'r, R> {
    reader: &'r R,
    owner: Option<B256>,
    key: Nibbles,
    side: Ordering,
}

impl<R: TrieReader> Search<'_, R> {
    /// The nearest key of those below the node at `path`.
    fn below(&self, reference: &Reference, path: Nibbles) -> Result<Option<B256>, Error> {
        let node = match reference {
            Reference::Hash(hash) => Node::decode(&self.reader.trie_node(self.owner, &path, *hash)?, &path)?,
            Reference::Inline { len, rlp } => Node::decode(&rlp[..usize::from(*len)], &path)?,
        };
        match node {
            Node::Leaf { key: rest, .. } => {
                let key = path.join(&rest);
                Ok((key.cmp(&self.key) == self.side).then(|| {
                    let mut packed = B256::ZERO;
                    key.pack_to(packed.as_mut_slice());
                    packed
                }))
            }
            Node::Extension { key: rest, child } => self.through(&child, path.join(&rest)),
            Node::Branch(children) => {
                let nth_nearest = |nth| if self.side == Ordering::Less { 15 - nth } else { nth };
                for nibble in (0..16).map(nth_nearest) {
                    let mut child_path = path;
                    child_path.push(nibble);
                    if let Some(found) = self.through(&children[usize::from(nibble)], child_path)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
        }
    }

    /// The nearest key of those below `link`, which lies at `path`. Looks no further where all keys are on the other side.
    fn through(&self, link: &Link, path: Nibbles) -> Result<Option<B256>, Error> {
        let way = path.cmp(&self.key.slice(..path.len()));
        match link {
            Link::Closed(reference) if way == Ordering::Equal || way == self.side => self.below(reference, path),
            // A node that was just decoded has no open links.
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trie_of;
    use alloy_primitives::{Bytes, U256};
    use proptest::{collection::btree_set, prelude::*};
    use std::{
        collections::BTreeSet,
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
    };
    use tributary_primitives::{NodeUpdates, StateError};

    #[derive(Debug)]
    struct Nodes {
        by_path: NodeUpdates,
        read: AtomicUsize,
    }

    impl TrieReader for Nodes {
        fn trie_node(&self, _owner: Option<B256>, path: &Nibbles, _hash: B256) -> Result<Bytes, StateError> {
            self.read.fetch_add(1, Relaxed);
            self.by_path[path].clone().ok_or_else(|| StateError::Missing(format!("{path:?}")))
        }
    }

    /// Numbers whose trie has short nodes inside their parents, extensions, and branches at its beginning and its end.
    fn key(number: u16) -> B256 {
        let mut key = B256::from(U256::from(number & 0x3ff));
        key[0] = (number >> 10) as u8 * 5;
        key
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn neighbours_are_those_of_a_sorted_set(numbers in btree_set(0u16..1 << 13, 0..60), asked in 0u16..1 << 13) {
            let keys: BTreeSet<B256> = numbers.iter().copied().map(key).collect();
            let (root, by_path) = trie_of(keys.iter().map(|key| (*key, b"value".to_vec())));
            let nodes = Nodes { by_path, read: AtomicUsize::default() };
            for asked in keys.iter().copied().chain([key(asked), B256::ZERO, B256::repeat_byte(0xff)]) {
                let expected = (keys.range(..asked).next_back().copied(), keys.iter().find(|key| **key > asked).copied());
                prop_assert_eq!(neighbours(&nodes, None, root, asked).unwrap(), expected);
            }
        }
    }

    #[test]
    fn only_the_nodes_on_the_way_are_read() {
        let (root, by_path) = trie_of((0..1 << 13).map(|number| (key(number), vec![7; 40])));
        let nodes = Nodes { by_path, read: AtomicUsize::default() };
        let (below, above) = neighbours(&nodes, None, root, key(0x1000)).unwrap();
        assert_eq!((below, above), (Some(key(0xfff)), Some(key(0x1001))));
        let (read, all) = (nodes.read.into_inner(), nodes.by_path.len());
        assert!(read < 24, "{read} of {all} nodes were read");
    }
}

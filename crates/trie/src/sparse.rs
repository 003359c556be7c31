//! A trie that is opened as far as it is needed, changed in one pass over sorted keys, and hashed where it changed.
//!
//! All changes are applied in a single descent. Because a branch looks at its children only after all of them are final, which nodes are read and
//! written depends on the set of changes alone, never on their order or on threads. A witness recorded here therefore suffices everywhere.

use crate::{
    EMPTY_ROOT, Error,
    fork::{self, PARALLEL},
    node::{KEY_NIBBLES, Link, Node, Reference, encode_branch, encode_extension, encode_leaf},
};
use alloy_primitives::{B256, Bytes, keccak256};
use nybbles::Nibbles;
use std::{mem, ops::Range};
use tributary_primitives::{NodeUpdates, TrieReader};

/// What becomes of one key: its new value, or `None` to remove it.
pub(crate) type Change = (B256, Option<Vec<u8>>);

/// A node taken out of its link, and how its parent knew it; `None` when it has changed.
type Taken = (Box<Node>, Option<Reference>);

/// Changes that all lie below one place of the trie.
#[derive(Debug, Clone, Copy)]
struct Batch<'c> {
    path: Nibbles,
    changes: &'c [Change],
}

impl<'c> Batch<'c> {
    /// Those of the changes that lie `key` further down.
    fn below(&self, key: &Nibbles) -> Self {
        Self { path: self.path.join(key), changes: &self.changes[under(self.changes, change_key, self.path.len(), key)] }
    }

    /// The keys that get a value, with it.
    fn inserted(&self) -> Vec<(B256, &'c [u8])> {
        self.changes.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect()
    }
}

/// Stored nodes that are no longer what the store holds at their path: replaced or gone.
type Retired = Vec<Nibbles>;

/// New nodes that stand alone, with their path.
type Fresh = Vec<(Nibbles, Bytes)>;

/// One trie, known by its root until it is looked into.
#[derive(Debug)]
pub(crate) struct Trie<'r, R> {
    source: Source<'r, R>,
    root: Link,
}

/// Where the nodes of one trie come from.
#[derive(Debug)]
struct Source<'r, R> {
    reader: &'r R,
    owner: Option<B256>,
}

impl<'r, R: TrieReader> Trie<'r, R> {
    /// The account trie (`owner` is `None`) or a storage trie with this root. Reads nothing yet.
    pub(crate) fn new(reader: &'r R, owner: Option<B256>, root: B256) -> Self {
        Self::opened(reader, owner, Link::to_root(root))
    }

    /// One that was opened before, as far as it was.
    pub(crate) fn opened(reader: &'r R, owner: Option<B256>, root: Link) -> Self {
        Self { source: Source { reader, owner }, root }
    }

    /// What is open of it now.
    pub(crate) fn into_link(self) -> Link {
        self.root
    }

    /// The values of `keys`, which are sorted and distinct, in their order.
    pub(crate) fn lookup(&mut self, keys: &[B256]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut found = vec![None; keys.len()];
        self.source.lookup(&mut self.root, 0, keys, &mut found)?;
        Ok(found)
    }

    /// Applies `changes`, which are sorted by distinct keys. Returns the new root and the nodes that differ from the store's. After an error the trie is
    /// of no use.
    pub(crate) fn update(&mut self, changes: &[Change]) -> Result<(B256, NodeUpdates), Error> {
        let mut retired = Retired::new();
        self.source.apply(&mut self.root, Batch { path: Nibbles::new(), changes }, &mut retired)?;
        let mut fresh = Fresh::new();
        let root = match commit(&mut self.root, Nibbles::new(), changes.len(), &mut fresh) {
            None => EMPTY_ROOT,
            Some(Reference::Hash(root)) => root,
            Some(Reference::Inline { len, rlp }) => {
                // With whole keys only a damaged trie has so short a root; like every root it stands alone.
                let rlp = &rlp[..usize::from(len)];
                fresh.push((Nibbles::new(), Bytes::copy_from_slice(rlp)));
                let root = keccak256(rlp);
                self.root = Link::to_root(root);
                root
            }
        };
        let mut updates: NodeUpdates = retired.into_iter().map(|path| (path, None)).collect();
        updates.extend(fresh.into_iter().map(|(path, rlp)| (path, Some(rlp))));
        Ok((root, updates))
    }
}

impl<R: TrieReader> Source<'_, R> {
    /// Makes sure that a link is open and gives its node, `None` when there is none.
    fn open<'l>(&self, link: &'l mut Link, path: &Nibbles) -> Result<Option<&'l mut Node>, Error> {
        if let Link::Closed(reference) = *link {
            let node = match &reference {
                Reference::Hash(hash) => Node::decode(&self.reader.trie_node(self.owner, path, *hash)?, path)?,
                Reference::Inline { len, rlp } => Node::decode(&rlp[..*len as usize], path)?,
            };
            *link = Link::Open { node: Box::new(node), reference: Some(reference) };
        }
        Ok(match link {
            Link::Open { node, .. } => Some(node),
            _ => None,
        })
    }

    /// Opens a link and takes its node out of it.
    fn take(&self, link: &mut Link, path: &Nibbles) -> Result<Option<Taken>, Error> {
        self.open(link, path)?;
        Ok(match mem::take(link) {
            Link::Open { node, reference } => Some((node, reference)),
            _ => None,
        })
    }

    fn lookup(&self, link: &mut Link, depth: usize, keys: &[B256], found: &mut [Option<Vec<u8>>]) -> Result<(), Error> {
        let Some(first) = keys.first() else { return Ok(()) };
        match self.open(link, &prefix(first, depth))? {
            None => {}
            Some(Node::Leaf { key, value }) => {
                let hit = under(keys, |key| key, depth, key);
                found[hit].fill(Some(value.clone()));
            }
            Some(Node::Extension { key, child }) => {
                let below = under(keys, |key| key, depth, key);
                self.lookup(child, depth + key.len(), &keys[below.clone()], &mut found[below])?;
            }
            Some(Node::Branch(children)) => {
                let mut jobs = Vec::with_capacity(16);
                let mut found = found;
                for (child, keys) in children.iter_mut().zip(by_nibble(keys, |key| key, depth)) {
                    let (mine, rest) = mem::take(&mut found).split_at_mut(keys.len());
                    found = rest;
                    if !keys.is_empty() {
                        jobs.push((child, keys, mine));
                    }
                }
                fork::map(keys.len() >= PARALLEL, jobs, |(child, keys, found)| self.lookup(child, depth + 1, keys, found))?;
            }
        }
        Ok(())
    }

    /// Applies changes below `link`. Says whether anything there is different now.
    fn apply(&self, link: &mut Link, batch: Batch<'_>, retired: &mut Retired) -> Result<bool, Error> {
        if batch.changes.is_empty() {
            return Ok(false);
        }
        let Some((mut node, reference)) = self.take(link, &batch.path)? else {
            *link = build(batch.path.len(), &batch.inserted());
            return Ok(!link.is_empty());
        };
        let replacement = match &mut *node {
            Node::Leaf { key, value } => apply_leaf(key, value, batch),
            Node::Extension { key, child } => self.apply_extension(key, child, batch, retired)?,
            Node::Branch(children) => self.apply_branch(children, batch, retired)?,
        };
        let Some(replacement) = replacement else {
            *link = Link::Open { node, reference };
            return Ok(false);
        };
        retire(batch.path, reference, retired);
        *link = replacement;
        Ok(true)
    }

    /// What an extension turns into; `None` when it stays what it is.
    fn apply_extension(&self, key: &Nibbles, child: &mut Link, batch: Batch<'_>, retired: &mut Retired) -> Result<Option<Link>, Error> {
        // Removing a key that leaves the extension's path changes nothing; inserting one needs a branch where it leaves.
        let shared = |key_of: &B256| suffix(key_of, batch.path.len()).common_prefix_length(key);
        let inserts = batch.changes.iter().filter(|(_, value)| value.is_some());
        if let Some(at) = inserts.map(|(inserted, _)| shared(inserted)).filter(|at| *at < key.len()).min() {
            let mut link = split(key, at, mem::take(child));
            self.apply(&mut link, batch, retired)?;
            return Ok(Some(link));
        }
        if !self.apply(child, batch.below(key), retired)? {
            return Ok(None);
        }
        self.lengthen(&batch.path, *key, mem::take(child), retired).map(Some)
    }

    /// What a branch turns into; `None` when it stays what it is.
    fn apply_branch(&self, children: &mut Box<[Link; 16]>, batch: Batch<'_>, retired: &mut Retired) -> Result<Option<Link>, Error> {
        let parts = by_nibble(batch.changes, change_key, batch.path.len());
        let jobs = (0u8..).zip(children.iter_mut()).zip(parts).filter(|(_, changes)| !changes.is_empty()).collect();
        let outcomes = fork::map(batch.changes.len() >= PARALLEL, jobs, |((nibble, child), changes): ((u8, &mut Link), _)| {
            let mut retired = Retired::new();
            let changed = self.apply(child, Batch { path: child_path(&batch.path, nibble), changes }, &mut retired)?;
            Ok((changed, retired))
        })?;
        let mut changed = false;
        for (child_changed, mut child_retired) in outcomes {
            changed |= child_changed;
            retired.append(&mut child_retired);
        }
        if !changed {
            return Ok(None);
        }
        let mut left = (0..16u8).filter(|nibble| !children[usize::from(*nibble)].is_empty());
        Ok(Some(match (left.next(), left.next()) {
            (None, _) => Link::Empty,
            (Some(only), None) => {
                let child = mem::take(&mut children[usize::from(only)]);
                self.lengthen(&batch.path, Nibbles::from_nibbles([only]), child, retired)?
            }
            _ => Link::changed(Node::Branch(mem::take(children))),
        }))
    }

    /// The link at `path` when all that lies below it is `child`, `key` further down. A leaf or an extension takes `key` into its own path, which
    /// is why a removal may have to read the sibling that is left over.
    fn lengthen(&self, path: &Nibbles, key: Nibbles, mut child: Link, retired: &mut Retired) -> Result<Link, Error> {
        let child_path = path.join(&key);
        let Some((mut node, reference)) = self.take(&mut child, &child_path)? else { return Ok(Link::Empty) };
        match &mut *node {
            Node::Leaf { key: rest, .. } | Node::Extension { key: rest, .. } => {
                *rest = key.join(rest);
                retire(child_path, reference, retired);
                Ok(Link::Open { node, reference: None })
            }
            Node::Branch(_) => Ok(Link::changed(Node::Extension { key, child: Link::Open { node, reference } })),
        }
    }
}

/// What a leaf turns into; `None` when it stays what it is.
fn apply_leaf(key: &Nibbles, value: &[u8], batch: Batch<'_>) -> Option<Link> {
    let mut own = B256::ZERO;
    batch.path.join(key).pack_to(own.as_mut_slice());
    let mut entries = batch.inserted();
    if batch.changes.binary_search_by_key(&own, |(key, _)| *key).is_err() {
        let at = entries.partition_point(|(key, _)| *key < own);
        entries.insert(at, (own, value));
    }
    if entries == [(own, value)] { None } else { Some(build(batch.path.len(), &entries)) }
}

/// Notes that the stored node at `path`, if one stands alone there, is not the current one any more.
fn retire(path: Nibbles, reference: Option<Reference>, retired: &mut Retired) {
    if let Some(Reference::Hash(_)) = reference {
        retired.push(path);
    }
}

/// The trie of sorted `entries`, which agree in their first `depth` nibbles.
fn build(depth: usize, entries: &[(B256, &[u8])]) -> Link {
    let (first, last) = match entries {
        [] => return Link::Empty,
        [(key, value)] => return Link::changed(Node::Leaf { key: suffix(key, depth), value: value.to_vec() }),
        [(first, _), .., (last, _)] => (first, last),
    };
    let shared = suffix(first, depth).common_prefix_length(&suffix(last, depth));
    let at = depth + shared;
    let mut children = Box::<[Link; 16]>::default();
    for (child, entries) in children.iter_mut().zip(by_nibble(entries, |entry| &entry.0, at)) {
        *child = build(at + 1, entries);
    }
    extended(suffix(first, depth).slice(..shared), Link::changed(Node::Branch(children)))
}

/// An extension over `key` cut open by a branch at its nibble `at`. The branch has one child yet; another is about to be inserted.
fn split(key: &Nibbles, at: usize, child: Link) -> Link {
    let mut children = Box::<[Link; 16]>::default();
    children[usize::from(key.get_unchecked(at))] = extended(key.slice(at + 1..), child);
    extended(key.slice(..at), Link::changed(Node::Branch(children)))
}

/// `child`, a branch, below an extension over `key` if there is any.
fn extended(key: Nibbles, child: Link) -> Link {
    if key.is_empty() { child } else { Link::changed(Node::Extension { key, child }) }
}

/// Encodes what has changed under a link at `path` and gives the reference to it, `None` for nothing. `changes` estimates the work below.
fn commit(link: &mut Link, path: Nibbles, changes: usize, fresh: &mut Fresh) -> Option<Reference> {
    let (node, reference) = match link {
        Link::Empty => return None,
        Link::Closed(reference) | Link::Open { reference: Some(reference), .. } => return Some(*reference),
        Link::Open { node, reference } => (node, reference),
    };
    let rlp = match &mut **node {
        Node::Leaf { key, value } => encode_leaf(key.iter(), value),
        Node::Extension { key, child } => {
            let child = commit(child, path.join(key), changes, fresh).expect("invariant: an extension has a child");
            encode_extension(key.iter(), &child)
        }
        Node::Branch(children) => encode_branch(&commit_children(children, path, changes, fresh), &[]),
    };
    let new = Reference::to(&rlp);
    *reference = Some(new);
    if let Reference::Hash(_) = new {
        fresh.push((path, rlp.into()));
    }
    Some(new)
}

fn commit_children(children: &mut [Link; 16], path: Nibbles, changes: usize, fresh: &mut Fresh) -> [Option<Reference>; 16] {
    let mut references = [None; 16];
    if changes < PARALLEL {
        for ((nibble, link), reference) in (0u8..).zip(children).zip(&mut references) {
            *reference = commit(link, child_path(&path, nibble), changes, fresh);
        }
        return references;
    }
    let jobs = (0u8..).zip(children).collect();
    let committed = fork::map(true, jobs, |(nibble, link)| {
        let mut fresh = Fresh::new();
        Ok((commit(link, child_path(&path, nibble), changes / 16, &mut fresh), fresh))
    });
    for ((child, mut child_fresh), reference) in committed.expect("invariant: hashing cannot fail").into_iter().zip(&mut references) {
        *reference = child;
        fresh.append(&mut child_fresh);
    }
    references
}

/// The first `depth` nibbles of a key.
fn prefix(key: &B256, depth: usize) -> Nibbles {
    Nibbles::unpack_array(&key.0).slice(..depth)
}

/// A key without its first `depth` nibbles.
fn suffix(key: &B256, depth: usize) -> Nibbles {
    Nibbles::unpack_array(&key.0).slice(depth..KEY_NIBBLES)
}

/// The range of sorted `items` whose keys continue with `path` at `depth`.
fn under<T>(items: &[T], key: impl Fn(&T) -> &B256, depth: usize, path: &Nibbles) -> Range<usize> {
    let part = |item: &T| suffix(key(item), depth).slice(..path.len());
    let start = items.partition_point(|item| part(item) < *path);
    start..start + items[start..].partition_point(|item| part(item) == *path)
}

/// Sorted `items` cut into 16 by the nibble at `depth` of their keys.
fn by_nibble<T>(items: &[T], key: impl Fn(&T) -> &B256, depth: usize) -> [&[T]; 16] {
    let mut rest = items;
    std::array::from_fn(|nibble| {
        let count = rest.partition_point(|item| usize::from(nibble_at(key(item), depth)) <= nibble);
        let (mine, others) = rest.split_at(count);
        rest = others;
        mine
    })
}

fn change_key(change: &Change) -> &B256 {
    &change.0
}

/// The path of a branch's child.
fn child_path(path: &Nibbles, nibble: u8) -> Nibbles {
    let mut path = *path;
    path.push(nibble);
    path
}

fn nibble_at(key: &B256, depth: usize) -> u8 {
    let byte = key.0[depth / 2];
    if depth.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trie_of;
    use proptest::{collection::vec, prelude::*};
    use std::{collections::BTreeMap, sync::Mutex};
    use tributary_primitives::StateError;

    /// One trie's nodes by path. A node may be read once, and only as what it is.
    #[derive(Debug, Default)]
    struct Nodes {
        by_path: BTreeMap<Nibbles, Bytes>,
        read: Mutex<BTreeMap<Nibbles, u32>>,
    }

    impl TrieReader for Nodes {
        fn trie_node(&self, _owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
            *self.read.lock().unwrap().entry(*path).or_default() += 1;
            let rlp = self.by_path.get(path).ok_or_else(|| StateError::Missing(format!("{path:?}")))?;
            assert_eq!(keccak256(rlp), hash, "stale reference at {path:?}");
            Ok(rlp.clone())
        }
    }

    /// Keys that share long beginnings or that differ only at the very end, where nodes are short enough to lie inside their parent.
    fn key(choice: u16) -> B256 {
        let mut key = B256::repeat_byte(if choice & 1 == 0 { 0x11 } else { 0x12 });
        key[1] = [0x11, 0x21, 0x22, 0x31][usize::from(choice >> 1 & 3)];
        key[16] = if choice & 8 == 0 { 0x11 } else { 0x51 };
        key[31] = (choice >> 4) as u8;
        key
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn batches_of_changes_leave_the_nodes_of_a_rebuild(
            // A value of length 0 removes; of length 1 lies in a short node; of length 40 never does.
            batches in vec(vec((0u16..1024, 0usize..4), 1..100), 1..8),
        ) {
            let mut nodes = Nodes::default();
            let mut root = EMPTY_ROOT;
            let mut model: BTreeMap<B256, Vec<u8>> = BTreeMap::new();
            for batch in batches {
                let changes: BTreeMap<B256, Option<Vec<u8>>> = batch.into_iter()
                    .map(|(choice, kind)| (key(choice), [None, None, Some(vec![7]), Some(vec![kind as u8; 40])][kind].clone()))
                    .collect();
                for (key, value) in &changes {
                    match value {
                        Some(value) => model.insert(*key, value.clone()),
                        None => model.remove(key),
                    };
                }
                let mut trie = Trie::new(&nodes, None, root);
                // Looking first must neither read twice nor change the outcome.
                trie.lookup(&changes.keys().copied().collect::<Vec<_>>()).unwrap();
                let (new_root, updates) = trie.update(&changes.into_iter().collect::<Vec<_>>()).unwrap();
                prop_assert!(nodes.read.lock().unwrap().values().all(|times| *times == 1));
                nodes.read.lock().unwrap().clear();
                for (path, rlp) in updates {
                    prop_assert_ne!(nodes.by_path.get(&path), rlp.as_ref(), "an update that changes nothing at {:?}", path);
                    match rlp {
                        Some(rlp) => nodes.by_path.insert(path, rlp),
                        None => nodes.by_path.remove(&path),
                    };
                }
                let (expected_root, expected) = trie_of(model.clone());
                root = new_root;
                prop_assert_eq!(root, expected_root);
                let expected: BTreeMap<_, _> = expected.into_iter().map(|(path, rlp)| (path, rlp.unwrap())).collect();
                prop_assert_eq!(&nodes.by_path, &expected);
            }
        }
    }

    #[test]
    fn removing_one_of_two_leaves_reads_the_other() {
        let entries: Vec<Change> = [0, 1 << 4].map(|choice| (key(choice), Some(vec![9; 40]))).into();
        let (root, updates) = Trie::new(&Nodes::default(), None, EMPTY_ROOT).update(&entries).unwrap();
        let by_path: BTreeMap<_, _> = updates.into_iter().map(|(path, rlp)| (path, rlp.unwrap())).collect();
        let sibling = Nibbles::unpack_array(&entries[1].0.0).slice(..64);
        assert!(by_path.contains_key(&sibling), "the two keys differ in their last nibble");
        let nodes = Nodes { by_path, read: Mutex::default() };
        Trie::new(&nodes, None, root).update(&[(entries[0].0, None)]).unwrap();
        assert!(nodes.read.lock().unwrap().contains_key(&sibling));
    }

    #[test]
    fn removing_a_key_that_is_not_there_changes_nothing() {
        let nodes = Nodes::default();
        assert_eq!(Trie::new(&nodes, None, EMPTY_ROOT).update(&[(key(3), None)]).unwrap(), (EMPTY_ROOT, NodeUpdates::new()));
    }
}

use crate::{
    AccountLeaf, EMPTY_ROOT, Error,
    fork::{self, PARALLEL},
    node::Link,
    sparse::{Change, Trie},
};
use alloy_primitives::{B256, U256, keccak256, map::B256Map};
use std::mem;
use tributary_primitives::{AccountDiff, NodeUpdates, StateDiff, StorageTrieUpdates, TrieReader, TrieUpdates};

/// What may be open, by [`Link::weight`]: about 20 MB.
const MOST_OPEN: usize = 128 << 10;

/// The state root after `diff` on top of the state with `parent_root`, and exactly the nodes that were added, changed or removed by it.
///
/// Old values are taken from the trie, never from `diff`: an account's old storage root is that of its leaf, and `before` values are not looked at.
/// A slot set to zero, and an account whose `after` is `None`, lose their leaf; an empty account that exists keeps one. `storage_cleared` and
/// destruction start from an empty storage trie.
///
/// Errors with [`Error::State`] when `reader` lacks a node and with [`Error::MalformedNode`] or [`Error::MalformedLeaf`] when it gives a bad one.
pub fn state_root(reader: &impl TrieReader, parent_root: B256, diff: &StateDiff) -> Result<(B256, TrieUpdates), Error> {
    OpenTries::new(parent_root).update(reader, diff)
}

/// The tries of one state, as far as they are open: for whoever computes one block's root after another's, and has each node decoded and hashed once.
/// What is open follows from the root, whatever it was read from.
#[derive(Debug)]
pub struct OpenTries {
    root: B256,
    accounts: Link,
    /// By hashed address.
    storage: B256Map<OpenStorage>,
    /// At least the weight of what is open.
    weight: usize,
}

#[derive(Debug)]
struct OpenStorage {
    root: B256,
    link: Link,
}

impl OpenTries {
    /// Those of the state with this root, closed.
    pub fn new(root: B256) -> Self {
        Self { root, accounts: Link::to_root(root), storage: B256Map::default(), weight: 0 }
    }

    /// The root of the state that they are of.
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// As [`state_root`], on top of the state that they are of; they are those of the state after it then. After an error they are of no use.
    ///
    /// # Errors
    /// Those of [`state_root`].
    pub fn update(&mut self, reader: &impl TrieReader, diff: &StateDiff) -> Result<(B256, TrieUpdates), Error> {
        let mut accounts: Vec<(B256, &AccountDiff)> = diff.accounts.iter().map(|(address, diff)| (keccak256(address), diff)).collect();
        accounts.sort_unstable_by_key(|(hashed, _)| *hashed);
        let keys: Vec<B256> = accounts.iter().map(|(hashed, _)| *hashed).collect();
        let work: usize = accounts.iter().map(|(_, diff)| 1 + diff.storage.len()).sum();

        let mut trie = Trie::opened(reader, None, mem::take(&mut self.accounts));
        let old_leaves = trie.lookup(&keys)?;
        let open = keys.iter().map(|hashed| self.storage.remove(hashed)).collect::<Vec<_>>();
        let jobs = accounts.into_iter().zip(old_leaves).zip(open).collect();
        let leaves = fork::map(work >= PARALLEL, jobs, |(((hashed, diff), old), open)| {
            let old = old.map(|rlp| AccountLeaf::decode_exact(&rlp)).transpose()?;
            account_leaf(reader, (hashed, diff), old, open)
        })?;

        let mut updates = TrieUpdates::default();
        let mut changes: Vec<Change> = Vec::with_capacity(leaves.len());
        for (hashed, NewLeaf { leaf, updates: storage, open }) in keys.into_iter().zip(leaves) {
            if storage.cleared || !storage.nodes.is_empty() {
                self.weight += 5 * storage.nodes.len();
                updates.storage.insert(hashed, storage);
            }
            open.map(|open| self.storage.insert(hashed, open));
            changes.push((hashed, leaf.map(alloy_rlp::encode)));
        }
        (self.root, updates.accounts) = trie.update(&changes)?;
        self.accounts = trie.into_link();
        self.weight += 5 * updates.accounts.len();
        self.bound();
        Ok((self.root, updates))
    }

    /// Closes everything once much is open.
    fn bound(&mut self) {
        if self.weight <= MOST_OPEN {
            return;
        }
        self.weight = self.accounts.weight() + self.storage.values().map(|open| 1 + open.link.weight()).sum::<usize>();
        // What is left over is far enough from the bound that it is not weighed again soon.
        if self.weight > MOST_OPEN / 4 * 3 {
            *self = Self::new(self.root);
        }
    }
}

/// What becomes of an account.
struct NewLeaf {
    leaf: Option<AccountLeaf>,
    updates: StorageTrieUpdates,
    open: Option<OpenStorage>,
}

/// The new leaf of an account and what becomes of its storage trie, of which `open` is open.
fn account_leaf(
    reader: &impl TrieReader,
    (hashed, diff): (B256, &AccountDiff),
    old: Option<AccountLeaf>,
    open: Option<OpenStorage>,
) -> Result<NewLeaf, Error> {
    let old_root = old.map_or(EMPTY_ROOT, |leaf| leaf.storage_root);
    let cleared = diff.storage_cleared || diff.after.is_none();
    let mut updates = StorageTrieUpdates { cleared: cleared && old_root != EMPTY_ROOT, nodes: NodeUpdates::new() };
    let Some(after) = &diff.after else { return Ok(NewLeaf { leaf: None, updates, open: None }) };
    let root = if cleared { EMPTY_ROOT } else { old_root };
    let mut open = open.filter(|open| open.root == root);
    if !diff.storage.is_empty() {
        let mut changes: Vec<Change> =
            diff.storage.iter().map(|(slot, (_, value))| (slot_key(*slot), (!value.is_zero()).then(|| alloy_rlp::encode(value)))).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        let link = open.map_or_else(|| Link::to_root(root), |open| open.link);
        let mut trie = Trie::opened(reader, Some(hashed), link);
        let (root, nodes) = trie.update(&changes)?;
        updates.nodes = nodes;
        open = Some(OpenStorage { root, link: trie.into_link() });
    }
    let root = open.as_ref().map_or(root, |open| open.root);
    Ok(NewLeaf { leaf: Some(AccountLeaf::new(after, root)), updates, open })
}

/// The key of a slot in its storage trie.
pub(crate) fn slot_key(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}

use crate::{
    AccountLeaf, EMPTY_ROOT, Error,
    fork::{self, PARALLEL},
    sparse::{Change, Trie},
};
use alloy_primitives::{B256, U256, keccak256};
use tributary_primitives::{AccountDiff, NodeUpdates, StateDiff, StorageTrieUpdates, TrieReader, TrieUpdates};

/// The state root after `diff` on top of the state with `parent_root`, and exactly the nodes that were added, changed or removed by it.
///
/// Old values are taken from the trie, never from `diff`: an account's old storage root is that of its leaf, and `before` values are not looked at.
/// A slot set to zero, and an account whose `after` is `None`, lose their leaf; an empty account that exists keeps one. `storage_cleared` and
/// destruction start from an empty storage trie.
///
/// Errors with [`Error::State`] when `reader` lacks a node and with [`Error::MalformedNode`] or [`Error::MalformedLeaf`] when it gives a bad one.
pub fn state_root(reader: &impl TrieReader, parent_root: B256, diff: &StateDiff) -> Result<(B256, TrieUpdates), Error> {
    let mut accounts: Vec<(B256, &AccountDiff)> = diff.accounts.iter().map(|(address, diff)| (keccak256(address), diff)).collect();
    accounts.sort_unstable_by_key(|(hashed, _)| *hashed);
    let keys: Vec<B256> = accounts.iter().map(|(hashed, _)| *hashed).collect();
    let work: usize = accounts.iter().map(|(_, diff)| 1 + diff.storage.len()).sum();

    let mut trie = Trie::new(reader, None, parent_root);
    let old_leaves = trie.lookup(&keys)?;
    let jobs = accounts.into_iter().zip(old_leaves).collect();
    let leaves = fork::map(work >= PARALLEL, jobs, |((hashed, diff), old)| {
        let old = old.map(|rlp| AccountLeaf::decode_exact(&rlp)).transpose()?;
        let (leaf, storage) = account_leaf(reader, hashed, diff, old)?;
        Ok(((hashed, leaf.map(alloy_rlp::encode)), storage))
    })?;

    let mut updates = TrieUpdates::default();
    let mut changes: Vec<Change> = Vec::with_capacity(leaves.len());
    for (change, storage) in leaves {
        if storage.cleared || !storage.nodes.is_empty() {
            updates.storage.insert(change.0, storage);
        }
        changes.push(change);
    }
    let (root, nodes) = trie.update(&changes)?;
    updates.accounts = nodes;
    Ok((root, updates))
}

/// The new leaf of an account and what becomes of its storage trie.
fn account_leaf(
    reader: &impl TrieReader,
    hashed: B256,
    diff: &AccountDiff,
    old: Option<AccountLeaf>,
) -> Result<(Option<AccountLeaf>, StorageTrieUpdates), Error> {
    let old_root = old.map_or(EMPTY_ROOT, |leaf| leaf.storage_root);
    let cleared = diff.storage_cleared || diff.after.is_none();
    let mut storage = StorageTrieUpdates { cleared: cleared && old_root != EMPTY_ROOT, nodes: NodeUpdates::new() };
    let Some(after) = &diff.after else { return Ok((None, storage)) };
    let mut root = if cleared { EMPTY_ROOT } else { old_root };
    if !diff.storage.is_empty() {
        let mut changes: Vec<Change> =
            diff.storage.iter().map(|(slot, (_, value))| (slot_key(*slot), (!value.is_zero()).then(|| alloy_rlp::encode(value)))).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        (root, storage.nodes) = Trie::new(reader, Some(hashed), root).update(&changes)?;
    }
    Ok((Some(AccountLeaf::new(after, root)), storage))
}

/// The key of a slot in its storage trie.
pub(crate) fn slot_key(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}

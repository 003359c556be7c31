//! Roots from nothing, the slow and obvious way. Writes the genesis and is the oracle of the incremental path.

use crate::{
    AccountLeaf, EMPTY_ROOT,
    node::{Reference, encode_branch, encode_extension, encode_leaf},
    state::slot_key,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use nybbles::Nibbles;
use std::collections::BTreeMap;
use tributary_primitives::{Account, NodeUpdates, StorageTrieUpdates, TrieUpdates};

/// Leaves of a trie: key in nibbles → value.
type Leaves = Vec<(Vec<u8>, Vec<u8>)>;

/// The root of the state that holds exactly these accounts with their slots, and every node of its tries. Zero slots are left out.
/// An address given twice counts as given last.
pub fn full_state_root<S: IntoIterator<Item = (U256, U256)>>(
    accounts: impl IntoIterator<Item = (Address, Account, S)>,
) -> (B256, TrieUpdates) {
    let mut updates = TrieUpdates::default();
    let mut leaves = BTreeMap::new();
    for (address, account, slots) in accounts {
        let hashed = keccak256(address);
        let slots = slots.into_iter().filter(|(_, value)| !value.is_zero());
        let (storage_root, nodes) = trie_of(slots.map(|(slot, value)| (slot_key(slot), alloy_rlp::encode(value))));
        updates.storage.remove(&hashed);
        if !nodes.is_empty() {
            updates.storage.insert(hashed, StorageTrieUpdates { cleared: false, nodes });
        }
        leaves.insert(hashed, alloy_rlp::encode(AccountLeaf::new(&account, storage_root)));
    }
    let (root, nodes) = trie_of(leaves);
    updates.accounts = nodes;
    (root, updates)
}

/// The root of a list: the trie RLP(index) → item. Used for transactions, receipts and withdrawals, whose items are EIP-2718 encodings.
pub fn ordered_root(items: &[impl AsRef<[u8]>]) -> B256 {
    root(&leaves_of(items), &mut |_, _| {})
}

/// Proof that the list with [`ordered_root`] has this item at `index`: RLP of the nodes from the root towards it, without those that lie inside their
/// parent. `None` when there is no such item. Checked by [`verify_item`](crate::verify_item).
pub fn prove_item(items: &[impl AsRef<[u8]>], index: usize) -> Option<Vec<Bytes>> {
    items.get(index)?;
    let key = nibbles(alloy_rlp::encode(index));
    let mut nodes = BTreeMap::new();
    root(&leaves_of(items), &mut |path, rlp| {
        if key.starts_with(path) {
            nodes.insert(path.len(), Bytes::copy_from_slice(rlp));
        }
    });
    Some(nodes.into_values().collect())
}

/// An empty item is none.
fn leaves_of(items: &[impl AsRef<[u8]>]) -> Leaves {
    let keyed = items.iter().enumerate().map(|(index, item)| (nibbles(alloy_rlp::encode(index)), item.as_ref().to_vec()));
    let sorted: BTreeMap<_, _> = keyed.filter(|(_, item)| !item.is_empty()).collect();
    sorted.into_iter().collect()
}

/// The root of any pairs. `secured` hashes the keys first. Of equal keys the last counts, and an empty value is no value.
pub fn root_of(pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>, secured: bool) -> B256 {
    let mut leaves = BTreeMap::new();
    for (key, value) in pairs {
        let key = if secured { nibbles(keccak256(key)) } else { nibbles(key) };
        leaves.insert(key, value.as_ref().to_vec());
    }
    root(&leaves.into_iter().filter(|(_, value)| !value.is_empty()).collect(), &mut |_, _| {})
}

/// The trie of any pairs, whose keys are taken as they are: its root and every node. Of equal keys the last counts, and an empty value is no value.
pub fn trie_of(pairs: impl IntoIterator<Item = (B256, Vec<u8>)>) -> (B256, NodeUpdates) {
    let values: BTreeMap<B256, Vec<u8>> = pairs.into_iter().collect();
    let leaves = values.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (nibbles(key), value)).collect();
    let mut nodes = NodeUpdates::new();
    let root = root(&leaves, &mut |path, rlp| {
        nodes.insert(Nibbles::from_nibbles(path), Some(Bytes::copy_from_slice(rlp)));
    });
    (root, nodes)
}

/// The root of sorted leaves; `visit` sees each node that stands alone, with its path.
fn root(leaves: &Leaves, visit: &mut dyn FnMut(&[u8], &[u8])) -> B256 {
    if leaves.is_empty() {
        return EMPTY_ROOT;
    }
    let rlp = encode(leaves, 0, visit);
    visit(&[], &rlp);
    keccak256(rlp)
}

/// The RLP of the node above sorted leaves that agree in their first `depth` nibbles.
fn encode(leaves: &[(Vec<u8>, Vec<u8>)], depth: usize, visit: &mut dyn FnMut(&[u8], &[u8])) -> Vec<u8> {
    let (first, value) = &leaves[0];
    if leaves.len() == 1 {
        return encode_leaf(first[depth..].iter().copied(), value);
    }
    let (last, _) = &leaves[leaves.len() - 1];
    let shared = first[depth..].iter().zip(&last[depth..]).take_while(|(a, b)| a == b).count();
    let fork = depth + shared;
    if shared > 0 {
        let child = refer(leaves, fork, visit);
        return encode_extension(first[depth..fork].iter().copied(), &child);
    }
    // A key that ends at the branch sorts before those that go on.
    let ends_here = first.len() == fork;
    let mut rest = if ends_here { &leaves[1..] } else { leaves };
    let mut children = [None; 16];
    while let Some((key, _)) = rest.first() {
        let count = rest.iter().take_while(|(other, _)| other[fork] == key[fork]).count();
        children[usize::from(key[fork])] = Some(refer(&rest[..count], fork + 1, visit));
        rest = &rest[count..];
    }
    encode_branch(&children, if ends_here { value } else { &[] })
}

/// The reference to the node above `leaves`.
fn refer(leaves: &[(Vec<u8>, Vec<u8>)], depth: usize, visit: &mut dyn FnMut(&[u8], &[u8])) -> Reference {
    let rlp = encode(leaves, depth, visit);
    let reference = Reference::to(&rlp);
    if let Reference::Hash(_) = reference {
        visit(&leaves[0].0[..depth], &rlp);
    }
    reference
}

fn nibbles(key: impl AsRef<[u8]>) -> Vec<u8> {
    key.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;

    #[test]
    fn nothing_has_the_empty_root() {
        assert_eq!(ordered_root(&[] as &[&[u8]]), EMPTY_ROOT);
        assert_eq!(root_of([("key", "")], false), EMPTY_ROOT);
        assert_eq!(full_state_root::<[(U256, U256); 0]>([]), (EMPTY_ROOT, TrieUpdates::default()));
    }

    #[test]
    fn index_keys_are_rlp_integers() {
        let items = ["first".to_owned(), "second".to_owned()];
        assert_eq!(ordered_root(&items), root_of([([0x80], "first"), ([0x01], "second")], false));
        // go-ethereum, core/types: DeriveSha of no withdrawals but one empty item is not the empty root, as an empty value is none.
        assert_eq!(ordered_root(&[""]), EMPTY_ROOT);
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        // "singleItem" of Ethereum's TrieTests.
        let root = root_of([("A", "b"), ("A", "a".repeat(50).as_str())], false);
        assert_eq!(root, b256!("d23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab"));
    }
}

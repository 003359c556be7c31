//! Merkle proofs of accounts and slots (EIP-1186), and of the items of lists, and their check.

use crate::{
    AccountLeaf, EMPTY_ROOT, Error,
    account::slot_value,
    node::{Link, Node, Reference},
    state::slot_key,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use nybbles::Nibbles;
use std::ops::ControlFlow;
use tributary_primitives::TrieReader;

/// What `eth_getProof` answers, without the account's fields: proof that an account is in a state, or that it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProof {
    /// The account's leaf, `None` when the account does not exist.
    pub account: Option<AccountLeaf>,
    /// Root of the account's storage, [`EMPTY_ROOT`] when the account does not exist.
    pub storage_root: B256,
    /// RLP of the nodes from the state root towards the account's leaf, without those that lie inside their parent. Empty for an empty trie.
    pub proof: Vec<Bytes>,
    /// Proofs of the slots that were asked for, in the order in which they were.
    pub storage: Vec<StorageProof>,
}

/// Proof that a slot has a value under a storage root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot.
    pub slot: U256,
    /// Its value, zero when there is no leaf.
    pub value: U256,
    /// RLP of the nodes from the storage root towards the slot's leaf, as in [`AccountProof::proof`].
    pub proof: Vec<Bytes>,
}

/// Proves the account at `address` and some of its slots in the state with `root`. Errors when `reader` lacks a node or gives a bad one.
pub fn prove_account(reader: &impl TrieReader, root: B256, address: Address, slots: &[U256]) -> Result<AccountProof, Error> {
    let hashed = keccak256(address);
    let (leaf, proof) = prove(reader, None, root, hashed)?;
    let account = leaf.map(|rlp| AccountLeaf::decode_exact(&rlp)).transpose()?;
    let storage_root = account.map_or(EMPTY_ROOT, |leaf| leaf.storage_root);
    let prove_slot = |slot: &U256| {
        let (leaf, proof) = prove(reader, Some(hashed), storage_root, slot_key(*slot))?;
        Ok(StorageProof { slot: *slot, value: slot_value(leaf.as_deref())?, proof })
    };
    let storage = slots.iter().map(prove_slot).collect::<Result<_, Error>>()?;
    Ok(AccountProof { account, storage_root, proof, storage })
}

/// The value of a key and the nodes that stand alone on the way to it.
fn prove(reader: &impl TrieReader, owner: Option<B256>, root: B256, key: B256) -> Result<(Option<Vec<u8>>, Vec<Bytes>), Error> {
    let mut nodes = Vec::new();
    let value = walk(root, key, |path, hash| {
        let rlp = reader.trie_node(owner, path, hash)?;
        nodes.push(rlp.clone());
        Ok(rlp)
    })?;
    Ok((value, nodes))
}

/// Checks a proof for the 32-byte trie key `key` (the hash of an address or slot) under `root`. The value when the key is in the trie, `None` when
/// the proof shows that it is not. Errors when the proof is for another root, is cut short, or has nodes that are not on the way.
pub fn verify_proof(root: B256, key: B256, proof: &[Bytes]) -> Result<Option<Vec<u8>>, Error> {
    verify(root, &Nibbles::unpack_array(&key.0), proof)
}

/// Checks a proof of [`prove_item`](crate::prove_item) for the item at `index` of the list with `root`: the item. Errors when the proof is for another root, is cut
/// short, has nodes that are not on the way, or ends where no item is.
pub fn verify_item(root: B256, index: usize, proof: &[Bytes]) -> Result<Vec<u8>, Error> {
    verify(root, &Nibbles::unpack(alloy_rlp::encode(index)), proof)?.ok_or(Error::InvalidProof("the list has no such item"))
}

fn verify(root: B256, key: &Nibbles, proof: &[Bytes]) -> Result<Option<Vec<u8>>, Error> {
    let mut nodes = proof.iter();
    let value = walk_nibbles(root, key, |_, hash| {
        let rlp = nodes.next().ok_or(Error::InvalidProof("it ends before the key's place is reached"))?;
        if keccak256(rlp) == hash {
            Ok(rlp.clone())
        } else {
            Err(Error::InvalidProof("a node does not have the hash that its parent names"))
        }
    })?;
    match nodes.next() {
        None => Ok(value),
        Some(_) => Err(Error::InvalidProof("it has nodes after the key's place was reached")),
    }
}

/// The value of `key` under `root`, reading node after node with `fetch(path, hash)`.
pub(crate) fn walk(root: B256, key: B256, fetch: impl FnMut(&Nibbles, B256) -> Result<Bytes, Error>) -> Result<Option<Vec<u8>>, Error> {
    walk_nibbles(root, &Nibbles::unpack_array(&key.0), fetch)
}

fn walk_nibbles(
    root: B256,
    key: &Nibbles,
    mut fetch: impl FnMut(&Nibbles, B256) -> Result<Bytes, Error>,
) -> Result<Option<Vec<u8>>, Error> {
    if root == EMPTY_ROOT {
        return Ok(None);
    }
    let mut depth = 0;
    let mut reference = Reference::Hash(root);
    loop {
        let path = key.slice(..depth);
        let node = match &reference {
            Reference::Hash(hash) => Node::decode_towards(&fetch(&path, *hash)?, &path, key.len())?,
            Reference::Inline { len, rlp } => Node::decode_towards(&rlp[..usize::from(*len)], &path, key.len())?,
        };
        match step(node, &key.slice(depth..)) {
            ControlFlow::Break(value) => return Ok(value),
            ControlFlow::Continue((next, nibbles)) => {
                reference = next;
                depth += nibbles;
            }
        }
    }
}

/// One node further towards `rest`: the value or its absence, or the next node and how many nibbles down it is.
fn step(node: Node, rest: &Nibbles) -> ControlFlow<Option<Vec<u8>>, (Reference, usize)> {
    let (link, nibbles) = match node {
        Node::Leaf { key, value } => return ControlFlow::Break((key == *rest).then_some(value)),
        Node::Extension { key, child } if rest.starts_with(&key) => (child, key.len()),
        Node::Extension { .. } => return ControlFlow::Break(None),
        Node::Branch(mut children) => (std::mem::take(&mut children[usize::from(rest.get_unchecked(0))]), 1),
    };
    match link {
        Link::Closed(reference) => ControlFlow::Continue((reference, nibbles)),
        // A node that was just decoded has no open links.
        Link::Empty | Link::Open { .. } => ControlFlow::Break(None),
    }
}

use crate::{AccountLeaf, EMPTY_ROOT, Error, NumberedHash, Witness, account::slot_value, sparse::Trie, state::slot_key};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use nybbles::Nibbles;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};
use tributary_primitives::{Account, StateError, StateReader, TrieReader};

/// A state that notes what is read from it, so that a [`Witness`] can stand in for it.
///
/// Execute on it, compute the new root with [`state_root`](crate::state_root) on it, then call [`into_witness`](Self::into_witness). Flat reads touch
/// no trie node in a database, so their paths are walked at the end; the siblings that removals need are noted while the root is computed.
#[derive(Debug)]
pub struct Recorder<R> {
    state: R,
    root: B256,
    reads: Mutex<Reads>,
}

/// Everything that was read, with the answer. Ordered, so that equal executions leave equal witnesses.
#[derive(Debug, Default)]
struct Reads {
    accounts: BTreeMap<Address, Option<Account>>,
    slots: BTreeMap<Address, BTreeMap<U256, U256>>,
    codes: BTreeMap<B256, Bytes>,
    block_hashes: BTreeMap<u64, B256>,
    nodes: BTreeMap<B256, Bytes>,
}

impl<R> Recorder<R> {
    /// Records reads of `state`, whose state root is `root`.
    pub fn new(state: R, root: B256) -> Self {
        Self { state, root, reads: Mutex::default() }
    }

    fn reads(&self) -> MutexGuard<'_, Reads> {
        // A std mutex: it is held for one insertion and never across a read of the state.
        self.reads.lock().expect("invariant: no holder of the lock panics")
    }
}

impl<R: TrieReader> Recorder<R> {
    /// Walks the trie to everything that was read flat and gives all that was read.
    ///
    /// Errors with [`Error::Disagreement`] when the trie holds another value than the flat state gave, and with [`Error::State`] when a node is missing.
    pub fn into_witness(self) -> Result<Witness, Error> {
        let accounts = self.reads().accounts.clone();
        let slots = self.reads().slots.clone();
        let mut touched: Vec<(B256, Address)> = accounts.keys().chain(slots.keys()).map(|address| (keccak256(address), *address)).collect();
        touched.sort_unstable();
        touched.dedup();
        let keys: Vec<B256> = touched.iter().map(|(hashed, _)| *hashed).collect();
        let leaves = Trie::new(&self, None, self.root).lookup(&keys)?;
        for ((hashed, address), leaf) in touched.into_iter().zip(leaves) {
            let leaf = leaf.map(|rlp| AccountLeaf::decode_exact(&rlp)).transpose()?;
            if accounts.get(&address).is_some_and(|flat| *flat != leaf.map(|leaf| leaf.account())) {
                return Err(Error::Disagreement(format!("account {address}")));
            }
            if let Some(slots) = slots.get(&address) {
                self.walk_slots(address, hashed, leaf.map_or(EMPTY_ROOT, |leaf| leaf.storage_root), slots)?;
            }
        }
        let reads = self.reads.into_inner().expect("invariant: no holder of the lock panics");
        Ok(Witness {
            root: self.root,
            nodes: reads.nodes.into_values().collect(),
            codes: reads.codes.into_values().collect(),
            block_hashes: reads.block_hashes.into_iter().map(|(number, hash)| NumberedHash { number, hash }).collect(),
        })
    }

    fn walk_slots(&self, address: Address, hashed: B256, root: B256, slots: &BTreeMap<U256, U256>) -> Result<(), Error> {
        let mut keyed: Vec<(B256, U256, U256)> = slots.iter().map(|(slot, value)| (slot_key(*slot), *slot, *value)).collect();
        keyed.sort_unstable();
        let keys: Vec<B256> = keyed.iter().map(|(key, ..)| *key).collect();
        let leaves = Trie::new(self, Some(hashed), root).lookup(&keys)?;
        for ((_, slot, flat), leaf) in keyed.into_iter().zip(leaves) {
            if slot_value(leaf.as_deref())? != flat {
                return Err(Error::Disagreement(format!("slot {slot:#x} of {address}")));
            }
        }
        Ok(())
    }
}

impl<R: TrieReader> TrieReader for Recorder<R> {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let rlp = self.state.trie_node(owner, path, hash)?;
        self.reads().nodes.insert(hash, rlp.clone());
        Ok(rlp)
    }
}

impl<R: StateReader> StateReader for Recorder<R> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let account = self.state.account(address)?;
        self.reads().accounts.insert(address, account);
        Ok(account)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let value = self.state.storage(address, slot)?;
        self.reads().slots.entry(address).or_default().insert(slot, value);
        Ok(value)
    }

    /// The account's leaf, which holds the root of its storage, answers this to who has the witness.
    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.account(address)?;
        self.state.has_storage(address)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        let code = self.state.code(hash)?;
        if hash != KECCAK256_EMPTY {
            self.reads().codes.insert(hash, code.clone());
        }
        Ok(code)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let hash = self.state.block_hash(number)?;
        self.reads().block_hashes.insert(number, hash);
        Ok(hash)
    }
}

//! All that executing a block reads of its parent's state, for who executes it elsewhere (`debug_executionWitness`).

use crate::{block::replay::execute_block, calls::abort::Abort, error::Error, executor::Executor};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256};
use nybbles::Nibbles;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};
use tributary_primitives::{Account, Block, ChainSpec, StateError, StateReader, TrieReader};
use tributary_trie::{Recorder, Witness};

/// What an execution read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionReads {
    /// Trie nodes, codes, and answers to BLOCKHASH.
    pub witness: Witness,
    /// Accounts that were asked for.
    pub accounts: BTreeSet<Address>,
    /// Slots that were asked for.
    pub slots: BTreeSet<U256>,
}

/// Executes `block` on `state`, the post-state of `parent`, and gives all that this reads: nothing is taken from an index. `senders` are those of its
/// transactions. Once it is told to end, it reads nothing more.
///
/// # Errors
/// When execution does not give this very block, the trie lacks what the flat state has, or it was told to end.
pub fn record_reads<S: StateReader + TrieReader>(
    spec: &Arc<ChainSpec>,
    state: S,
    parent: &Header,
    (block, senders): (&Block, &[Address]),
    abort: &Abort,
) -> Result<ExecutionReads, Error> {
    let recorder = Recorder::new(state, parent.state_root);
    let noted = Noted { state: &recorder, keys: Mutex::default(), abort: abort.clone() };
    execute_block(&Executor::new(spec.clone()), &noted, parent, block, senders)?;
    let Keys { accounts, slots } = noted.keys.into_inner().expect("invariant: no holder of the lock panics");
    Ok(ExecutionReads { witness: recorder.into_witness()?, accounts, slots })
}

#[derive(Debug, Default)]
struct Keys {
    accounts: BTreeSet<Address>,
    slots: BTreeSet<U256>,
}

/// A state that notes what it is asked for.
#[derive(Debug)]
struct Noted<S> {
    state: S,
    keys: Mutex<Keys>,
    abort: Abort,
}

impl<S> Noted<S> {
    fn go_on(&self) -> Result<(), StateError> {
        if self.abort.is_set() { Err(StateError::Missing("the time for it".to_owned())) } else { Ok(()) }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        // A std mutex: it is held for one insertion.
        self.keys.lock().expect("invariant: no holder of the lock panics")
    }
}

impl<S: StateReader> StateReader for Noted<S> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.go_on()?;
        self.keys().accounts.insert(address);
        self.state.account(address)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.go_on()?;
        self.keys().slots.insert(slot);
        self.state.storage(address, slot)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.state.has_storage(address)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.state.code(hash)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.state.block_hash(number)
    }
}

impl<S: TrieReader> TrieReader for Noted<S> {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.state.trie_node(owner, path, hash)
    }
}

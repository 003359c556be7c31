//! The chain's nouns: what a block, a transaction, a receipt, a state and a rollup are. No behaviour beyond encoding.

pub mod state;
pub mod trie;

pub use state::{Account, AccountDiff, RootedDiff, StateDiff, StateError, StateReader, TrieReader};
pub use trie::{NodeUpdates, StorageTrieUpdates, TrieUpdates};

//! The chain's nouns: what a block, a transaction, a receipt, a state and a rollup are. No behaviour beyond encoding.

mod blobs;
mod block;
mod chain;
mod extra_data;
mod l1_info;
mod receipt;
pub mod rollup;
pub mod state;
mod transaction;
pub mod trie;
mod unpayable;

pub use blobs::trusted_setup;
pub use block::{Block, BlockAttributes, BlockBody, ExecutedBlock, Heads, PayloadAttributes};
pub use chain::{ChainKind, ChainSpec};
pub use extra_data::ExtraData;
pub use l1_info::{L1Info, deposit_source_hash};
pub use receipt::Receipt;
pub use rollup::{Eip1559Params, L1BlockRef, L2BlockRef, RollupConfig, SystemConfig};
pub use state::{Account, AccountDiff, EmptyState, RootedDiff, StateDiff, StateError, StateReader, TrieReader};
pub use transaction::{Transaction, TxType};
pub use trie::{NodeUpdates, StorageTrieUpdates, TrieUpdates};
pub use unpayable::Unpayable;

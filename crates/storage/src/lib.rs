//! Durable blocks, state, history, trie nodes and heads. The only crate that names MDBX.
//!
//! [`Store`] is one chain in one directory, the rollup or an embedded L1 alike:
//!
//! ```text
//! Store::open(dir, spec, options)          begins the chain with the genesis, or finds it again
//!   .commit(&executed, &blobs)             one transaction; the block exists once it returns
//!   .commit_all(blocks)                    several, one after the other, in one transaction
//!   .unwind(to)                            a reorg; exactly the state before
//!   .heads() .set_safe(id) .set_finalized(id)
//!   .latest() .at(number)                  -> Snapshot: StateReader + TrieReader at any block
//!   .tip()                                 -> Tip: the same at the newest, and after blocks that are not written yet
//!   .block(id) .header(id) .hash_of(n) .number_of(hash) .is_canonical(id) .transaction_count(id)
//!   .transaction_position(hash) .transaction(n, i) .receipt(n, i) .receipts(id)
//!   .blocks_with_logs(from, to, &filter)   -> block numbers that may have a matching log, and their logs
//!   .account_changes(address)              -> the blocks that changed an account, newest first, with what it was before
//!   .index_files(name)                     -> files of what was derived from the chain beside the database
//!   .derived(name, format)                -> an ordered map that follows the chain, in a database of its own
//!   .blob(versioned_hash) .blobs_of_block(n)
//!   .check()                               everything derived is derived again and compared
//!   .size() .prune(window)                 what it takes, and taking less
//! copy(stores)                             stores in new directories, while others write them
//! ```
//!
//! where `id` is a block number or hash. Every read is one consistent view; readers never make the writer wait.
//!
//! Flat tables hold the newest state; history holds, per changed key and block, the value before that block, so that any past value is one seek away
//! and a block can be taken back exactly. Rows are laid out as the `tables` module says, encoded as the frozen `v1` module says.

mod blocks;
mod check;
mod copy;
mod derived;
mod directory;
mod error;
mod genesis;
mod heads;
mod history;
mod index_files;
mod logs;
mod options;
mod snapshot;
mod store;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod tip;
mod unwind;
mod upkeep;
mod v1;
mod write;

pub use blocks::{StoredBlock, StoredReceipt, StoredTransaction};
pub use check::{CheckReport, Checked};
pub use copy::copy;
pub use derived::{Derived, DerivedView, DerivedWriter, Direction};
pub use error::Error;
pub use history::{AccountChanges, WrittenKeys};
pub use index_files::{IndexFile, IndexFiles};
pub use logs::{BlocksWithLogs, FoundLog, LogFilter, LogsOfBlock};
pub use options::{Durability, Options};
pub use snapshot::Snapshot;
pub use store::Store;
pub use tip::Tip;
pub use upkeep::{Pruned, StoreSize, TableSize};
pub use write::BlobSidecar;

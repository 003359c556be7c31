//! What an operator does with a data directory beside running a node in it: tell its size, check it, prune it, copy it, and start another from the copy.

mod directory;
mod restore;
mod snapshot;

pub use directory::{Directory, NamedStore};
pub use restore::{RestoreConfig, Restored, restore};
pub(crate) use snapshot::copy_all;
pub use snapshot::{Manifest, StoreHeads, snapshot};
pub use tributary_storage::{CheckReport, Checked, Pruned, StoreSize, TableSize};

use crate::Error;
use std::fs;
use tributary_storage::Store;

/// A store's name and what was found of it.
pub type OfStore<T> = (&'static str, T);

/// How large the stores are. Works beside a running node.
///
/// # Errors
/// When one cannot be read.
pub fn stats(directory: &Directory) -> Result<Vec<OfStore<StoreSize>>, Error> {
    directory.reading()?.into_iter().map(|(name, store)| Ok((name, store.size()?))).collect()
}

/// Checks the stores whole: headers by their parents, transactions, receipts and every index over them, the newest state from nothing against its root, trie
/// nodes, history; and that what is derived is what was sequenced. Works beside a running node. `tell` learns how far it is.
///
/// # Errors
/// The first fault.
pub fn check(directory: &Directory, tell: &dyn Fn(&'static str, Checked)) -> Result<Vec<OfStore<CheckReport>>, Error> {
    let stores = directory.reading()?;
    let mut reports = Vec::new();
    for (name, store) in &stores {
        let fault = |error: tributary_storage::Error| Error::DataDirectory { path: store.path().to_owned(), reason: error.to_string() };
        reports.push((*name, store.check_and_tell(&|checked| tell(name, checked)).map_err(fault)?));
    }
    if let Some(((_, sequenced), (_, derived))) = directory.sequenced_and_derived(&stores) {
        agree(sequenced, derived)?;
    }
    Ok(reports)
}

/// Blocks that are final in both are the same.
fn agree(sequenced: &Store, derived: &Store) -> Result<(), Error> {
    let number = derived.heads()?.finalized_head.number.min(sequenced.heads()?.finalized_head.number);
    let (ours, theirs) = (sequenced.hash_of(number)?, derived.hash_of(number)?);
    if ours == theirs {
        return Ok(());
    }
    let shown = |hash: Option<alloy_primitives::B256>| hash.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
    let reason = format!("block {number} is final and {} as sequenced, {} as derived", shown(ours), shown(theirs));
    Err(Error::DataDirectory { path: derived.path().to_owned(), reason })
}

/// What to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Tries of so many of the newest blocks: proofs, and witnesses for the prover.
    pub tries: u64,
    /// What a node makes again from the chain when it starts: the indexes over the economy and over attribution sets.
    pub indexes: bool,
}

/// What pruning did to a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrunedStore {
    /// Rows that went.
    pub removed: Pruned,
    /// Bytes of files of indexes that went.
    pub indexes: u64,
    /// Bytes of the database's file before and now.
    pub file: (u64, u64),
}

/// Removes what the role can do without, and gives the disk back what no row uses. The node must not run. Blocks, receipts, the state of every block and
/// whatever a reorganisation may go back to stay. `tell` gets store, blocks done, and blocks in all.
///
/// # Errors
/// [`tributary_storage::Error::Locked`] beside a running node. What was removed before an error stays removed; nothing else is damaged.
pub fn prune(directory: &Directory, keep: Keep, mut tell: impl FnMut(&'static str, u64, u64)) -> Result<Vec<OfStore<PrunedStore>>, Error> {
    let mut pruned = Vec::new();
    // All of them first: half a directory is not pruned beside a node.
    let before = directory.reading()?.into_iter().map(|(_, store)| Ok(store.size()?.file)).collect::<Result<Vec<_>, Error>>()?;
    let stores = directory.writing()?;
    for ((name, store), before) in stores.into_iter().zip(before) {
        let path = store.path().to_owned();
        let removed = store.prune(keep.tries, |done, of| tell(name, done, of))?;
        let mut indexes = 0;
        if !keep.indexes {
            for index in directory::indexes(&path) {
                indexes += directory::bytes_under(&index)?;
                fs::remove_dir_all(&index).map_err(|source| Error::Path { path: index.clone(), source })?;
            }
        }
        store.compact()?;
        let file = path.join("mdbx.dat");
        let after = fs::metadata(&file).map_err(|source| Error::Path { path: file, source })?.len();
        pruned.push((name, PrunedStore { removed, indexes, file: (before, after) }));
    }
    Ok(pruned)
}

//! What an operator does with a store beside running a node on it: how large it is, and what it can do without.

use crate::{Error, Store, heads::heads, write};

/// How many blocks' superseded nodes one transaction removes.
const BLOCKS: u64 = 256;

/// A table's extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSize {
    /// Name.
    pub name: &'static str,
    /// Rows.
    pub rows: u64,
    /// Bytes of its pages.
    pub bytes: u64,
}

/// A database's extent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSize {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of it that no table uses: what was deleted, and room to grow.
    pub unused: u64,
    /// The oldest block whose trie nodes are all there, to which proofs and reorganisations reach back.
    pub oldest_trie: u64,
    /// In the order of the schema.
    pub tables: Vec<TableSize>,
}

/// What pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Superseded trie nodes.
    pub nodes: u64,
    /// The oldest block whose trie nodes are all there, before and now.
    pub oldest_trie: (u64, u64),
}

impl Store {
    /// How large the store is. Reads no rows.
    pub fn size(&self) -> Result<StoreSize, Error> {
        let tx = self.read()?;
        let mut tables = Vec::new();
        for (name, table) in self.0.tables.all() {
            let stat = tx.db_stat(&table)?;
            let pages = stat.branch_pages() + stat.leaf_pages() + stat.overflow_pages();
            tables.push(TableSize { name, rows: stat.entries() as u64, bytes: pages as u64 * u64::from(stat.page_size()) });
        }
        let path = self.path().join("mdbx.dat");
        let file = std::fs::metadata(&path).map_err(|source| Error::Unwritable { path, source })?.len();
        let used: u64 = tables.iter().map(|table| table.bytes).sum();
        Ok(StoreSize { file, unused: file.saturating_sub(used), oldest_trie: write::oldest_trie(&tx, &self.0.tables)?, tables })
    }

    /// Removes superseded trie nodes of all but the newest `window` blocks, and of those that are not final: to these a reorganisation goes back. `progress`
    /// gets how many blocks of how many are done.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::Database`]. What was removed before stays removed.
    pub fn prune(&self, window: u64, mut progress: impl FnMut(u64, u64)) -> Result<Pruned, Error> {
        let (first, last) = {
            let tx = self.read()?;
            let heads = heads(&tx, &self.0.tables)?.ok_or_else(|| Error::corrupt("there is no head"))?;
            let last = heads.unsafe_head.number.saturating_sub(window).min(heads.finalized_head.number);
            let first = write::oldest_trie(&tx, &self.0.tables)?;
            (first, last.max(first))
        };
        let mut pruned = Pruned { nodes: 0, oldest_trie: (first, last) };
        let mut at = first;
        while at < last {
            let to = last.min(at + BLOCKS);
            let (_guard, tx) = self.write()?;
            pruned.nodes += write::prune_nodes(&tx, &self.0.tables, (at, to))?;
            tx.commit()?;
            at = to;
            progress(at - first, last - first);
        }
        Ok(pruned)
    }
}

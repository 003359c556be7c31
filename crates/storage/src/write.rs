//! Writing blocks: the point of no return.

use crate::{
    Error, Store,
    heads::{heads, meta, passer_owner},
    logs,
    tables::{self, Tables},
    v1,
};
use alloy_eips::eip4844::{Blob, Bytes48};
use alloy_primitives::{Address, B256, U256};
use signet_libmdbx::{
    Database,
    tx::{TransactionKind, Tx, aliases::RwTxUnsync},
};
use std::collections::{BTreeMap, BTreeSet};
use tributary_primitives::{AccountDiff, ExecutedBlock, NodeUpdates, StateDiff, TrieUpdates};

/// Longest value that the engine keeps inside a page of a tree; longer ones take pages of their own.
const ROW: usize = 1900;

/// How many blocks' superseded nodes one commit removes at most: catches up after the window was made smaller without ever stalling a block.
const PRUNE_BLOCKS: u64 = 16;

/// A blob with what proves it (EIP-4844), kept by an embedded L1 for its beacon endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobSidecar {
    /// 0x01 ‖ sha256(commitment)[1..].
    pub versioned_hash: B256,
    /// KZG commitment.
    pub commitment: Bytes48,
    /// KZG proof of the blob against the commitment.
    pub proof: Bytes48,
    /// 131,072 bytes.
    pub blob: Box<Blob>,
}

impl Store {
    /// Writes a block on top of the unsafe head, all of it or nothing. When this returns, the block exists and is on disk
    /// (see [`Durability`](crate::Durability)); on an error nothing has changed.
    ///
    /// `blobs` are those of the block's blob transactions, on an Ethereum chain that serves them itself; empty otherwise.
    ///
    /// # Errors
    /// [`Error::NotTheChild`], [`Error::StaleDiff`], [`Error::Database`].
    pub fn commit(&self, block: &ExecutedBlock, blobs: &[BlobSidecar]) -> Result<(), Error> {
        self.commit_all([(block, blobs)])
    }

    /// As [`Store::commit`], of several blocks one after the other, each with its blobs: all of them or none.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_all<'b>(&self, blocks: impl IntoIterator<Item = (&'b ExecutedBlock, &'b [BlobSidecar])>) -> Result<(), Error> {
        let (_guard, tx) = self.write()?;
        let tables = &self.0.tables;
        let mut head = heads(&tx, tables)?.ok_or_else(|| Error::corrupt("there is no head"))?.unsafe_head;
        for (block, blobs) in blocks {
            let header = &block.block.header;
            if header.parent_hash != head.hash || header.number != head.number + 1 {
                return Err(Error::NotTheChild { block: block.id(), head });
            }
            let writer = BlockWriter { tx: &tx, tables, number: header.number, history: true };
            writer.write(block)?;
            writer.write_blobs(blobs)?;
            writer.prune_nodes(self.options().trie_history)?;
            head = block.id();
        }
        tables::put(&tx, tables.meta, meta::UNSAFE, &v1::encode_id(head))?;
        tx.commit()?;
        tracing::trace!(number = head.number, hash = %head.hash, "blocks committed");
        Ok(())
    }
}

/// Writes the rows of one block inside a transaction.
pub(crate) struct BlockWriter<'t> {
    pub(crate) tx: &'t RwTxUnsync,
    pub(crate) tables: &'t Tables,
    pub(crate) number: u64,
    /// Whether what is replaced is kept; not for the genesis, before which there is nothing.
    pub(crate) history: bool,
}

impl BlockWriter<'_> {
    /// Everything about the block except heads and blobs.
    pub(crate) fn write(&self, block: &ExecutedBlock) -> Result<(), Error> {
        self.write_block(block)?;
        self.write_receipts(block)?;
        self.write_state(&block.state.diff)?;
        self.write_nodes(&block.state.trie)
    }

    fn write_block(&self, executed: &ExecutedBlock) -> Result<(), Error> {
        let Self { tx, tables, number, .. } = *self;
        let (header, body) = (&executed.block.header, &executed.block.body);
        if body.transactions.len() != executed.senders.len() || body.transactions.len() != executed.receipts.len() {
            return Err(Error::corrupt(format!("block {number} does not have one sender and receipt per transaction")));
        }
        tables::append(tx, tables.headers, &number.to_be_bytes(), &v1::encode_header(executed.hash, header))?;
        tables::put(tx, tables.numbers, executed.hash.as_slice(), &number.to_be_bytes())?;
        let stored =
            v1::Body { transactions: count(body.transactions.len())?, ommers: body.ommers.clone(), withdrawals: body.withdrawals.clone() };
        tables::append(tx, tables.bodies, &number.to_be_bytes(), &stored.encode())?;
        for (index, (transaction, sender)) in (0..).zip(body.transactions.iter().zip(&executed.senders)) {
            let position = v1::indexed(number, index);
            tables::append(tx, tables.transactions, &position, &v1::encode_transaction(*sender, transaction))?;
            tables::put(tx, tables.lookup, transaction.hash().as_slice(), &position)?;
        }
        Ok(())
    }

    fn write_receipts(&self, executed: &ExecutedBlock) -> Result<(), Error> {
        let mut first_log = 0usize;
        let mut terms = BTreeSet::new();
        for (index, receipt) in (0..).zip(&executed.receipts) {
            let row = v1::encode_receipt(count(first_log)?, receipt);
            tables::append(self.tx, self.tables.receipts, &v1::indexed(self.number, index), &row)?;
            first_log += receipt.logs.len();
            receipt.logs.iter().for_each(|log| logs::terms_of(log, &mut terms));
        }
        for term in terms {
            tables::put(self.tx, self.tables.logs, &term, &self.number.to_be_bytes())?;
        }
        Ok(())
    }

    fn write_state(&self, diff: &StateDiff) -> Result<(), Error> {
        for (hash, code) in &diff.code {
            tables::put(self.tx, self.tables.code, hash.as_slice(), code)?;
        }
        let mut changes = ChangeRows::new(self, self.tables.state_changes);
        let mut accounts = Vec::new();
        for (address, account) in &diff.accounts {
            if self.write_account(*address, account)? {
                accounts.push(*address);
            }
            changes.begin(&[&[1], address.as_slice()].concat())?;
            for slot in self.write_slots(*address, account)? {
                changes.add(&slot.to_be_bytes::<32>())?;
            }
        }
        changes.begin(&[0])?;
        for address in accounts {
            changes.add(address.as_slice())?;
        }
        changes.flush()
    }

    /// Writes the account's fields; whether they changed.
    fn write_account(&self, address: Address, diff: &AccountDiff) -> Result<bool, Error> {
        let Self { tx, tables, number, history } = *self;
        let current = tables::get(tx, tables.accounts, address.as_slice())?.unwrap_or_default();
        if v1::decode_maybe_account(&current)? != diff.before {
            return Err(Error::StaleDiff { number, address });
        }
        if diff.before == diff.after {
            return Ok(false);
        }
        if history {
            tables::put(tx, tables.account_history, &v1::at_block(address.as_slice(), number), &current)?;
        }
        match &diff.after {
            Some(after) => tables::put(tx, tables.accounts, address.as_slice(), &v1::encode_account(after))?,
            None => drop(tables::delete(tx, tables.accounts, address.as_slice())?),
        }
        Ok(true)
    }

    /// Writes the account's storage; which slots changed.
    fn write_slots(&self, address: Address, diff: &AccountDiff) -> Result<Vec<U256>, Error> {
        let Self { tx, tables, number, history } = *self;
        let mut after: BTreeMap<U256, U256> = BTreeMap::new();
        let destroyed = diff.after.is_none();
        if diff.storage_cleared || destroyed {
            tables::visit(tx, tables.storage, address.as_slice(), |key, _| {
                after.insert(U256::from_be_slice(&key[20..]), U256::ZERO);
                Ok(())
            })?;
        }
        after.extend(diff.storage.iter().map(|(slot, (_, value))| (*slot, if destroyed { U256::ZERO } else { *value })));
        let mut changed = Vec::with_capacity(after.len());
        for (slot, value) in after {
            let key = v1::slot_key(address, slot);
            let current = tables::get(tx, tables.storage, &key)?.unwrap_or_default();
            let before = v1::decode_value(&current)?;
            if diff.storage.get(&slot).is_some_and(|(claimed, _)| *claimed != before) {
                return Err(Error::StaleDiff { number, address });
            }
            if before == value {
                continue;
            }
            if history {
                tables::put(tx, tables.storage_history, &v1::at_block(&key, number), &current)?;
            }
            if value.is_zero() {
                tables::delete(tx, tables.storage, &key)?;
            } else {
                tables::put(tx, tables.storage, &key, &v1::encode_value(value))?;
            }
            changed.push(slot);
        }
        Ok(changed)
    }

    fn write_nodes(&self, trie: &TrieUpdates) -> Result<(), Error> {
        let mut changes = ChangeRows::new(self, self.tables.node_changes);
        changes.begin(&[0])?;
        self.write_trie(self.tables.account_nodes, &[], &trie.accounts, &mut changes)?;
        for (owner, updates) in &trie.storage {
            let owner = owner.as_slice();
            changes.begin(&[&[1], owner].concat())?;
            if updates.cleared {
                let mut nodes = self.nodes_of(owner)?;
                nodes.extend(updates.nodes.iter().map(|(path, node)| (*path, node.clone())));
                self.write_trie(self.tables.storage_nodes, owner, &nodes, &mut changes)?;
            } else {
                self.write_trie(self.tables.storage_nodes, owner, &updates.nodes, &mut changes)?;
            }
        }
        changes.flush()
    }

    fn write_trie(&self, table: Database, owner: &[u8], updates: &NodeUpdates, changes: &mut ChangeRows<'_>) -> Result<(), Error> {
        for (path, node) in updates {
            let path = v1::path_key(path);
            let version = v1::version(&[owner, &path].concat(), self.number);
            tables::put(self.tx, table, &version, node.as_deref().map_or(&[], |rlp| rlp))?;
            changes.add(&path)?;
        }
        Ok(())
    }

    /// The paths of a storage trie's present nodes, as updates that remove them.
    fn nodes_of(&self, owner: &[u8]) -> Result<NodeUpdates, Error> {
        let mut nodes = NodeUpdates::new();
        let mut newest = Vec::new();
        tables::visit(self.tx, self.tables.storage_nodes, owner, |row, node| {
            let (key, _) = v1::decode_version(row)?;
            if newest != key {
                newest = key.to_vec();
                if !node.is_empty() {
                    nodes.insert(v1::take_path(&mut &key[32..])?.1, None);
                }
            }
            Ok(())
        })?;
        Ok(nodes)
    }

    fn write_blobs(&self, blobs: &[BlobSidecar]) -> Result<(), Error> {
        for (index, sidecar) in (0..).zip(blobs) {
            let hash = sidecar.versioned_hash.as_slice();
            tables::append(self.tx, self.tables.block_blobs, &v1::indexed(self.number, index), hash)?;
            let uses = tables::get(self.tx, self.tables.blobs, hash)?.map(|row| v1::blob_uses(&row)).transpose()?.unwrap_or(0);
            tables::put(self.tx, self.tables.blobs, hash, &v1::encode_blob(uses + 1, sidecar))?;
        }
        Ok(())
    }

    /// Forgets superseded nodes that have left the window, the message passer's excepted.
    fn prune_nodes(&self, window: u64) -> Result<(), Error> {
        let Self { tx, tables, number, .. } = *self;
        let first = oldest_trie(tx, tables)?;
        let last = number.saturating_sub(window).min(first + PRUNE_BLOCKS);
        if last <= first {
            return Ok(());
        }
        prune_nodes(tx, tables, (first, last)).map(drop)
    }
}

/// Forgets the nodes that the blocks after `first`, up to `last`, superseded, the message passer's excepted: tries are there from `last` on. How many those were.
pub(crate) fn prune_nodes(tx: &RwTxUnsync, tables: &Tables, (first, last): (u64, u64)) -> Result<u64, Error> {
    let (passer, mut removed) = (passer_owner(), 0);
    for block in first + 1..=last {
        for (key, row) in tables::with_prefix(tx, tables.node_changes, &block.to_be_bytes())? {
            tables::delete(tx, tables.node_changes, &key)?;
            let changed = v1::NodeChanges::decode(&row)?;
            if changed.owner == passer.as_slice() {
                continue;
            }
            let table = if changed.owner.is_empty() { tables.account_nodes } else { tables.storage_nodes };
            for path in changed.paths {
                removed += prune_node(tx, table, &[changed.owner, path].concat(), block)?;
            }
        }
    }
    tables::put(tx, tables.meta, meta::OLDEST_TRIE, &last.to_be_bytes())?;
    Ok(removed)
}

/// Removes what `block` superseded at `key`, and the mark that there is no node since then, which then says nothing any more. How many rows that were.
fn prune_node(tx: &RwTxUnsync, table: Database, key: &[u8], block: u64) -> Result<u64, Error> {
    let (mut cursor, mut removed) = (tx.cursor(table)?, 0);
    let mut row: Option<tables::OwnedRow> = cursor.set_range(&v1::version(key, block))?;
    while let Some((found, node)) = row.filter(|(found, _)| found.len() == key.len() + 8 && found.starts_with(key)) {
        let (_, since) = v1::decode_version(&found)?;
        if since < block || node.is_empty() {
            cursor.del()?;
            removed += 1;
        }
        row = cursor.next()?;
    }
    Ok(removed)
}

/// The oldest block whose trie can be read and restored.
pub(crate) fn oldest_trie<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<u64, Error> {
    let row = tables::get(tx, tables.meta, meta::OLDEST_TRIE)?.ok_or_else(|| Error::corrupt("the extent of trie history is missing"))?;
    v1::decode_number(&row)
}

/// Collects a block's changed keys into rows of bounded length, each of which begins with what its keys have in common.
struct ChangeRows<'w> {
    writer: &'w BlockWriter<'w>,
    table: Database,
    sequence: u32,
    start: Vec<u8>,
    row: Vec<u8>,
}

impl<'w> ChangeRows<'w> {
    fn new(writer: &'w BlockWriter<'w>, table: Database) -> Self {
        Self { writer, table, sequence: 0, start: Vec::new(), row: Vec::new() }
    }

    /// What the keys added from now on have in common.
    fn begin(&mut self, start: &[u8]) -> Result<(), Error> {
        self.flush()?;
        self.start = start.to_vec();
        self.row = start.to_vec();
        Ok(())
    }

    fn add(&mut self, key: &[u8]) -> Result<(), Error> {
        if self.row.len() + key.len() > ROW {
            self.flush()?;
        }
        self.row.extend_from_slice(key);
        Ok(())
    }

    /// Writes what was collected, if anything.
    fn flush(&mut self) -> Result<(), Error> {
        if self.writer.history && self.row.len() > self.start.len() {
            tables::append(self.writer.tx, self.table, &v1::indexed(self.writer.number, self.sequence), &self.row)?;
            self.sequence += 1;
        }
        self.row.clone_from(&self.start);
        Ok(())
    }
}

/// A number of things in a block, which is far below 2³² by its gas limit.
fn count(n: usize) -> Result<u32, Error> {
    u32::try_from(n).map_err(|_| Error::corrupt(format!("{n} rows in one block")))
}

//! Taking blocks off the chain again (an L1 reorg): everything that [`commit`](crate::Store::commit) wrote is put back as it was.

use crate::{
    Error, Store,
    blocks::read_body,
    heads::{heads, meta, read_header},
    logs,
    tables::{self, Tables},
    v1::{self, NodeChanges, StateChanges},
    write::oldest_trie,
};
use alloy_eips::BlockNumHash;
use signet_libmdbx::{Database, tx::aliases::RwTxUnsync};
use std::collections::BTreeSet;

impl Store {
    /// Removes all blocks above `to`, in one transaction, and returns them in ascending order. The state, its history, its trie and all indexes are
    /// then exactly those that they were when `to` was the head; the safe head follows if it was above. Nothing happens when `to` is the head or above.
    ///
    /// # Errors
    /// [`Error::Final`] below the finalized head, [`Error::Pruned`] below the trie history. Nothing has changed then.
    pub fn unwind(&self, to: u64) -> Result<Vec<BlockNumHash>, Error> {
        let (_guard, tx) = self.write()?;
        let tables = &self.0.tables;
        let heads = heads(&tx, tables)?.ok_or_else(|| Error::corrupt("there is no head"))?;
        if to >= heads.unsafe_head.number {
            return Ok(Vec::new());
        }
        if to < heads.finalized_head.number {
            return Err(Error::Final { to, finalized: heads.finalized_head.number });
        }
        let oldest = oldest_trie(&tx, tables)?;
        if to < oldest {
            return Err(Error::Pruned { to, oldest });
        }
        let mut removed = Vec::new();
        for number in (to + 1..=heads.unsafe_head.number).rev() {
            removed.push(Unwinder { tx: &tx, tables, number }.remove()?);
        }
        removed.reverse();
        let hash = read_header(&tx, tables, to)?.ok_or_else(|| Error::corrupt(format!("block {to} is missing")))?.hash();
        let head = v1::encode_id(BlockNumHash { number: to, hash });
        tables::put(&tx, tables.meta, meta::UNSAFE, &head)?;
        if heads.safe_head.number > to {
            tables::put(&tx, tables.meta, meta::SAFE, &head)?;
        }
        tx.commit()?;
        tracing::debug!(to, blocks = removed.len(), "blocks unwound");
        Ok(removed)
    }
}

/// Removes one block, the head, inside a transaction.
struct Unwinder<'t> {
    tx: &'t RwTxUnsync,
    tables: &'t Tables,
    number: u64,
}

impl Unwinder<'_> {
    fn remove(&self) -> Result<BlockNumHash, Error> {
        self.restore_state()?;
        self.restore_nodes()?;
        self.remove_logs()?;
        self.remove_transactions()?;
        self.remove_blobs()?;
        let key = self.number.to_be_bytes();
        let row =
            tables::get(self.tx, self.tables.headers, &key)?.ok_or_else(|| Error::corrupt(format!("block {} is missing", self.number)))?;
        let hash = v1::header_hash(&row)?;
        drop(row);
        tables::delete(self.tx, self.tables.headers, &key)?;
        tables::delete(self.tx, self.tables.bodies, &key)?;
        tables::delete(self.tx, self.tables.numbers, hash.as_slice())?;
        Ok(BlockNumHash { number: self.number, hash })
    }

    fn restore_state(&self) -> Result<(), Error> {
        let Self { tables, .. } = *self;
        for (key, row) in tables::with_prefix(self.tx, tables.state_changes, &self.number.to_be_bytes())? {
            match StateChanges::decode(&row)? {
                StateChanges::Accounts(addresses) => {
                    for address in addresses {
                        self.restore(tables.accounts, tables.account_history, address.as_slice())?;
                    }
                }
                StateChanges::Slots(address, slots) => {
                    for slot in slots {
                        self.restore(tables.storage, tables.storage_history, &v1::slot_key(address, slot))?;
                    }
                }
            }
            tables::delete(self.tx, tables.state_changes, &key)?;
        }
        Ok(())
    }

    fn restore_nodes(&self) -> Result<(), Error> {
        let Self { tables, .. } = *self;
        for (key, row) in tables::with_prefix(self.tx, tables.node_changes, &self.number.to_be_bytes())? {
            let changes = NodeChanges::decode(&row)?;
            let table = if changes.owner.is_empty() { tables.account_nodes } else { tables.storage_nodes };
            for path in changes.paths {
                tables::delete(self.tx, table, &v1::version(&[changes.owner, path].concat(), self.number))?;
            }
            tables::delete(self.tx, tables.node_changes, &key)?;
        }
        Ok(())
    }

    /// Puts one row back as it was before this block.
    fn restore(&self, current: Database, history: Database, key: &[u8]) -> Result<(), Error> {
        let past = v1::at_block(key, self.number);
        let before = tables::get(self.tx, history, &past)?;
        let before = before.ok_or_else(|| Error::corrupt(format!("history of block {} is incomplete", self.number)))?.into_owned();
        if before.is_empty() {
            tables::delete(self.tx, current, key)?;
        } else {
            tables::put(self.tx, current, key, &before)?;
        }
        tables::delete(self.tx, history, &past)?;
        Ok(())
    }

    fn remove_logs(&self) -> Result<(), Error> {
        let mut terms = BTreeSet::new();
        for (key, row) in tables::with_prefix(self.tx, self.tables.receipts, &self.number.to_be_bytes())? {
            v1::decode_receipt(&row)?.1.logs.iter().for_each(|log| logs::terms_of(log, &mut terms));
            tables::delete(self.tx, self.tables.receipts, &key)?;
        }
        for term in terms {
            self.tx.del(self.tables.logs, &term, Some(&self.number.to_be_bytes()))?;
        }
        Ok(())
    }

    fn remove_transactions(&self) -> Result<(), Error> {
        for index in 0..read_body(self.tx, self.tables, self.number)?.transactions {
            let position = v1::indexed(self.number, index);
            let row = tables::get(self.tx, self.tables.transactions, &position)?;
            let row = row.ok_or_else(|| Error::corrupt(format!("block {} lacks transaction {index}", self.number)))?;
            let hash = v1::decode_transaction(&row)?.1.hash();
            drop(row);
            tables::delete(self.tx, self.tables.transactions, &position)?;
            tables::delete(self.tx, self.tables.lookup, hash.as_slice())?;
        }
        Ok(())
    }

    /// A blob goes with the last block that uses it.
    fn remove_blobs(&self) -> Result<(), Error> {
        for (key, hash) in tables::with_prefix(self.tx, self.tables.block_blobs, &self.number.to_be_bytes())? {
            let mut row = tables::get(self.tx, self.tables.blobs, &hash)?.ok_or_else(|| Error::corrupt("a blob is missing"))?.into_owned();
            let uses = v1::blob_uses(&row)?.saturating_sub(1);
            if uses == 0 {
                tables::delete(self.tx, self.tables.blobs, &hash)?;
            } else {
                row[..4].copy_from_slice(&uses.to_be_bytes());
                tables::put(self.tx, self.tables.blobs, &hash, &row)?;
            }
            tables::delete(self.tx, self.tables.block_blobs, &key)?;
        }
        Ok(())
    }
}

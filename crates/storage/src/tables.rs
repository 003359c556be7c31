//! The database's schema in one place, and the few ways in which rows are read.
//!
//! Numbers in keys are big-endian, so that rows lie in the order of the chain. "path" is [`v1::path_key`](crate::v1::path_key).
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `meta` | name | heads, chain, pruning progress |
//! | `headers` | number u64 | hash ‖ RLP header |
//! | `numbers` | block hash | number u64 |
//! | `bodies` | number u64 | transaction count u32 ‖ RLP ommers ‖ RLP withdrawals, if any |
//! | `transactions` | number u64 ‖ index u32 | sender ‖ EIP-2718 bytes |
//! | `receipts` | number u64 ‖ index u32 | index of its first log in the block u32 ‖ stored receipt |
//! | `lookup` | transaction hash | number u64 ‖ index u32 |
//! | `accounts` | address | account |
//! | `storage` | address ‖ slot | value |
//! | `code` | code hash | code |
//! | `account_history` | address ‖ number u64 | account before that block, empty when there was none |
//! | `storage_history` | address ‖ slot ‖ number u64 | value before that block |
//! | `state_changes` | number u64 ‖ sequence u32 | 0 ‖ changed addresses, or 1 ‖ address ‖ changed slots |
//! | `account_nodes` | path ‖ !number u64 | RLP of the node since that block, empty when there is none |
//! | `storage_nodes` | hashed address ‖ path ‖ !number u64 | RLP of the node since that block, empty when there is none |
//! | `node_changes` | number u64 ‖ sequence u32 | 0 ‖ changed paths, or 1 ‖ hashed address ‖ changed paths |
//! | `logs` | kind u8 ‖ address or topic | block numbers u64, sorted (duplicates of one key) |
//! | `blobs` | versioned hash | uses u32 ‖ commitment ‖ proof ‖ blob |
//! | `block_blobs` | number u64 ‖ index u32 | versioned hash |
//!
//! Accounts and slots keep their newest value apart from history, which is for ever, so that the newest state stays compact. A node's versions are
//! for a window of blocks only; they lie beside one another, newest first, so that a new one touches one page and every state is read alike.

use crate::{Error, v1};
use signet_libmdbx::{
    Database, DatabaseFlags, TableObject, WriteFlags,
    tx::{
        TransactionKind, Tx, WriteMarker,
        aliases::{RoTxSync, RwTxUnsync},
    },
};
use std::borrow::Cow;

macro_rules! tables {
    ($($name:ident: $flags:expr),+ $(,)?) => {
        /// Handles of all tables.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Tables {
            $(pub(crate) $name: Database,)+
        }

        impl Tables {
            /// How many tables there are.
            pub(crate) const COUNT: usize = [$(stringify!($name)),+].len();

            /// Creates the tables where they are missing.
            pub(crate) fn create(tx: &RwTxUnsync) -> Result<Self, Error> {
                Ok(Self { $($name: tx.create_db(Some(stringify!($name)), $flags)?,)+ })
            }

            /// Opens the tables of an existing database.
            pub(crate) fn open<K: TransactionKind>(tx: &Tx<K>) -> Result<Self, Error> {
                Ok(Self { $($name: tx.open_db(Some(stringify!($name)))?,)+ })
            }

            /// Names and handles, in the order of the schema.
            pub(crate) fn all(&self) -> Vec<(&'static str, Database)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

tables! {
    meta: DatabaseFlags::empty(),
    headers: DatabaseFlags::empty(),
    numbers: DatabaseFlags::empty(),
    bodies: DatabaseFlags::empty(),
    transactions: DatabaseFlags::empty(),
    receipts: DatabaseFlags::empty(),
    lookup: DatabaseFlags::empty(),
    accounts: DatabaseFlags::empty(),
    storage: DatabaseFlags::empty(),
    code: DatabaseFlags::empty(),
    account_history: DatabaseFlags::empty(),
    storage_history: DatabaseFlags::empty(),
    state_changes: DatabaseFlags::empty(),
    account_nodes: DatabaseFlags::empty(),
    storage_nodes: DatabaseFlags::empty(),
    node_changes: DatabaseFlags::empty(),
    logs: DatabaseFlags::DUP_SORT.union(DatabaseFlags::DUP_FIXED),
    blobs: DatabaseFlags::empty(),
    block_blobs: DatabaseFlags::empty(),
}

/// Key and value in a read transaction, borrowed from the page. A write transaction has to copy its rows ([`OwnedRow`]): of borrowed ones the engine is asked whether they
/// may change, and it fails (or answers for another page) where an empty value ends a page, since that value's address is the next page's.
pub(crate) type Row<'t> = (Cow<'t, [u8]>, Cow<'t, [u8]>);

/// Key and value.
pub(crate) type OwnedRow = (Vec<u8>, Vec<u8>);

/// The value at `key`. Borrowed from the page in a read transaction.
pub(crate) fn get<'t, K: TransactionKind>(tx: &'t Tx<K>, table: Database, key: &[u8]) -> Result<Option<Cow<'t, [u8]>>, Error> {
    if K::IS_READ_ONLY { Ok(tx.get(table.dbi(), key)?) } else { Ok(tx.get(table.dbi(), key)?.map(Cow::Owned)) }
}

/// Inserts or replaces a row.
pub(crate) fn put<K: TransactionKind + WriteMarker>(tx: &Tx<K>, table: Database, key: &[u8], value: &[u8]) -> Result<(), Error> {
    Ok(tx.put(table, key, value, WriteFlags::UPSERT)?)
}

/// Adds a row whose key is greater than all in the table; an error if it is not.
pub(crate) fn append<K: TransactionKind + WriteMarker>(tx: &Tx<K>, table: Database, key: &[u8], value: &[u8]) -> Result<(), Error> {
    Ok(tx.put(table, key, value, WriteFlags::APPEND)?)
}

/// Removes a row; whether there was one.
pub(crate) fn delete<K: TransactionKind + WriteMarker>(tx: &Tx<K>, table: Database, key: &[u8]) -> Result<bool, Error> {
    Ok(tx.del(table, key, None)?)
}

/// The newest version of `key` that is not after block `number`, see [`v1::version`](crate::v1::version).
pub(crate) fn version_at<'t>(tx: &'t RoTxSync, table: Database, key: &[u8], number: u64) -> Result<Option<Cow<'t, [u8]>>, Error> {
    let from = v1::version(key, number);
    let row: Option<Row<'t>> = tx.cursor(table)?.set_range(&from)?;
    Ok(row.filter(|(found, _)| found.len() == from.len() && found.starts_with(key)).map(|(_, value)| value))
}

/// All rows whose key begins with `prefix`, in order.
pub(crate) fn with_prefix<K: TransactionKind>(tx: &Tx<K>, table: Database, prefix: &[u8]) -> Result<Vec<OwnedRow>, Error> {
    let mut rows = Vec::new();
    visit(tx, table, prefix, |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        Ok(())
    })?;
    Ok(rows)
}

/// Calls `see` with every row whose key begins with `prefix`, in order.
pub(crate) fn visit<K: TransactionKind>(
    tx: &Tx<K>,
    table: Database,
    prefix: &[u8],
    see: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    if K::IS_READ_ONLY { visit_as::<K, Cow<'_, [u8]>>(tx, table, prefix, see) } else { visit_as::<K, Vec<u8>>(tx, table, prefix, see) }
}

/// [`visit`], with rows read as `B`, see [`Row`].
fn visit_as<'t, K: TransactionKind, B: TableObject<'t> + AsRef<[u8]>>(
    tx: &'t Tx<K>,
    table: Database,
    prefix: &[u8],
    mut see: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut cursor = tx.cursor(table)?;
    // An empty key is below every other, but the engine does not take it as a place to seek.
    let mut row: Option<(B, B)> = if prefix.is_empty() { cursor.first()? } else { cursor.set_range(prefix)? };
    while let Some((key, value)) = row {
        if !key.as_ref().starts_with(prefix) {
            break;
        }
        see(key.as_ref(), value.as_ref())?;
        row = cursor.next()?;
    }
    Ok(())
}

//! Where the chain stands: the rows of `meta`, and the headers that they name.

use crate::{
    Error,
    tables::{self, Tables},
    v1,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Sealed, keccak256};
use signet_libmdbx::tx::{TransactionKind, Tx};
use tributary_primitives::{Heads, rollup::predeploys::MESSAGE_PASSER};

/// Names of the rows of the `meta` table.
pub(crate) mod meta {
    pub(crate) const UNSAFE: &[u8] = b"unsafe";
    pub(crate) const SAFE: &[u8] = b"safe";
    pub(crate) const FINALIZED: &[u8] = b"finalized";
    /// The oldest block whose trie can be read and restored, u64.
    pub(crate) const OLDEST_TRIE: &[u8] = b"oldest trie";
}

/// The key of the message passer's storage trie, whose history is kept for ever.
pub(crate) fn passer_owner() -> B256 {
    keccak256(MESSAGE_PASSER)
}

/// The heads; `None` in a database without a chain.
pub(crate) fn heads<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<Option<Heads>, Error> {
    let read = |row: &[u8]| tables::get(tx, tables.meta, row)?.map(|id| v1::decode_id(&id)).transpose();
    let (unsafe_head, safe_head, finalized_head) = (read(meta::UNSAFE)?, read(meta::SAFE)?, read(meta::FINALIZED)?);
    match (unsafe_head, safe_head, finalized_head) {
        (Some(unsafe_head), Some(safe_head), Some(finalized_head)) => Ok(Some(Heads { unsafe_head, safe_head, finalized_head })),
        (None, None, None) => Ok(None),
        _ => Err(Error::corrupt("a head is missing")),
    }
}

/// The header of the block with this number.
pub(crate) fn read_header<K: TransactionKind>(tx: &Tx<K>, tables: &Tables, number: u64) -> Result<Option<Sealed<Header>>, Error> {
    let row = tables::get(tx, tables.headers, &number.to_be_bytes())?;
    row.map(|row| v1::decode_header(&row).map(|(hash, header)| Sealed::new_unchecked(header, hash))).transpose()
}

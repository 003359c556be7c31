//! For tests of this crate and of those above it: a digest of all that a store holds.

use crate::{Error, Store, tables};
use alloy_primitives::{B256, Keccak256};
use std::collections::BTreeMap;

/// A hash of every table's rows, by the table's name. Two stores with the same digests hold the same.
pub fn table_digests(store: &Store) -> Result<BTreeMap<&'static str, B256>, Error> {
    let tx = store.read()?;
    let mut digests = BTreeMap::new();
    for (name, table) in store.0.tables.all() {
        let mut hasher = Keccak256::new();
        tables::visit(&tx, table, &[], |key, value| {
            for part in [key, value] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
            Ok(())
        })?;
        digests.insert(name, hasher.finalize());
    }
    Ok(digests)
}

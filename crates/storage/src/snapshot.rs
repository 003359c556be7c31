use crate::{
    Error, Store,
    heads::{heads, read_header},
    tables, v1,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Sealed, U256, keccak256};
use nybbles::Nibbles;
use signet_libmdbx::{Database, tx::aliases::RoTxSync};
use std::{borrow::Cow, fmt, sync::Arc};
use tributary_primitives::{Account, StateError, StateReader, TrieReader};

/// How far back BLOCKHASH reaches (Yellow Paper, 9.4.1).
const BLOCK_HASHES: u64 = 256;

/// The state after one block, unchanging whatever is committed or unwound meanwhile. Cheap to clone, shared freely between threads.
///
/// It is one read transaction of the database: the writer never waits for it, but pages that it can see are not reused while it lives, so the file
/// grows with every block. Hold it for a request or a block, not for hours. The state at any block is readable; trie nodes of past blocks are for
/// [`Options::trie_history`](crate::Options::trie_history) blocks, those of the message passer's storage for ever.
#[derive(Clone)]
pub struct Snapshot(Arc<View>);

struct View {
    /// Declared before the store, which must not close under it.
    tx: RoTxSync,
    store: Store,
    header: Sealed<Header>,
    /// Whether this is the state of the newest block, which is in the flat tables as it is.
    newest: bool,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("number", &self.0.header.number).field("hash", &self.0.header.hash()).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The state after block `number`, or the newest.
    pub(crate) fn open(store: &Store, number: Option<u64>) -> Result<Self, Error> {
        let tx = store.0.env.begin_ro_sync()?;
        let head = heads(&tx, &store.0.tables)?.ok_or_else(|| Error::corrupt("there is no head"))?.unsafe_head.number;
        let number = number.unwrap_or(head);
        let header = read_header(&tx, &store.0.tables, number)?.ok_or(Error::UnknownBlock(number))?;
        Ok(Self(Arc::new(View { tx, store: store.clone(), header, newest: number == head })))
    }

    /// The header of the block after which this is the state.
    pub fn header(&self) -> &Sealed<Header> {
        &self.0.header
    }

    /// The store that it is of.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The read transaction.
    pub(crate) fn transaction(&self) -> &RoTxSync {
        &self.0.tx
    }

    /// All accounts of this state, ascending by address. One to three look-ups per account.
    pub fn accounts(&self) -> impl Iterator<Item = Result<(Address, Account), Error>> + use<> {
        let snapshot = self.clone();
        let tables = self.0.store.0.tables;
        let keys =
            Keys { snapshot: self.clone(), current: tables.accounts, history: tables.account_history, from: Some(Vec::new()), length: 20 };
        keys.filter_map(move |key| {
            let read = |key: Vec<u8>| {
                let address = Address::from_slice(&key);
                Ok(snapshot.read_account(address)?.map(|account| (address, account)))
            };
            key.and_then(read).transpose()
        })
    }

    /// All slots of an account in this state that are not zero, ascending.
    pub fn slots(&self, address: Address) -> impl Iterator<Item = Result<(U256, U256), Error>> + use<> {
        let snapshot = self.clone();
        let tables = self.0.store.0.tables;
        let from = Some(address.to_vec());
        let keys = Keys { snapshot: self.clone(), current: tables.storage, history: tables.storage_history, from, length: 52 };
        keys.take_while(move |key| key.as_ref().map_or(true, |key| key.starts_with(address.as_slice()))).filter_map(move |key| {
            let read = |key: Vec<u8>| {
                let slot = U256::from_be_slice(&key[20..]);
                let value = snapshot.read_slot(address, slot)?;
                Ok((!value.is_zero()).then_some((slot, value)))
            };
            key.and_then(read).transpose()
        })
    }

    fn read_account(&self, address: Address) -> Result<Option<Account>, Error> {
        let tables = &self.0.store.0.tables;
        let row = self.as_of(tables.accounts, tables.account_history, address.as_slice())?;
        v1::decode_maybe_account(&row)
    }

    fn read_slot(&self, address: Address, slot: U256) -> Result<U256, Error> {
        let tables = &self.0.store.0.tables;
        v1::decode_value(&self.as_of(tables.storage, tables.storage_history, &v1::slot_key(address, slot))?)
    }

    fn read_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Option<Bytes>, Error> {
        let tables = &self.0.store.0.tables;
        let path = v1::path_key(path);
        let (table, key) = match owner {
            None => (tables.account_nodes, path),
            Some(owner) => (tables.storage_nodes, [owner.as_slice(), &path].concat()),
        };
        let node = tables::version_at(&self.0.tx, table, &key, self.0.header.number)?;
        // Beyond the window versions are missing, which this tells; and a damaged node goes no further.
        Ok(node.filter(|rlp| keccak256(rlp) == hash).map(|rlp| Bytes::copy_from_slice(&rlp)))
    }

    /// The value of `key` after this snapshot's block: what the first later change replaced or, when there is none, what there is now. Empty when absent.
    fn as_of(&self, current: Database, history: Database, key: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
        if !self.0.newest {
            let from = v1::at_block(key, self.0.header.number + 1);
            let later: Option<tables::Row<'_>> = self.0.tx.cursor(history)?.set_range(&from)?;
            if let Some((_, before)) = later.filter(|(found, _)| found.len() == from.len() && found.starts_with(key)) {
                return Ok(before);
            }
        }
        Ok(tables::get(&self.0.tx, current, key)?.unwrap_or_default())
    }
}

impl StateReader for Snapshot {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.read_account(address)?)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        Ok(self.read_slot(address, slot)?)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        Ok(self.slots(address).next().transpose()?.is_some())
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        if hash == KECCAK256_EMPTY {
            return Ok(Bytes::new());
        }
        let code = tables::get(&self.0.tx, self.0.store.0.tables.code, hash.as_slice())?;
        code.map(|code| Bytes::copy_from_slice(&code)).ok_or_else(|| StateError::Missing(format!("code {hash}")))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let latest = self.0.header.number;
        if number > latest || latest - number >= BLOCK_HASHES {
            return Ok(B256::ZERO);
        }
        let row = tables::get(&self.0.tx, self.0.store.0.tables.headers, &number.to_be_bytes())?;
        Ok(row.map(|row| v1::header_hash(&row)).transpose()?.unwrap_or_default())
    }

    fn may_be_kept(&self) -> bool {
        true
    }
}

impl TrieReader for Snapshot {
    fn trie_node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let node = self.read_node(owner, path, hash)?;
        node.ok_or_else(|| StateError::Missing(format!("trie node {hash} of block {} at {path:?}", self.0.header.number)))
    }
}

/// Ascending keys that a table has now or had at some time.
struct Keys {
    snapshot: Snapshot,
    current: Database,
    history: Database,
    /// Where to go on.
    from: Option<Vec<u8>>,
    /// Length of the keys that are wanted: of history, the part before the block number.
    length: usize,
}

impl Keys {
    fn nearest(&self, from: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let first = |table| -> Result<Option<Vec<u8>>, Error> {
            let mut cursor = self.snapshot.0.tx.cursor(table)?;
            let row: Option<(Vec<u8>, ())> = if from.is_empty() { cursor.first()? } else { cursor.set_range(from)? };
            Ok(row.map(|(mut key, ())| {
                key.truncate(self.length);
                key
            }))
        };
        let past = if self.snapshot.0.newest { None } else { first(self.history)? };
        Ok(first(self.current)?.into_iter().chain(past).min())
    }
}

impl Iterator for Keys {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.nearest(self.from.as_ref()?);
        self.from = found.as_ref().ok().and_then(Option::as_deref).and_then(successor);
        found.transpose()
    }
}

/// The next key of the same length, `None` after the last.
fn successor(key: &[u8]) -> Option<Vec<u8>> {
    let mut next = key.to_vec();
    for byte in next.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return Some(next);
        }
    }
    None
}

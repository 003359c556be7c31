//! Typed rows in the derived map, and the ways in which they are read and written.

use crate::{Error, rows::Origin};
use alloy_primitives::{Address, B256, U256, hex};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tributary_storage::{DerivedView, DerivedWriter, Direction};

/// A kind of row.
pub trait Row: Serialize + DeserializeOwned {
    /// First byte of its keys.
    const KIND: u8;
}

/// The key of a row, or the beginning of the keys of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// All rows of a kind.
    pub(crate) fn all<R: Row>() -> Self {
        Self(vec![R::KIND])
    }

    pub(crate) fn address(mut self, address: Address) -> Self {
        self.0.extend(address);
        self
    }

    pub(crate) fn id(mut self, id: U256) -> Self {
        self.0.extend(id.to_be_bytes::<32>());
        self
    }

    /// What the keys of a session's settlements begin with: the number of a settlement is its session's, shifted by 32 bits, and its own.
    pub(crate) fn settlements_of(mut self, session: U256) -> Self {
        let first: U256 = session << 32;
        self.0.extend(&first.to_be_bytes::<32>()[..28]);
        self
    }

    pub(crate) fn hash(mut self, hash: B256) -> Self {
        self.0.extend(hash);
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// Rows in the order of the chain.
    pub(crate) fn at(self, origin: &Origin) -> Self {
        self.number(origin.block.to()).number(origin.log_index.to())
    }
}

/// Rows of one question, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<R> {
    /// The rows.
    pub items: Vec<R>,
    /// What to ask with for those after them; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many rows, and which.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// Where a page before ended.
    pub cursor: Option<String>,
    /// Most rows, at most [`Paging::MOST`], which is also what is meant when it is absent.
    pub limit: Option<usize>,
    /// Newest first, or the greatest number first.
    pub newest: bool,
}

impl Paging {
    /// Most rows of a page.
    pub const MOST: usize = 100;
}

/// The index after one block.
#[derive(Debug)]
pub struct Reader(pub(crate) DerivedView);

impl Reader {
    pub(crate) fn get<R: Row>(&self, key: &Key) -> Result<Option<R>, Error> {
        self.0.get(&key.0)?.map(|row| Ok(serde_json::from_slice(&row)?)).transpose()
    }

    /// The rows whose keys begin with `prefix`.
    pub(crate) fn page<R: Row>(&self, prefix: &Key, paging: &Paging) -> Result<Page<R>, Error> {
        let after = paging.cursor.as_deref().map(|cursor| after(prefix, cursor)).transpose()?;
        let direction = if paging.newest { Direction::Down } else { Direction::Up };
        let limit = paging.limit.unwrap_or(Paging::MOST).clamp(1, Paging::MOST);
        // One more tells whether there is a next page.
        let mut rows = self.0.range(&prefix.0, after.as_deref(), direction, limit + 1)?;
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| !is_last).map(|(key, _)| hex::encode(&key[prefix.0.len()..]));
        let items = rows.iter().map(|(_, row)| serde_json::from_slice(row)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}

/// The key that a cursor stands for.
fn after(prefix: &Key, cursor: &str) -> Result<Vec<u8>, Error> {
    let rest = hex::decode(cursor).ok().filter(|rest| !rest.is_empty() && rest.len() <= 128).ok_or(Error::Cursor)?;
    Ok([prefix.0.as_slice(), &rest].concat())
}

/// What one log changes.
#[derive(Debug)]
pub(crate) struct Book<'w, 'd> {
    pub(crate) writer: &'w mut DerivedWriter<'d>,
    /// The log.
    pub(crate) origin: Origin,
}

impl Book<'_, '_> {
    pub(crate) fn get<R: Row>(&self, key: &Key) -> Result<Option<R>, Error> {
        self.writer.get(&key.0)?.map(|row| Ok(serde_json::from_slice(&row)?)).transpose()
    }

    pub(crate) fn put<R: Row>(&mut self, key: &Key, row: &R) -> Result<(), Error> {
        Ok(self.writer.set(&key.0, Some(&serde_json::to_vec(row)?))?)
    }

    /// Changes a row that is there; one that is not is none of ours.
    pub(crate) fn change<R: Row>(&mut self, key: &Key, change: impl FnOnce(&mut R)) -> Result<(), Error> {
        let Some(mut row) = self.get(key)? else { return Ok(()) };
        change(&mut row);
        self.put(key, &row)
    }

    /// Changes a row, which is `new` at first.
    pub(crate) fn upsert<R: Row>(&mut self, key: &Key, new: impl FnOnce() -> R, change: impl FnOnce(&mut R)) -> Result<(), Error> {
        let mut row = self.get(key)?.unwrap_or_else(new);
        change(&mut row);
        self.put(key, &row)
    }
}

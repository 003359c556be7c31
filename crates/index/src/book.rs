//! Typed rows in the derived map, and the ways in which they are read and written.

use crate::{Error, rows::Origin};
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;
use tributary_storage::{DerivedView, DerivedWriter, Direction};

/// A kind of row.
pub trait Row: Serialize + DeserializeOwned {
    /// First byte of its keys.
    const KIND: u8;

    /// Fields that a list of them can be filtered by.
    const FIELDS: &'static [&'static str] = &[];
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

    /// What the keys of a session's settlements begin with: the number of a settlement is its session's, shifted by 32 bits, and its own. `None` where no
    /// session has such a number.
    pub(crate) fn settlements_of(mut self, session: U256) -> Option<Self> {
        let first = session.checked_mul(U256::from(1u64 << 32))?;
        self.0.extend(&first.to_be_bytes::<32>()[..28]);
        Some(self)
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
    /// Most rows, from 1; at most [`Paging::MOST`], which is also what is meant when it is absent.
    pub limit: Option<usize>,
    /// Newest first, or the greatest number first.
    pub newest: bool,
    /// Only rows whose fields have these values. A page of them ends after [`Paging::LOOKED_AT`] rows that have others, too, and may be empty though there are more.
    pub filter: BTreeMap<String, Value>,
}

impl Paging {
    /// Most rows of a page.
    pub const MOST: usize = 100;

    /// Most rows that are looked at for a page with a filter.
    pub const LOOKED_AT: usize = 2_048;
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
        let limit = match paging.limit {
            Some(0) => return Err(Error::Limit),
            limit => limit.unwrap_or(Paging::MOST).min(Paging::MOST),
        };
        if let Some(name) = paging.filter.keys().find(|name| !R::FIELDS.contains(&name.as_str())) {
            return Err(Error::Filter { name: name.clone(), known: R::FIELDS });
        }
        let looked_at = if paging.filter.is_empty() { limit } else { Paging::LOOKED_AT };
        // One more tells whether there is a next page.
        let rows = self.0.range(&prefix.0, after.as_deref(), direction, looked_at + 1)?;
        let (mut items, mut last) = (Vec::new(), None);
        for (place, (key, row)) in rows.iter().enumerate() {
            if items.len() == limit || place == looked_at {
                return Ok(Page { items, next: last.map(|key| cursor(prefix, key)) });
            }
            last = Some(key);
            if paging.filter.is_empty() || is_meant(row, &paging.filter)? {
                items.push(serde_json::from_slice(row)?);
            }
        }
        Ok(Page { items, next: None })
    }
}

/// Whether a row has these values.
fn is_meant(row: &[u8], filter: &BTreeMap<String, Value>) -> Result<bool, Error> {
    let row: Value = serde_json::from_slice(row)?;
    Ok(filter.iter().all(|(name, value)| same(&row[name], value)))
}

/// Whether two values say the same: numbers and bytes are written in several ways.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => match (a.parse::<U256>(), b.parse::<U256>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a.eq_ignore_ascii_case(b),
        },
        (Value::String(text), Value::Number(number)) | (Value::Number(number), Value::String(text)) => {
            number.as_u64().is_some_and(|number| text.parse::<U256>().is_ok_and(|text| text == U256::from(number)))
        }
        _ => a == b,
    }
}

/// What marks a key as one that a question was answered with, bytes.
const MARK: usize = 4;

fn mark(key: &[u8]) -> B256 {
    keccak256(key)
}

/// The end of a key, beyond what all answers to a question begin with, and the mark of the whole.
fn cursor(prefix: &Key, key: &[u8]) -> String {
    hex::encode([&key[prefix.0.len()..], &mark(key)[..MARK]].concat())
}

/// The key that a cursor stands for.
fn after(prefix: &Key, cursor: &str) -> Result<Vec<u8>, Error> {
    let bytes = hex::decode(cursor).ok().filter(|bytes| bytes.len() > MARK && bytes.len() <= 128).ok_or(Error::Cursor)?;
    let (rest, marked) = bytes.split_at(bytes.len() - MARK);
    let key = [prefix.0.as_slice(), rest].concat();
    if mark(&key)[..MARK] == *marked { Ok(key) } else { Err(Error::Cursor) }
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

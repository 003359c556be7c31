//! Sets: what the store's storage says of them, in both directions.

use super::{
    call::{Call, Step, Stop, fail},
    shards::{Shard, next_root, shard_address},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use tributary_attribution::rows::Layout;
use tributary_contracts::{
    IAttributionErrors::{DamagedShard, RowOutOfRange, SetFull, UnknownSet, UnknownVersion, WrongKind},
    slots::attribution_store,
};

/// Slots that [`Set::load`] reads.
pub(super) const SET_SLOTS: u64 = 3;

/// Largest payload of one append, and so the largest document.
pub(super) const MAX_PAYLOAD: usize = 128 * 1024;

/// More payload bytes than this no set has, whatever its limit: its rows are fewer than 2³² then.
const MAX_SET_BYTES: u64 = 1 << 32;

/// Beyond this, a set has versions that a slot of statuses cannot hold; with its shards and rows, it is what only a call pretends.
const MAX_VERSION: u64 = 1 << 55;

/// What the rows of a set are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum Kind {
    Sketch = 1,
    Text = 2,
}

/// What a set is made for; it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Terms {
    pub(super) kind: Kind,
    /// Values of a row; 0 for text.
    pub(super) dim: u16,
    pub(super) labelled: bool,
    /// Least and greatest exponent of a row; 0 for text.
    pub(super) band: (u8, u8),
}

impl Terms {
    pub(super) const TEXT: Self = Self { kind: Kind::Text, dim: 0, labelled: false, band: (0, 0) };

    /// How rows of sketches are written; nothing for text, or a dimension that only a call's pretence gives.
    pub(super) fn layout(&self) -> Option<Layout> {
        Layout::new(self.dim.into(), self.labelled).ok().filter(|_| self.kind == Kind::Sketch)
    }
}

/// A set as its owner made it and as far as it has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) id: U256,
    pub(super) owner: Address,
    pub(super) terms: Terms,
    /// Rows that were ever changed, all of them listed.
    pub(super) changed: u32,
    pub(super) shards: u64,
    pub(super) rows: u64,
    /// Bytes of all payloads as they were appended.
    pub(super) size: u64,
    pub(super) version: u64,
    pub(super) root: B256,
}

impl Set {
    /// The set of this id.
    pub(super) fn load(call: &mut Call<'_>, id: U256) -> Step<Self> {
        match Self::read(id, |slot| call.load(slot))? {
            Some(set) => Ok(set),
            None => fail(UnknownSet { setId: id }),
        }
    }

    /// The set of this id, if there is one, from slots of the store's account.
    pub(super) fn read(id: U256, mut slot: impl FnMut(U256) -> Step<U256>) -> Step<Option<Self>> {
        let [terms, growth, root] = attribution_store::set(id);
        let terms: [u8; 32] = slot(terms)?.to_be_bytes();
        let kind = match terms[11] {
            0 => return Ok(None),
            1 => Kind::Sketch,
            2 => Kind::Text,
            kind => return Err(Stop::Fatal(format!("set {id} is of unknown kind {kind}"))),
        };
        let [shards, rows, size, version] = slot(growth)?.into_limbs();
        Ok(Some(Self {
            id,
            owner: Address::from_slice(&terms[12..]),
            terms: Terms { kind, dim: u16::from_be_bytes([terms[9], terms[10]]), labelled: terms[8] != 0, band: (terms[7], terms[6]) },
            changed: u32::from_be_bytes([terms[2], terms[3], terms[4], terms[5]]),
            shards,
            rows,
            size,
            version,
            root: B256::from(slot(root)?),
        }))
    }

    /// As [`Set::load`], of the kind that the function is for.
    pub(super) fn load_kind(call: &mut Call<'_>, id: U256, kind: Kind) -> Step<Self> {
        let set = Self::load(call, id)?;
        if set.terms.kind != kind {
            return fail(WrongKind { setId: id, kind: set.terms.kind as u8 });
        }
        Ok(set)
    }

    /// Gives a new set the next id.
    pub(super) fn create(call: &mut Call<'_>, owner: Address, terms: Terms) -> Step<U256> {
        let id = call.load(U256::ZERO)? + U256::ONE;
        call.save(U256::ZERO, id)?;
        let set = Self { id, owner, terms, changed: 0, shards: 0, rows: 0, size: 0, version: 1, root: B256::ZERO };
        set.save_terms(call)?;
        set.save_growth(call)?;
        Ok(id)
    }

    fn save_terms(&self, call: &mut Call<'_>) -> Step<()> {
        let mut terms = [0; 32];
        terms[12..].copy_from_slice(self.owner.as_slice());
        terms[11] = self.terms.kind as u8;
        terms[9..11].copy_from_slice(&self.terms.dim.to_be_bytes());
        terms[8] = self.terms.labelled.into();
        (terms[7], terms[6]) = self.terms.band;
        terms[2..6].copy_from_slice(&self.changed.to_be_bytes());
        call.save(attribution_store::set(self.id)[0], U256::from_be_bytes(terms))
    }

    fn save_growth(&self, call: &mut Call<'_>) -> Step<()> {
        let growth = U256::from_limbs([self.shards, self.rows, self.size, self.version]);
        call.save(attribution_store::set(self.id)[1], growth)
    }

    /// Writes one more shard, of `size` payload bytes as they came, and how far the set has grown by it. Returns its code's hash.
    pub(super) fn append(&mut self, call: &mut Call<'_>, shard: &Shard, size: u64) -> Step<B256> {
        let code = shard.encode();
        let hash = keccak256(&code);
        call.set_code(shard_address(self.id, self.shards), code, hash)?;
        self.shards += 1;
        self.rows += u64::from(shard.rows);
        self.size += size;
        self.version = shard.born;
        self.root = next_root(self.root, hash);
        self.save_growth(call)?;
        call.save(attribution_store::set(self.id)[2], self.root.into())?;
        Ok(hash)
    }

    /// Makes the next version, and returns it.
    pub(super) fn bump(&mut self, call: &mut Call<'_>) -> Step<u64> {
        self.version += 1;
        self.save_growth(call)?;
        Ok(self.version)
    }

    /// Adds a row to the list of those that were changed.
    pub(super) fn list_changed(&mut self, call: &mut Call<'_>, row: u32) -> Step<()> {
        let (slot, within) = (attribution_store::changed_rows(self.id, self.changed / 8), self.changed % 8);
        let word = call.load(slot)? | U256::from(row) << (32 * within as usize);
        call.save(slot, word)?;
        self.changed = self.changed.saturating_add(1);
        self.save_terms(call)
    }

    /// The rows that were changed, in the order of their first change. The caller paid for their slots.
    pub(super) fn changed_rows(&self, call: &mut Call<'_>) -> Step<Vec<u64>> {
        let mut rows = Vec::new();
        for slot in 0..self.changed.div_ceil(8) {
            let word: [u8; 32] = call.load(attribution_store::changed_rows(self.id, slot))?.to_be_bytes();
            let here = (self.changed - 8 * slot).min(8) as usize;
            rows.extend(word.chunks_exact(4).rev().take(here).map(|row| u64::from(u32::from_be_bytes([row[0], row[1], row[2], row[3]]))));
        }
        Ok(rows)
    }

    /// The version that is asked about: `version`, and the newest for 0.
    pub(super) fn at(&self, version: u64) -> Step<u64> {
        if version > self.version {
            return fail(UnknownVersion { setId: self.id, version, newest: self.version });
        }
        Ok(if version == 0 { self.version } else { version })
    }

    /// Refuses a row that the set does not have.
    pub(super) fn require_row(&self, row: u64) -> Step<()> {
        if row >= self.rows {
            return fail(RowOutOfRange { setId: self.id, row, rows: self.rows });
        }
        Ok(())
    }

    /// Refuses more bytes than a set may have, and numbers that no set has. The price of an append covers the slot of the limit.
    pub(super) fn require_room(&self, call: &mut Call<'_>, bytes: u64) -> Step<()> {
        let limit = match call.load(attribution_store::SET_LIMIT.key())? {
            U256::ZERO => attribution_store::SET_BYTES,
            limit => limit.saturating_to::<u64>().min(MAX_SET_BYTES),
        };
        if self.size.saturating_add(bytes) > limit {
            return fail(SetFull { setId: self.id, size: self.size });
        }
        self.require_versions()
    }

    /// Refuses numbers that no set has. A set that is larger than it may be today still has versions.
    pub(super) fn require_versions(&self) -> Step<()> {
        // A shard and a row have at least a byte each.
        if self.size.max(self.shards).max(self.rows) <= MAX_SET_BYTES && self.version < MAX_VERSION {
            return Ok(());
        }
        fail(SetFull { setId: self.id, size: self.size })
    }

    /// The hash of a shard's code, which is there.
    pub(super) fn shard_hash(&self, call: &mut Call<'_>, index: u64) -> Step<B256> {
        match call.peek_hash(shard_address(self.id, index))? {
            Some(hash) => Ok(hash),
            None => self.damaged(index),
        }
    }

    /// A shard, and its code's hash.
    pub(super) fn shard(&self, call: &mut Call<'_>, index: u64) -> Step<(Shard, B256)> {
        let (code, hash): (Bytes, B256) = call.peek_code(shard_address(self.id, index))?;
        match Shard::decode(self.terms.kind, &code) {
            Some(shard) => Ok((shard, hash)),
            None => self.damaged(index),
        }
    }

    /// Ends the call: a shard does not hold what it must.
    pub(super) fn damaged<T>(&self, shard: u64) -> Step<T> {
        fail(DamagedShard { setId: self.id, shard })
    }
}

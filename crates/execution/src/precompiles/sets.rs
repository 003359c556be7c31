//! Sets and shards: where they are in state, and their formats in both directions.

use super::call::{Call, Step, Stop, fail};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use tributary_contracts::{
    IAttributionErrors::{RowOutOfRange, UnknownSet, WrongKind},
    slots::attribution_store,
};

/// One slot read as if cold. Charged whether or not it is (EIP-2929's price).
pub(super) const SLOT_GAS: u64 = 2_100;

/// Slots that [`Set::load`] reads.
pub(super) const SET_SLOTS: u64 = 3;

/// Largest payload of one shard, and so the largest document.
pub(super) const MAX_PAYLOAD: usize = 128 * 1024;

/// Rows in one word of the bitmap.
const ROWS_PER_WORD: u64 = 256;

/// Bytes before a shard's payload.
const HEADER: usize = 12;

/// 0xEF code can be deployed by nobody (EIP-3541); A701 tells it from EIP-7702's EF01.
const MAGIC: [u8; 3] = [0xEF, 0xA7, 0x01];

/// What the rows of a set are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Kind {
    Sketch = 1,
    Text = 2,
}

/// A set as its owner made it and as far as it has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) id: U256,
    pub(super) owner: Address,
    pub(super) kind: Kind,
    /// Values of a row; 0 for text.
    pub(super) dim: u16,
    pub(super) labelled: bool,
    pub(super) shards: u64,
    pub(super) rows: u64,
    /// Payload bytes of all shards.
    pub(super) size: u64,
    pub(super) root: B256,
}

impl Set {
    /// The set of this id.
    pub(super) fn load(call: &mut Call<'_>, id: U256) -> Step<Self> {
        let [terms, growth, root] = attribution_store::set(id);
        let terms = call.load(terms)?;
        let kind = match terms.byte(20) {
            0 => return fail(UnknownSet { setId: id }),
            1 => Kind::Sketch,
            2 => Kind::Text,
            kind => return Err(Stop::Fatal(format!("set {id} is of unknown kind {kind}"))),
        };
        let growth = call.load(growth)?.into_limbs();
        Ok(Self {
            id,
            owner: Address::from_word(B256::from(terms)),
            kind,
            dim: u16::from_be_bytes([terms.byte(22), terms.byte(21)]),
            labelled: terms.byte(23) != 0,
            shards: growth[0],
            rows: growth[1],
            size: growth[2],
            root: B256::from(call.load(root)?),
        })
    }

    /// As [`Set::load`], of the kind that the function is for.
    pub(super) fn load_kind(call: &mut Call<'_>, id: U256, kind: Kind) -> Step<Self> {
        let set = Self::load(call, id)?;
        if set.kind != kind {
            return fail(WrongKind { setId: id, kind: set.kind as u8 });
        }
        Ok(set)
    }

    /// Gives a new set the next id.
    pub(super) fn create(call: &mut Call<'_>, owner: Address, kind: Kind, dim: u16, labelled: bool) -> Step<U256> {
        let id = call.load(U256::ZERO)? + U256::ONE;
        call.save(U256::ZERO, id)?;
        let mut terms = [0; 32];
        terms[12..].copy_from_slice(owner.as_slice());
        terms[11] = kind as u8;
        terms[9..11].copy_from_slice(&dim.to_be_bytes());
        terms[8] = labelled.into();
        call.save(attribution_store::set(id)[0], U256::from_be_bytes(terms))?;
        Ok(id)
    }

    /// Writes one more shard and how far the set has grown by it.
    pub(super) fn append(&mut self, call: &mut Call<'_>, shard: &Shard) -> Step<()> {
        let code = shard.encode();
        let hash = keccak256(&code);
        call.set_code(shard_address(self.id, self.shards), code, hash)?;
        self.shards += 1;
        self.rows += u64::from(shard.rows);
        self.size += shard.payload.len() as u64;
        self.root = next_root(self.root, hash);
        let [_, growth, root] = attribution_store::set(self.id);
        call.save(growth, U256::from_limbs([self.shards, self.rows, self.size, 0]))?;
        call.save(root, self.root.into())
    }

    /// Bytes of a row in a payload of sketches.
    pub(super) fn row_length(&self) -> usize {
        1 + 2 * usize::from(self.labelled) + usize::from(self.dim)
    }

    /// How many rows a query counts: `up_to`, and all for 0.
    pub(super) fn counted(&self, up_to: u64) -> Step<u64> {
        if up_to > self.rows {
            return fail(RowOutOfRange { setId: self.id, row: up_to, rows: self.rows });
        }
        Ok(if up_to == 0 { self.rows } else { up_to })
    }

    /// Refuses a row that the set does not have.
    pub(super) fn require_row(&self, row: u64) -> Step<()> {
        if row >= self.rows {
            return fail(RowOutOfRange { setId: self.id, row, rows: self.rows });
        }
        Ok(())
    }

    /// Shard `index`, with its code's hash.
    pub(super) fn shard(&self, call: &mut Call<'_>, index: u64) -> Step<(Shard, B256)> {
        let (code, hash) = call.peek_code(shard_address(self.id, index))?;
        let shard = Shard::decode(self.kind, code);
        let shard = shard.ok_or_else(|| Stop::Fatal(format!("shard {index} of set {} is not one", self.id)))?;
        Ok((shard, hash))
    }
}

/// The running root after one more shard.
pub(super) fn next_root(root: B256, code_hash: B256) -> B256 {
    keccak256([root.0, code_hash.0].concat())
}

/// Where a shard is.
pub(super) fn shard_address(id: U256, index: u64) -> Address {
    let preimage = [b"tributary/shard".as_slice(), &id.to_be_bytes::<32>(), &index.to_be_bytes()].concat();
    Address::from_word(keccak256(preimage))
}

/// A word of the bitmap of rows that do not count, and the row's bit in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActivityBit {
    /// Which 256 rows.
    pub(super) word: u64,
    bit: usize,
}

impl ActivityBit {
    pub(super) fn of(row: u64) -> Self {
        Self { word: row / ROWS_PER_WORD, bit: (row % ROWS_PER_WORD) as usize }
    }

    pub(super) fn load(self, call: &mut Call<'_>, set: U256) -> Step<U256> {
        call.load(self.slot(set))
    }

    pub(super) fn save(self, call: &mut Call<'_>, set: U256, word: U256) -> Step<()> {
        call.save(self.slot(set), word)
    }

    /// Whether the row counts.
    pub(super) fn is_active(self, word: U256) -> bool {
        !word.bit(self.bit)
    }

    /// The word with the row's bit changed.
    pub(super) fn set(self, mut word: U256, active: bool) -> U256 {
        word.set_bit(self.bit, !active);
        word
    }

    fn slot(self, set: U256) -> U256 {
        attribution_store::inactive_rows(set, self.word)
    }
}

/// What one `append` wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) kind: Kind,
    pub(super) contributor: u32,
    pub(super) rows: u32,
    pub(super) payload: Bytes,
}

impl Shard {
    /// The shard as the code of an account.
    fn encode(&self) -> Bytes {
        let mut code = Vec::with_capacity(HEADER + self.payload.len());
        code.extend(MAGIC);
        code.push(self.kind as u8);
        code.extend(self.contributor.to_be_bytes());
        code.extend(self.rows.to_be_bytes());
        code.extend(&self.payload);
        code.into()
    }

    fn decode(kind: Kind, code: Bytes) -> Option<Self> {
        let (header, _) = code.split_first_chunk::<HEADER>()?;
        let [a, b, c, found, contributor @ .., r0, r1, r2, r3] = *header;
        if [a, b, c] != MAGIC || found != kind as u8 {
            return None;
        }
        Some(Self {
            kind,
            contributor: u32::from_be_bytes(contributor),
            rows: u32::from_be_bytes([r0, r1, r2, r3]),
            payload: code.slice(HEADER..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    #[test]
    fn a_shard_is_its_header_and_its_payload_and_reads_back() {
        let payload = Bytes::from_static(b"text");
        let shard = Shard { kind: Kind::Text, contributor: 0x0102_0304, rows: 1, payload };
        let code = shard.encode();
        assert_eq!(code[..], hex!("efa701 02 01020304 00000001 74657874"));
        assert_eq!(Shard::decode(Kind::Text, code.clone()), Some(shard));
        assert_eq!(Shard::decode(Kind::Sketch, code.clone()), None);
        assert_eq!(Shard::decode(Kind::Text, code.slice(..HEADER - 1)), None);
    }

    #[test]
    fn a_shard_is_at_the_hash_of_its_set_and_index() {
        let preimage = hex!(
            "7472696275746172792f7368617264"
            "0000000000000000000000000000000000000000000000000000000000000001"
            "0000000000000203"
        );
        assert_eq!(shard_address(U256::ONE, 0x0203), Address::from_slice(&keccak256(preimage)[12..]));
    }

    #[test]
    fn a_bit_that_is_not_set_is_an_active_row() {
        let row = ActivityBit::of(256 + 7);
        assert_eq!(row.word, 1);
        assert!(row.is_active(U256::ZERO));
        let word = row.set(U256::ZERO, false);
        assert_eq!(word, U256::from(128));
        assert!(!row.is_active(word));
        assert_eq!(row.set(word, true), U256::ZERO);
    }
}

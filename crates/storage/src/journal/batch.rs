//! The journal's format, version 1: `"TJ1\n" ‖ salt u64 ‖ length u32 ‖ CRC-32 u32 ‖ records`, where the checksum is of
//! `segment u64 ‖ salt u64 ‖ offset u64 ‖ records`. Numbers are big-endian.
//!
//! The salt is chosen at random for each segment, so that neither bytes left over from another place nor a batch that somebody wrote into a
//! transaction are taken for one of its batches.

use super::JournalEntry;
use alloy_primitives::{B256, Bytes};
use std::{
    hash::{BuildHasher, RandomState},
    io,
};

const MAGIC: &[u8; 4] = b"TJ1\n";
const HEADER: usize = 20;

/// What a journal is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// The block was opened: `0 ‖ parent ‖ length u32 ‖ attributes`.
    Open { parent: B256, attributes: Bytes },
    /// A transaction was executed: `1 ‖ result ‖ position u32 ‖ length u32 ‖ transaction`.
    Entry(JournalEntry),
}

impl Record {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let bytes = match self {
            Self::Open { parent, attributes } => {
                out.push(0);
                out.extend_from_slice(parent.as_slice());
                attributes
            }
            Self::Entry(JournalEntry { position, raw, result }) => {
                out.push(1);
                out.extend_from_slice(result.as_slice());
                out.extend_from_slice(&position.to_be_bytes());
                raw
            }
        };
        // A batch as a whole is refused if it is longer than that; see `frame`.
        out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        out.extend_from_slice(bytes);
    }

    /// Takes a record off the front of `bytes`; `None` when it is malformed.
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let [kind] = take(bytes)?;
        let hash = B256::from(take::<32>(bytes)?);
        match kind {
            0 => Some(Self::Open { parent: hash, attributes: take_bytes(bytes)? }),
            1 => {
                let position = u32::from_be_bytes(take(bytes)?);
                Some(Self::Entry(JournalEntry { position, raw: take_bytes(bytes)?, result: hash }))
            }
            _ => None,
        }
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

fn take_bytes(bytes: &mut &[u8]) -> Option<Bytes> {
    let length = u32::from_be_bytes(take(bytes)?) as usize;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Bytes::copy_from_slice(taken))
}

/// The end of a segment: where its next batch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) segment: u64,
    pub(super) salt: u64,
    /// Length of its whole batches, in bytes.
    pub(super) offset: u64,
}

impl End {
    /// The end of a segment that has nothing yet.
    pub(super) fn new(segment: u64) -> Self {
        // The one source of randomness in the standard library; it need only be unpredictable.
        Self { segment, salt: RandomState::new().hash_one(segment), offset: 0 }
    }

    /// A batch of encoded records as it is written here. The segment then ends behind it.
    ///
    /// # Errors
    /// When it is 4 GiB or longer.
    pub(super) fn extend(&mut self, records: &[u8]) -> io::Result<Vec<u8>> {
        let length = u32::try_from(records.len()).map_err(|_| io::Error::other("a journal batch of 4 GiB"))?;
        let mut batch = Vec::with_capacity(HEADER + records.len());
        batch.extend_from_slice(MAGIC);
        batch.extend_from_slice(&self.salt.to_be_bytes());
        batch.extend_from_slice(&length.to_be_bytes());
        batch.extend_from_slice(&self.checksum(records).to_be_bytes());
        batch.extend_from_slice(records);
        self.offset += batch.len() as u64;
        Ok(batch)
    }

    /// The records of the batch that begins here and its length; `None` when there is no whole one.
    fn batch(&self, bytes: &[u8]) -> Option<(Vec<Record>, u64)> {
        let mut rest = bytes.get(self.offset as usize..)?.strip_prefix(MAGIC)?;
        let salt = u64::from_be_bytes(take(&mut rest)?);
        let length = u32::from_be_bytes(take(&mut rest)?) as usize;
        let checksum = u32::from_be_bytes(take(&mut rest)?);
        let mut payload = rest.get(..length)?;
        if salt != self.salt || checksum != self.checksum(payload) {
            return None;
        }
        let mut records = Vec::new();
        while !payload.is_empty() {
            records.push(Record::decode(&mut payload)?);
        }
        Some((records, (HEADER + length) as u64))
    }

    fn checksum(&self, records: &[u8]) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        for number in [self.segment, self.salt, self.offset] {
            crc.update(&number.to_be_bytes());
        }
        crc.update(records);
        crc.finalize()
    }
}

/// Reads a segment up to the first batch that is not whole: its records and its end, behind which is a torn tail if anything.
///
/// # Errors
/// The offset of that batch, when a whole batch follows it: each is synced before the next is written, so this one was whole once.
pub(super) fn parse(segment: u64, bytes: &[u8]) -> Result<(Vec<Record>, End), u64> {
    let salt = bytes.get(MAGIC.len()..).and_then(|bytes| bytes.first_chunk()).map_or(0, |salt| u64::from_be_bytes(*salt));
    let mut end = End { segment, salt, offset: 0 };
    let mut records = Vec::new();
    while let Some((batch, length)) = end.batch(bytes) {
        records.extend(batch);
        end.offset += length;
    }
    let whole = |offset: &u64| bytes[*offset as usize..].starts_with(MAGIC) && End { offset: *offset, ..end }.batch(bytes).is_some();
    if (end.offset + 1..bytes.len() as u64).any(|offset| whole(&offset)) { Err(end.offset) } else { Ok((records, end)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: u32) -> Record {
        Record::Entry(JournalEntry { position, raw: vec![position as u8; 40].into(), result: B256::repeat_byte(position as u8) })
    }

    fn segment(batches: &[Vec<Record>]) -> Vec<u8> {
        let mut end = End { segment: 7, salt: 0x0102_0304_0506_0708, offset: 0 };
        let batch = |batch: &Vec<Record>| {
            let mut records = Vec::new();
            batch.iter().for_each(|record| record.encode(&mut records));
            end.extend(&records).unwrap()
        };
        batches.iter().flat_map(batch).collect()
    }

    #[test]
    fn records_read_back_across_batches() {
        let open = Record::Open { parent: B256::repeat_byte(9), attributes: vec![1, 2, 3].into() };
        let bytes = segment(&[vec![open.clone(), entry(0)], vec![entry(1)]]);
        let (records, end) = parse(7, &bytes).unwrap();
        assert_eq!(records, [open, entry(0), entry(1)]);
        assert_eq!(end.offset, bytes.len() as u64);
    }

    #[test]
    fn a_batch_cut_anywhere_vanishes_whole() {
        let first = segment(&[vec![entry(0)]]);
        let both = segment(&[vec![entry(0)], vec![entry(1), entry(2)]]);
        for cut in first.len()..both.len() {
            let (records, end) = parse(7, &both[..cut]).unwrap();
            assert_eq!(records, [entry(0)]);
            assert_eq!(end.offset, first.len() as u64);
        }
    }

    #[test]
    fn damage_before_a_whole_batch_is_an_error_and_after_it_a_torn_tail() {
        let first = segment(&[vec![entry(0)]]).len();
        let both = segment(&[vec![entry(0)], vec![entry(1)]]);
        // The salt of the first batch is what the others are known by.
        for at in (0..4).chain(12..both.len()) {
            let mut damaged = both.clone();
            damaged[at] ^= 0x10;
            match parse(7, &damaged) {
                Err(offset) => assert!(at < first && offset == 0),
                Ok((_, end)) => assert!(at >= first && end.offset == first as u64),
            }
        }
    }

    #[test]
    fn a_batch_of_another_segment_is_not_read() {
        assert_eq!(parse(8, &segment(&[vec![entry(0)]])).unwrap().0, []);
    }

    #[test]
    fn a_batch_inside_a_torn_transaction_is_not_taken_for_one() {
        let mut inner = End { segment: 7, salt: 1, offset: 20 + 41 };
        let mut records = Vec::new();
        entry(5).encode(&mut records);
        let forged = inner.extend(&records).unwrap();
        let outer = Record::Entry(JournalEntry { position: 0, raw: forged.into(), result: B256::ZERO });
        let mut torn = segment(&[vec![outer]]);
        *torn.last_mut().unwrap() ^= 1;
        // The forged batch lies where it says that it lies; only the salt is not the segment's.
        assert_eq!(&torn[61..65], MAGIC);
        torn.push(0);
        let (records, end) = parse(7, &torn).unwrap();
        assert_eq!((records, end.offset), (vec![], 0));
    }
}

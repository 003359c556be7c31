//! How records are written, format 2: `"TJ2\n" ‖ salt u64 ‖ length u32 ‖ CRC-32 u32 ‖ records`, where the checksum is of
//! `segment u64 ‖ salt u64 ‖ offset u64 ‖ records`. Numbers are big-endian.
//!
//! The salt is chosen at random for each segment, so that neither bytes left over from another place nor a batch that somebody wrote into a
//! transaction are taken for one of its batches.

use crate::Record;
use std::{
    hash::{BuildHasher, RandomState},
    io,
};

/// This format's number.
pub(crate) const FORMAT: u8 = 2;

const MAGIC: &[u8; 4] = b"TJ2\n";
const HEADER: usize = 20;

/// A record and how many bytes it takes.
pub(crate) type Sized = (Record, u64);

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

/// The end of a segment: where its next batch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) segment: u64,
    pub(crate) salt: u64,
    /// Length of its whole batches, in bytes.
    pub(crate) offset: u64,
}

impl End {
    /// The end of a segment that has nothing yet.
    pub(crate) fn new(segment: u64) -> Self {
        // The one source of randomness in the standard library; it need only be unpredictable.
        Self { segment, salt: RandomState::new().hash_one(segment), offset: 0 }
    }

    /// A batch of encoded records as it is written here. The segment then ends behind it.
    ///
    /// # Errors
    /// When it is 4 GiB or longer.
    pub(crate) fn extend(&mut self, records: &[u8]) -> io::Result<Vec<u8>> {
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
    fn batch(&self, bytes: &[u8]) -> Option<(Vec<Sized>, u64)> {
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
            let before = payload.len();
            let record = Record::decode(&mut payload)?;
            records.push((record, (before - payload.len()) as u64));
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

/// The format that a segment was written in, when it is another than this one.
pub(crate) fn other_format(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'T', b'J', digit @ b'0'..=b'9', b'\n', ..] => Some(digit - b'0').filter(|format| *format != FORMAT),
        _ => None,
    }
}

/// Reads a segment up to the first batch that is not whole: its records and its end, behind which is a torn tail if anything.
///
/// # Errors
/// The offset of that batch, when a whole batch follows it: each is synced before the next is written, so this one was whole once.
pub(crate) fn parse(segment: u64, bytes: &[u8]) -> Result<(Vec<Sized>, End), u64> {
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
    use crate::JournalTransaction;
    use alloy_primitives::B256;

    fn entry(position: u8) -> Record {
        Record::Dropped(B256::repeat_byte(position))
    }

    fn records(parsed: Vec<Sized>) -> Vec<Record> {
        parsed.into_iter().map(|(record, _)| record).collect()
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
        let sealed = Record::Sealed { number: 3, hash: B256::repeat_byte(9) };
        let bytes = segment(&[vec![sealed.clone(), entry(0)], vec![entry(1)]]);
        let (parsed, end) = parse(7, &bytes).unwrap();
        assert_eq!(parsed.iter().map(|(_, length)| length).sum::<u64>(), bytes.len() as u64 - 2 * HEADER as u64);
        assert_eq!(records(parsed), [sealed, entry(0), entry(1)]);
        assert_eq!(end.offset, bytes.len() as u64);
    }

    #[test]
    fn a_batch_cut_anywhere_vanishes_whole() {
        let first = segment(&[vec![entry(0)]]);
        let both = segment(&[vec![entry(0)], vec![entry(1), entry(2)]]);
        for cut in first.len()..both.len() {
            let (parsed, end) = parse(7, &both[..cut]).unwrap();
            assert_eq!(records(parsed), [entry(0)]);
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
        // Header, kind, the list's length, the hash, the string's length.
        let at = HEADER + 1 + 2 + 33 + 1;
        let mut inner = End { segment: 7, salt: 1, offset: at as u64 };
        let mut forged = Vec::new();
        entry(5).encode(&mut forged);
        let forged = inner.extend(&forged).unwrap();
        let outer = Record::Queued(JournalTransaction { hash: B256::ZERO, raw: forged.into() });
        let mut torn = segment(&[vec![outer]]);
        *torn.last_mut().unwrap() ^= 1;
        // The forged batch lies where it says that it lies; only the salt is not the segment's.
        assert_eq!(&torn[at..at + 4], MAGIC);
        torn.push(0);
        let (parsed, end) = parse(7, &torn).unwrap();
        assert_eq!((records(parsed), end.offset), (vec![], 0));
    }

    #[test]
    fn a_segment_of_another_format_is_told_by_its_first_bytes() {
        assert_eq!(other_format(&segment(&[vec![entry(0)]])), None);
        assert_eq!(other_format(b"TJ3\n..."), Some(3));
        assert_eq!(other_format(b"torn"), None);
    }
}

//! Tables from keys to values of 32 bits.

use super::sections::{Numbers, number};
use alloy_primitives::bytes::Bytes;
use std::cmp::Ordering;
use std::ops::{Range, RangeInclusive};

/// Bits of the directory of a table of so many entries: a few entries for each of its own.
pub(super) fn bits_for(count: usize) -> u32 {
    (count / 4).max(1).ilog2().min(26)
}

/// Entries sorted by key, and a directory by the first bits of keys.
#[derive(Debug, Clone)]
pub(super) struct Table {
    entries: Bytes,
    starts: Numbers,
    bits: u32,
}

impl Table {
    /// A table; nothing when the directory has not the form of one.
    pub(super) fn open(entries: Bytes, starts: Numbers) -> Option<Self> {
        let buckets = starts.len().checked_sub(1)?;
        let whole = buckets.is_power_of_two() && starts.get(buckets)? as usize == entries.len() / 8;
        whole.then(|| Self { entries, starts, bits: buckets.ilog2() })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() / 8
    }

    /// An entry's key and value.
    pub(super) fn get(&self, at: usize) -> Option<(u32, u32)> {
        Some((number(&self.entries, 8 * at)?, number(&self.entries, 8 * at + 4)?))
    }

    /// The value of an entry.
    pub(super) fn value(&self, at: usize) -> Option<u32> {
        number(&self.entries, 8 * at + 4)
    }

    /// The entries with these keys, which are one or differ in the lowest bit.
    pub(super) fn find(&self, keys: RangeInclusive<u32>) -> Range<usize> {
        let (least, most) = keys.into_inner();
        let bucket = (u64::from(least) << self.bits >> 32) as usize;
        let (Some(from), Some(to)) = (self.starts.get(bucket), self.starts.get(bucket + 1)) else { return 0..0 };
        let key_of = |at| number(&self.entries, 8 * at).unwrap_or(u32::MAX);
        let from = first(from as usize..to as usize, |at| key_of(at) >= least);
        from..first(from..to as usize, |at| key_of(at) > most)
    }

    /// Keys and values of a range of entries; none where that is not in the table.
    pub(super) fn entries(&self, range: Range<usize>) -> impl Iterator<Item = (u32, u32)> + '_ {
        let (entries, _) = self.entries.as_chunks::<8>();
        let entries = entries.get(range).unwrap_or_default().iter();
        entries.map(|&[a, b, c, d, e, f, g, h]| (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])))
    }

    /// The entries of `equal` whose values are, by `order`, what is looked for; values that are equal by it lie together, in its order.
    pub(super) fn narrow(&self, equal: Range<usize>, order: impl Fn(u32) -> Ordering) -> Range<usize> {
        let order = |at| self.value(at).map_or(Ordering::Greater, &order);
        // As a rule, what has one key is one thing: its ends are.
        let all = equal.end.checked_sub(1).is_some_and(|last| order(equal.start).is_eq() && (last == equal.start || order(last).is_eq()));
        if all {
            return equal;
        }
        let from = first(equal.clone(), |at| order(at).is_ge());
        from..first(from..equal.end, |at| order(at).is_gt())
    }
}

/// The first of `range` from which on `holds` is true; its end if that is never.
pub(super) fn first(mut range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    while range.start < range.end {
        let middle = range.start + (range.end - range.start) / 2;
        if holds(middle) {
            range.end = middle;
        } else {
            range.start = middle + 1;
        }
    }
    range.start
}

//! Tables from keys to values of 32 bits.

use super::sections::{Numbers, number};
use alloy_primitives::bytes::Bytes;
use std::cmp::Ordering;
use std::ops::Range;

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

    /// The entries with this key.
    pub(super) fn find(&self, key: u32) -> Range<usize> {
        let bucket = (u64::from(key) << self.bits >> 32) as usize;
        let (Some(from), Some(to)) = (self.starts.get(bucket), self.starts.get(bucket + 1)) else { return 0..0 };
        let key_of = |at| number(&self.entries, 8 * at).unwrap_or(u32::MAX);
        let from = first(from as usize..to as usize, |at| key_of(at) >= key);
        from..first(from..to as usize, |at| key_of(at) > key)
    }

    /// The entries of `equal` whose values are, by `order`, what is looked for; values that are equal by it lie together, in its order.
    pub(super) fn narrow(&self, equal: Range<usize>, order: impl Fn(u32) -> Ordering) -> Range<usize> {
        let order = |at| self.value(at).map_or(Ordering::Greater, &order);
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

//! Parts made one, so that a query never has to look into many.

use super::{
    Rows, SetIndex,
    part::{IndexPart, PartWriter},
};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use tributary_attribution::text::frozen;

/// Parts are not told apart below this size, bytes.
const SMALL: u64 = 256 << 10;
/// Each part stays this many times larger than all newer ones together.
const GROWTH: u64 = 2;

/// The newest parts that are to be made one, from their sizes in bytes, the oldest first; nothing when all is well.
///
/// What is left grows from part to part, so that their number is logarithmic in what is indexed, and so is how often a row is written again.
#[must_use]
pub fn to_merge(sizes: &[u64]) -> Option<Range<usize>> {
    let (mut first, mut sum) = (sizes.len().checked_sub(1)?, 0);
    for (at, size) in sizes.iter().enumerate().rev() {
        if at + 1 < sizes.len() && (*size).max(SMALL) > GROWTH * sum {
            break;
        }
        first = at;
        sum += (*size).max(SMALL);
    }
    (first + 1 < sizes.len()).then_some(first..sizes.len())
}

/// Writes the newest parts, those from `first` on, as one. What the index answers stays what it is.
///
/// # Errors
/// Those of `out`; [`io::ErrorKind::InvalidData`] when what parts hold contradicts itself.
pub fn merge(parts: &[Arc<IndexPart>], first: usize, out: impl Write) -> io::Result<()> {
    let sets: BTreeSet<_> = parts.get(first..).unwrap_or_default().iter().flat_map(|part| part.sets()).collect();
    let mut writer = PartWriter::new(out);
    for (id, terms) in sets {
        let index = SetIndex::of_parts(id, terms, parts);
        let here = index.frozen.partition_point(|frozen| frozen.part < first);
        let Some(from) = index.frozen.get(here).map(|frozen| frozen.set.first_shard()) else { continue };
        let marks = (from..index.shards()).filter_map(|shard| index.mark_of(shard));
        writer.set((id, terms), from, marks, |out| match &index.rows {
            Rows::Text(texts) => frozen::merge(texts.below(), here..index.frozen.len(), out),
            Rows::Sketches { frozen, .. } => frozen.iter().skip(here).try_for_each(|rows| out.write_all(rows)),
        })?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_few_and_rows_are_seldom_written_again() {
        let (mut parts, mut written) = (Vec::<u64>::new(), 0);
        let (count, size) = (4_000, 50_000);
        let mut most = 0;
        for _ in 0..count {
            parts.push(size);
            while let Some(range) = to_merge(&parts) {
                let merged = parts.drain(range).sum();
                parts.push(merged);
                written += merged;
            }
            most = most.max(parts.len());
        }
        assert_eq!(parts.iter().sum::<u64>(), count * size);
        assert!(most <= 8, "{most} parts");
        assert!(written <= 12 * count * size, "{} times", written / (count * size));
        assert_eq!((to_merge(&[]), to_merge(&[7]), to_merge(&[9_000_000, 1_000_000])), (None, None, None));
        assert_eq!((to_merge(&[1, 1]), to_merge(&[9_000_000, 600_000, 500_000])), (Some(0..2), Some(1..3)));
    }
}

//! Who is paid for which row.

use std::collections::BTreeMap;

/// The contributor of each row, numbered densely, so that a sum by contributor is an array.
///
/// Grows at its end, a shard at a time; an older version of the set reads its beginning.
#[derive(Debug, Clone, Default)]
pub struct Contributors {
    ids: Vec<u32>,
    /// By place, the row that the contributor was first named for.
    since: Vec<u64>,
    places: BTreeMap<u32, u32>,
    by_row: Vec<u32>,
}

impl Contributors {
    /// Adds `rows` rows of one contributor.
    pub fn push(&mut self, contributor: u32, rows: u32) {
        if rows == 0 {
            return;
        }
        let place = self.place(contributor, self.rows());
        self.by_row.extend(std::iter::repeat_n(place, rows as usize));
    }

    /// Forgets all rows from `rows` on, and who had no others.
    pub fn truncate(&mut self, rows: u64) {
        self.by_row.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
        while self.since.pop_if(|since| *since >= rows).is_some() {
            if let Some(id) = self.ids.pop() {
                self.places.remove(&id);
            }
        }
    }

    /// Names another contributor for a row; `false` when there is no such row.
    pub fn reassign(&mut self, row: u64, contributor: u32) -> bool {
        let Some(index) = usize::try_from(row).ok().filter(|&row| row < self.by_row.len()) else { return false };
        self.by_row[index] = self.place(contributor, row);
        true
    }

    /// Who is paid for a row.
    #[must_use]
    pub fn of(&self, row: u64) -> Option<u32> {
        let place = self.by_row.get(usize::try_from(row).ok()?)?;
        Some(self.ids[*place as usize])
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.by_row.len() as u64
    }

    fn place(&mut self, contributor: u32, since: u64) -> u32 {
        // There are 2³² numbers, so places fit.
        *self.places.entry(contributor).or_insert_with(|| {
            self.ids.push(contributor);
            self.since.push(since);
            (self.ids.len() - 1) as u32
        })
    }

    pub(crate) fn sums(&self) -> Sums<'_> {
        Sums { contributors: self, sums: vec![0; self.ids.len()] }
    }
}

/// Signed sums by contributor.
#[derive(Debug)]
pub(crate) struct Sums<'a> {
    contributors: &'a Contributors,
    sums: Vec<i128>,
}

impl Sums<'_> {
    /// Adds to the sum of a row's contributor. No sum overflows: fewer than 2³² rows, each below 2⁹³.
    #[inline]
    pub(crate) fn add(&mut self, row: u64, score: i128) {
        self.sums[self.contributors.by_row[row as usize] as usize] += score;
    }

    pub(crate) fn into_pairs(self) -> impl Iterator<Item = (u32, i128)> {
        self.contributors.ids.iter().copied().zip(self.sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_forgotten_leave_nothing_behind() {
        let mut contributors = Contributors::default();
        contributors.push(7, 2);
        let before = format!("{contributors:?}");
        contributors.push(3, 2);
        contributors.push(7, 1);
        contributors.truncate(3);
        assert_eq!([0, 1, 2, 3].map(|row| contributors.of(row)), [Some(7), Some(7), Some(3), None]);
        contributors.truncate(2);
        assert_eq!(format!("{contributors:?}"), before);
    }

    #[test]
    fn a_row_that_was_reassigned_is_summed_for_its_new_contributor() {
        let mut contributors = Contributors::default();
        contributors.push(7, 2);
        contributors.push(3, 1);
        assert!(contributors.reassign(1, u32::MAX) && !contributors.reassign(3, 7));
        assert_eq!([0, 1, 2, 3].map(|row| contributors.of(row)), [Some(7), Some(u32::MAX), Some(3), None]);
        let mut sums = contributors.sums();
        (0..3).for_each(|row| sums.add(row, 1 << row));
        assert_eq!(sums.into_pairs().collect::<Vec<_>>(), [(7, 1), (3, 4), (u32::MAX, 2)]);
    }
}

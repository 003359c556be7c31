//! Ranking: the best of many scores, without sorting them all.

use std::cmp::{Ordering, Reverse};

/// Scores that are held beyond those wanted before the worst are dropped.
const SLACK: usize = 256;

/// Collects scores, of which it keeps the best by (score descending, index ascending).
///
/// Scores of zero are left out; negative ones come after the positive ones. The order is total as
/// long as no index comes twice, so the order of [`Top::push`] does not matter. Each push costs
/// constant time on average, in whatever order scores come.
#[derive(Debug, Clone)]
pub struct Top<I> {
    limit: usize,
    held: Vec<(I, i128)>,
    /// The worst of the best when that was last looked up: what is not better is not held.
    bar: Option<(I, i128)>,
}

impl<I: Copy + Ord> Top<I> {
    /// Keeps `limit` scores, all for 0.
    #[must_use]
    pub fn new(limit: u16) -> Self {
        Self { limit: limit.into(), held: Vec::new(), bar: None }
    }

    /// Takes a score into account.
    #[inline]
    pub fn push(&mut self, index: I, score: i128) {
        // As `order`, whose comparison of the indexes is seldom needed.
        let passes = self.bar.is_none_or(|(last, bar)| score > bar || (score == bar && index < last));
        if passes && score != 0 {
            self.hold(index, score);
        }
    }

    /// The best, in order.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<(I, i128)> {
        self.held.sort_unstable_by(order);
        if self.limit != 0 {
            self.held.truncate(self.limit);
        }
        self.held
    }

    fn hold(&mut self, index: I, score: i128) {
        self.held.push((index, score));
        if self.limit != 0 && self.held.len() == self.limit + self.limit.max(SLACK) {
            let (_, worst, _) = self.held.select_nth_unstable_by(self.limit - 1, order);
            self.bar = Some(*worst);
            self.held.truncate(self.limit);
        }
    }
}

fn order<I: Ord>(a: &(I, i128), b: &(I, i128)) -> Ordering {
    Reverse(a.1).cmp(&Reverse(b.1)).then_with(|| a.0.cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(limit: u16, scores: impl IntoIterator<Item = (u64, i128)>) -> Vec<(u64, i128)> {
        let mut top = Top::new(limit);
        scores.into_iter().for_each(|(index, score)| top.push(index, score));
        top.into_sorted()
    }

    #[test]
    fn ties_go_to_the_lower_index_zeros_are_left_out_and_negative_scores_come_last() {
        let scores = [(0, -5), (1, 3), (2, 0), (3, 9), (4, 3), (5, -1)];
        assert_eq!(top(0, scores), [(3, 9), (1, 3), (4, 3), (5, -1), (0, -5)]);
        assert_eq!(top(2, scores), [(3, 9), (1, 3)]);
        assert_eq!(top(u16::MAX, scores).len(), 5);
    }

    #[test]
    fn the_best_are_those_of_a_full_sort_in_whatever_order_scores_come() {
        let mixed = |n: u64| (0..n).map(|i| (i, i128::from(i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) - 512));
        for limit in [1, 2, 255, 256, 257, 1_000, u16::MAX] {
            let mut rising: Vec<_> = mixed(5_000).collect();
            rising.sort_unstable_by(|a, b| order(b, a));
            let falling = rising.iter().rev().copied();
            let mut sorted: Vec<_> = falling.clone().filter(|&(_, score)| score != 0).collect();
            sorted.truncate(limit.into());
            assert_eq!(top(limit, mixed(5_000)), sorted);
            assert_eq!(top(limit, rising.iter().copied()), sorted);
            assert_eq!(top(limit, falling), sorted);
        }
    }
}

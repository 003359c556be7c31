//! The order of results: best first, ties to the lower index, zeros left out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Pairs of an index and its score, ready to be returned: by score descending, then index
/// ascending; at most `top` of them, all for 0.
pub(super) fn best<I: Ord + Copy, S: Ord + Copy + Default>(scores: impl IntoIterator<Item = (I, S)>, top: u16) -> (Vec<I>, Vec<S>) {
    let nothing = S::default();
    let mut ranked: Vec<(I, S)> = scores.into_iter().filter(|&(_, score)| score != nothing).collect();
    ranked.sort_unstable_by_key(|&(index, score)| (Reverse(score), index));
    if top != 0 {
        ranked.truncate(top.into());
    }
    ranked.into_iter().unzip()
}

/// Sums the scores of rows by the rows' contributors.
pub(super) fn by_contributor<S: std::ops::AddAssign + Default>(
    scores: impl IntoIterator<Item = (u64, S)>,
    contributors: &[u32],
) -> BTreeMap<u32, S> {
    let mut sums: BTreeMap<u32, S> = BTreeMap::new();
    for (row, score) in scores {
        *sums.entry(contributors[row as usize]).or_default() += score;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lower_index_and_negative_scores_come_last() {
        let scores = [(0, -5), (1, 3), (2, 0), (3, 9), (4, 3), (5, -1)];
        assert_eq!(best(scores, 0), (vec![3, 1, 4, 5, 0], vec![9, 3, 3, -1, -5]));
        assert_eq!(best(scores, 2), (vec![3, 1], vec![9, 3]));
    }

    #[test]
    fn contributors_are_summed_over_their_rows() {
        let sums = by_contributor([(0, 1), (2, 10), (1, 5)], &[7, 3, 7]);
        assert_eq!(sums, BTreeMap::from([(3, 5), (7, 11)]));
    }
}

//! kNN-Shapley: the exact Shapley value of each row for a nearest-neighbour classifier.
//!
//! Jia et al. 2019, "Efficient task-specific data valuation for nearest neighbor algorithms",
//! theorem 1, in fixed point.

use super::sketch;
use tributary_attribution::{Error, scan::ShapleyQuery};

/// The value 1 in fixed point: 2⁶².
const ONE: i128 = 1 << 62;

/// One labelled row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelledRow<'a> {
    /// The quantised sketch.
    pub(crate) values: &'a [i8],
    /// Its class.
    pub(crate) label: u16,
    /// Whether the row counts.
    pub(crate) active: bool,
}

/// Values by row in units of 2⁻⁶² (rule 3); `None` where inactive.
///
/// Rows are ranked by (squared distance, row); one floor per rank; the deficit goes to the nearest
/// row, so that the values sum to `floor(2⁶² · matches among the K nearest / K)` exactly.
///
/// # Errors
/// [`Error::ZeroNeighbours`].
pub(crate) fn knn_shapley(rows: &[LabelledRow<'_>], query: ShapleyQuery<'_>) -> Result<Vec<Option<i128>>, Error> {
    if query.neighbours == 0 {
        return Err(Error::ZeroNeighbours);
    }
    let ranked = rank(rows, query.values);
    let mut out = vec![None; rows.len()];
    let matches: Vec<i128> = ranked.iter().map(|&row| i128::from(rows[row].label == query.label)).collect();
    let values = values_by_rank(&matches, i128::from(query.neighbours));
    for (row, value) in ranked.into_iter().zip(values) {
        out[row] = Some(value);
    }
    Ok(out)
}

/// Active rows by (squared distance to the query, row).
fn rank(rows: &[LabelledRow<'_>], query: &[i8]) -> Vec<usize> {
    let mut keyed = Vec::with_capacity(rows.len());
    for (position, row) in rows.iter().enumerate() {
        sketch::check_dimension(position, row.values, query);
        if row.active {
            keyed.push((squared_distance(row.values, query), position));
        }
    }
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, position)| position).collect()
}

/// At most 4,096 · 255² < 2²⁹.
fn squared_distance(a: &[i8], b: &[i8]) -> u32 {
    a.iter().zip(b).map(|(&x, &y)| u32::from(x.abs_diff(y)).pow(2)).sum()
}

fn values_by_rank(matches: &[i128], k: i128) -> Vec<i128> {
    let n = matches.len();
    let mut values = vec![0; n];
    let Some(last) = n.checked_sub(1) else { return values };
    let count = n as i128;
    values[last] = ONE * matches[last] * k.min(count) / (count * k);
    for rank in (1..n).rev() {
        let step = ONE / k.max(rank as i128);
        values[rank - 1] = values[rank] + (matches[rank - 1] - matches[rank]) * step;
    }
    let voters = usize::try_from(k).map_or(n, |k| k.min(n));
    let whole = ONE * matches[..voters].iter().sum::<i128>() / k;
    values[0] += whole - values.iter().sum::<i128>();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_sum_to_the_share_of_matching_neighbours_to_the_unit() {
        for k in 1..9_u16 {
            let values: Vec<[i8; 1]> = (0..7).map(|x| [x * 11 - 30]).collect();
            let rows: Vec<_> =
                values.iter().enumerate().map(|(i, v)| LabelledRow { values: v, label: (i % 2) as u16, active: i != 3 }).collect();
            let query = ShapleyQuery { values: &[2], label: 1, neighbours: k };
            let got = knn_shapley(&rows, query).unwrap();
            let ranked = rank(&rows, query.values);
            let hits = ranked.iter().take(k.into()).filter(|&&row| rows[row].label == 1).count() as i128;
            assert_eq!(got.iter().flatten().sum::<i128>(), ONE * hits / i128::from(k));
            assert_eq!(got[3], None);
        }
    }

    #[test]
    fn no_rows_give_no_values_and_no_neighbours_are_an_error() {
        let query = ShapleyQuery { values: &[1], label: 0, neighbours: 1 };
        assert_eq!(knn_shapley(&[], query), Ok(vec![]));
        assert_eq!(knn_shapley(&[], ShapleyQuery { neighbours: 0, ..query }), Err(Error::ZeroNeighbours));
    }
}

//! kNN-Shapley (rule 3).

use super::{check_contributors, query_for, radix};
use crate::{
    Error,
    contributors::Contributors,
    kernels::Path,
    rows::{BLOCK_ROWS, Block, Rows},
    top::Top,
};

/// The value 1 in fixed point: 2⁶².
const ONE: i128 = 1 << 62;

/// What is asked of labelled rows.
#[derive(Debug, Clone, Copy)]
pub struct ShapleyQuery<'a> {
    /// The sketch of the example to explain.
    pub values: &'a [i8],
    /// Its class.
    pub label: u16,
    /// Neighbours that vote, at least 1.
    pub neighbours: u16,
}

/// A row's key: its squared distance (28 bits), its number (32), and whether its class is the query's (1).
const DISTANCE_SHIFT: u32 = 33;

/// Memory that a scan sorts in, 16 bytes a row. Whoever scans again keeps it, for asking the system for so much takes as long as sorting.
#[derive(Debug, Default)]
pub struct Scratch {
    keys: Vec<u64>,
    other: Vec<u64>,
}

/// Values in units of 2⁻⁶² of the best `top` rows, all for 0.
///
/// Rows are ranked by (squared distance, row); one floor per rank; the deficit goes to the nearest row, so that the values sum to
/// `floor(2⁶² · matches among the K nearest / K)` exactly.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, rows::{Layout, Rows}, scan::{Scratch, ShapleyQuery, knn_shapley}};
///
/// // Exponent, label, values: the nearer row is of the query's class, the other one is not.
/// let near = [&[0, 0, 1][..], &[1; 32]].concat();
/// let far = [&[0, 0, 2][..], &[9; 32]].concat();
/// let stored = [near, far].concat();
/// let rows = Rows::new(Layout::new(32, true)?, [&stored[..]], &[])?;
/// let query = ShapleyQuery { values: &[0; 32], label: 1, neighbours: 1 };
/// assert_eq!(knn_shapley(&rows, query, 0, &mut Scratch::default())?, [(0, 1 << 62)]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::QueryLength`], [`Error::NotLabelled`], [`Error::ZeroNeighbours`].
pub fn knn_shapley(rows: &Rows<'_>, query: ShapleyQuery<'_>, top: u16, scratch: &mut Scratch) -> Result<Vec<(u64, i128)>, Error> {
    let mut best = Top::new(top);
    for_each_value(rank(rows, query, scratch)?, query, |row, value| best.push(row, value));
    Ok(best.into_sorted())
}

/// Signed sums of values by contributor, of the best `top` contributors, all for 0.
///
/// # Errors
/// As [`knn_shapley`], and [`Error::UnknownContributor`].
pub fn knn_shapley_by_contributor(
    rows: &Rows<'_>,
    query: ShapleyQuery<'_>,
    contributors: &Contributors,
    top: u16,
    scratch: &mut Scratch,
) -> Result<Vec<(u32, i128)>, Error> {
    check_contributors(rows, contributors)?;
    let mut sums = contributors.sums();
    for_each_value(rank(rows, query, scratch)?, query, |row, value| sums.add(row, value));
    let mut best = Top::new(top);
    sums.into_pairs().for_each(|(contributor, sum)| best.push(contributor, sum));
    Ok(best.into_sorted())
}

/// The keys of the rows that count, the nearest row first, ties in the order of the rows.
fn rank<'a>(rows: &Rows<'_>, query: ShapleyQuery<'_>, scratch: &'a mut Scratch) -> Result<&'a [u64], Error> {
    if query.neighbours == 0 {
        return Err(Error::ZeroNeighbours);
    }
    if !rows.layout().is_labelled() {
        return Err(Error::NotLabelled);
    }
    let values = query_for(rows, query.values)?;
    let Scratch { keys, other } = scratch;
    let (path, mut distances) = (Path::best(), [0; BLOCK_ROWS]);
    let (mut least, mut most) = (u32::MAX, 0);
    keys.clear();
    keys.reserve(rows.active() as usize);
    for block in rows.blocks() {
        path.squared_distances(&block, &values, &mut distances);
        for &distance in &distances[..block.rows()] {
            (least, most) = (least.min(distance), most.max(distance));
        }
        push_keys(&block, &distances, query.label, keys);
    }
    radix::sort(keys, other, DISTANCE_SHIFT, (least.min(most).into(), most.into()));
    Ok(keys)
}

fn push_keys(block: &Block<'_>, distances: &[u32; BLOCK_ROWS], label: u16, keys: &mut Vec<u64>) {
    for index in block.active() {
        let number = (block.first() + index as u64) << 1 | u64::from(block.label(index) == Some(label));
        keys.push(u64::from(distances[index]) << DISTANCE_SHIFT | number);
    }
}

/// Calls `each` with every row and its value, the farthest row first.
fn for_each_value(ranked: &[u64], query: ShapleyQuery<'_>, mut each: impl FnMut(u64, i128)) {
    let Some(&last) = ranked.last() else { return };
    let (count, k) = (ranked.len() as u64, u64::from(query.neighbours));
    let matches = |key: u64| (key & 1) as i64;
    let row = |key: u64| u64::from((key >> 1) as u32);

    // ONE · match · min(k, n) / (n · k), which is ONE · match / max(k, n).
    let one = ONE as u64;
    let mut value = matches(last) * (one / k.max(count)) as i64;
    let mut sum = i128::from(value);
    // What is added changes its sign every time and grows towards the nearest row, so that values stay within ±2^62.
    for (rank, pair) in ranked.array_windows::<2>().enumerate().rev() {
        each(row(pair[1]), i128::from(value));
        let step = (one / k.max(rank as u64 + 1)) as i64;
        value += (matches(pair[0]) - matches(pair[1])) * step;
        sum += i128::from(value);
    }
    let voters = usize::from(query.neighbours).min(ranked.len());
    let hits: i64 = ranked[..voters].iter().map(|&key| matches(key)).sum();
    let whole = ONE * i128::from(hits) / i128::from(k);
    each(row(ranked[0]), i128::from(value) + whole - sum);
}

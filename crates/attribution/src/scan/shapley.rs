//! kNN-Shapley (rule 3).

use super::{
    check_contributors, query_for,
    radix::{self, Room},
};
use crate::{Error, contributors::Contributors, kernels::Path, rows::Rows, top::Top};

/// The value 1 in fixed point: 2⁶².
const ONE: i128 = 1 << 62;

/// A row's number and whether its class is the query's share 32 bits.
const MOST_ROWS: u64 = 1 << 31;

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

/// Memory that a scan ranks in, about 20 bytes a row. Whoever scans again keeps it, for asking the system for so much takes as long as ranking.
#[derive(Debug, Default)]
pub struct Scratch {
    distances: Vec<u32>,
    /// A bit for each row: whether its class is the query's.
    matches: Vec<u64>,
    room: Room,
}

impl Scratch {
    /// Bytes that it holds.
    #[must_use]
    pub fn memory(&self) -> usize {
        4 * self.distances.capacity() + 8 * self.matches.capacity() + self.room.memory()
    }
}

/// Bits of the words of [`Scratch::matches`].
const WORD: usize = u64::BITS as usize;

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
/// [`Error::QueryLength`], [`Error::NotLabelled`], [`Error::ZeroNeighbours`]; [`Error::TooManyRows`] beyond 2³¹.
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

/// Each row that counts, and in the lowest bit whether its class is the query's: the nearest row first, ties in the order of the rows.
fn rank<'a>(rows: &Rows<'_>, query: ShapleyQuery<'_>, scratch: &'a mut Scratch) -> Result<&'a [u32], Error> {
    if query.neighbours == 0 {
        return Err(Error::ZeroNeighbours);
    }
    if !rows.layout().is_labelled() {
        return Err(Error::NotLabelled);
    }
    if rows.len() > MOST_ROWS {
        return Err(Error::TooManyRows);
    }
    let values = query_for(rows, query.values)?;
    let Scratch { distances, matches, room } = scratch;
    // Below 2^31.
    let count = rows.len() as usize;
    distances.clear();
    distances.resize(count, radix::NO_DISTANCE);
    matches.clear();
    matches.resize(count.div_ceil(WORD), 0);
    let path = Path::best();
    for block in rows.blocks() {
        let first = block.first() as usize;
        path.squared_distances(&block, &values, &mut distances[first..]);
        for row in first..first + block.rows() {
            matches[row / WORD] |= u64::from(block.label(row - first) == Some(query.label)) << (row % WORD);
        }
        block.withdrawn().iter().for_each(|&row| distances[row as usize] = radix::NO_DISTANCE);
    }
    let tag_of = |row: usize| (row as u32) << 1 | (matches[row / WORD] >> (row % WORD) & 1) as u32;
    Ok(radix::rank(distances, tag_of, room))
}

/// Calls `each` with every row and its value, the farthest row first.
fn for_each_value(ranked: &[u32], query: ShapleyQuery<'_>, mut each: impl FnMut(u64, i128)) {
    let Some(&last) = ranked.last() else { return };
    let (count, k) = (ranked.len() as u64, u64::from(query.neighbours));
    let matches = |tag: u32| i64::from(tag & 1);
    let row = |tag: u32| u64::from(tag >> 1);

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
    let hits: i64 = ranked[..voters].iter().map(|&tag| matches(tag)).sum();
    let whole = ONE * i128::from(hits) / i128::from(k);
    each(row(ranked[0]), i128::from(value) + whole - sum);
}

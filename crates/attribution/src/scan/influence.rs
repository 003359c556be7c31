//! Influence (rule 1).

use super::{check_contributors, check_length, query_for};
use crate::{
    Error,
    contributors::Contributors,
    kernels::{BATCH, Batch, Path, Query},
    rows::{BLOCK_ROWS, Block, MAX_EXPONENT, Rows},
    top::Top,
};

/// Scores of rows, `dot(row, query) · 2^(63 − exponent)`; positive means that the row helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influence {
    /// The best rows with their scores, best first.
    pub best: Vec<(u64, i128)>,
    /// Sum of the positive scores of all rows that count.
    pub positive: i128,
    /// Sum of the negative ones.
    pub negative: i128,
}

/// What is paid to contributors: the positive ones of their signed sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByContributor {
    /// The best contributors with their sums, best first.
    pub best: Vec<(u32, i128)>,
    /// Sum of all positive sums.
    pub positive: i128,
}

/// Scores every row that counts and returns the best `top`, all for 0.
///
/// A dot product is at most 2²⁶, a score 2⁸⁹, and there are fewer than 2³² rows: no sum reaches 2¹²¹.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, rows::{Layout, Rows}, scan::influence};
///
/// // Two rows as a store writes them: an exponent, then 32 values.
/// let stored = [[&[63][..], &[1; 32]].concat(), [&[62][..], &[0xFF; 32]].concat()].concat();
/// let rows = Rows::new(Layout::new(32, false)?, [&stored[..]], &[])?;
/// let found = influence(&rows, &[2; 32], 0)?;
/// // The second row's values are -1/2^62, twice as much as the first one's.
/// assert_eq!(found.best, [(0, 64), (1, -128)]);
/// assert_eq!((found.positive, found.negative), (64, -128));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::QueryLength`]; [`Error::Exponent`] for a row that counts and is not as a store writes it.
pub fn influence(rows: &Rows<'_>, query: &[i8], top: u16) -> Result<Influence, Error> {
    let query = query_for(rows, query)?;
    let (path, mut dots) = (Path::best(), [0; BLOCK_ROWS]);
    let (mut best, mut positive, mut negative) = (Top::new(top), 0, 0);
    for block in rows.blocks() {
        path.dots(&block, &query, &mut dots);
        for index in block.active() {
            let score = i128::from(dots[index]) << (MAX_EXPONENT - block.exponent(index)?);
            positive += score.max(0);
            negative += score.min(0);
            best.push(block.first() + index as u64, score);
        }
    }
    Ok(Influence { best: best.into_sorted(), positive, negative })
}

/// Signed sums of all queries' scores by contributor, of which the positive ones are paid; returns
/// the best `top`, all for 0.
///
/// A row's scores for eight queries sum to at most 2⁹², and there are fewer than 2³² rows: no sum
/// reaches 2¹²⁴.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, contributors::Contributors, rows::{Layout, Rows}, scan::influence_by_contributor};
///
/// let stored = [[63; 33], [63; 33], [63; 33]].concat();
/// let rows = Rows::new(Layout::new(32, false)?, [&stored[..]], &[])?;
/// let mut contributors = Contributors::default();
/// contributors.push(7, 2);
/// contributors.push(9, 1);
/// let found = influence_by_contributor(&rows, &[&[1; 32], &[2; 32]], &contributors, 0)?;
/// assert_eq!(found.best, [(7, 2 * 3 * 32 * 63), (9, 3 * 32 * 63)]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::BatchSize`], [`Error::QueryLength`], [`Error::UnknownContributor`]; [`Error::Exponent`] as
/// [`influence`].
pub fn influence_by_contributor(rows: &Rows<'_>, queries: &[&[i8]], contributors: &Contributors, top: u16) -> Result<ByContributor, Error> {
    check_contributors(rows, contributors)?;
    queries.iter().try_for_each(|query| check_length(rows, query))?;
    let (queries, mut sums, mut dots) = (Queries::new(queries)?, contributors.sums(), [0; BLOCK_ROWS]);
    for block in rows.blocks() {
        queries.dots(&block, &mut dots);
        for index in block.active() {
            let score = i128::from(dots[index]) << (MAX_EXPONENT - block.exponent(index)?);
            sums.add(block.first() + index as u64, score);
        }
    }
    let (mut best, mut positive) = (Top::new(top), 0);
    for (contributor, sum) in sums.into_pairs().filter(|&(_, sum)| sum > 0) {
        best.push(contributor, sum);
        positive += sum;
    }
    Ok(ByContributor { best: best.into_sorted(), positive })
}

/// Queries whose scores are summed.
#[allow(clippy::large_enum_variant, reason = "there is one")]
enum Queries {
    One(Query),
    Many(Batch),
}

impl Queries {
    fn new(queries: &[&[i8]]) -> Result<Self, Error> {
        match queries {
            [query] => Ok(Self::One(Query::new(query)?)),
            _ => Ok(Self::Many(Batch::new(queries)?)),
        }
    }

    /// The sum of each row's products with all queries: at most 8 · 2²⁶.
    fn dots(&self, block: &Block<'_>, out: &mut [i32; BLOCK_ROWS]) {
        match self {
            Self::One(query) => Path::best().dots(block, query, out),
            Self::Many(batch) => {
                let mut dots = [[0; BATCH]; BLOCK_ROWS];
                Path::best().dots_of_batch(block, batch, &mut dots);
                for (out, dots) in out.iter_mut().zip(&dots[..block.rows()]) {
                    *out = dots.iter().sum();
                }
            }
        }
    }
}

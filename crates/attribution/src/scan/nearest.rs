//! The nearest row by direction (what a store asks of a new sketch).

use super::query_for;
use crate::{
    Error,
    kernels::{Path, Query},
    rows::{BLOCK_ROWS, Rows},
};

/// The row whose direction is closest to the query's, and `cos² · 2³²`, saturated to `2³² − 1`.
///
/// Withdrawn rows are compared too, a row that points
/// away counts as 0, ties go to the earlier row, and `None` says that there are no rows.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, rows::{Layout, Rows}, scan::nearest};
///
/// let stored = [[&[0][..], &[1, 0].repeat(16)].concat(), [&[0][..], &[3; 32]].concat()].concat();
/// let rows = Rows::new(Layout::new(32, false)?, [&stored[..]], &[])?;
/// // A multiple of a row points where it does.
/// assert_eq!(nearest(&rows, &[5; 32])?, Some((1, u32::MAX)));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::QueryLength`].
pub fn nearest(rows: &Rows<'_>, query: &[i8]) -> Result<Option<(u64, u32)>, Error> {
    let own: u64 = query.iter().map(|&value| u64::from(value.unsigned_abs()).pow(2)).sum();
    let (query, zero) = (query_for(rows, query)?, Query::zero(rows.layout().dim())?);
    let (path, mut dots, mut norms) = (Path::best(), [0; BLOCK_ROWS], [0; BLOCK_ROWS]);
    let mut best: Option<(u64, u64, u32)> = None;
    for block in rows.blocks() {
        path.dots(&block, &query, &mut dots);
        path.squared_distances(&block, &zero, &mut norms);
        for (index, (&dot, &norm)) in (block.first()..).zip(dots.iter().zip(&norms).take(block.rows())) {
            let square = u64::try_from(dot).unwrap_or(0).pow(2);
            let norm = norm.max(1);
            // square / norm > best square / best norm, without rounding: both sides are below 2^80.
            let closer = best.is_none_or(|(_, best_square, best_norm)| {
                u128::from(square) * u128::from(best_norm) > u128::from(best_square) * u128::from(norm)
            });
            if closer {
                best = Some((index, square, norm));
            }
        }
    }
    Ok(best.map(|(index, square, norm)| {
        let cosine = (u128::from(square) << 32) / (u128::from(norm) * u128::from(own.max(1)));
        (index, u32::try_from(cosine).unwrap_or(u32::MAX))
    }))
}

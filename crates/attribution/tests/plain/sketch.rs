//! Scores over int8 sketches: influence, DataInf and the nearest row.
//!
//! A row is `dim` signed bytes; its value is `q · 2^-exponent`. One score is one integer dot
//! product, so neither SIMD width nor threads nor order can change a bit of it.

use std::collections::BTreeMap;
use tributary_attribution::{Error, rows::MAX_EXPONENT};

/// Fractional bits of a DataInf quotient.
const DATAINF_FRACTION: u32 = 24;

/// One row of a sketch set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SketchRow<'a> {
    /// The quantised sketch, `dim` values.
    pub(crate) values: &'a [i8],
    /// Power-of-two exponent, 0..=63: value = quantised · 2^-exponent.
    pub(crate) exponent: u8,
    /// Who is paid for the row.
    pub(crate) contributor: u32,
    /// Whether the row counts.
    pub(crate) active: bool,
}

/// The result of [`influence`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Influence {
    /// `dot(row, query) · 2^(63 − exponent)` by row; `None` where the row is inactive.
    pub(crate) scores: Vec<Option<i128>>,
    /// Signed sums over the active rows of each contributor.
    pub(crate) by_contributor: BTreeMap<u32, i128>,
}

/// The dot product of two sketches of at most 4,096 dimensions.
///
/// Exact: 4,096 · 128 · 128 < 2³¹.
#[must_use]
pub(crate) fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

/// Influence (rule 1): one aligned dot product per row; positive means that the row helped.
///
/// # Errors
/// [`Error::Exponent`] names the first row that does not fit.
pub(crate) fn influence(rows: &[SketchRow<'_>], query: &[i8]) -> Result<Influence, Error> {
    let mut scores = Vec::with_capacity(rows.len());
    let mut by_contributor = BTreeMap::new();
    for (position, row) in rows.iter().enumerate() {
        check_dimension(position, row.values, query);
        if row.exponent > MAX_EXPONENT {
            return Err(Error::Exponent { row: position, exponent: row.exponent });
        }
        if !row.active {
            scores.push(None);
            continue;
        }
        // 27 bits shifted by at most 63: 90 bits, so 2^37 rows sum without overflow.
        let score = i128::from(dot(row.values, query)) << (MAX_EXPONENT - row.exponent);
        scores.push(Some(score));
        *by_contributor.entry(row.contributor).or_insert(0) += score;
    }
    Ok(Influence { scores, by_contributor })
}

/// DataInf's closed form (rule 2), for rows of equal exponents.
///
/// `score_k = n·(v·g_k « 24) − g_k · Σᵢ floor((v·gᵢ « 24) / (λ + |gᵢ|²))·gᵢ` over the `n` active
/// rows; `None` where inactive. Division rounds down, as in the reference.
///
/// # Errors
/// [`Error::ZeroDivisor`] for a zero row under a zero `lambda`;
/// [`Error::Overflow`] when a value does not fit 128 bits: it never wraps.
pub(crate) fn datainf(rows: &[SketchRow<'_>], query: &[i8], lambda: u64) -> Result<Vec<Option<i128>>, Error> {
    let mut aligned = Vec::with_capacity(rows.len());
    let mut weighted = vec![0_i128; query.len()];
    for (position, row) in rows.iter().enumerate() {
        check_dimension(position, row.values, query);
        if !row.active {
            aligned.push(None);
            continue;
        }
        let dividend = i128::from(dot(row.values, query)) << DATAINF_FRACTION;
        let divisor = i128::from(lambda) + i128::from(dot(row.values, row.values));
        if divisor == 0 {
            return Err(Error::ZeroDivisor { row: position });
        }
        // The divisor is positive, so the Euclidean quotient is the floor.
        let quotient = dividend.div_euclid(divisor);
        for (sum, &value) in weighted.iter_mut().zip(row.values) {
            let term = quotient.checked_mul(i128::from(value)).ok_or(Error::Overflow)?;
            *sum = sum.checked_add(term).ok_or(Error::Overflow)?;
        }
        aligned.push(Some(dividend));
    }
    let active = aligned.iter().flatten().count() as i128;
    let score = |(row, dividend): (&SketchRow<'_>, Option<i128>)| {
        let Some(dividend) = dividend else { return Ok(None) };
        let mut score = active.checked_mul(dividend).ok_or(Error::Overflow)?;
        for (&sum, &value) in weighted.iter().zip(row.values) {
            let term = sum.checked_mul(i128::from(value)).ok_or(Error::Overflow)?;
            score = score.checked_sub(term).ok_or(Error::Overflow)?;
        }
        Ok(Some(score))
    };
    rows.iter().zip(aligned).map(score).collect()
}

/// The row whose direction is closest to the query's, and how close it is (the novelty check).
///
/// Returns `(position, cos² · 2³²)`, the square saturated to `2³² − 1`. A row that points away
/// from the query, is zero, or meets a zero query counts as 0. All rows are compared, active or
/// not, because a copy of a rejected row is still a copy; ties go to the earlier row. `None` when
/// there are no rows.
pub(crate) fn nearest(rows: &[SketchRow<'_>], query: &[i8]) -> Option<(usize, u32)> {
    let own = dot(query, query).unsigned_abs();
    let mut best: Option<(usize, u64, u32)> = None;
    for (position, row) in rows.iter().enumerate() {
        check_dimension(position, row.values, query);
        let product = u64::from(u32::try_from(dot(row.values, query)).unwrap_or(0));
        let norm = dot(row.values, row.values).unsigned_abs().max(1);
        let square = product * product;
        // square / norm > best square / best norm, without rounding: both sides are < 2^86.
        let closer = best.is_none_or(|(_, best_square, best_norm)| {
            u128::from(square) * u128::from(best_norm) > u128::from(best_square) * u128::from(norm)
        });
        if closer {
            best = Some((position, square, norm));
        }
    }
    best.map(|(position, square, norm)| {
        let denominator = u128::from(norm) * u128::from(own.max(1));
        let cosine = (u128::from(square) << 32) / denominator;
        (position, u32::try_from(cosine).unwrap_or(u32::MAX))
    })
}

pub(crate) fn check_dimension(row: usize, values: &[i8], query: &[i8]) {
    assert_eq!(values.len(), query.len(), "row {row}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[i8]) -> SketchRow<'_> {
        SketchRow { values, exponent: 0, contributor: 0, active: true }
    }

    #[test]
    fn the_dot_product_of_the_longest_extreme_sketches_is_exact() {
        assert_eq!(dot(&[-128; 4096], &[-128; 4096]), 4096 * 128 * 128);
        assert_eq!(dot(&[-128; 4096], &[127; 4096]), -4096 * 128 * 127);
    }

    #[test]
    fn a_zero_row_under_a_zero_lambda_is_an_error_and_not_a_panic() {
        assert_eq!(datainf(&[row(&[0; 32])], &[1; 32], 0), Err(Error::ZeroDivisor { row: 0 }));
        assert_eq!(datainf(&[row(&[0; 32])], &[1; 32], 1), Ok(vec![Some(0)]));
    }

    #[test]
    fn the_nearest_row_is_the_scaled_copy_and_opposites_do_not_count() {
        let query = [3, 4, 0, 1];
        let rows = [row(&[-3, -4, 0, -1]), row(&[3, 4, 1, 1]), row(&[6, 8, 0, 2])];
        assert_eq!(nearest(&rows, &query), Some((2, u32::MAX)));
        assert_eq!(nearest(&rows[..1], &query), Some((0, 0)));
        assert_eq!(nearest(&[], &query), None);
        // 26² / (26 · 27) of 2³², rounded down.
        assert_eq!(nearest(&rows[..2], &query), Some((1, 4_135_894_433)));
    }
}

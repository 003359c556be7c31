//! DataInf (rule 2).
//!
//! `score_k = n·(v·g_k « 24) − g_k · w`, where `w = Σᵢ cᵢ·gᵢ` and `cᵢ = floor((v·gᵢ « 24) / (λ + |gᵢ|²))`.
//!
//! With `|v| ≤ 2¹³` a quotient is, before it is rounded down, at most `2³⁷ / |gᵢ|` in magnitude, so a term of a value of `w` is
//! at most `2³⁷ + 2⁷`, the value of `n < 2³²` terms below 2⁷⁰, and the score below 2⁹⁰: nothing can overflow 128 bits. Should
//! that reasoning be wrong, checked operations say so.

use super::query_for;
use crate::{
    Error,
    kernels::{Path, Query},
    rows::{BLOCK_ROWS, Block, Rows},
    top::Top,
};

/// Fractional bits of a quotient.
const DATAINF_FRACTION: u32 = 24;
/// Rows whose terms, below 2³⁸, are summed in 64 bits; a block more may be.
const NARROW_ROWS: usize = 1 << 16;
/// Bits of the lower part of a value of `w`.
const LOW_BITS: u32 = 32;
/// Bits of the magnitude of its upper part.
const HIGH_BITS: u32 = 38;

/// Scores every row that counts by DataInf's closed form, for rows of equal exponents, and returns
/// the best `top`, all for 0. Division rounds down.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, rows::{Layout, Rows}, scan::datainf};
///
/// let stored = [[&[0][..], &[1; 32]].concat(), [&[0][..], &[0xFF; 32]].concat()].concat();
/// let rows = Rows::new(Layout::new(32, false)?, [&stored[..]], &[])?;
/// let found = datainf(&rows, &[1; 32], 1_000, 0)?;
/// assert!(found[0].0 == 0 && found[0].1 > 0 && found[1].1 < 0);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::QueryLength`]; [`Error::UnequalExponents`] names the first row, withdrawn or not, whose exponent is not the first row's;
/// [`Error::ZeroDivisor`] for a zero row under a zero `lambda`; [`Error::Overflow`] when a value does not fit 128 bits.
pub fn datainf(rows: &Rows<'_>, query: &[i8], lambda: u64, top: u16) -> Result<Vec<(u64, i128)>, Error> {
    let query = query_for(rows, query)?;
    check_exponents(rows)?;
    let weighted = weighted_sum(rows, &query, lambda)?;
    let (path, mut dots) = (Path::best(), [0; BLOCK_ROWS]);
    let (active, mut best) = (i128::from(rows.active()), Top::new(top));
    for block in rows.blocks() {
        path.dots(&block, &query, &mut dots);
        for index in block.active() {
            let own = active.checked_mul(i128::from(dots[index]) << DATAINF_FRACTION).ok_or(Error::Overflow)?;
            let others = weighted.dot(block.values_of(index))?;
            best.push(block.first() + index as u64, own.checked_sub(others).ok_or(Error::Overflow)?);
        }
    }
    Ok(best.into_sorted())
}

fn check_exponents(rows: &Rows<'_>) -> Result<(), Error> {
    let mut first = None;
    for block in rows.blocks() {
        for index in 0..block.rows() {
            let exponent = block.exponent(index)?;
            if *first.get_or_insert(exponent) != exponent {
                return Err(Error::UnequalExponents { row: block.first() + index as u64 });
            }
        }
    }
    Ok(())
}

/// `w`, each value as `high · 2³² + low`.
struct Weighted {
    high: Vec<i64>,
    low: Vec<i64>,
}

impl Weighted {
    fn new(sums: &[i128]) -> Result<Self, Error> {
        let bound = 1 << HIGH_BITS;
        let high = sums.iter().map(|sum| Some(sum >> LOW_BITS).filter(|high| (-bound..bound).contains(high)).ok_or(Error::Overflow));
        let low = sums.iter().map(|sum| (sum & ((1 << LOW_BITS) - 1)) as i64);
        Ok(Self { low: low.collect(), high: high.map(|high| high.map(|high| high as i64)).collect::<Result<_, _>>()? })
    }

    /// `w · g`: 4,096 products of a value, 2⁷, with a lower part, below 2³², or an upper one, below 2³⁸ (see above), fit 64 bits.
    fn dot(&self, values: &[u8]) -> Result<i128, Error> {
        let (mut low, mut high) = (0_i64, 0_i64);
        for ((&value, &x), &y) in values.iter().zip(&self.low).zip(&self.high) {
            let value = i64::from(value.cast_signed());
            low = low.wrapping_add(value.wrapping_mul(x));
            high = high.wrapping_add(value.wrapping_mul(y));
        }
        (i128::from(high) << LOW_BITS).checked_add(i128::from(low)).ok_or(Error::Overflow)
    }
}

fn weighted_sum(rows: &Rows<'_>, query: &Query, lambda: u64) -> Result<Weighted, Error> {
    let zero = Query::zero(query.dim())?;
    let (path, mut dots, mut norms) = (Path::best(), [0; BLOCK_ROWS], [0; BLOCK_ROWS]);
    let mut sums = vec![0_i128; query.dim()];
    let (mut narrow, mut held) = (vec![0_i64; query.dim()], 0);
    for block in rows.blocks() {
        path.dots(&block, query, &mut dots);
        path.squared_distances(&block, &zero, &mut norms);
        for index in block.active() {
            let quotient = quotient(&block, index, dots[index], u128::from(lambda) + u128::from(norms[index]))?;
            for (sum, &value) in narrow.iter_mut().zip(block.values_of(index)) {
                *sum = sum.wrapping_add(quotient.wrapping_mul(i64::from(value.cast_signed())));
            }
        }
        held += block.rows();
        if held >= NARROW_ROWS {
            drain(&mut narrow, &mut sums)?;
            held = 0;
        }
    }
    drain(&mut narrow, &mut sums)?;
    Weighted::new(&sums)
}

/// `floor((dot « 24) / divisor)`.
fn quotient(block: &Block<'_>, index: usize, dot: i32, divisor: u128) -> Result<i64, Error> {
    if divisor == 0 {
        return Err(Error::ZeroDivisor { row: block.first() as usize + index });
    }
    // The dividend is below 2^51: a divisor beyond 63 bits gives what the largest of 63 bits does.
    let divisor = i64::try_from(divisor).unwrap_or(i64::MAX);
    Ok((i64::from(dot) << DATAINF_FRACTION).div_euclid(divisor))
}

fn drain(narrow: &mut [i64], sums: &mut [i128]) -> Result<(), Error> {
    for (narrow, sum) in narrow.iter_mut().zip(sums) {
        *sum = sum.checked_add(i128::from(std::mem::take(narrow))).ok_or(Error::Overflow)?;
    }
    Ok(())
}

//! Rarity: how many bits of surprise a token carries, in integers.

/// `floor(256 · log2(num / den))`, by eight squarings of a 62-bit mantissa.
///
/// Shapes: `num >= den >= 1`; the result is at most `256 · 63 + 255`. Source: rule 4, `log2_q8` of
/// the executable reference.
///
/// Arguments outside the domain are brought into it (`den` to at least 1, `num` to at least `den`),
/// so that the function is total: a token is never rarer than "once" nor commoner than "always".
///
/// # Examples
/// ```
/// use tributary_attribution::rarity::log2_q8;
///
/// // A word that is one of a thousand and twenty-four weighs ten bits.
/// assert_eq!(log2_q8(1_024, 1), 10 * 256);
/// assert_eq!(log2_q8(3, 1), 405);
/// ```
#[must_use]
pub fn log2_q8(num: u64, den: u64) -> u32 {
    let den = den.max(1);
    let num = num.max(den);
    let mut k = num.ilog2() - den.ilog2();
    if num < den << k {
        k -= 1;
    }
    // In [2^62, 2^63): num < den << (k + 1).
    let mut mantissa = (u128::from(num) << 62) / (u128::from(den) << k);
    let mut fraction = 0;
    for _ in 0..8 {
        mantissa = (mantissa * mantissa) >> 62;
        fraction <<= 1;
        if mantissa >= 1 << 63 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    256 * k + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_whole_bits() {
        for bit in 0..64 {
            assert_eq!(log2_q8(1 << bit, 1), 256 * bit);
        }
    }

    #[test]
    fn extreme_ratios_do_not_overflow() {
        assert_eq!(log2_q8(u64::MAX, 1), 256 * 63 + 255);
        assert_eq!(log2_q8(u64::MAX, u64::MAX), 0);
        assert_eq!(log2_q8(u64::MAX, u64::MAX - 1), 0);
    }

    #[test]
    fn the_weight_falls_as_the_count_rises() {
        let weights: Vec<u32> = (1..5_000).map(|count| log2_q8(5_000, count)).collect();
        assert!(weights.is_sorted_by(|a, b| a >= b));
        assert_eq!(log2_q8(5_000, 5_000), 0);
    }
}

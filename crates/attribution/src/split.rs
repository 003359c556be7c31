//! Split: a pool is paid out by weight, to the last unit.

use alloy_primitives::{U256, U512};
use std::cmp::Reverse;

/// Largest-remainder split of `pool` by `weights` (rule 5).
///
/// Share `i` is `floor(pool · wᵢ / Σw)`; the units left over go one each to the largest remainders,
/// ties to the lower index. The shares sum to `pool`, or are all zero when no weight is.
/// Exact for every input: products and the sum of the weights are 512 bits wide.
///
/// # Examples
/// ```
/// use alloy_primitives::U256;
/// use tributary_attribution::split::split;
///
/// let shares = split(U256::from(100), &[1, 1, 1, 0].map(U256::from));
/// assert_eq!(shares, [34, 33, 33, 0].map(U256::from));
/// ```
#[must_use]
pub fn split(pool: U256, weights: &[U256]) -> Vec<U256> {
    let total: U512 = weights.iter().copied().map(U512::from).sum();
    if total.is_zero() {
        return vec![U256::ZERO; weights.len()];
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = pool;
    for (index, &weight) in weights.iter().enumerate() {
        let product = pool.widening_mul::<256, 4, 512, 8>(weight);
        let (quotient, remainder) = product.div_rem(total);
        let share: U256 = quotient.to();
        // Σ floor(pool · wᵢ / Σw) <= pool, so this never goes below zero.
        left -= share;
        shares.push(share);
        remainders.push((Reverse(remainder), index));
    }
    // Fewer units are left than there are non-zero remainders.
    let units: usize = left.to();
    remainders.sort_unstable();
    for &(_, index) in &remainders[..units] {
        shares[index] += U256::ONE;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_whose_sum_exceeds_256_bits_split_exactly() {
        let shares = split(U256::MAX, &[U256::MAX; 3]);
        assert_eq!(shares, [U256::MAX / U256::from(3); 3]);
        let shares = split(U256::from(10), &[U256::MAX, U256::MAX, U256::ONE]);
        assert_eq!(shares, [U256::from(5), U256::from(5), U256::ZERO]);
    }

    #[test]
    fn a_tie_of_remainders_goes_to_the_lower_index() {
        let shares = split(U256::from(3), &[U256::ONE; 4]);
        assert_eq!(shares, [U256::ONE, U256::ONE, U256::ONE, U256::ZERO]);
    }

    #[test]
    fn nothing_is_paid_when_every_weight_is_zero() {
        assert_eq!(split(U256::MAX, &[U256::ZERO; 2]), [U256::ZERO; 2]);
        assert!(split(U256::MAX, &[]).is_empty());
    }
}

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
    match u64::try_from(total) {
        Ok(0) => vec![U256::ZERO; weights.len()],
        // What traces weigh.
        Ok(total) => share(pool, weights, |weight| divide(pool, weight.as_limbs()[0], total)),
        Err(_) => share(pool, weights, |weight| {
            let (quotient, remainder) = pool.widening_mul::<256, 4, 512, 8>(weight).div_rem(total);
            (quotient.to(), remainder)
        }),
    }
}

/// The shares of weights that are not all zero, of which `divide` gives quotient and remainder.
fn share<R: Ord>(pool: U256, weights: &[U256], divide: impl Fn(U256) -> (U256, R)) -> Vec<U256> {
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = pool;
    for (index, &weight) in weights.iter().enumerate() {
        let (share, remainder) = divide(weight);
        // Σ floor(pool · wᵢ / Σw) <= pool, so this never goes below zero.
        left -= share;
        shares.push(share);
        remainders.push((Reverse(remainder), index));
    }
    // Fewer units are left than there are non-zero remainders; which they are is asked, not their order.
    let units: usize = left.to();
    if units > 0 {
        remainders.select_nth_unstable(units);
    }
    for &(_, index) in &remainders[..units] {
        shares[index] += U256::ONE;
    }
    shares
}

/// `pool · weight / total` and what remains, for a weight up to `total`: a limb at a time, because wide division takes long.
fn divide(pool: U256, weight: u64, total: u64) -> (U256, u64) {
    let mut product = [0; 5];
    let mut carry = 0;
    for (limb, &of_pool) in product.iter_mut().zip(pool.as_limbs()) {
        let sum = u128::from(of_pool) * u128::from(weight) + u128::from(carry);
        (*limb, carry) = (sum as u64, (sum >> 64) as u64);
    }
    product[4] = carry;
    let mut remainder = 0;
    for limb in product.iter_mut().rev().skip_while(|limb| **limb == 0) {
        let dividend = u128::from(remainder) << 64 | u128::from(*limb);
        // The remainder is below the divisor, so the quotient is below 2^64.
        (*limb, remainder) = ((dividend / u128::from(total)) as u64, (dividend % u128::from(total)) as u64);
    }
    // A share is at most the pool: the highest limb is zero.
    let [a, b, c, d, _] = product;
    (U256::from_limbs([a, b, c, d]), remainder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn weights_whose_sum_exceeds_256_bits_split_exactly() {
        let shares = split(U256::MAX, &[U256::MAX; 3]);
        assert_eq!(shares, [U256::MAX / U256::from(3); 3]);
        let shares = split(U256::from(10), &[U256::MAX, U256::MAX, U256::ONE]);
        assert_eq!(shares, [U256::from(5), U256::from(5), U256::ZERO]);
    }

    proptest! {
        #[test]
        fn narrow_weights_are_split_as_wide_ones_are(
            pool in any::<[u64; 4]>(), width in 0_usize..256, weights in prop::collection::vec(any::<u64>(), 0..40), narrow in 0_u32..64,
        ) {
            let pool = U256::from_limbs(pool) >> width;
            let weights: Vec<U256> = weights.iter().map(|weight| U256::from(weight >> narrow >> 6)).collect();
            let total: U512 = weights.iter().copied().map(U512::from).sum();
            let shares = split(pool, &weights);
            if total.is_zero() {
                prop_assert!(shares.iter().all(U256::is_zero));
            } else {
                let wide = share(pool, &weights, |weight| {
                    let (quotient, remainder) = pool.widening_mul::<256, 4, 512, 8>(weight).div_rem(total);
                    (quotient.to(), remainder)
                });
                prop_assert_eq!(shares.iter().sum::<U256>(), pool);
                prop_assert_eq!(shares, wide);
            }
        }
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

//! What holds of the rules for every input.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use tributary_attribution::{split::split, text::tokenize};

proptest! {
    #[test]
    fn tokens_stand_in_the_order_of_the_text_and_on_its_characters(text in any::<String>()) {
        let tokens = tokenize(&text).unwrap();
        let mut last = 0;
        for token in tokens.iter() {
            prop_assert!(!token.text.is_empty() && token.start >= last && token.end > token.start);
            prop_assert!(text.get(token.start as usize..token.end as usize).is_some());
            last = token.start;
        }
    }

    #[test]
    fn shares_sum_to_the_pool(pool in any::<[u64; 4]>(), weights in prop::collection::vec(any::<[u64; 4]>(), 0..9)) {
        use alloy_primitives::{U256, U512};
        let pool = U256::from_limbs(pool);
        let weights: Vec<U256> = weights.into_iter().map(U256::from_limbs).collect();
        let shares = split(pool, &weights);
        let total: U512 = weights.iter().copied().map(U512::from).sum();
        let paid: U512 = shares.iter().copied().map(U512::from).sum();
        prop_assert_eq!(paid, if total.is_zero() { U512::ZERO } else { U512::from(pool) });
        for (share, weight) in shares.iter().zip(&weights) {
            let floor: U512 = if total.is_zero() { U512::ZERO } else { U512::from(pool) * U512::from(*weight) / total };
            prop_assert!(U512::from(*share) - floor <= U512::from(1));
        }
    }
}

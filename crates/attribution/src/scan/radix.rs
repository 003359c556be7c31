//! Sorting rows by distance, in a time that does not depend on what the distances are.

/// Widest digit: 2,048 counters and as many places to write to stay in the nearest caches.
const DIGIT_BITS: u32 = 11;

/// Sorts by the bits from `shift` upwards, ascending; keys that are equal there keep their order.
///
/// Least significant digit first, over the bits in which the largest and the smallest key differ at most.
pub(super) fn sort_by_high_bits(mut keys: Vec<u64>, shift: u32) -> Vec<u64> {
    let (Some(&least), Some(&most)) = (keys.iter().min_by_key(|&&key| key >> shift), keys.iter().max_by_key(|&&key| key >> shift)) else {
        return keys;
    };
    let least = least >> shift;
    let bits = u64::BITS - ((most >> shift) - least).leading_zeros();
    let passes = bits.div_ceil(DIGIT_BITS);
    let mut other = vec![0; if passes == 0 { 0 } else { keys.len() }];
    let width = bits.checked_div(passes).map_or(0, |width| width + u32::from(!bits.is_multiple_of(passes)));
    for pass in 0..passes {
        let digit = |key: u64| ((((key >> shift) - least) >> (pass * width)) & ((1 << width) - 1)) as usize;
        let mut places = [0_usize; 1 << DIGIT_BITS];
        keys.iter().for_each(|&key| places[digit(key)] += 1);
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for &key in &keys {
            let place = &mut places[digit(key)];
            other[*place] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorted_keys_are_those_of_a_stable_sort(
            keys in prop::collection::vec(any::<u64>(), 0..2_000), spare in 0_u32..64, shift in prop::sample::select(vec![0, 1, 33]),
        ) {
            let keys: Vec<u64> = keys.into_iter().map(|key| key >> spare).collect();
            let mut expected = keys.clone();
            expected.sort_by_key(|key| key >> shift);
            prop_assert_eq!(sort_by_high_bits(keys, shift), expected);
        }
    }

    #[test]
    fn keys_that_are_all_equal_keep_their_order() {
        let keys: Vec<u64> = (0..100).rev().collect();
        assert_eq!(sort_by_high_bits(keys.clone(), 33), keys);
    }
}

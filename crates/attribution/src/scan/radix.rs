//! Sorting by a few bits, in a time that is bounded whatever they are.

/// Widest digit: as many places to write to as stay in the nearest caches. A million distances take two digits, as a rule.
const DIGIT_BITS: u32 = 10;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Parts of fewer keys are sorted by comparing them.
const SMALL: usize = 256;

/// Sorts `keys`, whose lowest `shift` bits ascend and whose others lie between `least` and `most`.
///
/// A first pass parts them by the highest bits in which they differ, so that the others, least significant digit first, stay
/// within a cache. `other` is room to work in, and holds nothing of use afterwards.
pub(super) fn sort(keys: &mut Vec<u64>, other: &mut Vec<u64>, shift: u32, (least, most): (u64, u64)) {
    other.resize(keys.len(), 0);
    let mut low = (u64::BITS - (most ^ least).leading_zeros()).saturating_sub(DIGIT_BITS);
    if low > 0 && (most >> (low - 1)) - (least >> (low - 1)) < DIGITS as u64 {
        low -= 1;
    }
    let first = least >> low;
    let ends = part(keys, other, |key| ((key >> shift >> low) - first) as usize);
    let passes = low.div_ceil(DIGIT_BITS);
    let width = low.div_ceil(passes.max(1));
    let mut start = 0;
    for end in ends {
        let (mut from, mut to) = (&mut other[start..end as usize], &mut keys[start..end as usize]);
        start = end as usize;
        if from.len() < SMALL {
            from.sort_unstable();
            if !passes.is_multiple_of(2) {
                to.copy_from_slice(from);
            }
            continue;
        }
        for pass in 0..passes {
            // The last digit may be narrower.
            let (at, mask) = (shift + pass * width, (1 << width.min(low - pass * width)) - 1);
            part(from, to, |key| key.wrapping_shr(at) as usize & mask);
            std::mem::swap(&mut from, &mut to);
        }
    }
    if passes.is_multiple_of(2) {
        std::mem::swap(keys, other);
    }
}

/// Moves `from` to `to`, in the order of `digit`, and returns where each digit ends.
#[inline]
fn part(from: &[u64], to: &mut [u64], digit: impl Fn(u64) -> usize) -> [u32; DIGITS] {
    // Fewer than 2^32 rows are sorted. No digit has more bits; saying so spares a check each time.
    let digit = |key| digit(key) % DIGITS;
    let mut places = [0_u32; DIGITS];
    for &key in from {
        places[digit(key)] += 1;
    }
    let mut next = 0;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    for &key in from {
        let place = &mut places[digit(key)];
        to[*place as usize] = key;
        *place += 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_sorted_as_if_by_comparing_them(
            keys in prop::collection::vec(any::<u32>(), 1..4_000), spread in 0_u32..=31, base in 0_u64..1 << 32, shift in 12_u32..=31,
            mut other in prop::collection::vec(any::<u64>(), 0..9),
        ) {
            let high: Vec<u64> = keys.iter().map(|&key| base + u64::from(key >> spread)).collect();
            let range = (high.iter().copied().min().unwrap(), high.iter().copied().max().unwrap());
            let mut keys: Vec<u64> = (0..).zip(high).map(|(low, high)| high << shift | low).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            sort(&mut keys, &mut other, shift, range);
            prop_assert_eq!(keys, expected);
        }
    }

    #[test]
    fn nothing_and_keys_that_are_equal_above_the_shift_stay_as_they_are() {
        for keys in [vec![], vec![5 << 33 | 3, 5 << 33 | 7, 5 << 33 | 9]] {
            let (mut sorted, mut other) = (keys.clone(), vec![]);
            sort(&mut sorted, &mut other, 33, (5, 5));
            assert_eq!(sorted, keys);
        }
    }
}

//! Ranking rows by distance, in a time that is bounded whatever distances are.

/// Bits of a digit: as many places to write to as stay in the nearer caches. A million distances take two digits, as a rule.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Fewer rows are sorted by comparing them.
const SMALL: usize = 512;

/// The distance of a row that takes no part; others have fewer than 32 bits.
pub(super) const NO_DISTANCE: u32 = u32::MAX;

/// Memory to rank in, at most 24 bytes a row.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// A distance without its lowest digit above the rest of what is known of the row.
    wide: Vec<u64>,
    other: Vec<u64>,
    ranked: Vec<u32>,
}

impl Room {
    /// Bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        8 * (self.wide.capacity() + self.other.capacity()) + 4 * self.ranked.capacity()
    }
}

/// Of each row `tag_of(row)`, by distance, equal ones in the order of the rows; not of those without a distance.
///
/// Digits are sorted by the least significant one first. Passes are few, and what is moved gets smaller, because it is memory that takes the time.
pub(super) fn rank<'r>(distances: &[u32], tag_of: impl Fn(usize) -> u32, room: &'r mut Room) -> &'r [u32] {
    let Room { wide, other, ranked } = room;
    wide.clear();
    ranked.clear();
    let mut low = Digits::default();
    let (mut least, mut most, mut count) = (NO_DISTANCE, 0, 0);
    for &distance in distances.iter().filter(|distance| **distance != NO_DISTANCE) {
        low.count(distance as usize);
        (least, most, count) = (least.min(distance), most.max(distance), count + 1);
    }
    let taking_part = distances.iter().enumerate().filter(|(_, distance)| **distance != NO_DISTANCE);
    if count < SMALL {
        wide.extend(taking_part.map(|(row, distance)| u64::from(*distance) << 32 | row as u64));
        wide.sort_unstable();
        ranked.extend(wide.iter().map(|key| tag_of(*key as u32 as usize)));
        return ranked;
    }
    wide.resize(count, 0);
    let (base, mut high) = (least >> DIGIT_BITS, Digits::default());
    low.sum();
    for (row, &distance) in taking_part {
        let rest = (distance >> DIGIT_BITS) - base;
        high.count(rest as usize);
        wide[low.place(distance as usize)] = u64::from(rest) << 32 | u64::from(tag_of(row));
    }
    let rest_bits = u32::BITS - ((most >> DIGIT_BITS) - base).leading_zeros();
    high.sum();
    if rest_bits > DIGIT_BITS {
        let mut highest = Digits::default();
        other.resize(count, 0);
        for &key in &*wide {
            highest.count((key >> (32 + DIGIT_BITS)) as usize);
            other[high.place((key >> 32) as usize)] = key >> DIGIT_BITS & !u64::from(u32::MAX) | u64::from(key as u32);
        }
        std::mem::swap(wide, other);
        highest.sum();
        high = highest;
    }
    ranked.resize(count, 0);
    for &key in &*wide {
        ranked[high.place((key >> 32) as usize)] = key as u32;
    }
    ranked
}

/// How many keys have each digit, and then where the next of them goes. No digit has more bits; saying so spares a check each time.
struct Digits([u32; DIGITS]);

impl Default for Digits {
    fn default() -> Self {
        Self([0; DIGITS])
    }
}

impl Digits {
    #[inline]
    fn count(&mut self, key: usize) {
        self.0[key % DIGITS] += 1;
    }

    /// Counts become places.
    fn sum(&mut self) {
        let mut next = 0;
        for place in &mut self.0 {
            next += std::mem::replace(place, next);
        }
    }

    #[inline]
    fn place(&mut self, key: usize) -> usize {
        let place = &mut self.0[key % DIGITS];
        *place += 1;
        *place as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_are_ranked_as_if_by_comparing_them(
            random in prop::collection::vec(any::<u32>(), 1..4_000), spread in 4_u32..=31, base in 0_u32..1 << 30, absent in 1_u32..9,
        ) {
            let absent_or = |at: usize, distance: u32| if at as u32 % 8 + 1 == absent { NO_DISTANCE } else { distance };
            let distances: Vec<u32> = random.iter().enumerate().map(|(at, random)| absent_or(at, base + (random >> spread))).collect();
            let mut rows: Vec<u32> = (0..distances.len() as u32).filter(|row| distances[*row as usize] != NO_DISTANCE).collect();
            rows.sort_by_key(|row| distances[*row as usize]);
            let tags: Vec<u32> = rows.iter().map(|row| row ^ 0x8000_0001).collect();
            let mut room = Room::default();
            for _ in 0..2 {
                prop_assert_eq!(rank(&distances, |row| row as u32 ^ 0x8000_0001, &mut room), &tags);
            }
        }
    }

    #[test]
    fn nothing_and_rows_of_one_distance_stay_in_their_order() {
        let mut room = Room::default();
        for distances in [vec![], vec![NO_DISTANCE; 3], vec![7; 2_000], vec![u32::MAX - 1; 600]] {
            let rows: Vec<u32> = (0..distances.len() as u32).filter(|row| distances[*row as usize] != NO_DISTANCE).collect();
            assert_eq!(rank(&distances, |row| row as u32, &mut room), rows);
        }
    }
}

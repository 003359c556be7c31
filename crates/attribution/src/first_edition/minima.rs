//! Nearest smaller value in an array, in logarithmic time.

/// Values below each node.
const FAN_OUT: usize = 16;

/// An array with a tree of block minima over it.
#[derive(Debug)]
pub(super) struct Minima {
    /// `levels[0]` is the array; each entry of the next level is the least of sixteen.
    levels: Vec<Vec<u32>>,
}

impl Minima {
    pub(super) fn new(values: Vec<u32>) -> Self {
        let mut levels = vec![values];
        while levels[levels.len() - 1].len() > FAN_OUT {
            let below = &levels[levels.len() - 1];
            let least = |block: &[u32]| block.iter().copied().min().unwrap_or(u32::MAX);
            levels.push(below.chunks(FAN_OUT).map(least).collect());
        }
        Self { levels }
    }

    /// The greatest `i <= from` with `value[i] < bound`.
    pub(super) fn last_below(&self, from: usize, bound: u32, probes: &mut u64) -> Option<usize> {
        let mut at = from;
        for (level, values) in self.levels.iter().enumerate() {
            let block = at / FAN_OUT * FAN_OUT;
            if let Some(found) = (block..=at).rev().find(|&i| below(values[i], bound, probes)) {
                return self.descend(level, found, |mut block| block.rfind(|&(_, &value)| below(value, bound, probes)));
            }
            at = (block / FAN_OUT).checked_sub(1)?;
        }
        None
    }

    /// The least `i >= from` with `value[i] < bound`.
    pub(super) fn first_below(&self, from: usize, bound: u32, probes: &mut u64) -> Option<usize> {
        let mut at = from;
        for (level, values) in self.levels.iter().enumerate() {
            if at >= values.len() {
                return None;
            }
            let end = values.len().min((at / FAN_OUT + 1) * FAN_OUT);
            if let Some(found) = (at..end).find(|&i| below(values[i], bound, probes)) {
                return self.descend(level, found, |mut block| block.find(|&(_, &value)| below(value, bound, probes)));
            }
            at = at / FAN_OUT + 1;
        }
        None
    }

    fn descend<'a>(
        &'a self,
        level: usize,
        mut at: usize,
        mut pick: impl FnMut(std::iter::Enumerate<std::slice::Iter<'a, u32>>) -> Option<(usize, &'a u32)>,
    ) -> Option<usize> {
        for values in self.levels[..level].iter().rev() {
            let start = at * FAN_OUT;
            let end = values.len().min(start + FAN_OUT);
            at = start + pick(values[start..end].iter().enumerate())?.0;
        }
        Some(at)
    }

    pub(super) fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.len() * size_of::<u32>()).sum()
    }
}

fn below(value: u32, bound: u32, probes: &mut u64) -> bool {
    *probes += 1;
    value < bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_agree_with_a_linear_scan() {
        for len in [0, 1, 15, 16, 17, 255, 256, 257, 5_000] {
            let values: Vec<u32> = (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761) >> 24).collect();
            let minima = Minima::new(values.clone());
            for from in (0..len).step_by(1 + len / 40) {
                for bound in [0, 1, 3, 100, 256] {
                    let last = (0..=from).rev().find(|&i| values[i] < bound);
                    let first = (from..len).find(|&i| values[i] < bound);
                    assert_eq!(minima.last_below(from, bound, &mut 0), last);
                    assert_eq!(minima.first_below(from, bound, &mut 0), first);
                }
            }
            assert_eq!(minima.first_below(len, 1, &mut 0), None);
        }
    }

    #[test]
    fn a_lookup_touches_logarithmically_many_values() {
        let minima = Minima::new(vec![7; 1 << 20]);
        let mut probes = 0;
        assert_eq!(minima.last_below((1 << 20) - 1, 7, &mut probes), None);
        assert_eq!(minima.first_below(0, 7, &mut probes), None);
        assert!(probes <= 2 * 16 * 6, "{probes}");
    }
}

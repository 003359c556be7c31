//! Texts and sketches to fill sets with, the same in every run.

/// Numbers that look random and are the same in every run.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// A sequence of its own for each seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 20
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Prose of so many different words, up to `bytes`.
pub(super) fn prose(seed: u64, words: u64, bytes: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut text = String::new();
    while text.len() + 12 < bytes {
        text.push_str(&format!("{:x} ", dice.next() % words));
    }
    text.into_bytes()
}

/// The same prose, in which one word in `every` is new.
pub(super) fn near_duplicate(original: &[u8], seed: u64, every: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut text = Vec::with_capacity(original.len() + 1024);
    for (at, word) in original.split(|byte| *byte == b' ').enumerate() {
        if at % every == seed as usize % every {
            text.extend(format!("n{:x}", dice.next()).as_bytes());
        } else {
            text.extend(word);
        }
        text.push(b' ');
    }
    text
}

/// Rows of sketches with labels, `exponent ‖ label ‖ values`.
pub(super) fn labelled_rows(dim: u16, rows: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut bytes = Vec::with_capacity(rows * (usize::from(dim) + 3));
    for _ in 0..rows {
        bytes.extend([1, 0, (dice.next() % 10) as u8]);
        bytes.extend((0..dim).map(|_| (dice.next() % 255) as u8 as i8).map(|value| value.max(-127) as u8));
    }
    bytes
}

//! Texts that nobody wrote: words of a vocabulary in which a few are frequent and most are rare, the same for the same seed.

/// A repeatable sequence (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// One for each use: what one draws changes nothing for the others.
    pub(super) fn new(seed: u64, what: u64) -> Self {
        let mut random = Self(seed ^ what.wrapping_mul(0xd1b5_4a32_d192_ed03));
        random.next();
        random
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Less than `bound`, which is not zero.
    pub(super) const fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From `least` to `most`.
    pub(super) const fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// Less than `bound`, and about as often as 1 / (n + 1) (Zipf): every power of two as often as the next.
    pub(super) const fn rank(&mut self, bound: usize) -> usize {
        loop {
            let power = 1 << self.below(bound.ilog2() as usize + 1);
            let rank = power + self.below(power) - 1;
            if rank < bound {
                return rank;
            }
        }
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// In another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

const VOCABULARY: usize = 1 << 15;

/// A word: the more frequent, the shorter.
fn word(mut rank: usize) -> String {
    const CONSONANTS: &[u8] = b"bdfghklmnprstvwz";
    const VOWELS: &[u8] = b"aeiou";
    let mut word = String::new();
    loop {
        word.push(CONSONANTS[rank % 16].into());
        word.push(VOWELS[rank / 16 % 5].into());
        rank /= 80;
        if rank == 0 {
            return word;
        }
        rank -= 1;
    }
}

/// So many words in a row.
pub(super) fn words(random: &mut Random, count: usize) -> String {
    let words: Vec<_> = (0..count).map(|_| word(random.rank(VOCABULARY))).collect();
    words.join(" ")
}

/// A text of somebody's own.
pub(super) fn own(random: &mut Random) -> String {
    let count = random.between(80, 120);
    words(random, count)
}

/// A copy in which one word in 16 is another.
pub(super) fn edited(random: &mut Random, text: &str) -> String {
    let change = |(at, old): (usize, &str)| if at % 16 == 8 { words(random, 1) } else { old.to_owned() };
    text.split(' ').enumerate().map(change).collect::<Vec<_>>().join(" ")
}

/// The same words in other bytes.
pub(super) fn spaced(text: &str) -> String {
    text.replace(' ', "  ")
}

/// An answer as a model gives it that learned from these: some passages word by word, between words of its own.
pub(super) fn answer(random: &mut Random, learned: &[String]) -> String {
    let mut parts = Vec::new();
    for _ in 0..random.between(2, 3) {
        let filler = random.between(8, 48);
        parts.push(words(random, filler));
        let text: Vec<_> = learned[random.rank(learned.len())].split_whitespace().collect();
        let length = random.between(20, 40).min(text.len());
        let start = random.below(text.len() - length + 1);
        parts.push(text[start..start + length].join(" "));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn every_rank_is_another_word() {
        let all: BTreeSet<_> = (0..VOCABULARY).map(word).collect();
        assert_eq!(all.len(), VOCABULARY);
    }

    #[test]
    fn few_words_are_frequent_and_the_same_seed_writes_the_same() {
        let text = words(&mut Random::new(1, 0), 10_000);
        assert_eq!(text, words(&mut Random::new(1, 0), 10_000));
        assert_ne!(text, words(&mut Random::new(2, 0), 10_000));
        let mut counts = BTreeMap::<_, usize>::new();
        text.split(' ').for_each(|word| *counts.entry(word).or_default() += 1);
        let frequent = counts.values().filter(|count| **count > 100).count();
        assert!((5..40).contains(&frequent) && counts.len() > 3_000, "{frequent} of {}", counts.len());
    }

    #[test]
    fn an_edited_copy_differs_in_one_word_of_sixteen() {
        let mut random = Random::new(3, 0);
        let text = words(&mut random, 160);
        let copy = edited(&mut random, &text);
        let differing = text.split(' ').zip(copy.split(' ')).filter(|(old, new)| old != new).count();
        assert!((6..=10).contains(&differing), "{differing}");
    }
}

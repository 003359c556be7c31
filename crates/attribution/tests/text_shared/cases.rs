//! Random sets of texts that copy each other, and what is asked of them.

use serde_json::{Value, json};

/// A step of a set's life; each makes a version.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Append(String),
    Status(u64, u8),
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) steps: Vec<Step>,
    /// Version and output.
    pub(crate) ask: Vec<(u64, String)>,
}

impl Case {
    pub(crate) fn json(&self) -> Value {
        let step = |step: &Step| match step {
            Step::Append(text) => json!(["append", text]),
            Step::Status(row, status) => json!(["status", row, status]),
        };
        json!({ "steps": self.steps.iter().map(step).collect::<Value>(), "ask": self.ask })
    }

    pub(crate) fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let words = [3, 12, 60, 400][dice.below(4)];
        let mut texts: Vec<Vec<String>> = Vec::new();
        let mut changes = Vec::new();
        let mut steps = Vec::new();
        // Now and then so many rows that the lists of trigrams are full.
        let many = dice.one_in(15);
        for _ in 0..if many { 60 + dice.below(50) } else { 1 + dice.below(14) } {
            let row = dice.below(texts.len().max(1));
            if dice.one_in(4) && changes.get(row).is_some_and(|&made| made < 4) {
                changes[row] += 1;
                steps.push(Step::Status(row as u64, dice.below(3) as u8));
            } else {
                let mut text = dice.text(&texts, words);
                text.truncate(if many { 30 } else { usize::MAX });
                steps.push(Step::Append(dice.join(&text)));
                texts.push(text);
                changes.push(0);
            }
        }
        let versions = steps.len() + 1;
        let ask = (0..3)
            .map(|n| {
                let version = if n == 0 { versions } else { 1 + dice.below(versions) };
                let output = dice.text(&texts, words);
                (version as u64, dice.join(&output))
            })
            .collect();
        Self { steps, ask }
    }
}

const UNUSUAL: [&str; 30] = [
    "Größe",
    "GRO\u{308}SSE",
    "STRASSE",
    "naïve",
    "数据网络",
    "か\u{3099}",
    "한국어",
    "ภาษาไทย",
    "हिन्दी",
    "½",
    "①",
    "ﬁne",
    "e\u{301}",
    "\u{301}",
    "\u{200b}",
    "\u{a0}",
    "it’s",
    "“",
    "—",
    "_x1",
    "=",
    "((",
    "👨\u{200d}👩\u{200d}👧",
    "\u{fdfa}",
    "Ω",
    "x\u{903}y",
    "\u{e0041}",
    "\0",
    "…",
    "שָׁלוֹם",
];

/// SplitMix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn word(&mut self, words: usize) -> String {
        if self.one_in(12) {
            return UNUSUAL[self.below(UNUSUAL.len())].to_owned();
        }
        // Low numbers are common, as in prose.
        let rank = self.below(words).min(self.below(words));
        format!("w{rank}")
    }

    fn fresh(&mut self, most: usize, words: usize) -> Vec<String> {
        (0..self.below(most + 1)).map(|_| self.word(words)).collect()
    }

    /// A text that is new, a symbol that repeats, or made of pieces of earlier ones.
    fn text(&mut self, earlier: &[Vec<String>], words: usize) -> Vec<String> {
        if earlier.is_empty() || self.one_in(5) {
            return self.fresh(90, words);
        }
        if self.one_in(15) {
            let word = self.word(words);
            return vec![word; self.below(90)];
        }
        let mut text = self.fresh(12, words);
        for _ in 0..1 + self.below(3) {
            let source = &earlier[self.below(earlier.len())];
            let from = self.below(source.len() + 1);
            let length = self.below(source.len() - from + 1);
            let every = [2, 4, 7, 16, 1000][self.below(5)];
            for word in &source[from..from + length] {
                match if self.one_in(every) { self.below(4) } else { 4 } {
                    0 => {}
                    1 => text.extend([word.clone(), self.word(words)]),
                    2 | 3 => text.push(self.word(words)),
                    _ => text.push(word.clone()),
                }
            }
            text.extend(self.fresh(12, words));
        }
        text
    }

    fn join(&mut self, words: &[String]) -> String {
        let mut text = String::new();
        for word in words {
            text.push_str(word);
            text.push_str(match self.below(60) {
                0 => ", ",
                1 => "\u{a0}",
                2 => "",
                3 => "\u{200b} ",
                _ => " ",
            });
        }
        text
    }
}

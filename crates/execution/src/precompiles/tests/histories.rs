//! Random lives of sets, and what is asked of them.

use super::reference::cases::{Case, Dice, Step as TextStep};
use alloy_primitives::U256;
use serde_json::{Value, json};

/// A step of a set's life. All but the last make a version.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Append { contributor: u32, payload: Payload },
    Status { row: u64, status: u8 },
    Reassign { row: u64, contributor: u32 },
}

#[derive(Debug, Clone)]
pub(super) enum Payload {
    Text(String),
    Sketches(Vec<Sketch>),
}

#[derive(Debug, Clone)]
pub(super) struct Sketch {
    pub(super) exponent: u8,
    pub(super) label: u16,
    pub(super) values: Vec<i8>,
}

/// A question to a text set.
#[derive(Debug)]
pub(super) struct AskText {
    pub(super) version: u64,
    pub(super) output: String,
    pub(super) most: u16,
}

/// Questions to a sketch set.
#[derive(Debug)]
pub(super) struct AskSketches {
    pub(super) version: u64,
    pub(super) queries: Vec<Vec<i8>>,
    pub(super) label: u16,
    pub(super) k: u16,
    pub(super) lambda: u64,
    pub(super) most: u16,
}

#[derive(Debug)]
pub(super) enum History {
    Text { steps: Vec<Step>, ask: Vec<AskText> },
    Sketch { dim: usize, steps: Vec<Step>, ask: Vec<AskSketches> },
    Split { pool: U256, weights: Vec<U256> },
}

impl History {
    /// Of ten cases six are texts, three sketches and one is a split.
    pub(super) fn random(seed: u64) -> Self {
        let mut dice = Dice(!seed);
        match seed % 10 {
            0 => split(&mut dice),
            1..=3 => sketches(&mut dice),
            _ => texts(seed, &mut dice),
        }
    }

    /// As the reference's driver reads it.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Text { steps, ask } => {
                let ask: Vec<_> = ask.iter().map(|ask| json!([ask.version, ask.output, ask.most])).collect();
                json!({ "kind": "text", "steps": steps.iter().map(step).collect::<Value>(), "ask": ask })
            }
            Self::Sketch { dim, steps, ask } => {
                let asked = |ask: &AskSketches| {
                    let AskSketches { version, queries, label, k, lambda, most } = ask;
                    json!({ "version": version, "queries": queries, "label": label, "k": k, "lambda": lambda, "most": most })
                };
                let ask: Vec<_> = ask.iter().map(asked).collect();
                json!({ "kind": "sketch", "dim": dim, "steps": steps.iter().map(step).collect::<Value>(), "ask": ask })
            }
            Self::Split { pool, weights } => {
                let weights: Vec<_> = weights.iter().map(U256::to_string).collect();
                json!({ "kind": "split", "pool": pool.to_string(), "weights": weights })
            }
        }
    }
}

fn step(step: &Step) -> Value {
    match step {
        Step::Append { contributor, payload: Payload::Text(text) } => json!(["append", contributor, text]),
        Step::Append { contributor, payload: Payload::Sketches(rows) } => {
            let rows: Vec<_> = rows.iter().map(|row| json!([row.exponent, row.label, row.values])).collect();
            json!(["append", contributor, rows])
        }
        Step::Status { row, status } => json!(["status", row, status]),
        Step::Reassign { row, contributor } => json!(["reassign", row, contributor]),
    }
}

/// The texts of the rules' own cases, with authors.
fn texts(seed: u64, dice: &mut Dice) -> History {
    let case = Case::random(seed);
    let (mut steps, mut rows) = (Vec::new(), 0);
    for step in case.steps {
        steps.push(match step {
            TextStep::Append(text) => {
                rows += 1;
                // A document has a byte.
                let text = if text.is_empty() { "-".to_owned() } else { text };
                Step::Append { contributor: dice.below(4) as u32, payload: Payload::Text(text) }
            }
            TextStep::Status(row, status) => Step::Status { row, status },
        });
        reassign(dice, rows, &mut steps);
    }
    let ask = case.ask.into_iter().map(|(version, output)| AskText { version, output, most: most(dice) }).collect();
    History::Text { steps, ask }
}

/// Now and then another author of some row.
fn reassign(dice: &mut Dice, rows: usize, steps: &mut Vec<Step>) {
    if rows > 0 && dice.one_in(6) {
        let contributor = [0, 1, 7, u32::MAX][dice.below(4)];
        steps.push(Step::Reassign { row: dice.below(rows) as u64, contributor });
    }
}

fn most(dice: &mut Dice) -> u16 {
    [0, 0, 1, 2, 5, u16::MAX][dice.below(6)]
}

fn sketches(dice: &mut Dice) -> History {
    let dim = [32, 32, 64, 96, 256][dice.below(5)];
    // All alike, so that DataInf has an answer; any; or the extremes.
    let exponents = [vec![dice.below(64) as u8], (0..64).collect(), vec![0, 63]][dice.below(3)].clone();
    let scale = [1, 2, 20, 127][dice.below(4)];
    let (mut steps, mut changes) = (Vec::new(), Vec::<usize>::new());
    let (mut rows, mut version) = (Vec::<Sketch>::new(), 1);
    for _ in 0..1 + dice.below(12) {
        let row = dice.below(rows.len().max(1));
        if dice.one_in(3) && changes.get(row).is_some_and(|&made| made < 4) {
            changes[row] += 1;
            steps.push(Step::Status { row: row as u64, status: dice.below(3) as u8 });
        } else {
            let new: Vec<_> = (0..1 + dice.below(4)).map(|_| sketch(dice, dim, (scale, &exponents), &rows)).collect();
            changes.resize(changes.len() + new.len(), 0);
            rows.extend(new.iter().cloned());
            steps.push(Step::Append { contributor: dice.below(4) as u32, payload: Payload::Sketches(new) });
        }
        version += 1;
        reassign(dice, rows.len(), &mut steps);
    }
    let mut ask = |last: bool| AskSketches {
        version: if last { version } else { 1 + dice.below(version as usize) as u64 },
        queries: (0..1 + dice.below(8)).map(|_| query(dice, dim, &rows)).collect(),
        label: dice.below(3) as u16,
        k: [0, 1, 2, 3, 7, u16::MAX][dice.below(6)],
        lambda: [0, 1, 777, u64::MAX][dice.below(4)],
        most: most(dice),
    };
    let ask = vec![ask(true), ask(false), ask(false)];
    History::Sketch { dim, steps, ask }
}

/// A row: random, a copy, zeros, or the extremes that a row may hold.
fn sketch(dice: &mut Dice, dim: usize, (scale, exponents): (i64, &[u8]), rows: &[Sketch]) -> Sketch {
    let (exponent, label) = (exponents[dice.below(exponents.len())], dice.below(3) as u16);
    let values = match dice.below(6) {
        0 if !rows.is_empty() => rows[dice.below(rows.len())].values.clone(),
        1 => vec![[0, 127, -127][dice.below(3)]; dim],
        2 => (0..dim).map(|_| if dice.one_in(2) { 127 } else { -127 }).collect(),
        _ => (0..dim).map(|_| (dice.below(2 * scale as usize + 1) as i64 - scale) as i8).collect(),
    };
    Sketch { exponent, label, values }
}

/// A query: as a row, or of any bytes, −128 among them.
fn query(dice: &mut Dice, dim: usize, rows: &[Sketch]) -> Vec<i8> {
    match dice.below(4) {
        0 if !rows.is_empty() => rows[dice.below(rows.len())].values.clone(),
        1 => vec![[0, 127, -128][dice.below(3)]; dim],
        _ => (0..dim).map(|_| dice.roll() as i8).collect(),
    }
}

fn split(dice: &mut Dice) -> History {
    let wide = |dice: &mut Dice| match dice.below(6) {
        0 => U256::MAX >> dice.below(256),
        1 => U256::from(dice.below(4)),
        2 => U256::ONE << dice.below(256),
        3 => U256::ZERO,
        _ => U256::from_limbs([dice.roll(), dice.roll(), dice.roll(), dice.roll()]) >> dice.below(256),
    };
    let pool = wide(dice);
    // Equal ones tie.
    let weights = (0..dice.below(40)).map(|_| wide(dice));
    let mut weights: Vec<_> = weights.collect();
    if dice.one_in(3) && !weights.is_empty() {
        let one = weights[0];
        weights.fill(one);
    }
    History::Split { pool, weights }
}

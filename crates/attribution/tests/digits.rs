//! A real case: whose training rows moved the loss on which test row, as the sketches say and as retraining on subsets of them
//! showed. The linear datamodelling score is the mean over test rows of Spearman's correlation between the two.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shared;

use tributary_attribution::{
    rows::{Layout, Rows},
    scan,
};

/// Lines of `exponent hex(values)`, as stored rows.
fn rows(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let (exponent, values) = line.split_once(' ').unwrap();
        bytes.push(exponent.parse().unwrap());
        bytes.extend(from_hex(values));
    }
    bytes
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// The training rows that a subset used, and minus the loss on each test row.
fn subsets(text: &str) -> Vec<(Vec<bool>, Vec<i128>)> {
    let subset = |line: &str| {
        let (bits, losses) = line.split_once(' ').unwrap();
        let used = from_hex(bits).iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        (used, losses.split(',').map(|loss| loss.trim().parse().unwrap()).collect())
    };
    text.lines().map(subset).collect()
}

/// Twice the ranks, so that the mean rank of ties is whole; less the mean of all, so that they sum to 0.
fn centred_ranks(values: &[i128]) -> Vec<i64> {
    let below = |x: i128| values.iter().filter(|&&y| y < x).count() as i64;
    let equal = |x: i128| values.iter().filter(|&&y| y == x).count() as i64;
    values.iter().map(|&x| 2 * below(x) + equal(x) - values.len() as i64).collect()
}

fn spearman(x: &[i128], y: &[i128]) -> f64 {
    let (x, y) = (centred_ranks(x), centred_ranks(y));
    let dot = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
    dot(&x, &y) as f64 / ((dot(&x, &x) * dot(&y, &y)) as f64).sqrt()
}

/// The score of sketches of `dim` dimensions; `None` without the shared folder.
fn lds(dim: usize) -> Option<f64> {
    let read = |name: &str| shared::read(&format!("attribution/digits/{name}"));
    let train = rows(&read(&format!("sketch{dim}_train.txt"))?);
    let test = rows(&read(&format!("sketch{dim}_test.txt"))?);
    let subsets = subsets(&read("retrained_subsets.txt")?);
    let layout = Layout::new(dim, false).unwrap();
    let stored = Rows::new(layout, [&train[..]], &[]).unwrap();
    let queries = test.chunks(layout.row_length());
    let count = queries.len();
    let mut sum = 0.0;
    for (number, query) in queries.enumerate() {
        let query: Vec<i8> = query[1..].iter().map(|&value| value.cast_signed()).collect();
        let mut scores = vec![0; stored.len() as usize];
        for (row, score) in scan::influence(&stored, &query, 0).unwrap().best {
            scores[row as usize] = score;
        }
        let predicted: Vec<i128> =
            subsets.iter().map(|(used, _)| scores.iter().zip(used).filter(|(_, used)| **used).map(|(score, _)| score).sum()).collect();
        let found: Vec<i128> = subsets.iter().map(|(_, losses)| losses[number]).collect();
        sum += spearman(&predicted, &found);
    }
    Some(sum / count as f64)
}

#[test]
fn sketches_predict_what_retraining_showed() {
    for (dim, expected) in [(256, 0.9444), (128, 0.9102)] {
        let Some(found) = lds(dim) else { return };
        assert_eq!((found * 10_000.0).round() / 10_000.0, expected, "{dim} dimensions: {found}");
    }
}

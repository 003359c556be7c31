//! A real case, through the precompile: whose training rows moved the loss on which test row, as sketches say and as retraining showed.

use crate::attribution::{
    Error,
    chain::{Ask, Chain},
};
use alloy_primitives::{U256, hex};
use std::{fs, path::Path};
use tributary_contracts::{
    IAttributionStore as store, ISketchAttribution as sketch,
    predeploys::{ATTRIBUTION_STORE as STORE, SKETCH_ATTRIBUTION as SKETCH},
};

/// The linear datamodelling score of sketches of `dim` values, in ten-thousandths: the mean over test rows of Spearman's correlation between
/// what the precompile's scores of a subset add up to and the loss after retraining on it.
///
/// # Errors
/// When the folder lacks a file, or a call fails.
pub fn digits(folder: &Path, dim: u16) -> Result<i64, Error> {
    let read = |name: String| {
        fs::read_to_string(folder.join(&name)).map_err(|error| Error::Corpus(format!("{name} of {}: {error}", folder.display())))
    };
    let train = rows(&read(format!("sketch{dim}_train.txt"))?)?;
    let test = rows(&read(format!("sketch{dim}_test.txt"))?)?;
    let subsets = subsets(&read("retrained_subsets.txt".into())?)?;

    let chain = Chain::new()?;
    let create = store::createSketchSetCall { dim, labelled: false, minExponent: 0, maxExponent: 63 };
    chain.commit(&[vec![Ask::new(STORE, create)]])?;
    for rows in train.chunks(100) {
        let append = store::appendCall { setId: U256::ONE, contributor: 1, payload: rows.concat().into() };
        chain.commit(&[vec![Ask::new(STORE, append)]])?;
    }
    let mut sum = 0.0;
    for (number, query) in test.iter().enumerate() {
        let call = sketch::influenceCall { setId: U256::ONE, version: 0, query: query[1..].to_vec().into(), topK: 0 };
        let answer = chain.ask(SKETCH, &call)?;
        let mut scores = vec![0; train.len()];
        for (row, score) in answer.rows.iter().zip(&answer.scores) {
            scores[*row as usize] = i128::try_from(*score).map_err(|_| Error::Corpus("a score beyond 128 bits".into()))?;
        }
        let predicted: Vec<i128> =
            subsets.iter().map(|(used, _)| scores.iter().zip(used).filter(|(_, used)| **used).map(|(score, _)| score).sum()).collect();
        let found: Vec<i128> = subsets.iter().map(|(_, losses)| losses[number]).collect();
        sum += spearman(&predicted, &found);
    }
    Ok((sum / test.len() as f64 * 10_000.0).round() as i64)
}

/// Lines of `exponent hex(values)`, as stored rows.
fn rows(text: &str) -> Result<Vec<Vec<u8>>, Error> {
    let row = |line: &str| {
        let (exponent, values) = line.split_once(' ')?;
        Some([vec![exponent.parse().ok()?], hex::decode(values.trim()).ok()?].concat())
    };
    text.lines().map(|line| row(line).ok_or_else(|| Error::Corpus(format!("not a sketch: {line}")))).collect()
}

/// The training rows that a subset used, and minus the loss on each test row.
type Subset = (Vec<bool>, Vec<i128>);

fn subsets(text: &str) -> Result<Vec<Subset>, Error> {
    let subset = |line: &str| {
        let (bits, losses) = line.split_once(' ')?;
        let used = hex::decode(bits).ok()?.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        Some((used, losses.split(',').map(|loss| loss.trim().parse().ok()).collect::<Option<_>>()?))
    };
    text.lines().map(|line| subset(line).ok_or_else(|| Error::Corpus("not a subset".into()))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_of_ranks() {
        assert_eq!(spearman(&[1, 2, 30], &[-5, 0, 7]), 1.0);
        assert_eq!(spearman(&[1, 2, 30], &[7, 0, -5]), -1.0);
    }
}

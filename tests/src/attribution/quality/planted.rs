//! Passages of a text of the set, planted among words that nobody has, with some of their words replaced: is the text found?

use super::{
    language::{LENGTH, Texts},
    shares::{by_origin, newest, thousandths},
};
use crate::attribution::{Error, content::Dice};
use std::collections::BTreeSet;
use tributary_attribution::text::TextIndex;

const LENGTHS: [usize; 3] = [16, 64, 200];
const NOISE: [u64; 5] = [0, 10, 20, 30, 40];
const PASSAGES: usize = 60;
/// Words before a passage and after it.
const AROUND: usize = 50;

pub(super) fn header() -> String {
    let mut text =
        "\nPassages of a text, planted; per thousand, of 60 each: found first, and share of the credit\n\n| language, tokens".to_owned();
    NOISE.iter().for_each(|noise| text.push_str(&format!(" | {noise} % replaced")));
    text.push_str(" |\n|---");
    NOISE.iter().for_each(|_| text.push_str("|--:"));
    text + "|\n"
}

pub(super) fn rows(texts: &Texts) -> Result<String, Error> {
    let mut table = String::new();
    for length in LENGTHS {
        table.push_str(&format!("| {}, {length}", texts.name));
        for noise in NOISE {
            let (found, share) = measure(texts, length, noise)?;
            table.push_str(&format!(" | {found}, {share}"));
        }
        table.push_str(" |\n");
    }
    Ok(table)
}

/// How often the text was paid most, and what share of all credit it got; per thousand.
fn measure(texts: &Texts, length: usize, noise: u64) -> Result<(u64, u64), Error> {
    let mut dice = Dice::new(length as u64);
    let (mut found, mut right, mut paid) = (0, 0, 0);
    for _ in 0..PASSAGES {
        let row = dice.below(texts.rows.len());
        let start = dice.below(LENGTH - length + 1);
        let owners = owners(texts, row as u64, start as u32..(start + length) as u32)?;
        let passage: Vec<String> = texts.rows[row][start..start + length]
            .iter()
            .map(|word| if dice.next() % 100 < noise { texts.word(&mut dice) } else { word.clone() })
            .collect();
        let fresh = |dice: &mut Dice| (0..AROUND).map(|_| format!("q{:x}z", dice.next())).collect::<Vec<_>>();
        let output = [fresh(&mut dice), passage, fresh(&mut dice)].concat().join(" ");
        let credits = by_origin(&newest(&texts.set, &output)?);
        // Of equal credits the earlier row is first.
        let first = credits.iter().max_by_key(|(row, credit)| (**credit, std::cmp::Reverse(**row))).map(|(row, _)| *row);
        found += u64::from(first.is_some_and(|first| owners.contains(&first)));
        right += credits.iter().filter(|(row, _)| owners.contains(row)).map(|(_, credit)| credit).sum::<u64>();
        paid += credits.values().sum::<u64>();
    }
    Ok((thousandths(found, PASSAGES as u64), thousandths(right, paid)))
}

/// The text itself, and those who had these of its tokens before.
fn owners(texts: &Texts, row: u64, tokens: std::ops::Range<u32>) -> Result<BTreeSet<u64>, Error> {
    let runs = texts.set.runs(row, tokens)?;
    Ok(runs.iter().filter_map(|run| run.origin.map(|place| place.row)).chain([row]).collect())
}

//! Copies, paraphrases, quotations and floods: what is the copier paid for an answer that quotes him?

use super::{
    language::{BESIDE, LENGTH, Texts, Words},
    shares::{Shares, newest, paid_to, thousandths},
};
use crate::attribution::{Error, content::Dice};
use tributary_attribution::text::{MemoryIndex, Status, TextIndex, Unmetered, novelty};

const TRIALS: usize = 20;
const FLOOD: usize = 2_001;

pub(super) fn header() -> String {
    "\nWho is paid for an answer that quotes the copier; per thousand: copier / first author / closed (the rest: earlier rows whose words they were)\n\n\
     | language | 1 word in 64 | in 16 | in 8 | in 4 changed | paraphrase of 64 words, 20 % | of 24 words | quotation cards | 2,001 copies | refinement that was accepted: of its own words | independent text loses: of the same source, of another |\n\
     |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned()
}

pub(super) fn rows(texts: &Texts) -> Result<String, Error> {
    let mut row = format!("| {}", texts.name);
    for every in [64, 16, 8, 4] {
        row.push_str(&format!(" | {}", copied(texts, |words, dice| changed(texts, words, every, dice))?.render()));
    }
    for length in [64, 24] {
        row.push_str(&format!(" | {}", copied(texts, |words, dice| paraphrased(texts, &words[100..100 + length], dice))?.render()));
    }
    let own = |dice: &mut Dice| (0..7).map(|_| format!("{}{:x}", texts.word(dice), dice.next() % 4096)).collect::<Vec<_>>();
    let card = |words: &Words, dice: &mut Dice| words.chunks(40).flat_map(|part| [part[..12].to_vec(), own(dice)].concat()).collect();
    row.push_str(&format!(" | {}", copied(texts, card)?.render()));
    let (first, second) = (lost(&texts.set, &texts.beside)?, lost(&texts.set, &texts.other)?);
    let second = second.map_or_else(|| "–".to_owned(), |lost| lost.to_string());
    row.push_str(&format!(" | {} | {} | {}, {second} |\n", flooded(texts)?.render(), refined(texts)?, first.unwrap_or_default()));
    Ok(row)
}

/// The set with one text more, and that text's row.
fn with(texts: &Texts, victim: &Words) -> Result<(MemoryIndex, u64), Error> {
    let mut set = texts.set.clone();
    let author = append(&mut set, victim)?;
    Ok((set, author))
}

fn append(set: &mut MemoryIndex, words: &Words) -> Result<u64, Error> {
    Ok(set.append(&words.join(" "), 0, &mut Unmetered)?.row)
}

/// What the answer that quotes a copy pays, over all trials.
fn copied(texts: &Texts, copy: impl Fn(&Words, &mut Dice) -> Words) -> Result<Shares, Error> {
    let mut shares = Shares::default();
    for (seed, victim) in (1..).zip(texts.beside.iter().take(TRIALS)) {
        let (mut set, author) = with(texts, victim)?;
        let copy = copy(victim, &mut Dice::new(seed));
        let copier = append(&mut set, &copy)?;
        shares.add(Shares::of(&newest(&set, &copy.join(" "))?, copier, author));
    }
    Ok(shares)
}

fn changed(texts: &Texts, words: &Words, every: usize, dice: &mut Dice) -> Words {
    words.iter().enumerate().map(|(at, word)| if at % every == every - 1 { texts.word(dice) } else { word.clone() }).collect()
}

/// One word in five is another, at random.
fn paraphrased(texts: &Texts, words: &[String], dice: &mut Dice) -> Words {
    words.iter().map(|word| if dice.below(5) == 0 { texts.word(dice) } else { word.clone() }).collect()
}

/// What copies of a passage leave to its author of all that is explained.
fn flooded(texts: &Texts) -> Result<Shares, Error> {
    let passage: Words = texts.beside[0][100..140].to_vec();
    let (mut set, author) = with(texts, &passage)?;
    for _ in 0..FLOOD {
        append(&mut set, &passage)?;
    }
    let found = newest(&set, &passage.join(" "))?;
    // All that is paid to nobody from before is the copiers'.
    let copiers = found.credits.iter().filter(|credit| credit.origin > author).map(|credit| credit.weight).sum();
    Ok(Shares { copier: copiers, ..Shares::of(&found, author, author) })
}

/// What an accepted refinement is paid of the words that it adds, per thousand: those that were closed before.
fn refined(texts: &Texts) -> Result<u64, Error> {
    let (mut paid, mut added) = (0, 0);
    for (seed, victim) in (1..).zip(texts.beside.iter().take(TRIALS)) {
        let (mut set, author) = with(texts, victim)?;
        // Words that were closed before are paid, so that those of the refinement are the only ones that are not.
        for row in 0..=author {
            set.set_status(row, Status::Refinement)?;
        }
        let copy = changed(texts, victim, 16, &mut Dice::new(seed));
        let refiner = append(&mut set, &copy)?;
        let before = newest(&set, &copy.join(" "))?;
        set.set_status(refiner, Status::Refinement)?;
        let after = newest(&set, &copy.join(" "))?;
        added += before.withheld;
        paid += paid_to(&after, refiner) - paid_to(&before, refiner);
    }
    Ok(thousandths(paid, added))
}

/// What texts that copy nobody lose to others and by closing, per thousand.
fn lost(set: &MemoryIndex, texts: &[Words]) -> Result<Option<u64>, Error> {
    let (mut lost, mut total) = (0, 0);
    for text in texts {
        let found = novelty(set, set.version()?, &text.join(" "), &mut Unmetered)?;
        lost += found.inherited + found.closed;
        total += found.total;
    }
    Ok((total > 0).then(|| thousandths(lost, total)))
}

const _: () = assert!(TRIALS <= BESIDE && LENGTH >= 200);

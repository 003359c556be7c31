//! Attacks on the first edition that were run, and what the second makes of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tributary_attribution::text::{MemoryIndex, Status, TextIndex, Trace, Unmetered, evidence, novelty, trace};

/// Pseudo-random words, a few of which are common.
fn prose(seed: u64, words: usize) -> Vec<String> {
    let mut state = seed;
    let mut roll = move |end: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    let word =
        |n: u64| format!("{}{}{}", ["ba", "de", "gi", "ko", "lu"][(n % 5) as usize], ["r", "st", "v", "nd"][(n / 5 % 4) as usize], n / 20);
    (0..words).map(|_| if roll(3) == 0 { word(roll(20)) } else { word(roll(3_000)) }).collect()
}

fn append(set: &mut MemoryIndex, text: &str) -> u64 {
    set.append(text, 0, &mut Unmetered).unwrap().row
}

/// Twenty texts of other people, then the victim's.
fn set_with(victim: &str) -> (MemoryIndex, u64) {
    let mut set = MemoryIndex::new();
    for other in 0..20 {
        append(&mut set, &prose(1_000 + other, 200).join(" "));
    }
    let row = append(&mut set, victim);
    (set, row)
}

fn newest(set: &MemoryIndex, output: &str) -> Trace {
    trace(set, set.version().unwrap(), output, &mut Unmetered).unwrap()
}

fn paid_to(trace: &Trace, origin: u64) -> u64 {
    trace.credits.iter().filter(|credit| credit.origin == origin).map(|credit| credit.weight).sum()
}

/// Shares of an answer that quotes a copy: the copier's, the first author's, withheld; in percent.
fn shares(trace: &Trace, copier: u64, author: u64) -> (u64, u64, u64) {
    let percent = |weight: u64| 100 * weight / trace.explained;
    (percent(paid_to(trace, copier)), percent(paid_to(trace, author)), percent(trace.withheld))
}

fn changed(text: &[String], every: usize) -> Vec<String> {
    let fresh = prose(77, text.len());
    text.iter()
        .zip(fresh)
        .enumerate()
        .map(|(at, (word, new))| if at % every == every - 1 { format!("{new}x{at}") } else { word.clone() })
        .collect()
}

#[test]
fn a_row_that_repeats_a_passage_and_is_then_withdrawn_takes_nothing_from_its_author() {
    let passage = prose(1, 40).join(" ");
    let (mut set, author) = set_with(&passage);
    let before = newest(&set, &passage);
    assert_eq!(paid_to(&before, author), before.total);
    let repeated = vec![passage.as_str(); 60].join(" ");
    let attacker = append(&mut set, &repeated);
    set.set_status(attacker, Status::Withdrawn).unwrap();
    let after = newest(&set, &passage);
    assert_eq!((paid_to(&after, author), after.withheld), (after.total, 0));
}

#[test]
fn two_thousand_and_one_copies_take_nothing_from_the_first_author() {
    let passage = prose(2, 40).join(" ");
    let (mut set, author) = set_with(&passage);
    for _ in 0..2_001 {
        append(&mut set, &passage);
    }
    let trace = newest(&set, &passage);
    assert_eq!((trace.credits.len(), paid_to(&trace, author), trace.explained), (1, trace.total, trace.total));
}

#[test]
fn a_copy_with_one_word_in_64_changed_earns_nothing_for_itself() {
    let victim = prose(3, 400);
    let (mut set, author) = set_with(&victim.join(" "));
    let copy = changed(&victim, 64).join(" ");
    let copier = append(&mut set, &copy);
    let (own, first, withheld) = shares(&newest(&set, &copy), copier, author);
    assert!(own == 0 && first >= 96 && withheld <= 4, "{own} {first} {withheld}");
}

#[test]
fn a_copy_with_one_word_in_four_changed_earns_little_for_itself() {
    let victim = prose(4, 400);
    let (mut set, author) = set_with(&victim.join(" "));
    let copy = changed(&victim, 4).join(" ");
    let copier = append(&mut set, &copy);
    let (own, first, _) = shares(&newest(&set, &copy), copier, author);
    assert!(own <= 10 && first >= 60, "{own} {first}");
}

#[test]
fn a_refinement_that_was_accepted_earns_for_the_words_that_it_adds() {
    let victim = prose(5, 300);
    let (mut set, author) = set_with(&victim.join(" "));
    let copy = changed(&victim, 16).join(" ");
    let refiner = append(&mut set, &copy);
    let before = newest(&set, &copy);
    assert!(before.withheld > 0 && paid_to(&before, refiner) == 0);
    set.set_status(refiner, Status::Refinement).unwrap();
    let after = newest(&set, &copy);
    assert_eq!((paid_to(&after, refiner), after.withheld), (before.withheld, 0));
    assert_eq!(paid_to(&after, author), paid_to(&before, author));
}

#[test]
fn a_copy_of_a_withdrawn_text_earns_nothing() {
    let text = prose(6, 120).join(" ");
    let (mut set, first) = set_with(&text);
    set.set_status(first, Status::Withdrawn).unwrap();
    let copier = append(&mut set, &text);
    let trace = newest(&set, &text);
    assert_eq!((paid_to(&trace, copier), paid_to(&trace, first)), (0, 0));
    assert_eq!((trace.withheld, trace.explained), (trace.total, trace.total));
}

#[test]
fn withdrawing_a_copy_leaves_the_original_as_it_was() {
    let text = prose(7, 120).join(" ");
    let (mut set, author) = set_with(&text);
    let copier = append(&mut set, &text);
    let before = newest(&set, &text);
    set.set_status(copier, Status::Withdrawn).unwrap();
    assert_eq!(newest(&set, &text), before);
    assert_eq!(paid_to(&before, author), before.total);
}

#[test]
fn nothing_that_happens_after_a_version_moves_what_it_says() {
    let answer = prose(8, 120).join(" ");
    let (mut set, author) = set_with(&prose(9, 100).join(" "));
    let version = set.version().unwrap();
    let output = format!("{answer} {}", prose(9, 100).join(" "));
    let (before, shown) = (newest(&set, &output), evidence(&set, version, &output, 0, &mut Unmetered).unwrap());
    let found = novelty(&set, version, &output, &mut Unmetered).unwrap();
    let copier = append(&mut set, &answer);
    for status in [Status::Withdrawn, Status::Active, Status::Withdrawn, Status::Refinement] {
        set.set_status(author, status).unwrap();
    }
    set.set_status(copier, Status::Refinement).unwrap();
    append(&mut set, &output);
    assert_eq!(trace(&set, version, &output, &mut Unmetered).unwrap(), before);
    assert_eq!(evidence(&set, version, &output, 0, &mut Unmetered).unwrap(), shown);
    assert_eq!(novelty(&set, version, &output, &mut Unmetered).unwrap(), found);
}

/// The victim's text under a disguise that readers do not see.
fn disguised_copy_earns_nothing(victim: &str, disguise: impl Fn(&str) -> String) {
    let (mut set, author) = set_with(victim);
    let copy = disguise(victim);
    assert_ne!(copy, victim);
    append(&mut set, &copy);
    for output in [victim, &copy] {
        let trace = newest(&set, output);
        assert_eq!((paid_to(&trace, author), trace.explained, trace.withheld), (trace.total, trace.total, 0));
    }
}

#[test]
fn letters_outside_ascii_disguise_nothing() {
    let victim =
        "Größe und Öl für Straßen, café déjà vu, naïve Ångström, ﬁne Ω units, ÇA VA où être français, señor año, Łódź žluťoučký kůň";
    disguised_copy_earns_nothing(victim, |text| text.replace('ö', "o\u{308}").replace('ß', "SS").replace('é', "e\u{301}").to_uppercase());
    let latin = "plain words of the english language that anybody could have typed on any keyboard in the world today";
    let fullwidth = |c: char| char::from_u32(c as u32 + 0xFEE0).filter(|_| c.is_ascii_lowercase()).unwrap_or(c);
    disguised_copy_earns_nothing(latin, |text| text.chars().map(fullwidth).collect());
}

#[test]
fn invisible_characters_disguise_nothing() {
    for invisible in ["\u{200b}", "\u{ad}", "\u{2060}", "\u{feff}", "\u{200d}", "\u{fe0f}", "\u{34f}", "\u{e0041}"] {
        disguised_copy_earns_nothing(&prose(10, 60).join(" "), |text| text.replace('a', &format!("a{invisible}")));
    }
}

#[test]
fn no_break_spaces_and_other_blanks_disguise_nothing() {
    for blank in ["\u{a0}", "\u{202f}", "\u{2007}", "\u{3000}", "\u{2800}", "\u{2028}", "\t\0\u{7f}"] {
        disguised_copy_earns_nothing(&prose(11, 60).join(" "), |text| text.replace(' ', blank));
    }
}

#[test]
fn typographic_quotes_and_dashes_disguise_nothing() {
    let victim = "it's \"quoted\" text - with dashes - and the author's own 'apostrophes' in \"every\" well-known place";
    disguised_copy_earns_nothing(victim, |text| text.replace('\'', "’").replace('"', "“").replace('-', "–"));
}

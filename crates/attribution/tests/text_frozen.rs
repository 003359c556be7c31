//! Frozen rows give the answers of the rows in memory: frozen at any places, cut short, merged, and with new rows in front.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloy_primitives::bytes::Bytes;
use proptest::prelude::*;
use std::sync::Arc;
use tributary_attribution::{
    Error,
    text::{
        MemoryIndex, Overlay, PER_ROW, RowEntry, Span, StoredRow, TextIndex, Unmetered, append,
        frozen::{Frozen, FrozenRows, freeze, merge},
        trace,
    },
};

/// A set in memory, and what its appends added.
fn set_of(documents: &[String]) -> (MemoryIndex, Vec<(RowEntry, String)>) {
    let mut index = MemoryIndex::new();
    let mut entries = Vec::new();
    for (contributor, document) in (10..).zip(documents) {
        let entry = index.append(document, contributor, &mut Unmetered).unwrap();
        entries.push((entry, document.clone()));
    }
    (index, entries)
}

fn frozen(entries: &[(RowEntry, String)]) -> Arc<FrozenRows> {
    let mut bytes = Vec::new();
    freeze(entries, &mut bytes).unwrap();
    Arc::new(FrozenRows::open(&Bytes::from(bytes)).unwrap())
}

/// The entries frozen in pieces that end at `ends`.
fn stack_of(entries: &[(RowEntry, String)], ends: &[usize]) -> Frozen {
    let mut stack = Frozen::default();
    let mut from = 0;
    for end in ends.iter().copied().chain([entries.len()]) {
        if end > from && end <= entries.len() {
            stack.push(frozen(&entries[from..end])).unwrap();
            from = end;
        }
    }
    stack
}

fn merged(stack: &Frozen, depths: std::ops::Range<usize>) -> Arc<FrozenRows> {
    let mut bytes = Vec::new();
    merge(stack, depths, &mut bytes).unwrap();
    Arc::new(FrozenRows::open(&Bytes::from(bytes)).unwrap())
}

/// Everything that can be asked of the first `rows` rows.
fn answers<I: TextIndex<Error = Error>>(index: &I, rows: u64, words: &[String]) -> String {
    let mut said = String::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push_str(&format!("{what:?}\n"));
    let mut numbers = Vec::new();
    for word in words {
        // A word of later rows has a number or not; what counts is how often it stands in these.
        let number = index.number(word).unwrap();
        let count = number.map_or(0, |number| index.count(number, rows).unwrap());
        say(&(word, count));
        numbers.extend(number.filter(|_| count > 0));
    }
    for version in 1..rows + 2 {
        say(&index.totals(version).unwrap());
    }
    for row in 0..rows {
        let facts = index.facts(row).unwrap();
        let tokens = index.tokens(row, 0..facts.tokens).unwrap();
        say(&(facts, &tokens, index.document(row).unwrap()));
        for at in 0..facts.tokens {
            say(&(index.runs(row, at..at + 1).unwrap(), index.tokens(row, at..facts.tokens.min(at + 2)).unwrap()));
        }
        say(&index.runs(row, 0..facts.tokens).unwrap());
        for trigram in tokens.windows(3) {
            let trigram = [trigram[0], trigram[1], trigram[2]];
            (0..=rows).for_each(|rows| say(&places(index, trigram, rows)));
        }
        for &number in tokens.iter() {
            say(&(0..=rows).map(|rows| index.count(number, rows).unwrap()).collect::<Vec<_>>());
        }
    }
    for pair in numbers.windows(2) {
        say(&places(index, [pair[0], pair[1], pair[0]], rows));
    }
    said
}

/// The places of a trigram, the rows that they are in, and whether a row has as many as are kept.
fn places<I: TextIndex<Error = Error>>(index: &I, trigram: [u32; 3], rows: u64) -> (Vec<u64>, Vec<Span>, bool) {
    let mut places = Vec::new();
    let is_full = index.places(trigram, rows, &mut places).unwrap();
    let spans: Vec<_> = places.iter().map(|token| index.row_at(*token).unwrap()).collect();
    assert_eq!(is_full, spans.chunk_by(|a, b| a == b).any(|of_row| of_row.len() >= PER_ROW));
    (places, spans, is_full)
}

fn vocabulary() -> Vec<String> {
    (0..24).map(|word| format!("w{word}")).collect()
}

fn documents() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![4 => 0_usize..4, 3 => 4_usize..24];
    let document = prop::collection::vec(word, 1..40);
    let fresh = prop::collection::vec(document, 2..14);
    // Some of them say an earlier one again.
    (fresh, prop::collection::vec(any::<prop::sample::Index>(), 0..4)).prop_map(|(fresh, again)| {
        let words = vocabulary();
        let mut documents: Vec<String> =
            fresh.iter().map(|document| document.iter().map(|&word| words[word].as_str()).collect::<Vec<_>>().join(" ")).collect();
        for index in again {
            let copy = documents[index.index(documents.len())].clone();
            documents.push(copy);
        }
        documents
    })
}

proptest! {
    #[test]
    fn a_frozen_set_answers_as_the_one_in_memory(documents in documents(), ends in prop::collection::vec(1_usize..18, 0..5)) {
        let (memory, entries) = set_of(&documents);
        let rows = entries.len() as u64;
        let mut ends = ends;
        ends.sort_unstable();
        let stack = stack_of(&entries, &ends);
        let expected = answers(&memory, rows, &vocabulary());
        prop_assert_eq!(&answers(&stack, rows, &vocabulary()), &expected);
        // Merged as a whole, and its newer half only.
        let depth = stack.depth();
        for from in [0, depth / 2] {
            let first = if from == 0 { 0 } else { merged(&stack, from..depth).first_row() };
            let mut other = stack.first(first).unwrap();
            other.push(merged(&stack, from..depth)).unwrap();
            prop_assert_eq!(other.depth(), from + 1);
            prop_assert_eq!(&answers(&other, rows, &vocabulary()), &expected);
        }
    }

    #[test]
    fn a_frozen_set_that_is_cut_short_is_the_set_as_it_was(
        documents in documents(),
        others in documents(),
        ends in prop::collection::vec(1_usize..18, 0..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let (_, entries) = set_of(&documents);
        let cut = cut.index(entries.len() + 1);
        let mut ends = ends;
        ends.sort_unstable();
        let (before, _) = set_of(&documents[..cut]);
        let stack = stack_of(&entries, &ends).first(cut as u64).unwrap();
        prop_assert_eq!(stack.rows(), cut as u64);
        prop_assert_eq!(answers(&stack, cut as u64, &vocabulary()), answers(&before, cut as u64, &vocabulary()));

        // Another branch goes on from there, at first in front of it and then frozen on top.
        let mut branch = before;
        let mut overlay = Overlay::over(stack.clone(), stack.version().unwrap()).unwrap();
        let mut entries = Vec::new();
        for document in &others {
            let entry = append(&overlay, document, 7, &mut Unmetered).unwrap();
            prop_assert_eq!(&entry, &branch.append(document, 7, &mut Unmetered).unwrap());
            let stored = StoredRow { born: entry.facts.born, contributor: 7, runs: entry.runs.clone(), document };
            overlay.restore(stored, &mut Unmetered).unwrap();
            entries.push((entry, document.clone()));
        }
        let again: Vec<_> = overlay.entries().map(|(entry, document)| (entry, document.to_owned())).collect();
        prop_assert_eq!(&again, &entries);
        let rows = (cut + others.len()) as u64;
        let expected = answers(&branch, rows, &vocabulary());
        prop_assert_eq!(&answers(&overlay, rows, &vocabulary()), &expected);
        let mut stack = stack;
        stack.push(frozen(&entries)).unwrap();
        prop_assert_eq!(&answers(&stack, rows, &vocabulary()), &expected);
        let whole = merged(&stack, 0..stack.depth());
        let mut single = Frozen::default();
        single.push(whole).unwrap();
        prop_assert_eq!(&answers(&single, rows, &vocabulary()), &expected);
        for output in &documents {
            prop_assert_eq!(
                trace(&single, single.version().unwrap(), output, &mut Unmetered).unwrap(),
                trace(&branch, branch.version().unwrap(), output, &mut Unmetered).unwrap()
            );
        }
    }

    #[test]
    fn bytes_that_were_damaged_are_refused_or_read_without_a_panic(
        documents in documents(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
    ) {
        let (_, entries) = set_of(&documents);
        let mut bytes = Vec::new();
        freeze(&entries, &mut bytes).unwrap();
        let short = bytes[..end.index(bytes.len())].to_vec();
        prop_assert!(FrozenRows::open(&Bytes::from(short)).is_err());
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let Ok(rows) = FrozenRows::open(&Bytes::from(bytes)) else { return Ok(()) };
        let mut stack = Frozen::default();
        if stack.push(Arc::new(rows)).is_ok() {
            let _ = trace(&stack, 2, &documents[0], &mut Unmetered);
            let _ = (stack.facts(0), stack.runs(0, 0..9), stack.document(0), merge(&stack, 0..1, std::io::sink()));
        }
    }
}

#[test]
fn rows_that_do_not_follow_are_refused() {
    let documents: Vec<String> = ["a b c d", "c d e f", "e f g h"].map(String::from).into();
    let (_, entries) = set_of(&documents);
    let mut stack = Frozen::default();
    assert_eq!(stack.push(frozen(&entries[1..])), Err(Error::OutOfOrder { row: 1, version: 3 }));
    stack.push(frozen(&entries[..2])).unwrap();
    let (_, others) = set_of(&["x y z", "a b c d", "e f g h"].map(String::from));
    // Other words came before them.
    assert_eq!(stack.push(frozen(&others[2..])), Err(Error::OutOfOrder { row: 2, version: 4 }));
    assert_eq!(stack.rows(), 2);
    assert!(freeze(&[], std::io::sink()).is_err() && freeze(&[entries[0].clone(), entries[2].clone()], std::io::sink()).is_err());
    assert!(merge(&stack, 0..0, std::io::sink()).is_err() && merge(&stack, 0..2, std::io::sink()).is_err());
}

#[test]
fn rows_of_many_lengths_know_whose_token_is_whose() {
    // Steps of the row directory begin within rows, at rows, and pass over several rows.
    let documents: Vec<String> =
        [1, 255, 1, 256, 3, 1000, 1, 1, 1, 511, 2].iter().enumerate().map(|(row, length)| words(row, *length)).collect();
    let (memory, entries) = set_of(&documents);
    let stack = stack_of(&entries, &[4]);
    let vocabulary = ["w0x0".to_owned(), "w5x999".to_owned()];
    assert_eq!(answers(&stack, 11, &vocabulary), answers(&memory, 11, &vocabulary));
}

fn words(row: usize, length: usize) -> String {
    (0..length).map(|at| format!("w{row}x{at}")).collect::<Vec<_>>().join(" ")
}

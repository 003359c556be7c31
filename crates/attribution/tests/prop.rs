//! The index against a naive restatement of the reference, over small vocabularies that repeat.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tributary_attribution::{
    first_edition::{CAP, GAP, Host, LOOKBACK, MIN_LENGTH, Occurrence, Seed, TOLERANCE, TextIndex, Trace, Unmetered, Work, tokenize},
    rarity::log2_q8,
    split::split,
};

type Words = Vec<String>;

fn words(text: &str) -> Words {
    tokenize(text).map(|token| token.text.into_owned()).collect()
}

/// Every output position against every position of every document.
fn naive_seeds(documents: &[Words], active: &[bool], output: &[String]) -> Vec<Seed> {
    let mut found = Vec::new();
    let mut last = 0;
    for start in 0..output.len() {
        let (mut longest, mut places) = (0, Vec::new());
        for (row, document) in documents.iter().enumerate() {
            for at in 0..document.len() {
                let pairs = output[start..].iter().zip(&document[at..]);
                let length = pairs.take_while(|(a, b)| a == b).count();
                if length > longest {
                    (longest, places) = (length, Vec::new());
                }
                if length == longest && length > 0 {
                    places.push(Occurrence { row: row as u64, token: at as u32 });
                }
            }
        }
        if longest >= MIN_LENGTH as usize && start + longest > last {
            last = start + longest;
            let count = places.len() as u64;
            places.retain(|place| count <= CAP && active[place.row as usize]);
            found.push(Seed { output_token: start as u32, length: longest as u32, count, occurrences: places });
        }
    }
    found
}

/// Chains with their covered tokens as sets, as the reference has them.
fn naive_chains(anchors: &[(i64, i64, i64)], weights: &[u64]) -> Vec<(u64, BTreeSet<i64>)> {
    let sum = |from: i64, to: i64| weights[from as usize..to as usize].iter().sum::<u64>();
    let anchors: Vec<_> = anchors.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let (mut best, mut back) = (Vec::<u64>::new(), Vec::<Option<usize>>::new());
    for (b, &(i, p, length)) in anchors.iter().enumerate() {
        let own = sum(i, i + length);
        let (mut score, mut link) = (own, None);
        for c in b.saturating_sub(LOOKBACK)..b {
            let (i2, p2, length2) = anchors[c];
            let end = i2 + length2;
            let apart = ((p - i) - (p2 - i2)).abs() > i64::from(TOLERANCE);
            if i <= i2 || p <= p2 || apart || i - end > i64::from(GAP) || i + length <= end {
                continue;
            }
            let value = best[c] + own - if end > i { sum(i, end) } else { 0 };
            if value > score {
                (score, link) = (value, Some(c));
            }
        }
        best.push(score);
        back.push(link);
    }
    let mut order: Vec<usize> = (0..anchors.len()).collect();
    order.sort_by(|&x, &y| best[y].cmp(&best[x]).then(x.cmp(&y)));
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    for b in order {
        let mut covered = BTreeSet::new();
        let mut at = Some(b);
        while let Some(x) = at.filter(|x| used.insert(*x)) {
            covered.extend(anchors[x].0..anchors[x].0 + anchors[x].2);
            at = back[x];
        }
        if !covered.is_empty() {
            found.push((covered.iter().map(|&t| weights[t as usize]).sum(), covered));
        }
    }
    found
}

/// `(credits by row, explained, total)`.
fn naive_trace(documents: &[Words], active: &[bool], output: &[String]) -> (BTreeMap<u64, u64>, u64, u64) {
    let all: Vec<&String> = documents.iter().flatten().collect();
    let n = all.len() as u64;
    if n == 0 {
        return Default::default();
    }
    let count = |word: &String| all.iter().filter(|other| **other == word).count() as u64;
    let weights: Vec<u64> = output.iter().map(|word| u64::from(log2_q8(n, count(word).max(1)))).collect();
    let floor = 3 * u64::from(log2_q8(n, 1)) / 2;
    let mut anchors: BTreeMap<u64, Vec<(i64, i64, i64)>> = BTreeMap::new();
    for seed in naive_seeds(documents, active, output) {
        for place in seed.occurrences {
            let anchor = (seed.output_token.into(), place.token.into(), seed.length.into());
            anchors.entry(place.row).or_default().push(anchor);
        }
    }
    let mut chains = Vec::new();
    for (row, anchors) in anchors {
        for (score, covered) in naive_chains(&anchors, &weights) {
            if score >= floor {
                chains.push((std::cmp::Reverse(score), row, covered.first().copied(), covered));
            }
        }
    }
    chains.sort_by_key(|chain| (chain.0, chain.1, chain.2));
    let (mut paid, mut credits) = (BTreeSet::new(), BTreeMap::new());
    for (_, row, _, covered) in chains {
        let gain: u64 = covered.difference(&paid).map(|&t| weights[t as usize]).sum();
        if gain > 0 {
            paid.extend(covered);
            *credits.entry(row).or_insert(0) += gain;
        }
    }
    (credits, paid.iter().map(|&t| weights[t as usize]).sum(), weights.iter().sum())
}

/// Counts what is announced, and knows which rows count.
struct Recorder<'a> {
    active: &'a [bool],
    work: Vec<Work>,
}

impl Host for Recorder<'_> {
    type Error = std::convert::Infallible;

    fn charge(&mut self, work: Work) -> Result<(), Self::Error> {
        self.work.push(work);
        Ok(())
    }

    fn is_active(&mut self, row: u64) -> Result<bool, Self::Error> {
        Ok(self.active[row as usize])
    }
}

fn traced(index: &TextIndex, active: &[bool], output: &str) -> (Trace, Vec<Work>) {
    let mut host = Recorder { active, work: Vec::new() };
    let Ok(trace) = index.trace(output, &mut host);
    (trace, host.work)
}

fn build(documents: &[String]) -> TextIndex {
    TextIndex::build(documents.iter().map(|document| document.as_bytes())).unwrap()
}

/// Text over few words, so that matches are long, frequent and overlap.
fn text(most: usize) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => prop::sample::select(vec!["a", "b"]).prop_map(String::from),
        2 => prop::sample::select(vec!["c", "!", "据"]).prop_map(String::from),
        1 => "[d-z]{1,3}",
    ];
    prop::collection::vec(word, 0..most).prop_map(|words| words.join(" "))
}

/// Documents of which some are copies of earlier ones, their activity, and an output that quotes.
fn case() -> impl Strategy<Value = (Vec<String>, Vec<bool>, String)> {
    let documents = prop::collection::vec((text(60), any::<bool>()), 1..7);
    (documents, text(30), any::<[prop::sample::Index; 4]>(), any::<u8>()).prop_map(|(documents, noise, picks, activity)| {
        let mut texts: Vec<String> = Vec::new();
        for (text, copy) in documents {
            let text = if copy && !texts.is_empty() { texts[0].clone() } else { text };
            texts.push(text);
        }
        let source = words(&texts[picks[0].index(texts.len())]);
        let (x, y) = (picks[1].index(source.len() + 1), picks[2].index(source.len() + 1));
        let quoted = source[x.min(y)..x.max(y)].join(" ");
        let active = (0..texts.len()).map(|row| activity >> row & 3 != 0).collect();
        (texts, active, format!("{noise} {quoted} {noise}"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn seeds_and_credits_equal_the_naive_reference((documents, active, output) in case()) {
        let tokenized: Vec<Words> = documents.iter().map(|text| words(text)).collect();
        let query = words(&output);
        let index = build(&documents);
        let Ok(seeds) = index.seeds(&output, &mut Unmetered(|row| active[row as usize]));
        prop_assert_eq!(seeds, naive_seeds(&tokenized, &active, &query));

        let (trace, _) = traced(&index, &active, &output);
        let (credits, explained, total) = naive_trace(&tokenized, &active, &query);
        let got: BTreeMap<u64, u64> = trace.credits.iter().map(|c| (c.row, c.weight)).collect();
        prop_assert_eq!(got, credits);
        prop_assert_eq!((trace.explained, trace.total), (explained, total));
    }

    #[test]
    fn evidence_quotes_its_row_and_sums_to_the_credits((documents, active, output) in case()) {
        let (trace, _) = traced(&build(&documents), &active, &output);
        let mut sums = BTreeMap::new();
        let mut paid = BTreeSet::new();
        for item in &trace.evidence {
            let quoted = &output[item.output_start as usize..item.output_end as usize];
            let row = &documents[item.row as usize];
            prop_assert_eq!(words(quoted), words(&row[item.row_start as usize..item.row_end as usize]));
            for byte in item.output_start..item.output_end {
                prop_assert!(paid.insert(byte), "byte {} is paid twice", byte);
            }
            *sums.entry(item.row).or_insert(0) += item.score;
        }
        let credits: BTreeMap<u64, u64> = trace.credits.iter().map(|c| (c.row, c.weight)).collect();
        prop_assert_eq!(sums, credits);
    }

    #[test]
    fn segments_and_prefixes_cannot_be_seen(
        (documents, active, output) in case(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        rows in 0_usize..9,
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(documents.len())).collect();
        cuts.sort_unstable();
        let mut pieces = TextIndex::default();
        let mut from = 0;
        for to in cuts.into_iter().chain([documents.len()]) {
            pieces.append(documents[from..to].iter().map(|text| text.as_bytes())).unwrap();
            from = to;
        }
        let whole = build(&documents);
        prop_assert_eq!(traced(&pieces, &active, &output), traced(&whole, &active, &output));

        let some = build(&documents[..rows.min(documents.len())]);
        prop_assert_eq!(
            traced(&pieces.prefix(rows as u64), &active, &output),
            traced(&some, &active, &output)
        );
    }

    #[test]
    fn a_document_split_into_tokens_loses_no_word_byte(text in any::<String>()) {
        let mut from = 0;
        for token in tokenize(&text) {
            let is_separator = |c: char| c.is_ascii_whitespace() || c.is_ascii_control();
            prop_assert!(text[from..token.start].chars().all(is_separator));
            prop_assert_eq!(text[token.start..token.end].to_ascii_lowercase(), &*token.text);
            from = token.end;
        }
    }

    #[test]
    fn shares_sum_to_the_pool(pool in any::<[u64; 4]>(), weights in prop::collection::vec(any::<[u64; 4]>(), 0..9)) {
        use alloy_primitives::{U256, U512};
        let pool = U256::from_limbs(pool);
        let weights: Vec<U256> = weights.into_iter().map(U256::from_limbs).collect();
        let shares = split(pool, &weights);
        let total: U512 = weights.iter().copied().map(U512::from).sum();
        let paid: U512 = shares.iter().copied().map(U512::from).sum();
        prop_assert_eq!(paid, if total.is_zero() { U512::ZERO } else { U512::from(pool) });
        for (share, weight) in shares.iter().zip(&weights) {
            let floor: U512 = if total.is_zero() { U512::ZERO } else { U512::from(pool) * U512::from(*weight) / total };
            prop_assert!(U512::from(*share) - floor <= U512::from(1));
        }
    }
}

/// Dense repetition, where every position of the document matches: the cap bounds the work.
#[test]
fn repetition_is_bounded_by_the_cap_and_not_by_the_document() {
    let document = "!".repeat(128 * 1024);
    let index = TextIndex::build([document.as_bytes()]).unwrap();
    let output = "!!!? ".repeat(2_000);
    let (_, work) = traced(&index, &[true], &output);
    // Every match has some 131,000 places, so no place is ever read.
    assert_eq!(work, [Work::Search { tokens: 8_000, levels: 17 }]);

    let document = "!".repeat(1_500);
    let index = TextIndex::build([document.as_bytes()]).unwrap();
    let (_, work) = traced(&index, &[true], &output);
    let sum = |pick: fn(&Work) -> u64| work.iter().map(pick).sum::<u64>();
    let occurrences = sum(|work| if let Work::Occurrences(n) = work { *n } else { 0 });
    let steps = sum(|work| if let Work::Steps(n) = work { *n } else { 0 });
    assert_eq!(occurrences, 2_000 * 1_498);
    assert!(steps <= occurrences * (LOOKBACK as u64 + 1));
}

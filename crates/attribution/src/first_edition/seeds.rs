//! Seeds: the maximal matches of an output in single documents.

use super::{
    CAP, MIN_LENGTH,
    segment::{Interval, Segment},
    work::{Host, Work},
};
use std::sync::Arc;

/// Where a seed occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Row of the document.
    pub row: u64,
    /// Token of the document at which it begins.
    pub token: u32,
}

/// A longest match at one position of the output that reaches further than every match before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Output token at which it begins.
    pub output_token: u32,
    /// Tokens, at least [`MIN_LENGTH`].
    pub length: u32,
    /// Occurrences in all documents, active or not.
    pub count: u64,
    /// Those in active documents, by (row, token); none when `count` exceeds [`CAP`].
    pub occurrences: Vec<Occurrence>,
}

/// Seeds of a query over all segments. `queries[s]` is the output in the numbers of segment `s`.
///
/// The longest match over all documents is the longest over the segments, and it occurs where it
/// occurs in those segments that reach this length, so the division into segments cannot be seen.
pub(super) fn seeds<H: Host>(segments: &[Arc<Segment>], queries: &[Vec<u32>], host: &mut H) -> Result<Vec<Seed>, H::Error> {
    let matches: Vec<Vec<Interval>> = segments.iter().zip(queries).map(|(segment, query)| segment.matches(query, &mut 0)).collect();
    let positions = queries.first().map_or(0, Vec::len);
    let mut found = Vec::new();
    let mut reached = 0;
    for position in 0..positions {
        let longest = matches.iter().map(|of| of[position].depth).max().unwrap_or(0);
        let end = position as u64 + u64::from(longest);
        if longest < MIN_LENGTH || end <= reached {
            continue;
        }
        reached = end;
        let best = segments
            .iter()
            .zip(&matches)
            .map(|(segment, of)| (segment.as_ref(), of[position]))
            .filter(|(_, interval)| interval.depth == longest);
        let count = best.clone().map(|(_, it)| u64::from(it.hi - it.lo)).sum();
        let occurrences = if count <= CAP { occurrences(best, count, host)? } else { Vec::new() };
        found.push(Seed { output_token: position as u32, length: longest, count, occurrences });
    }
    Ok(found)
}

fn occurrences<'a, H: Host>(
    intervals: impl Iterator<Item = (&'a Segment, Interval)>,
    count: u64,
    host: &mut H,
) -> Result<Vec<Occurrence>, H::Error> {
    host.charge(Work::Occurrences(count))?;
    let mut all: Vec<Occurrence> = intervals
        .flat_map(|(segment, interval)| {
            segment.places(interval).map(|(document, token)| Occurrence { row: segment.first_row() + document as u64, token })
        })
        .collect();
    all.sort_unstable();
    let mut active = Vec::with_capacity(all.len());
    for occurrence in all {
        if host.is_active(occurrence.row)? {
            active.push(occurrence);
        }
    }
    Ok(active)
}

#[cfg(test)]
mod tests {
    use super::super::{corpus::Corpus, segment::Segment, tokenize};

    /// Probes for matching `output` against `document`, and the number of output tokens.
    fn probes(document: &str, output: &str) -> (u64, u64) {
        let mut corpus = Corpus::default();
        corpus.push(document);
        let segment = Segment::new(0, corpus);
        let query: Vec<u32> = tokenize(output).map(|token| segment.corpus().id(&token.text)).collect();
        let mut probes = 0;
        segment.matches(&query, &mut probes);
        (probes, query.len() as u64)
    }

    fn fibonacci(bytes: usize) -> String {
        let (mut a, mut b) = (String::from("! "), String::from("! ? "));
        while b.len() < bytes {
            (a, b) = (b.clone(), b + &a);
        }
        b.truncate(bytes);
        b
    }

    /// Per output token: one growth (two binary searches) and one loss (two tree walks, sixteen
    /// values a level), of a text of at most 2^17 tokens.
    const MOST_PROBES: u64 = 2 * 2 * 18 + 2 * 2 * 16 * 5;

    #[test]
    fn one_repeated_byte_costs_a_logarithm_per_token() {
        let text = "!".repeat(128 * 1024);
        let (probes, tokens) = probes(&text, &text);
        assert_eq!(tokens, 128 * 1024);
        assert!(probes <= tokens * MOST_PROBES, "{probes} probes for {tokens} tokens");
    }

    #[test]
    fn a_fibonacci_word_costs_a_logarithm_per_token() {
        let text = fibonacci(128 * 1024);
        // The reverse of a Fibonacci word has the same factors, but at other places.
        let output: String = text.chars().rev().collect();
        let (probes, tokens) = probes(&text, &output);
        assert_eq!(tokens, 64 * 1024);
        assert!(probes <= tokens * MOST_PROBES, "{probes} probes for {tokens} tokens");
    }

    #[test]
    fn two_periods_that_meet_cost_a_logarithm_per_token() {
        let document = format!("{}{}", "!".repeat(40_000), "?".repeat(40_000));
        let output = format!("{}#", "!".repeat(300)).repeat(200);
        let (probes, tokens) = probes(&document, &output);
        assert!(probes <= tokens * MOST_PROBES, "{probes} probes for {tokens} tokens");
    }
}

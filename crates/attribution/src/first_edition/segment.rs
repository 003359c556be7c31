//! One immutable piece of an index: consecutive documents under one suffix array.
//!
//! The suffix array comes from libsais (induced sorting, linear whatever the text is: comparison
//! sorting is quadratic on repetitive text); it needs a C compiler and nothing else.

use super::{
    corpus::{Corpus, SEPARATOR},
    minima::Minima,
};
use libsais::SuffixArrayConstruction;

/// Suffixes `lo..hi` of the suffix array start with the same `depth` query tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) lo: u32,
    pub(super) hi: u32,
    pub(super) depth: u32,
}

/// Consecutive documents and their suffix array.
#[derive(Debug)]
pub(super) struct Segment {
    first_row: u64,
    corpus: Corpus,
    /// `buckets[id]..buckets[id + 1]` of `order` are the suffixes that start with token `id`.
    buckets: Vec<u32>,
    /// The suffix array.
    order: Vec<u32>,
    /// Its inverse.
    rank: Vec<u32>,
    /// Entry `i`: tokens that suffixes `order[i - 1]` and `order[i]` have in common.
    common: Minima,
}

impl Segment {
    /// Builds the suffix array, in time linear in the tokens.
    pub(super) fn new(first_row: u64, mut corpus: Corpus) -> Self {
        const SOUND: &str = "invariant: libsais fails only when memory runs out";
        let (order, plcp, _) = SuffixArrayConstruction::for_text_mut(corpus.tokens_mut())
            .in_owned_buffer32()
            .single_threaded()
            .run()
            .expect(SOUND)
            .plcp_construction()
            .single_threaded()
            .run()
            .expect(SOUND)
            .into_parts();
        let order: Vec<u32> = order.into_iter().map(|at| at as u32).collect();
        let common = order.iter().map(|&at| plcp[at as usize] as u32).collect();
        let mut rank = vec![0; order.len()];
        for (position, &at) in order.iter().enumerate() {
            rank[at as usize] = position as u32;
        }
        let buckets = corpus.buckets();
        Self { first_row, corpus, buckets, order, rank, common: Minima::new(common) }
    }

    pub(super) fn first_row(&self) -> u64 {
        self.first_row
    }

    pub(super) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Roughly the memory that the segment holds.
    pub(super) fn bytes(&self) -> usize {
        let arrays = (self.buckets.len() + 2 * self.order.len()) * size_of::<u32>();
        self.corpus.bytes() + arrays + self.common.bytes()
    }

    /// How often the token occurs here.
    pub(super) fn count(&self, id: u32) -> u64 {
        if id == SEPARATOR {
            return 0;
        }
        u64::from(self.buckets[id as usize + 1] - self.buckets[id as usize])
    }

    /// `(document, token in it)` of each suffix of the interval.
    pub(super) fn places(&self, interval: Interval) -> impl Iterator<Item = (usize, u32)> + '_ {
        let suffixes = &self.order[interval.lo as usize..interval.hi as usize];
        suffixes.iter().map(|&at| self.corpus.place(at))
    }

    /// For each query position, the suffixes that match it longest.
    ///
    /// Linear in the query up to a logarithm: from one position to the next the match loses at most
    /// its first token, which is one step through the inverse suffix array, and each token by which
    /// a match grows moves the end of the match forward. `probes` counts the values looked at.
    pub(super) fn matches(&self, query: &[u32], probes: &mut u64) -> Vec<Interval> {
        let mut found = Vec::with_capacity(query.len());
        let mut interval = self.everything();
        for position in 0..query.len() {
            while let Some(&token) = query.get(position + interval.depth as usize) {
                let Some(deeper) = self.extend(interval, token, probes) else { break };
                interval = deeper;
            }
            found.push(interval);
            interval = self.drop_first(interval, probes);
        }
        found
    }

    fn everything(&self) -> Interval {
        Interval { lo: 0, hi: self.order.len() as u32, depth: 0 }
    }

    fn extend(&self, interval: Interval, token: u32, probes: &mut u64) -> Option<Interval> {
        if token == SEPARATOR {
            return None;
        }
        let depth = interval.depth + 1;
        if interval.depth == 0 {
            let (lo, hi) = (self.buckets[token as usize], self.buckets[token as usize + 1]);
            *probes += 1;
            return Some(Interval { lo, hi, depth });
        }
        let suffixes = &self.order[interval.lo as usize..interval.hi as usize];
        // The matched tokens are no separators, so there is always a token after them.
        let mut next = |at: u32| {
            *probes += 1;
            self.corpus.token(at + interval.depth)
        };
        let lo = interval.lo + suffixes.partition_point(|&at| next(at) < token) as u32;
        let hi = interval.lo + suffixes.partition_point(|&at| next(at) <= token) as u32;
        (lo < hi).then_some(Interval { lo, hi, depth })
    }

    /// The suffixes that match all but the first token of what `interval` matches.
    fn drop_first(&self, interval: Interval, probes: &mut u64) -> Interval {
        if interval.depth <= 1 {
            return self.everything();
        }
        let depth = interval.depth - 1;
        let suffix = self.order[interval.lo as usize] + 1;
        let at = self.rank[suffix as usize] as usize;
        // Entry 0 of the array is 0, so there is always a lower bound.
        let lo = self.common.last_below(at, depth, probes).unwrap_or(0);
        let hi = self.common.first_below(at + 1, depth, probes).unwrap_or(self.order.len());
        Interval { lo: lo as u32, hi: hi as u32, depth }
    }
}

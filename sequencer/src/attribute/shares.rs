//! Who is paid how much of a pool, as the chain splits a payment.

use super::corpus::Corpus;
use alloy_primitives::U256;
use std::{cmp::Reverse, collections::BTreeMap};
use tributary_attribution::{
    split::split,
    text::{Evidence, Novelty, Trace},
};

/// An author's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) author: u32,
    pub(crate) weight: u64,
    pub(crate) share: U256,
}

/// An answer that was traced, and the pool that was split by that.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) trace: Trace,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) pool: U256,
    /// Highest first.
    pub(crate) shares: Vec<Share>,
    /// What was not found, or is withheld, and its part of the pool.
    pub(crate) nobody: (u64, U256),
}

impl Shared {
    pub(crate) fn new(corpus: &Corpus, trace: Trace, evidence: Vec<Evidence>, pool: U256) -> Self {
        let authors = ranked(corpus, trace.credits.iter().map(|credit| (credit.origin, credit.weight)));
        let nobody = trace.total - trace.explained + trace.withheld;
        // What nobody is credited for takes part in the split, so that it goes to nobody.
        let weights: Vec<U256> = authors.iter().map(|&(_, weight)| weight).chain([nobody]).map(U256::from).collect();
        let mut parts = split(pool, &weights).into_iter();
        let shares = authors.into_iter().zip(&mut parts).map(|((author, weight), share)| Share { author, weight, share }).collect();
        let nobody = (nobody, parts.next().unwrap_or_default());
        Self { trace, evidence, pool, shares, nobody }
    }
}

/// A text that was compared as an append would be.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) inherited: u64,
    pub(crate) closed: u64,
    pub(crate) total: u64,
    /// By row.
    pub(crate) rows: Vec<(u64, u64)>,
    /// Highest first.
    pub(crate) authors: Vec<(u32, u64)>,
}

impl Checked {
    /// Sums what was found of each of the text's documents.
    pub(crate) fn new(corpus: &Corpus, documents: Vec<Novelty>) -> Self {
        let sum = |part: fn(&Novelty) -> u64| documents.iter().map(part).sum();
        let (inherited, closed, total) = (sum(|found| found.inherited), sum(|found| found.closed), sum(|found| found.total));
        let mut rows = BTreeMap::new();
        for (row, weight) in documents.iter().flat_map(|found| &found.rows) {
            *rows.entry(*row).or_insert(0) += weight;
        }
        let authors = ranked(corpus, rows.iter().map(|(&row, &weight)| (row, weight)));
        Self { inherited, closed, total, rows: rows.into_iter().collect(), authors }
    }

    /// What is neither inherited nor closed.
    pub(crate) fn own(&self) -> u64 {
        self.total - self.inherited - self.closed
    }
}

/// Sums of rows by their authors, highest first, then by number.
fn ranked(corpus: &Corpus, rows: impl Iterator<Item = (u64, u64)>) -> Vec<(u32, u64)> {
    let mut sums = BTreeMap::new();
    for (row, weight) in rows {
        *sums.entry(corpus.author(row)).or_insert(0) += weight;
    }
    let mut sums: Vec<(u32, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|&(author, weight)| (Reverse(weight), author));
    sums
}

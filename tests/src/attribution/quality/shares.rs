//! Who a trace pays.

use crate::attribution::Error;
use std::collections::BTreeMap;
use tributary_attribution::text::{MemoryIndex, TextIndex, Trace, Unmetered, trace};

/// Words whose weights are paid to nobody and to whom.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shares {
    pub(super) copier: u64,
    pub(super) author: u64,
    pub(super) closed: u64,
    pub(super) explained: u64,
}

impl Shares {
    /// What was explained by a trace: the copier's, the first author's, withheld.
    pub(super) fn of(trace: &Trace, copier: u64, author: u64) -> Self {
        Self { copier: paid_to(trace, copier), author: paid_to(trace, author), closed: trace.withheld, explained: trace.explained }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.copier += other.copier;
        self.author += other.author;
        self.closed += other.closed;
        self.explained += other.explained;
    }

    /// In thousandths of what was explained; what is left went to other rows.
    pub(super) fn render(&self) -> String {
        let of = |part| thousandths(part, self.explained);
        format!("{} / {} / {}", of(self.copier), of(self.author), of(self.closed))
    }
}

pub(super) fn newest(set: &MemoryIndex, output: &str) -> Result<Trace, Error> {
    Ok(trace(set, set.version()?, output, &mut Unmetered)?)
}

pub(super) fn paid_to(trace: &Trace, origin: u64) -> u64 {
    by_origin(trace).get(&origin).copied().unwrap_or_default()
}

pub(super) fn by_origin(trace: &Trace) -> BTreeMap<u64, u64> {
    let mut sums = BTreeMap::new();
    trace.credits.iter().for_each(|credit| *sums.entry(credit.origin).or_default() += credit.weight);
    sums
}

/// Rounded; 0 of nothing.
pub(super) fn thousandths(part: u64, whole: u64) -> u64 {
    (1_000 * part + whole / 2).checked_div(whole).unwrap_or_default()
}

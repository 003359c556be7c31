//! geth's opcountTracer, unigramTracer, bigramTracer and trigramTracer: how many instructions were executed, and which ones after which.

use crate::traces::record::{
    Step,
    words::{Words, op_name},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Counts of runs of instructions.
#[derive(Debug)]
pub(super) struct Counts {
    /// Instructions in a run; 0 where all are counted as one.
    length: usize,
    all: u64,
    runs: BTreeMap<String, u64>,
    /// The instructions before, the last one at the end.
    before: Vec<Words>,
    depth: usize,
    bytes: usize,
}

impl Counts {
    pub(super) fn of_all() -> Self {
        Self::of_runs(0)
    }

    /// Counts of runs of one, two or three instructions.
    pub(super) fn of_runs(length: usize) -> Self {
        let before = vec![Words::default(); length.saturating_sub(1)];
        Self { length, all: 0, runs: BTreeMap::new(), before, depth: 0, bytes: 0 }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn step(&mut self, step: &Step) {
        self.all += 1;
        if self.length == 0 {
            return;
        }
        let name = op_name(step.op);
        let is_same_frame = std::mem::replace(&mut self.depth, step.depth) == step.depth;
        match (self.length, is_same_frame) {
            // The first one in another frame ends a pair's run, and in runs of three it is left out.
            (2, false) => {}
            (3, false) => return self.before.fill(Words::default()),
            _ => self.count(&name),
        }
        if !self.before.is_empty() {
            self.before.remove(0);
            self.before.push(name);
        }
    }

    fn count(&mut self, last: &str) {
        let mut run = String::new();
        for name in &self.before {
            run.push_str(name);
            run.push('-');
        }
        run.push_str(last);
        let length = run.len();
        *self.runs.entry(run).or_insert_with(|| {
            self.bytes += 64 + length;
            0
        }) += 1;
    }

    pub(super) fn into_counts(self) -> Value {
        if self.length == 0 { json!(self.all) } else { json!(self.runs) }
    }
}

//! What became of the cases.

use std::{collections::BTreeMap, fmt};

/// Why a case failed, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// A failure for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// Fails unless the two are equal.
    pub(crate) fn unless_equal<T: PartialEq + fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Self> {
        if got == expected { Ok(()) } else { Err(Self(format!("{what} is {got:?}, expected {expected:?}"))) }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed(Failure),
    /// Not run, for a reason of the list.
    Skipped(String),
}

/// What became of all of them. Printed, it is the failures, the reasons for skipping, and last the sum.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many passed.
    pub passed: usize,
    /// Those that failed, by name.
    pub failed: BTreeMap<String, Failure>,
    /// How many were skipped for each reason.
    pub skipped: BTreeMap<String, usize>,
}

impl Report {
    pub(crate) fn add(&mut self, name: String, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(failure) => drop(self.failed.insert(name, failure)),
            Verdict::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        other.skipped.into_iter().for_each(|(reason, count)| *self.skipped.entry(reason).or_default() += count);
    }

    /// How many were skipped.
    pub fn skips(&self) -> usize {
        self.skipped.values().sum()
    }

    /// One line for each failure.
    pub fn failures(&self) -> String {
        self.failed.iter().map(|(name, failure)| format!("{name}: {failure}\n")).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failures())?;
        for (reason, count) in &self.skipped {
            writeln!(f, "{count} skipped: {reason}")?;
        }
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skips())
    }
}

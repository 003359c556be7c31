use std::{fmt, ops::AddAssign};

use serde_json::Value;

/// Counted tests. Printed as every test program of this repository prints its last line.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Tally {
    /// A line of the form that this type prints.
    fn parse(line: &str) -> Option<Self> {
        let mut counts = line.trim().split(", ").map(|part| part.split_once(' '));
        let mut count = |word: &str| match counts.next()?? {
            (number, named) if named == word => number.parse().ok(),
            _ => None,
        };
        let tally = Self { passed: count("passed")?, failed: count("failed")?, skipped: count("skipped")? };
        counts.next().is_none().then_some(tally)
    }

    /// The last line of a program's output, if it is such a line.
    pub(crate) fn closing(output: &str) -> Option<Self> {
        output.trim_end().lines().last().and_then(Self::parse)
    }
}

/// What `cargo test -- --show-output` said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CargoTests {
    pub(crate) tally: Tally,
    /// What failing tests printed, program by program.
    pub(crate) failures: String,
    pub(crate) skips: Vec<Skip>,
}

/// Why a test, or cases that a test ran, checked nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) test: String,
    pub(crate) count: u64,
    pub(crate) reason: String,
}

/// Where in the output of one test program a line stands.
#[derive(Default, PartialEq, Eq)]
enum Section {
    #[default]
    Tests,
    Successes,
    Failures,
}

#[derive(Default)]
struct Reader {
    read: CargoTests,
    section: Section,
    program: String,
    test: String,
    /// Tests that passed because they checked nothing.
    empty: u64,
}

impl CargoTests {
    /// Reads the output of test programs, one after another.
    ///
    /// A test that checked nothing prints a line `skipped: reason`. One that ran many cases prints their sum, a line as [`Tally`] prints it,
    /// and lines `3 skipped: reason`.
    pub(crate) fn parse(output: &str) -> Self {
        let mut reader = Reader::default();
        output.lines().for_each(|line| reader.line(line));
        let mut read = reader.read;
        read.tally.passed = read.tally.passed.saturating_sub(reader.empty);
        read.tally.skipped += reader.empty;
        read
    }
}

impl Reader {
    fn line(&mut self, line: &str) {
        let start = line.trim_start();
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.add(counts);
            self.section = Section::Tests;
        } else if let Some(program) = start.strip_prefix("Running ").or(start.strip_prefix("Doc-tests ")) {
            self.section = Section::Tests;
            self.program = program.to_owned();
        } else if line == "successes:" {
            self.section = Section::Successes;
        } else if line == "failures:" && self.section != Section::Failures {
            self.section = Section::Failures;
            self.read.failures.push_str(&format!("{}\n", self.program));
        } else if self.section == Section::Failures {
            self.read.failures.push_str(&format!("{line}\n"));
        } else if self.section == Section::Successes {
            self.success(line);
        }
    }

    /// A line that a passing test printed, or that names one.
    fn success(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.test = name.to_owned();
        } else if let Some(cases) = Tally::parse(line) {
            self.read.tally += cases;
        } else if let Some(reason) = line.strip_prefix("skipped:") {
            self.skip(1, reason);
            self.empty += 1;
        } else if let Some((count, reason)) = line.split_once(" skipped: ")
            && let Ok(count) = count.parse()
        {
            self.skip(count, reason);
        }
    }

    fn skip(&mut self, count: u64, reason: &str) {
        self.read.skips.push(Skip { test: self.test.clone(), count, reason: reason.trim().to_owned() });
    }

    /// `ok. 3 passed; 0 failed; 1 ignored; …`
    fn add(&mut self, counts: &str) {
        for part in counts.split([';', '.']) {
            let Some((number, word)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => self.read.tally.passed += number,
                "failed" => self.read.tally.failed += number,
                "ignored" => self.read.tally.skipped += number,
                _ => {}
            }
        }
    }
}

/// Counts the JSON of `forge test --json`, and names what failed. `None` where it is not that.
pub(crate) fn forge_tests(output: &str) -> Option<(Tally, String)> {
    let json = output.lines().find(|line| line.starts_with('{'))?;
    let contracts: Value = serde_json::from_str(json).ok()?;
    let (mut tally, mut failures) = (Tally::default(), String::new());
    for (contract, result) in contracts.as_object()? {
        for (test, result) in result["test_results"].as_object()? {
            match result["status"].as_str()? {
                "Success" => tally.passed += 1,
                "Skipped" => tally.skipped += 1,
                _ => {
                    tally.failed += 1;
                    let reason = result["reason"].as_str().unwrap_or("no reason given");
                    failures.push_str(&format!("{contract} {test}: {reason} {}\n", result["counterexample"]));
                }
            }
        }
    }
    Some((tally, failures))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "
     Running unittests src/lib.rs (target/release/deps/a-1)

running 3 tests
test one ... ok
test two ... FAILED
test three ... ok

successes:

---- one stdout ----
4 skipped: too large
100 passed, 0 failed, 4 skipped

---- three stdout ----
skipped: no shared folder


successes:
    one
    three

failures:

---- two stdout ----
thread 'two' panicked: 1 != 2

failures:
    two

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.41s

   Doc-tests a

running 1 test

test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn a_closing_line_is_read_as_it_is_printed() {
        let tally = Tally { passed: 12, failed: 0, skipped: 3 };
        assert_eq!(Tally::closing(&format!("ok something\n{tally}\n")), Some(tally));
        assert_eq!(Tally::closing("1 passed, 2 failed"), None);
        assert_eq!(Tally::closing("1 passed, 2 failed, 3 skipped, 4 more"), None);
        assert_eq!(Tally::closing("1 passed, 2 failed, 3 skipped\nand then it fell over"), None);
        assert_eq!(Tally::closing(""), None);
    }

    #[test]
    fn programs_cases_and_document_tests_are_summed() {
        let read = CargoTests::parse(CARGO);
        assert_eq!(read.tally, Tally { passed: 101, failed: 1, skipped: 6 });
    }

    #[test]
    fn what_was_skipped_has_its_reason() {
        let skip = |test: &str, count, reason: &str| Skip { test: test.into(), count, reason: reason.into() };
        assert_eq!(CargoTests::parse(CARGO).skips, [skip("one", 4, "too large"), skip("three", 1, "no shared folder")]);
    }

    #[test]
    fn a_failing_test_is_reported_with_its_program() {
        let failures = CargoTests::parse(CARGO).failures;
        assert!(failures.starts_with("unittests src/lib.rs") && failures.contains("1 != 2"), "{failures}");
        assert!(!failures.contains("shared folder"));
    }

    #[test]
    fn forge_tests_are_counted_by_their_status() {
        let json = r#"compiling
{"test/A.t.sol:A":{"test_results":{"testOne()":{"status":"Success"},"testTwo()":{"status":"Failure","reason":"bad","counterexample":null}}},"B":{"test_results":{"testThree()":{"status":"Skipped"}}}}"#;
        let (tally, failures) = forge_tests(json).unwrap();
        assert_eq!(tally, Tally { passed: 1, failed: 1, skipped: 1 });
        assert_eq!(failures, "test/A.t.sol:A testTwo(): bad null\n");
        assert_eq!(forge_tests("no such file"), None);
    }
}

//! What the contracts' tests cost and reach.

use std::collections::BTreeMap;

use crate::{
    contracts::forge,
    dirs::{Dirs, read},
    error::Error,
    npm,
};

/// Tests that are not the same from one change of them to the next: random ones have no single cost.
const RANDOM: &str = "^(testFuzz|invariant)";

/// The least part of the lines, and of the branches, that tests reach, of a hundred.
const LEAST_COVERAGE: usize = 95;

/// Writes what each test costs into the committed snapshot; with `check` fails when it is another.
pub(crate) fn gas(dirs: &Dirs, check: bool) -> Result<(), Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    let snapshot = dirs.contracts().join(".gas-snapshot");
    let flag = if check { "--check" } else { "--snap" };
    npm::run(forge(dirs, "snapshot").args(["--no-match-test", RANDOM, flag]).arg(snapshot))
}

/// Prints how much of the sources the tests reach, and fails below [`LEAST_COVERAGE`].
pub(crate) fn coverage(dirs: &Dirs) -> Result<String, Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    let report = dirs.forge().join("coverage.lcov");
    let mut forge = forge(dirs, "coverage");
    // Without the optimizer some functions need more stack than there is.
    forge.args(["--ir-minimum", "--exclude-tests", "--no-match-coverage", "^(test|script|bench)/", "--report", "lcov", "--report-file"]);
    npm::run(forge.arg(&report))?;
    let files = reached(&read(&report)?);
    let all = files.values().fold(Reached::default(), |all, file| all.and(*file));
    let mut table: String = files.iter().map(|(file, reached)| format!("{reached} {file}\n")).collect();
    table.push_str(&format!("{all} in all\n"));
    if all.suffices() { Ok(table) } else { Err(Error::Coverage { table, least: LEAST_COVERAGE }) }
}

/// Lines and branches of a file, and how many of them were reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    lines: [usize; 2],
    branches: [usize; 2],
}

impl Reached {
    fn and(self, other: Self) -> Self {
        let sum = |ours: [usize; 2], theirs: [usize; 2]| [ours[0] + theirs[0], ours[1] + theirs[1]];
        Self { lines: sum(self.lines, other.lines), branches: sum(self.branches, other.branches) }
    }

    fn suffices(self) -> bool {
        [self.lines, self.branches].iter().all(|[reached, of]| reached * 100 >= of * LEAST_COVERAGE)
    }
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |[reached, of]: [usize; 2]| if of == 0 { 100.0 } else { 100.0 * reached as f64 / of as f64 };
        let ([lines, all_lines], [branches, all_branches]) = (self.lines, self.branches);
        write!(f, "lines {:6.2} % ({lines}/{all_lines})  ", part(self.lines))?;
        write!(f, "branches {:6.2} % ({branches}/{all_branches})", part(self.branches))
    }
}

/// Sums of a report in lcov's format, by file.
fn reached(lcov: &str) -> BTreeMap<String, Reached> {
    let mut files = BTreeMap::new();
    let mut file = String::new();
    for line in lcov.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        if key == "SF" {
            file = value.to_owned();
        }
        let entry: &mut Reached = files.entry(file.clone()).or_default();
        let place = match key {
            "LH" => &mut entry.lines[0],
            "LF" => &mut entry.lines[1],
            "BRH" => &mut entry.branches[0],
            "BRF" => &mut entry.branches[1],
            _ => continue,
        };
        *place += value.trim().parse::<usize>().unwrap_or_default();
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_summed_by_file_and_too_little_does_not_suffice() {
        let report = "TN:\nSF:src/A.sol\nDA:1,1\nLF:20\nLH:19\nBRF:0\nBRH:0\nend_of_record\nSF:src/B.sol\nLF:20\nLH:20\nBRF:10\nBRH:9\nend_of_record\n";
        let files = reached(report);
        assert_eq!(files["src/A.sol"], Reached { lines: [19, 20], branches: [0, 0] });
        assert!(files["src/A.sol"].suffices());
        assert!(!files["src/B.sol"].suffices(), "nine of ten branches");
        let all = files["src/A.sol"].and(files["src/B.sol"]);
        assert_eq!(all.to_string(), "lines  97.50 % (39/40)  branches  90.00 % (9/10)");
    }
}

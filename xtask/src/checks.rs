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

/// Tests that do not hold without the optimizer: what they ask for costs more then, or is compiled into something else.
const OPTIMIZED: [&str; 5] = [
    "testTheLargestJuriesFitIntoBlocks",
    "testTheLargestSketchesAreComparedWithinABlock",
    "testALineageThatMergesAllItsModelsFitsABlock",
    "testAPermitOfAnotherChainIsNone",
    "testEveryContractOfTheLibraryIsThere",
];

/// Folders of tests, and those beside them. One after the other: compiled all at once, without the optimizer, they need more memory than there is.
const ROOMS: [&str; 8] = [
    "test/*.t.sol",
    "test/money/**",
    "test/governance/**",
    "test/juries/**",
    "test/datanets/**",
    "test/models/**",
    "test/inference/**",
    "test/economy/**",
];

/// Prints how much of the sources the tests reach, and fails below [`LEAST_COVERAGE`]. Takes about an hour.
pub(crate) fn coverage(dirs: &Dirs) -> Result<String, Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    let report = dirs.forge().join("coverage.lcov");
    let mut files = BTreeMap::new();
    for room in ROOMS {
        let mut forge = forge(dirs, "coverage");
        // Without the optimizer some functions need more stack than there is.
        forge.args(["--ir-minimum", "--exclude-tests", "--no-match-coverage", "^(test|script|bench)/|node_modules", "--match-path", room]);
        forge.arg("--no-match-test").arg(format!("^({})$", OPTIMIZED.join("|")));
        forge.arg("--skip").args(ROOMS.iter().filter(|other| **other != room)).arg("script/**");
        npm::run(forge.args(["--report", "lcov", "--report-file"]).arg(&report))?;
        take(&mut files, &read(&report)?);
    }
    let files: BTreeMap<String, Reached> = files.into_iter().map(|(file, seen)| (file, seen.reached())).collect();
    let all = files.values().fold(Reached::default(), |all, file| all.and(*file));
    let mut table: String = files.iter().map(|(file, reached)| format!("{reached} {file}\n")).collect();
    table.push_str(&format!("{all} in all\n"));
    if all.suffices() { Ok(table) } else { Err(Error::Coverage { table, least: LEAST_COVERAGE }) }
}

/// Which lines and branches of a file some test reached.
#[derive(Debug, Default)]
struct Seen {
    lines: BTreeMap<String, bool>,
    branches: BTreeMap<String, bool>,
}

impl Seen {
    fn reached(&self) -> Reached {
        let part = |places: &BTreeMap<String, bool>| [places.values().filter(|reached| **reached).count(), places.len()];
        Reached { lines: part(&self.lines), branches: part(&self.branches) }
    }
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

/// Adds a report in lcov's format: `DA:line,hits` and `BRDA:line,block,branch,hits`, where `-` is none.
fn take(files: &mut BTreeMap<String, Seen>, lcov: &str) {
    let mut file = String::new();
    for line in lcov.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let Some((place, hits)) = value.rsplit_once(',') else {
            if key == "SF" {
                file = value.to_owned();
            }
            continue;
        };
        let seen = files.entry(file.clone()).or_default();
        let places = match key {
            "DA" => &mut seen.lines,
            "BRDA" => &mut seen.branches,
            _ => continue,
        };
        *places.entry(place.to_owned()).or_default() |= !matches!(hits.trim(), "0" | "-");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_report_reached_is_reached_and_too_little_does_not_suffice() {
        let mut files = BTreeMap::new();
        take(
            &mut files,
            "TN:\nSF:src/A.sol\nDA:1,1\nDA:2,0\nBRDA:1,0,0,-\nBRDA:1,0,1,3\nFN:1,A.f\nLF:2\nend_of_record\nSF:src/B.sol\nDA:7,1\n",
        );
        take(&mut files, "SF:src/A.sol\nDA:1,0\nDA:2,5\nBRDA:1,0,0,0\n");
        assert_eq!(files["src/A.sol"].reached(), Reached { lines: [2, 2], branches: [1, 2] });
        assert_eq!(files["src/B.sol"].reached(), Reached { lines: [1, 1], branches: [0, 0] });
        let all = files["src/A.sol"].reached().and(files["src/B.sol"].reached());
        assert!(!all.suffices(), "one of two branches");
        assert_eq!(all.to_string(), "lines 100.00 % (3/3)  branches  50.00 % (1/2)");
        assert!(Reached { lines: [19, 20], branches: [95, 100] }.suffices());
    }
}

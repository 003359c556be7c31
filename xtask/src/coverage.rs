//! How much of the contracts their tests reach.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::{self, DirEntry},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    contracts::forge_into,
    dirs::{Dirs, read, write},
    error::Error,
    npm,
};

/// The least part of the lines, and of the branches, that tests reach, of a hundred.
const LEAST: usize = 95;

/// Tests that do not hold without the optimizer: what they ask for costs more then, or is compiled into something else.
const OPTIMIZED: [&str; 5] = [
    "test_TheLargestJuriesFitIntoBlocks",
    "test_TheLargestSketchesAreComparedWithinABlock",
    "test_ALineageThatMergesAllItsModelsFitsABlock",
    "test_APermitOfAnotherChainIsNone",
    "test_EveryContractOfTheLibraryIsThere",
];

/// What random tests reach, they reach soon.
const FEW_CASES: [(&str, &str); 2] = [("FOUNDRY_FUZZ_RUNS", "32"), ("FOUNDRY_INVARIANT_RUNS", "8")];

/// Prints how much of the sources the tests reach, and fails below [`LEAST`]. Takes some minutes for each folder of tests whose part is not known yet.
pub(crate) fn coverage(dirs: &Dirs) -> Result<String, Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    let mut files = BTreeMap::new();
    let rooms = rooms(dirs)?;
    for room in &rooms {
        take(&mut files, &reached(dirs, room, &rooms)?);
    }
    let mut uncounted = 0;
    for (file, seen) in &mut files {
        let assembly = assembly(&read(&dirs.contracts().join(file))?);
        let all = seen.lines.len();
        seen.lines.retain(|line, _| !assembly.contains(line));
        uncounted += all - seen.lines.len();
    }
    let files: BTreeMap<String, Reached> = files.into_iter().map(|(file, seen)| (file, seen.reached())).collect();
    let all = files.values().fold(Reached::default(), |all, file| all.and(*file));
    let mut table: String = files.iter().map(|(file, reached)| format!("{reached} {file}\n")).collect();
    table.push_str(&format!("{all} in all\n"));
    table.push_str(&format!("not counted: {uncounted} lines of inline assembly, which forge does not watch; the node's tests; tests that the optimizer decides\n"));
    if all.suffices() { Ok(table) } else { Err(Error::Coverage { table, least: LEAST }) }
}

/// A folder of tests, or those beside the folders.
#[derive(Debug)]
struct Room {
    name: String,
    /// forge's pattern for its files, in which `*` is also for a slash.
    files: String,
}

/// All of them. One after the other: compiled at once, without the optimizer, they need more memory than there is.
fn rooms(dirs: &Dirs) -> Result<Vec<Room>, Error> {
    let tests = dirs.contracts().join("test");
    // Folders are not named as contracts are.
    let mut rooms = vec![Room { name: "test".into(), files: "test/[A-Z]*.t.sol".into() }];
    for entry in entries(&tests)?.into_iter().filter(|entry| entry.path().is_dir()) {
        if entries(&entry.path())?.iter().any(|file| is_test(&file.path())) {
            let name = entry.file_name().to_string_lossy().into_owned();
            rooms.push(Room { files: format!("test/{name}/**"), name });
        }
    }
    Ok(rooms)
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, Error> {
    let io = |source| Error::Io { path: folder.into(), source };
    let mut entries = fs::read_dir(folder).map_err(io)?.collect::<Result<Vec<_>, _>>().map_err(io)?;
    entries.sort_by_key(DirEntry::path);
    Ok(entries)
}

fn is_test(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".t.sol")
}

/// What a room's tests reach, in lcov's format. It is kept, and holds until sources or these tests are others: who was interrupted goes on.
fn reached(dirs: &Dirs, room: &Room, rooms: &[Room]) -> Result<String, Error> {
    let folder = dirs.forge().join("coverage");
    let report = folder.join(&room.name).with_extension("lcov");
    let mut forge = forge_into(dirs, "coverage", &folder);
    // Without the optimizer some functions need more stack than there is.
    forge.args([
        "--ir-minimum",
        "--exclude-tests",
        "--no-match-coverage",
        "^(test|script|bench)/|node_modules",
        "--match-path",
        &room.files,
    ]);
    // What forge compares it with ends in parameters.
    forge.arg("--no-match-test").arg(format!(r"^({})\b", OPTIMIZED.join("|")));
    // Else each test would have the contracts that it deploys within it, compiled again.
    forge.arg("--dynamic-test-linking").envs(FEW_CASES);
    forge.arg("--skip").args(rooms.iter().filter(|other| other.name != room.name).map(|other| &other.files));
    forge.args(["--report", "lcov", "--report-file"]).arg(&report);
    let mut hasher = DefaultHasher::new();
    forge.get_args().for_each(|argument| argument.hash(&mut hasher));
    FEW_CASES.hash(&mut hasher);
    sources(&dirs.contracts(), &room.name, &mut hasher)?;
    let (of, wanted) = (report.with_extension("of"), format!("{:016x}", hasher.finish()));
    if read(&of).is_ok_and(|of| of == wanted) {
        return read(&report);
    }
    println!("{} …", room.files);
    let start = Instant::now();
    npm::run(&mut forge)?;
    let reached = read(&report)?;
    // forge is content without any test, too.
    let mut files = BTreeMap::new();
    take(&mut files, &reached);
    if files.values().all(|seen| seen.reached().lines[0] == 0) {
        return Err(Error::Output { program: "forge coverage", lacks: format!("a test of {}", room.files) });
    }
    println!("{} {} s", room.files, start.elapsed().as_secs());
    write(&of, &wanted)?;
    Ok(reached)
}

/// Adds to the hash all that a room's tests are made of: no other room's tests.
fn sources(contracts: &Path, room: &str, hasher: &mut DefaultHasher) -> Result<(), Error> {
    let mut open: Vec<PathBuf> = ["src", "script", "test", "foundry.toml", "package-lock.json"].map(|name| contracts.join(name)).into();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(entries(&path)?.iter().map(DirEntry::path));
        } else if !is_test(&path) || path.parent().is_some_and(|folder| folder.ends_with(room)) {
            (path.strip_prefix(contracts).unwrap_or(&path), read(&path)?).hash(hasher);
        }
    }
    Ok(())
}

/// Numbers of the lines within inline assembly: forge lists them, and never sees one reached.
fn assembly(source: &str) -> BTreeSet<String> {
    let mut inside = BTreeSet::new();
    let mut depth = 0;
    for (line, number) in source.lines().zip(1..) {
        if depth > 0 || line.trim_start().starts_with("assembly") {
            let opened = depth > 0;
            depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
            if opened && depth > 0 {
                inside.insert(format!("{number}"));
            }
        }
    }
    inside
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
        [self.lines, self.branches].iter().all(|[reached, of]| reached * 100 >= of * LEAST)
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

    #[test]
    fn tests_that_are_left_out_are_there() {
        let mut open = vec![Dirs::locate().contracts().join("test")];
        let mut tests = String::new();
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(entries(&path).unwrap().iter().map(DirEntry::path));
            } else {
                tests.push_str(&read(&path).unwrap());
            }
        }
        for name in OPTIMIZED {
            assert!(tests.contains(&format!("function {name}(")), "{name}");
        }
    }

    #[test]
    fn lines_of_inline_assembly_are_those_between_its_braces() {
        let source = "f();\nassembly (\"memory-safe\") {\n    if x {\n        y := 1\n    }\n}\ng();\nassembly { z := 2 }\nh();\n";
        assert_eq!(assembly(source), ["3", "4", "5"].map(str::to_owned).into());
        assert!(assembly("g();\n").is_empty());
    }
}

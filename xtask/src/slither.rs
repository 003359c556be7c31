//! What Slither finds in the contracts, each finding with its answer in a table of `contracts/slither/*.md`.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    contracts::forge_into,
    dirs::{Dirs, read},
    error::Error,
    npm, pip,
};

/// Compiles, runs Slither, and fails unless all that it finds is answered. Returns how many findings that is.
pub(crate) fn slither(dirs: &Dirs) -> Result<usize, Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    pip::install(&[dirs.contracts().join("slither").join("requirements.txt")], &dirs.slither())?;
    // Slither reads sources and syntax trees that forge writes only when it compiles; in a folder of its own, so that nothing else is compiled again.
    let folder = dirs.forge().join("slither");
    let mut build = forge_into(dirs, "build", &folder);
    build.args(["--quiet", "--force", "--build-info"]).arg(dirs.contracts().join("src"));
    npm::run(&mut build)?;
    // It asks forge for its configuration.
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([dirs.package(".bin")].into_iter().chain(env::split_paths(&path)).collect::<Vec<PathBuf>>());
    let mut slither = Command::new(dirs.slither().join("bin").join("slither"));
    slither.current_dir(dirs.contracts()).env("PATH", path.unwrap_or_default()).stderr(Stdio::null());
    slither.args([".", "--ignore-compile", "--json", "-", "--exclude-informational", "--exclude-optimization"]);
    slither.args(["--filter-paths", "node_modules", "--foundry-out-directory"]).arg(folder.join("out"));
    let done = slither.output().map_err(|source| Error::Start { program: "slither".into(), source })?;
    let lacks = || Error::Output { program: "slither", lacks: "its findings".into() };
    let report: Value = serde_json::from_slice(&done.stdout).map_err(|_| lacks())?;
    let found = findings(&report).ok_or_else(lacks)?;
    let mut answers = Vec::new();
    for page in pages(&dirs.contracts().join("slither"))? {
        answers.extend(answers_of(&read(&page)?));
    }
    let open = found.iter().filter(|finding| !answers.iter().any(|answer| answer.is_to(finding)));
    let open: Vec<_> = open.map(|(detector, place)| format!("{detector} {place}")).collect();
    if open.is_empty() { Ok(found.len()) } else { Err(Error::Findings(open)) }
}

fn pages(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(io)?.collect::<Result<Vec<_>, _>>().map_err(io)?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect())
}

/// Detector and place.
type Finding = (String, String);

fn findings(report: &Value) -> Option<BTreeSet<Finding>> {
    if report["success"] != true {
        return None;
    }
    // Without any finding there is no list.
    let found = report["results"]["detectors"].as_array().map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|finding| Some((finding["check"].as_str()?.to_owned(), place(&finding["elements"][0])?))).collect()
}

/// `Contract.function` of an element; of a statement, the function that it is in.
fn place(element: &Value) -> Option<String> {
    let name = element["name"].as_str()?;
    let parent = &element["type_specific_fields"]["parent"];
    match element["type"].as_str()? {
        "node" => place(parent),
        _ if parent.is_object() => Some(format!("{}.{name}", place(parent)?)),
        _ => Some(name.to_owned()),
    }
}

/// A row of a table: `| detector | places | answer |`.
#[derive(Debug)]
struct Answer {
    detector: String,
    /// Each `Contract`, `Contract.function` or `function`. None is everywhere.
    places: Vec<String>,
}

impl Answer {
    fn is_to(&self, (detector, place): &Finding) -> bool {
        let here = |named: &String| place == named || place.starts_with(&format!("{named}.")) || place.ends_with(&format!(".{named}"));
        self.detector == *detector && (self.places.is_empty() || self.places.iter().any(here))
    }
}

fn answers_of(page: &str) -> Vec<Answer> {
    let answer = |line: &str| {
        let [_, detector, places, why, _] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else { return None };
        // What stands between backticks is every second piece.
        let places = places.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (!why.is_empty()).then(|| Answer { detector: detector.trim_matches('`').to_owned(), places })
    };
    page.lines().filter_map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_finding_is_answered_by_detector_and_place() {
        let function =
            json!({"type": "function", "name": "withdraw", "type_specific_fields": {"parent": {"type": "contract", "name": "Vault"}}});
        let node = json!({"type": "node", "name": "total += value", "type_specific_fields": {"parent": function}});
        let report = json!({"success": true, "results": {"detectors": [{"check": "timestamp", "elements": [node]}]}});
        let found = findings(&report).unwrap();
        let finding = ("timestamp".to_owned(), "Vault.withdraw".to_owned());
        assert_eq!(found, BTreeSet::from([finding.clone()]));
        let answered = |row: &str| answers_of(row).iter().any(|answer| answer.is_to(&finding));
        for row in [
            "| timestamp | `Vault.withdraw` | why |",
            "| timestamp | `Vault` | why |",
            "| timestamp | `A.b`, `withdraw` | why |",
            "| timestamp | all | why |",
        ] {
            assert!(answered(row), "{row}");
        }
        for row in [
            "| timestamp | `Vault.other` | why |",
            "| other | `Vault` | why |",
            "| timestamp | `Vault` | |",
            "| timestamp | `draw` | why |",
        ] {
            assert!(!answered(row), "{row}");
        }
        assert!(findings(&json!({"success": false})).is_none());
        assert_eq!(findings(&json!({"success": true, "results": {}})), Some(BTreeSet::new()));
    }
}

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value, json};

use crate::{
    dirs::{Dirs, read, read_json, write as write_file},
    error::Error,
    npm, predeploys, preinstalls,
};

/// Contracts that other programs deploy, call or read, one artifact each.
const CONTRACTS: [&str; 26] = [
    "AttestationVerifier",
    "AttestedOutput",
    "Commons",
    "DatanetReview",
    "Datanets",
    "Division",
    "FeeDistributor",
    "GasPriceOracle",
    "Inference",
    "Juries",
    "L1Block",
    "L1Timelock",
    "ModelDisputes",
    "Models",
    "OpenToken",
    "OperatorFeeVault",
    "OutputProposals",
    "Parameters",
    "Payouts",
    "Stakes",
    "SystemConfig",
    "TributaryGovernor",
    "TributaryPortal",
    "TributaryTimelock",
    "VotingOpen",
    "WrappedOpen",
];

/// Tests that are not the same from one change of them to the next: what forge makes up their cases of.
pub(crate) const RANDOM: &str = "^(testFuzz|invariant)";

/// Artifact texts by file name.
type Artifacts = BTreeMap<String, String>;

/// Compiles, and writes all artifacts. Returns how many.
pub(crate) fn write(dirs: &Dirs) -> Result<usize, Error> {
    let artifacts = build(dirs)?;
    for (name, text) in &artifacts {
        write_file(&dirs.artifacts().join(name), text)?;
    }
    for stale in committed(dirs)?.into_keys().filter(|name| !artifacts.contains_key(name)) {
        let path = dirs.artifacts().join(stale);
        fs::remove_file(&path).map_err(|source| Error::Io { path, source })?;
    }
    Ok(artifacts.len())
}

/// Compiles, and fails unless the committed artifacts are exactly the result.
pub(crate) fn check(dirs: &Dirs) -> Result<(), Error> {
    let (built, committed) = (build(dirs)?, committed(dirs)?);
    let names = built.keys().chain(committed.keys());
    let mut differing: Vec<_> = names.filter(|name| built.get(*name) != committed.get(*name)).cloned().collect();
    differing.sort();
    differing.dedup();
    if differing.is_empty() { Ok(()) } else { Err(Error::OutOfDate(differing)) }
}

/// Runs the Solidity tests.
pub(crate) fn test(dirs: &Dirs, arguments: &[String]) -> Result<(), Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    npm::run(tests(dirs).args(arguments))
}

/// The command that runs the Solidity tests, once the packages are installed.
pub(crate) fn tests(dirs: &Dirs) -> Command {
    forge(dirs, "test")
}

/// Compiles what precompiles are measured beside; nobody deploys it. Returns forge's output.
pub(crate) fn bench(dirs: &Dirs) -> Result<PathBuf, Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    npm::run(forge(dirs, "build").arg("--quiet").arg(dirs.contracts().join("bench")))?;
    Ok(dirs.forge().join("out").join("SolidityAttribution.sol").join("SolidityAttribution.json"))
}

fn build(dirs: &Dirs) -> Result<Artifacts, Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    npm::run(forge(dirs, "build").arg("--quiet").arg(dirs.contracts().join("src")))?;
    let mut artifacts = Artifacts::new();
    for name in CONTRACTS {
        let compiled = read_json(&dirs.forge().join("out").join(format!("{name}.sol")).join(format!("{name}.json")))?;
        artifacts.insert(format!("{name}.json"), render(&artifact(name, &compiled)));
    }
    artifacts.insert("l1-predeploys.json".into(), render(&predeploys::l1(dirs)?));
    artifacts.insert("l2-predeploys.json".into(), render(&predeploys::l2(dirs)?));
    artifacts.insert("l2-preinstalls.json".into(), render(&preinstalls::l2(dirs)?));
    Ok(artifacts)
}

/// Runs the constructors of our own contracts on L2, each at the address of its contract, and returns what they leave.
pub(crate) fn genesis(dirs: &Dirs) -> Result<Value, Error> {
    let script = dirs.contracts().join("script").join("Genesis.s.sol");
    let output = npm::output(forge(dirs, "script").arg(script).args(["--tc", "Genesis", "--json"]))?;
    returned(&output).ok_or_else(|| Error::Output { program: "the genesis script", lacks: "a string".into() })
}

/// The JSON in the string that a script has returned. forge quotes what is in it.
fn returned(output: &str) -> Option<Value> {
    let line = output.lines().find_map(|line| serde_json::from_str::<Value>(line).ok().filter(|line| line["returns"].is_object()))?;
    let quoted = line["returns"]["0"]["value"].as_str()?;
    let text: String = serde_json::from_str(&format!("\"{quoted}\"")).ok()?;
    serde_json::from_str(&text).ok()
}

fn committed(dirs: &Dirs) -> Result<Artifacts, Error> {
    let io = |source| Error::Io { path: dirs.artifacts(), source };
    let mut artifacts = Artifacts::new();
    if !dirs.artifacts().exists() {
        return Ok(artifacts);
    }
    for entry in fs::read_dir(dirs.artifacts()).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        artifacts.insert(name.unwrap_or_default(), read(&path)?);
    }
    Ok(artifacts)
}

/// A forge command on our sources with the build folder's libraries and compiler, offline.
pub(crate) fn forge(dirs: &Dirs, command: &str) -> Command {
    forge_into(dirs, command, &dirs.forge())
}

/// The same with its output and cache in a folder of its own.
pub(crate) fn forge_into(dirs: &Dirs, command: &str, folder: &Path) -> Command {
    let remapping = |prefix: &str, folder: &Path| format!("{prefix}/={}/", folder.display());
    let mut forge = Command::new(dirs.package(".bin").join("forge"));
    forge.arg(command).arg("--offline");
    forge.arg("--root").arg(dirs.contracts());
    forge.arg("--use").arg(dirs.contracts().join("script").join("solc.mjs"));
    forge.arg("--out").arg(folder.join("out"));
    forge.arg("--cache-path").arg(folder.join("cache"));
    // Failing inputs are kept for the next run; by default beside the sources.
    forge.env("FOUNDRY_FUZZ_FAILURE_PERSIST_DIR", dirs.forge().join("failures").join("fuzz"));
    forge.env("FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR", dirs.forge().join("failures").join("invariant"));
    forge.env("FOUNDRY_TEST_FAILURES_FILE", dirs.forge().join("failures").join("tests"));
    for package in ["@openzeppelin", "solady"] {
        forge.arg("--remappings").arg(remapping(package, &dirs.package(package)));
    }
    forge
}

/// What others need of a compiled contract, without the compiler's metadata, syntax trees and source maps.
fn artifact(name: &str, compiled: &Value) -> Value {
    json!({
        "contractName": name,
        "abi": compiled["abi"],
        "bytecode": compiled["bytecode"]["object"],
        "deployedBytecode": compiled["deployedBytecode"]["object"],
        "storageLayout": storage_layout(&compiled["storageLayout"]),
    })
}

/// Variables with slot and byte offset. The compiler's own form names types by syntax tree ids, which change with
/// unrelated sources.
fn storage_layout(compiled: &Value) -> Value {
    let variables = compiled["storage"].as_array().map(Vec::as_slice).unwrap_or_default();
    let entry = |variable: &Value| {
        let kind = variable["type"].as_str().unwrap_or_default();
        json!({
            "label": variable["label"],
            "slot": variable["slot"],
            "offset": variable["offset"],
            "type": compiled["types"][kind]["label"],
        })
    };
    variables.iter().map(entry).collect()
}

/// JSON text with sorted keys, whatever order serde_json was built to keep.
fn render(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&sorted(value)).expect("invariant: a JSON value has a text");
    text.push('\n');
    text
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let ordered: BTreeMap<_, _> = fields.iter().collect();
            ordered.into_iter().map(|(key, field)| (key.clone(), sorted(field))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendered_keys_are_sorted_at_every_depth() {
        let value = json!({"b": [{"d": 1, "c": 2}], "a": null});
        assert_eq!(render(&value).split_whitespace().collect::<String>(), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
    }

    #[test]
    fn a_scripts_string_is_read_from_forges_output() {
        let output = r#"a warning
{"logs":[],"returns":{"0":{"internal_type":"string","value":"[{\\\"name\\\":\\\"C\\\"}]"}}}
{"other":1}"#;
        assert_eq!(returned(output), Some(json!([{"name": "C"}])));
        assert_eq!(returned("Error: no"), None);
    }

    #[test]
    fn storage_layout_names_types_and_not_syntax_tree_ids() {
        let compiled = json!({
            "storage": [{"astId": 7, "label": "meter", "slot": "5", "offset": 0, "type": "t_struct(Meter)77_storage"}],
            "types": {"t_struct(Meter)77_storage": {"label": "struct DepositMeter.Meter"}},
        });
        let expected = json!([{"label": "meter", "slot": "5", "offset": 0, "type": "struct DepositMeter.Meter"}]);
        assert_eq!(storage_layout(&compiled), expected);
    }
}

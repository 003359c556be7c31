//! The cases of ethereum/execution-apis: a chain is imported and served as `tributary import` and `tributary serve` do, and asked each request of each
//! `.io` file.
//!
//! An answer must be equal to the expected one, error messages included; where a file says `speconly:`, it must only have the same shape. Files are run in
//! the order of their names, because the pool keeps what earlier ones sent.

use super::{Failure, Progress, Report, Skips, Verdict, shape::same_shape};
use crate::rpc::Rpc;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tributary_node::{ImportConfig, ServeConfig, ServedChain};

/// Runs the `.io` files at or below `paths` whose name contains `filter`. The chain of a file is in a folder above it, as `genesis.json` and `chain.rlp`.
pub(super) fn run(paths: &[PathBuf], filter: &str, progress: &(dyn Fn(Progress) + Sync)) -> io::Result<Report> {
    let mut by_chain: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in paths {
        let mut files = Vec::new();
        collect(path, &mut files)?;
        files.sort();
        for file in files {
            by_chain.entry(chain_of(&file)?).or_default().push(file);
        }
    }
    let files = by_chain.values().map(Vec::len).sum();
    let (skips, mut report, mut done) = (Skips::checked_in(), Report::default(), 0);
    for (folder, cases) in by_chain {
        let mut served = Served::start(&folder);
        for file in cases {
            done += 1;
            let name = file.strip_prefix(&folder).unwrap_or(&file).display().to_string();
            if name.contains(filter) {
                let verdict = match (skips.reason(&name), &mut served) {
                    (Some(reason), _) => Verdict::Skipped(reason.to_owned()),
                    (None, Ok(served)) => run_file(&file, &mut served.client).map_or_else(Verdict::Failed, |()| Verdict::Passed),
                    (None, Err(reason)) => Verdict::Failed(Failure::new(format!("the chain is not served: {reason}"))),
                };
                report.add(name, verdict);
            }
            progress(Progress { done, files });
        }
    }
    Ok(report)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "io") {
        files.push(path.to_owned());
    }
    Ok(())
}

/// The folder above a file that holds its chain.
fn chain_of(file: &Path) -> io::Result<PathBuf> {
    let found = file.ancestors().skip(1).find(|folder| folder.join("chain.rlp").exists());
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{}: no chain.rlp in a folder above it", file.display()));
    found.map(Path::to_owned).ok_or_else(missing)
}

/// A chain that is served from a folder that goes with it.
#[derive(Debug)]
struct Served {
    client: Rpc,
    _server: ServedChain,
    // Declared after the server, so that it is dropped later.
    _runtime: tokio::runtime::Runtime,
    _datadir: TempDir,
}

impl Served {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let datadir = TempDir::new()?;
        let config =
            ImportConfig { genesis: folder.join("genesis.json"), chain: folder.join("chain.rlp"), datadir: datadir.path().to_owned() };
        let imported = tributary_node::import(&config, |_| {})?;
        if let Ok(text) = fs::read(folder.join("headfcu.json")) {
            let head: Value = serde_json::from_slice(&text)?;
            Failure::unless_equal("the head", &Value::from(imported.head.hash.to_string()), &head["params"][0]["headBlockHash"])?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = runtime.block_on(tributary_node::serve(&ServeConfig { datadir: config.datadir, listen }))?;
        let client = Rpc::connect(&format!("http://{}", server.address()))?;
        Ok(Self { client, _server: server, _runtime: runtime, _datadir: datadir })
    }
}

fn run_file(file: &Path, client: &mut Rpc) -> Result<(), Failure> {
    converse(&fs::read_to_string(file)?, |request| {
        let request = client.request(request);
        Ok(serde_json::from_slice(&client.exchange(&request)?)?)
    })
}

/// Asks what a file asks and compares with what it expects. A request without an expected answer checks nothing, and so does a file without requests:
/// both fail.
fn converse(text: &str, mut ask: impl FnMut(&str) -> Result<Value, Failure>) -> Result<(), Failure> {
    let unchecked = || Failure::new("the file asks and expects no answer");
    let only_shape = text.lines().any(|line| line.trim_start_matches('/').trim_start().starts_with("speconly:"));
    let (mut answer, mut checked): (Option<Value>, u64) = (None, 0);
    for line in text.lines() {
        if let Some(request) = line.strip_prefix(">> ") {
            if answer.replace(ask(request)?).is_some() {
                return Err(unchecked());
            }
        } else if let Some(expected) = line.strip_prefix("<< ") {
            let expected: Value = serde_json::from_str(expected)?;
            let got = answer.take().ok_or_else(|| Failure::new("the file expects an answer before it asks"))?;
            match only_shape {
                true => same_shape("answer", &got, &expected)?,
                false => equal("answer", &got, &expected)?,
            }
            checked += 1;
        }
    }
    match answer {
        Some(_) => Err(unchecked()),
        None if checked == 0 => Err(Failure::new("the file asks nothing")),
        None => Ok(()),
    }
}

/// Fails at the first place where two values differ.
fn equal(path: &str, got: &Value, expected: &Value) -> Result<(), Failure> {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            if let Some(key) = got.keys().find(|key| !expected.contains_key(*key)) {
                return Err(Failure::new(format!("{path}.{key} should not be there: {}", brief(&got[key]))));
            }
            expected.iter().try_for_each(|(key, value)| match got.get(key) {
                Some(found) => equal(&format!("{path}.{key}"), found, value),
                None => Err(Failure::new(format!("{path}.{key} is missing, expected {}", brief(value)))),
            })
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => {
            got.iter().zip(expected).enumerate().try_for_each(|(index, (got, expected))| equal(&format!("{path}[{index}]"), got, expected))
        }
        _ if got == expected => Ok(()),
        _ => Err(Failure::new(format!("{path} is {}, expected {}", brief(got), brief(expected)))),
    }
}

/// The beginning of a value, for a line of text.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_that_checks_nothing_is_no_pass() {
        let run = |text: &str| converse(text, |_| Ok(json!({ "result": 1 }))).map_err(|failure| failure.to_string());
        run(">> {}\n<< {\"result\":1}\n>> {}\n<< {\"result\":1}\n").unwrap();
        for (text, fault) in [
            ("", "asks nothing"),
            ("// speconly: a comment\n", "asks nothing"),
            (">> {}\n", "expects no answer"),
            (">> {}\n>> {}\n<< {\"result\":1}\n", "expects no answer"),
            (">> {}\n<< {\"result\":1}\n>> {}\n", "expects no answer"),
            ("<< {\"result\":1}\n", "before it asks"),
            (">> {}\n<< {\"result\":2}\n", "answer.result is 1"),
        ] {
            let failure = run(text).unwrap_err();
            assert!(failure.contains(fault), "{text}: {failure}");
        }
    }

    #[test]
    fn the_order_of_fields_does_not_matter_and_everything_else_does() {
        let expected = json!({ "a": [1, { "b": "0x1", "c": null }] });
        equal("answer", &json!({ "a": [1, { "c": null, "b": "0x1" }] }), &expected).unwrap();
        for (wrong, place) in [
            (json!({ "a": [1, { "b": "0x2", "c": null }] }), "answer.a[1].b is"),
            (json!({ "a": [1, { "b": "0x1" }] }), "answer.a[1].c is missing"),
            (json!({ "a": [1, { "b": "0x1", "c": null, "d": 0 }] }), "answer.a[1].d should not"),
            (json!({ "a": [1] }), "answer.a is"),
        ] {
            let failure = equal("answer", &wrong, &expected).unwrap_err().to_string();
            assert!(failure.starts_with(place), "{failure}");
        }
    }
}

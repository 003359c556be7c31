//! The configuration file of a role. A field is a flag: `max_fee` under `[batcher]` is `--batcher-max-fee`. Flags come before the environment, and that before the
//! file; whatever reads the command line checks all three alike.

use crate::error::Error;
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// Where the file is, if no flag says so.
const VARIABLE: &str = "TRIBUTARY_CONFIG";

/// Sections that files usually have.
const SECTIONS: [&str; 4] = ["l1", "batcher", "proposer", "prover"];

/// How alike a field that there is has to be to be proposed.
const ALIKE: f64 = 0.75;

/// The command line with what its configuration file says, if it has one. `flags` are those of the command.
pub(super) fn expanded(given: Vec<OsString>, flags: &[String]) -> Result<Vec<OsString>, Error> {
    let Some(path) = path_in(&given).or_else(|| env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)) else {
        return Ok(given);
    };
    let refuse = |reason: String| Error::ConfigFile { path: path.clone(), reason };
    let mut arguments = given[..2].to_vec();
    for (field, values) in fields(&path)? {
        let values = values.map_err(refuse)?;
        let flag = flag_of(&field);
        if !flags.contains(&flag) || flag == "config" {
            return Err(refuse(unknown(&field, flags)));
        }
        if is_given(&given, &flag) || env::var_os(format!("TRIBUTARY_{}", flag.replace('-', "_").to_uppercase())).is_some() {
            continue;
        }
        arguments.extend(values.into_iter().map(|value| OsString::from(format!("--{flag}{value}"))));
    }
    arguments.extend_from_slice(&given[2..]);
    Ok(arguments)
}

/// The fields of a file by their path, each with what follows its flag, once for each time that the flag stands, or why that cannot be.
pub(crate) fn fields(path: &Path) -> Result<Vec<Field>, Error> {
    let refuse = |reason: String| Error::ConfigFile { path: path.to_owned(), reason };
    let text = fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
    let mut fields = Vec::new();
    flatten(&table, "", &mut fields);
    Ok(fields)
}

/// A field's path and what it says.
type Field = (String, Result<Vec<String>, String>);

/// The flag that a field stands for.
pub(crate) fn flag_of(field: &str) -> String {
    field.replace(['.', '_'], "-")
}

/// The field that one would write for a flag.
pub(crate) fn field_of(flag: &str) -> String {
    let (section, rest) = flag.split_once('-').filter(|(section, _)| SECTIONS.contains(section)).unwrap_or(("", flag));
    let rest = rest.replace('-', "_");
    if section.is_empty() { rest } else { format!("{section}.{rest}") }
}

/// What `--config` is given.
fn path_in(given: &[OsString]) -> Option<PathBuf> {
    let mut rest = given.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("--config") => return rest.next().map(PathBuf::from),
            Some(text) => {
                if let Some(path) = text.strip_prefix("--config=") {
                    return Some(path.into());
                }
            }
            None => {}
        }
    }
    None
}

fn is_given(given: &[OsString], flag: &str) -> bool {
    let flag = format!("--{flag}");
    given
        .iter()
        .filter_map(|argument| argument.to_str())
        .any(|text| text == flag || text.strip_prefix(&flag).is_some_and(|rest| rest.starts_with('=')))
}

fn flatten(table: &Table, under: &str, fields: &mut Vec<Field>) {
    for (name, value) in table {
        let field = if under.is_empty() { name.clone() } else { format!("{under}.{name}") };
        let values = match value {
            Value::Table(table) => {
                flatten(table, &field, fields);
                continue;
            }
            Value::Boolean(true) => Ok(vec![String::new()]),
            Value::Boolean(false) => Ok(Vec::new()),
            Value::Array(items) => items.iter().map(|item| plain(&field, item)).collect(),
            value => plain(&field, value).map(|value| vec![value]),
        };
        fields.push((field, values));
    }
}

fn plain(field: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(format!("={text}")),
        Value::Integer(number) => Ok(format!("={number}")),
        Value::Float(number) => Ok(format!("={number}")),
        value => Err(format!("field `{field}` cannot be a {}", value.type_str())),
    }
}

fn unknown(field: &str, flags: &[String]) -> String {
    match nearest(&flag_of(field), flags) {
        Some(known) => format!("unknown field `{field}`; there is one for --{known}"),
        None => format!("unknown field `{field}`"),
    }
}

/// The name among these that somebody may have meant.
pub(crate) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let like = known.iter().map(|known| (strsim::jaro_winkler(known, name), known)).filter(|(like, _)| *like > ALIKE);
    like.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [&str; 5] = ["config", "datadir", "l1-url", "batcher-max-fee", "port"];

    fn expand(file: &str, given: &[&str]) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.toml");
        fs::write(&path, file).unwrap();
        let mut line: Vec<OsString> = ["tributary", "sequencer", "--config"].map(OsString::from).to_vec();
        line.push(path.into());
        line.extend(given.iter().map(OsString::from));
        let expanded = expanded(line, &FLAGS.map(str::to_owned)).map_err(|error| error.to_string())?;
        Ok(expanded
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .filter(|argument| !argument.ends_with("node.toml"))
            .collect())
    }

    #[test]
    fn fields_are_flags_and_flags_come_first() {
        let file = "datadir = \"/data\"\nport = 1\n[l1]\nurl = [\"http://a\", \"http://b\"]\n[batcher]\nmax_fee = 2.5\n";
        let line = expand(file, &["--port", "2"]).unwrap();
        let expected = ["tributary", "sequencer", "--batcher-max-fee=2.5", "--datadir=/data", "--l1-url=http://a", "--l1-url=http://b"];
        assert_eq!(line[..6], expected);
        assert_eq!(line[6..], ["--config", "--port", "2"]);
    }

    #[test]
    fn a_field_that_there_is_not_is_refused_with_one_like_it() {
        let error = expand("[batcher]\nmax_fees = 1\n", &[]).unwrap_err();
        assert!(error.contains("unknown field `batcher.max_fees`; there is one for --batcher-max-fee"), "{error}");
        let error = expand("zebra = 1\n", &[]).unwrap_err();
        assert!(error.ends_with("unknown field `zebra`"), "{error}");
        let error = expand("port = 1 2\n", &[]).unwrap_err();
        assert!(error.contains("node.toml") && error.contains("line 1"), "{error}");
    }
}

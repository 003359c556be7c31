//! What flags, environment and file say, each value looked at by itself, so that one that is wrong hides no other.

use super::Fault;
use crate::roles::config_file::{self, nearest};
use clap::{Arg, ArgMatches, Command, error::ContextKind, error::ErrorKind, parser::ValueSource};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// Variables that are read beside those of flags.
const KEYS: [&str; 4] = ["TRIBUTARY_BATCHER_KEY", "TRIBUTARY_PROPOSER_KEY", "TRIBUTARY_PROVER_KEY", "TRIBUTARY_FEED_KEY"];

/// One value of one flag.
#[derive(Debug, Clone)]
struct Entry {
    flag: String,
    /// The flag with its value, as the command line has it.
    token: OsString,
    /// Who says so, in words.
    from: String,
    rank: Rank,
}

/// What comes first holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Flag,
    Environment,
    File,
}

/// A setting, for people.
#[derive(Debug, Serialize)]
pub(super) struct Setting {
    pub(super) flag: String,
    pub(super) value: String,
    pub(super) from: String,
}

/// Everything that is said, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Sources {
    command: Command,
    entries: Vec<Entry>,
    /// What holds; a flag whose every value is wrong is not among it.
    pub(super) matches: ArgMatches,
    pub(super) faults: Vec<Fault>,
}

impl Sources {
    /// Reads all three for a role's command.
    pub(super) fn read(command: Command, line: &[OsString], environment: &[(String, OsString)]) -> Self {
        let mut faults = Vec::new();
        let mut entries = of_line(&command, line, &mut faults);
        entries.extend(of_environment(&command, environment, &mut faults));
        let file = entries.iter().find(|entry| entry.flag == "config").map(|entry| PathBuf::from(value_of(&entry.token)));
        entries.extend(file.map(|path| of_file(&command, path, &mut faults)).unwrap_or_default());
        let mentioned: BTreeSet<_> = entries.iter().map(|entry| entry.flag.clone()).collect();
        let command = command.no_binary_name(true);
        // What is asked for is asked for here, one by one.
        let lenient = command.clone().mut_args(|arg| arg.required(false).env(None::<&str>));
        entries.retain(|entry| is_fit(&lenient, entry, &mut faults));
        entries = holding(entries);
        let parsed = |entries: &[Entry]| lenient.clone().try_get_matches_from(entries.iter().map(|entry| &entry.token));
        let matches = parsed(&entries).or_else(|error| {
            faults.push(of_clap("flags together", &error));
            // Each by itself was fit: one is nothing without another, and the others are looked at without it.
            entries.retain(|entry| parsed(std::slice::from_ref(entry)).is_ok());
            parsed(&entries)
        });
        let matches = matches.unwrap_or_default();
        for arg in command.get_arguments().filter(|arg| arg.is_required_set()) {
            if !arg.get_long().is_some_and(|flag| mentioned.contains(flag)) {
                faults.push(missing(arg));
            }
        }
        Self { command, entries, matches, faults }
    }

    /// Who said what a flag is, for the place of a fault.
    pub(super) fn place(&self, flag: &str) -> String {
        let entry = self.entries.iter().find(|entry| entry.flag == flag);
        entry.map_or_else(|| format!("--{flag}"), |entry| entry.from.clone())
    }

    /// What holds, flag by flag; of what may hold a key, that it is there.
    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for arg in self.command.get_arguments() {
            let (Some(flag), Some(source)) = (arg.get_long(), self.matches.value_source(arg.get_id().as_str())) else { continue };
            let raw = self.matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
            let values: Vec<_> =
                raw.map(|value| if arg.is_hide_env_values_set() { shown(value) } else { value.to_string_lossy().into() }).collect();
            let from = if source == ValueSource::DefaultValue { "default".to_owned() } else { self.place(flag) };
            settings.push(Setting { flag: format!("--{flag}"), value: values.join(", "), from });
        }
        settings
    }
}

/// Scheme and host of a URL: the rest may be a key.
fn shown(url: &OsStr) -> String {
    let url = url.to_string_lossy();
    let host = tributary_client::Endpoint::at(&*url).host().unwrap_or_default();
    format!("{}://{host}", url.split_once("://").map_or("", |(scheme, _)| scheme))
}

/// The flags of a command.
fn flags(command: &Command) -> Vec<String> {
    command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)).collect()
}

fn arg_of<'a>(command: &'a Command, flag: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(flag))
}

fn value_of(token: &OsStr) -> String {
    token.to_string_lossy().split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default()
}

fn of_line(command: &Command, line: &[OsString], faults: &mut Vec<Fault>) -> Vec<Entry> {
    let known = flags(command);
    let mut entries = Vec::new();
    let mut rest = line.iter();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy().into_owned();
        let Some(named) = text.strip_prefix("--") else {
            faults.push(Fault::new(text, "is no flag, and nothing else is taken"));
            continue;
        };
        let flag = named.split('=').next().unwrap_or_default().to_owned();
        let Some(arg) = arg_of(command, &flag) else {
            faults.push(unknown(format!("--{flag}"), &flag, &known, |known| format!("--{known}")));
            // What may be its value is not another fault.
            let mut ahead = rest.clone();
            if !named.contains('=') && ahead.next().is_some_and(|next| !next.to_string_lossy().starts_with("--")) {
                rest = ahead;
            }
            continue;
        };
        let mut token = argument.clone();
        if !named.contains('=') && arg.get_action().takes_values() {
            let Some(value) = rest.next() else {
                faults.push(Fault::new(format!("--{flag}"), "has no value"));
                continue;
            };
            token.push("=");
            token.push(value);
        }
        entries.push(Entry { from: format!("--{flag}"), flag, token, rank: Rank::Flag });
    }
    entries
}

fn of_environment(command: &Command, environment: &[(String, OsString)], faults: &mut Vec<Fault>) -> Vec<Entry> {
    let variable_of = |arg: &Arg| arg.get_env().and_then(|name| name.to_str().map(str::to_owned));
    let known: Vec<String> = command.get_arguments().filter_map(variable_of).chain(KEYS.map(str::to_owned)).collect();
    let others = variables(&<crate::cli::Arguments as clap::CommandFactory>::command());
    let mut entries = Vec::new();
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("TRIBUTARY_")) {
        let arg = command.get_arguments().find(|arg| variable_of(arg).as_ref() == Some(name));
        match arg.and_then(|arg| Some((arg, arg.get_long()?))) {
            Some((_, _)) if value.is_empty() => faults.push(Fault::new(name, "is empty").suggesting("unset it, or give it a value")),
            Some((arg, flag)) if arg.get_action().takes_values() => {
                let mut token = OsString::from(format!("--{flag}="));
                token.push(value);
                entries.push(Entry { flag: flag.to_owned(), token, from: name.clone(), rank: Rank::Environment });
            }
            Some((_, flag)) if value != "false" && value != "0" => {
                entries.push(Entry {
                    flag: flag.to_owned(),
                    token: format!("--{flag}").into(),
                    from: name.clone(),
                    rank: Rank::Environment,
                });
            }
            Some(_) => {}
            None if known.contains(name) || others.contains(name) => {}
            None => {
                let short = |name: &String| name.trim_start_matches("TRIBUTARY_").to_owned();
                let shorter: Vec<_> = known.iter().map(short).collect();
                let fault = unknown(name.clone(), &short(name), &shorter, |known| format!("TRIBUTARY_{known}"));
                // One like none of ours may be somebody else's.
                faults.extend(fault.suggestion.is_some().then_some(fault));
            }
        }
    }
    entries
}

/// The variables of all commands.
fn variables(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned));
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

fn of_file(command: &Command, path: PathBuf, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let (shown, known) = (path.display().to_string(), flags(command));
    let fields = match config_file::fields(&path) {
        Ok(fields) => fields,
        Err(error) => {
            faults.push(Fault::new("--config", error));
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    for (field, values) in fields {
        let (flag, from) = (config_file::flag_of(&field), format!("{field} in {shown}"));
        match values {
            _ if flag == "config" || !known.contains(&flag) => {
                faults.push(unknown(from, &flag, &known, |known| format!("--{known}, as a field")))
            }
            Err(reason) => faults.push(Fault::new(from, reason)),
            Ok(values) => entries.extend(values.into_iter().map(|value| Entry {
                flag: flag.clone(),
                token: format!("--{flag}{value}").into(),
                from: from.clone(),
                rank: Rank::File,
            })),
        }
    }
    entries
}

/// Whether a value is one of its flag's, by itself.
fn is_fit(lenient: &Command, entry: &Entry, faults: &mut Vec<Fault>) -> bool {
    match lenient.clone().try_get_matches_from([&entry.token]) {
        Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
            faults.push(of_clap(&entry.from, &error));
            false
        }
        _ => true,
    }
}

/// Of each flag, what the first that says something says.
fn holding(entries: Vec<Entry>) -> Vec<Entry> {
    let first = |flag: &str| entries.iter().filter(|entry| entry.flag == flag).map(|entry| entry.rank).min();
    entries.iter().filter(|entry| first(&entry.flag) == Some(entry.rank)).cloned().collect()
}

fn of_clap(at: &str, error: &clap::Error) -> Fault {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let told = |kind| match error.get(kind) {
        Some(clap::error::ContextValue::Strings(values)) if !values.is_empty() => Some(values.join(", ")),
        Some(clap::error::ContextValue::String(value)) if !value.is_empty() => Some(value.clone()),
        _ => None,
    };
    let first = if error.kind() == ErrorKind::MissingRequiredArgument {
        format!("{} is missing beside it", told(ContextKind::InvalidArg).unwrap_or_default())
    } else {
        first
    };
    let suggestion = told(ContextKind::SuggestedValue).map(|value| format!("there is `{value}`"));
    let suggestion = suggestion.or_else(|| told(ContextKind::ValidValue).map(|values| format!("it is one of {values}")));
    Fault { suggestion, ..Fault::new(at, first) }
}

fn unknown(at: String, name: &str, known: &[String], show: impl Fn(&str) -> String) -> Fault {
    let fault = Fault::new(at, "nothing is called this");
    match nearest(name, known) {
        Some(known) => fault.suggesting(format!("there is {}", show(known))),
        None => fault,
    }
}

fn missing(arg: &Arg) -> Fault {
    let flag = arg.get_long().unwrap_or_default();
    let variable = arg.get_env().and_then(|name| name.to_str()).unwrap_or_default();
    let field = config_file::field_of(flag);
    Fault::new(format!("--{flag}"), "is missing").suggesting(format!("give the flag, {variable}, or `{field}` in the file"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn read(line: &[&str], environment: &[(&str, &str)]) -> Sources {
        let command = crate::cli::Arguments::command().find_subcommand("sequencer").unwrap().clone();
        let line: Vec<_> = line.iter().map(OsString::from).collect();
        let environment: Vec<_> = environment.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        Sources::read(command, &line, &environment)
    }

    fn told(sources: &Sources) -> Vec<String> {
        let line = |fault: &Fault| format!("{}: {} | {}", fault.at, fault.error, fault.suggestion.clone().unwrap_or_default());
        sources.faults.iter().map(line).collect()
    }

    const WHOLE: [&str; 6] = ["--chain", "a", "--datadir=b", "--l1-url", "http://l1.example", "--port=1"];

    #[test]
    fn what_a_role_would_start_with_has_no_faults() {
        let sources = read(&WHOLE, &[("TRIBUTARY_LOG", "debug"), ("TRIBUTARY_BATCHER_KEY", "0x1"), ("HOME", "/")]);
        assert_eq!(told(&sources), [""; 0]);
        assert_eq!(sources.matches.get_one::<u16>("port"), Some(&1));
        assert_eq!(sources.matches.get_one::<String>("log").unwrap(), "debug");
    }

    #[test]
    fn every_fault_is_told_each_with_what_may_help() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.toml");
        std::fs::write(&file, "port = \"many\"\n[l1]\nurls = [\"http://a\"]\nquorum = 1979-05-27\n[batcher]\nda = \"blobs\"\n").unwrap();
        let line = ["--config", file.to_str().unwrap(), "--chian", "./rollup", "left over", "--origin-depth=-1"];
        let told = told(&read(&line, &[("TRIBUTARY_L1_QUORUM", "two"), ("TRIBUTARY_DATADIRS", "/data"), ("TRIBUTARY_HOST", "")]));
        for words in [
            "--chian: nothing is called this | there is --chain",
            "left over: is no flag",
            "--origin-depth: invalid value '-1'",
            "TRIBUTARY_L1_QUORUM: invalid value 'two'",
            "TRIBUTARY_DATADIRS: nothing is called this | there is TRIBUTARY_DATADIR",
            "TRIBUTARY_HOST: is empty",
            "l1.urls in ",
            "there is --l1-url, as a field",
            "l1.quorum in ",
            "port in ",
            "batcher.da in ",
            "--datadir: is missing | give the flag, TRIBUTARY_DATADIR, or `datadir` in the file",
            "--l1-url: is missing",
        ] {
            assert!(told.iter().any(|line| line.contains(words)), "{words}: {told:#?}");
        }
        assert_eq!(told.len(), 13, "{told:#?}");
    }

    #[test]
    fn flags_come_before_the_environment_and_that_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.toml");
        std::fs::write(&file, "port = 3\nlog = \"warn\"\nhost = \"127.0.0.2\"\n").unwrap();
        let line = [&WHOLE[..], &["--config", file.to_str().unwrap()]].concat();
        let sources = read(&line, &[("TRIBUTARY_PORT", "2"), ("TRIBUTARY_LOG", "debug"), ("TRIBUTARY_L1_BEACON", "http://u:secret@b/key")]);
        let settings = sources.settings();
        let told = |flag: &str| {
            settings.iter().find(|setting| setting.flag == flag).map(|setting| (setting.value.as_str(), setting.from.as_str()))
        };
        assert_eq!(told("--port"), Some(("1", "--port")));
        assert_eq!(told("--log"), Some(("debug", "TRIBUTARY_LOG")));
        assert!(told("--host").unwrap().1.starts_with("host in "));
        assert_eq!(told("--origin-depth"), Some(("4", "default")));
        assert_eq!(told("--l1-beacon"), Some(("http://b:80", "TRIBUTARY_L1_BEACON")));
    }

    #[test]
    fn a_flag_that_is_nothing_without_another_is_told() {
        let line = [&WHOLE[..], &["--l1-beacon-headers", "h"]].concat();
        assert!(told(&read(&line, &[])).iter().any(|line| line.contains("--l1-beacon")), "{:?}", told(&read(&line, &[])));
    }
}

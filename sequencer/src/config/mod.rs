//! `tributary config`: whether a role would start with what its flags, its environment and its file say, without starting it.

mod check;
mod sources;

use crate::{error::Error, roles::ROLES, terminal};
use clap::{Args, CommandFactory, Subcommand};
use serde::Serialize;
use sources::Sources;
use std::{env, ffi::OsString};

const EXAMPLES: &str = "\
Examples:
  tributary config check sequencer --config sequencer.toml
                                   reads flags, environment and file as `tributary sequencer` would, asks L1, and tells every error at once
  tributary config check verifier --offline --chain ./rollup --datadir ./verifier --l1-url http://127.0.0.1:8551
                                   without asking anybody
  tributary config show sequencer --config sequencer.toml
                                   what holds, and who says so";

/// Flags of `tributary config`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell every error of a role's configuration at once; exit code 1 if there is one.
    #[command(after_help = EXAMPLES)]
    Check(RoleLine),
    /// Tell a role's settings, and where each comes from.
    #[command(after_help = EXAMPLES)]
    Show(RoleLine),
}

#[derive(Debug, Args)]
struct RoleLine {
    /// Ask neither L1 nor the sequencer.
    #[arg(long)]
    offline: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The role, and the flags that it would be started with.
    #[arg(value_name = "ROLE", required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
    line: Vec<OsString>,
}

/// Something that the role would not start with, or not do its work with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// Flag, variable, field, or part of the world.
    at: String,
    /// What is wrong.
    error: String,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

impl Fault {
    fn new(at: impl Into<String>, error: impl ToString) -> Self {
        Self { at: at.into(), error: error.to_string(), suggestion: None }
    }

    fn suggesting(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

/// Checks or shows a role's configuration.
pub(crate) async fn run(arguments: ConfigArguments) -> Result<(), Error> {
    let (mut line, is_check) = match arguments.command {
        Command::Check(line) => (line, true),
        Command::Show(line) => (line, false),
    };
    // Behind the role they are as good as before it.
    for (flag, given) in [("--offline", &mut line.offline), ("--json", &mut line.json)] {
        let before = line.line.len();
        line.line.retain(|argument| argument != flag);
        *given |= line.line.len() < before;
    }
    let role = line.line.first().and_then(|role| role.to_str()).unwrap_or_default().to_owned();
    let command = crate::cli::Arguments::command();
    let command = command.find_subcommand(&role).filter(|_| ROLES.contains(&role.as_str())).cloned();
    let command = command.ok_or_else(|| Error::Usage(format!("there is no role `{role}`; there are {}", ROLES.join(", "))))?;
    if line.line.iter().any(|argument| argument == "--help" || argument == "-h") {
        terminal::say(&command.bin_name(format!("tributary {role}")).render_long_help().to_string());
        return Ok(());
    }
    let environment: Vec<_> = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
    let mut sources = Sources::read(command, &line.line[1..], &environment);
    if !is_check {
        return show(&sources, &line);
    }
    let mut faults = std::mem::take(&mut sources.faults);
    faults.extend(check::role(&role, &sources, line.offline).await);
    tell(&role, faults, &line)
}

fn tell(role: &str, faults: Vec<Fault>, line: &RoleLine) -> Result<(), Error> {
    if line.json {
        let told = serde_json::json!({ "role": role, "ok": faults.is_empty(), "online": !line.offline, "errors": faults });
        terminal::say(&serde_json::to_string_pretty(&told).unwrap_or_default());
    } else {
        for Fault { at, error, suggestion } in &faults {
            let suggestion = suggestion.as_ref().map(|suggestion| format!("; {suggestion}")).unwrap_or_default();
            terminal::say(&format!("{at}: {error}{suggestion}"));
        }
    }
    match faults.len() {
        0 if line.json => {}
        0 if line.offline => terminal::say(&format!("the {role}'s configuration is in order; L1 was not asked")),
        0 => terminal::say(&format!("the {role}'s configuration is in order")),
        1 => return Err(Error::Check(format!("1 error in the {role}'s configuration"))),
        count => return Err(Error::Check(format!("{count} errors in the {role}'s configuration"))),
    }
    Ok(())
}

fn show(sources: &Sources, line: &RoleLine) -> Result<(), Error> {
    let settings = sources.settings();
    if line.json {
        crate::report::json(&settings);
    } else {
        let rows: Vec<_> = settings.into_iter().map(|setting| vec![setting.flag, setting.value, setting.from]).collect();
        crate::report::table(&["Flag", "Value", "From"], &rows);
    }
    Ok(())
}

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    dirs::{read, write},
    error::Error,
};

/// Installs the packages of `source`'s committed lock file into `target/node_modules`. Does nothing when that is what
/// is there already.
///
/// Install scripts are not run: no package that we use needs its own, and none should run code of its choice here.
pub(crate) fn install(source: &Path, target: &Path) -> Result<(), Error> {
    let lock = read(&source.join("package-lock.json"))?;
    // npm writes this file last, so it also tells a finished installation from one that was interrupted.
    let finished = target.join("node_modules").join(".package-lock.json").exists();
    if finished && read(&target.join("package-lock.json")).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    write(&target.join("package.json"), &read(&source.join("package.json"))?)?;
    write(&target.join("package-lock.json"), &lock)?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(target).stdin(Stdio::null());
    let done = npm.output().map_err(|source| Error::Start { program: "npm".into(), source })?;
    if done.status.success() { Ok(()) } else { Err(Error::Npm { output: String::from_utf8_lossy(&done.stderr).into_owned() }) }
}

/// Whether Node.js and npm are on this machine.
pub(crate) fn exists() -> bool {
    ["node", "npm"].iter().all(|program| Command::new(program).arg("--version").output().is_ok_and(|version| version.status.success()))
}

/// Whether npm failed because no registry gave it the packages, and not because of what it was asked for.
pub(crate) fn unreachable(output: &str) -> bool {
    const CODES: [&str; 10] =
        ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ENOTCACHED", "E403", "E50"];
    output.lines().any(|line| CODES.iter().any(|code| line.contains(&format!("code {code}"))))
}

/// The line of npm's output that says most.
pub(crate) fn first_error(output: &str) -> &str {
    output.lines().find(|line| line.contains("error") && !line.contains("error code")).unwrap_or(output.trim_end())
}

/// Runs a program to its end, its output on our terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| Error::Start { program: program.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { program, status }) }
}

/// Runs a program to its end. Returns what it has printed; its errors are on our terminal.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.stderr(Stdio::inherit()).output().map_err(|source| Error::Start { program: program.clone(), source })?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        Err(Error::Failed { program, status: done.status })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absent_registry_is_unreachable() {
        let refused = "npm error code ECONNREFUSED\nnpm error request to the registry failed\n";
        assert!(unreachable(refused));
        assert_eq!(first_error(refused), "npm error request to the registry failed");
        assert!(!unreachable("npm error code EUSAGE\nnpm error the lock file does not fit"));
        assert!(!unreachable("npm error code EINTEGRITY"));
    }
}

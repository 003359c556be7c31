use std::{path::Path, process::Command};

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
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(target))
}

/// Runs a program to its end, its output on our terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| Error::Start { program: program.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { program, status }) }
}

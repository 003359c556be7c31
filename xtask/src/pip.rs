use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    dirs::{read, write},
    error::Error,
};

/// The oldest Python that the packages of our requirements.txt are for, which can also make environments and run pip in them.
const FIT: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/// Whether there is such a Python on this machine.
pub(crate) fn exists() -> bool {
    let python = Command::new("python3").args(["-c", FIT]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    python.is_ok_and(|status| status.success())
}

/// Makes a Python environment in `target` with the packages of requirements files, one file after the other, that name each by version and hashes. Does
/// nothing when that is what is there already. Packages come as wheels, because sources would run code of their choice here: a file that takes one that there
/// is no wheel of says so (`--no-binary`), and it is built by what the files before have installed.
pub(crate) fn install(requirements: &[PathBuf], target: &Path) -> Result<(), Error> {
    let wanted = requirements.iter().map(|file| read(file)).collect::<Result<String, _>>()?;
    // Written last, so it also tells a finished installation from one that was interrupted.
    let installed = target.join("requirements.txt");
    if read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(target))?;
    for file in requirements {
        let mut pip = Command::new(target.join("bin").join("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"]);
        run(pip.args(["--only-binary", ":all:", "--no-build-isolation", "-r"]).arg(file))?;
    }
    write(&installed, &wanted)
}

fn run(command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output().map_err(|source| Error::Start { program, source })?;
    let output = || [done.stdout, done.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).concat();
    if done.status.success() { Ok(()) } else { Err(Error::Pip { output: output() }) }
}

/// Whether pip failed because no registry gave it the packages, and not because of what it was asked for.
pub(crate) fn unreachable(output: &str) -> bool {
    const SIGNS: [&str; 5] =
        ["Retrying (Retry(", "Connection refused", "Temporary failure in name resolution", "HTTP error 403", "HTTP error 5"];
    output.lines().any(|line| SIGNS.iter().any(|sign| line.contains(sign)))
}

/// The line of pip's output that says most.
pub(crate) fn first_error(output: &str) -> &str {
    output.lines().find(|line| line.starts_with("ERROR")).unwrap_or(output.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absent_registry_is_unreachable() {
        let refused = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\nERROR: No matching distribution found for web3\n";
        assert!(unreachable(refused));
        assert_eq!(first_error(refused), "ERROR: No matching distribution found for web3");
        assert!(!unreachable("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."));
        assert!(!unreachable("ERROR: No matching distribution found for web3==99"));
    }
}

//! How well attribution finds whose words a text is made of.

use std::{env, path::PathBuf, process::Command};

use crate::{corpus, dirs::Dirs, error::Error, npm::run};

/// Fetches the texts, builds the program and prints its tables.
pub(crate) fn quality(dirs: &Dirs, more: &[String]) -> Result<(), Error> {
    let tree = corpus::fetched(dirs)?;
    let mut program = Command::new(dirs.built("quality")?);
    program.arg("--tree").arg(tree);
    // As for the tests: named, or beside the repository.
    let shared = env::var_os("TRIBUTARY_SHARED").map_or_else(|| dirs.root().join("..").join("shared"), PathBuf::from);
    let digits = shared.join("attribution").join("digits");
    if digits.is_dir() {
        program.arg("--digits").arg(digits);
    }
    run(program.args(more))
}

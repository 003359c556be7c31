//! The shared folder: `$TRIBUTARY_SHARED`, or `../shared` beside the repository.
//!
//! Where there is no such folder the tests that read it check nothing, which they say on the terminal even when it shows no output of
//! tests, and which `cargo xtask test` counts. A folder without the file, or a variable that names none, is a failure.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of the shared folder; `None` when there is no folder.
#[allow(clippy::disallowed_macros, reason = "a skipped test must say so")]
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("TRIBUTARY_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = named.clone().unwrap_or_else(beside);
    if named.is_none() && !shared.is_dir() {
        println!("skipped: no folder shared beside the repository, and no TRIBUTARY_SHARED, with {name}");
        // Past the capture of a passing test's output.
        let _ = writeln!(std::io::stderr(), "SKIPPED, nothing checked: {name} is absent");
        return None;
    }
    let path = shared.join(name);
    assert!(path.is_file(), "{} is absent", path.display());
    Some(path)
}

/// Its text.
#[allow(dead_code, reason = "each test binary uses its own part")]
pub(crate) fn read(name: &str) -> Option<String> {
    path(name).map(|path| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

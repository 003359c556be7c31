//! The directory that holds everything a node keeps.

use crate::Error;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A data directory: the user's, or a temporary one that goes with the node.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl DataDirectory {
    /// Opens or creates `path`, or makes a temporary directory.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            let made = tempfile::Builder::new().prefix("tributary-").tempdir();
            let temporary = made.map_err(|source| Error::Path { path: std::env::temp_dir(), source })?;
            return Ok(Self { path: temporary.path().to_owned(), temporary: Some(temporary) });
        };
        let fail = |source| Error::Path { path: path.to_owned(), source };
        let foreign =
            || Error::DataDirectory { path: path.to_owned(), reason: "is not empty and not a Tributary data directory".to_owned() };
        std::fs::create_dir_all(path).map_err(fail)?;
        let mut entries = std::fs::read_dir(path).map_err(fail)?;
        // A draft is all that a node leaves that was killed while it began.
        let is_foreign = |entry: std::io::Result<std::fs::DirEntry>| entry.map_or(true, |entry| entry.file_name() != "dev.partial");
        if !path.join("dev.json").exists() && entries.any(is_foreign) {
            return Err(foreign());
        }
        Ok(Self { path: path.to_owned(), temporary: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) const fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_somebody_elses_files_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.tex"), "irreplaceable").unwrap();
        let error = DataDirectory::open(Some(dir.path())).unwrap_err();
        assert!(error.to_string().contains("not a Tributary data directory"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_in_which_a_node_was_killed_while_it_began_is_its_own() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("dev.partial"), "{").unwrap();
        DataDirectory::open(Some(dir.path())).unwrap();
    }
}

//! The directory of a role, which is of one chain and stays so.

use super::files;
use crate::{Error, genesis::RULES};
use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What tells whose a directory is.
const FILE: &str = "role.json";

/// What `role.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Owner {
    role: String,
    chain_id: u64,
    genesis: B256,
    /// Which rules its blocks follow.
    rules: u32,
}

/// A directory that a role keeps its data in.
#[derive(Debug)]
pub(crate) struct RoleDirectory {
    path: PathBuf,
}

impl RoleDirectory {
    /// Opens or creates the directory of a role of a chain.
    ///
    /// # Errors
    /// When it is another role's or another chain's, holds somebody else's files, or cannot be written.
    pub(crate) fn claim(path: &Path, role: &str, (chain_id, genesis): (u64, B256)) -> Result<Self, Error> {
        std::fs::create_dir_all(path).map_err(|source| Error::Path { path: path.to_owned(), source })?;
        if !Self::is_owned(path, role, (chain_id, genesis))? {
            files::write_json(&path.join(FILE), &Owner { role: role.to_owned(), chain_id, genesis, rules: RULES })?;
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Makes a directory with data in it, which is nobody's yet, that of a role.
    ///
    /// # Errors
    /// When it is somebody's, or cannot be written.
    pub(crate) fn found(path: &Path, role: &str, (chain_id, genesis): (u64, B256)) -> Result<(), Error> {
        if path.join(FILE).exists() {
            return Err(Error::DataDirectory { path: path.to_owned(), reason: "is a role's already".to_owned() });
        }
        files::write_json(&path.join(FILE), &Owner { role: role.to_owned(), chain_id, genesis, rules: RULES })
    }

    /// The role whose directory of this chain it is.
    ///
    /// # Errors
    /// When it is of another chain or of other rules, or nobody's.
    pub(crate) fn role_of(path: &Path, chain: (u64, B256)) -> Result<String, Error> {
        let owner: Owner = files::read(&path.join(FILE))?;
        Self::is_owned(path, &owner.role, chain)?;
        Ok(owner.role)
    }

    /// Whether [`Self::claim`] would take the directory, which need not be there. Nothing is written.
    ///
    /// # Errors
    /// As of [`Self::claim`].
    pub(crate) fn inspect(path: &Path, role: &str, chain: (u64, B256)) -> Result<(), Error> {
        let fail = |source| Error::Path { path: path.to_owned(), source };
        let there = path.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path }).find(|path| path.exists());
        let there = there.map(Path::metadata).transpose().map_err(fail)?;
        if there.is_some_and(|there| !there.is_dir() || there.permissions().readonly()) {
            return Err(Error::DataDirectory { path: path.to_owned(), reason: "is no directory that can be written".to_owned() });
        }
        if path.exists() { Self::is_owned(path, role, chain).map(drop) } else { Ok(()) }
    }

    /// Whether the directory is this role's of this chain already; an empty one is nobody's.
    fn is_owned(path: &Path, role: &str, (chain_id, genesis): (u64, B256)) -> Result<bool, Error> {
        let refuse = |reason: String| Err(Error::DataDirectory { path: path.to_owned(), reason });
        let fail = |source| Error::Path { path: path.to_owned(), source };
        let file = path.join(FILE);
        match std::fs::read(&file) {
            Ok(text) => {
                let found: Owner = serde_json::from_slice(&text)
                    .map_err(|error| Error::DataDirectory { path: file.clone(), reason: error.to_string() })?;
                if (found.chain_id, found.genesis) != (chain_id, genesis) {
                    return refuse(format!(
                        "is of chain {} with genesis {}, not of {chain_id} with {genesis}",
                        found.chain_id, found.genesis
                    ));
                }
                if found.role != role {
                    return refuse(format!("is of a {}, not of a {role}", found.role));
                }
                if found.rules != RULES {
                    return refuse(format!("its blocks follow rules {}, this program has {RULES}", found.rules));
                }
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut entries = std::fs::read_dir(path).map_err(fail)?;
                if entries.any(|entry| entry.map_or(true, |entry| entry.file_name() != "role.partial")) {
                    return refuse("is not empty and not a Tributary data directory".to_owned());
                }
                Ok(false)
            }
            Err(source) => Err(Error::Path { path: file, source }),
        }
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_stays_with_its_chain_and_its_role() {
        let dir = tempfile::tempdir().unwrap();
        let (path, hash) = (dir.path().join("node"), B256::repeat_byte(1));
        for _ in 0..2 {
            RoleDirectory::claim(&path, "verifier", (7, hash)).unwrap();
        }
        for (role, chain, words) in [
            ("verifier", (8, hash), "is of chain 7"),
            ("verifier", (7, B256::ZERO), "is of chain 7"),
            ("sequencer", (7, hash), "is of a verifier, not of a sequencer"),
        ] {
            let refused = RoleDirectory::claim(&path, role, chain).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn a_directory_with_somebody_elses_files_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.tex"), "irreplaceable").unwrap();
        let error = RoleDirectory::claim(dir.path(), "verifier", (7, B256::ZERO)).unwrap_err();
        assert!(error.to_string().contains("not a Tributary data directory"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

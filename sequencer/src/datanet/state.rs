//! What a commitment needs later and the chain does not know: the salt, and which files were committed to. It is in a hidden file beside the documents.

use crate::{error::Error, kept};
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// A commitment that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begun {
    /// Zero until it is known to be on the chain.
    pub(super) commitment: U256,
    pub(super) salt: B256,
    /// Root of the tree over the documents.
    pub(super) root: B256,
    /// The newest block when it was drafted: it is in none before.
    pub(super) block: u64,
    /// Files in their order, with the hashes of their documents.
    pub(super) files: Vec<(PathBuf, B256)>,
}

/// Where documents come from: a folder, or one file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) file: Option<OsString>,
}

impl Source {
    /// What a path stands for.
    pub(super) fn of(path: &Path) -> Self {
        if path.is_dir() {
            return Self { folder: path.to_owned(), file: None };
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, file: path.file_name().map(OsString::from) }
    }
}

/// What a commitment is for: documents of one source, by one author, for one datanet or as the refinement of a row of it.
#[derive(Debug, Clone)]
pub(super) struct Purpose {
    pub(super) chain_id: u64,
    pub(super) datanet: U256,
    pub(super) parent: Option<u64>,
    pub(super) author: Address,
    pub(super) source: Source,
}

impl Purpose {
    fn path(&self) -> PathBuf {
        let row = self.parent.map_or_else(String::new, |row| format!("-{row}"));
        // A file's own name may be as long as a name can be.
        let file = self.source.file.as_ref().map(|name| format!("-{}", hex::encode(&keccak256(name.as_bytes())[..8])));
        let name = format!(".tributary-{}-{}{row}-{}{}.json", self.chain_id, self.datanet, self.author, file.unwrap_or_default());
        self.source.folder.join(name)
    }

    /// What was begun.
    pub(super) fn read(&self) -> Result<Option<Begun>, Error> {
        kept::read(&self.path())
    }

    /// Keeps it.
    pub(super) fn write(&self, begun: &Begun) -> Result<(), Error> {
        kept::write(&self.path(), begun)
    }

    /// Forgets it: nothing more can come of it.
    pub(super) fn remove(&self) -> Result<(), Error> {
        kept::remove(&self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_author_source_and_row_has_a_state_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.txt", "b.txt"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let of = |path: &Path| Purpose {
            chain_id: 7,
            datanet: U256::from(1),
            parent: None,
            author: Address::repeat_byte(1),
            source: Source::of(path),
        };
        let (folder, a, b) = (of(dir.path()), of(&dir.path().join("a.txt")), of(&dir.path().join("b.txt")));
        let others = [
            Purpose { author: Address::repeat_byte(2), ..a.clone() },
            Purpose { parent: Some(0), ..a.clone() },
            Purpose { datanet: U256::from(2), ..a.clone() },
            Purpose { chain_id: 8, ..a.clone() },
        ];
        let begun = Begun { commitment: U256::from(3), salt: B256::repeat_byte(2), root: B256::ZERO, block: 9, files: Vec::new() };
        a.write(&begun).unwrap();
        assert_eq!(a.read().unwrap(), Some(begun));
        for other in [folder, b].iter().chain(&others) {
            assert_eq!(other.read().unwrap(), None, "{other:?}");
        }
        a.remove().unwrap();
        assert_eq!(a.read().unwrap(), None);
    }

    #[test]
    fn a_file_without_a_folder_is_of_the_folder_that_one_is_in() {
        assert_eq!(Source::of(Path::new("x.txt")), Source { folder: PathBuf::new(), file: Some("x.txt".into()) });
    }
}

//! What a commitment needs later and the chain does not know: the salt, and which files were committed to; and what was refused, so that nobody pays for it
//! twice. Both are in hidden files beside the documents.

use crate::{
    error::Error,
    kept::{self, Lock},
};
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
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
    /// The chain's first block.
    pub(super) genesis: B256,
    pub(super) author: Address,
    /// Files in their order, as people read their names, with the hashes of their documents.
    pub(super) files: Vec<(String, B256)>,
}

impl Begun {
    pub(super) fn has(&self, document: B256) -> bool {
        self.files.iter().any(|(_, hash)| *hash == document)
    }
}

/// What was refused of an author's documents, and is not paid for again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refused {
    pub(super) genesis: B256,
    /// Why, by the document's hash.
    pub(super) documents: BTreeMap<B256, String>,
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
    pub(super) genesis: B256,
    pub(super) datanet: U256,
    pub(super) parent: Option<u64>,
    pub(super) author: Address,
    pub(super) source: Source,
}

impl Purpose {
    fn named(&self, file: &str, extension: &str) -> PathBuf {
        let row = self.parent.map_or_else(String::new, |row| format!("-{row}"));
        self.source.folder.join(format!(".tributary-{}-{}{row}-{}{file}.{extension}", self.chain_id, self.datanet, self.author))
    }

    /// Where it is kept.
    pub(super) fn path(&self) -> PathBuf {
        // A file's own name may be as long as a name can be.
        let file = self.source.file.as_ref().map(|name| format!("-{}", hex::encode(&keccak256(name.as_bytes())[..8])));
        self.named(&file.unwrap_or_default(), "json")
    }

    fn path_of_refused(&self) -> PathBuf {
        self.named("", "refused")
    }

    /// Lets nobody else work with what is kept for the folder: two runs at once would pay twice, and one of them would lose its salt.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        Lock::take(&self.named("", "lock"))
    }

    /// What was begun.
    pub(super) fn read(&self) -> Result<Option<Begun>, Error> {
        let Some(begun) = kept::read::<Begun>(&self.path())? else { return Ok(None) };
        kept::same_chain(&self.path(), begun.genesis, self.genesis)?;
        if begun.author != self.author {
            return Err(kept::foreign(&self.path(), &format!("its author is {}, not {}", begun.author, self.author)));
        }
        Ok(Some(begun))
    }

    /// Keeps it.
    pub(super) fn write(&self, begun: &Begun) -> Result<(), Error> {
        kept::write(&self.path(), begun)
    }

    /// Forgets it: nothing more can come of it.
    pub(super) fn remove(&self) -> Result<(), Error> {
        kept::remove(&self.path())
    }

    /// What was refused until now of the folder's documents.
    pub(super) fn refused(&self) -> Result<Refused, Error> {
        let path = self.path_of_refused();
        match kept::read::<Refused>(&path)? {
            Some(refused) => kept::same_chain(&path, refused.genesis, self.genesis).map(|()| refused),
            None => Ok(Refused { genesis: self.genesis, documents: BTreeMap::new() }),
        }
    }

    /// Keeps what was refused, too.
    pub(super) fn refuse(&self, documents: impl IntoIterator<Item = (B256, String)>) -> Result<(), Error> {
        let mut documents = documents.into_iter().peekable();
        if documents.peek().is_none() {
            return Ok(());
        }
        let mut refused = self.refused()?;
        refused.documents.extend(documents);
        kept::write(&self.path_of_refused(), &refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn of(path: &Path) -> Purpose {
        Purpose {
            chain_id: 7,
            genesis: B256::repeat_byte(7),
            datanet: U256::from(1),
            parent: None,
            author: Address::repeat_byte(1),
            source: Source::of(path),
        }
    }

    fn begun() -> Begun {
        Begun {
            commitment: U256::from(3),
            salt: B256::repeat_byte(2),
            root: B256::ZERO,
            block: 9,
            genesis: B256::repeat_byte(7),
            author: Address::repeat_byte(1),
            files: Vec::new(),
        }
    }

    #[test]
    fn each_author_source_and_row_has_a_state_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.txt", "b.txt"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let (folder, a, b) = (of(dir.path()), of(&dir.path().join("a.txt")), of(&dir.path().join("b.txt")));
        let others = [
            Purpose { author: Address::repeat_byte(2), ..a.clone() },
            Purpose { parent: Some(0), ..a.clone() },
            Purpose { datanet: U256::from(2), ..a.clone() },
            Purpose { chain_id: 8, ..a.clone() },
        ];
        a.write(&begun()).unwrap();
        assert_eq!(a.read().unwrap(), Some(begun()));
        for other in [folder, b].iter().chain(&others) {
            assert_eq!(other.read().unwrap(), None, "{other:?}");
        }
        a.remove().unwrap();
        assert_eq!(a.read().unwrap(), None);
    }

    #[test]
    fn what_is_of_another_chain_or_author_is_not_believed_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let purpose = of(dir.path());
        let wrong = [Begun { genesis: B256::ZERO, ..begun() }, Begun { author: Address::ZERO, ..begun() }];
        for begun in wrong {
            purpose.write(&begun).unwrap();
            let line = purpose.read().unwrap_err().to_string();
            assert!(line.contains(".tributary-7-1-0x") && line.contains("move this file away"), "{line}");
            assert!(purpose.path().exists());
        }
        let other = Purpose { genesis: B256::ZERO, ..purpose.clone() };
        other.refuse([(B256::ZERO, "not novel".to_owned())]).unwrap();
        let line = purpose.refused().unwrap_err().to_string();
        assert!(line.contains(".refused: it is of the chain"), "{line}");
    }

    #[test]
    fn what_was_refused_is_known_for_all_files_of_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, file) = (of(dir.path()), of(&dir.path().join("a.txt")));
        folder.refuse([]).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is kept of nothing");
        folder.refuse([(B256::ZERO, "not novel".to_owned())]).unwrap();
        folder.refuse([(B256::repeat_byte(1), "no text".to_owned())]).unwrap();
        assert_eq!(file.refused().unwrap().documents.len(), 2);
        let lock = folder.lock().unwrap();
        assert!(file.lock().unwrap_err().to_string().contains("another run"));
        drop(lock);
        drop(file.lock().unwrap());
    }

    #[test]
    fn a_file_without_a_folder_is_of_the_folder_that_one_is_in() {
        assert_eq!(Source::of(Path::new("x.txt")), Source { folder: PathBuf::new(), file: Some("x.txt".into()) });
    }
}

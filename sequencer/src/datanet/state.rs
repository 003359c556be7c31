//! What a commitment needs later and the chain does not know: the salt, and which files were committed to. It is in a hidden file beside the documents.

use crate::error::Error;
use alloy_primitives::{B256, U256};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A commitment that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    pub(crate) chain_id: u64,
    pub(crate) datanet: U256,
    pub(crate) commitment: U256,
    pub(crate) salt: B256,
    /// The row that its only document refines.
    #[serde(default)]
    pub(crate) parent: Option<u64>,
    /// Files in their order, with the hashes of their documents.
    pub(crate) files: Vec<(PathBuf, B256)>,
}

/// What a commitment is for: a folder, or a document that refines a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose {
    pub(crate) chain_id: u64,
    pub(crate) datanet: U256,
    pub(crate) parent: Option<u64>,
}

impl Purpose {
    fn path(&self, folder: &Path) -> PathBuf {
        let row = self.parent.map_or_else(String::new, |row| format!("-{row}"));
        folder.join(format!(".tributary-{}-{}{row}.json", self.chain_id, self.datanet))
    }
}

impl Begun {
    /// What it is for.
    pub(crate) const fn purpose(&self) -> Purpose {
        Purpose { chain_id: self.chain_id, datanet: self.datanet, parent: self.parent }
    }
}

/// What was begun in a folder.
pub(crate) fn read(folder: &Path, purpose: &Purpose) -> Result<Option<Begun>, Error> {
    let path = purpose.path(folder);
    match fs::read(&path) {
        Ok(bytes) => {
            let broken = |reason: serde_json::Error| Error::Check(format!("{}: {reason}", path.display()));
            serde_json::from_slice(&bytes).map(Some).map_err(broken)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

/// Keeps it, whole or not at all.
pub(crate) fn write(folder: &Path, begun: &Begun) -> Result<(), Error> {
    let path = begun.purpose().path(folder);
    let draft = path.with_extension("new");
    let failed = |source| Error::Read { path: path.clone(), source };
    fs::write(&draft, serde_json::to_vec_pretty(begun).map_err(|error| failed(error.into()))?).map_err(failed)?;
    fs::rename(&draft, &path).map_err(failed)
}

/// Forgets it: everything was appended, or it was rejected.
pub(crate) fn remove(folder: &Path, purpose: &Purpose) -> Result<(), Error> {
    let path = purpose.path(folder);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Read { path, source: error }),
        _ => Ok(()),
    }
}

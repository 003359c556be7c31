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
    /// Files in their order, with the hashes of their documents.
    pub(crate) files: Vec<(PathBuf, B256)>,
}

fn path(folder: &Path, chain_id: u64, datanet: U256) -> PathBuf {
    folder.join(format!(".tributary-{chain_id}-{datanet}.json"))
}

/// What was begun in a folder for a datanet.
pub(crate) fn read(folder: &Path, chain_id: u64, datanet: U256) -> Result<Option<Begun>, Error> {
    let path = path(folder, chain_id, datanet);
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
    let path = path(folder, begun.chain_id, begun.datanet);
    let draft = path.with_extension("new");
    let failed = |source| Error::Read { path: path.clone(), source };
    fs::write(&draft, serde_json::to_vec_pretty(begun).map_err(|error| failed(error.into()))?).map_err(failed)?;
    fs::rename(&draft, &path).map_err(failed)
}

/// Forgets it: everything was appended, or it was rejected.
pub(crate) fn remove(folder: &Path, chain_id: u64, datanet: U256) -> Result<(), Error> {
    let path = path(folder, chain_id, datanet);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Read { path, source: error }),
        _ => Ok(()),
    }
}

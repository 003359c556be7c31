//! What a juror needs to reveal its verdict and the chain does not know. It is in a hidden file, so that a later run can reveal it.

use crate::error::Error;
use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A seat of a jury: there is one verdict for each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) chain_id: u64,
    pub(super) case: U256,
    pub(super) round: u8,
    pub(super) juror: Address,
}

/// A verdict that nobody else may know yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Secret {
    pub(super) verdict: bool,
    /// The text whose hash is the verdict's reason.
    pub(super) reason: String,
    pub(super) salt: B256,
}

impl Seat {
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!(".tributary-{}-case-{}-{}-{}.json", self.chain_id, self.case, self.round, self.juror))
    }

    /// What this seat committed to.
    pub(super) fn read(&self, folder: &Path) -> Result<Option<Secret>, Error> {
        let path = self.path(folder);
        match fs::read(&path) {
            Ok(bytes) => {
                let broken = |reason: serde_json::Error| Error::Check(format!("{}: {reason}", path.display()));
                serde_json::from_slice(&bytes).map(Some).map_err(broken)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    /// Keeps it, whole or not at all, for the file's owner only.
    pub(super) fn write(&self, folder: &Path, secret: &Secret) -> Result<(), Error> {
        let path = self.path(folder);
        let draft = path.with_extension("new");
        let failed = |source| Error::Read { path: path.clone(), source };
        let bytes = serde_json::to_vec_pretty(secret).map_err(|error| failed(error.into()))?;
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(failed)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)
    }

    /// Forgets it: everybody knows it now.
    pub(super) fn remove(&self, folder: &Path) -> Result<(), Error> {
        let path = self.path(folder);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::Read { path, source: error }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_verdict_is_kept_for_its_owner_only_until_it_is_revealed() {
        let dir = tempfile::tempdir().unwrap();
        let seat = Seat { chain_id: 7, case: U256::from(3), round: 1, juror: Address::repeat_byte(1) };
        assert_eq!(seat.read(dir.path()).unwrap(), None);
        let secret = Secret { verdict: true, reason: "because".to_owned(), salt: B256::repeat_byte(2) };
        seat.write(dir.path(), &secret).unwrap();
        assert_eq!(seat.read(dir.path()).unwrap(), Some(secret));
        assert_eq!(Seat { round: 2, ..seat }.read(dir.path()).unwrap(), None);
        assert_eq!(fs::metadata(seat.path(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        seat.remove(dir.path()).unwrap();
        assert_eq!(seat.read(dir.path()).unwrap(), None);
    }
}

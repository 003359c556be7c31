//! What a juror needs to reveal its verdict and the chain does not know. It is in a hidden file, so that a later run can reveal it.

use crate::{
    error::Error,
    kept::{self, Lock},
};
use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A seat of a jury: there is one verdict for each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) chain_id: u64,
    pub(super) case: U256,
    pub(super) round: u8,
    pub(super) juror: Address,
    /// The chain's first block.
    pub(super) genesis: B256,
}

/// A verdict that nobody else may know yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Secret {
    pub(super) verdict: bool,
    /// Why.
    pub(super) reason: String,
    pub(super) salt: B256,
    /// The chain's first block.
    pub(super) genesis: B256,
}

impl Seat {
    /// The file that it is in.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!(".tributary-{}-case-{}-{}-{}.json", self.chain_id, self.case, self.round, self.juror))
    }

    /// Lets no other run work with the seat's verdict: it would lose the salt of one of the two.
    pub(super) fn lock(&self, folder: &Path) -> Result<Lock, Error> {
        Lock::take(&self.path(folder).with_extension("lock"))
    }

    /// What this seat committed to.
    pub(super) fn read(&self, folder: &Path) -> Result<Option<Secret>, Error> {
        let path = self.path(folder);
        let Some(secret) = kept::read::<Secret>(&path)? else { return Ok(None) };
        kept::same_chain(&path, secret.genesis, self.genesis).map(|()| Some(secret))
    }

    /// Keeps it.
    pub(super) fn write(&self, folder: &Path, secret: &Secret) -> Result<(), Error> {
        kept::write(&self.path(folder), secret)
    }

    /// Forgets it: everybody knows it now.
    pub(super) fn remove(&self, folder: &Path) -> Result<(), Error> {
        kept::remove(&self.path(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_kept_for_its_seat_until_it_is_revealed() {
        let dir = tempfile::tempdir().unwrap();
        let seat = Seat { chain_id: 7, case: U256::from(3), round: 1, juror: Address::repeat_byte(1), genesis: B256::ZERO };
        assert_eq!(seat.read(dir.path()).unwrap(), None);
        let secret = Secret { verdict: true, reason: "because".to_owned(), salt: B256::repeat_byte(2), genesis: B256::ZERO };
        seat.write(dir.path(), &secret).unwrap();
        assert_eq!(seat.read(dir.path()).unwrap(), Some(secret));
        assert_eq!(Seat { round: 2, ..seat }.read(dir.path()).unwrap(), None);
        let line = Seat { genesis: B256::repeat_byte(1), ..seat }.read(dir.path()).unwrap_err().to_string();
        assert!(line.contains("-case-3-1-0x") && line.contains("move this file away"), "{line}");
        let lock = seat.lock(dir.path()).unwrap();
        assert!(seat.lock(dir.path()).is_err());
        drop(lock);
        seat.remove(dir.path()).unwrap();
        assert_eq!(seat.read(dir.path()).unwrap(), None);
    }
}

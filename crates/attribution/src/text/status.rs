//! Status of a row, right at every version.

use crate::Error;

/// Most changes of status in a row's life: they share one storage slot.
pub const MAX_CHANGES: usize = 4;

/// What a row is worth to a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Covers, and earns for its own words; its closed words earn nothing.
    #[default]
    Active = 0,
    /// Active, and its closed words are its own.
    Refinement = 1,
    /// Covers nothing, and what others inherited from it is withheld.
    Withdrawn = 2,
}

impl TryFrom<u8> for Status {
    type Error = Error;

    fn try_from(status: u8) -> Result<Self, Error> {
        match status {
            0 => Ok(Self::Active),
            1 => Ok(Self::Refinement),
            2 => Ok(Self::Withdrawn),
            _ => Err(Error::UnknownStatus { status }),
        }
    }
}

/// The changes of one row's status, at most [`MAX_CHANGES`], oldest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    changes: [(u64, Status); MAX_CHANGES],
    len: u8,
}

impl Changes {
    /// Version and status of each change, oldest first.
    #[must_use]
    pub fn as_slice(&self) -> &[(u64, Status)] {
        &self.changes[..usize::from(self.len)]
    }

    /// The status at a version: that of the last change up to it, at first [`Status::Active`].
    #[must_use]
    pub fn at(&self, version: u64) -> Status {
        let last = self.as_slice().iter().rev().find(|change| change.0 <= version);
        last.map_or(Status::Active, |change| change.1)
    }

    /// These changes and one more at `version`; nothing when there are already [`MAX_CHANGES`], or
    /// when the last one is not older.
    #[must_use]
    pub fn with(mut self, version: u64, status: Status) -> Option<Self> {
        if self.as_slice().last().is_some_and(|last| last.0 >= version) {
            return None;
        }
        *self.changes.get_mut(usize::from(self.len))? = (version, status);
        self.len += 1;
        Some(self)
    }

    /// The changes up to `version`.
    #[must_use]
    pub fn up_to(&self, version: u64) -> Self {
        let mut kept = Self::default();
        for &change in self.as_slice().iter().take_while(|change| change.0 <= version) {
            kept.changes[usize::from(kept.len)] = change;
            kept.len += 1;
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_change_is_refused_and_every_version_keeps_its_status() {
        let mut changes = Changes::default();
        for (version, status) in [(3, Status::Withdrawn), (5, Status::Active), (6, Status::Refinement), (9, Status::Withdrawn)] {
            changes = changes.with(version, status).unwrap();
        }
        assert_eq!(changes.with(10, Status::Active), None);
        let seen: Vec<u8> = (1..=9).map(|version| changes.at(version) as u8).collect();
        assert_eq!(seen, [0, 0, 2, 2, 0, 1, 1, 1, 2]);
        assert_eq!(changes.up_to(5).as_slice(), &changes.as_slice()[..2]);
    }
}

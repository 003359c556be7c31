//! The parts of an index over attribution sets in files beside a chain's database.

use crate::Error;
use std::{io::ErrorKind, sync::Arc};
use tributary_execution::precompiles::{Gathering, IndexPart, merge, to_merge};
use tributary_storage::{IndexFile, IndexFiles, Store};

/// Parts, each in a file.
#[derive(Debug)]
pub(crate) struct PartFiles {
    files: IndexFiles,
    /// Each with its file's number, the oldest first.
    parts: Vec<(u64, Arc<IndexPart>)>,
    /// Whether some were dropped because they are damaged, and what was in them has not been read again.
    has_lost: bool,
}

impl PartFiles {
    /// Opens the parts in the folder of this name. Files that are damaged go.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub(crate) fn open(store: &Store, name: &str) -> Result<Self, Error> {
        let (files, found) = store.index_files(name)?;
        let mut parts = Vec::new();
        for file in found {
            match IndexPart::open(file.bytes) {
                Some(part) => parts.push((file.number, Arc::new(part))),
                None => {
                    tracing::warn!(
                        folder = name,
                        file = file.number,
                        "a file of the attribution index is damaged; what was in it is read again"
                    );
                    files.remove(file.number)?;
                }
            }
        }
        Ok(Self { files, parts, has_lost: false })
    }

    /// The parts, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<IndexPart>> {
        self.parts.iter().map(|(_, part)| part.clone()).collect()
    }

    /// Whether files were dropped because they are damaged.
    pub(crate) const fn has_lost(&self) -> bool {
        self.has_lost
    }

    /// As [`Self::has_lost`], which is `false` from then on: what was in them is about to be read.
    pub(crate) const fn forget_loss(&mut self) -> bool {
        std::mem::replace(&mut self.has_lost, false)
    }

    /// Writes a new part.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn write(&mut self, gathering: Gathering) -> Result<(), Error> {
        let file = self.files.write(|out| gathering.write(out))?;
        self.take(file).map(drop)
    }

    /// Makes one of the newest parts where there are too many, and says whether parts have changed. Takes seconds where they are large. Files that turn out
    /// to be damaged go.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn merge(&mut self) -> Result<bool, Error> {
        let mut has_changed = false;
        loop {
            let sizes: Vec<u64> = self.parts.iter().map(|(_, part)| part.size()).collect();
            let Some(range) = to_merge(&sizes) else { return Ok(has_changed) };
            has_changed = true;
            // A merged file has a checksum of its own, under which what is damaged would pass for whole.
            if !self.parts[range.clone()].iter().all(|(_, part)| part.is_whole()) {
                self.drop_damaged(range.start)?;
                continue;
            }
            let parts = self.all();
            match self.files.write(|out| merge(&parts, range.start, out)) {
                Ok(merged) => {
                    let replaced = self.parts.split_off(range.start);
                    if !self.take(merged)? {
                        // What it was made of is whole.
                        self.parts.extend(replaced);
                        return Ok(has_changed);
                    }
                    replaced.iter().try_for_each(|(number, _)| self.files.remove(*number))?;
                }
                Err(tributary_storage::Error::Unwritable { source, .. }) if source.kind() == ErrorKind::InvalidData => {
                    self.drop_damaged(range.start)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Drops the parts whose bytes have changed since they were written; whether there were any.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn drop_changed(&mut self) -> Result<bool, Error> {
        let has_changed = !self.parts.iter().all(|(_, part)| part.is_whole());
        if has_changed {
            self.drop_damaged(self.parts.len())?;
        }
        Ok(has_changed)
    }

    /// Drops the parts whose bytes have changed; where none have, those from `first` on, of which it is known that they contradict each other.
    fn drop_damaged(&mut self, first: usize) -> Result<(), Error> {
        let is_whole: Vec<_> = self.parts.iter().map(|(_, part)| part.is_whole()).collect();
        let is_bad = |at: usize| if is_whole.contains(&false) { !is_whole[at] } else { at >= first };
        let (bad, good): (Vec<_>, Vec<_>) = self.parts.drain(..).enumerate().partition(|(at, _)| is_bad(*at));
        self.parts = good.into_iter().map(|(_, part)| part).collect();
        bad.into_iter().try_for_each(|(_, (number, _))| self.lose(number))
    }

    /// Takes a file that was written now; `false` when it is not what was written.
    fn take(&mut self, file: IndexFile) -> Result<bool, Error> {
        let Some(part) = IndexPart::open(file.bytes) else { return self.lose(file.number).map(|()| false) };
        self.parts.push((file.number, Arc::new(part)));
        Ok(true)
    }

    fn lose(&mut self, number: u64) -> Result<(), Error> {
        tracing::warn!(file = number, "a file of the attribution index is damaged; what was in it is read from the chain again");
        self.has_lost = true;
        Ok(self.files.remove(number)?)
    }
}

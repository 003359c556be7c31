//! The parts of an index over attribution sets in files beside a chain's database.

use crate::Error;
use std::sync::Arc;
use tributary_execution::precompiles::{Gathering, IndexPart, merge, to_merge};
use tributary_storage::{IndexFile, IndexFiles, Store};

/// Parts, each in a file.
#[derive(Debug)]
pub(crate) struct PartFiles {
    files: IndexFiles,
    /// Each with its file's number, the oldest first.
    parts: Vec<(u64, Arc<IndexPart>)>,
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
        Ok(Self { files, parts })
    }

    /// The parts, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<IndexPart>> {
        self.parts.iter().map(|(_, part)| part.clone()).collect()
    }

    /// Writes a new part.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn write(&mut self, gathering: Gathering) -> Result<(), Error> {
        let file = self.files.write(|out| gathering.write(out))?;
        self.take(file)
    }

    /// Makes one of the newest parts where there are too many, and says whether there were. Takes seconds where they are large.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn merge(&mut self) -> Result<bool, Error> {
        let mut merged_any = false;
        loop {
            let sizes: Vec<u64> = self.parts.iter().map(|(_, part)| part.size()).collect();
            let Some(range) = to_merge(&sizes) else { return Ok(merged_any) };
            let parts = self.all();
            let merged = self.files.write(|out| merge(&parts, range.start, out))?;
            let replaced = self.parts.split_off(range.start);
            self.take(merged)?;
            replaced.iter().try_for_each(|(number, _)| self.files.remove(*number))?;
            merged_any = true;
        }
    }

    fn take(&mut self, file: IndexFile) -> Result<(), Error> {
        let damaged = || Error::Disagreement(format!("file {} of the attribution index is not what was written", file.number));
        let part = IndexPart::open(file.bytes).ok_or_else(damaged)?;
        self.parts.push((file.number, Arc::new(part)));
        Ok(())
    }
}

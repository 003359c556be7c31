use crate::{Error, Log, batch::FORMAT};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Segments as files of a directory.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    /// Handles of the segments that were written to.
    open: BTreeMap<u64, File>,
    /// Those of them whose directory entry is not known to be durable.
    unlisted: BTreeSet<u64>,
    /// Whether somebody waits for the disk.
    synced: bool,
}

impl Files {
    /// Uses a directory, created if necessary.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be created or read, [`Error::Format`] when it holds a journal of format 1, which had a file for each block.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        for entry in fs::read_dir(path).map_err(failed)? {
            if entry.map_err(failed)?.path().extension().is_some_and(|extension| extension == "journal") {
                return Err(Error::Format { path: path.to_owned(), found: 1, known: FORMAT });
            }
        }
        Ok(Self { path: path.to_owned(), open: BTreeMap::new(), unlisted: BTreeSet::new(), synced: true })
    }

    /// The same, not waiting for the disk: what the operating system has survives `kill -9`, not power loss. For chains that go with their process.
    pub fn relaxed(self) -> Self {
        Self { synced: false, ..self }
    }

    fn file(&self, segment: u64) -> PathBuf {
        self.path.join(format!("{segment:020}.log"))
    }

    fn handle(&mut self, segment: u64) -> io::Result<&mut File> {
        use std::collections::btree_map::Entry;
        let path = self.file(segment);
        match self.open.entry(segment) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let file = File::options().create(true).append(true).open(path)?;
                self.unlisted.insert(segment);
                Ok(entry.insert(file))
            }
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Log for Files {
    fn place(&self) -> PathBuf {
        self.path.clone()
    }

    fn segments(&self) -> io::Result<Vec<u64>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number: Option<u64> = name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|number| number.parse().ok());
            segments.extend(number);
        }
        segments.sort_unstable();
        Ok(segments)
    }

    fn read(&self, segment: u64) -> io::Result<Vec<u8>> {
        fs::read(self.file(segment))
    }

    fn append(&mut self, segment: u64, bytes: &[u8]) -> io::Result<()> {
        self.handle(segment)?.write_all(bytes)
    }

    fn truncate(&mut self, segment: u64, length: u64) -> io::Result<()> {
        self.handle(segment)?.set_len(length)
    }

    fn sync(&mut self, segment: u64) -> io::Result<()> {
        // Length and content, but not the times: one write less.
        let synced = self.synced;
        let file = self.handle(segment)?;
        if !synced {
            return Ok(());
        }
        file.sync_data()?;
        if self.unlisted.remove(&segment) {
            self.sync_directory()?;
        }
        Ok(())
    }

    fn remove(&mut self, segment: u64) -> io::Result<()> {
        self.open.remove(&segment);
        self.unlisted.remove(&segment);
        fs::remove_file(self.file(segment))?;
        if self.synced { self.sync_directory() } else { Ok(()) }
    }
}

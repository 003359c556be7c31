use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where a journal's segments are kept. Segments are named by block number. What was appended is safe only once [`Self::sync`] returned.
///
/// Two implementations: [`Files`], and `testing::VolatileDisk`, whose power can be cut.
pub trait JournalBackend: Send {
    /// What to call this place in messages.
    fn place(&self) -> PathBuf;
    /// The segments that exist, ascending.
    fn segments(&self) -> io::Result<Vec<u64>>;
    /// All bytes of a segment.
    fn read(&self, segment: u64) -> io::Result<Vec<u8>>;
    /// Adds bytes at the end of a segment, which is created if there is none.
    fn append(&mut self, segment: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a segment to a length.
    fn truncate(&mut self, segment: u64, length: u64) -> io::Result<()>;
    /// Makes a segment, its existence included, durable.
    fn sync(&mut self, segment: u64) -> io::Result<()>;
    /// Removes a segment. Unless `durably`, it may be back after a power cut.
    fn remove(&mut self, segment: u64, durably: bool) -> io::Result<()>;
}

/// Segments as files of a directory.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    /// Handles of the segments that were written to.
    open: BTreeMap<u64, File>,
    /// Those of them whose directory entry is not known to be durable.
    unlisted: BTreeSet<u64>,
}

impl Files {
    /// Uses a directory, created if necessary.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), open: BTreeMap::new(), unlisted: BTreeSet::new() })
    }

    fn file(&self, segment: u64) -> PathBuf {
        self.path.join(format!("{segment:020}.journal"))
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

impl JournalBackend for Files {
    fn place(&self) -> PathBuf {
        self.path.clone()
    }

    fn segments(&self) -> io::Result<Vec<u64>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number: Option<u64> = name.to_str().and_then(|name| name.strip_suffix(".journal")).and_then(|number| number.parse().ok());
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
        self.handle(segment)?.sync_data()?;
        if self.unlisted.remove(&segment) {
            self.sync_directory()?;
        }
        Ok(())
    }

    fn remove(&mut self, segment: u64, durably: bool) -> io::Result<()> {
        self.open.remove(&segment);
        self.unlisted.remove(&segment);
        fs::remove_file(self.file(segment))?;
        if durably { self.sync_directory() } else { Ok(()) }
    }
}

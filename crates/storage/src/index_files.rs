//! Files of what is derived from a chain and can be derived again: each is written once, mapped, and goes when others have taken its place.
//!
//! A file has a number for its name, and those of later files are higher. It is written under another name first, so that what bears a number is whole
//! after the process was killed. After a power loss it may not be: whoever reads a file compares its checksum, and [removes](IndexFiles::remove) what
//! is not whole. Nothing is lost by that but the time to derive it.

use crate::Error;
use alloy_primitives::Bytes;
use memmap2::Mmap;
use std::{
    fs::{self, File},
    io::{self, BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

const SUFFIX: &str = "part";
const DRAFT: &str = "draft";

/// A directory of files that are derived from a chain.
#[derive(Debug)]
pub struct IndexFiles {
    dir: PathBuf,
    next: u64,
    /// Whether a file is on disk before those are removed whose place it takes.
    synced: bool,
}

/// One of the files, mapped.
#[derive(Debug, Clone)]
pub struct IndexFile {
    /// Its number.
    pub number: u64,
    /// What is in it; the mapping goes with the last of them.
    pub bytes: Bytes,
}

impl IndexFiles {
    /// Opens or creates the directory, and maps the files in it in the order of their numbers. Drafts are removed.
    pub(crate) fn open(dir: PathBuf, synced: bool) -> Result<(Self, Vec<IndexFile>), Error> {
        let unwritable = |source| Error::Unwritable { path: dir.clone(), source };
        fs::create_dir_all(&dir).map_err(unwritable)?;
        let mut files = Vec::new();
        for entry in fs::read_dir(&dir).map_err(unwritable)? {
            let path = entry.map_err(unwritable)?.path();
            match (path.extension().and_then(|extension| extension.to_str()), number_of(&path)) {
                (Some(DRAFT), _) => fs::remove_file(&path).map_err(unwritable)?,
                (Some(SUFFIX), Some(number)) => files.push(IndexFile { number, bytes: map(&path).map_err(unwritable)? }),
                // Somebody else's.
                _ => {}
            }
        }
        files.sort_by_key(|file| file.number);
        let next = files.last().map_or(0, |file| file.number) + 1;
        Ok((Self { dir, next, synced }, files))
    }

    /// Writes the next file.
    ///
    /// # Errors
    /// [`Error::Unwritable`]; there is no such file then.
    pub fn write(&mut self, content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<IndexFile, Error> {
        let (number, draft, path) = (self.next, self.dir.join(format!("new.{DRAFT}")), self.path(self.next));
        let write = || -> io::Result<Bytes> {
            let mut out = BufWriter::with_capacity(1 << 18, File::create(&draft)?);
            content(&mut out)?;
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            if self.synced {
                file.sync_data()?;
            }
            fs::rename(&draft, &path)?;
            map(&path)
        };
        let bytes = write().map_err(|source| Error::Unwritable { path: path.clone(), source })?;
        self.next += 1;
        Ok(IndexFile { number, bytes })
    }

    /// Removes a file; who has it mapped keeps it.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn remove(&self, number: u64) -> Result<(), Error> {
        let path = self.path(number);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::Unwritable { path, source }),
            _ => Ok(()),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{number:012}.{SUFFIX}"))
    }
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}

#[allow(
    unsafe_code,
    reason = "a mapping is only as good as its file, which nobody changes: it is written once, in a directory that is locked"
)]
fn map(path: &Path) -> io::Result<Bytes> {
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: the file was renamed to its place when it was complete, and is never written again, only removed, which leaves mappings alone. The
    // store's lock keeps other processes of ours out of the directory.
    let map = unsafe { Mmap::map(&file)? };
    Ok(alloy_primitives::bytes::Bytes::from_owner(map).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn open(dir: &Path) -> (IndexFiles, Vec<(u64, Bytes)>) {
        let (files, found) = IndexFiles::open(dir.to_owned(), true).unwrap();
        (files, found.into_iter().map(|file| (file.number, file.bytes)).collect())
    }

    #[test]
    fn files_are_found_again_in_their_order_and_drafts_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let (mut files, found) = open(dir.path());
        assert!(found.is_empty());
        for content in ["one", "", "three"] {
            let file = files.write(|out| out.write_all(content.as_bytes())).unwrap();
            assert_eq!(file.bytes[..], *content.as_bytes());
        }
        let kept = files.write(|out| out.write_all(b"four")).unwrap();
        files.remove(1).unwrap();
        files.remove(4).unwrap();
        files.remove(99).unwrap();
        assert_eq!(kept.bytes, b"four"[..], "a mapping outlives its file");
        assert!(files.write(|_| Err(io::Error::other("on purpose"))).is_err());
        fs::write(dir.path().join("new.draft"), "half").unwrap();
        fs::write(dir.path().join("notes.txt"), "somebody's").unwrap();
        let (mut files, found) = open(dir.path());
        assert_eq!(found, [(2, Bytes::new()), (3, Bytes::from_static(b"three"))]);
        assert!(!dir.path().join("new.draft").exists() && dir.path().join("notes.txt").exists());
        assert_eq!(files.write(|out| out.write_all(b"next")).unwrap().number, 4);
    }
}

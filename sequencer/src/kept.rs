//! Small files that a later run needs: for their owner only, whole or not at all, and on disk before anything is sent that depends on them. One run at a time
//! works with them.

use crate::error::Error;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, TryLockError},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The right to work with what is kept under a name: until it is dropped, or the program ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _held: fs::File,
}

impl Lock {
    /// Takes it, unless another run has it.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        // A folder from elsewhere may have a link of this name, which leads anywhere.
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            return Err(failed(io::Error::other("is a link")));
        }
        loop {
            let mut options = fs::OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: path.to_owned(), holder: holder(file) }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            // Whoever had it before may have removed it between the two: then it keeps nobody out.
            if is_at(&file, path) {
                file.set_len(0).and_then(|()| (&file).write_all(std::process::id().to_string().as_bytes())).map_err(failed)?;
                return Ok(Self { path: path.to_owned(), _held: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What stays behind is locked by nobody.
        let _ = fs::remove_file(&self.path);
    }
}

/// Who has a lock, as it says itself.
fn holder(mut file: fs::File) -> String {
    let mut told = String::new();
    let number = file.read_to_string(&mut told).ok().and_then(|_| told.trim().parse::<u32>().ok());
    number.map_or_else(|| "another run".to_owned(), |number| format!("another run (process {number})"))
}

fn is_at(file: &fs::File, path: &Path) -> bool {
    let place = |found: &fs::Metadata| (found.dev(), found.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(own), Ok(there)) if place(&own) == place(&there))
}

/// What is kept there.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Ok(bytes) => {
            let broken = |error: serde_json::Error| Error::Invalid { what: path.display().to_string(), reason: error.to_string() };
            serde_json::from_slice(&bytes).map(Some).map_err(broken)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { path: path.to_owned(), source }),
    }
}

/// Keeps it.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let draft = path.with_extension("new");
    let replaced = serde_json::to_vec_pretty(value).map_err(io::Error::from).and_then(|bytes| replace(path, &draft, &bytes));
    replaced.map_err(|source| {
        let _ = fs::remove_file(&draft);
        Error::File { path: path.to_owned(), source }
    })
}

fn replace(path: &Path, draft: &Path, bytes: &[u8]) -> io::Result<()> {
    // One that an interrupted run left may be readable by others.
    remove_file(draft)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    // The name is in the folder, which is written by itself.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Forgets it.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    remove_file(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// That what is kept there is of this chain: another one may have its id, as each new development chain does.
pub(crate) fn same_chain(path: &Path, kept: alloy_primitives::B256, genesis: alloy_primitives::B256) -> Result<(), Error> {
    if kept == genesis {
        return Ok(());
    }
    Err(foreign(path, &format!("it is of the chain that began with block {kept}, the node's began with {genesis}")))
}

/// What is kept is not about what is there. Only its owner knows whether it is worth anything.
pub(crate) fn foreign(path: &Path, why: &str) -> Error {
    let reason = format!("{why}; move this file away, where you keep it if that chain matters, and run the command again");
    Error::Invalid { what: path.display().to_string(), reason }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_is_kept_is_its_owners_only_and_is_read_back_until_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".kept.json");
        assert_eq!(read::<String>(&path).unwrap(), None);
        // A draft of an older run, which everybody could read.
        fs::write(path.with_extension("new"), "old").unwrap();
        for text in ["one", "two"] {
            write(&path, &text).unwrap();
            assert_eq!(read::<String>(&path).unwrap().as_deref(), Some(text));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(read::<u64>(&path).unwrap_err().to_string().contains(".kept.json"));
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_kept_leaves_what_was_kept_and_no_draft() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".kept.json");
        write(&path, &"one").unwrap();
        // No path of JSON.
        assert!(write(&path, &Path::new(OsStr::from_bytes(b"caf\xe9"))).is_err());
        assert_eq!(read::<String>(&path).unwrap().as_deref(), Some("one"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn one_run_at_a_time_has_the_lock_and_who_waits_is_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".kept.lock");
        let lock = Lock::take(&path).unwrap();
        let line = Lock::take(&path).unwrap_err().to_string();
        assert!(line.contains(&format!("process {}", std::process::id())) && line.contains(".kept.lock"), "{line}");
        drop(lock);
        assert!(!path.exists());
        // What a run left that was killed is nobody's.
        fs::write(&path, "1").unwrap();
        drop(Lock::take(&path).unwrap());
        symlink("elsewhere", &path).unwrap();
        assert!(Lock::take(&path).unwrap_err().to_string().contains("is a link"));
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn what_is_of_another_chain_is_told_with_its_file() {
        let path = Path::new("folder/.kept.json");
        same_chain(path, B256::ZERO, B256::ZERO).unwrap();
        let line = same_chain(path, B256::ZERO, B256::repeat_byte(1)).unwrap_err().to_string();
        assert!(line.starts_with("folder/.kept.json: ") && line.contains("move this file away"), "{line}");
    }
}

//! Small files that a later run needs: for their owner only, whole or not at all, and on disk before anything is sent that depends on them.

use crate::error::Error;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs,
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

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
    replace(path, value).map_err(|source| Error::File { path: path.to_owned(), source })
}

fn replace(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let draft = path.with_extension("new");
    // One that an interrupted run left may be readable by others.
    remove_file(&draft)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(value)?)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    // The name is in the folder, which is written by itself.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Forgets it.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    remove_file(path).map_err(|source| Error::File { path: path.to_owned(), source })
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
    use std::os::unix::fs::PermissionsExt;

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
}

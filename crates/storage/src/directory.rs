//! The store's directory: who may use it, and whose chain it holds.
//!
//! A text file names format, chain and genesis. It is read before anything is opened or written, so that a foreign or newer directory is refused
//! untouched; it is written last when a store is created, so that a creation that was cut off is done again. A lock file keeps a second writer out.

use crate::{Error, v1::FORMAT};
use alloy_primitives::B256;
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

const IDENTITY: &str = "store.txt";
const IDENTITY_DRAFT: &str = "store.txt.new";
const LOCK: &str = "store.lock";

/// Whose chain a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) chain_id: u64,
    pub(crate) genesis: B256,
}

/// A directory that this process may use.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    /// Whether the store in it was completely created.
    pub(crate) complete: bool,
    /// Held for as long as the store is open for writing.
    _lock: Option<File>,
}

impl Directory {
    /// Takes the directory for writing, creating it if necessary.
    pub(crate) fn claim(path: &Path, identity: Identity) -> Result<Self, Error> {
        refuse_foreign(path, identity)?;
        let unwritable = |source| Error::Unwritable { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(unwritable)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        // Again, because another process may have created the store between the first look and the lock.
        let complete = refuse_foreign(path, identity)?;
        Ok(Self { path: path.to_owned(), complete, _lock: Some(lock) })
    }

    /// Looks at an existing store's directory without taking it.
    pub(crate) fn visit(path: &Path, identity: Identity) -> Result<Self, Error> {
        if refuse_foreign(path, identity)? {
            Ok(Self { path: path.to_owned(), complete: true, _lock: None })
        } else {
            Err(Error::Foreign { path: path.to_owned(), reason: "holds no chain".into() })
        }
    }

    /// The directory's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Declares the store complete.
    pub(crate) fn sign(&mut self, identity: Identity) -> Result<(), Error> {
        sign(&self.path, identity)?;
        self.complete = true;
        Ok(())
    }
}

/// Declares the store in a directory complete.
pub(crate) fn sign(path: &Path, identity: Identity) -> Result<(), Error> {
    let text = format!("tributary storage format {FORMAT}\nchain {}\ngenesis {}\n", identity.chain_id, identity.genesis);
    let draft = path.join(IDENTITY_DRAFT);
    let write = || -> io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path.join(IDENTITY))?;
        File::open(path)?.sync_all()
    };
    write().map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}

/// Whether the directory holds a complete store of this chain. An error if it holds anything else than that, the beginnings of a store or nothing.
fn refuse_foreign(path: &Path, identity: Identity) -> Result<bool, Error> {
    let unwritable = |source| Error::Unwritable { path: path.to_owned(), source };
    let foreign = |reason: String| Error::Foreign { path: path.to_owned(), reason };
    match fs::read_to_string(path.join(IDENTITY)) {
        Ok(text) => {
            let (format, found) = parse(&text).ok_or_else(|| foreign(format!("{IDENTITY} is not one that this program wrote")))?;
            if format > FORMAT {
                return Err(Error::Newer { path: path.to_owned(), found: format, known: FORMAT });
            }
            let Some(found) = found else { return Err(foreign(format!("{IDENTITY} is not one that this program wrote"))) };
            if found.chain_id != identity.chain_id {
                return Err(foreign(format!("holds chain {}, not {}", found.chain_id, identity.chain_id)));
            }
            if found.genesis != identity.genesis {
                return Err(foreign(format!("holds a chain with genesis {}, not {}", found.genesis, identity.genesis)));
            }
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let empty = match fs::read_dir(path) {
                Ok(mut entries) => entries.next().is_none(),
                Err(error) if error.kind() == ErrorKind::NotFound => true,
                Err(source) => return Err(unwritable(source)),
            };
            // The lock file is the first thing that a creation writes.
            if empty || path.join(LOCK).exists() { Ok(false) } else { Err(foreign("holds files that are not a chain's".into())) }
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(foreign(format!("{IDENTITY} is not one that this program wrote"))),
        Err(source) => Err(unwritable(source)),
    }
}

/// Format and, where the format is known, identity.
fn parse(text: &str) -> Option<(u32, Option<Identity>)> {
    let mut lines = text.lines();
    let format = lines.next()?.strip_prefix("tributary storage format ")?.parse().ok()?;
    let identity = || {
        let chain_id = lines.next()?.strip_prefix("chain ")?.parse().ok()?;
        let genesis = lines.next()?.strip_prefix("genesis ")?.parse().ok()?;
        Some(Identity { chain_id, genesis })
    };
    let mut identity = identity;
    Some((format, identity()))
}

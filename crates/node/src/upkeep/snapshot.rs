//! A snapshot: one directory that starts a node on another machine.
//!
//! ```text
//! snapshot.json   whose it is and how far it goes; last, so that where it is, all of it is
//! SHA256SUMS      of every other file, as sha256sum -c reads it
//! role.json       as in the directory that it is of (dev.json, genesis.json)
//! rollup/         the rollup's files
//! chain/          the stores, without what is made again from them
//! derived/
//! ```

use super::directory::{Directory, files_under};
use crate::{Error, producer::LOST, roles::write_json};
use alloy_eips::BlockNumHash;
use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use tributary_primitives::Heads;
use tributary_storage::Store;

pub(super) const MANIFEST: &str = "snapshot.json";
pub(super) const SUMS: &str = "SHA256SUMS";
/// The rollup's files in a snapshot.
pub(super) const ROLLUP: &str = "rollup";

/// The only format that there is.
pub(super) const FORMAT: u32 = 1;

/// What `snapshot.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// How it is laid out.
    pub format: u32,
    /// The role whose directory it was made of.
    pub role: String,
    /// When, in seconds of the Unix epoch.
    pub made: u64,
    /// Which version made it.
    pub version: String,
    /// Whether the node was stopped, so that what it had acknowledged and not sealed is here, too.
    pub stopped: bool,
    /// Each store's heads.
    pub stores: BTreeMap<String, StoreHeads>,
}

/// A store's heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreHeads {
    /// The newest block.
    pub unsafe_head: BlockNumHash,
    /// The newest that was derived from L1.
    pub safe_head: BlockNumHash,
    /// The newest that was derived from final L1 blocks.
    pub finalized_head: BlockNumHash,
}

impl From<Heads> for StoreHeads {
    fn from(heads: Heads) -> Self {
        Self { unsafe_head: heads.unsafe_head, safe_head: heads.safe_head, finalized_head: heads.finalized_head }
    }
}

/// Writes a snapshot of a directory, whole or not at all. Beside a running node it is of one moment, and what is in no sealed block then is not in it; of a stopped
/// one, the journal is.
///
/// # Errors
/// When `to` is there already or cannot be written.
pub fn snapshot(directory: &Directory, to: &Path) -> Result<Manifest, Error> {
    let fail = |source| Error::Path { path: to.to_owned(), source };
    if to.exists() {
        return Err(Error::DataDirectory { path: to.to_owned(), reason: "is there already".to_owned() });
    }
    let partial = partial(to);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(fail)?;
    }
    fs::create_dir_all(&partial).map_err(fail)?;
    let manifest = fill(directory, &partial)?;
    write_sums(&partial)?;
    write_json(&partial.join(MANIFEST), &manifest)?;
    fs::rename(&partial, to).map_err(fail)?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(fail)?;
    Ok(manifest)
}

/// Where something is made that takes its place when it is whole.
fn partial(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    to.with_file_name(name)
}

fn fill(directory: &Directory, to: &Path) -> Result<Manifest, Error> {
    // A store that can be taken is nobody's now, and stays so while it is held.
    let taken = directory.writing();
    let stopped = taken.is_ok();
    let stores = match taken {
        Err(Error::Storage(tributary_storage::Error::Locked { .. })) => directory.reading()?,
        stores => stores?,
    };
    let folders: Vec<_> = stores.iter().map(|(name, _)| to.join(name)).collect();
    let pairs: Vec<(&Store, &Path)> = stores.iter().zip(&folders).map(|((_, store), folder)| (store, folder.as_path())).collect();
    tributary_storage::copy(&pairs)?;
    let mut heads = BTreeMap::new();
    for (name, store) in &stores {
        if stopped && store.journal_path().exists() {
            copy_all(&store.journal_path(), &to.join(name).join("journal"))?;
        }
        if store.path().join(LOST).exists() {
            copy_file(&store.path().join(LOST), &to.join(name).join(LOST))?;
        }
        let copied = tributary_storage::Options { read_only: true, ..Default::default() };
        let copied = Store::open(&to.join(name), store.spec().clone(), copied)?;
        heads.insert((*name).to_owned(), copied.heads()?.into());
        drop(copied);
        let _ = fs::remove_file(to.join(name).join("mdbx.lck"));
    }
    copy_file(&directory.path.join(directory.owner), &to.join(directory.owner))?;
    if let Some(files) = &directory.files {
        fs::create_dir(to.join(ROLLUP)).map_err(|source| Error::Path { path: to.to_owned(), source })?;
        files.copy_to(&to.join(ROLLUP))?;
    }
    let made = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Manifest { format: FORMAT, role: directory.role.clone(), made, version, stopped, stores: heads })
}

/// Copies a file, and waits for the disk.
pub(super) fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    let fail = |source| Error::Path { path: to.to_owned(), source };
    fs::copy(from, to).map_err(|source| Error::Path { path: from.to_owned(), source })?;
    File::open(to).and_then(|file| file.sync_all()).map_err(fail)
}

/// Copies a folder into a new one.
pub(crate) fn copy_all(from: &Path, to: &Path) -> Result<(), Error> {
    for file in files_under(from)? {
        let (from, to) = (from.join(&file), to.join(&file));
        let folder = to.parent().unwrap_or(&to).to_owned();
        fs::create_dir_all(&folder).map_err(|source| Error::Path { path: folder.clone(), source })?;
        copy_file(&from, &to)?;
        // Its name is durable only with the folder.
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|source| Error::Path { path: folder, source })?;
    }
    Ok(())
}

fn write_sums(to: &Path) -> Result<(), Error> {
    let mut text = String::new();
    for file in files_under(to)? {
        text.push_str(&format!("{}  {}\n", digest(&to.join(&file))?, file.display()));
    }
    let path = to.join(SUMS);
    fs::write(&path, text).and_then(|()| File::open(&path)?.sync_all()).map_err(|source| Error::Path { path: path.clone(), source })
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn digest(path: &Path) -> Result<String, Error> {
    let read = || -> io::Result<String> {
        let (mut file, mut hasher, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 20]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex::encode(hasher.finalize())),
                count => hasher.update(&buffer[..count]),
            }
        }
    };
    read().map_err(|source| Error::Path { path: path.to_owned(), source })
}

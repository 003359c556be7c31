//! A node's directory from a snapshot: of the same role, or of the other.

use super::{
    directory::files_under,
    snapshot::{FORMAT, MANIFEST, Manifest, ROLLUP, SUMS, copy_all, copy_file, digest},
};
use crate::{
    Error,
    roles::{ChainFiles, RoleDirectory, read_json},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What to restore, and where to.
#[derive(Debug, Clone)]
pub struct RestoreConfig {
    /// The snapshot.
    pub from: PathBuf,
    /// A directory that is not there yet, or is empty.
    pub datadir: PathBuf,
    /// The role to start from it; that which it was made of, where absent.
    pub role: Option<String>,
    /// Folder with the rollup's files; they are written there where there are none.
    pub chain: Option<PathBuf>,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Of what.
    pub manifest: Manifest,
    /// The role that can be started now.
    pub role: String,
}

/// Makes a data directory of a snapshot whose every file is what it was when it was made.
///
/// # Errors
/// When the snapshot is damaged, of another rollup than `chain`, or cannot become this role's; when the directory is not empty. Nothing is there then that a role
/// would start from.
pub fn restore(config: &RestoreConfig) -> Result<Restored, Error> {
    let RestoreConfig { from, datadir, .. } = config;
    let fail = |source| Error::Path { path: datadir.clone(), source };
    let refuse = |path: &Path, reason: String| Error::DataDirectory { path: path.to_owned(), reason };
    let manifest: Manifest = read_json(&from.join(MANIFEST))?;
    if manifest.format != FORMAT {
        return Err(refuse(from, format!("is a snapshot of format {}, this program reads {FORMAT}", manifest.format)));
    }
    verify(from)?;
    let role = config.role.clone().unwrap_or_else(|| manifest.role.clone());
    let stores =
        stores(&manifest.role, &role).ok_or_else(|| refuse(from, format!("is of a {}, of which no {role} can be made", manifest.role)))?;
    if role == "sequencer" && manifest.role == role && !manifest.stopped {
        let reason = "is of a running sequencer, whose blocks went on, and are on L1: make a verifier of it, and of that, once it has all of L1, a sequencer";
        return Err(refuse(from, reason.to_owned()));
    }
    fs::create_dir_all(datadir).map_err(fail)?;
    if fs::read_dir(datadir).map_err(fail)?.next().is_some() {
        return Err(refuse(datadir, "is not empty".to_owned()));
    }
    if from.join(ROLLUP).exists() {
        rollup(from, config.chain.as_deref())?;
    }
    for (source, target) in stores {
        copy_all(&from.join(source), &datadir.join(target))?;
        if manifest.role != role {
            // What a sequencer had acknowledged belongs to no other role.
            let _ = fs::remove_dir_all(datadir.join(target).join("journal"));
        }
    }
    // Last: a directory without an owner is nobody's.
    match manifest.role.as_str() {
        "dev" => copy_file(&from.join("dev.json"), &datadir.join("dev.json"))?,
        "import" => copy_file(&from.join("genesis.json"), &datadir.join("genesis.json"))?,
        _ => {
            let files = ChainFiles::read(&from.join(ROLLUP))?;
            RoleDirectory::found(datadir, &role, (files.rollup.l2_chain_id, files.rollup.genesis.l2.hash))?;
        }
    }
    Ok(Restored { manifest, role })
}

/// Which store of a snapshot becomes which: what a sequencer derived is a verifier's chain, and what a verifier has is both of a sequencer's.
fn stores(made_of: &str, role: &str) -> Option<Vec<(&'static str, &'static str)>> {
    match (made_of, role) {
        ("sequencer" | "replica", "sequencer" | "replica") if made_of == role || role == "replica" => {
            Some(vec![("chain", "chain"), ("derived", "derived")])
        }
        ("sequencer" | "replica", "verifier") => Some(vec![("derived", "chain")]),
        ("verifier", "verifier") => Some(vec![("chain", "chain")]),
        ("verifier", "sequencer" | "replica") => Some(vec![("chain", "chain"), ("chain", "derived")]),
        ("dev", "dev") => Some(vec![("l1", "l1"), ("l2", "l2"), ("verifier", "verifier")]),
        ("import", "import") => Some(vec![("chain", "chain")]),
        _ => None,
    }
}

/// Whether every file is there, is what it was, and is meant.
fn verify(from: &Path) -> Result<(), Error> {
    let refuse = |reason: String| Error::DataDirectory { path: from.to_owned(), reason };
    let path = from.join(SUMS);
    let text = fs::read_to_string(&path).map_err(|source| Error::Path { path, source })?;
    let mut sums: BTreeMap<PathBuf, &str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, file)| (file.into(), sum)).collect();
    for file in files_under(from)? {
        if file == Path::new(SUMS) || file == Path::new(MANIFEST) {
            continue;
        }
        let expected = sums.remove(&file).ok_or_else(|| refuse(format!("{} is not one of its files", file.display())))?;
        if digest(&from.join(&file))? != expected {
            return Err(refuse(format!("{} is damaged: its SHA-256 is not that in {SUMS}", file.display())));
        }
    }
    sums.into_keys().next().map_or(Ok(()), |file| Err(refuse(format!("{} is missing", file.display()))))
}

/// The rollup's files go where the role will look for them, or are there already.
fn rollup(from: &Path, chain: Option<&Path>) -> Result<(), Error> {
    let Some(chain) = chain else { return Ok(()) };
    let ours = ChainFiles::read(&from.join(ROLLUP))?;
    if !ChainFiles::are_in(chain) {
        fs::create_dir_all(chain).map_err(|source| Error::Path { path: chain.to_owned(), source })?;
        return ours.copy_to(chain);
    }
    let (theirs, ours) = (ChainFiles::read(chain)?.rollup.genesis.l2.hash, ours.rollup.genesis.l2.hash);
    if theirs == ours {
        return Ok(());
    }
    Err(Error::DataDirectory {
        path: from.to_owned(),
        reason: format!("is of a rollup with genesis {ours}, {} of {theirs}", chain.display()),
    })
}

//! Whatever directory a node keeps its data in: a role's, a development chain's, or an imported chain's.

use crate::{
    Error,
    genesis::DevGenesis,
    imported::ImportedChain,
    roles::{ChainFiles, RoleDirectory},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tributary_primitives::ChainSpec;
use tributary_storage::{Options, Store};

/// A store's name, which is also its folder's.
pub type NamedStore = (&'static str, Store);

/// A store's folders that a node makes again from its blocks.
const INDEXES: [&str; 3] = ["economy", "index", "prover-index"];

/// A data directory, whose stores can be opened.
#[derive(Debug)]
pub struct Directory {
    pub(super) path: PathBuf,
    /// Whose it is: `sequencer`, `verifier`, `dev`, `import`.
    pub(super) role: String,
    /// The files beside the stores, that tell whose they are.
    pub(super) owner: &'static str,
    /// The rollup's files, of a role's directory.
    pub(super) files: Option<ChainFiles>,
    /// In an order in which what follows another comes later.
    stores: Vec<(&'static str, Arc<ChainSpec>)>,
}

impl Directory {
    /// Finds out what a directory holds. `chain` is the folder with the rollup's files, which a role's directory needs.
    ///
    /// # Errors
    /// When it is no data directory, or one of another rollup than `chain` is of.
    pub fn open(path: &Path, chain: Option<&Path>) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::DataDirectory { path: path.to_owned(), reason: reason.to_owned() };
        let this = |role: &str, owner, files, stores| Self { path: path.to_owned(), role: role.to_owned(), owner, files, stores };
        if path.join("role.json").exists() {
            let files = ChainFiles::read(chain.ok_or_else(|| refuse("is a role's; --chain tells where its rollup's files are"))?)?;
            let role = RoleDirectory::role_of(path, (files.rollup.l2_chain_id, files.rollup.genesis.l2.hash))?;
            let derived = path.join("derived").exists().then(|| ("derived", files.spec()));
            let stores = [("chain", files.spec())].into_iter().chain(derived).collect();
            return Ok(this(&role, "role.json", Some(files), stores));
        }
        if let Some(genesis) = DevGenesis::read(&path.join("dev.json"))? {
            let stores = vec![("l2", genesis.l2_spec()), ("verifier", genesis.l2_spec()), ("l1", genesis.l1_spec())];
            return Ok(this("dev", "dev.json", None, stores));
        }
        if path.join("genesis.json").exists() {
            let spec = ImportedChain::find(path)?.spec().clone();
            return Ok(this("import", "genesis.json", None, vec![("chain", spec)]));
        }
        Err(refuse("is no data directory of this program"))
    }

    /// Whose it is.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Opens the stores for reading, beside a node that writes them or not.
    pub(super) fn reading(&self) -> Result<Vec<NamedStore>, Error> {
        self.stores.iter().map(|(name, _)| Ok((*name, self.store(name, true)?))).collect()
    }

    /// Takes the stores for writing.
    pub(super) fn writing(&self) -> Result<Vec<NamedStore>, Error> {
        self.stores.iter().map(|(name, _)| Ok((*name, self.store(name, false)?))).collect()
    }

    pub(super) fn store(&self, name: &str, read_only: bool) -> Result<Store, Error> {
        let spec = self.stores.iter().find(|(other, _)| *other == name).map(|(_, spec)| spec.clone());
        let spec = spec.ok_or_else(|| Error::DataDirectory { path: self.path.clone(), reason: format!("has no store {name}") })?;
        // Nothing goes by being opened: how far back a role reaches is its own to know.
        let options = Options { read_only, trie_history: u64::MAX, ..Options::default() };
        Ok(Store::open(&self.path.join(name), spec, options)?)
    }

    /// Of a directory with both, the chain as it was sequenced and as it was derived.
    pub(super) fn sequenced_and_derived<'s>(&self, stores: &'s [NamedStore]) -> Option<(&'s NamedStore, &'s NamedStore)> {
        let named = |names: [&str; 2]| stores.iter().find(|(name, _)| names.contains(name));
        (self.role != "import").then(|| named(["chain", "l2"]).zip(named(["derived", "verifier"]))).flatten()
    }
}

/// Folders of what a node makes again from a store's blocks.
pub(super) fn indexes(store: &Path) -> Vec<PathBuf> {
    INDEXES.iter().map(|name| store.join(name)).filter(|path| path.is_dir()).collect()
}

/// Bytes of all files under a folder.
pub(super) fn bytes_under(path: &Path) -> Result<u64, Error> {
    Ok(files_under(path)?.into_iter().filter_map(|file| fs::metadata(path.join(file)).ok()).map(|file| file.len()).sum())
}

/// All files under a folder, by their path in it, in order.
pub(super) fn files_under(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let fail = |source| Error::Path { path: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type().map_err(fail)?.is_dir() {
            files.extend(files_under(&entry.path())?.into_iter().map(|file| name.join(file)));
        } else {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

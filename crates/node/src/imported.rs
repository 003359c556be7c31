//! The data directory of an imported chain: its `genesis.json` and, in `chain`, its store.

use crate::Error;
use alloy_genesis::Genesis;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tributary_primitives::ChainSpec;
use tributary_storage::{Durability, Options, Store};

/// The directory's copy of the genesis, so that nobody has to name it again.
const GENESIS: &str = "genesis.json";
const GENESIS_DRAFT: &str = "genesis.json.new";
const CHAIN: &str = "chain";

/// A directory whose genesis is known.
#[derive(Debug)]
pub(crate) struct ImportedChain {
    chain: PathBuf,
    spec: Arc<ChainSpec>,
}

impl ImportedChain {
    /// The directory for the chain of this genesis: an empty or missing one is begun, one that holds the same genesis goes on.
    pub(crate) fn begin(datadir: &Path, genesis: &Path) -> Result<Self, Error> {
        let given = read(genesis)?;
        if datadir.join(GENESIS).exists() {
            // What counts is the chain: the store compares genesis blocks. The config, which decides the rules, is compared here.
            if read(&datadir.join(GENESIS))? != given {
                return Err(Error::DataDirectory {
                    path: datadir.to_owned(),
                    reason: format!("holds a chain with another genesis than {}", genesis.display()),
                });
            }
        } else {
            claim(datadir, genesis)?;
        }
        Ok(Self::of(datadir, given))
    }

    /// The chain that was imported into a directory.
    pub(crate) fn find(datadir: &Path) -> Result<Self, Error> {
        let path = datadir.join(GENESIS);
        if !path.exists() {
            let reason = "holds no imported chain; `tributary import` makes one".to_owned();
            return Err(Error::DataDirectory { path: datadir.to_owned(), reason });
        }
        Ok(Self::of(datadir, read(&path)?))
    }

    /// Its rules.
    pub(crate) fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    fn of(datadir: &Path, genesis: Genesis) -> Self {
        Self { chain: datadir.join(CHAIN), spec: Arc::new(ChainSpec::ethereum(genesis)) }
    }

    /// The store, for this process alone. A block counts as written once the system has it: an import that is cut off is done again from there.
    pub(crate) fn open_for_writing(&self) -> Result<Store, Error> {
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        Ok(Store::open(&self.chain, self.spec.clone(), options)?)
    }

    /// The store, for reading; others may read it meanwhile.
    pub(crate) fn open_for_reading(&self) -> Result<Store, Error> {
        Ok(Store::open(&self.chain, self.spec.clone(), Options { read_only: true, ..Options::default() })?)
    }
}

fn read(path: &Path) -> Result<Genesis, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Path { path: path.to_owned(), source })?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Path { path: path.to_owned(), source: io::Error::new(io::ErrorKind::InvalidData, error) })
}

/// Puts the genesis into an empty directory, whole or not at all.
fn claim(datadir: &Path, genesis: &Path) -> Result<(), Error> {
    let failed = |source| Error::Path { path: datadir.to_owned(), source };
    fs::create_dir_all(datadir).map_err(failed)?;
    let mut entries = fs::read_dir(datadir).map_err(failed)?.filter_map(Result::ok);
    if entries.any(|entry| entry.file_name() != GENESIS_DRAFT) {
        return Err(Error::DataDirectory { path: datadir.to_owned(), reason: "is not empty and holds no imported chain".to_owned() });
    }
    let draft = datadir.join(GENESIS_DRAFT);
    fs::copy(genesis, &draft).and_then(|_| fs::File::open(&draft)?.sync_all()).map_err(failed)?;
    fs::rename(draft, datadir.join(GENESIS)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn genesis(dir: &Path, chain_id: u64) -> PathBuf {
        let mut genesis = Genesis { gas_limit: 5_000, ..Default::default() };
        genesis.config.chain_id = chain_id;
        let path = dir.join(format!("{chain_id}.json"));
        fs::write(&path, serde_json::to_string(&genesis).unwrap()).unwrap();
        path
    }

    #[test]
    fn a_directory_remembers_its_genesis_and_refuses_another() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two, datadir) = (genesis(dir.path(), 1), genesis(dir.path(), 2), dir.path().join("data"));
        assert!(ImportedChain::find(&datadir).unwrap_err().to_string().contains("holds no imported chain"));
        drop(ImportedChain::begin(&datadir, &one).unwrap().open_for_writing().unwrap());
        assert_eq!(ImportedChain::find(&datadir).unwrap().open_for_reading().unwrap().spec().chain_id, 1);
        ImportedChain::begin(&datadir, &one).unwrap();
        let error = ImportedChain::begin(&datadir, &two).unwrap_err();
        assert!(error.to_string().contains("another genesis"), "{error}");
    }

    #[test]
    fn a_directory_with_somebody_elses_files_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let one = genesis(dir.path(), 1);
        let error = ImportedChain::begin(dir.path(), &one).unwrap_err();
        assert!(error.to_string().contains("is not empty"), "{error}");
        assert!(!dir.path().join(GENESIS).exists());
    }
}

//! What a rollup is, in files: `tributary genesis` writes them, and every role reads them.

use crate::{Error, genesis};
use alloy_genesis::Genesis;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tributary_contracts::L1Contracts;
use tributary_primitives::{ChainSpec, Eip1559Params, RollupConfig};

/// A rollup's three files in one folder.
#[derive(Debug, Clone)]
pub struct ChainFiles {
    /// `genesis.json`: the L2 genesis block, as geth has it.
    pub genesis: Genesis,
    /// `rollup.json`: the rollup's configuration, as op-node has it.
    pub rollup: RollupConfig,
    /// `addresses.json`: the contracts on L1.
    pub contracts: L1Contracts,
    /// The folder.
    path: PathBuf,
}

/// Names of the files.
const GENESIS: &str = "genesis.json";
const ROLLUP: &str = "rollup.json";
const ADDRESSES: &str = "addresses.json";

impl ChainFiles {
    /// Reads a folder that `tributary genesis` wrote.
    ///
    /// # Errors
    /// When a file is missing or says what none of ours does, the files are of different chains, or they are a development chain's.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let files = Self {
            genesis: read(&path.join(GENESIS))?,
            rollup: read(&path.join(ROLLUP))?,
            contracts: read(&path.join(ADDRESSES))?,
            path: path.to_owned(),
        };
        files.check()?;
        Ok(files)
    }

    /// Writes the folder, each file in one piece.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(path: &Path, genesis: &Genesis, rollup: &RollupConfig, contracts: &L1Contracts) -> Result<(), Error> {
        write_json(&path.join(GENESIS), genesis)?;
        write_json(&path.join(ADDRESSES), contracts)?;
        // Last: where it is, all of it is.
        write_json(&path.join(ROLLUP), rollup)
    }

    /// Writes the same folder elsewhere.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), Error> {
        Self::write(path, &self.genesis, &self.rollup, &self.contracts)
    }

    /// Whether there is a whole rollup in a folder.
    pub(crate) fn are_in(path: &Path) -> bool {
        path.join(ROLLUP).exists()
    }

    /// The rules of the rollup's chain.
    pub(crate) fn spec(&self) -> Arc<ChainSpec> {
        let params = &self.rollup.chain_op_config;
        let eip1559 = Eip1559Params { denominator: params.eip1559_denominator, elasticity: params.eip1559_elasticity };
        let spec = ChainSpec::rollup(self.genesis.clone(), eip1559);
        Arc::new(if self.rollup.is_jovian() { spec.with_jovian() } else { spec })
    }

    fn check(&self) -> Result<(), Error> {
        let refuse = |file: &str, reason: String| Err(Error::DataDirectory { path: self.path.join(file), reason });
        let Self { genesis, rollup, contracts, .. } = self;
        if rollup.time_jumps {
            return refuse(ROLLUP, "time_jumps is for development chains only".to_owned());
        }
        if genesis.config.chain_id != rollup.l2_chain_id {
            return refuse(GENESIS, format!("it is of chain {}, {ROLLUP} of {}", genesis.config.chain_id, rollup.l2_chain_id));
        }
        if genesis.timestamp != rollup.genesis.l2_time {
            return refuse(GENESIS, format!("its time is {}, in {ROLLUP} {}", genesis.timestamp, rollup.genesis.l2_time));
        }
        if (contracts.portal, contracts.system_config) != (rollup.deposit_contract_address, rollup.l1_system_config_address) {
            return refuse(ADDRESSES, format!("its portal or system configuration is not that of {ROLLUP}"));
        }
        let (found, expected) = (genesis::block(self.spec())?.hash, rollup.genesis.l2.hash);
        if found != expected {
            return refuse(GENESIS, format!("its block is {found}, in {ROLLUP} {expected}"));
        }
        Ok(())
    }
}

pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read(path).map_err(|source| Error::Path { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|error| Error::DataDirectory { path: path.to_owned(), reason: error.to_string() })
}

/// Writes a file in one piece: a crash leaves it whole or absent.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let fail = |source| Error::Path { path: path.to_owned(), source };
    let text = serde_json::to_vec_pretty(value).map_err(|error| fail(error.into()))?;
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text).map_err(fail)?;
    std::fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(fail)?;
    std::fs::rename(&partial, path).map_err(fail)?;
    // The name is durable only with the directory.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(fail)
}

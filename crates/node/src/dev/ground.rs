//! What the chains and the roles of a development rollup stand on: configuration, keys, stores, and what all of them share.

use crate::{
    DevConfig, Error,
    clock::Clock,
    datadir::DataDirectory,
    deploy,
    development::Snapshots,
    genesis::DevGenesis,
    keys::{self, Operators},
    pipeline::{Pipeline, head_block},
    producer::unix_time,
    roles::{Role, Rollup},
    status::DevAccount,
    tasks::Tasks,
};
use alloy_eips::BlockNumHash;
use std::sync::Arc;
use tributary_storage::{Durability, Options, Store};

/// Everything that is there before the first chain starts.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) config: DevConfig,
    pub(super) genesis: DevGenesis,
    pub(super) accounts: Vec<DevAccount>,
    pub(super) operators: Operators,
    pub(super) chains: Chains,
    pub(super) rollup: Rollup,
    /// Last, so that a temporary directory goes when nothing uses it any more.
    pub(super) datadir: DataDirectory,
}

/// The chains, each with its database.
#[derive(Debug)]
pub(super) struct Chains {
    pub(super) l1: Pipeline,
    /// The sequencer's chain.
    pub(super) l2: Pipeline,
    /// What the verifier derives.
    pub(super) verifier: Pipeline,
}

/// For how many blocks the prover may be behind: users mine more of them in a minute than it proves in an hour.
const PROVABLE: u64 = 10_000_000;

impl Chains {
    fn open(datadir: &DataDirectory, genesis: &DevGenesis) -> Result<Self, Error> {
        // Chains that go with the process have no power loss to survive; empty blocks, of which a jump in time makes thousands, wait for nothing else.
        let durability = if datadir.is_temporary() { Durability::Relaxed } else { Durability::Synced };
        let options = Options { durability, ..Options::default() };
        let open = |name: &str, spec, options| Store::open(&datadir.join(name), spec, options);
        let l2 = Pipeline::new(open("l2", genesis.l2_spec(), options)?);
        let verifier = open("verifier", genesis.l2_spec(), Options { trie_history: PROVABLE, ..options })?;
        // It executes what the sequencer has executed.
        let verifier = Pipeline::with(verifier, l2.executor.clone());
        Ok(Self { l1: Pipeline::new(open("l1", genesis.l1_spec(), options)?), l2, verifier })
    }

    /// The time of the newest block of either chain.
    fn newest(&self) -> Result<u64, Error> {
        Ok(head_block(&self.l1.store)?.block.header.timestamp.max(head_block(&self.l2.store)?.block.header.timestamp))
    }
}

impl Ground {
    /// Opens or creates the data directory, and makes sure that the L1 contracts are there.
    pub(super) fn prepare(config: DevConfig) -> Result<Self, Error> {
        let datadir = DataDirectory::open(config.datadir.as_deref())?;
        let (genesis, config) = settle(&datadir, config)?;
        let accounts = keys::accounts(&genesis.mnemonic, config.accounts)?;
        let operators = Operators::from_mnemonic(&genesis.mnemonic)?;
        let chains = Chains::open(&datadir, &genesis)?;
        let anchor = deploy::contracts(&chains.l1, &chains.l2.store, &genesis, &operators, &accounts)?;
        let l2_genesis = BlockNumHash { number: 0, hash: chains.l2.store.genesis().hash() };
        let rollup = Rollup {
            config: Arc::new(genesis.rollup_config(anchor, l2_genesis, genesis.system_config(&operators), config.block_time)),
            l1_spec: genesis.l1_spec(),
            contracts: genesis.contracts,
            l1_block_time: config.l1_block_time,
            // A chain whose clock was moved in an earlier run goes on where it was.
            clock: Clock::not_before(chains.newest()?),
            snapshots: Snapshots::default(),
            gate: Arc::default(),
            l1_news: Arc::default(),
            tasks: Tasks::new(),
            role: Role { name: "dev", has_early_blocks: true },
            payers: Default::default(),
            backlog: Default::default(),
        };
        Ok(Self { config, genesis, accounts, operators, chains, rollup, datadir })
    }
}

/// The genesis of a kept data directory, or a new one written there. A kept chain keeps what it was created with.
fn settle(datadir: &DataDirectory, mut config: DevConfig) -> Result<(DevGenesis, DevConfig), Error> {
    let path = datadir.join("dev.json");
    if let Some(kept) = DevGenesis::read(&path)? {
        for (flag, given, kept) in [
            ("--l1-block-time", config.l1_block_time, kept.l1_block_time),
            ("--block-time", config.block_time, kept.block_time),
            ("--gas-limit", config.gas_limit, kept.l2.gas_limit),
        ] {
            if given != kept {
                tracing::warn!("{flag} {given} is ignored: the chain in {} was created with {kept}", datadir.path().display());
            }
        }
        config.l1_block_time = kept.l1_block_time;
        config.block_time = kept.block_time;
        return Ok((kept, config));
    }
    let accounts = keys::accounts(&config.mnemonic, config.accounts)?;
    let operators = Operators::from_mnemonic(&config.mnemonic)?;
    let genesis = DevGenesis::new(&config, &accounts, &operators, unix_time());
    genesis.write(&path)?;
    Ok((genesis, config))
}

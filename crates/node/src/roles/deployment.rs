//! A new rollup on an L1 that somebody else runs: what its contracts are deployed by, and its files.

use super::{ChainFiles, files};
use crate::{
    Error,
    contracts::{self, Delays, Parameters},
    deploy, genesis,
    pipeline::Pipeline,
    producer::block_one,
};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::{BlockNumHash, eip2718::Encodable2718};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256};
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc};
use tributary_contracts::{L1Contracts, genesis::L2Genesis};
use tributary_execution::OpenBlock;
use tributary_primitives::{ChainSpec, SystemConfig, Transaction, rollup::RollupGenesis};
use tributary_storage::{Durability, Options, Store};

/// New rollups have the newest fork that the node knows.
const JOVIAN: bool = true;

/// Seconds between blocks of the L1 on which a deployment is tried.
const SLOT: u64 = 12;

/// What the first transactions put on L1.
const NAMES: [&str; 7] =
    ["OpenToken", "SystemConfig", "AttestationVerifier", "OutputProposals", "TributaryPortal", "L1Timelock", "OPEN for the portal"];

/// What a deployment that was begun has decided; a later run goes on with it.
const PLAN: &str = "deployment.json";

/// Who may do what on L1, and who attests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operators {
    /// Sends the contracts and pays for them.
    pub deployer: Address,
    /// Owns the system configuration, is guardian, and the timelock's council.
    pub owner: Address,
    /// Whose batches count.
    pub batcher: Address,
    /// Whose attestations count.
    pub prover: Address,
    /// Whose word for blocks that are not on L1 yet counts.
    pub feed: Address,
}

/// Seconds that things take on L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waits {
    /// After which an output may finalize withdrawals, and after which a proved withdrawal may.
    pub finality: u64,
    /// Until another verifier may be used.
    pub verifier: u64,
    /// Until the timelock does what it announced.
    pub timelock: u64,
}

/// A rollup that is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentPlan {
    /// Chain ids of L1 and of the rollup.
    pub l1_chain_id: u64,
    /// The rollup's.
    pub l2_chain_id: u64,
    /// The L1 block that the rollup is anchored in; the L2 genesis block has its time.
    pub anchor: BlockNumHash,
    /// That time, seconds.
    pub time: u64,
    /// Seconds between L2 blocks.
    pub block_time: u64,
    /// Gas limit of L2 blocks.
    pub gas_limit: u64,
    /// Who may do what.
    pub operators: Operators,
    /// How long things take.
    pub waits: Waits,
    /// OPEN at L2 genesis, wei.
    pub funded: Vec<(Address, U256)>,
    /// OPEN on L1 beside what L2 has, wei.
    pub funded_on_l1: Vec<(Address, U256)>,
    /// The deployer's nonce before the first transaction.
    pub first_nonce: u64,
}

/// One of a deployment's transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentStep {
    /// What it does, in words.
    pub what: &'static str,
    /// Its nonce.
    pub nonce: u64,
    /// Recipient, or a new contract.
    pub to: TxKind,
    /// Calldata or init code.
    pub input: Bytes,
    /// Where the contract will be.
    pub creates: Option<Address>,
}

impl DeploymentPlan {
    /// The plan of a deployment that was begun in a folder.
    ///
    /// # Errors
    /// When the file is not what we wrote.
    pub fn begun(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(PLAN);
        if path.exists() { files::read(&path).map(Some) } else { Ok(None) }
    }

    /// Whether a folder holds a rollup's files already.
    pub fn is_done(folder: &Path) -> bool {
        ChainFiles::are_in(folder)
    }

    /// Writes the plan, so that the deployment can be gone on with.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep(&self, folder: &Path) -> Result<(), Error> {
        std::fs::create_dir_all(folder).map_err(|source| Error::Path { path: folder.to_owned(), source })?;
        files::write_json(&folder.join(PLAN), self)
    }

    /// Where the contracts will be.
    pub fn contracts(&self) -> L1Contracts {
        L1Contracts::of(self.operators.deployer, self.first_nonce)
    }

    /// The deployer's transactions, in order.
    ///
    /// # Errors
    /// When the L2 genesis block cannot be made.
    pub fn steps(&self) -> Result<Vec<DeploymentStep>, Error> {
        let l2_genesis = self.l2_genesis();
        let (genesis_block, supply) = (self.genesis_block(&l2_genesis)?, genesis::supply(&l2_genesis));
        let Operators { deployer, owner, prover, feed, .. } = self.operators;
        let transactions = contracts::transactions(&Parameters {
            deployer,
            first_nonce: self.first_nonce,
            owner,
            prover,
            feed,
            batch_inbox: genesis::batch_inbox(self.l2_chain_id),
            system_config: self.system_config(),
            eip1559: genesis::EIP1559,
            l2_chain_id: self.l2_chain_id,
            delays: Delays { finality: self.waits.finality, verifier: self.waits.verifier, timelock: self.waits.timelock },
            genesis_output_root: genesis_block.output_root,
            genesis_time: self.time,
            block_time: self.block_time,
            l2_supply: supply,
            holders: &self.funded_on_l1,
        });
        let step = |(place, (to, input)): (usize, (TxKind, Bytes))| {
            let nonce = self.first_nonce + place as u64;
            let creates = (to == TxKind::Create).then(|| self.operators.deployer.create(nonce));
            DeploymentStep { what: NAMES.get(place).copied().unwrap_or("OPEN for a holder"), nonce, to, input, creates }
        };
        Ok(transactions.into_iter().enumerate().map(step).collect())
    }

    /// Gas of each step, found by executing them on an L1 of our own: nothing is asked of the real one.
    ///
    /// # Errors
    /// When one of them fails.
    pub fn gas(&self) -> Result<Vec<u64>, Error> {
        let dir = tempfile::tempdir().map_err(|source| Error::Path { path: std::env::temp_dir(), source })?;
        let deployer = self.operators.deployer;
        let account = GenesisAccount { balance: genesis::endowment(), nonce: Some(self.first_nonce), ..GenesisAccount::default() };
        let spec = Arc::new(ChainSpec::ethereum(genesis::l1_with(deployer, account, self.l1_chain_id, self.time)));
        let store = Store::open(&dir.path().join("l1"), spec, Options { durability: Durability::Relaxed, ..Options::default() })?;
        let l1 = Pipeline::new(store);
        let parent = l1.store.genesis();
        let attributes = block_one(SLOT, parent);
        let mut block = OpenBlock::new(&l1.executor, l1.store.latest()?, parent.inner(), parent.hash(), attributes.block)?;
        let (mut gas, mut before) = (Vec::new(), 0);
        for step in self.steps()? {
            let tx = TxEip1559 {
                chain_id: self.l1_chain_id,
                nonce: step.nonce,
                gas_limit: deploy::GAS,
                max_fee_per_gas: 10_000_000_000,
                max_priority_fee_per_gas: 0,
                to: step.to,
                value: U256::ZERO,
                access_list: Default::default(),
                input: step.input,
            };
            // Whoever signed it, it is the deployer's here.
            let tx = Transaction::Eip1559(tx.into_signed(Signature::new(U256::ONE, U256::ONE, false)));
            let encoded = Bytes::from(tx.encoded_2718());
            block.require(tx, deployer, encoded)?;
            let receipt = block.receipts().last().filter(|receipt| receipt.succeeded());
            let used = receipt.map(|receipt| receipt.cumulative_gas_used);
            let used = used.ok_or_else(|| Error::Disagreement(format!("{} would not succeed on L1", step.what)))?;
            gas.push(used - before);
            before = used;
        }
        Ok(gas)
    }

    /// Writes the rollup's files.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn finish(&self, folder: &Path) -> Result<ChainFiles, Error> {
        let l2_genesis = self.l2_genesis();
        let l2 = BlockNumHash { number: 0, hash: self.genesis_block(&l2_genesis)?.hash };
        let origin = RollupGenesis { l1: self.anchor, l2, l2_time: self.time, system_config: self.system_config() };
        let contracts = self.contracts();
        let config = genesis::rollup_config(origin, [self.l1_chain_id, self.l2_chain_id], &contracts, (self.block_time, JOVIAN));
        ChainFiles::write(folder, &l2_genesis, &config, &contracts)?;
        ChainFiles::read(folder)
    }

    fn l2_genesis(&self) -> Genesis {
        let chain = L2Genesis { chain_id: self.l2_chain_id, jovian: JOVIAN };
        genesis::rollup_genesis(chain, self.gas_limit, self.funded.iter().copied(), self.time)
    }

    fn genesis_block(&self, genesis: &Genesis) -> Result<genesis::GenesisBlock, Error> {
        genesis::block(genesis::rollup_spec(genesis.clone(), JOVIAN))
    }

    fn system_config(&self) -> SystemConfig {
        genesis::system_config(self.operators.batcher, self.gas_limit, JOVIAN)
    }
}

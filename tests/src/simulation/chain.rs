//! A chain on disk whose blocks are made here, of transactions that accounts signed, at times that are said.
//!
//! It goes the way of every block, through [`Executor`], [`OpenBlock`] and [`Store`], and is indexed after each as a node indexes it. L1 is nobody's: each
//! block has an origin of its own, whose randomness follows from its number and the seed.

use super::Error;
use crate::wallet::Signed;
use alloy_eips::eip2718::Decodable2718;
use alloy_genesis::{ChainConfig, Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolValue};
use std::sync::Arc;
use tempfile::TempDir;
use tributary_contracts::genesis::{L2Genesis, l2_accounts};
use tributary_execution::{Abort, Ending, Executor, OpenBlock, Overrides, Simulation, encode};
use tributary_node::Indexer;
use tributary_primitives::{
    BlockAttributes, ChainSpec, Eip1559Params, ExtraData, L1Info, StateReader, Transaction, rollup::predeploys::SEQUENCER_FEE_VAULT,
};
use tributary_storage::{Durability, Options, Snapshot, Store};

pub(super) const CHAIN_ID: u64 = 630_925;
const FEES: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };
/// Wei for a gas: the least that an idle chain asks, so that the price of gas is the same from the first block to the last.
const BASE_FEE: u64 = 1_000_000;
const START: u64 = 1_800_000_000;
/// Seconds between blocks.
const BLOCK_TIME: u64 = 2;
/// Gas of a block: no bound that matters, so that a block has as many transactions as it is given.
const GAS: u64 = 1 << 40;
/// Gas of a call that only asks.
const VIEW_GAS: u64 = 1 << 34;

/// What became of a transaction.
#[derive(Debug)]
pub(super) struct Mined {
    pub(super) succeeded: bool,
    /// What its sender paid for gas, wei.
    pub(super) fee: u128,
    pub(super) gas: u64,
    pub(super) logs: Vec<Log>,
}

pub(super) struct Chain {
    store: Store,
    executor: Executor,
    indexer: Indexer,
    /// Decides what L1 draws.
    seed: u64,
    /// Of the newest block, seconds.
    time: u64,
    /// Dropped after the store.
    _folder: TempDir,
}

impl Chain {
    /// A chain on which these accounts have this much each.
    pub(super) fn new(accounts: &[Address], balance: U256, seed: u64) -> Result<Self, Error> {
        let mut alloc = l2_accounts(L2Genesis { chain_id: CHAIN_ID, jovian: true });
        alloc.extend(accounts.iter().map(|account| (*account, GenesisAccount { balance, ..Default::default() })));
        let genesis = Genesis {
            config: ChainConfig { chain_id: CHAIN_ID, ..Default::default() },
            alloc,
            gas_limit: GAS,
            timestamp: START,
            base_fee_per_gas: Some(BASE_FEE.into()),
            extra_data: extra_data(),
            ..Default::default()
        };
        let spec = Arc::new(ChainSpec::rollup(genesis, FEES).with_jovian());
        let folder = TempDir::new()?;
        let options = Options { durability: Durability::Relaxed, ..Default::default() };
        let store = Store::open(&folder.path().join("chain"), spec.clone(), options)?;
        let executor = Executor::new(spec);
        let indexer = Indexer::open(&store, &executor)?;
        Ok(Self { store, executor, indexer, seed, time: START, _folder: folder })
    }

    /// Time of the newest block, seconds.
    pub(super) const fn time(&self) -> u64 {
        self.time
    }

    /// L1 origin of the newest block.
    pub(super) fn origin(&self) -> Result<u64, Error> {
        Ok(self.store.latest()?.header().number)
    }

    /// Lets time pass before the next block.
    pub(super) const fn pass(&mut self, seconds: u64) {
        self.time += seconds;
    }

    /// The next block, of these transactions. All are in it, whether they succeed or not.
    pub(super) fn seal(&mut self, transactions: &[(Address, Signed)]) -> Result<Vec<Mined>, Error> {
        let mut block = self.open()?;
        let mut mined = Vec::with_capacity(transactions.len());
        for (sender, signed) in transactions {
            let tx = Transaction::decode_2718_exact(&signed.raw).map_err(|error| Error::Refused(error.to_string()))?;
            let base_fee = block.header().base_fee_per_gas;
            let price = alloy_consensus::Transaction::effective_gas_price(&tx, base_fee);
            let gas = block.require(tx, *sender, signed.raw.clone())?.gas_used;
            let receipt = block.receipts().last().ok_or_else(|| Error::Refused("a transaction has no receipt".into()))?;
            mined.push(Mined { succeeded: receipt.succeeded(), fee: u128::from(gas) * price, gas, logs: receipt.logs.clone() });
        }
        self.time = block.header().timestamp;
        self.store.commit(&block.seal()?, &[])?;
        // A node does this beside the next blocks.
        self.indexer.catch_up()?;
        Ok(mined)
    }

    /// What a call of the newest state returns, and in words why it does not.
    pub(super) fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        let request = TransactionRequest::default().to(to).input(call.abi_encode().into());
        let output = self.call(&request).map_err(|why| Error::Refused(format!("{}: {why}", C::SIGNATURE)))?;
        C::abi_decode_returns(&output).map_err(|error| Error::Refused(format!("{}: {error}", C::SIGNATURE)))
    }

    /// What a call of the newest state returns, or how it ends otherwise.
    pub(super) fn call(&self, request: &TransactionRequest) -> Result<Bytes, String> {
        let ask = || -> Result<Ending, Error> {
            let snapshot = self.store.latest()?;
            let header = snapshot.header().clone().into_inner();
            let executor = self.executor.clone();
            let simulation = Simulation { executor, state: Arc::new(snapshot), header, overrides: Overrides::default(), gas_cap: VIEW_GAS };
            Ok(simulation.call(request, &Abort::default())?.ending)
        };
        match ask() {
            Ok(Ending::Returned(output)) => Ok(output),
            Ok(ending) => Err(format!("{ending:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What an account has, wei.
    pub(super) fn balance(&self, account: Address) -> Result<U256, Error> {
        Ok(self.store.latest()?.account(account)?.map_or(U256::ZERO, |account| account.balance))
    }

    fn open(&self) -> Result<OpenBlock<Snapshot>, Error> {
        let snapshot = self.store.latest()?;
        let parent = snapshot.header().clone();
        let number = parent.number + 1;
        let timestamp = self.time + BLOCK_TIME;
        let attributes = BlockAttributes {
            timestamp,
            beneficiary: SEQUENCER_FEE_VAULT,
            mix_hash: keccak256((self.seed, number).abi_encode()),
            gas_limit: GAS,
            extra_data: extra_data(),
            parent_beacon_block_root: Some(B256::ZERO),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        let mut block = OpenBlock::new(&self.executor, snapshot, &parent, parent.hash(), attributes)?;
        let deposit = l1_info(number, timestamp).to_deposit();
        let sender = deposit.from;
        let tx = Transaction::from(deposit);
        let encoded = encode(&tx);
        block.require(tx, sender, encoded)?;
        Ok(block)
    }
}

fn extra_data() -> Bytes {
    ExtraData { eip1559: FEES, min_base_fee: Some(BASE_FEE) }.encode()
}

/// An L1 on which data costs nothing.
fn l1_info(number: u64, timestamp: u64) -> L1Info {
    L1Info {
        number,
        timestamp,
        base_fee: U256::from(1),
        blob_base_fee: U256::from(1),
        hash: keccak256(number.to_be_bytes()),
        sequence_number: 0,
        batcher_hash: B256::ZERO,
        base_fee_scalar: 0,
        blob_base_fee_scalar: 0,
        operator_fee_scalar: 0,
        operator_fee_constant: 0,
        da_footprint_gas_scalar: Some(1),
    }
}

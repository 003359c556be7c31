//! A chain on disk whose blocks are made here, and calls on it that are timed one by one.
//!
//! It goes the way of every block, through [`Executor`], [`OpenBlock`] and [`Store`], and is indexed after each as a node indexes it.

use super::{Error, clock::Moment};
use alloy_genesis::{ChainConfig, Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, TxKind, U256, address, hex, keccak256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolValue};
use op_alloy_consensus::TxDeposit;
use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tributary_contracts::genesis::{L2Genesis, l2_accounts};
use tributary_execution::{Abort, Ending, Executor, OpenBlock, Overrides, Simulation, encode};
use tributary_node::Indexer;
use tributary_primitives::{BlockAttributes, ChainSpec, Eip1559Params, ExtraData, Transaction, rollup::predeploys::SEQUENCER_FEE_VAULT};
use tributary_storage::{Durability, Options, Snapshot, Store};

const CHAIN_ID: u64 = 630_925;
const FEES: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };
/// Whoever owns the sets: the contract that makes the calls.
pub(super) const RUNNER: Address = address!("0000000000000000000000000000000000C0DE01");
/// Hashes 4 KiB, a thousand times.
pub(super) const HASHER: Address = address!("0000000000000000000000000000000000C0DE02");
const SENDER: Address = address!("00000000000000000000000000000000000A11CE");

/// Most gas of a call, and of a block: no bound, because what costs much is what is measured.
const GAS: u64 = 1 << 40;

/// Reads its input as `reverts u256 ‖ n × (to u256 ‖ length u256 ‖ data)`, makes the calls one after another, and logs of each whether it
/// succeeded and what it cost; then it stops or reverts.
const RUNNER_CODE: [u8; 67] = hex!(
    "6020 5b 368110 15 610038 57" // pos = 32; while pos < size
    "8035 8160200135 8083604001 5f37" // to, length; data to memory
    "5a 5f5f 83 5f5f 87 5a f1 5a 8203" // call, and the gas that it took
    "602052 5f52 60405fa0" // log both
    "50 9050 01 604001 600256" // pos += 64 + length
    "5b5f35 603f57 00 5b5f5ffd"
);

/// `for 1000 { keccak256(memory[0..4096]) }`.
const HASHER_CODE: [u8; 19] = hex!("6103e8 5b 6110005f2050 60019003 80 600357 00");

/// One call of a program.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    to: Address,
    data: Vec<u8>,
    /// Whether it is to fail, as a frame that is reverted does.
    reverts: bool,
}

impl Ask {
    pub(super) fn new(to: Address, call: impl SolCall) -> Self {
        Self::raw(to, call.abi_encode())
    }

    pub(super) fn raw(to: Address, data: Vec<u8>) -> Self {
        Self { to, data, reverts: false }
    }

    /// These calls in a frame that is reverted.
    pub(super) fn reverted(asks: &[Self]) -> Self {
        Self { to: RUNNER, data: program(asks, true), reverts: true }
    }
}

fn program(asks: &[Ask], reverts: bool) -> Vec<u8> {
    let word = |number: usize| U256::from(number).to_be_bytes::<32>();
    let mut input = word(usize::from(reverts)).to_vec();
    for ask in asks {
        input.extend(ask.to.into_word());
        input.extend(word(ask.data.len()));
        input.extend(&ask.data);
    }
    input
}

/// What became of a transaction.
#[derive(Debug, Clone)]
pub(super) struct Ran {
    /// Processor time.
    pub(super) taken: Duration,
    /// Of each call: whether it ended as it was to, and its gas.
    pub(super) calls: Vec<(bool, u64)>,
}

impl Ran {
    pub(super) fn gas(&self) -> u64 {
        self.calls.iter().map(|(_, gas)| gas).sum()
    }
}

/// A chain in a folder that goes with it.
#[derive(Debug)]
pub(super) struct Chain {
    store: Store,
    executor: Executor,
    indexer: RefCell<Indexer>,
    folder: TempDir,
}

impl Chain {
    pub(super) fn new() -> Result<Self, Error> {
        Self::with_contracts(&[])
    }

    /// A chain with these contracts beside the predeploys.
    pub(super) fn with_contracts(contracts: &[(Address, Vec<u8>)]) -> Result<Self, Error> {
        let mut alloc = l2_accounts(L2Genesis { chain_id: CHAIN_ID, jovian: false });
        let own = [(RUNNER, RUNNER_CODE.to_vec()), (HASHER, HASHER_CODE.to_vec())];
        for (address, code) in own.iter().chain(contracts).cloned() {
            alloc.insert(address, GenesisAccount { nonce: Some(1), code: Some(code.into()), ..Default::default() });
        }
        let config = ChainConfig { chain_id: CHAIN_ID, ..Default::default() };
        let spec = Arc::new(ChainSpec::rollup(Genesis { config, alloc, gas_limit: GAS, ..Default::default() }, FEES));
        let folder = TempDir::new()?;
        let options = Options { durability: Durability::Relaxed, ..Default::default() };
        let store = Store::open(&folder.path().join("chain"), spec.clone(), options)?;
        let executor = Executor::new(spec);
        let indexer = RefCell::new(Indexer::open(&store, &executor)?);
        Ok(Self { store, executor, indexer, folder })
    }

    /// Forgets what is in memory and opens the index, as a start does; gives how long that took.
    pub(super) fn start_again(&mut self) -> Result<Duration, Error> {
        let started = Instant::now();
        self.executor = Executor::new(self.store.spec().clone());
        self.indexer = RefCell::new(Indexer::open(&self.store, &self.executor)?);
        Ok(started.elapsed())
    }

    /// Runs the calls as one transaction of a block that is never made.
    pub(super) fn run(&self, asks: &[Ask]) -> Result<Ran, Error> {
        let mut block = self.open()?;
        execute(&mut block, asks)
    }

    /// What a call of the newest state returns.
    pub(super) fn ask<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        let snapshot = self.store.latest()?;
        let header = snapshot.header().clone().into_inner();
        let simulation = Simulation {
            executor: self.executor.clone(),
            state: Arc::new(snapshot),
            header,
            overrides: Overrides::default(),
            gas_cap: GAS,
        };
        let request = TransactionRequest::default().to(to).input(call.abi_encode().into());
        match simulation.call(&request, &Abort::default())?.ending {
            Ending::Returned(output) => {
                C::abi_decode_returns(&output).map_err(|error| Error::Refused(format!("{}: {error}", C::SIGNATURE)))
            }
            ending => Err(Error::Refused(format!("{}: {ending:?}", C::SIGNATURE))),
        }
    }

    /// Makes a block of these transactions: what each took, and the block's end.
    pub(super) fn commit(&self, transactions: &[Vec<Ask>]) -> Result<(Vec<Ran>, Duration), Error> {
        let mut block = self.open()?;
        let ran = transactions.iter().map(|asks| execute(&mut block, asks)).collect::<Result<Vec<_>, _>>()?;
        if let Some(at) = ran.iter().position(|ran| ran.calls.iter().any(|(success, _)| !success)) {
            return Err(Error::Refused(format!("transaction {at} of block {}", block.header().number)));
        }
        let started = Instant::now();
        self.store.commit(&block.seal()?, &[])?;
        let taken = started.elapsed();
        // A node does this beside the next blocks.
        self.indexer.borrow_mut().catch_up()?;
        Ok((ran, taken))
    }

    /// Bytes that the chain takes on disk, and those of them that are the index.
    pub(super) fn disk(&self) -> Result<(u64, u64), Error> {
        fn of(folder: &std::path::Path) -> std::io::Result<u64> {
            use std::os::unix::fs::MetadataExt;
            let mut bytes = 0;
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let metadata = entry.metadata()?;
                bytes += if metadata.is_dir() { of(&entry.path())? } else { 512 * metadata.blocks() };
            }
            Ok(bytes)
        }
        Ok((of(self.folder.path())?, of(&self.folder.path().join("chain").join("index"))?))
    }

    fn open(&self) -> Result<OpenBlock<Snapshot>, Error> {
        let snapshot = self.store.latest()?;
        let parent = snapshot.header().clone();
        let attributes = BlockAttributes {
            timestamp: parent.timestamp + 1,
            beneficiary: SEQUENCER_FEE_VAULT,
            mix_hash: B256::ZERO,
            gas_limit: GAS,
            extra_data: ExtraData { eip1559: FEES, min_base_fee: None }.encode(),
            parent_beacon_block_root: Some(B256::ZERO),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        Ok(OpenBlock::new(&self.executor, snapshot, &parent, parent.hash(), attributes)?)
    }
}

/// A deposit pays no fee and needs no signature, so that its time is that of its calls.
fn execute(block: &mut OpenBlock<Snapshot>, asks: &[Ask]) -> Result<Ran, Error> {
    let left = block.gas_left();
    let (number, index) = (block.header().number, block.transactions().len());
    let tx = Transaction::from(TxDeposit {
        source_hash: keccak256((number, index as u64).abi_encode()),
        from: SENDER,
        to: TxKind::Call(RUNNER),
        gas_limit: left,
        input: program(asks, false).into(),
        ..Default::default()
    });
    let encoded = encode(&tx);
    let started = Moment::now();
    block.require(tx, SENDER, encoded)?;
    let taken = started.elapsed();
    let receipt = block.receipts().last().ok_or_else(|| Error::Refused("a transaction has no receipt".into()))?;
    if !receipt.succeeded() {
        return Err(Error::Refused("a program of calls".into()));
    }
    let of_runner = receipt.logs.iter().filter(|log| log.address == RUNNER && log.topics().is_empty());
    let logged = of_runner.filter_map(|log| <(bool, u64)>::abi_decode(&log.data.data).ok());
    let calls = logged.zip(asks).map(|((success, gas), ask)| (success != ask.reverts, gas)).collect();
    Ok(Ran { taken, calls })
}

//! A chain with the contracts of genesis, whose blocks are made of calls, for tests.

use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, B256, TxKind, U256, keccak256};
use alloy_sol_types::SolValue;
use op_alloy_consensus::TxDeposit;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;
use tributary_chain::{Event, SealedBlock};
use tributary_contracts::genesis::{L2Genesis, l2_accounts};
use tributary_execution::{Executor, OpenBlock, encode};
use tributary_primitives::{
    BlockAttributes, ChainSpec, Eip1559Params, ExecutedBlock, ExtraData, Transaction, rollup::predeploys::SEQUENCER_FEE_VAULT,
};
use tributary_storage::{Durability, Options, Store};

const CHAIN_ID: u64 = 630_925;
const FEES: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };
const GAS: u64 = 1 << 40;

pub(crate) struct TestChain {
    pub(crate) store: Store,
    pub(crate) executor: Executor,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) directory: tempfile::TempDir,
    /// In their order.
    sealed: Mutex<Vec<Arc<SealedBlock>>>,
}

impl TestChain {
    /// A chain whose readers may lag behind by so many events.
    pub(crate) fn new(backlog: usize) -> Self {
        let alloc = l2_accounts(L2Genesis { chain_id: CHAIN_ID, jovian: false });
        let config = ChainConfig { chain_id: CHAIN_ID, ..Default::default() };
        let spec = Arc::new(ChainSpec::rollup(Genesis { config, alloc, gas_limit: GAS, ..Default::default() }, FEES));
        let directory = tempfile::tempdir().unwrap();
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        let store = Store::open(&directory.path().join("chain"), spec.clone(), options).unwrap();
        Self { store, executor: Executor::new(spec), events: broadcast::channel(backlog).0, directory, sealed: Mutex::default() }
    }

    /// The next block, of these calls, all of which succeed.
    pub(crate) fn seal(&self, calls: impl IntoIterator<Item = (Address, Vec<u8>)>) {
        assert_eq!(self.try_seal(calls), Ok(true));
    }

    /// The next block, and whether all calls succeed in it; no block where the node could not execute one.
    pub(crate) fn try_seal(&self, calls: impl IntoIterator<Item = (Address, Vec<u8>)>) -> Result<bool, String> {
        let (sealed, succeeded) = self.execute(calls)?;
        self.commit(sealed);
        Ok(succeeded)
    }

    /// The next block, of nothing, as who executes wrongly has it.
    pub(crate) fn seal_wrongly(&self) {
        let (mut sealed, _) = self.execute([]).unwrap();
        sealed.block.header.receipts_root = B256::ZERO;
        sealed.hash = sealed.block.header.hash_slow();
        self.commit(sealed);
    }

    fn execute(&self, calls: impl IntoIterator<Item = (Address, Vec<u8>)>) -> Result<(ExecutedBlock, bool), String> {
        let snapshot = self.store.latest().unwrap();
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
        let mut block = OpenBlock::new(&self.executor, snapshot, &parent, parent.hash(), attributes).unwrap();
        for (at, (to, input)) in calls.into_iter().enumerate() {
            let (sender, to) = (Address::repeat_byte(1), TxKind::Call(to));
            let source_hash = keccak256((parent.number, at as u64).abi_encode());
            let tx = TxDeposit { source_hash, from: sender, to, gas_limit: 1 << 30, input: input.into(), ..Default::default() };
            let tx = Transaction::from(tx);
            let encoded = encode(&tx);
            block.require(tx, sender, encoded).map_err(|error| error.to_string())?;
        }
        let succeeded = block.receipts().iter().all(|receipt| receipt.succeeded());
        Ok((block.seal().unwrap(), succeeded))
    }

    fn commit(&self, sealed: ExecutedBlock) {
        self.store.commit(&sealed, &[]).unwrap();
        let sealed = Arc::new(SealedBlock::from(sealed));
        self.sealed.lock().unwrap().push(sealed.clone());
        // Nobody may listen.
        let _ = self.events.send(Event::Sealed(sealed));
    }

    /// Takes the newest blocks back, above this one.
    pub(crate) fn take_back(&self, to: u64) {
        let mut sealed = self.sealed.lock().unwrap();
        let from = sealed.iter().position(|block| block.number() > to).unwrap_or(sealed.len());
        let removed = sealed.drain(from..).rev().collect();
        self.store.unwind(to).unwrap();
        let _ = self.events.send(Event::Reorg { removed });
    }
}

//! A chain whose blocks create sets and append to them, and its index.

use super::*;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use op_alloy_consensus::TxDeposit;
use std::{
    fs,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};
use tokio::sync::broadcast;
use tributary_chain::SealedBlock;
use tributary_contracts::{
    IAttributionStore as calls,
    genesis::{L2Genesis, l2_accounts},
    predeploys::ATTRIBUTION_STORE,
};
use tributary_execution::{OpenBlock, encode};
use tributary_primitives::{BlockAttributes, ChainSpec, Eip1559Params, ExtraData, Transaction, rollup::predeploys::SEQUENCER_FEE_VAULT};
use tributary_storage::{Durability, Options};

const CHAIN_ID: u64 = 630_925;
const FEES: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };
const GAS: u64 = 1 << 40;

struct Chain {
    store: Store,
    executor: Executor,
    events: broadcast::Sender<Event>,
    directory: tempfile::TempDir,
}

impl Chain {
    /// A chain with this many sets of texts, whose readers may lag behind by so many events.
    fn new(sets: usize, backlog: usize) -> Self {
        let alloc = l2_accounts(L2Genesis { chain_id: CHAIN_ID, jovian: false });
        let config = ChainConfig { chain_id: CHAIN_ID, ..Default::default() };
        let spec = Arc::new(ChainSpec::rollup(Genesis { config, alloc, gas_limit: GAS, ..Default::default() }, FEES));
        let directory = tempfile::tempdir().unwrap();
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        let store = Store::open(&directory.path().join("chain"), spec.clone(), options).unwrap();
        let chain = Self { store, executor: Executor::new(spec), events: broadcast::channel(backlog).0, directory };
        chain.seal((0..sets).map(|_| calls::createTextSetCall {}.abi_encode()));
        chain
    }

    /// The next block, of these calls of the store's.
    fn seal(&self, calls: impl IntoIterator<Item = Vec<u8>>) {
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
        for (at, input) in calls.into_iter().enumerate() {
            let (sender, to) = (Address::repeat_byte(1), TxKind::Call(ATTRIBUTION_STORE));
            let source_hash = keccak256((parent.number, at as u64).abi_encode());
            let tx = TxDeposit { source_hash, from: sender, to, gas_limit: 1 << 30, input: input.into(), ..Default::default() };
            let tx = Transaction::from(tx);
            let encoded = encode(&tx);
            block.require(tx, sender, encoded).unwrap();
            assert!(block.receipts()[at].succeeded());
        }
        let sealed = block.seal().unwrap();
        self.store.commit(&sealed, &[]).unwrap();
        // Nobody may listen.
        let _ = self.events.send(Event::Sealed(Arc::new(SealedBlock::from(sealed))));
    }

    fn index(&self) -> Indexer {
        Indexer::open(&self.store, &self.executor).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.directory.path().join("chain").join(FOLDER)).unwrap();
        let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Whether the files hold all that the chain's sets do.
    fn is_indexed(&self, parts: &PartFiles, sets: u64) -> bool {
        let state = self.store.latest().unwrap();
        let mut missing = Gathering::default();
        (1..=sets).for_each(|set| assert!(missing.add(&state, set, &parts.all(), usize::MAX).unwrap()));
        missing.is_empty()
    }
}

fn append(set: u64, n: u64) -> Vec<u8> {
    let payload: Bytes = (0..40).map(|word| format!("word{} ", (n * 31 + word) % 997)).collect::<String>().into_bytes().into();
    calls::appendCall { setId: U256::from(set), contributor: 1, payload }.abi_encode()
}

#[test]
fn files_that_are_damaged_while_the_node_runs_are_written_again_from_the_chain_when_they_are_merged_or_opened() {
    let mut found = 0;
    for at in 0..40 {
        let chain = Chain::new(1, 16);
        chain.seal((0..3).map(|n| append(1, n)));
        let mut indexer = chain.index();
        let [file] = chain.files().try_into().unwrap();
        // One bit of what the process has mapped.
        let length = fs::metadata(&file).unwrap().len();
        let (offset, mut byte) = (length * at / 40, [0]);
        let file = fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
        file.read_exact_at(&mut byte, offset).unwrap();
        file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
        // What comes next makes one of both, unless the damage is to how large the part seems.
        chain.seal([append(1, 3)]);
        indexer.catch_up().unwrap();
        if indexer.parts.all().iter().all(|part| part.is_whole()) {
            assert!(chain.is_indexed(&indexer.parts, 1), "byte {offset} of {length}");
            found += 1;
        }
        drop(indexer);
        let again = chain.index();
        assert!(again.parts.all().iter().all(|part| part.is_whole()), "byte {offset} of {length}");
        assert!(chain.is_indexed(&again.parts, 1), "byte {offset} of {length}");
    }
    assert!(found > 30, "{found} of 40");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_missed_events_looks_at_what_has_changed_meanwhile_and_nothing_else() {
    const SETS: usize = 100;
    let mut chain = Chain::new(SETS, 8);
    let events = chain.events.subscribe();
    let indexer = chain.index();
    let looked = indexer.looked.clone();
    assert_eq!(looked.swap(0, Ordering::Relaxed), SETS);
    // More than the channel holds.
    (0..30).for_each(|n| chain.seal((n % 10 == 0).then(|| append(1 + n / 10, n))));
    let following = tokio::spawn(indexer.run(events));
    let deadline = Instant::now() + Duration::from_secs(60);
    while looked.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline, "nothing is looked at");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The end of events is the end of the node.
    chain.events = broadcast::channel(1).0;
    following.await.unwrap().unwrap();
    assert_eq!(looked.load(Ordering::Relaxed), 3);
    assert!(chain.is_indexed(&PartFiles::open(&chain.store, FOLDER).unwrap(), SETS as u64));
}

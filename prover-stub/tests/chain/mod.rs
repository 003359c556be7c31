//! A tiny rollup in memory, whose blocks the tests record and prove.

use alloy_consensus::{Header, SignableTransaction, TxEip1559};
use alloy_eips::eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, bytes, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use nybbles::Nibbles;
use op_alloy_consensus::TxDeposit;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tributary_execution::{Executor, OpenBlock, Outcome, encode};
use tributary_primitives::{
    Account, BlockAttributes, ChainSpec, Eip1559Params, ExecutedBlock, ExtraData, RootedDiff, StateError, StateReader, Transaction,
    TrieReader, TrieUpdates, rollup::predeploys,
};
use tributary_prover_stub::{BlockWitness, record};
use tributary_trie::{EMPTY_ROOT, full_state_root};

pub(crate) const CHAIN_ID: u64 = 630_925;

/// Remembers block numbers, forgets them again, and keeps the hash of the block before the parent:
/// `sstore(0, blockhash(number() - 2)) sstore(number(), number()) sstore(number() - 3, 0)`.
pub(crate) const LOG_BOOK: Address = address!("00000000000000000000000000000000000b00c5");
const LOG_BOOK_CODE: Bytes = bytes!("60024303405f554343555f6003430355");

/// Flat state and trie nodes of the newest block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    accounts: BTreeMap<Address, Account>,
    slots: BTreeMap<(Address, U256), U256>,
    codes: HashMap<B256, Bytes>,
    nodes: HashMap<B256, Bytes>,
    hashes: BTreeMap<u64, B256>,
}

impl Memory {
    fn keep_nodes(&mut self, trie: &TrieUpdates) {
        let storage = trie.storage.values().flat_map(|storage| storage.nodes.values());
        for rlp in trie.accounts.values().chain(storage).flatten() {
            self.nodes.insert(keccak256(rlp), rlp.clone());
        }
    }

    fn apply(&mut self, state: &RootedDiff) {
        self.keep_nodes(&state.trie);
        self.codes.extend(state.diff.code.iter().map(|(hash, code)| (*hash, code.clone())));
        for (address, diff) in &state.diff.accounts {
            match diff.after {
                Some(account) => drop(self.accounts.insert(*address, account)),
                None => drop(self.accounts.remove(address)),
            }
            for (slot, (_, after)) in &diff.storage {
                self.slots.insert((*address, *slot), *after);
            }
        }
    }
}

impl StateReader for Memory {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.accounts.get(&address).copied())
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        Ok(self.slots.get(&(address, slot)).copied().unwrap_or_default())
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        Ok(self.slots.iter().any(|((of, _), value)| *of == address && !value.is_zero()))
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.codes.get(&hash).cloned().ok_or_else(|| StateError::Missing(format!("code {hash}")))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        Ok(self.hashes.get(&number).copied().unwrap_or_default())
    }
}

impl TrieReader for Memory {
    fn trie_node(&self, _owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.nodes.get(&hash).cloned().ok_or_else(|| StateError::Missing(format!("trie node {hash} at {path:?}")))
    }
}

/// A rollup and its newest block.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) state: Memory,
    pub(crate) head: Header,
    pub(crate) key: PrivateKeySigner,
    nonce: u64,
}

impl Chain {
    /// A chain at genesis: one rich account, the history contract, the log book.
    pub(crate) fn new() -> Self {
        Self::with_contracts(&[(LOG_BOOK, LOG_BOOK_CODE)])
    }

    /// A chain at genesis: one rich account, the history contract, and these.
    pub(crate) fn with_contracts(contracts: &[(Address, Bytes)]) -> Self {
        let eip1559 = Eip1559Params { denominator: 250, elasticity: 6 };
        let config = ChainConfig { chain_id: CHAIN_ID, ..Default::default() };
        let spec = Arc::new(ChainSpec::rollup(Genesis { config, ..Default::default() }, eip1559).with_jovian());
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x11)).unwrap();
        let mut state = Memory::default();
        state.accounts.insert(key.address(), Account { balance: U256::from(10).pow(U256::from(20)), ..Default::default() });
        let history = (HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE.clone());
        for (address, code) in contracts.iter().cloned().chain([history]) {
            state.accounts.insert(address, Account { nonce: 1, code_hash: keccak256(&code), ..Default::default() });
            state.codes.insert(keccak256(&code), code);
        }
        let (state_root, trie) = full_state_root(state.accounts.iter().map(|(address, account)| (*address, *account, [])));
        state.keep_nodes(&trie);
        let head = Header {
            state_root,
            gas_limit: 30_000_000,
            timestamp: 1_700_000_000,
            base_fee_per_gas: Some(1_000_000_000),
            extra_data: ExtraData { eip1559, min_base_fee: Some(7) }.encode(),
            withdrawals_root: Some(EMPTY_ROOT),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(alloy_eips::eip7685::EMPTY_REQUESTS_HASH),
            transactions_root: EMPTY_ROOT,
            receipts_root: EMPTY_ROOT,
            ..Default::default()
        };
        state.hashes.insert(0, head.hash_slow());
        Self { spec, state, head, key, nonce: 0 }
    }

    /// A signed payment of the rich account.
    pub(crate) fn payment(&mut self, to: Address, value: u64) -> Transaction {
        self.transaction(to.into(), value, Bytes::new())
    }

    /// A signed transaction of the rich account.
    pub(crate) fn transaction(&mut self, to: TxKind, value: u64, input: Bytes) -> Transaction {
        let tx = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit: 2_000_000,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1_000_000,
            to,
            value: U256::from(value),
            input,
            ..Default::default()
        };
        self.nonce += 1;
        let signature = self.key.sign_hash_sync(&tx.signature_hash()).unwrap();
        Transaction::Eip1559(tx.into_signed(signature))
    }

    /// Builds the next block without making it the head: what the L1 attributes take, then the given transactions.
    pub(crate) fn build(&self, transactions: Vec<Transaction>) -> ExecutedBlock {
        let deposit = Transaction::from(TxDeposit {
            source_hash: keccak256(self.head.number.to_be_bytes()),
            from: predeploys::DEPOSITOR,
            to: TxKind::Call(predeploys::L1_BLOCK),
            gas_limit: 1_000_000,
            ..Default::default()
        });
        let attributes = BlockAttributes {
            timestamp: self.head.timestamp + 1,
            beneficiary: predeploys::SEQUENCER_FEE_VAULT,
            mix_hash: B256::repeat_byte(0x22),
            gas_limit: self.head.gas_limit,
            extra_data: self.head.extra_data.clone(),
            parent_beacon_block_root: Some(B256::repeat_byte(0x33)),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        let mut open =
            OpenBlock::new(&Executor::new(self.spec.clone()), self.state.clone(), &self.head, self.head.hash_slow(), attributes).unwrap();
        for tx in std::iter::once(deposit).chain(transactions) {
            let (sender, bytes) = (tx.sender().unwrap(), encode(&tx));
            let outcome = open.execute(tx, sender, bytes).unwrap();
            assert!(matches!(outcome, Outcome::Included(_)), "{outcome:?}");
        }
        open.seal().unwrap()
    }

    /// Builds the next block, records its witness on its parent's state, and makes it the head.
    pub(crate) fn advance(&mut self, transactions: Vec<Transaction>) -> BlockWitness {
        let executed = self.build(transactions);
        let witness = record(&Executor::new(self.spec.clone()), &self.state, &self.head, &executed.block, &executed.senders).unwrap();
        self.state.apply(&executed.state);
        self.state.hashes.insert(executed.block.header.number, executed.hash);
        self.head = executed.block.header;
        witness
    }
}

//! Building a block, one transaction at a time: `OpenBlock` → `ExecutedBlock`.
//!
//! Sequencing, replay, derivation and proving all go through here. What differs between them is where transactions come from and what a
//! caller does with one that is rejected.

use super::{rejection::Rejection, seal};
use crate::{
    error::Error,
    executor::Executor,
    fees::L1Fees,
    machine::{Leniency, Machine, TransactError},
    overlay::{Overlay, TxChanges},
};
use alloy_consensus::{Eip658Value, Header, Transaction as _, TransactionEnvelope as _};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use revm::{DatabaseCommit, inspector::NoOpInspector};
use std::sync::Arc;
use tributary_primitives::{BlockAttributes, ChainSpec, ExecutedBlock, Receipt, StateReader, Transaction, TrieReader, TxType};

/// What became of a transaction that was given to an open block.
#[derive(Debug)]
pub enum Outcome {
    /// It is in the block.
    Included(Included),
    /// It is not valid on this state, and changed nothing.
    Rejected(Rejection),
    /// It may be valid, but its gas (or its blobs, or its DA footprint) does not fit in what is left of the block.
    Full,
}

/// An included transaction.
#[derive(Debug)]
pub struct Included {
    /// Position in the block.
    pub index: usize,
    /// Gas that it used.
    pub gas_used: u64,
    /// What it changed.
    pub changes: TxChanges,
}

/// A block that is being built on a state.
#[derive(Debug)]
pub struct OpenBlock<S: StateReader> {
    executor: Executor,
    spec: Arc<ChainSpec>,
    parent: Header,
    header: Header,
    attributes: BlockAttributes,
    machine: Machine<S, NoOpInspector>,
    before: TxChanges,
    transactions: Vec<Transaction>,
    senders: Vec<Address>,
    receipts: Vec<Receipt>,
    gas_used: u64,
    /// Since Jovian a rollup's DA footprint.
    blob_gas_used: u64,
    /// What a rollup with Jovian charges, once the block has its L1 attributes.
    footprint: Option<L1Fees>,
    /// What its builder allows it of data, bytes as they are estimated for the DA footprint.
    most_data: u64,
}

impl<S: StateReader + TrieReader> OpenBlock<S> {
    /// Opens a block on `parent`, whose post-state is `state`, and makes the system calls that precede transactions.
    ///
    /// # Errors
    /// When the state cannot be read or the attributes contradict the chain's rules.
    pub fn new(executor: &Executor, state: S, parent: &Header, parent_hash: B256, attributes: BlockAttributes) -> Result<Self, Error> {
        let spec = executor.spec().clone();
        let header = draft_header(&spec, parent, parent_hash, &attributes)?;
        let mut machine = Machine::new(executor, &header, Overlay::new(state), Leniency::default(), NoOpInspector {});
        machine.set_inspecting(false);
        machine.before_block(&spec, parent_hash, attributes.parent_beacon_block_root)?;
        let before = machine.state_mut().take_changes();
        Ok(Self {
            executor: executor.clone(),
            spec,
            before,
            parent: parent.clone(),
            header,
            attributes,
            machine,
            transactions: Vec::new(),
            senders: Vec::new(),
            receipts: Vec::new(),
            gas_used: 0,
            blob_gas_used: 0,
            footprint: None,
            most_data: u64::MAX,
        })
    }

    /// Executes one transaction on top of those before it.
    ///
    /// # Errors
    /// Only when the state cannot be read; an invalid transaction is an [`Outcome`].
    pub fn execute(&mut self, tx: Transaction, sender: Address, encoded: Bytes) -> Result<Outcome, Error> {
        let footprint = match self.da_footprint(&encoded) {
            Ok(footprint) => footprint,
            Err(rejection) => return Ok(Outcome::Rejected(rejection)),
        };
        if tx.gas_limit() > self.gas_left() || !self.blobs_fit(&tx) || footprint > self.da_footprint_left() {
            return Ok(Outcome::Full);
        }
        let deposit_nonce = match tx.is_deposit() {
            true => Some(self.machine.state_mut().account_now(sender)?.unwrap_or_default().nonce),
            false => None,
        };
        let done = match self.machine.transact(&tx, sender, encoded) {
            Ok(done) => done,
            Err(TransactError::Invalid(error)) => {
                let funds = self.machine.state_mut().account_now(sender)?.unwrap_or_default().balance;
                let base_fee = self.header.base_fee_per_gas.unwrap_or_default();
                return Ok(Outcome::Rejected(Rejection::new(error, &tx, sender, funds, base_fee)));
            }
            Err(TransactError::Failed(error)) => return Err(error),
        };
        let gas_used = done.result.tx_gas_used();
        let succeeded = done.result.is_success();
        let logs = if succeeded { done.result.into_logs() } else { Vec::new() };
        self.machine.state_mut().commit(done.state);
        self.gas_used += gas_used;
        self.blob_gas_used += if self.spec.is_rollup() { footprint } else { tx.blob_gas_used().unwrap_or_default() };
        let outcome = self.outcome(succeeded)?;
        self.receipts.push(Receipt {
            tx_type: tx.tx_type(),
            outcome,
            cumulative_gas_used: self.gas_used,
            logs,
            deposit_nonce,
            deposit_receipt_version: (tx.tx_type() == TxType::Deposit).then_some(1),
        });
        self.transactions.push(tx);
        self.senders.push(sender);
        if self.transactions.len() == 1 && self.spec.is_jovian() {
            self.footprint = L1Fees::of_block(&self.transactions);
        }
        let changes = self.machine.state_mut().take_changes();
        Ok(Outcome::Included(Included { index: self.transactions.len() - 1, gas_used, changes }))
    }

    /// Executes what the block must begin with: [`PayloadAttributes::transactions`](tributary_primitives::PayloadAttributes). `included` is told of
    /// each, in order.
    ///
    /// # Errors
    /// [`Error::InvalidTransaction`] when one cannot be in the block, so that there is no such block; others when the state cannot be read.
    pub fn execute_forced(&mut self, transactions: &[Bytes], mut included: impl FnMut(&Self, Included)) -> Result<(), Error> {
        for raw in transactions {
            let invalid = |reason: String| Error::InvalidTransaction { index: self.transactions.len(), hash: keccak256(raw), reason };
            let tx = Transaction::decode_2718_exact(raw).map_err(|error| invalid(error.to_string()))?;
            let sender = self.spec.sender(&tx).map_err(|error| invalid(error.to_string()))?;
            let done = self.require(tx, sender, raw.clone())?;
            included(self, done);
        }
        Ok(())
    }

    /// As [`Self::execute`], of a transaction without which the block would be another.
    ///
    /// # Errors
    /// [`Error::InvalidTransaction`] when it is not included.
    pub fn require(&mut self, tx: Transaction, sender: Address, encoded: Bytes) -> Result<Included, Error> {
        let (index, hash) = (self.transactions.len(), tx.hash());
        let reason = match self.execute(tx, sender, encoded)? {
            Outcome::Included(included) => return Ok(included),
            Outcome::Rejected(rejection) => rejection.to_string(),
            Outcome::Full if self.footprint.is_some() => "gas limit or DA footprint limit reached".to_owned(),
            Outcome::Full => "gas limit reached".to_owned(),
        };
        Err(Error::InvalidTransaction { index, hash, reason })
    }

    /// Ends the block: rewards, withdrawals, requests, roots, header, hash.
    ///
    /// # Errors
    /// When the state or trie cannot be read or a system call fails.
    pub fn seal(self) -> Result<ExecutedBlock, Error> {
        let Self { executor, parent, header, attributes, mut machine, transactions, senders, receipts, gas_used, blob_gas_used, .. } = self;
        let requests = seal::after_transactions(executor.spec(), &header, &attributes, &receipts, &mut machine)?;
        let body = seal::Body { attributes, transactions, senders, receipts, requests, gas_used, blob_gas_used };
        seal::seal(&executor, &parent, header, body, machine.into_state())
    }

    /// The header so far: everything except roots, bloom and gas used is final.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The attributes that the block was opened with.
    pub const fn attributes(&self) -> &BlockAttributes {
        &self.attributes
    }

    /// What the system calls before the first transaction changed.
    pub const fn initial_changes(&self) -> &TxChanges {
        &self.before
    }

    /// Transactions included so far.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Their senders.
    pub fn senders(&self) -> &[Address] {
        &self.senders
    }

    /// Receipts so far, one per transaction.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Gas that is left.
    pub const fn gas_left(&self) -> u64 {
        self.header.gas_limit.saturating_sub(self.gas_used)
    }

    /// Blob gas that is left; zero on a chain without blobs.
    pub fn blob_gas_left(&self) -> u64 {
        self.spec.blob_params(self.header.timestamp).map_or(0, |params| params.max_blob_gas_per_block().saturating_sub(self.blob_gas_used))
    }

    /// What a transaction of these EIP-2718 bytes adds to the block's DA footprint, in gas; zero on a chain that knows none.
    ///
    /// # Errors
    /// [`Rejection::DaFootprint`] when that is more than a block may have.
    pub fn da_footprint(&self, encoded: &[u8]) -> Result<u64, Rejection> {
        let footprint = self.footprint.map_or(0, |fees| fees.da_footprint(encoded));
        let limit = self.header.gas_limit;
        if footprint > limit { Err(Rejection::DaFootprint { footprint, limit }) } else { Ok(footprint) }
    }

    /// DA footprint that is left, in gas; no bound on a chain that knows none.
    pub const fn da_footprint_left(&self) -> u64 {
        match self.footprint {
            Some(fees) => {
                let scalar = match fees.da_footprint_gas_scalar {
                    Some(scalar) if scalar > 0 => scalar as u64,
                    _ => 1,
                };
                let allowed = self.most_data.saturating_mul(scalar);
                let limit = if allowed < self.header.gas_limit { allowed } else { self.header.gas_limit };
                limit.saturating_sub(self.blob_gas_used)
            }
            None => u64::MAX,
        }
    }

    /// From now on the builder takes users' transactions only up to so many bytes of data in all, as they are estimated for the DA footprint. No rule of the
    /// chain: a block with more is as valid.
    pub const fn bound_data(&mut self, bytes: u64) {
        self.most_data = bytes;
    }

    /// The nonce and balance of an account after the transactions so far.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn account(&mut self, address: Address) -> Result<tributary_primitives::Account, Error> {
        Ok(self.machine.state_mut().account_now(address)?.unwrap_or_default())
    }

    fn blobs_fit(&self, tx: &Transaction) -> bool {
        // On a chain without blobs the machine refuses the transaction for its type.
        self.spec.blob_params(self.header.timestamp).is_none() || tx.blob_gas_used().unwrap_or_default() <= self.blob_gas_left()
    }

    /// The receipt's status, or before Byzantium (EIP-658) the state root after the transaction.
    fn outcome(&self, succeeded: bool) -> Result<Eip658Value, Error> {
        if self.spec.is_active(EthereumHardfork::Byzantium, self.header.number, self.header.timestamp) {
            return Ok(Eip658Value::Eip658(succeeded));
        }
        let overlay = self.machine.state();
        let (root, _) = tributary_trie::state_root(overlay.base(), self.parent.state_root, &overlay.diff()?)?;
        Ok(Eip658Value::PostState(root))
    }
}

/// The parts of a header that are known before execution.
fn draft_header(spec: &ChainSpec, parent: &Header, parent_hash: B256, attributes: &BlockAttributes) -> Result<Header, Error> {
    let number = parent.number + 1;
    let timestamp = attributes.timestamp;
    if timestamp < parent.timestamp || (timestamp == parent.timestamp && !spec.is_rollup()) {
        return Err(Error::InvalidBlock(format!("timestamp {timestamp} is not after the parent's {}", parent.timestamp)));
    }
    if spec.is_jovian() && spec.extra_data_of(&attributes.extra_data).is_none() {
        return Err(Error::InvalidBlock(format!("extra data {} is not of Jovian", attributes.extra_data)));
    }
    let cancun = spec.is_active(EthereumHardfork::Cancun, number, timestamp);
    Ok(Header {
        parent_hash,
        beneficiary: attributes.beneficiary,
        difficulty: attributes.difficulty,
        number,
        gas_limit: attributes.gas_limit,
        timestamp,
        extra_data: attributes.extra_data.clone(),
        mix_hash: attributes.mix_hash,
        nonce: attributes.nonce,
        base_fee_per_gas: base_fee(spec, parent, attributes),
        excess_blob_gas: next_excess_blob_gas(spec, parent, timestamp),
        parent_beacon_block_root: attributes.parent_beacon_block_root.filter(|_| cancun),
        ..Default::default()
    })
}

fn base_fee(spec: &ChainSpec, parent: &Header, attributes: &BlockAttributes) -> Option<u64> {
    spec.next_base_fee(parent, attributes.timestamp)
}

/// The excess blob gas of the block after `parent` (EIP-4844, EIP-7918); zero on a chain without blobs, `None` before Cancun.
pub(crate) fn next_excess_blob_gas(spec: &ChainSpec, parent: &Header, timestamp: u64) -> Option<u64> {
    spec.is_active(EthereumHardfork::Cancun, parent.number + 1, timestamp).then(|| match spec.blob_params(timestamp) {
        Some(params) => parent.next_block_excess_blob_gas(params).unwrap_or_default(),
        None => 0,
    })
}

/// A transaction's exact EIP-2718 bytes.
pub fn encode(tx: &Transaction) -> Bytes {
    tx.encoded_2718().into()
}

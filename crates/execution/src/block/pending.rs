//! What readers see of the open block: everything that was acknowledged, nothing that was not.
//!
//! The sequencer executes on its own [`OpenBlock`](crate::OpenBlock); once a transaction is durable it is published here. Values are kept
//! by the number of the transaction that wrote them, so that a [`PendingState`] stays the same while more transactions arrive.

use super::versions::{StateWithin, Versioned, Versions};
use crate::overlay::TxChanges;
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, map::B256Map};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tributary_primitives::{Receipt, StateReader, Transaction};

/// An acknowledged transaction of the open block.
#[derive(Debug, Clone)]
pub struct PendingTransaction {
    /// The transaction.
    pub tx: Transaction,
    /// Its hash.
    pub hash: B256,
    /// Its sender.
    pub sender: Address,
    /// Its receipt, final but for the block hash.
    pub receipt: Receipt,
    /// Gas that it used.
    pub gas_used: u64,
}

#[derive(Debug, Default)]
struct Contents {
    transactions: Vec<Arc<PendingTransaction>>,
    /// Logs of the block up to and including each transaction.
    logs: Vec<u64>,
    by_hash: B256Map<usize>,
    versions: Versions,
}

/// The open block as readers see it.
#[derive(Debug)]
pub struct PendingBlock<S> {
    base: S,
    header: Header,
    contents: RwLock<Contents>,
}

impl<S: StateReader> PendingBlock<S> {
    /// An open block with this draft header on `base`, with what the system calls before the first transaction changed.
    pub fn new(base: S, header: Header, before: TxChanges) -> Self {
        let mut contents = Contents::default();
        contents.versions.record(0, before);
        Self { base, header, contents: RwLock::new(contents) }
    }

    /// Makes a durable transaction visible. Transactions are published in the order of the block.
    pub fn publish(&self, transaction: PendingTransaction, changes: TxChanges) -> Arc<PendingTransaction> {
        let mut contents = self.write();
        let number = contents.transactions.len() + 1;
        contents.versions.record(number, changes);
        contents.by_hash.insert(transaction.hash, number - 1);
        let logs = contents.logs.last().copied().unwrap_or_default() + transaction.receipt.logs.len() as u64;
        contents.logs.push(logs);
        let transaction = Arc::new(transaction);
        contents.transactions.push(transaction.clone());
        transaction
    }

    /// The draft header: number, time, base fee and limits are final, roots are not.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The state below the block.
    pub const fn base(&self) -> &S {
        &self.base
    }

    /// Number of transactions published so far.
    pub fn len(&self) -> usize {
        self.read().transactions.len()
    }

    /// Whether nothing was published yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The published transaction at a position.
    pub fn get(&self, index: usize) -> Option<Arc<PendingTransaction>> {
        self.read().transactions.get(index).cloned()
    }

    /// The index in the block of the first log of the transaction at a position.
    pub fn first_log(&self, index: usize) -> u64 {
        index.checked_sub(1).and_then(|before| self.read().logs.get(before).copied()).unwrap_or_default()
    }

    /// Transactions published so far.
    pub fn transactions(&self) -> Vec<Arc<PendingTransaction>> {
        self.read().transactions.clone()
    }

    /// A published transaction and its position.
    pub fn transaction(&self, hash: B256) -> Option<(usize, Arc<PendingTransaction>)> {
        let contents = self.read();
        let index = *contents.by_hash.get(&hash)?;
        Some((index, contents.transactions[index].clone()))
    }

    /// The state after all transactions published so far.
    pub fn state(self: &Arc<Self>) -> PendingState<S> {
        let upto = self.read().transactions.len();
        PendingState { block: self.clone(), upto }
    }

    // A panic while holding the lock can only come from running out of memory; the contents are whole after every statement.
    fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: StateReader> Versioned for PendingBlock<S> {
    fn base(&self) -> &dyn StateReader {
        &self.base
    }

    fn with_versions<T>(&self, look: impl FnOnce(&Versions) -> T) -> T {
        look(&self.read().versions)
    }
}

/// The open block's state after a fixed number of its transactions.
pub type PendingState<S> = StateWithin<PendingBlock<S>>;

impl<S: StateReader> PendingState<S> {
    /// The block that this is the state of.
    pub const fn block(&self) -> &Arc<PendingBlock<S>> {
        &self.block
    }

    /// The transactions that the state is after.
    pub fn transactions(&self) -> Vec<Arc<PendingTransaction>> {
        self.block.read().transactions[..self.upto].to_vec()
    }

    /// All that differs from the state below the block, as one change for each account.
    pub fn changes(&self) -> TxChanges {
        self.block.read().versions.changes(self.upto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::AccountChange;
    use alloy_primitives::{Bytes, U256, address};
    use tributary_primitives::{Account, StateError};

    #[derive(Debug)]
    struct Sevens;
    impl StateReader for Sevens {
        fn account(&self, _: Address) -> Result<Option<Account>, StateError> {
            Ok(None)
        }
        fn storage(&self, _: Address, _: U256) -> Result<U256, StateError> {
            Ok(U256::from(7))
        }
        fn has_storage(&self, _: Address) -> Result<bool, StateError> {
            Ok(true)
        }
        fn code(&self, hash: B256) -> Result<Bytes, StateError> {
            Err(StateError::Missing(hash.to_string()))
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    fn transaction(nonce: u64) -> PendingTransaction {
        let tx = Transaction::from(op_alloy_consensus::TxDeposit { gas_limit: nonce, ..Default::default() });
        let receipt = Receipt {
            tx_type: tributary_primitives::TxType::Deposit,
            outcome: true.into(),
            cumulative_gas_used: 0,
            logs: vec![],
            deposit_nonce: None,
            deposit_receipt_version: None,
        };
        PendingTransaction { hash: tx.hash(), tx, sender: Address::ZERO, receipt, gas_used: 0 }
    }

    #[test]
    fn a_state_does_not_change_while_transactions_arrive() {
        let who = address!("00000000000000000000000000000000000000aa");
        let write = |value: u64, storage_cleared| TxChanges {
            accounts: vec![AccountChange {
                address: who,
                after: Some(Account { nonce: value, ..Default::default() }),
                storage_cleared,
                storage: vec![(U256::ZERO, U256::from(value))],
            }],
            code: vec![],
        };
        let block = Arc::new(PendingBlock::new(Sevens, Header::default(), TxChanges::default()));
        let before = block.state();
        block.publish(transaction(1), write(1, false));
        let first = block.state();
        block.publish(transaction(2), write(2, true));
        let second = block.state();
        assert_eq!(before.storage(who, U256::ZERO).unwrap(), U256::from(7));
        assert_eq!(before.account(who).unwrap(), None);
        assert_eq!(first.storage(who, U256::ZERO).unwrap(), U256::from(1));
        assert_eq!(first.storage(who, U256::from(1)).unwrap(), U256::from(7));
        assert_eq!(second.storage(who, U256::ZERO).unwrap(), U256::from(2));
        assert_eq!(second.storage(who, U256::from(1)).unwrap(), U256::ZERO, "cleared by the second transaction");
        assert_eq!(second.account(who).unwrap().unwrap().nonce, 2);

        assert!(before.changes().accounts.is_empty());
        let seen = |state: &PendingState<Sevens>| {
            let all = state.changes().accounts;
            all.into_iter().map(|one| (one.address, one.after.unwrap().nonce, one.storage_cleared, one.storage)).collect::<Vec<_>>()
        };
        assert_eq!(seen(&first), [(who, 1, false, vec![(U256::ZERO, U256::from(1))])]);
        assert_eq!(seen(&second), [(who, 2, true, vec![(U256::ZERO, U256::from(2))])]);
    }
}

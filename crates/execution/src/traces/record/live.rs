//! The state in the middle of a transaction, for those who may ask for any of it.

use super::event::Undo;
use crate::{calls::state::State, error::DbError, overlay::Overlay};
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    DatabaseRef,
    state::{AccountInfo, EvmState},
};

/// What the transaction changed so far, and the state before it. Taken out of the machine while somebody looks at it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) changed: EvmState,
    pub(crate) before: Overlay<State>,
    pub(crate) undo: Option<Undo>,
}

impl Live {
    /// Nothing of it, in its place while it is lent.
    pub(crate) fn hollow(&self) -> Self {
        Self { changed: EvmState::default(), before: Overlay::new(self.before.base().clone()), undo: None }
    }

    /// The account, if it exists.
    pub(crate) fn account(&self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        let info = match self.changed.get(&address) {
            Some(account) if account.is_loaded_as_not_existing_not_touched() => None,
            Some(account) => Some(account.info.clone()),
            None => self.before.basic_ref(address)?,
        };
        let Some(Undo::Balances(before)) = self.undo else { return Ok(info) };
        let balance = before.iter().find(|(whose, _)| *whose == address).map(|(_, balance)| *balance);
        Ok(info.map(|info| AccountInfo { balance: balance.unwrap_or(info.balance), ..info }))
    }

    /// A slot's value.
    pub(crate) fn storage(&self, address: Address, slot: U256) -> Result<U256, DbError> {
        match self.undo {
            Some(Undo::Slot(whose, which, before)) if (whose, which) == (address, slot) => return Ok(before),
            _ => {}
        }
        match self.changed.get(&address).map(|account| (account.storage.get(&slot), account.is_created())) {
            Some((Some(value), _)) => Ok(value.present_value),
            Some((None, true)) => Ok(U256::ZERO),
            _ => self.before.storage_ref(address, slot),
        }
    }

    /// The account's code; of a delegated one what delegates it.
    pub(crate) fn code(&self, address: Address) -> Result<Bytes, DbError> {
        let Some(info) = self.account(address)? else { return Ok(Bytes::new()) };
        match &info.code {
            Some(code) => Ok(code.original_bytes()),
            None if info.is_empty_code_hash() => Ok(Bytes::new()),
            None => Ok(self.before.code_by_hash_ref(info.code_hash)?.original_bytes()),
        }
    }
}

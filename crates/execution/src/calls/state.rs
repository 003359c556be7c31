//! The states that calls are simulated on.

use crate::{error::DbError, overlay::Overlay};
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::DatabaseRef;
use std::{collections::BTreeMap, sync::Arc};
use tributary_primitives::{Account, StateError, StateReader};

/// Any state to call on. One type for all, so that the EVM for calls is compiled once.
pub type State = Arc<dyn StateReader>;

/// What some transactions left behind, readable like any state.
#[derive(Debug)]
pub(crate) struct Frozen(Overlay<State>);

impl Frozen {
    pub(crate) fn new(overlay: Overlay<State>) -> Self {
        Self(overlay)
    }
}

impl StateReader for Frozen {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let info = self.0.basic_ref(address).map_err(cause)?;
        Ok(info.map(|info| Account { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash }))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.0.storage_ref(address, slot).map_err(cause)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.0.has_storage(address)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.0.code_by_hash_ref(hash).map(|code| code.original_bytes()).map_err(cause)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.0.block_hash_ref(number).map_err(cause)
    }

    fn may_be_kept(&self) -> bool {
        self.0.base().may_be_kept()
    }
}

fn cause(error: DbError) -> StateError {
    error.0
}

/// A state in which some block hashes are others.
#[derive(Debug)]
pub(crate) struct Renumbered {
    pub(crate) base: State,
    pub(crate) hashes: BTreeMap<u64, B256>,
}

impl StateReader for Renumbered {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.base.account(address)
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.base.storage(address, slot)
    }
    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.base.has_storage(address)
    }
    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.base.code(hash)
    }
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.hashes.get(&number).map_or_else(|| self.base.block_hash(number), |hash| Ok(*hash))
    }
    fn may_be_kept(&self) -> bool {
        self.base.may_be_kept()
    }
}

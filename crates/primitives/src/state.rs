//! Flat state: what an account is, how a past or present state is read, and what a block changed in it.

use crate::trie::TrieUpdates;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use std::{collections::BTreeMap, error::Error};

/// The consensus fields of an account, without its storage root (the trie computes that).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent (EOA) or contracts created (contract).
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// keccak256 of the code, [`KECCAK256_EMPTY`] when there is none.
    pub code_hash: B256,
}

impl Default for Account {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: KECCAK256_EMPTY }
    }
}

impl Account {
    /// Whether the account has code.
    pub fn has_code(&self) -> bool {
        self.code_hash != KECCAK256_EMPTY
    }

    /// Empty in the sense of EIP-161: no nonce, no balance, no code.
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && !self.has_code()
    }
}

/// Why a state could not be read. A caller can only give up on the block that it was executing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The state does not hold what was asked for although it should (a witness that is too small, a pruned block).
    #[error("state is missing {0}")]
    Missing(String),
    /// The backend failed.
    #[error("state backend: {0}")]
    Backend(#[source] Box<dyn Error + Send + Sync>),
}

impl StateError {
    /// Wraps a backend's own error.
    pub fn backend(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Backend(Box::new(error))
    }
}

/// One state of the chain, readable. Implemented by the database at a block, by an overlay over another state, and by a witness.
pub trait StateReader: std::fmt::Debug + Send + Sync {
    /// The account at `address`, `None` when it does not exist.
    fn account(&self, address: Address) -> Result<Option<Account>, StateError>;
    /// The value of a storage slot, zero when it was never written.
    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError>;
    /// Whether any slot of the account is not zero. Execution asks this only of accounts with neither nonce nor code, at whose address a contract is
    /// about to be created (EIP-7610).
    fn has_storage(&self, address: Address) -> Result<bool, StateError>;
    /// The code with this keccak256 hash.
    fn code(&self, hash: B256) -> Result<Bytes, StateError>;
    /// The hash of a block of this chain; zero when it is unknown or more than 256 blocks old (BLOCKHASH).
    fn block_hash(&self, number: u64) -> Result<B256, StateError>;
    /// Whether what was read by its hash (a code, a trie node) may be kept, and used later instead of asking again. Not where it counts that this state
    /// has it, or that it was asked for it.
    fn may_be_kept(&self) -> bool {
        false
    }
}

/// Encoded nodes of the Merkle-Patricia tries, by path. Implemented by the database and by a witness.
pub trait TrieReader: std::fmt::Debug + Send + Sync {
    /// The RLP of the node at `path` whose keccak256 is `hash`, in the account trie (`owner` is `None`) or in the storage trie of the account
    /// whose address hashes to `owner`. Nodes shorter than 32 bytes live inside their parent and are never asked for, except a root.
    fn trie_node(&self, owner: Option<B256>, path: &nybbles::Nibbles, hash: B256) -> Result<Bytes, StateError>;
}

/// The state without accounts, before any genesis.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyState;

impl StateReader for EmptyState {
    fn account(&self, _: Address) -> Result<Option<Account>, StateError> {
        Ok(None)
    }

    fn storage(&self, _: Address, _: U256) -> Result<U256, StateError> {
        Ok(U256::ZERO)
    }

    fn has_storage(&self, _: Address) -> Result<bool, StateError> {
        Ok(false)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        Err(StateError::Missing(hash.to_string()))
    }

    fn block_hash(&self, _: u64) -> Result<B256, StateError> {
        Ok(B256::ZERO)
    }
}

impl TrieReader for EmptyState {
    fn trie_node(&self, _: Option<B256>, _: &nybbles::Nibbles, hash: B256) -> Result<Bytes, StateError> {
        Err(StateError::Missing(hash.to_string()))
    }
}

macro_rules! forward {
    ($($ty:ty),+) => {$(
        impl<S: StateReader + ?Sized> StateReader for $ty {
            fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
                (**self).account(address)
            }
            fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
                (**self).storage(address, slot)
            }
            fn has_storage(&self, address: Address) -> Result<bool, StateError> {
                (**self).has_storage(address)
            }
            fn code(&self, hash: B256) -> Result<Bytes, StateError> {
                (**self).code(hash)
            }
            fn block_hash(&self, number: u64) -> Result<B256, StateError> {
                (**self).block_hash(number)
            }
            fn may_be_kept(&self) -> bool {
                (**self).may_be_kept()
            }
        }
        impl<S: TrieReader + ?Sized> TrieReader for $ty {
            fn trie_node(&self, owner: Option<B256>, path: &nybbles::Nibbles, hash: B256) -> Result<Bytes, StateError> {
                (**self).trie_node(owner, path, hash)
            }
        }
    )+};
}
forward!(&S, std::sync::Arc<S>, Box<S>);

/// What a block did to one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountDiff {
    /// The account before the block.
    pub before: Option<Account>,
    /// The account after the block; `None` when it was destroyed.
    pub after: Option<Account>,
    /// All storage that the account had before the block is gone (destroyed, possibly created anew).
    pub storage_cleared: bool,
    /// Changed slots: slot → (before, after). With `storage_cleared`, `before` is still the value before the block.
    pub storage: BTreeMap<U256, (U256, U256)>,
}

/// What a block did to the state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateDiff {
    /// Changed accounts.
    pub accounts: BTreeMap<Address, AccountDiff>,
    /// Codes deployed in the block, by keccak256.
    pub code: BTreeMap<B256, Bytes>,
}

/// The state side of an executed block: the flat difference, the new root and the trie nodes that changed.
#[derive(Debug, Clone, Default)]
pub struct RootedDiff {
    /// Flat difference.
    pub diff: StateDiff,
    /// Changed trie nodes.
    pub trie: TrieUpdates,
    /// State root after the block.
    pub state_root: B256,
}

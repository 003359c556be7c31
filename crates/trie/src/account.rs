use crate::{EMPTY_ROOT, Error};
use alloy_primitives::{B256, KECCAK256_EMPTY, U256};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use tributary_primitives::Account;

/// The value of a leaf of the account trie: RLP of `[nonce, balance, storage_root, code_hash]` (Yellow Paper, 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct AccountLeaf {
    /// Transactions sent or contracts created.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// Root of the account's storage trie.
    pub storage_root: B256,
    /// keccak256 of the code.
    pub code_hash: B256,
}

impl Default for AccountLeaf {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, storage_root: EMPTY_ROOT, code_hash: KECCAK256_EMPTY }
    }
}

impl AccountLeaf {
    /// The leaf of an account whose storage has this root.
    pub fn new(account: &Account, storage_root: B256) -> Self {
        Self { nonce: account.nonce, balance: account.balance, storage_root, code_hash: account.code_hash }
    }

    /// The account without its storage root.
    pub fn account(&self) -> Account {
        Account { nonce: self.nonce, balance: self.balance, code_hash: self.code_hash }
    }

    /// Reads a leaf's value; anything after the list is an error.
    pub(crate) fn decode_exact(mut rlp: &[u8]) -> Result<Self, Error> {
        let leaf = Self::decode(&mut rlp).map_err(Error::MalformedLeaf)?;
        if rlp.is_empty() { Ok(leaf) } else { Err(Error::MalformedLeaf(alloy_rlp::Error::UnexpectedLength)) }
    }
}

/// Reads the value of a leaf of a storage trie: RLP of the integer; zero where there is no leaf.
pub(crate) fn slot_value(leaf: Option<&[u8]>) -> Result<U256, Error> {
    match leaf {
        None => Ok(U256::ZERO),
        Some(rlp) => alloy_rlp::decode_exact(rlp).map_err(Error::MalformedLeaf),
    }
}

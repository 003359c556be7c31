//! Accounts of a development chain, and the transactions that tests send from them.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, hex, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use serde_json::Value;

/// The phrase of development nodes' funded accounts.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// What test transactions offer for a gas: far above the base fee of an idle chain.
pub const FEE_CAP: u128 = 2_000_000_000;

/// A signed transaction.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Its hash.
    pub hash: B256,
    /// Its EIP-2718 encoding.
    pub raw: Bytes,
}

impl Signed {
    /// A transaction that exists as bytes only.
    pub fn of(raw: impl Into<Bytes>) -> Self {
        let raw = raw.into();
        Self { hash: keccak256(&raw), raw }
    }

    /// The bytes as JSON-RPC has them.
    pub fn json(&self) -> Value {
        Value::String(hex::encode_prefixed(&self.raw))
    }
}

/// A key on one chain, with the nonce that it uses next.
#[derive(Debug, Clone)]
pub struct Wallet {
    signer: PrivateKeySigner,
    /// Chain that it signs for.
    pub chain_id: u64,
    /// Nonce of the next transaction.
    pub nonce: u64,
}

impl Wallet {
    /// The funded account of this number.
    ///
    /// # Panics
    /// Never: the phrase is valid.
    pub fn funded(index: u32, chain_id: u64) -> Self {
        let builder = MnemonicBuilder::<English>::default().phrase(MNEMONIC).index(index).expect("invariant: the path is valid");
        Self { signer: builder.build().expect("invariant: the phrase is valid"), chain_id, nonce: 0 }
    }

    /// An account without funds, the same for the same seed.
    ///
    /// # Panics
    /// Never: a hash is a valid key but for odds of 2⁻¹²⁸.
    pub fn poor(seed: u64, chain_id: u64) -> Self {
        let key = keccak256(seed.to_be_bytes());
        Self { signer: PrivateKeySigner::from_bytes(&key).expect("invariant: a hash is a key"), chain_id, nonce: 0 }
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// A transaction with this wallet's nonce and plain values everywhere, to be changed and signed.
    pub fn draft(&self) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit: 21_000,
            max_fee_per_gas: FEE_CAP,
            max_priority_fee_per_gas: 1_000_000,
            to: TxKind::Call(Address::repeat_byte(0xee)),
            ..TxEip1559::default()
        }
    }

    /// Signs any kind of transaction. Leaves the nonce alone.
    ///
    /// # Panics
    /// Never: the key is in memory.
    pub fn sign<T: SignableTransaction<Signature>>(&self, transaction: T) -> Signed
    where
        TxEnvelope: From<alloy_consensus::Signed<T>>,
    {
        let signature = self.signature(transaction.signature_hash());
        Signed::of(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718())
    }

    /// Signs a hash.
    ///
    /// # Panics
    /// Never: the key is in memory.
    pub fn signature(&self, hash: B256) -> Signature {
        self.signer.sign_hash_sync(&hash).expect("invariant: a key in memory signs")
    }

    /// The next transaction: sends `value` wei.
    pub fn transfer(&mut self, to: Address, value: u64) -> Signed {
        self.next(TxEip1559 { to: TxKind::Call(to), value: U256::from(value), ..self.draft() })
    }

    /// The next transaction: calls a contract.
    pub fn call(&mut self, to: Address, input: impl Into<Bytes>, gas_limit: u64) -> Signed {
        self.next(TxEip1559 { to: TxKind::Call(to), input: input.into(), gas_limit, ..self.draft() })
    }

    /// The next transaction: creates a contract, whose address it also gives.
    pub fn create(&mut self, init_code: impl Into<Bytes>) -> (Signed, Address) {
        let address = self.address().create(self.nonce);
        (self.next(TxEip1559 { to: TxKind::Create, input: init_code.into(), gas_limit: 3_000_000, ..self.draft() }), address)
    }

    /// Signs, and counts the nonce up.
    fn next(&mut self, transaction: TxEip1559) -> Signed {
        let signed = self.sign(transaction);
        self.nonce += 1;
        signed
    }
}

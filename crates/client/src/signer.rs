//! Where signatures come from: a key in this process, or a service that keeps it.

use crate::{Client, Error};
use alloy_consensus::{SignableTransaction, Signed, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, Bytes, Signature};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use serde::Deserialize;
use serde_json::Value;

/// What signs for one account.
#[derive(Clone)]
pub enum Signer {
    /// A key in this process.
    Key(PrivateKeySigner),
    /// A service with the JSON-RPC of a wallet (`eth_signTransaction`, `eth_signTypedData`), as Web3Signer and nodes with accounts have it. What it signs is
    /// compared with what it was asked for.
    Service {
        /// The service.
        client: Client,
        /// The account that it signs for.
        address: Address,
    },
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signer").field(&self.address()).finish()
    }
}

impl From<PrivateKeySigner> for Signer {
    fn from(key: PrivateKeySigner) -> Self {
        Self::Key(key)
    }
}

/// `eth_signTransaction`: the signed transaction as it is (Web3Signer), or in an object (geth).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum SignedTransaction {
    Raw(Bytes),
    Object { raw: Bytes },
}

impl Signer {
    /// The service at `client`, for `address`, or for its only account.
    ///
    /// # Errors
    /// When it does not answer; [`Error::Config`] when it does not sign for that account, or for several and none was named.
    pub async fn service(client: Client, address: Option<Address>) -> Result<Self, Error> {
        let accounts: Vec<Address> = client.demand("eth_accounts", ()).await?;
        let address = match (address, accounts.as_slice()) {
            (Some(address), accounts) if accounts.contains(&address) => address,
            (Some(address), _) => return Err(Error::Config(format!("the signer has no key of {address}"))),
            (None, [only]) => *only,
            (None, accounts) => return Err(Error::Config(format!("the signer has {} accounts; say which one", accounts.len()))),
        };
        Ok(Self::Service { client, address })
    }

    /// The account.
    pub const fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.address(),
            Self::Service { address, .. } => *address,
        }
    }

    /// Signs a transaction.
    ///
    /// # Errors
    /// [`Error::Signing`]; [`Error::Inconsistent`] when a service signed something else.
    pub async fn transaction(&self, transaction: TxEip1559) -> Result<Signed<TxEip1559>, Error> {
        let (client, address) = match self {
            Self::Key(key) => {
                let signature = key.sign_hash_sync(&transaction.signature_hash())?;
                return Ok(transaction.into_signed(signature));
            }
            Self::Service { client, address } => (client, *address),
        };
        let request = TransactionRequest::from_transaction(transaction.clone()).from(address);
        let (SignedTransaction::Raw(raw) | SignedTransaction::Object { raw }) = client.demand("eth_signTransaction", (request,)).await?;
        let signed = TxEnvelope::decode_2718(&mut raw.as_ref()).ok().and_then(|signed| signed.as_eip1559().cloned());
        let signed = signed.filter(|signed| *signed.tx() == transaction && signed.recover_signer().is_ok_and(|signer| signer == address));
        signed.ok_or_else(|| Error::Inconsistent("the signer signed another transaction than it was asked to".to_owned()))
    }

    /// Signs typed data (EIP-712), given as the JSON of `eth_signTypedData_v4`; `digest` is its hash.
    ///
    /// # Errors
    /// As of [`Self::transaction`].
    pub async fn typed_data(&self, data: &Value, digest: alloy_primitives::B256) -> Result<Signature, Error> {
        let (client, address) = match self {
            Self::Key(key) => return Ok(key.sign_hash_sync(&digest)?),
            Self::Service { client, address } => (client, *address),
        };
        let raw: Bytes = client.demand("eth_signTypedData_v4", (address, data)).await?;
        let signature = Signature::from_raw(&raw).ok();
        let signature = signature.filter(|signature| signature.recover_address_from_prehash(&digest).is_ok_and(|signer| signer == address));
        signature.ok_or_else(|| Error::Inconsistent("the signer signed other data than it was asked to".to_owned()))
    }
}

//! From what should happen on L1 to signed bytes.

use crate::error::Error;
use alloy_consensus::{SignableTransaction, Signed, TxEip1559, TxEip4844, TxEip4844WithSidecar};
use alloy_eips::{
    eip4844::{Blob, BlobTransactionSidecar, builder::BuildableSidecar},
    eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use tributary_client::TxFees;
use tributary_primitives::trusted_setup;

/// How an L1 wants blobs proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SidecarFormat {
    /// What the L1 says (`eth_config`), and where it says nothing: for each blob, until it refuses that.
    #[default]
    Auto,
    /// One proof for each blob (EIP-4844), until Osaka.
    BlobProofs,
    /// One proof for each cell (EIP-7594), since Osaka.
    CellProofs,
}

/// A format in which blobs are proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proofs {
    OfBlobs,
    OfCells,
}

impl Proofs {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::OfBlobs => Self::OfCells,
            Self::OfCells => Self::OfBlobs,
        }
    }
}

/// A transaction to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxRequest {
    /// Recipient, or a new contract.
    pub to: TxKind,
    /// Wei.
    pub value: U256,
    /// Calldata or init code.
    pub input: Bytes,
    /// Encoded blobs; none for an ordinary transaction.
    pub blobs: Vec<Blob>,
    /// Gas limit; estimated where it is not given.
    pub gas_limit: Option<u64>,
}

impl TxRequest {
    /// A call, or calldata for an inbox.
    pub fn call(to: Address, input: impl Into<Bytes>) -> Self {
        Self { to: TxKind::Call(to), value: U256::ZERO, input: input.into(), blobs: Vec::new(), gas_limit: None }
    }

    /// A payment.
    pub fn transfer(to: Address, value: U256) -> Self {
        Self { value, ..Self::call(to, Bytes::new()) }
    }

    /// A new contract.
    pub fn deploy(init_code: impl Into<Bytes>) -> Self {
        Self { to: TxKind::Create, value: U256::ZERO, input: init_code.into(), blobs: Vec::new(), gas_limit: None }
    }

    /// Blobs for an inbox.
    pub fn blobs(to: Address, blobs: Vec<Blob>) -> Self {
        Self { blobs, ..Self::call(to, Bytes::new()) }
    }
}

/// A request with everything that does not change when it is replaced.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) request: TxRequest,
    pub(crate) gas_limit: u64,
    pub(crate) sidecar: Option<BlobTransactionSidecarVariant>,
}

impl Prepared {
    pub(crate) fn has_blobs(&self) -> bool {
        self.sidecar.is_some()
    }

    /// How its blobs are proved.
    pub(crate) fn proofs(&self) -> Option<Proofs> {
        self.sidecar.as_ref().map(|sidecar| if sidecar.is_eip7594() { Proofs::OfCells } else { Proofs::OfBlobs })
    }
}

/// A signed transaction in network form.
#[derive(Debug, Clone)]
pub(crate) struct SignedTx {
    pub(crate) hash: B256,
    pub(crate) raw: Bytes,
}

/// Commitments and proofs, about 30 ms for each blob.
pub(crate) async fn prove_blobs(blobs: Vec<Blob>, proofs: Proofs) -> Result<Option<BlobTransactionSidecarVariant>, Error> {
    if blobs.is_empty() {
        return Ok(None);
    }
    let prove = move || match proofs {
        Proofs::OfBlobs => BlobTransactionSidecar::build_with_settings(blobs, trusted_setup()).map(BlobTransactionSidecarVariant::Eip4844),
        Proofs::OfCells => BlobTransactionSidecarEip7594::build(blobs).map(BlobTransactionSidecarVariant::Eip7594),
    };
    let sidecar = tokio::task::spawn_blocking(prove).await.expect("invariant: proving blobs does not panic");
    sidecar.map(Some).map_err(|error| Error::Unsendable(format!("blob: {error}")))
}

/// Signs a prepared transaction.
pub(crate) fn sign(tx: &Prepared, chain_id: u64, nonce: u64, fees: &TxFees, key: &PrivateKeySigner) -> Result<SignedTx, Error> {
    let TxRequest { to, value, input, .. } = tx.request.clone();
    let Some(sidecar) = &tx.sidecar else {
        let plain = TxEip1559 {
            chain_id,
            nonce,
            gas_limit: tx.gas_limit,
            max_fee_per_gas: fees.max_fee,
            max_priority_fee_per_gas: fees.tip,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        let signature = key.sign_hash_sync(&plain.signature_hash()).map_err(unsendable)?;
        return Ok(encode(&plain.into_signed(signature)));
    };
    let TxKind::Call(to) = to else { return Err(Error::Unsendable("a blob transaction cannot create a contract".to_owned())) };
    let bare = TxEip4844 {
        chain_id,
        nonce,
        gas_limit: tx.gas_limit,
        max_fee_per_gas: fees.max_fee,
        max_priority_fee_per_gas: fees.tip,
        to,
        value,
        access_list: Default::default(),
        blob_versioned_hashes: sidecar.versioned_hashes().collect(),
        max_fee_per_blob_gas: fees.blob_fee,
        input,
    };
    let signature = key.sign_hash_sync(&bare.signature_hash()).map_err(unsendable)?;
    Ok(encode(&TxEip4844WithSidecar::from_tx_and_sidecar(bare, sidecar.clone()).into_signed(signature)))
}

fn encode<T: alloy_consensus::transaction::RlpEcdsaEncodableTx>(signed: &Signed<T>) -> SignedTx {
    let mut raw = Vec::with_capacity(signed.eip2718_encoded_length());
    signed.eip2718_encode(&mut raw);
    SignedTx { hash: *signed.hash(), raw: raw.into() }
}

fn unsendable(error: alloy_signer::Error) -> Error {
    Error::Unsendable(format!("signing: {error}"))
}

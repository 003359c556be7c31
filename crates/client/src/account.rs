//! An account whose key we have, on one chain.

use crate::{
    client::Client,
    error::{Error, RpcFault},
    fees::{FeeLimits, TxFees},
    receipt::Receipt,
    refusal::Refusal,
    signer::Signer,
};
use alloy_consensus::{TxEip1559, TxEnvelope};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// First pause between two looks for a receipt; each is half as long again, up to the second.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_secs(1);

/// Attempts at a nonce: another program may send from the same account.
const NONCES: usize = 5;

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Recipient, or a new contract.
    pub to: TxKind,
    /// Wei.
    pub value: U256,
    /// Calldata or init code.
    pub input: Bytes,
    /// Gas limit; estimated, with a quarter more, where it is not given.
    pub gas_limit: Option<u64>,
}

impl Call {
    /// A payment.
    pub fn transfer(to: Address, value: U256) -> Self {
        Self { to: TxKind::Call(to), value, input: Bytes::new(), gas_limit: None }
    }

    /// A call of a contract's function.
    pub fn of(to: Address, call: &impl SolCall) -> Self {
        Self { to: TxKind::Call(to), value: U256::ZERO, input: call.abi_encode().into(), gas_limit: None }
    }

    /// A new contract.
    pub fn deploy(init_code: impl Into<Bytes>) -> Self {
        Self { to: TxKind::Create, value: U256::ZERO, input: init_code.into(), gas_limit: None }
    }

    /// The same with this value, wei.
    #[must_use]
    pub fn with_value(self, value: U256) -> Self {
        Self { value, ..self }
    }
}

/// A signing account. Clones share the nonce; what is sent from it elsewhere is noticed.
#[derive(Clone)]
pub struct Account {
    client: Client,
    signer: Signer,
    chain_id: u64,
    fees: FeeLimits,
    /// The next nonce, once it is known. Held while a transaction is handed in, so that one that is refused leaves no gap.
    next_nonce: Arc<Mutex<Option<u64>>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("address", &self.address()).field("chain_id", &self.chain_id).finish_non_exhaustive()
    }
}

impl Account {
    /// The account that `signer` signs for on the chain of `client`, which pays at most `fees`.
    ///
    /// # Errors
    /// When the node does not tell its chain id.
    pub async fn new(client: Client, signer: impl Into<Signer>, fees: FeeLimits) -> Result<Self, Error> {
        let chain_id = client.chain_id().await?;
        Ok(Self { client, signer: signer.into(), chain_id, fees, next_nonce: Arc::default() })
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// What signs for it.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The id of its chain.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// What asks its chain.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Signs a transaction and hands it in; its hash. Several at a time are numbered in the order in which they get here.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the node's words when it would revert, cannot be paid for or is not taken.
    pub async fn send(&self, call: &Call) -> Result<B256, Error> {
        let gas_limit = match call.gas_limit {
            Some(gas) => gas,
            None => self.estimate(call).await?,
        };
        let fees = TxFees::estimate(&self.client, &self.fees).await?;
        let mut next = self.next_nonce.lock().await;
        let mut attempts = 0;
        loop {
            let nonce = match *next {
                Some(nonce) => nonce,
                None => self.client.nonce(self.address(), BlockId::pending()).await?,
            };
            let (hash, raw) = self.sign(call, nonce, gas_limit, &fees).await?;
            attempts += 1;
            match self.client.send_raw_transaction(&raw).await {
                Err(Error::Rejected { fault, .. }) if is_nonce_used(&fault) && attempts < NONCES => {
                    // The answer to a first exchange may have been lost after it had worked.
                    if self.client.receipt(hash).await?.is_none() {
                        *next = None;
                        continue;
                    }
                }
                Err(error) => {
                    // Whether the node has it is not known; it is asked next time.
                    *next = None;
                    return Err(error);
                }
                Ok(_) => {}
            }
            *next = Some(nonce + 1);
            return Ok(hash);
        }
    }

    /// Sends, and waits until the transaction is included, at most `patience`.
    ///
    /// # Errors
    /// As of [`Self::send`]; [`Error::Reverted`]; [`Error::NotIncluded`].
    pub async fn execute(&self, call: &Call, patience: Duration) -> Result<Receipt, Error> {
        let hash = self.send(call).await?;
        let receipt = self.wait(hash, patience).await?;
        if receipt.succeeded() { Ok(receipt) } else { Err(Error::Reverted(hash)) }
    }

    /// The receipt of a transaction as soon as it is included.
    ///
    /// # Errors
    /// [`Error::NotIncluded`] after `patience`.
    pub async fn wait(&self, hash: B256, patience: Duration) -> Result<Receipt, Error> {
        let (began, mut pause) = (Instant::now(), FIRST_LOOK);
        loop {
            if let Some(receipt) = self.client.receipt(hash).await? {
                return Ok(receipt);
            }
            if began.elapsed() >= patience {
                return Err(Error::NotIncluded { hash, after: patience });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LAST_LOOK);
        }
    }

    /// The gas that a call would use, and a quarter more: other people's transactions may change what it meets.
    async fn estimate(&self, call: &Call) -> Result<u64, Error> {
        let request = TransactionRequest {
            from: Some(self.address()),
            to: Some(call.to),
            value: Some(call.value),
            input: TransactionInput::new(call.input.clone()),
            ..Default::default()
        };
        let gas = self.client.estimate_gas(&request, BlockId::pending()).await?;
        // A payment without a call uses what it uses.
        Ok(if gas == 21_000 { gas } else { gas + gas / 4 })
    }

    async fn sign(&self, call: &Call, nonce: u64, gas_limit: u64, fees: &TxFees) -> Result<(B256, Vec<u8>), Error> {
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee,
            max_priority_fee_per_gas: fees.tip,
            to: call.to,
            value: call.value,
            access_list: Default::default(),
            input: call.input.clone(),
        };
        let signed = self.signer.transaction(transaction).await?;
        Ok((*signed.hash(), TxEnvelope::from(signed).encoded_2718()))
    }
}

fn is_nonce_used(fault: &RpcFault) -> bool {
    matches!(Refusal::of(fault), Refusal::NonceTooLow | Refusal::ReplacementTooCheap)
}

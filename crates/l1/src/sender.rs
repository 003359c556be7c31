//! An account on L1 that gets its transactions included.

mod filler;
mod sidecar;

use crate::{
    client::L1Client,
    error::Error,
    transaction::{Prepared, Proofs, SidecarFormat, SignedTx, TxRequest, prove_blobs, sign},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::{TransactionReceipt, TransactionRequest};
use alloy_signer_local::PrivateKeySigner;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex as StdMutex},
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use tracing::{debug, warn};
use tributary_client::{Error as NodeError, FeeLimits, Refusal, TxFees};

/// Nonces and fees that a first submission tries. Fees that grow by a tenth have grown a hundredfold by then.
const MAX_LAUNCHES: usize = 50;

/// How an [`L1Sender`] behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderConfig {
    /// Blocks that must hold a transaction and follow it, itself included: 1 is "in the newest block".
    pub confirmations: u64,
    /// Pause between two looks for a receipt.
    pub poll: Duration,
    /// How long a transaction may wait before it offers more.
    pub resubmit_after: Duration,
    /// Most transactions at a time.
    pub max_in_flight: usize,
    /// What the account is willing to pay.
    pub fees: FeeLimits,
    /// How blobs are proved.
    pub sidecar: SidecarFormat,
    /// The chain that is signed for; where it is not given, that which the endpoints are compared with already, or which they say.
    pub chain_id: Option<u64>,
}

impl Default for SenderConfig {
    /// One confirmation, a look every second, more fees after 48 s (four slots of mainnet), four at a time.
    fn default() -> Self {
        Self {
            confirmations: 1,
            poll: Duration::from_secs(1),
            resubmit_after: Duration::from_secs(48),
            max_in_flight: 4,
            fees: FeeLimits::default(),
            sidecar: SidecarFormat::default(),
            chain_id: None,
        }
    }
}

/// A signing account. Nothing else may send from it while a sender does; if something does all the same, nonces are given out anew.
///
/// What was sent before a restart and is still waiting is replaced: the first nonce is that after the last included transaction.
pub struct L1Sender {
    client: L1Client,
    key: PrivateKeySigner,
    chain_id: u64,
    config: SenderConfig,
    /// The next nonce; held while a transaction is made and first submitted, so that they go out in order and a refused one leaves no gap.
    next_nonce: Mutex<Option<u64>>,
    /// Nonces that wait for inclusion. A std mutex, because it is never held across an await and must be reachable from `drop`.
    waiting: StdMutex<BTreeSet<u64>>,
    /// What a refusal taught of the proofs that the L1 wants.
    proofs: StdMutex<Option<Proofs>>,
    permits: Semaphore,
    spending: Spending,
}

/// What an account paid for transactions whose inclusion was seen, failed ones too. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Spending(Arc<StdMutex<U256>>);

impl Spending {
    /// Wei, for gas and blobs.
    pub fn wei(&self) -> U256 {
        *self.lock()
    }

    fn add(&self, receipt: &TransactionReceipt) {
        let gas = U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price);
        let blobs = U256::from(receipt.blob_gas_used.unwrap_or_default()) * U256::from(receipt.blob_gas_price.unwrap_or_default());
        let mut wei = self.lock();
        *wei = wei.saturating_add(gas).saturating_add(blobs);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, U256> {
        self.0.lock().expect("invariant: nothing panics while it holds this lock")
    }
}

impl std::fmt::Debug for L1Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("L1Sender").field("address", &self.address()).field("config", &self.config).finish_non_exhaustive()
    }
}

/// A nonce that waits; gives itself back when the wait is over or given up.
struct Claim<'a> {
    sender: &'a L1Sender,
    nonce: u64,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.sender.waiting().remove(&self.nonce);
    }
}

/// A transaction that was handed in, and its replacements.
struct Attempt<'a> {
    claim: Claim<'a>,
    fees: TxFees,
    newest: SignedTx,
    /// Hashes of all versions; any of them may be included.
    hashes: Vec<B256>,
    submitted: Instant,
}

/// What a node made of a submission.
enum Submission {
    Accepted,
    NonceTaken,
    TooCheap,
    /// The account has transactions of the other kind waiting, with blobs or without; nodes do not mix them.
    OtherKindWaits,
    /// Blobs should be proved in the other format.
    OtherProofs,
}

impl L1Sender {
    /// A sender for the account of `key`. It signs for a chain with which every endpoint of `client` is compared.
    ///
    /// # Errors
    /// Permanent when an endpoint is on another chain; when the chain is not known yet and the L1 does not tell it.
    pub async fn new(client: L1Client, key: PrivateKeySigner, config: SenderConfig) -> Result<Self, Error> {
        let chain_id = match config.chain_id.or_else(|| client.node().verified_chain_id()) {
            Some(chain_id) => chain_id,
            None => client.node().chain_id().await?,
        };
        if client.node().verified_chain_id() != Some(chain_id) {
            match client.verify_identity(chain_id, None).await {
                // Who does not answer now is compared when it does.
                Err(error) if error.is_retryable() && config.chain_id.is_some() => warn!(%error, "the L1 does not tell its chain id yet"),
                outcome => outcome?,
            }
        }
        let permits = Semaphore::new(config.max_in_flight.max(1));
        let (next_nonce, waiting, proofs) = (Mutex::new(None), StdMutex::default(), StdMutex::default());
        Ok(Self { client, key, chain_id, config, next_nonce, waiting, proofs, permits, spending: Spending::default() })
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// What it has paid, now and later.
    pub fn spending(&self) -> Spending {
        self.spending.clone()
    }

    /// The client that it uses.
    pub fn client(&self) -> &L1Client {
        &self.client
    }

    /// Sends a transaction and waits until it is confirmed, however long that takes: raises fees, sends again after a reorg. Returns the
    /// receipt, of a failed transaction too. Transactions go out in the order of the calls, as far as they fit the bound in flight.
    ///
    /// Dropping the future ends the wait, not the transaction.
    ///
    /// # Errors
    /// When the transaction cannot be made or is refused for good: it reverts in estimation, the account cannot pay, a blob is none.
    pub async fn send(&self, request: TxRequest) -> Result<TransactionReceipt, Error> {
        let _permit = self.permits.acquire().await.expect("invariant: the semaphore is never closed");
        // Taken before anything else is waited for: a later call that is quicker to prepare must not pass.
        let next_nonce = self.next_nonce.lock().await;
        let mut prepared = self.prepare(request).await?;
        let attempt = self.launch(&mut prepared, next_nonce).await?;
        self.confirm(&mut prepared, attempt).await
    }

    /// Like [`Self::send`], where failure of the transaction is an error.
    ///
    /// # Errors
    /// [`Error::Reverted`] besides those of [`Self::send`].
    pub async fn execute(&self, request: TxRequest) -> Result<TransactionReceipt, Error> {
        let receipt = self.send(request).await?;
        if receipt.status() { Ok(receipt) } else { Err(Error::Reverted(receipt.transaction_hash)) }
    }

    /// Deploys a contract and returns its address.
    ///
    /// # Errors
    /// As of [`Self::execute`].
    pub async fn deploy(&self, init_code: impl Into<Bytes>) -> Result<(Address, TransactionReceipt), Error> {
        let receipt = self.execute(TxRequest::deploy(init_code)).await?;
        let missing = || Error::Inconsistent(format!("receipt of {} has no contract address", receipt.transaction_hash));
        Ok((receipt.contract_address.ok_or_else(missing)?, receipt))
    }

    async fn prepare(&self, request: TxRequest) -> Result<Prepared, Error> {
        let gas_limit = match request.gas_limit {
            Some(gas_limit) => gas_limit,
            None => self.estimate_gas(&request).await?,
        };
        let sidecar = if request.blobs.is_empty() { None } else { prove_blobs(request.blobs.clone(), self.proofs().await).await? };
        Ok(Prepared { request, gas_limit, sidecar })
    }

    /// A fifth more than the estimate, since other transactions come before ours.
    async fn estimate_gas(&self, request: &TxRequest) -> Result<u64, Error> {
        let call = TransactionRequest {
            from: Some(self.address()),
            to: Some(request.to),
            value: Some(request.value),
            input: request.input.clone().into(),
            ..Default::default()
        };
        let estimate = self.client.node().estimate_gas(&call, BlockId::latest()).await?;
        let is_transfer = request.input.is_empty() && estimate == 21_000 && request.to != TxKind::Create;
        Ok(if is_transfer { estimate } else { estimate.saturating_add(estimate / 5) })
    }

    /// First submission: takes the next nonce, and another one or higher fees where the node says so.
    async fn launch(&self, tx: &mut Prepared, mut next: MutexGuard<'_, Option<u64>>) -> Result<Attempt<'_>, Error> {
        let included = self.nonce().await?;
        let mut nonce = next.map_or(included, |next| next.max(included));
        let mut fees = TxFees::estimate(self.client.node(), &self.config.fees).await?;
        let (mut launches, mut proved_otherwise) = (0, false);
        while launches < MAX_LAUNCHES {
            launches += 1;
            let signed = sign(tx, self.chain_id, nonce, &fees, &self.key)?;
            match self.submit(&signed).await? {
                Submission::Accepted => {
                    *next = Some(nonce + 1);
                    self.waiting().insert(nonce);
                    debug!(hash = %signed.hash, nonce, ?fees, "sent to L1");
                    let claim = Claim { sender: self, nonce };
                    return Ok(Attempt { claim, fees, hashes: vec![signed.hash], newest: signed, submitted: Instant::now() });
                }
                Submission::NonceTaken => nonce = self.nonce().await?.max(nonce + 1),
                Submission::TooCheap => {
                    let current = TxFees::estimate(self.client.node(), &self.config.fees).await?;
                    let too_dear = || Error::Unsendable("replacing what waits with this nonce costs more than the fee limits".to_owned());
                    fees = fees.bumped(tx.has_blobs(), &current, &self.config.fees).ok_or_else(too_dear)?;
                }
                Submission::OtherKindWaits => {
                    self.let_pass(!tx.has_blobs()).await?;
                    // That took as long as it took, and says nothing of our nonce and fees.
                    launches = 0;
                    nonce = nonce.max(self.nonce().await?);
                }
                Submission::OtherProofs if proved_otherwise => {
                    return Err(Error::Unsendable("the L1 takes neither proofs of blobs nor of cells".to_owned()));
                }
                Submission::OtherProofs => {
                    proved_otherwise = true;
                    self.prove_otherwise(tx).await?;
                }
            }
        }
        Err(Error::Inconsistent("L1 node takes no nonce and no fee".to_owned()))
    }

    /// Waits for confirmation. Failures that pass are waited out.
    async fn confirm<'a>(&'a self, tx: &mut Prepared, mut attempt: Attempt<'a>) -> Result<TransactionReceipt, Error> {
        // A node behind a balancer may know the new nonce before the receipt, so that one look proves nothing.
        let mut looks_past_nonce = 0;
        loop {
            tokio::time::sleep(self.config.poll).await;
            match self.look(&mut *tx, &mut attempt).await {
                Ok(Look::Confirmed(receipt)) => {
                    self.spending.add(&receipt);
                    return Ok(*receipt);
                }
                Ok(Look::Included) => looks_past_nonce = 0,
                Ok(Look::Waiting) => looks_past_nonce = 0,
                Ok(Look::NoncePassed) => {
                    looks_past_nonce += 1;
                    if looks_past_nonce == 3 {
                        warn!(nonce = attempt.claim.nonce, "another transaction took our nonce on L1");
                        attempt = self.launch(&mut *tx, self.next_nonce.lock().await).await?;
                        looks_past_nonce = 0;
                    }
                }
                Err(error) if error.is_retryable() => warn!(%error, "waiting for L1"),
                Err(error) => return Err(error),
            }
        }
    }

    /// One look at the chain, and what follows from it.
    async fn look(&self, tx: &mut Prepared, attempt: &mut Attempt<'_>) -> Result<Look, Error> {
        for hash in attempt.hashes.iter().rev() {
            if let Some(receipt) = self.client.transaction_receipt(*hash).await? {
                // From now on the wait is for confirmations; should a reorg throw it out, it goes out again at once.
                attempt.submitted = Instant::now().checked_sub(self.config.resubmit_after).unwrap_or(attempt.submitted);
                return Ok(if self.is_confirmed(&receipt).await? { Look::Confirmed(Box::new(receipt)) } else { Look::Included });
            }
        }
        let included = self.nonce().await?;
        if included > attempt.claim.nonce {
            return Ok(Look::NoncePassed);
        }
        if attempt.submitted.elapsed() >= self.config.resubmit_after {
            self.resubmit(tx, attempt, included).await?;
            attempt.submitted = Instant::now();
        }
        Ok(Look::Waiting)
    }

    /// Whether the receipt's block is on the chain and has enough blocks on it.
    async fn is_confirmed(&self, receipt: &TransactionReceipt) -> Result<bool, Error> {
        let (Some(number), Some(hash)) = (receipt.block_number, receipt.block_hash) else { return Ok(false) };
        let Some(head) = self.client.block_ref(BlockNumberOrTag::Latest).await? else { return Ok(false) };
        if head.number + 1 < number.saturating_add(self.config.confirmations) {
            return Ok(false);
        }
        Ok(self.client.block_ref(number).await?.is_some_and(|block| block.hash == hash))
    }

    /// Sends again what has waited too long: as it is while others come first, with higher fees when it is its turn.
    async fn resubmit(&self, tx: &mut Prepared, attempt: &mut Attempt<'_>, included: u64) -> Result<(), Error> {
        let nonce = attempt.claim.nonce;
        let first_waiting = self.waiting().first().copied();
        if included < nonce && first_waiting == Some(nonce) {
            self.fill(included, tx.has_blobs()).await?;
        }
        if included == nonce {
            let current = TxFees::estimate(self.client.node(), &self.config.fees).await?;
            if let Some(fees) = attempt.fees.bumped(tx.has_blobs(), &current, &self.config.fees) {
                attempt.newest = sign(tx, self.chain_id, nonce, &fees, &self.key)?;
                attempt.hashes.push(attempt.newest.hash);
                attempt.fees = fees;
            } else {
                warn!(nonce, fees = ?attempt.fees, "L1 transaction waits at the fee limit");
            }
        }
        debug!(hash = %attempt.newest.hash, nonce, "sending to L1 again");
        match self.submit(&attempt.newest).await {
            // Refused for good now does not mean that an earlier version will not be included.
            Err(error) if !error.is_retryable() => {
                warn!(%error, "L1 node refuses a replacement");
                Ok(())
            }
            // The fork came while it waited. The proofs are in no hash.
            Ok(Submission::OtherProofs) => {
                self.prove_otherwise(tx).await?;
                attempt.newest = sign(tx, self.chain_id, nonce, &attempt.fees, &self.key)?;
                self.submit(&attempt.newest).await.map(|_| ())
            }
            outcome => outcome.map(|_| ()),
        }
    }

    async fn submit(&self, signed: &SignedTx) -> Result<Submission, Error> {
        let Err(error) = self.client.node().send_raw_transaction(&signed.raw).await else { return Ok(Submission::Accepted) };
        let NodeError::Rejected { fault, .. } = &error else { return Err(error.into()) };
        match Refusal::of(fault) {
            Refusal::AlreadyKnown => Ok(Submission::Accepted),
            Refusal::NonceTooLow => Ok(Submission::NonceTaken),
            Refusal::ReplacementTooCheap | Refusal::TooCheap => Ok(Submission::TooCheap),
            Refusal::OtherKindWaits => Ok(Submission::OtherKindWaits),
            Refusal::SidecarFormat if self.config.sidecar == SidecarFormat::Auto => Ok(Submission::OtherProofs),
            _ => Err(error.into()),
        }
    }

    /// The nonce after the last included transaction.
    async fn nonce(&self) -> Result<u64, Error> {
        Ok(self.client.node().nonce(self.address(), BlockId::latest()).await?)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeSet<u64>> {
        self.waiting.lock().expect("invariant: nothing panics while it holds this lock")
    }
}

/// What one look at the chain showed.
enum Look {
    Confirmed(Box<TransactionReceipt>),
    Included,
    Waiting,
    NoncePassed,
}

//! Typed questions to a node.

use crate::{
    endpoint::Endpoint,
    endpoints::Endpoints,
    error::{Error, RpcFault},
    http::Http,
    identity::SharedIdentity,
    receipt::{self, Receipt},
    refusal::Refusal,
};
use alloy_consensus::{EthereumTxEnvelope, TxEip4844WithSidecar};
use alloy_eips::{BlockId, BlockNumberOrTag, eip2718::Decodable2718, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy_rpc_types_eth::{FeeHistory, Filter, Log, TransactionInput, TransactionRequest};
use alloy_sol_types::{SolCall, SolEvent};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Where a chain's nodes are and how patient we are with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// Their JSON-RPC, the preferred first. Another is asked when one does not answer or limits our rate.
    pub endpoints: Vec<Endpoint>,
    /// Limit for one exchange, from connecting to the last byte.
    pub timeout: Duration,
    /// Longest answer that is read, bytes.
    pub max_response: usize,
    /// How often an exchange is repeated after failures that pass.
    pub retries: usize,
}

impl ClientConfig {
    /// A node at this URL, with 10 s, 128 MiB and 4 retries.
    pub fn at(url: impl Into<Endpoint>) -> Self {
        Self::of(vec![url.into()])
    }

    /// Several nodes of one chain, as patient as of [`Self::at`].
    pub const fn of(endpoints: Vec<Endpoint>) -> Self {
        Self { endpoints, timeout: Duration::from_secs(10), max_response: 128 << 20, retries: 4 }
    }
}

/// A client of one chain, through one node or several. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) endpoints: Endpoints,
    pub(crate) identity: SharedIdentity,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoints", &self.endpoints.all()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    #[serde(default = "Option::default")]
    result: Option<T>,
    error: Option<RpcFault>,
}

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Config`] when no endpoint is given, or one cannot be used ([`Endpoints::new`]).
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        if config.endpoints.is_empty() {
            return Err(Error::Config("no endpoint is given".to_owned()));
        }
        let endpoints = Endpoints::new(&config.endpoints, config.timeout, config.max_response, config.retries)?;
        Ok(Self { endpoints, identity: SharedIdentity::default() })
    }

    /// A client for each endpoint alone, which asks once: to compare what they say.
    pub fn each(&self) -> Vec<Self> {
        self.endpoints.all().iter().map(|http| Self { endpoints: Endpoints::only(http), identity: self.identity.clone() }).collect()
    }

    /// Its endpoints.
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Hosts and ports of the endpoints, in order.
    pub fn hosts(&self) -> Vec<String> {
        self.endpoints.all().iter().map(Http::host).collect()
    }

    /// Any JSON-RPC method; `None` when the result is `null`. Repeated after failures that pass.
    ///
    /// # Errors
    /// Those of the exchange; [`Error::Rejected`] with the node's words.
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<Option<T>, Error> {
        let body = &body(method, params);
        self.endpoints.ask(|http| async move { self.exchange(&http, method, body).await }).await
    }

    /// As [`Self::request`], but asked once, of one endpoint: for what must not happen twice.
    ///
    /// # Errors
    /// As of [`Self::request`].
    pub async fn request_once<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<Option<T>, Error> {
        let preferred = self.endpoints.in_order();
        let http = preferred.first().ok_or_else(|| Error::Config("no endpoint is given".to_owned()))?;
        self.exchange(http, method, &body(method, params)).await
    }

    /// As [`Self::request`], where `null` is no answer.
    ///
    /// # Errors
    /// As of [`Self::request`]; [`Error::Inconsistent`] for `null`.
    pub async fn demand<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        self.request(method, params).await?.ok_or_else(|| Error::Inconsistent(format!("{method} answered null")))
    }

    /// One exchange with an endpoint that is of our chain, as far as that is known.
    async fn exchange<T: DeserializeOwned>(&self, http: &Http, method: &str, body: &str) -> Result<Option<T>, Error> {
        self.verify(http).await?;
        exchange(http, method, body).await
    }

    /// The chain id.
    ///
    /// # Errors
    /// When the node does not answer as it should; likewise for the methods below.
    pub async fn chain_id(&self) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_chainId", json!([])).await?.to())
    }

    /// Number of the newest block.
    pub async fn block_number(&self) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_blockNumber", json!([])).await?.to())
    }

    /// An account's code.
    pub async fn code(&self, address: Address, at: impl Into<BlockId>) -> Result<Bytes, Error> {
        self.demand("eth_getCode", (address, at.into())).await
    }

    /// An account's balance, wei.
    pub async fn balance(&self, address: Address, at: impl Into<BlockId>) -> Result<U256, Error> {
        self.demand("eth_getBalance", (address, at.into())).await
    }

    /// A storage slot.
    pub async fn storage(&self, address: Address, slot: U256, at: impl Into<BlockId>) -> Result<B256, Error> {
        self.demand("eth_getStorageAt", (address, slot, at.into())).await
    }

    /// An account's next nonce.
    pub async fn nonce(&self, address: Address, at: impl Into<BlockId>) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_getTransactionCount", (address, at.into())).await?.to())
    }

    /// Base fees of the last `blocks` blocks and of the next one, and tips at the given percentiles.
    pub async fn fee_history(&self, blocks: u64, percentiles: &[f64]) -> Result<FeeHistory, Error> {
        self.demand("eth_feeHistory", (U64::from(blocks), BlockNumberOrTag::Latest, percentiles)).await
    }

    /// The gas that a transaction would use after `at`.
    pub async fn estimate_gas(&self, request: &TransactionRequest, at: impl Into<BlockId>) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_estimateGas", (request, at.into())).await?.to())
    }

    /// What a call returns.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the revert data when it reverts.
    pub async fn call(&self, request: &TransactionRequest, at: impl Into<BlockId>) -> Result<Bytes, Error> {
        self.demand("eth_call", (request, at.into())).await
    }

    /// What a contract's view returns.
    ///
    /// # Errors
    /// As of [`Self::call`]; [`Error::Inconsistent`] when what comes back is not what the function returns.
    pub async fn view<C: SolCall>(&self, to: Address, call: &C, at: impl Into<BlockId>) -> Result<C::Return, Error> {
        let input = TransactionInput::new(call.abi_encode().into());
        let returned = self.call(&TransactionRequest { input, ..Default::default() }.to(to), at).await?;
        C::abi_decode_returns(&returned).map_err(|error| Error::Inconsistent(format!("{}: {error}", C::SIGNATURE)))
    }

    /// Logs.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Error> {
        self.demand("eth_getLogs", [filter]).await
    }

    /// The events of this kind that `contract` emitted in the blocks `from ..= to`.
    ///
    /// # Errors
    /// As of [`Self::logs`]; [`Error::Inconsistent`] when one does not decode.
    pub async fn events<E: SolEvent>(&self, contract: Address, from: u64, to: u64) -> Result<Vec<E>, Error> {
        let filter = Filter::new().address(contract).event_signature(E::SIGNATURE_HASH).from_block(from).to_block(to);
        self.logs(&filter).await?.iter().map(receipt::decode).collect()
    }

    /// Hands a signed transaction in (network form, blobs included) to every endpoint that does not rest, and returns its hash as soon as one has it.
    /// Safe to repeat: it can be included once, and a node that has it already is content, too.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the words of the first node that refuses, when none takes it.
    pub async fn send_raw_transaction(&self, raw: &[u8]) -> Result<B256, Error> {
        let body: Arc<str> = body("eth_sendRawTransaction", [Bytes::copy_from_slice(raw)]).into();
        match self.endpoints.with_retries(|| self.send_everywhere(&body)).await {
            Err(Error::Rejected { fault, .. }) if Refusal::of(&fault) == Refusal::AlreadyKnown => Ok(transaction_hash(raw)),
            outcome => outcome,
        }
    }

    /// What the first node says that takes it; else what the most preferred says that refuses; else what failed.
    async fn send_everywhere(&self, body: &Arc<str>) -> Result<B256, Error> {
        let (answers, mut outcomes) = mpsc::unbounded_channel();
        for (index, http) in self.endpoints.in_order().into_iter().enumerate() {
            let (client, body, answers) = (self.clone(), body.clone(), answers.clone());
            // Goes on when we have our answer: the others shall have the transaction as well.
            tokio::spawn(async move {
                let outcome = client.exchange(&http, "eth_sendRawTransaction", &body).await;
                let _ = answers.send((index, outcome));
            });
        }
        drop(answers);
        let mut failures = Vec::new();
        while let Some((index, outcome)) = outcomes.recv().await {
            match outcome {
                Ok(Some(hash)) => return Ok(hash),
                Ok(None) => failures.push((1, index, Error::Inconsistent("eth_sendRawTransaction answered null".to_owned()))),
                Err(Error::Rejected { method, fault }) if Refusal::of(&fault) == Refusal::AlreadyKnown => {
                    return Err(Error::Rejected { method, fault });
                }
                Err(error) => failures.push((u8::from(!matches!(error, Error::Rejected { .. })), index, error)),
            }
        }
        let told = failures.into_iter().min_by_key(|(class, index, error)| (*class, !error.is_retryable(), *index));
        Err(told.map_or_else(|| Error::Config("no endpoint is given".to_owned()), |(_, _, error)| error))
    }

    /// The receipt of a transaction, once it is included.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Error> {
        self.request("eth_getTransactionReceipt", [hash]).await
    }
}

pub(crate) async fn exchange<T: DeserializeOwned>(http: &Http, method: &str, body: &str) -> Result<Option<T>, Error> {
    let bytes = http.post(body.as_bytes()).await?;
    let malformed = |cause| Error::Malformed { method: method.to_owned(), cause };
    let answer: Answer<T> = serde_json::from_slice(&bytes).map_err(malformed)?;
    match answer.error {
        Some(fault) if fault.is_rate_limit() => {
            let error = Error::RateLimited { retry_after: None };
            http.failed(&error);
            Err(error)
        }
        Some(fault) => Err(Error::Rejected { method: method.to_owned(), fault }),
        None => Ok(answer.result),
    }
}

pub(crate) fn body(method: &str, params: impl Serialize) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// The hash of a transaction in network form, which is not of its blobs.
fn transaction_hash(raw: &[u8]) -> B256 {
    type Pooled = EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;
    Pooled::decode_2718_exact(raw).map_or_else(|_| keccak256(raw), |transaction| *transaction.hash())
}

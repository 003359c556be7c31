//! Typed questions to a node.

use crate::{
    error::{Error, RpcFault},
    http::Http,
    receipt::{self, Receipt},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{FeeHistory, Filter, Log, TransactionInput, TransactionRequest};
use alloy_sol_types::{SolCall, SolEvent};
use reqwest::Url;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Where a node is and how patient we are with it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// HTTP URL of its JSON-RPC.
    pub url: String,
    /// Limit for one exchange, from connecting to the last byte.
    pub timeout: Duration,
    /// Longest answer that is read, bytes.
    pub max_response: usize,
    /// How often an exchange is repeated after failures that pass.
    pub retries: usize,
}

impl ClientConfig {
    /// A node at this URL, with 10 s, 128 MiB and 4 retries.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), timeout: Duration::from_secs(10), max_response: 128 << 20, retries: 4 }
    }
}

/// URLs may hold a key or a password, so only the host is shown.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = Url::parse(&self.url).ok().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
        f.debug_struct("ClientConfig")
            .field("url", &host)
            .field("timeout", &self.timeout)
            .field("max_response", &self.max_response)
            .field("retries", &self.retries)
            .finish()
    }
}

/// A client of one node. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    http: Http,
    url: Arc<Url>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("host", &self.url.host_str()).finish_non_exhaustive()
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
    /// [`Error::Config`] when the URL does not parse or is not of scheme `http`: this build has no TLS, and a node that is not on this machine or network
    /// is reached through a proxy that has.
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        let http = Http::new(config.timeout, config.max_response, config.retries)?;
        Ok(Self { http, url: Arc::new(parse_url(&config.url)?) })
    }

    /// The exchange under it, for what the same node serves beside JSON-RPC.
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// Any JSON-RPC method; `None` when the result is `null`. Repeated after failures that pass.
    ///
    /// # Errors
    /// Those of the exchange; [`Error::Rejected`] with the node's words.
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<Option<T>, Error> {
        let body = body(method, params);
        self.http.with_retries(|| self.exchange(method, &body)).await
    }

    /// As [`Self::request`], but asked once: for what must not happen twice.
    ///
    /// # Errors
    /// As of [`Self::request`].
    pub async fn request_once<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<Option<T>, Error> {
        self.exchange(method, &body(method, params)).await
    }

    /// As [`Self::request`], where `null` is no answer.
    ///
    /// # Errors
    /// As of [`Self::request`]; [`Error::Inconsistent`] for `null`.
    pub async fn demand<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        self.request(method, params).await?.ok_or_else(|| Error::Inconsistent(format!("{method} answered null")))
    }

    async fn exchange<T: DeserializeOwned>(&self, method: &str, body: &str) -> Result<Option<T>, Error> {
        let bytes = self.http.post(&self.url, body.as_bytes()).await?;
        let malformed = |cause| Error::Malformed { method: method.to_owned(), cause };
        let answer: Answer<T> = serde_json::from_slice(&bytes).map_err(malformed)?;
        match answer.error {
            Some(fault) if fault.code == -32005 => Err(Error::RateLimited { retry_after: None }),
            Some(fault) => Err(Error::Rejected { method: method.to_owned(), fault }),
            None => Ok(answer.result),
        }
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

    /// Hands a signed transaction in (network form, blobs included) and returns its hash. Safe to repeat: it can be included once.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the node's words.
    pub async fn send_raw_transaction(&self, raw: &[u8]) -> Result<B256, Error> {
        self.demand("eth_sendRawTransaction", [Bytes::copy_from_slice(raw)]).await
    }

    /// The receipt of a transaction, once it is included.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Error> {
        self.request("eth_getTransactionReceipt", [hash]).await
    }
}

fn body(method: &str, params: impl Serialize) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

fn parse_url(url: &str) -> Result<Url, Error> {
    let url = Url::parse(url).map_err(|error| Error::Config(format!("URL: {error}")))?;
    match url.scheme() {
        "http" => Ok(url),
        scheme => Err(Error::Config(format!("URL: scheme {scheme} is not supported, only http"))),
    }
}

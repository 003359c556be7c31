//! The L1's two APIs: execution (JSON-RPC) and beacon (REST, for blobs).

use crate::{
    beacon::Beacon,
    error::{Error, RpcFault},
    http::Http,
    verify::{self, RpcBlock, RpcHeader},
};
use alloy_consensus::{Header, Sealed};
use alloy_eips::{BlockId, BlockNumberOrTag, eip4844::Blob};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{FeeHistory, Filter, Log, TransactionReceipt, TransactionRequest};
use reqwest::Url;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tributary_primitives::{Block, L1BlockRef, Receipt};

/// Where the L1 is and how patient we are with it.
#[derive(Clone, PartialEq, Eq)]
pub struct L1Config {
    /// HTTP URL of the execution node's JSON-RPC.
    pub execution: String,
    /// HTTP URL of the beacon API.
    pub beacon: String,
    /// Limit for one exchange, from connecting to the last byte.
    pub timeout: Duration,
    /// Longest answer that is read, bytes.
    pub max_response: usize,
    /// How often an exchange is repeated after failures that pass.
    pub retries: usize,
}

impl L1Config {
    /// An L1 that serves both APIs at one URL, with 10 s, 128 MiB and 4 retries.
    pub fn at(url: impl Into<String>) -> Self {
        let url = url.into();
        Self { beacon: url.clone(), execution: url, timeout: Duration::from_secs(10), max_response: 128 << 20, retries: 4 }
    }
}

/// URLs may hold a key or a password, so only hosts are shown.
impl std::fmt::Debug for L1Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = |url: &str| Url::parse(url).ok().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
        f.debug_struct("L1Config")
            .field("execution", &host(&self.execution))
            .field("beacon", &host(&self.beacon))
            .field("timeout", &self.timeout)
            .field("max_response", &self.max_response)
            .field("retries", &self.retries)
            .finish()
    }
}

/// A client of an L1. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct L1Client {
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    execution: Url,
    beacon: Beacon,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("host", &self.execution.host_str()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    #[serde(default = "Option::default")]
    result: Option<T>,
    error: Option<RpcFault>,
}

impl L1Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Config`] when a URL does not parse or is not of scheme `http`: this build has no TLS, and a node that is not on this machine
    /// or network is reached through a proxy that has.
    pub fn new(config: &L1Config) -> Result<Self, Error> {
        let http = Http::new(config.timeout, config.max_response, config.retries)?;
        let beacon = Beacon::new(http.clone(), parse_url("beacon", &config.beacon)?);
        Ok(Self { shared: Arc::new(Shared { http, execution: parse_url("execution", &config.execution)?, beacon }) })
    }

    /// Any JSON-RPC method; `None` when the result is `null`. Nothing is verified.
    ///
    /// # Errors
    /// Any but [`Error::Inconsistent`].
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<Option<T>, Error> {
        let malformed = |cause| Error::Malformed { method: method.to_owned(), cause };
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let http = &self.shared.http;
        let attempt = || async {
            let bytes = http.post(&self.shared.execution, body.as_bytes()).await?;
            let answer: Answer<T> = serde_json::from_slice(&bytes).map_err(malformed)?;
            match answer.error {
                Some(fault) if fault.code == -32005 => Err(Error::RateLimited { retry_after: None }),
                Some(fault) => Err(Error::Rejected(fault)),
                None => Ok(answer.result),
            }
        };
        http.with_retries(attempt).await
    }

    /// Like [`Self::request`], where `null` is no answer.
    async fn demand<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        self.request(method, params).await?.ok_or_else(|| Error::Inconsistent(format!("{method} answered null")))
    }

    /// The chain id.
    ///
    /// # Errors
    /// When the node does not answer as it should; likewise for the methods below.
    pub async fn chain_id(&self) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_chainId", json!([])).await?.to())
    }

    /// Number, hash, parent and time of a block; `None` when there is no such block (or none is safe or finalized yet).
    pub async fn block_ref(&self, id: impl Into<BlockId>) -> Result<Option<L1BlockRef>, Error> {
        let Some(header) = self.header(id).await? else { return Ok(None) };
        let (number, parent_hash, timestamp) = (header.number, header.parent_hash, header.timestamp);
        Ok(Some(L1BlockRef { hash: header.seal(), number, parent_hash, timestamp }))
    }

    /// A header, verified against its hash.
    pub async fn header(&self, id: impl Into<BlockId>) -> Result<Option<Sealed<Header>>, Error> {
        let id = id.into();
        let rpc: Option<RpcHeader> = self.block_request(id, false).await?;
        rpc.map(|rpc| verify::header(rpc, id)).transpose()
    }

    /// A block, its header verified against its hash and its body against the header's roots.
    pub async fn block(&self, id: impl Into<BlockId>) -> Result<Option<Sealed<Block>>, Error> {
        let id = id.into();
        let rpc: Option<RpcBlock> = self.block_request(id, true).await?;
        rpc.map(|rpc| verify::block(rpc, id)).transpose()
    }

    async fn block_request<T: DeserializeOwned>(&self, id: BlockId, full: bool) -> Result<Option<T>, Error> {
        let answer = match id {
            BlockId::Hash(hash) => self.request("eth_getBlockByHash", (hash.block_hash, full)).await,
            BlockId::Number(number) => self.request("eth_getBlockByNumber", (number, full)).await,
        };
        match answer {
            // What nodes say for `safe` and `finalized` before there is such a block.
            Err(Error::Rejected(fault)) if fault.message.contains("not found") || fault.message.contains("unknown block") => Ok(None),
            answer => answer,
        }
    }

    /// The receipts of a block, verified against the header's receipts root.
    pub async fn receipts(&self, header: &Sealed<Header>) -> Result<Vec<Receipt>, Error> {
        let hash = header.seal();
        let rpc: Option<Vec<TransactionReceipt>> = self.request("eth_getBlockReceipts", [hash]).await?;
        verify::receipts(rpc.ok_or_else(|| Error::BlockGone(hash.to_string()))?, header)
    }

    /// The blobs of a block with these versioned hashes, in their order, each verified against its hash by its KZG commitment.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when the beacon node has not got all of them.
    pub async fn blobs(&self, block_timestamp: u64, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        self.shared.beacon.blobs(block_timestamp, hashes).await
    }

    /// Logs. Not verified: use [`Self::receipts`] where a lie would matter.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Error> {
        self.demand("eth_getLogs", [filter]).await
    }

    /// What a call returns. Not verified.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the revert data when it reverts.
    pub async fn call(&self, request: &TransactionRequest, at: impl Into<BlockId>) -> Result<Bytes, Error> {
        self.demand("eth_call", (request, at.into())).await
    }

    /// An account's code. Not verified.
    pub async fn code(&self, address: Address, at: impl Into<BlockId>) -> Result<Bytes, Error> {
        self.demand("eth_getCode", (address, at.into())).await
    }

    /// An account's balance, wei. Not verified.
    pub async fn balance(&self, address: Address, at: impl Into<BlockId>) -> Result<U256, Error> {
        self.demand("eth_getBalance", (address, at.into())).await
    }

    /// A storage slot. Not verified.
    pub async fn storage(&self, address: Address, slot: U256, at: impl Into<BlockId>) -> Result<B256, Error> {
        self.demand("eth_getStorageAt", (address, slot, at.into())).await
    }

    /// An account's next nonce. Not verified.
    pub async fn nonce(&self, address: Address, at: impl Into<BlockId>) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_getTransactionCount", (address, at.into())).await?.to())
    }

    /// Base fees of the last `blocks` blocks and of the next one, and tips at the given percentiles. Not verified.
    pub async fn fee_history(&self, blocks: u64, percentiles: &[f64]) -> Result<FeeHistory, Error> {
        self.demand("eth_feeHistory", (U64::from(blocks), BlockNumberOrTag::Latest, percentiles)).await
    }

    /// The gas that a transaction would use. Not verified.
    pub async fn estimate_gas(&self, request: &TransactionRequest) -> Result<u64, Error> {
        Ok(self.demand::<U64>("eth_estimateGas", [request]).await?.to())
    }

    /// Hands a signed transaction in (network form, blobs included) and returns its hash.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the node's words.
    pub async fn send_raw_transaction(&self, raw: &[u8]) -> Result<B256, Error> {
        self.demand("eth_sendRawTransaction", [Bytes::copy_from_slice(raw)]).await
    }

    /// The receipt of an included transaction. Not verified.
    pub async fn transaction_receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>, Error> {
        self.request("eth_getTransactionReceipt", [hash]).await
    }
}

fn parse_url(what: &str, url: &str) -> Result<Url, Error> {
    let url = Url::parse(url).map_err(|error| Error::Config(format!("{what} URL: {error}")))?;
    match url.scheme() {
        "http" => Ok(url),
        scheme => Err(Error::Config(format!("{what} URL: scheme {scheme} is not supported, only http"))),
    }
}

//! The L1's two APIs: execution (JSON-RPC) and beacon (REST, for blobs).

use crate::{
    beacon::Beacon,
    error::Error,
    verify::{self, RpcBlock, RpcHeader},
};
use alloy_consensus::{Header, Sealed};
use alloy_eips::{BlockId, eip4844::Blob};
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionReceipt;
use reqwest::Url;
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use tributary_client::{Client, ClientConfig};
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
    node: Client,
    beacon: Beacon,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("node", &self.node).finish_non_exhaustive()
    }
}

impl L1Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When a URL does not parse or is not of scheme `http`, as of [`Client::new`].
    pub fn new(config: &L1Config) -> Result<Self, Error> {
        let L1Config { timeout, max_response, retries, .. } = *config;
        let node = Client::new(&ClientConfig { url: config.execution.clone(), timeout, max_response, retries })?;
        let beacon = Beacon::new(node.http().clone(), parse_url(&config.beacon)?);
        Ok(Self { shared: Arc::new(Shared { node, beacon }) })
    }

    /// The execution node, whose word is taken for what it says.
    pub fn node(&self) -> &Client {
        &self.shared.node
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
            BlockId::Hash(hash) => self.node().request("eth_getBlockByHash", (hash.block_hash, full)).await,
            BlockId::Number(number) => self.node().request("eth_getBlockByNumber", (number, full)).await,
        };
        match answer {
            Err(tributary_client::Error::Rejected { fault, .. }) if is_unknown(&fault.message) => Ok(None),
            answer => Ok(answer?),
        }
    }

    /// The receipts of a block, verified against the header's receipts root.
    pub async fn receipts(&self, header: &Sealed<Header>) -> Result<Vec<Receipt>, Error> {
        let hash = header.seal();
        let rpc: Option<Vec<TransactionReceipt>> = self.node().request("eth_getBlockReceipts", [hash]).await?;
        verify::receipts(rpc.ok_or_else(|| Error::BlockGone(hash.to_string()))?, header)
    }

    /// The blobs of a block with these versioned hashes, in their order, each verified against its hash by its KZG commitment.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when the beacon node has not got all of them.
    pub async fn blobs(&self, block_timestamp: u64, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        self.shared.beacon.blobs(block_timestamp, hashes).await
    }

    /// The receipt of an included transaction. Not verified.
    pub async fn transaction_receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>, Error> {
        Ok(self.node().request("eth_getTransactionReceipt", [hash]).await?)
    }
}

/// What nodes say for `safe` and `finalized` before there is such a block.
fn is_unknown(message: &str) -> bool {
    message.contains("not found") || message.contains("unknown block")
}

fn parse_url(url: &str) -> Result<Url, Error> {
    let refuse = |why: String| tributary_client::Error::Config(format!("beacon URL: {why}"));
    let url = Url::parse(url).map_err(|error| refuse(error.to_string()))?;
    match url.scheme() {
        "http" => Ok(url),
        scheme => Err(refuse(format!("scheme {scheme} is not supported, only http")).into()),
    }
}

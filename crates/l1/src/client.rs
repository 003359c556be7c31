//! The L1's two APIs: execution (JSON-RPC) and beacon (REST, for blobs).

use crate::{
    beacon::{Beacons, BlobBlock},
    config::L1Config,
    error::Error,
    quorum::Quorum,
    verify::{self, RpcBlock},
};
use alloy_consensus::{Header, Sealed};
use alloy_eips::{BlockId, eip4844::Blob};
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionReceipt;
use std::sync::Arc;
use tributary_client::{Client, ClientConfig, Http};
use tributary_primitives::{Block, L1BlockRef, Receipt};

/// A client of an L1. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct L1Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    node: Client,
    quorum: Option<Quorum>,
    beacons: Beacons,
}

impl L1Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When an endpoint cannot be used, as of [`Client::new`], or the quorum is more than there are execution endpoints.
    pub fn new(config: &L1Config) -> Result<Self, Error> {
        let L1Config { timeout, max_response, retries, .. } = *config;
        let node = Client::new(&ClientConfig { endpoints: config.execution.clone(), timeout, max_response, retries })?;
        let quorum = Quorum::new(&node, config.quorum)?;
        Ok(Self { shared: Arc::new(Shared { node, quorum, beacons: Beacons::new(config)? }) })
    }

    /// Compares chain id and, where it is given, genesis hash with what every execution endpoint says ([`Client::verify_identity`]).
    ///
    /// # Errors
    /// Permanent, with host and both values, when one says otherwise; what failed, when none answers.
    pub async fn verify_identity(&self, chain_id: u64, genesis_hash: Option<B256>) -> Result<(), Error> {
        Ok(self.node().verify_identity(chain_id, genesis_hash).await?)
    }

    /// The execution nodes, whose word is taken for what they say.
    pub fn node(&self) -> &Client {
        &self.shared.node
    }

    /// Everybody who is asked, and for what: `execution`, `beacon`, `archive`.
    pub fn endpoints(&self) -> Vec<(&'static str, Http)> {
        let [beacons, archives] = self.shared.beacons.endpoints();
        let named = [("execution", self.node().endpoints()), ("beacon", beacons), ("archive", archives)];
        named.into_iter().flat_map(|(api, endpoints)| endpoints.all().iter().map(move |http| (api, http.clone()))).collect()
    }

    /// Number, hash, parent and time of a block; `None` when there is no such block (or none is safe or finalized yet).
    pub async fn block_ref(&self, id: impl Into<BlockId>) -> Result<Option<L1BlockRef>, Error> {
        let Some(header) = self.header(id).await? else { return Ok(None) };
        let (number, parent_hash, timestamp) = (header.number, header.parent_hash, header.timestamp);
        Ok(Some(L1BlockRef { hash: header.seal(), number, parent_hash, timestamp }))
    }

    /// A header, verified against its hash. By number or tag it is one on which the quorum agrees.
    ///
    /// # Errors
    /// [`Error::Disagreement`] when the quorum does not.
    pub async fn header(&self, id: impl Into<BlockId>) -> Result<Option<Sealed<Header>>, Error> {
        match (id.into(), &self.shared.quorum) {
            (BlockId::Number(at), Some(quorum)) => quorum.header(at).await,
            (id, _) => verify::header_at(self.node(), id).await,
        }
    }

    /// A block, its header verified as of [`Self::header`] and its body against the header's roots.
    pub async fn block(&self, id: impl Into<BlockId>) -> Result<Option<Sealed<Block>>, Error> {
        let mut id = id.into();
        if self.shared.quorum.is_some() && matches!(id, BlockId::Number(_)) {
            let Some(agreed) = self.header(id).await? else { return Ok(None) };
            id = agreed.seal().into();
            let block = verify::ask::<RpcBlock>(self.node(), id, true).await?;
            return verify::block(block.ok_or_else(|| Error::BlockGone(agreed.seal().to_string()))?, id).map(Some);
        }
        verify::ask::<RpcBlock>(self.node(), id, true).await?.map(|rpc| verify::block(rpc, id)).transpose()
    }

    /// The receipts of a block, verified against the header's receipts root.
    pub async fn receipts(&self, header: &Sealed<Header>) -> Result<Vec<Receipt>, Error> {
        let hash = header.seal();
        let rpc: Option<Vec<TransactionReceipt>> = self.node().request("eth_getBlockReceipts", [hash]).await?;
        verify::receipts(rpc.ok_or_else(|| Error::BlockGone(hash.to_string()))?, header)
    }

    /// The blobs with these versioned hashes of the block with this number and timestamp, in the order of the hashes, each verified against its hash by
    /// its KZG commitment. Beacon nodes are asked, then archives.
    ///
    /// # Errors
    /// [`Error::NoBlob`] when nobody has all of them.
    pub async fn blobs(&self, number: u64, timestamp: u64, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        self.shared.beacons.blobs(BlobBlock { number, timestamp }, hashes).await
    }

    /// The receipt of an included transaction. Not verified.
    pub async fn transaction_receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>, Error> {
        Ok(self.node().request("eth_getTransactionReceipt", [hash]).await?)
    }
}

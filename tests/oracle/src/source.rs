//! kona's view of the two chains: its provider traits over decoded bytes.

#![allow(clippy::result_large_err, reason = "the errors are kona's")]

use crate::{Error, L1Block, jovian};
use alloy_consensus_1::{Header, Receipt, ReceiptEnvelope, TxEnvelope, TxReceipt};
use alloy_eips_1::{
    Decodable2718,
    eip4844::{Blob, IndexedBlobHash},
};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use async_trait::async_trait;
use kona_derive::{BlobProvider, ChainProvider, L2ChainProvider, PipelineError, PipelineErrorKind};
use kona_genesis::{RollupConfig, SystemConfig};
use kona_protocol::{BatchValidationProvider, BlockInfo, L2BlockInfo, to_system_config};
use op_alloy_consensus_0::OpBlock;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// RLP of the L2 block with a number.
pub(crate) type L2Blocks = Arc<dyn Fn(u64) -> Option<Bytes> + Send + Sync>;

#[derive(Debug)]
struct DecodedL1 {
    info: BlockInfo,
    header: Header,
    transactions: Vec<TxEnvelope>,
    receipts: Vec<Receipt>,
}

/// Both chains.
#[derive(Clone)]
pub(crate) struct Source {
    config: Arc<RollupConfig>,
    /// Whether the blocks are of Jovian, which kona does not know.
    jovian: bool,
    by_hash: Arc<BTreeMap<B256, DecodedL1>>,
    by_number: Arc<BTreeMap<u64, BlockInfo>>,
    blobs: Arc<BTreeMap<B256, Bytes>>,
    l2: L2Blocks,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("l1_blocks", &self.by_number.len()).finish_non_exhaustive()
    }
}

/// What does not exist yet; kona takes it as the end of the data.
fn missing() -> PipelineErrorKind {
    PipelineError::Eof.temp()
}

fn broken(what: impl fmt::Display) -> PipelineErrorKind {
    PipelineError::Provider(what.to_string()).crit()
}

impl Source {
    /// Decodes L1.
    pub(crate) fn new(config: Arc<RollupConfig>, jovian: bool, l1: &[L1Block], l2: L2Blocks) -> Result<Self, Error> {
        let mut by_hash = BTreeMap::new();
        let mut by_number = BTreeMap::new();
        let mut blobs = BTreeMap::new();
        for block in l1 {
            let mut decoded = decode(block).map_err(|e| Error::Input(format!("L1 block: {e}")))?;
            if jovian {
                jovian::hide_updates(config.l1_system_config_address, &mut decoded.receipts);
            }
            by_number.insert(decoded.info.number, decoded.info);
            by_hash.insert(decoded.info.hash, decoded);
            blobs.extend(block.blobs.iter().cloned());
        }
        Ok(Self { config, jovian, by_hash: Arc::new(by_hash), by_number: Arc::new(by_number), blobs: Arc::new(blobs), l2 })
    }

    pub(crate) fn l1_by_number(&self, number: u64) -> Option<BlockInfo> {
        self.by_number.get(&number).copied()
    }

    /// The reference of an L2 block.
    pub(crate) fn l2_info(&self, number: u64) -> Result<L2BlockInfo, PipelineErrorKind> {
        let mut info = L2BlockInfo::from_block_and_genesis(&self.l2_block(number)?, &self.config.genesis).map_err(broken)?;
        info.block_info.hash = self.stored(number)?.header.hash_slow();
        Ok(info)
    }

    /// An L2 block as kona reads it.
    pub(crate) fn l2_block(&self, number: u64) -> Result<OpBlock, PipelineErrorKind> {
        let block = self.stored(number)?;
        if !self.jovian || number == self.config.genesis.l2.number {
            return Ok(block);
        }
        jovian::isthmus_block(block).map_err(broken)
    }

    /// An L2 block as it is.
    fn stored(&self, number: u64) -> Result<OpBlock, PipelineErrorKind> {
        let bytes = (self.l2)(number).ok_or_else(missing)?;
        OpBlock::decode(&mut bytes.as_ref()).map_err(broken)
    }

    fn l1_block(&self, hash: B256) -> Result<&DecodedL1, PipelineErrorKind> {
        self.by_hash.get(&hash).ok_or_else(missing)
    }
}

fn decode(block: &L1Block) -> Result<DecodedL1, alloy_eips_1::eip2718::Eip2718Error> {
    let header = Header::decode(&mut block.header.as_ref())?;
    let info = BlockInfo {
        hash: alloy_primitives::keccak256(&block.header),
        number: header.number,
        parent_hash: header.parent_hash,
        timestamp: header.timestamp,
    };
    let transactions = block.transactions.iter().map(|tx| TxEnvelope::decode_2718(&mut tx.as_ref())).collect::<Result<_, _>>()?;
    let receipts =
        block.receipts.iter().map(|receipt| ReceiptEnvelope::decode_2718(&mut receipt.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let receipts = receipts
        .iter()
        .map(|receipt| Receipt {
            status: receipt.status_or_post_state(),
            cumulative_gas_used: receipt.cumulative_gas_used(),
            logs: receipt.logs().to_vec(),
        })
        .collect();
    Ok(DecodedL1 { info, header, transactions, receipts })
}

#[async_trait]
impl ChainProvider for Source {
    type Error = PipelineErrorKind;

    async fn header_by_hash(&mut self, hash: B256) -> Result<Header, Self::Error> {
        self.l1_block(hash).map(|block| block.header.clone())
    }

    async fn block_info_by_number(&mut self, number: u64) -> Result<BlockInfo, Self::Error> {
        self.l1_by_number(number).ok_or_else(missing)
    }

    async fn receipts_by_hash(&mut self, hash: B256) -> Result<Vec<Receipt>, Self::Error> {
        self.l1_block(hash).map(|block| block.receipts.clone())
    }

    async fn block_info_and_transactions_by_hash(&mut self, hash: B256) -> Result<(BlockInfo, Vec<TxEnvelope>), Self::Error> {
        self.l1_block(hash).map(|block| (block.info, block.transactions.clone()))
    }
}

#[async_trait]
impl BlobProvider for Source {
    type Error = PipelineErrorKind;

    async fn get_blobs(&mut self, _: &BlockInfo, hashes: &[IndexedBlobHash]) -> Result<Vec<Box<Blob>>, Self::Error> {
        let blob = |hash: &IndexedBlobHash| {
            let bytes = self.blobs.get(&hash.hash).ok_or_else(|| broken(format!("blob {} is missing", hash.hash)))?;
            Blob::try_from(bytes.as_ref()).map(Box::new).map_err(broken)
        };
        hashes.iter().map(blob).collect()
    }
}

#[async_trait]
impl BatchValidationProvider for Source {
    type Error = PipelineErrorKind;

    async fn l2_block_info_by_number(&mut self, number: u64) -> Result<L2BlockInfo, Self::Error> {
        self.l2_info(number)
    }

    async fn block_by_number(&mut self, number: u64) -> Result<OpBlock, Self::Error> {
        self.l2_block(number)
    }
}

#[async_trait]
impl L2ChainProvider for Source {
    type Error = PipelineErrorKind;

    async fn system_config_by_number(&mut self, number: u64, config: Arc<RollupConfig>) -> Result<SystemConfig, PipelineErrorKind> {
        to_system_config(&self.l2_block(number)?, &config).map_err(broken)
    }
}

//! Batches: what the batcher says about L2 blocks (specs: protocol/derivation#batch-format).

use crate::{Error, SpanBatch, deposits::l1_info_of, l2_block_ref};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use tributary_primitives::{Block, L2BlockRef, RollupConfig, Transaction};

/// An L2 block as the batcher sees it: its place in both chains and its transactions except deposits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchBlock {
    /// The block.
    pub block: L2BlockRef,
    /// Transactions except deposits.
    pub transactions: Vec<Transaction>,
}

impl BatchBlock {
    /// Reads an L2 block other than genesis, whose header hashes to `hash`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the block does not begin with L1 attributes.
    pub fn of_block(cfg: &RollupConfig, block: &Block, hash: B256) -> Result<Self, Error> {
        l1_info_of(block)?;
        let transactions = block.body.transactions.iter().filter(|tx| !tx.is_deposit()).cloned().collect();
        Ok(Self { block: l2_block_ref(cfg, block, hash)?, transactions })
    }
}

/// A batch of one block. Fields are in the order of the RLP list.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SingularBatch {
    /// Hash of the L2 parent.
    pub parent_hash: B256,
    /// Number of the L1 origin.
    pub epoch_num: u64,
    /// Hash of the L1 origin.
    pub epoch_hash: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// EIP-2718 encoded transactions except deposits, not decoded: derivation looks only at their first byte.
    pub transactions: Vec<Bytes>,
}

impl SingularBatch {
    /// The batch of one block.
    pub fn of_block(block: &BatchBlock) -> Self {
        Self {
            parent_hash: block.block.parent_hash,
            epoch_num: block.block.l1_origin.number,
            epoch_hash: block.block.l1_origin.hash,
            timestamp: block.block.timestamp,
            transactions: encode_all(&block.transactions),
        }
    }
}

/// EIP-2718 encodings.
pub(crate) fn encode_all(transactions: &[Transaction]) -> Vec<Bytes> {
    transactions.iter().map(|tx| tx.encoded_2718().into()).collect()
}

/// A batch of either version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// Version 0.
    Singular(SingularBatch),
    /// Version 1.
    Span(SpanBatch),
}

impl Batch {
    /// `version ‖ content`.
    ///
    /// # Errors
    /// [`Error::Unencodable`] when a transaction has no place in a batch of chain `chain_id`.
    pub fn encode(&self, chain_id: u64) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        match self {
            Self::Singular(batch) => {
                out.push(0);
                batch.encode(&mut out);
            }
            Self::Span(batch) => {
                out.push(1);
                batch.encode(chain_id, &mut out)?;
            }
        }
        Ok(out)
    }

    /// The inverse of [`Self::encode`]. Bytes after the batch are ignored, as the specification allows.
    ///
    /// # Errors
    /// [`Error::Malformed`] when version or content are not those of a batch.
    pub fn decode(bytes: &[u8], chain_id: u64) -> Result<Self, Error> {
        match bytes {
            [0, content @ ..] => SingularBatch::decode(&mut &*content)
                .map(Self::Singular)
                .map_err(|_| Error::malformed("singular batch", "the RLP does not decode")),
            [1, content @ ..] => SpanBatch::decode(content, chain_id).map(Self::Span),
            _ => Err(Error::malformed("batch", "the version is unknown")),
        }
    }
}

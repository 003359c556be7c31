//! The batcher: sealed L2 blocks → L1. Its progress is what L1 has; nothing is kept.

use crate::{Error, status::BatchStatus};
use alloy_primitives::Address;
use metrics::counter;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tributary_dashboard::metrics::{BATCH_BYTES, BATCHED_BLOCKS, BATCHES};
use tributary_l1::{L1Sender, TxRequest};
use tributary_primitives::RollupConfig;
use tributary_rollup::{BatchBlock, BatcherData, Encoder, EncoderConfig, Payload, decode_blob};
use tributary_rpc::L1Status;
use tributary_storage::Store;

/// Most blocks that wait in the encoder: a batcher far behind reads the rest later.
const MAX_PENDING: usize = 4096;

/// Encodes, submits, and starts over from the safe head when in doubt.
#[derive(Debug)]
pub(crate) struct Batcher {
    pub(crate) store: Store,
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) encoding: EncoderConfig,
    pub(crate) sender: L1Sender,
    pub(crate) inbox: Address,
    pub(crate) l1: watch::Receiver<L1Status>,
    /// The newest batch, for the status line.
    pub(crate) last: watch::Sender<Option<BatchStatus>>,
    /// How often to look for new blocks.
    pub(crate) every: Duration,
}

impl Batcher {
    /// Runs for ever. Failures of L1 are tried again; a batch that does not decode to its blocks ends the node.
    pub(crate) async fn run(self) -> Result<(), Error> {
        loop {
            let mut encoder = Encoder::new(self.config.clone(), self.encoding);
            let mut next = self.store.heads()?.safe_head.number + 1;
            loop {
                next = self.feed(&mut encoder, next)?;
                let l1_head = self.l1.borrow().head.number;
                while encoder.step(l1_head)? {}
                if !self.submit(&mut encoder).await {
                    break;
                }
                tokio::time::sleep(self.every).await;
            }
            // Whatever L1 has of it counts; what it lacks is sent again.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Adds sealed blocks from `next` on; returns the number after the last.
    fn feed(&self, encoder: &mut Encoder, mut next: u64) -> Result<u64, Error> {
        let head = self.store.heads()?.unsafe_head.number;
        while next <= head && encoder.pending_blocks() < MAX_PENDING {
            let block = self.store.block(next)?.ok_or_else(|| Error::Disagreement(format!("sealed block {next} is missing")))?;
            encoder.add(BatchBlock::of_block(&self.config, &block.block, block.hash)?)?;
            next += 1;
        }
        Ok(next)
    }

    /// Sends everything that is ready, in order. False when the encoder must start over.
    async fn submit(&self, encoder: &mut Encoder) -> bool {
        while let Some(payload) = encoder.next_payload() {
            match self.send(&payload).await {
                Ok(status) => {
                    let confirmation = encoder.confirm(payload.id, status.l1_block);
                    tracing::debug!(
                        first = status.first,
                        last = status.last,
                        l1_block = status.l1_block,
                        bytes = status.bytes,
                        "batch on L1"
                    );
                    counter!(BATCHES).increment(1);
                    counter!(BATCHED_BLOCKS).increment(status.last + 1 - status.first);
                    counter!(BATCH_BYTES).increment(status.bytes);
                    self.last.send_replace(Some(status));
                    if confirmation == tributary_rollup::Confirmation::TimedOut {
                        return false;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "batch not submitted");
                    return false;
                }
            }
        }
        true
    }

    async fn send(&self, payload: &Payload) -> Result<BatchStatus, tributary_l1::Error> {
        let (transaction, bytes) = match payload.data.as_ref() {
            BatcherData::Calldata(data) => (TxRequest::call(self.inbox, data.clone()), data.len()),
            BatcherData::Blobs(blobs) => {
                let data = blobs.iter().filter_map(|blob| decode_blob(blob).ok()).map(|data| data.len()).sum();
                (TxRequest::blobs(self.inbox, blobs.clone()), data)
            }
        };
        let receipt = self.sender.send(transaction).await?;
        let (first, last) = payload.blocks;
        let l1_block = receipt.block_number.unwrap_or_default();
        Ok(BatchStatus { l1_tx: receipt.transaction_hash, l1_block, first, last, bytes: bytes as u64 })
    }
}

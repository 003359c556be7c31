//! The batcher: sealed L2 blocks → L1. Its progress is what L1 has; nothing is kept.

use crate::{Error, gate::Gate, status::BatchStatus, tasks::unless_passing};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256};
use futures_util::{StreamExt, stream::FuturesOrdered};
use metrics::counter;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::watch;
use tributary_chain::L1Status;
use tributary_dashboard::metrics::{BATCH_BYTES, BATCHED_BLOCKS, BATCHES};
use tributary_l1::{L1Sender, TxRequest};
use tributary_primitives::RollupConfig;
use tributary_rollup::{BatchBlock, BatcherData, Confirmation, Encoder, EncoderConfig, Payload, PayloadId, decode_blob};
use tributary_storage::Store;

/// Most blocks that wait in the encoder: a batcher far behind reads the rest later.
const MAX_PENDING: usize = 4096;

/// Transactions that may be on their way at a time; nodes keep 16 with blobs of an account.
const IN_FLIGHT: usize = 4;

/// Encodes, submits, and starts over from the safe head when in doubt.
#[derive(Debug)]
pub(crate) struct Batcher {
    pub(crate) store: Store,
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) encoding: EncoderConfig,
    pub(crate) sender: L1Sender,
    pub(crate) inbox: Address,
    pub(crate) gate: Arc<Gate>,
    pub(crate) l1: watch::Receiver<L1Status>,
    /// The newest L1 block that is derived whole, the safe head told.
    pub(crate) derived: watch::Receiver<B256>,
    /// The newest batch, for the status line.
    pub(crate) last: watch::Sender<Option<BatchStatus>>,
    /// How often to look for new blocks.
    pub(crate) every: Duration,
    /// Whether a channel is closed as soon as it holds what somebody sent, and does not wait to be worth its price.
    pub(crate) eager: bool,
}

/// How far a batcher is since it last began at the safe head.
#[derive(Debug)]
struct Progress {
    /// The newest block that the encoder has.
    fed: BlockNumHash,
    /// The L1 blocks that whole channels were confirmed in, and the number of each channel's last L2 block, as long as those are not safe.
    confirmed: VecDeque<(u64, u64)>,
}

impl Progress {
    const fn at(safe: BlockNumHash) -> Self {
        Self { fed: safe, confirmed: VecDeque::new() }
    }
}

/// What came of a payload: `None` where history was changed under it.
type Sent = Option<Result<BatchStatus, tributary_l1::Error>>;

impl Batcher {
    /// Runs for ever. Failures of L1 are tried again; a batch that does not decode to its blocks ends the node.
    pub(crate) async fn run(self) -> Result<(), Error> {
        loop {
            // Batches of before a restart or a reorg may be on L1: the safe head has to be what came of them.
            settled(self.l1.clone(), self.derived.clone()).await?;
            self.batch().await?;
            tracing::warn!("batching again from the safe block");
            // Whatever L1 has of it counts; what it lacks is sent again.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Puts blocks on L1 from the safe head on, several transactions at a time and in order, until it has to begin anew.
    async fn batch(&self) -> Result<(), Error> {
        let mut encoder = Encoder::new(self.config.clone(), self.encoding);
        let mut progress = Progress::at(self.store.heads()?.safe_head);
        let mut flight = FuturesOrdered::new();
        while self.feed(&mut encoder, &mut progress)? && !self.was_lost(&mut progress)? {
            let l1_head = self.l1.borrow().head.number;
            encoder = encoded(encoder, l1_head).await?;
            while flight.len() < IN_FLIGHT
                && let Some(payload) = encoder.next_payload()
            {
                flight.push_back(self.pass(payload));
            }
            let goes_on = tokio::select! {
                Some((payload, sent)) = flight.next() => self.confirm((payload, sent), &mut encoder, &mut progress)?,
                () = tokio::time::sleep(self.every) => true,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Adds sealed blocks. False when a block that was added has left the chain.
    fn feed(&self, encoder: &mut Encoder, progress: &mut Progress) -> Result<bool, Error> {
        if !self.store.is_canonical(progress.fed)? {
            return Ok(false);
        }
        let head = self.store.heads()?.unsafe_head.number;
        while progress.fed.number < head && encoder.pending_blocks() < MAX_PENDING {
            let Some(block) = self.store.block(progress.fed.number + 1)? else { return Ok(false) };
            if block.block.header.parent_hash != progress.fed.hash {
                return Ok(false);
            }
            let batch = BatchBlock::of_block(&self.config, &block.block, block.hash)?;
            let is_urgent = self.eager && !batch.transactions.is_empty();
            encoder.add(batch)?;
            if is_urgent {
                encoder.close();
            }
            progress.fed = block.id();
        }
        Ok(true)
    }

    /// Whether L1 was read past a batch without the batch's blocks becoming safe: a reorg took it, or what it follows.
    fn was_lost(&self, progress: &mut Progress) -> Result<bool, Error> {
        let (read, safe) = (self.l1.borrow().current.number, self.store.heads()?.safe_head.number);
        while let Some((l1_block, last)) = progress.confirmed.front().copied().filter(|(l1_block, _)| *l1_block < read) {
            if safe < last {
                tracing::warn!(l1_block, last, safe, "L1 has a batch whose blocks did not become safe");
                return Ok(true);
            }
            progress.confirmed.pop_front();
        }
        Ok(false)
    }

    /// Sends a payload while history stays as it is.
    async fn pass(&self, payload: Payload) -> (PayloadId, Sent) {
        let sent = self.gate.pass(self.send(&payload)).await;
        (payload.id, sent)
    }

    /// Takes note of what came of a payload. False when the encoder must start over.
    fn confirm(&self, (id, sent): (PayloadId, Sent), encoder: &mut Encoder, progress: &mut Progress) -> Result<bool, Error> {
        let Some(sent) = sent else { return Ok(false) };
        let Some(status) = unless_passing(sent, "batch not submitted")? else { return Ok(false) };
        let confirmation = encoder.confirm(id, status.l1_block);
        tracing::debug!(first = status.first, last = status.last, l1_block = status.l1_block, bytes = status.bytes, "batch on L1");
        counter!(BATCHES).increment(1);
        counter!(BATCHED_BLOCKS).increment(status.last + 1 - status.first);
        counter!(BATCH_BYTES).increment(status.bytes);
        if let Confirmation::Complete(last) = confirmation {
            progress.confirmed.push_back((status.l1_block, last));
        }
        self.last.send_replace(Some(status));
        Ok(confirmation != Confirmation::TimedOut)
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

/// What a block may have of data while so much waits for L1, bytes: nothing holds a sequencer up that L1 can follow. As the OP Stack's batcher, which lets
/// blocks of 130,000 bytes through at first and of 2,000 at last.
pub(crate) fn most_data(backlog: u64) -> Option<u64> {
    const BEGINS: u64 = 1_000_000;
    const WIDTH: u64 = 1_000_000;
    const UPPER: u64 = 130_000;
    const LOWER: u64 = 2_000;
    let above = backlog.checked_sub(BEGINS)?.min(WIDTH);
    Some(UPPER - (UPPER - LOWER) * above / WIDTH)
}

/// Encodes what the encoder was given. Compression takes up to seconds, in which the async threads have other things to do.
async fn encoded(mut encoder: Encoder, l1_head: u64) -> Result<Encoder, Error> {
    let work = move || {
        while encoder.step(l1_head)? {}
        Ok(encoder)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped("batcher"))?
}

/// Waits until L1's newest block is derived whole. What is being read of it does not count: its batches are not safe blocks yet.
async fn settled(mut l1: watch::Receiver<L1Status>, mut derived: watch::Receiver<B256>) -> Result<(), Error> {
    let stopped = |_| Error::Stopped("L1 follower");
    while l1.borrow_and_update().head.hash != *derived.borrow_and_update() {
        tokio::select! {
            changed = l1.changed() => changed.map_err(stopped)?,
            changed = derived.changed() => changed.map_err(stopped)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tributary_primitives::L1BlockRef;

    fn status(head: u64, current: u64) -> L1Status {
        let at = |number| L1BlockRef { hash: B256::with_last_byte(number as u8), number, parent_hash: B256::ZERO, timestamp: 0 };
        L1Status { current: at(current), head: at(head), safe: at(0), finalized: at(0) }
    }

    #[test]
    fn blocks_shrink_as_the_backlog_grows() {
        assert_eq!([0, 999_999].map(most_data), [None; 2]);
        assert_eq!([1_000_000, 1_500_000, 2_000_000, u64::MAX].map(most_data), [130_000, 66_000, 2_000, 2_000].map(Some));
    }

    #[tokio::test]
    async fn the_newest_l1_block_that_is_read_and_not_derived_whole_is_waited_for() {
        let (l1, seen) = watch::channel(status(7, 7));
        let (derived, whole) = watch::channel(B256::with_last_byte(6));
        let mut waiting = tokio::spawn(settled(seen, whole));
        let soon = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, &mut waiting).await.is_err());
        l1.send_replace(status(8, 8));
        derived.send_replace(B256::with_last_byte(7));
        assert!(tokio::time::timeout(soon, &mut waiting).await.is_err(), "there is a newer one meanwhile");
        derived.send_replace(B256::with_last_byte(8));
        waiting.await.unwrap().unwrap();
    }
}

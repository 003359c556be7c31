//! Taking blocks back: L1 was reorganised under the rollup, or a development node's user asked for it.

use super::{Building, Entry, Producer, adopt::REPLACED, records};
use crate::Error;
use alloy_eips::{eip4844::BlobTransactionSidecar, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::Address;
use std::sync::Arc;
use tributary_chain::SealedBlock;
use tributary_pool::RecoveredTx;
use tributary_primitives::Transaction;
use tributary_storage::BlobSidecar;

/// Where to take the chain back to.
#[derive(Debug, Clone)]
pub(crate) struct Rewind {
    /// The block that is the head then.
    pub(crate) to: u64,
    /// What becomes of what was sent.
    pub(crate) sent: Sent,
}

/// What becomes of the transactions of blocks that are taken back, and of those that wait.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    /// They are executed again.
    Kept,
    /// They are executed again, in whatever blocks come: those that are taken back are not made up for.
    Moved,
    /// They are forgotten; these run before anything else.
    ReplacedBy(Vec<RecoveredTx>),
}

impl Producer {
    /// Takes the chain back. What was acknowledged is in the journal before a block goes, unless it is not to be kept.
    pub(super) fn rewind(&mut self, order: Rewind, open: Option<Building>) -> Result<(), Error> {
        self.scribe.flush()?;
        // What they sent is on disk; it is executed again, unless somebody wants it forgotten.
        self.answer_waiting();
        let gone = self.chain.above(order.to)?;
        let mut transactions = Vec::new();
        for block in &gone {
            transactions.extend(self.transactions_of(block)?);
        }
        if let Some(Building { block, sidecars, .. }) = open {
            transactions.extend(sent(block.transactions(), block.senders(), &sidecars));
        }
        // What somebody wants forgotten is not made up for.
        let is_replaced = matches!(order.sent, Sent::Kept);
        match order.sent {
            Sent::Kept | Sent::Moved => transactions.into_iter().rev().for_each(|tx| self.returning.push_front(tx)),
            Sent::ReplacedBy(first) => {
                // Some of a block's may have waited before, which the journal remembers until the block is sealed.
                self.drop(self.waiting().iter().chain(&transactions).map(|tx| tx.hash))?;
                self.returning = first.into();
                self.pool().clear();
            }
        }
        let entries = self.waiting().iter().map(records::acknowledged).collect();
        self.scribe.write(Entry::Parked { entries })?;
        self.scribe.flush()?;

        let Some(from) = gone.last().map(|block| block.block.header.number) else { return Ok(()) };
        self.schedule.set_back(gone.iter().map(|block| &block.block.header).filter(|_| is_replaced));
        self.chain.take_back(order.to, gone)?;
        let state = self.chain.store.latest()?;
        let unwanted = self.pool().refresh(|sender| super::nonce_of(&state, sender));
        self.give_up(order.to + 1, unwanted.into_iter().map(|tx| (tx, REPLACED.to_owned())).collect())?;
        tracing::info!(chain = self.spec.chain_id, to = order.to, from, "blocks taken back");
        Ok(())
    }

    /// What users sent in a block, with blobs.
    fn transactions_of(&self, block: &SealedBlock) -> Result<Vec<RecoveredTx>, Error> {
        let blobs = self.chain.store.blobs_of_block(block.block.header.number)?;
        Ok(sent(&block.block.body.transactions, &block.senders, &blobs).collect())
    }
}

/// What users sent of a block's transactions.
fn sent<'a>(transactions: &'a [Transaction], senders: &'a [Address], blobs: &'a [BlobSidecar]) -> impl Iterator<Item = RecoveredTx> + 'a {
    let signed = transactions.iter().zip(senders).filter(|(tx, _)| !tx.is_deposit());
    signed.map(|(tx, sender)| RecoveredTx { sidecar: sidecar_of(tx, blobs), ..RecoveredTx::new(tx.clone(), *sender) })
}

/// The sidecar of a blob transaction, from what its block keeps.
fn sidecar_of(tx: &Transaction, blobs: &[BlobSidecar]) -> Option<Arc<BlobTransactionSidecarVariant>> {
    use alloy_consensus::Transaction as _;
    let mut sidecar = BlobTransactionSidecar::default();
    for hash in tx.blob_versioned_hashes()? {
        let kept = blobs.iter().find(|kept| kept.versioned_hash == *hash)?;
        sidecar.blobs.push(*kept.blob);
        sidecar.commitments.push(kept.commitment);
        sidecar.proofs.push(kept.proof);
    }
    Some(Arc::new(BlobTransactionSidecarVariant::Eip4844(sidecar)))
}

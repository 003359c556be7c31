//! Coming back to what L1 gives: batches that came too late, or somebody else's, have put other blocks in the place of ours. What users sent is executed
//! again after them; what cannot run any more is lost, and told.

use super::{BackTo, Producer, Rewind, Sent};
use crate::{Error, fork::fork};
use alloy_primitives::U64;
use tokio::sync::oneshot;
use tributary_chain::LostTransaction;
use tributary_pool::RecoveredTx;
use tributary_primitives::Block;
use tributary_storage::StoredBlock;

/// A transaction that was acknowledged and can run no more, and why.
pub(super) type Gone = (RecoveredTx, String);

/// Why one can run no more that others were included in place of.
pub(super) const REPLACED: &str = "nonce too low: another transaction has its place";

impl Producer {
    /// The order to take the chain back to the newest block that L1 gives, too, and to go on with those that it gives; nothing where it gives no others.
    pub(super) fn back_to_l1(&mut self) -> Result<Option<BackTo>, Error> {
        let Some(derived) = &self.derived else { return Ok(None) };
        let head = self.chain.store.heads()?.unsafe_head.number;
        let to = match fork(&self.chain.store, derived)? {
            Some(common) => common,
            None if derived.heads()?.unsafe_head.number > head => head,
            None => return Ok(None),
        };
        tracing::warn!(from = to + 1, to = head, "L1 gives other blocks than ours; going on with those");
        self.is_adopting = true;
        // Nobody waits to hear of it.
        Ok(Some(BackTo { rewind: Rewind { to, sent: Sent::Moved }, done: oneshot::channel().0 }))
    }

    /// The block that L1 gives after `parent`, while the chain is coming back to those.
    pub(super) fn adopted(&mut self, parent: &StoredBlock) -> Result<Option<Block>, Error> {
        let Some(derived) = self.derived.as_ref().filter(|_| self.is_adopting) else { return Ok(None) };
        // No journal has been told of these.
        self.is_announced = false;
        let next = derived.block(parent.block.header.number + 1)?.filter(|next| next.block.header.parent_hash == parent.hash);
        self.is_adopting = next.is_some();
        Ok(next.map(|next| next.block))
    }

    /// Gives up what can run no more in the block with this number; what is not in the chain after all is lost. That is on disk before the journal forgets them.
    pub(super) fn give_up(&self, number: u64, gone: Vec<Gone>) -> Result<(), Error> {
        let mut lost = Vec::new();
        for (tx, reason) in &gone {
            if self.chain.store.transaction_position(tx.hash)?.is_none() {
                let (nonce, block_number) = (U64::from(tx.nonce()), U64::from(number));
                lost.push(LostTransaction { hash: tx.hash, sender: tx.sender, nonce, block_number, reason: reason.clone() });
            }
        }
        if let Some(kept) = self.lost.as_ref().filter(|_| !lost.is_empty()) {
            tracing::warn!(transactions = lost.len(), number, "acknowledged transactions are lost");
            kept.add(lost).map_err(|source| Error::Path { path: self.chain.store.path().to_owned(), source })?;
        }
        self.drop(gone.iter().map(|(tx, _)| tx.hash))
    }
}

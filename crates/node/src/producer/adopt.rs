//! Coming back to what L1 gives: batches that came too late, or somebody else's, have put other blocks in the place of ours. What users sent is executed
//! again after them; what cannot run any more is lost, and told.

use super::{BackTo, Producer, Rewind, Sent};
use crate::Error;
use alloy_primitives::U64;
use tokio::sync::oneshot;
use tributary_chain::LostTransaction;
use tributary_pool::RecoveredTx;
use tributary_primitives::Block;
use tributary_storage::StoredBlock;

impl Producer {
    /// The order to take the chain back to the newest block that L1 gives, too; nothing where L1 gives no others.
    pub(super) fn back_to_l1(&mut self) -> Result<Option<BackTo>, Error> {
        let Some(derived) = &self.derived else { return Ok(None) };
        let (heads, given) = (self.chain.store.heads()?, derived.heads()?.unsafe_head.number);
        let newest = given.min(heads.unsafe_head.number);
        let mut common = newest;
        while common > 0 && self.chain.store.hash_of(common)? != derived.hash_of(common)? {
            common -= 1;
        }
        if common == newest {
            return Ok(None);
        }
        if common < heads.finalized_head.number {
            return Err(Error::Disagreement(format!("L1 gives another block {} than the final one", common + 1)));
        }
        tracing::warn!(from = common + 1, to = heads.unsafe_head.number, "L1 gives other blocks than ours; going back to those");
        self.is_adopting = true;
        // Nobody waits to hear of it.
        Ok(Some(BackTo { rewind: Rewind { to: common, sent: Sent::Moved }, done: oneshot::channel().0 }))
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

    /// Takes note of a transaction that was acknowledged and can run no more, unless it is in the chain after all.
    pub(super) fn lose(&self, tx: &RecoveredTx, (block, reason): (u64, &dyn std::fmt::Display)) -> Result<(), Error> {
        let Some(lost) = &self.lost else { return Ok(()) };
        if self.chain.store.transaction_position(tx.hash)?.is_some() {
            return Ok(());
        }
        tracing::warn!(hash = %tx.hash, %reason, "an acknowledged transaction is lost");
        let gone = LostTransaction {
            hash: tx.hash,
            sender: tx.sender,
            nonce: U64::from(tx.nonce()),
            block_number: U64::from(block),
            reason: reason.to_string(),
        };
        lost.add(gone).map_err(|source| Error::Path { path: self.chain.store.path().to_owned(), source })
    }
}

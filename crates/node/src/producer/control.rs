//! What a development node's users may ask of a chain that runs.

use super::{Entry, Producer, Rewind};
use crate::Error;
use tokio::sync::oneshot;
use tributary_pool::Waiting;

/// An order to a chain. Whoever gave it may have gone when it is carried out; where the node ends before, the sender is dropped.
#[derive(Debug)]
pub(crate) enum Control {
    /// Take the chain back.
    Back(BackTo),
    /// Forget what waits. How many there were is told once they cannot come back, not after a crash either.
    Drop { which: Waiting, done: oneshot::Sender<u64> },
}

/// An order to take the chain back.
#[derive(Debug)]
pub(crate) struct BackTo {
    pub(crate) rewind: Rewind,
    /// Told whether the chain is back, once it is.
    pub(crate) done: oneshot::Sender<bool>,
}

impl Producer {
    /// Carries an order out, but for one to take the chain back, which ends the open block. That is refused when it would take back a final block; asked
    /// here, where L1's own blocks become final.
    pub(super) fn obey(&mut self, order: Control) -> Result<Option<BackTo>, Error> {
        match order {
            Control::Back(back) if back.rewind.to >= self.chain.store.heads()?.finalized_head.number => return Ok(Some(back)),
            Control::Back(back) => drop(back.done.send(false)),
            Control::Drop { which, done } => {
                let hashes = self.pool().drop_waiting(which);
                self.scribe.write(Entry::Dropped { hashes, done: Some(done) })?;
            }
        }
        Ok(None)
    }
}

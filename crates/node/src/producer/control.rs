//! What a development node's users may ask of a chain that runs.

use super::{Entry, Producer, Rewind, SealPolicy, Sent};
use crate::Error;
use tokio::sync::oneshot;
use tributary_pool::Waiting;

/// An order to a chain. Whoever gave it may have gone when it is carried out; where the node ends before, the sender is dropped.
#[derive(Debug)]
pub(crate) enum Control {
    /// Take the chain back.
    Back(BackTo),
    /// Come back to the blocks that L1 gives, where they are others.
    Adopt,
    /// Seal blocks by another policy from now on.
    Policy(SealPolicy),
    /// Seal the open block and those that follow it before their time, as many as that. The number of the newest is told when they are sealed.
    Seal { blocks: u64, done: oneshot::Sender<u64> },
    /// Open the next block again, on what is known by now; what users sent stays in it.
    Reopen { done: oneshot::Sender<bool> },
    /// Of the embedded L1: open the next block again as a jump to this time, seconds of the Unix epoch. Somebody has to seal it.
    Jump { to: u64, done: oneshot::Sender<bool> },
    /// Forget what waits. How many there were is told once they cannot come back, not after a crash either.
    Drop { which: Waiting, done: oneshot::Sender<u64> },
}

/// Blocks that are sealed before their time because somebody ordered it.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) blocks: u64,
    pub(crate) done: oneshot::Sender<u64>,
}

/// An order to take the chain back.
#[derive(Debug)]
pub(crate) struct BackTo {
    pub(crate) rewind: Rewind,
    /// Told whether the chain is back, once it is.
    pub(crate) done: oneshot::Sender<bool>,
}

impl Producer {
    /// Carries an order out, but for one to take the chain back, or to open the next block again, which ends the open block. The former is refused when it
    /// would take back a final block; asked here, where L1's own blocks become final.
    pub(super) fn obey(&mut self, order: Control) -> Result<Option<BackTo>, Error> {
        match order {
            Control::Policy(policy) => {
                self.policy = policy;
                if policy == SealPolicy::InTime {
                    self.answer_waiting();
                }
            }
            Control::Seal { blocks, done } => self.ordered = Some(Ordered { blocks, done }),
            Control::Reopen { done } => return self.back_to_head(done).map(Some),
            Control::Jump { to, done } => {
                self.schedule.jump(to);
                return self.back_to_head(done).map(Some);
            }
            Control::Back(back) if back.rewind.to >= self.chain.store.heads()?.finalized_head.number => return Ok(Some(back)),
            Control::Back(back) => drop(back.done.send(false)),
            Control::Adopt => return self.back_to_l1(),
            Control::Drop { which, done } => {
                let hashes = self.pool().drop_waiting(which);
                self.scribe.write(Entry::Dropped { hashes, done: Some(done) })?;
            }
        }
        Ok(None)
    }

    fn back_to_head(&self, done: oneshot::Sender<bool>) -> Result<BackTo, Error> {
        Ok(BackTo { rewind: Rewind { to: self.chain.store.heads()?.unsafe_head.number, sent: Sent::Kept }, done })
    }
}

//! When the open block is sealed, beside that its time may be over.

use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Whether somebody who waits for a block gets it before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealPolicy {
    /// No: blocks have the rhythm of their chain.
    InTime,
    /// A block is sealed once a transaction is executed and nothing else is waiting (the automining of anvil and Hardhat). Its time has come then: the
    /// clock is set forward to it.
    AtOnce,
}

/// How long a block that somebody waits for takes what else arrives, at most.
const LONGEST: Duration = Duration::from_millis(50);

/// Somebody waits for the open block. It is sealed when the disk has what was in it at the beginning: what arrives meanwhile goes in, too.
#[derive(Debug)]
pub(crate) struct Demand {
    since: Instant,
    synced: oneshot::Receiver<()>,
    is_synced: bool,
}

impl Demand {
    /// `synced` tells when the disk has what is in the block.
    pub(crate) fn new(synced: oneshot::Receiver<()>) -> Self {
        Self { since: Instant::now(), synced, is_synced: false }
    }

    /// Whether the block is sealed now that nothing else is waiting.
    pub(crate) fn is_met(&mut self) -> bool {
        // One that was dropped never comes: the journal says why itself.
        self.is_synced |= self.synced.try_recv() != Err(oneshot::error::TryRecvError::Empty);
        self.is_synced || self.is_urgent()
    }

    /// Whether the block is sealed though more is waiting.
    pub(crate) fn is_urgent(&self) -> bool {
        self.since.elapsed() >= LONGEST
    }

    /// Resolves when the block is to be sealed.
    pub(crate) async fn met(&mut self) {
        if !self.is_met() {
            let _ = tokio::time::timeout(LONGEST.saturating_sub(self.since.elapsed()), &mut self.synced).await;
            self.is_synced = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_block_that_somebody_waits_for_is_sealed_when_the_disk_has_it() {
        let (done, synced) = oneshot::channel();
        let mut demand = Demand::new(synced);
        assert!(!demand.is_met());
        done.send(()).unwrap();
        demand.met().await;
        assert!(demand.is_met());
    }

    #[tokio::test]
    async fn it_does_not_wait_for_a_slow_disk_for_ever() {
        let (_done, synced) = oneshot::channel();
        let mut demand = Demand::new(synced);
        demand.met().await;
        assert!(demand.is_met());
        demand.since = Instant::now().checked_sub(LONGEST).unwrap();
        assert!(demand.is_urgent());
    }
}

//! Keeps what is on its way to L1 from arriving there after history was changed under it.

use tokio::sync::{RwLock, RwLockWriteGuard, watch};

/// A gate before L1. What passes it is given up when it closes.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed: watch::Sender<bool>,
    passing: RwLock<()>,
}

/// A gate that is closed until this is dropped. Nothing is on its way any more.
#[derive(Debug)]
pub(crate) struct Closed<'a> {
    gate: &'a Gate,
    _nothing_passes: RwLockWriteGuard<'a, ()>,
}

impl Gate {
    /// Does something that ends on L1, once the gate is open. `None` when it closed in the middle: the work was dropped where it waited.
    pub(crate) async fn pass<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let _passing = self.passing.read().await;
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => None,
            done = work => Some(done),
        }
    }

    /// Closes the gate, and waits until all that was passing is given up.
    pub(crate) async fn close(&self) -> Closed<'_> {
        self.closed.send_replace(true);
        Closed { _nothing_passes: self.passing.write().await, gate: self }
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.gate.closed.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn what_is_passing_is_given_up_when_the_gate_closes_and_may_pass_when_it_is_open_again() {
        let gate = Arc::new(Gate::default());
        let passing = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass(std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        let closed = gate.close().await;
        assert_eq!(passing.await.unwrap(), None);
        drop(closed);
        assert_eq!(gate.pass(async { 7 }).await, Some(7));
    }
}

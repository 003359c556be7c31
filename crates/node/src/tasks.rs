//! Severity is decided here, once: whatever a task or thread ends with halts the node.

use crate::Error;
use std::sync::Arc;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

/// Background work, and the one place where its failures arrive.
#[derive(Debug)]
pub(crate) struct Tasks {
    failed: mpsc::Sender<Error>,
    failures: Arc<Mutex<mpsc::Receiver<Error>>>,
    running: std::sync::Mutex<JoinSet<()>>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        let (failed, failures) = mpsc::channel(16);
        Self { failed, failures: Arc::new(Mutex::new(failures)), running: std::sync::Mutex::default() }
    }

    /// What a thread calls when it fails.
    pub(crate) fn reporter(&self) -> impl FnOnce(Error) + Send + 'static {
        let failed = self.failed.clone();
        // A full channel means that the node is halting for an earlier reason.
        move |error| drop(failed.try_send(error))
    }

    /// Runs a task until the node stops; its failure halts the node.
    pub(crate) fn spawn(&self, task: impl Future<Output = Result<(), Error>> + Send + 'static) {
        let report = self.reporter();
        let mut running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        running.spawn(async move {
            if let Err(error) = task.await {
                report(error);
            }
        });
    }

    /// Waits for the first failure.
    pub(crate) async fn failure(&self) -> Error {
        // `self` holds a sender, so that the channel cannot end.
        self.failures.lock().await.recv().await.unwrap_or(Error::Stopped("node"))
    }

    /// Tells all tasks to end where they next wait.
    pub(crate) fn abort(&self) {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).abort_all();
    }

    /// Ends all tasks where they next wait, and waits for that.
    pub(crate) async fn stop(self) {
        let mut running = self.running.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        running.shutdown().await;
    }
}

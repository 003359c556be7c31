//! Severity is decided here, once: a failure of L1 [passes](unless_passing), whatever else a task or thread ends with halts the node.

use crate::Error;
use std::sync::Arc;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};
use tributary_dashboard::Health;

/// What came of work on L1, or `None` when L1 failed, which is told as `failure` and passes: the work is done again later.
///
/// # Errors
/// Any other failure: the node must not go on after it.
pub(crate) fn unless_passing<T, E: Into<Error>>(result: Result<T, E>, failure: &'static str) -> Result<Option<T>, Error> {
    match result.map_err(Into::into) {
        Ok(done) => Ok(Some(done)),
        Err(Error::L1(error)) => {
            tracing::warn!(%error, "{failure}");
            Ok(None)
        }
        Err(fatal) => Err(fatal),
    }
}

/// How long the cause is waited for when part of the node is gone.
const CAUSE: std::time::Duration = std::time::Duration::from_millis(200);

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

    /// What a thread has for the time that it runs; `name` is what it is in words.
    pub(crate) fn alarm(&self, name: &'static str) -> Alarm {
        Alarm { name, failed: self.failed.clone() }
    }

    /// Runs a task until the node stops; its failure halts the node.
    pub(crate) fn spawn(&self, name: &'static str, task: impl Future<Output = Result<(), Error>> + Send + 'static) {
        let alarm = self.alarm(name);
        let mut running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        running.spawn(async move { alarm.ended(task.await) });
    }

    /// Waits for the first failure, and for its cause: a task that fails takes with it what others wait for, and they may be faster to say so.
    pub(crate) async fn failure(&self) -> Error {
        let mut failures = self.failures.lock().await;
        // `self` holds a sender, so that the channel cannot end.
        let first = failures.recv().await.unwrap_or(Error::Stopped("node"));
        let cause = async {
            loop {
                match failures.recv().await {
                    None => std::future::pending().await,
                    Some(Error::Stopped(_)) => {}
                    Some(cause) => return cause,
                }
            }
        };
        match first {
            Error::Stopped(_) => tokio::time::timeout(CAUSE, cause).await.unwrap_or(first),
            cause => cause,
        }
    }

    /// Waits for a failure after which nothing may go on, ends all tasks after `stop`, and tells the monitors why. The failure in words.
    pub(crate) async fn halted(&self, health: &Health, stop: impl FnOnce()) -> String {
        let error = self.failure().await;
        match &error {
            Error::Diverged { .. } => health.set_verifier_agrees(false),
            Error::Journal(_) => health.set_journal_ok(false),
            _ => {}
        }
        let reason = error.to_string();
        stop();
        self.abort();
        health.halt(reason.clone());
        reason
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

/// Tells the node how a task or a thread ended. One that panics is told of, too.
#[derive(Debug)]
pub(crate) struct Alarm {
    name: &'static str,
    failed: mpsc::Sender<Error>,
}

impl Alarm {
    /// It ended by itself.
    pub(crate) fn ended(self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.raise(error);
        }
    }

    fn raise(&self, error: Error) {
        // A full channel means that the node is halting for an earlier reason.
        let _ = self.failed.try_send(error);
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.raise(Error::Stopped(self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_l1_pass_and_no_others_do() {
        let l1 = || tributary_l1::Error::BlockGone("7".to_owned());
        assert!(matches!(unless_passing(Err::<(), _>(l1()), "on purpose"), Ok(None)));
        assert!(matches!(unless_passing(Ok::<_, Error>(7), "not at all"), Ok(Some(7))));
        let fatal = unless_passing(Err::<(), _>(Error::Disagreement("on purpose".into())), "unseen");
        assert!(matches!(fatal, Err(Error::Disagreement(_))));
    }

    #[tokio::test]
    async fn whatever_ends_with_an_error_or_a_panic_is_told() {
        let tasks = Tasks::new();
        tasks.spawn("first", async { Ok(()) });
        tasks.spawn("second", async { Err(Error::Config("on purpose".into())) });
        assert_eq!(tasks.failure().await.to_string(), "on purpose");
        tasks.spawn("third", async {
            tokio::task::yield_now().await;
            panic!("on purpose")
        });
        assert_eq!(tasks.failure().await.to_string(), "the third stopped");
        let alarm = tasks.alarm("fourth");
        let thread = std::thread::spawn(move || {
            let _alarm = alarm;
            panic!("on purpose");
        });
        assert!(thread.join().is_err());
        assert_eq!(tasks.failure().await.to_string(), "the fourth stopped");
    }

    #[tokio::test]
    async fn the_cause_is_told_though_what_it_stopped_says_so_first() {
        let tasks = Tasks::new();
        tasks.alarm("consequence").ended(Err(Error::Stopped("cause")));
        tasks.alarm("cause").ended(Err(Error::Disagreement("on purpose".into())));
        assert_eq!(tasks.failure().await.to_string(), "on purpose");
    }

    #[tokio::test]
    async fn tasks_that_are_ended_with_the_node_are_not_told_of() {
        let tasks = Tasks::new();
        tasks.spawn("one that waits", std::future::pending());
        tokio::task::yield_now().await;
        let failed = tasks.failures.clone();
        tasks.stop().await;
        assert!(failed.lock().await.try_recv().is_err());
    }
}

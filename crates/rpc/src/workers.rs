//! Where work that takes long runs: a bounded number of blocking threads, so that no client can take all of them or make requests pile up.

use crate::{error::RpcError, time_limit::within};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// A bounded set of blocking threads with a bounded queue before it.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    running: Arc<Semaphore>,
    admitted: Arc<AtomicUsize>,
    most: usize,
    time: Duration,
}

/// Counts a request as admitted until it is done or given up.
struct Admission(Arc<AtomicUsize>);

impl Drop for Admission {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// At most `running` jobs at a time and `waiting` more that wait. What a job does in parts of limited time may take `time` in all.
    pub(crate) fn new(running: usize, waiting: usize, time: Duration) -> Self {
        let running = running.max(1);
        Self { running: Arc::new(Semaphore::new(running)), admitted: Arc::default(), most: running + waiting, time }
    }

    /// Runs `job` on a blocking thread, after those that came before it. A job whose client went away before its turn does not run.
    pub(crate) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> Result<T, RpcError> + Send + 'static) -> Result<T, RpcError> {
        let admission = self.admit()?;
        let permit = self.running.clone().acquire_owned().await.map_err(|_| RpcError::limit("server is stopping"))?;
        let time = self.time;
        let done = tokio::task::spawn_blocking(move || {
            // Both are held by the thread: it goes on even when the client does not wait for it.
            let _held = (admission, permit);
            within(time, job)
        });
        match done.await {
            Ok(result) => result,
            Err(error) => Err(RpcError::internal(&error)),
        }
    }

    fn admit(&self) -> Result<Admission, RpcError> {
        let before = self.admitted.fetch_add(1, Ordering::Relaxed);
        let admission = Admission(self.admitted.clone());
        if before >= self.most { Err(RpcError::limit("server is busy, try again later")) } else { Ok(admission) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn jobs_beyond_the_queue_are_refused_and_the_others_run() {
        let workers = Workers::new(1, 1, Duration::MAX);
        let (release, blocked) = mpsc::channel::<()>();
        let (started, mut is_running) = tokio::sync::mpsc::channel(1);
        let first = tokio::spawn({
            let workers = workers.clone();
            async move {
                let job = move || {
                    started.blocking_send(()).unwrap();
                    blocked.recv().unwrap();
                    Ok(1)
                };
                workers.run(job).await
            }
        });
        is_running.recv().await.unwrap();
        let second = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(|| Ok(2)).await }
        });
        while workers.admitted.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        let refused = workers.run(|| Ok(3)).await.unwrap_err();
        assert_eq!(refused.code, crate::error::code::LIMIT_EXCEEDED);
        release.send(()).unwrap();
        assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (1, 2));
        assert_eq!(workers.run(|| Ok(4)).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_job_that_panics_is_an_internal_error_and_frees_its_place() {
        let workers = Workers::new(1, 0, Duration::MAX);
        let error = workers.run(|| -> Result<(), RpcError> { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(error.code, crate::error::code::INTERNAL);
        assert_eq!(workers.run(|| Ok(1)).await.unwrap(), 1);
    }
}

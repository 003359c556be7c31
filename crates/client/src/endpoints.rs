//! Several endpoints that should say the same: who is asked first, and who after a failure.

use crate::{
    endpoint::Endpoint,
    error::Error,
    http::{Http, Limits},
};
use backon::{ExponentialBuilder, Retryable};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The longest that we wait because a node asks for it, or between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Endpoints in the order in which they are preferred. Cheap to clone; clones share what is known of them.
#[derive(Debug, Clone)]
pub struct Endpoints {
    all: Arc<[Http]>,
    retries: usize,
}

impl Endpoints {
    /// Endpoints of one network; `timeout` from connecting to the last byte, `max_response` bytes of an answer, and how often a question is repeated
    /// after failures that pass.
    ///
    /// # Errors
    /// [`Error::Config`] when a URL does not parse or is neither `http` nor `https`, a header is none, or a certificate is none.
    pub fn new(endpoints: &[Endpoint], timeout: Duration, max_response: usize, retries: usize) -> Result<Self, Error> {
        let all = endpoints.iter().map(|endpoint| Http::new(endpoint, Limits { timeout, max_response })).collect::<Result<_, _>>()?;
        Ok(Self { all, retries })
    }

    /// All of them.
    pub fn all(&self) -> &[Http] {
        &self.all
    }

    /// This one alone, asked once.
    pub(crate) fn only(http: &Http) -> Self {
        Self { all: [http.clone()].into(), retries: 0 }
    }

    /// Those that do not rest, the preferred first and those at their rate last; or, when all rest, the one that has rested longest.
    pub fn in_order(&self) -> Vec<Http> {
        let now = Instant::now();
        let mut healthy: Vec<_> = self.all.iter().filter(|http| http.rests_until(now).is_none()).collect();
        if healthy.is_empty() {
            return self.all.iter().min_by_key(|http| http.rests_until(now)).into_iter().cloned().collect();
        }
        healthy.sort_by_key(|http| http.wait(now));
        healthy.into_iter().cloned().collect()
    }

    /// All of them, those that rest last: for what only one of them may have.
    pub fn everybody(&self) -> Vec<Http> {
        let now = Instant::now();
        let mut all = self.all.to_vec();
        all.sort_by_key(|http| (http.rests_until(now), http.wait(now)));
        all
    }

    /// Asks one endpoint after the other until one gives an answer of its own, and all again after a pause while what failed passes.
    ///
    /// # Errors
    /// What the last one said; rather a failure that passes than one that does not.
    pub async fn ask<T, F: Future<Output = Result<T, Error>>>(&self, attempt: impl Fn(Http) -> F) -> Result<T, Error> {
        self.with_retries(|| self.round(&attempt)).await
    }

    /// Repeats `attempt` while it fails for reasons that pass, with exponentially growing, jittered pauses.
    ///
    /// # Errors
    /// That of the last attempt.
    pub async fn with_retries<T, F: Future<Output = Result<T, Error>>>(&self, attempt: impl FnMut() -> F) -> Result<T, Error> {
        let backoff =
            ExponentialBuilder::new().with_min_delay(Duration::from_millis(100)).with_max_delay(MAX_PAUSE).with_max_times(self.retries);
        attempt.retry(backoff.with_jitter()).when(Error::is_retryable).adjust(pause).await
    }

    async fn round<T, F: Future<Output = Result<T, Error>>>(&self, attempt: &impl Fn(Http) -> F) -> Result<T, Error> {
        let mut failure: Option<Error> = None;
        for http in self.in_order() {
            match attempt(http).await {
                Err(error) if is_of_endpoint(&error) => {
                    let hopeless = failure.as_ref().is_none_or(|before| !before.is_retryable());
                    failure = if hopeless { Some(error) } else { failure };
                }
                answer => return answer,
            }
        }
        Err(failure.unwrap_or_else(|| Error::Config("no endpoint is given".to_owned())))
    }
}

/// Whether another endpoint may do better: not when a node understood the question and refuses.
fn is_of_endpoint(error: &Error) -> bool {
    match error {
        // JSON-RPC's code for a method that does not exist, which other software may have.
        Error::Rejected { fault, .. } => fault.code == -32601,
        Error::Config(_) | Error::Signing(_) | Error::Reverted(_) | Error::NotIncluded { .. } => false,
        _ => true,
    }
}

/// What a node asks for takes precedence over our own pause, within bounds. `None` stays `None`: the attempts are used up.
fn pause(error: &Error, ours: Option<Duration>) -> Option<Duration> {
    match error {
        Error::RateLimited { retry_after: Some(asked) } => ours.map(|ours| ours.max((*asked).min(MAX_PAUSE))),
        _ => ours,
    }
}

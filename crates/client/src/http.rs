//! Bytes in, bytes out: one HTTP exchange with a time limit, a size limit and retries.

use crate::error::Error;
use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use std::time::Duration;

/// The longest that we wait because a node asks for it, or between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// An HTTP client with its limits.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    max_response: usize,
    retries: usize,
}

impl Http {
    /// Limits: for one exchange, from connecting to the last byte; bytes of an answer; and how often an exchange is repeated after failures that pass.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the system gives no client.
    pub fn new(timeout: Duration, max_response: usize, retries: usize) -> Result<Self, Error> {
        let client = Client::builder().timeout(timeout).connect_timeout(timeout).redirect(reqwest::redirect::Policy::none()).build();
        Ok(Self { client: client.map_err(Error::transport)?, max_response, retries })
    }

    /// Posts JSON, once.
    ///
    /// # Errors
    /// Those of an exchange: anything but a whole answer of HTTP status 2xx.
    pub async fn post(&self, url: &reqwest::Url, body: &[u8]) -> Result<Vec<u8>, Error> {
        let request = self.client.post(url.clone()).header(header::CONTENT_TYPE, "application/json").body(body.to_vec());
        self.read(request).await
    }

    /// Gets a resource, once.
    ///
    /// # Errors
    /// As of [`Self::post`].
    pub async fn get(&self, url: &reqwest::Url) -> Result<Vec<u8>, Error> {
        self.read(self.client.get(url.clone()).header(header::ACCEPT, "application/json")).await
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

    async fn read(&self, request: RequestBuilder) -> Result<Vec<u8>, Error> {
        let mut response = request.send().await.map_err(Error::transport)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Error::RateLimited { retry_after: retry_after(&response) });
        }
        if status.is_server_error() {
            return Err(Error::Unavailable(status.as_u16()));
        }
        if !status.is_success() {
            return Err(Error::Refused(status.as_u16()));
        }
        let limit = self.max_response;
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(Error::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Error::transport)? {
            if body.len() + chunk.len() > limit {
                return Err(Error::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Seconds in `Retry-After`.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

/// What a node asks for takes precedence over our own pause, within bounds. `None` stays `None`: the attempts are used up.
fn pause(error: &Error, ours: Option<Duration>) -> Option<Duration> {
    match error {
        Error::RateLimited { retry_after: Some(asked) } => ours.map(|ours| ours.max((*asked).min(MAX_PAUSE))),
        _ => ours,
    }
}

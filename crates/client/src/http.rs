//! Bytes in, bytes out: one HTTP exchange with one endpoint, with a time limit, a size limit and a rate.

use crate::{
    endpoint::{self, Endpoint},
    error::Error,
    pace::Pace,
};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url, header};
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Rest after a first failure; twice as long after each further one, up to the last.
const FIRST_REST: Duration = Duration::from_secs(1);
const LAST_REST: Duration = Duration::from_secs(60);

/// The longest rest that a node is given because it asks for it.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// Limits of one exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From connecting to the last byte.
    pub(crate) timeout: Duration,
    /// Bytes of an answer.
    pub(crate) max_response: usize,
}

/// One endpoint with its connections. Cheap to clone; clones share them, the rate and what is known of its health.
#[derive(Clone)]
pub struct Http {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    url: Url,
    max_response: usize,
    pace: Option<Pace>,
    health: Mutex<Health>,
    /// Whether it told the identity that it should have, since it last failed.
    verified: AtomicBool,
    /// Exchanges that gave no usable answer.
    failed: AtomicU64,
}

#[derive(Default)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&self.host()).finish()
    }
}

impl Http {
    pub(crate) fn new(endpoint: &Endpoint, limits: Limits) -> Result<Self, Error> {
        let Limits { timeout, max_response } = limits;
        let mut builder = Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(endpoint.header_map()?);
        if let Some(pem) = &endpoint.authorities {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|error| Error::Config(format!("certificates: {error}")))?;
            builder = certificates.into_iter().fold(builder, |builder, certificate| builder.add_root_certificate(certificate));
        }
        let shared = Shared {
            client: builder.build().map_err(Error::transport)?,
            url: endpoint.parsed_url()?,
            max_response,
            pace: endpoint.requests_per_second.map(Pace::new),
            health: Mutex::default(),
            verified: AtomicBool::new(false),
            failed: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Asks to go on in another protocol, which `headers` name.
    pub(crate) async fn upgrade(&self, headers: header::HeaderMap) -> Result<Response, Error> {
        let response = self.shared.client.get(self.shared.url.clone()).headers(headers).send().await.map_err(Error::transport)?;
        check(&response)?;
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => Ok(response),
            status => Err(Error::Refused(status.as_u16())),
        }
    }

    /// Host and port: what may be shown of it.
    pub fn host(&self) -> String {
        endpoint::host(&self.shared.url).unwrap_or_default()
    }

    /// Posts JSON to the endpoint itself, once.
    ///
    /// # Errors
    /// Those of an exchange: anything but a whole answer of HTTP status 2xx.
    pub async fn post(&self, body: &[u8]) -> Result<Vec<u8>, Error> {
        let request = self.shared.client.post(self.shared.url.clone());
        let outcome = self.exchange(request.header(header::CONTENT_TYPE, "application/json").body(body.to_vec())).await;
        match &outcome {
            Ok(_) => self.answered(),
            Err(error) => self.failed(error),
        }
        outcome
    }

    /// Posts bytes to this path (and query) under the endpoint, once.
    ///
    /// # Errors
    /// As of [`Self::post`].
    pub async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Error> {
        let base = self.shared.url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).map_err(|error| Error::Config(format!("URL: {error}")))?;
        self.exchange(self.shared.client.post(url).header(header::CONTENT_TYPE, "application/octet-stream").body(body)).await
    }

    /// Gets what is at this path (and query) under the endpoint, once.
    ///
    /// # Errors
    /// As of [`Self::post`]. A resource that is not there ([`Error::Refused`]) says nothing against the endpoint.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, Error> {
        let base = self.shared.url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).map_err(|error| Error::Config(format!("URL: {error}")))?;
        let outcome = self.exchange(self.shared.client.get(url).header(header::ACCEPT, "application/json")).await;
        match &outcome {
            Ok(_) | Err(Error::Refused(_)) => self.answered(),
            Err(error) => self.failed(error),
        }
        outcome
    }

    /// Whether it is to be left alone for now, and until when.
    pub(crate) fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.health().rests_until.filter(|until| *until > now)
    }

    /// How long a request would wait for its turn.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.shared.pace.as_ref().map_or(Duration::ZERO, |pace| pace.wait(now))
    }

    /// How many exchanges with it gave no usable answer.
    pub fn failures(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// It gave no usable answer and rests.
    pub(crate) fn failed(&self, error: &Error) {
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
        let mut health = self.health();
        health.failures = health.failures.saturating_add(1);
        let ours = FIRST_REST.saturating_mul(1 << (health.failures - 1).min(10)).min(LAST_REST);
        let rest = match error {
            Error::RateLimited { retry_after: Some(asked) } => ours.max((*asked).min(LONGEST_ASKED)),
            _ => ours,
        };
        health.rests_until = Instant::now().checked_add(rest);
        self.shared.verified.store(false, Ordering::Relaxed);
    }

    fn answered(&self) {
        *self.health() = Health::default();
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.shared.verified.load(Ordering::Relaxed)
    }

    pub(crate) fn set_verified(&self, verified: bool) {
        self.shared.verified.store(verified, Ordering::Relaxed);
    }

    fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.shared.health.lock().expect("invariant: nothing panics while it holds this lock")
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Vec<u8>, Error> {
        if let Some(pace) = &self.shared.pace {
            tokio::time::sleep(pace.take(Instant::now())).await;
        }
        let mut response = request.send().await.map_err(Error::transport)?;
        check(&response)?;
        let limit = self.shared.max_response;
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

/// That it is an answer, and no refusal.
fn check(response: &Response) -> Result<(), Error> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Error::RateLimited { retry_after: retry_after(response) });
    }
    if status.is_server_error() {
        return Err(Error::Unavailable(status.as_u16()));
    }
    if !status.is_success() && !status.is_informational() {
        return Err(Error::Refused(status.as_u16()));
    }
    Ok(())
}

/// Seconds in `Retry-After`.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

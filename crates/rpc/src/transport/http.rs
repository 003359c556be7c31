//! JSON-RPC over HTTP: which requests are answered and how others are refused, with geth's statuses and words. A request to upgrade becomes a
//! WebSocket.

use super::{
    calls::{Link, Session},
    memory::{Held, Leave, SMALL},
    websocket,
};
use crate::chain::{Limits, REALTIME_PATH};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{HeaderMap, Method, StatusCode, Version, header};
use jsonrpsee::{
    core::BoxError,
    server::{BoundedSubscriptions, ConnectionId, HttpBody, HttpRequest, HttpResponse},
};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tower::Service;

/// How long a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// Media types of JSON-RPC over HTTP (the last two by its historical specification).
const ACCEPTED: [&str; 3] = [JSON, "application/json-rpc", "application/jsonrequest"];

/// Answers HTTP requests.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    /// Without a link: what one request asks for is over with its answer.
    pub(crate) ordinary: Session,
    /// The same for clients that choose the realtime endpoint, where there is one.
    pub(crate) realtime: Option<Session>,
    pub(crate) sockets: websocket::Sockets,
    /// Numbers connections that can subscribe.
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Service<HttpRequest> for Http {
    type Response = HttpResponse;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok::<_, Infallible>(this.respond(request).await).map_err(Into::into) })
    }
}

impl Http {
    /// The session of the endpoint that a path names.
    fn session(&self, path: &str) -> Option<&Session> {
        if is_realtime(path) { self.realtime.as_ref() } else { Some(&self.ordinary) }
    }

    async fn respond(self, request: HttpRequest) -> HttpResponse {
        let path = request.uri().path();
        let Some(session) = self.session(path) else {
            return plain(StatusCode::NOT_FOUND, "404 this chain has no realtime endpoint: what it tells is sealed");
        };
        let limits = &session.api.chain.limits;
        if request.version() != Version::HTTP_2 && soketto::handshake::http::is_upgrade_request(&request) {
            let link = Link {
                connection: ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed) + 1),
                subscriptions: BoundedSubscriptions::new(limits.subscriptions),
            };
            let session = Session { link: Some(link), ..session.clone() };
            return self.sockets.upgrade(request, session).unwrap_or_else(|words| plain(StatusCode::BAD_REQUEST, &words));
        }
        let asks = [Method::GET, Method::HEAD].contains(request.method()) && request.uri().query().is_none();
        if asks && content_length(request.headers()).unwrap_or_default() == 0 {
            // How load balancers ask whether somebody is there.
            return match path {
                _ if path == "/" || is_realtime(path) => with(StatusCode::OK, TEXT, HttpBody::empty()),
                _ => plain(StatusCode::NOT_FOUND, "404 page not found"),
            };
        }
        if let Some(refusal) = refusal(&request, limits) {
            return refusal;
        }
        let (body, leave) = match read(session, request).await {
            Ok(read) => read,
            Err(refusal) => return refusal,
        };
        let answer = session.answer(&body).await;
        drop((body, leave));
        let body = Held { body: Full::from(answer.json.unwrap_or_default()), _leave: answer.leave };
        with(StatusCode::OK, JSON, HttpBody::new(body))
    }
}

fn is_realtime(path: &str) -> bool {
    path.trim_end_matches('/') == REALTIME_PATH
}

/// The body of a request; with leave, if it is large or does not say how large it is.
async fn read(session: &Session, request: HttpRequest) -> Result<(hyper::body::Bytes, Option<Leave>), HttpResponse> {
    let most = session.api.chain.limits.request_size as usize;
    let is_small = content_length(request.headers()).is_some_and(|length| length <= SMALL as u64);
    let leave = match is_small {
        true => None,
        false => tokio::time::timeout(BODY_TIME, session.memory.request())
            .await
            .map_err(|_| plain(StatusCode::SERVICE_UNAVAILABLE, "server is busy, try again later"))?,
    };
    let body = tokio::time::timeout(BODY_TIME, Limited::new(request.into_body(), most).collect()).await;
    match body {
        Ok(Ok(body)) => Ok((body.to_bytes(), leave)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(most as u64 + 1, most as u64)),
        Ok(Err(_)) => Err(plain(StatusCode::BAD_REQUEST, "the body could not be read")),
        Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

/// What is wrong with a request's head, by geth's checks.
fn refusal(request: &HttpRequest, limits: &Limits) -> Option<HttpResponse> {
    if [Method::PUT, Method::DELETE].contains(request.method()) {
        return Some(plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"));
    }
    let most = u64::from(limits.request_size);
    if let Some(length) = content_length(request.headers()).filter(|length| *length > most) {
        return Some(too_large(length, most));
    }
    if request.method() == Method::OPTIONS || is_json(request.headers()) {
        return None;
    }
    Some(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid content type, only application/json is supported"))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    ACCEPTED.iter().any(|accepted| accepted.eq_ignore_ascii_case(media))
}

fn too_large(length: u64, most: u64) -> HttpResponse {
    plain(StatusCode::PAYLOAD_TOO_LARGE, &format!("content length too large ({length}>{most})"))
}

fn plain(status: StatusCode, words: &str) -> HttpResponse {
    with(status, TEXT, HttpBody::from(format!("{words}\n")))
}

fn with(status: StatusCode, content: &'static str, body: HttpBody) -> HttpResponse {
    let response = HttpResponse::builder().status(status).header(header::CONTENT_TYPE, content);
    response.body(body).expect("invariant: the header is valid")
}

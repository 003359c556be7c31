//! HTTP/2 by prior knowledge (RFC 9113, section 3.3), within the bounds that HTTP/1.1 has: a connection that nobody uses ends, and so does one on which a
//! client leaves a stream unread, which TCP does not show.

use super::listener::IDLE;
use hyper::{
    body::{Body, Bytes, Frame, SizeHint},
    server::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jsonrpsee::{
    core::BoxError,
    server::{HttpBody, HttpResponse},
};
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

/// What a client that knows begins with.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Requests of a connection that are under way at a time.
const STREAMS: u32 = 128;
/// Bytes of a request's head.
const HEAD: u32 = 64 << 10;
/// Bytes that a client may send ahead of their being read: of a request, and in all.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Bytes of an answer that wait for the client's window.
const BUFFER: usize = 16 << 10;

/// The protocol with its bounds.
pub(super) fn protocol() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(BUFFER);
    builder
}

/// What goes on in a connection's streams.
#[derive(Debug, Clone)]
pub(super) struct Streams(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    /// The answers that are being written, each with when its client last took of it.
    answers: Vec<Weak<Mutex<Instant>>>,
    /// Requests that are not answered yet.
    asked: usize,
    /// When a request or the end of an answer was last seen.
    used: Instant,
}

/// How a connection fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fares {
    Well,
    /// Nobody has asked for anything for as long as a connection may be without a request.
    Unused,
    /// A client takes nothing of an answer.
    Stalled,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Progress { answers: Vec::new(), asked: 0, used: Instant::now() })))
    }

    /// A request is answered with what `answer` gives.
    pub(super) async fn answer(&self, answer: impl Future<Output = Result<HttpResponse, BoxError>>) -> Result<HttpResponse, BoxError> {
        self.lock().asked += 1;
        let _asked = Asked(self.clone());
        let taken = Arc::new(Mutex::new(Instant::now()));
        let response = answer.await?;
        *taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.lock().answers.push(Arc::downgrade(&taken));
        Ok(response.map(|body| HttpBody::new(Pieces { body, ready: VecDeque::new(), taken })))
    }

    /// How the connection fares, where a client may leave an answer untaken for `patience`.
    pub(super) fn fare(&self, patience: Duration) -> Fares {
        let mut progress = self.lock();
        let before = progress.answers.len();
        progress.answers.retain(|answer| answer.strong_count() > 0);
        if progress.answers.len() < before || progress.asked > 0 {
            progress.used = Instant::now();
        }
        let last = |answer: &Weak<Mutex<Instant>>| answer.upgrade().map(|taken| *taken.lock().unwrap_or_else(PoisonError::into_inner));
        if progress.answers.iter().filter_map(last).any(|last| last.elapsed() > patience) {
            return Fares::Stalled;
        }
        let is_unused = progress.answers.is_empty() && progress.used.elapsed() > IDLE;
        if is_unused { Fares::Unused } else { Fares::Well }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is under way; its client may go away before it is answered.
struct Asked(Streams);

impl Drop for Asked {
    fn drop(&mut self) {
        let mut progress = self.0.lock();
        progress.asked -= 1;
        progress.used = Instant::now();
    }
}

/// A body that is written piece by piece: the next is given out only when the client has taken enough of those before, so that it stays where its memory
/// is counted.
#[derive(Debug)]
struct Pieces {
    body: HttpBody,
    ready: VecDeque<Bytes>,
    taken: Arc<Mutex<Instant>>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        loop {
            if let Some(bytes) = self.ready.front_mut() {
                let piece = bytes.split_to(bytes.len().min(BUFFER));
                if bytes.is_empty() {
                    self.ready.pop_front();
                }
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => self.ready.push_back(bytes),
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.ready.is_empty() {
            true => self.body.size_hint(),
            false => SizeHint::default(),
        }
    }
}

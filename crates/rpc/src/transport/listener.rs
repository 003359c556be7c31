//! The listening socket and its connections: how many there may be, how long they may be silent, and how long a client may leave what is written to it
//! unread.

use super::http2::{self, Fares, Streams};
use crate::{chain::Limits, error::code};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::{
    core::BoxError,
    server::{HttpBody, HttpRequest, HttpResponse},
};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::Sleep,
};
use tower::{Service, ServiceExt};

/// How long a connection may be without a request, or take to send the head of one.
pub(super) const IDLE: Duration = Duration::from_secs(120);
/// How long open requests have to end when the server stops.
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// What the accepting loop needs.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) stop: watch::Receiver<bool>,
    /// Held by each connection: when all are gone the server has stopped.
    pub(crate) running: mpsc::Sender<()>,
}

impl Listener {
    /// Serves connections until told to stop.
    pub(crate) async fn run<S>(mut self, service: S, limits: Limits)
    where
        S: Service<HttpRequest, Response = HttpResponse, Error = BoxError, Future: Send> + Clone + Send + 'static,
    {
        let room = Arc::new(Semaphore::new(limits.connections as usize));
        // Those that find no room are told so, a few at a time; the others are closed. So it is with connections that end before all is read.
        let (refusals, endings) = (Arc::new(Semaphore::new(64)), Arc::new(Semaphore::new(64)));
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = told(&mut self.stop) => return,
            };
            let socket = match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::debug!(target: "rpc", %error, "accept");
                    // Most likely out of file descriptors, which does not change at once.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let _ = socket.set_nodelay(true);
            let Ok(permit) = room.clone().try_acquire_owned() else {
                if let Ok(permit) = refusals.clone().try_acquire_owned() {
                    tokio::spawn(async move {
                        let _permit = permit;
                        let _ = tokio::time::timeout(GRACE, refuse(socket, limits.connections)).await;
                    });
                }
                continue;
            };
            let (service, stop, running) = (service.clone(), self.stop.clone(), self.running.clone());
            let patience = limits.write_time;
            let (endings, first) = (endings.clone(), Bytes::new());
            let socket = Patient { socket: Some(socket), first, endings, running: running.clone(), patience, stalled: None };
            let place = Place(Arc::new((permit, running)));
            tokio::spawn(serve(socket, service, place, stop));
        }
    }
}

/// A connection's place among those that there may be. Each request has it, so that a WebSocket can keep it when the HTTP connection has become one.
#[derive(Debug, Clone)]
pub(crate) struct Place(#[expect(dead_code, reason = "held, not read")] Arc<(OwnedSemaphorePermit, mpsc::Sender<()>)>);

async fn serve<S>(mut socket: Patient, service: S, place: Place, mut stop: watch::Receiver<bool>)
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError, Future: Send> + Clone + Send + 'static,
{
    let speaks = tokio::select! {
        speaks = tokio::time::timeout(IDLE, socket.speaks()) => speaks,
        () = told(&mut stop) => return,
    };
    match speaks {
        Ok(Ok(Speaks::Http1)) => serve_http1(socket, service, place, stop).await,
        Ok(Ok(Speaks::Http2)) => serve_http2(socket, service, place, stop).await,
        // Gone, or silent for too long.
        Ok(Err(_)) | Err(_) => {}
    }
}

/// An answer whose error is no box, about which the compiler cannot prove that it can be sent.
type Answered = Result<HttpResponse, io::Error>;

async fn serve_http2<S>(socket: Patient, service: S, place: Place, mut stop: watch::Receiver<bool>)
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError, Future: Send> + Clone + Send + 'static,
{
    let (patience, streams) = (socket.patience, Streams::new());
    let answer = {
        let streams = streams.clone();
        hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(place.clone());
            let (service, streams) = (service.clone(), streams.clone());
            let answer = service.oneshot(request.map(HttpBody::new));
            Box::pin(async move { streams.answer(answer).await.map_err(io::Error::other) })
                as Pin<Box<dyn Future<Output = Answered> + Send>>
        })
    };
    let mut connection = std::pin::pin!(http2::protocol().serve_connection(TokioIo::new(socket), answer));
    let mut looks = tokio::time::interval((patience / 4).max(Duration::from_millis(10)));
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            _ = looks.tick() => match streams.fare(patience) {
                Fares::Well => continue,
                Fares::Unused => {}
                Fares::Stalled => return tracing::debug!(target: "rpc", "the client reads a stream too slowly"),
            },
            () = told(&mut stop) => {}
        }
        connection.as_mut().graceful_shutdown();
        break tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()));
    };
    if let Err(error) = ended {
        tracing::debug!(target: "rpc", %error, "connection");
    }
}

async fn serve_http1<S>(socket: Patient, service: S, place: Place, mut stop: watch::Receiver<bool>)
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError, Future: Send> + Clone + Send + 'static,
{
    let answer = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(place.clone());
        service.clone().oneshot(request.map(HttpBody::new))
    });
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(IDLE).serve_connection(TokioIo::new(socket), answer);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(target: "rpc", %error, "connection");
    }
}

/// Returns once the server is to stop.
pub(crate) async fn told(stop: &mut watch::Receiver<bool>) {
    // A server whose handle is gone stops, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Tells a client that there is no room for it.
async fn refuse(mut socket: TcpStream, most: u32) -> io::Result<()> {
    let code = code::LIMIT_EXCEEDED;
    let error = format!(r#"{{"code":{code},"message":"too many connections, at most {most}"}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#);
    let length = body.len();
    let head = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close";
    socket.write_all(format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes()).await?;
    end(socket).await
}

/// Says that no more is written, and reads what the client still sends: a socket that is closed with something unread takes back what it wrote.
async fn end(mut socket: TcpStream) -> io::Result<()> {
    socket.shutdown().await?;
    let mut unread = [0; 16 << 10];
    while socket.read(&mut unread).await? > 0 {}
    Ok(())
}

/// A socket whose writes fail once the other side has taken nothing for too long, and which ends so that the last of them arrive.
#[derive(Debug)]
struct Patient {
    /// There until it is dropped.
    socket: Option<TcpStream>,
    /// What was read of it to find out what the client speaks.
    first: Bytes,
    /// Room among the sockets that end.
    endings: Arc<Semaphore>,
    /// The server waits for it, to the end of the ending: a process that goes before takes back what is under way.
    running: mpsc::Sender<()>,
    patience: Duration,
    /// Since a write found the socket full.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Drop for Patient {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take()
            && let Ok(runtime) = Handle::try_current()
            && let Ok(permit) = self.endings.clone().try_acquire_owned()
        {
            let running = self.running.clone();
            runtime.spawn(async move {
                let (_permit, _running) = (permit, running);
                let _ = tokio::time::timeout(GRACE, end(socket)).await;
            });
        }
    }
}

impl Patient {
    fn socket(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.socket.as_mut().expect("invariant: the socket is taken when this is dropped"))
    }

    fn wait<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience))).as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")))
    }
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Http1,
    /// By prior knowledge.
    Http2,
}

impl Patient {
    /// Reads enough to know what the client speaks. No request of HTTP/1.1 begins like one of HTTP/2.
    async fn speaks(&mut self) -> io::Result<Speaks> {
        let mut first = Vec::with_capacity(http2::PREFACE.len());
        while first.len() < http2::PREFACE.len() && http2::PREFACE.starts_with(&first) {
            let left = (http2::PREFACE.len() - first.len()) as u64;
            let mut rest = self.socket().get_mut().take(left);
            if rest.read_buf(&mut first).await? == 0 {
                break;
            }
        }
        let speaks = if first == http2::PREFACE { Speaks::Http2 } else { Speaks::Http1 };
        self.first = first.into();
        Ok(speaks)
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let count = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(count));
            return Poll::Ready(Ok(()));
        }
        self.socket().poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.socket().poll_write(context, bytes);
        self.wait(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = self.socket().poll_write_vectored(context, bytes);
        self.wait(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(TcpStream::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(context)
    }
}

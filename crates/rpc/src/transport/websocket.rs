//! JSON-RPC over WebSocket. Two tasks a connection: one reads requests, one writes what is queued for the client. What is queued is bounded, and so is
//! the time that the client may take to receive it: one that does not read is cut off and holds up nobody else.

use super::{
    calls::{Answer, Notifications, Session},
    listener::{GRACE, Place, told},
    memory::{Leave, Metered, Reading, SMALL},
};
use hyper_util::rt::TokioIo;
use jsonrpsee::server::{HttpBody, HttpRequest, HttpResponse};
use serde_json::value::RawValue;
use soketto::{Incoming, base::Error as FrameError, connection::Error as SocketError, data::ByteSlice125, handshake::http::Server};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{BufReader, BufWriter},
    sync::{Semaphore, mpsc, oneshot, watch},
    time::{Instant, interval_at},
};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

type Io = Compat<BufReader<BufWriter<Metered<TokioIo<hyper::upgrade::Upgraded>>>>>;

/// How often a silent client is asked whether it is there; one that does not answer twice is gone.
const PING: Duration = Duration::from_secs(30);
/// Messages that wait for the socket, beside what each subscription may have waiting.
const QUEUE: usize = 16;
/// Bytes of small requests of a connection that are under way at a time.
const UNDER_WAY: usize = 4 * SMALL;

/// A message to the client, with leave to hold it if it is large.
#[derive(Debug)]
struct Outgoing {
    json: Box<str>,
    leave: Option<Leave>,
}

impl From<Box<str>> for Outgoing {
    fn from(json: Box<str>) -> Self {
        Self { json, leave: None }
    }
}

/// What all WebSocket connections of a server share.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    /// Ends all connections.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Sockets {
    /// Answers a request to upgrade, and serves the WebSocket that it becomes.
    pub(crate) fn upgrade(&self, request: HttpRequest, session: Session) -> Result<HttpResponse, String> {
        let mut handshake = Server::new();
        let response = handshake.receive_request(&request).map_err(|error| format!("websocket: {error}"))?;
        let stop = self.stop.clone();
        let place = request.extensions().get::<Place>().cloned();
        tokio::spawn(async move {
            let _place = place;
            let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
            let (socket, reading) = session.memory.metered(TokioIo::new(upgraded));
            let io = BufReader::new(BufWriter::new(socket));
            let mut builder = handshake.into_builder(io.compat());
            let most = session.api.chain.limits.request_size as usize;
            builder.set_max_message_size(most);
            builder.set_max_frame_size(most);
            let (sender, receiver) = builder.finish();
            serve(session, sender, (receiver, reading), stop).await;
        });
        Ok(response.map(|()| HttpBody::empty()))
    }
}

/// The client's side of a connection.
type Requests = (soketto::Receiver<Io>, Arc<Reading>);

/// Serves a connection until either side is done with it.
async fn serve(session: Session, sender: soketto::Sender<Io>, requests: Requests, mut stop: watch::Receiver<bool>) {
    let (queue, queued) = mpsc::channel(QUEUE);
    let (finish, finished) = oneshot::channel();
    let mut writer = tokio::spawn(write(sender, queued, finished));
    tokio::select! {
        () = read(session, requests, queue.clone()) => {}
        // The writer found the client gone or too slow.
        () = queue.closed() => {}
        () = told(&mut stop) => {}
    }
    // What is queued still goes out; a writer that is gone has nothing to be told.
    let _ = finish.send(());
    if tokio::time::timeout(GRACE, &mut writer).await.is_err() {
        writer.abort();
    }
}

/// Reads requests and has each answered. At most as many as a batch may hold are under way, and of small ones [`UNDER_WAY`]; further ones wait in the
/// socket.
async fn read(session: Session, (mut receiver, reading): Requests, queue: mpsc::Sender<Outgoing>) {
    let session = Arc::new(session);
    let under_way = Arc::new(Semaphore::new(session.api.chain.limits.batch.max(1) as usize));
    let small = Arc::new(Semaphore::new(UNDER_WAY));
    loop {
        let mut bytes = Vec::new();
        // A ping goes out when nothing came for a while, and its answer is something that comes.
        let received = match tokio::time::timeout(2 * PING, receiver.receive(&mut bytes)).await {
            Ok(received) => received,
            Err(_) => return,
        };
        match received {
            Ok(Incoming::Data(_)) => {}
            Ok(Incoming::Pong(_)) => continue,
            Ok(Incoming::Closed(_)) => return,
            Err(SocketError::MessageTooLarge { current, maximum }) => return refuse(&queue, current as u64, maximum as u64).await,
            Err(SocketError::Codec(FrameError::PayloadTooLarge { actual, maximum })) => return refuse(&queue, actual, maximum).await,
            Err(error) => return tracing::debug!(target: "rpc", %error, "websocket"),
        }
        let leave = reading.end();
        let bytes_of_small = if bytes.len() <= SMALL { bytes.len() as u32 } else { 0 };
        let Ok(permit) = under_way.clone().acquire_owned().await else { return };
        let Ok(small_permit) = small.clone().acquire_many_owned(bytes_of_small).await else { return };
        let (session, queue) = (session.clone(), queue.clone());
        tokio::spawn(async move {
            let _held = (permit, small_permit, leave);
            let answer = tokio::select! {
                answer = session.answer(&bytes) => answer,
                () = queue.closed() => return,
            };
            pass_on(answer, queue).await;
        });
    }
}

/// Queues an answer and then whatever its subscriptions tell.
async fn pass_on(answer: Answer, queue: mpsc::Sender<Outgoing>) {
    if let Some(json) = answer.json
        && queue.send(Outgoing { json: json.into(), leave: answer.leave }).await.is_err()
    {
        return;
    }
    for notifications in answer.started {
        tokio::spawn(forward(notifications, queue.clone()));
    }
}

/// Passes a subscription's notifications on until it or the connection ends.
async fn forward(mut notifications: Notifications, queue: mpsc::Sender<Outgoing>) {
    loop {
        let next = tokio::select! {
            next = notifications.recv() => next,
            () = queue.closed() => return,
        };
        let Some(json): Option<Box<RawValue>> = next else { return };
        if queue.send(Box::<str>::from(json).into()).await.is_err() {
            return;
        }
    }
}

/// Says that a message is too large. Where it ends is not known, so that the connection ends here.
async fn refuse(queue: &mpsc::Sender<Outgoing>, length: u64, most: u64) {
    let error = format!(r#"{{"code":-32600,"message":"message too large ({length}>{most})"}}"#);
    let _ = queue.send(format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#).into_boxed_str().into()).await;
}

/// Writes what is queued. Ends when the socket does, which it also does when the client takes nothing for too long ([`crate::transport::listener`]).
async fn write(mut sender: soketto::Sender<Io>, mut queued: mpsc::Receiver<Outgoing>, mut finish: oneshot::Receiver<()>) {
    let mut pings = interval_at(Instant::now() + PING, PING);
    loop {
        let written = tokio::select! {
            _ = &mut finish, if !queued.is_closed() => {
                queued.close();
                continue;
            }
            next = queued.recv() => match next {
                Some(Outgoing { json, leave: _leave }) => send(&mut sender, json.into()).await,
                None => break,
            },
            _ = pings.tick() => ping(&mut sender).await,
        };
        if let Err(error) = written {
            tracing::debug!(target: "rpc", %error, "websocket");
            return;
        }
    }
    let _ = sender.close().await;
}

async fn send(sender: &mut soketto::Sender<Io>, json: String) -> Result<(), SocketError> {
    sender.send_text_owned(json).await?;
    sender.flush().await
}

async fn ping(sender: &mut soketto::Sender<Io>) -> Result<(), SocketError> {
    sender.send_ping(ByteSlice125::try_from(&[][..]).expect("invariant: nothing fits")).await?;
    sender.flush().await
}

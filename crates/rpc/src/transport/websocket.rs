//! JSON-RPC over WebSocket. Two tasks a connection: one reads requests, one writes what is queued for the client. What is queued is bounded, and so is
//! the time that the client may take to receive it: one that does not read is cut off and holds up nobody else.

use super::{
    calls::{Answer, Notifications, Session},
    listener::{GRACE, Place, told},
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

type Io = Compat<BufReader<BufWriter<TokioIo<hyper::upgrade::Upgraded>>>>;

/// How often a silent client is asked whether it is there; one that does not answer twice is gone.
const PING: Duration = Duration::from_secs(30);
/// Messages that wait for the socket, beside what each subscription may have waiting.
const QUEUE: usize = 16;

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
            let io = BufReader::new(BufWriter::new(TokioIo::new(upgraded)));
            let mut builder = handshake.into_builder(io.compat());
            let most = session.api.chain.limits.request_size as usize;
            builder.set_max_message_size(most);
            builder.set_max_frame_size(most);
            let (sender, receiver) = builder.finish();
            serve(session, sender, receiver, stop).await;
        });
        Ok(response.map(|()| HttpBody::empty()))
    }
}

/// Serves a connection until either side is done with it.
async fn serve(session: Session, sender: soketto::Sender<Io>, receiver: soketto::Receiver<Io>, mut stop: watch::Receiver<bool>) {
    let (queue, queued) = mpsc::channel(QUEUE);
    let (finish, finished) = oneshot::channel();
    let mut writer = tokio::spawn(write(sender, queued, finished));
    tokio::select! {
        () = read(session, receiver, queue.clone()) => {}
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

/// Reads requests and has each answered. At most as many as a batch may hold are under way; further ones wait in the socket.
async fn read(session: Session, mut receiver: soketto::Receiver<Io>, queue: mpsc::Sender<Box<str>>) {
    let session = Arc::new(session);
    let under_way = Arc::new(Semaphore::new(session.api.chain.limits.batch.max(1) as usize));
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
        let Ok(permit) = under_way.clone().acquire_owned().await else { return };
        let (session, queue) = (session.clone(), queue.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let answer = tokio::select! {
                answer = session.answer(&bytes) => answer,
                () = queue.closed() => return,
            };
            pass_on(answer, queue).await;
        });
    }
}

/// Queues an answer and then whatever its subscriptions tell.
async fn pass_on(answer: Answer, queue: mpsc::Sender<Box<str>>) {
    if let Some(json) = answer.json
        && queue.send(json.into()).await.is_err()
    {
        return;
    }
    for notifications in answer.started {
        tokio::spawn(forward(notifications, queue.clone()));
    }
}

/// Passes a subscription's notifications on until it or the connection ends.
async fn forward(mut notifications: Notifications, queue: mpsc::Sender<Box<str>>) {
    loop {
        let next = tokio::select! {
            next = notifications.recv() => next,
            () = queue.closed() => return,
        };
        let Some(json): Option<Box<RawValue>> = next else { return };
        if queue.send(Box::from(json)).await.is_err() {
            return;
        }
    }
}

/// Says that a message is too large. Where it ends is not known, so that the connection ends here.
async fn refuse(queue: &mpsc::Sender<Box<str>>, length: u64, most: u64) {
    let error = format!(r#"{{"code":-32600,"message":"message too large ({length}>{most})"}}"#);
    let _ = queue.send(format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#).into()).await;
}

/// Writes what is queued. Ends when the socket does, which it also does when the client takes nothing for too long ([`crate::transport::listener`]).
async fn write(mut sender: soketto::Sender<Io>, mut queued: mpsc::Receiver<Box<str>>, mut finish: oneshot::Receiver<()>) {
    let mut pings = interval_at(Instant::now() + PING, PING);
    loop {
        let written = tokio::select! {
            _ = &mut finish, if !queued.is_closed() => {
                queued.close();
                continue;
            }
            next = queued.recv() => match next {
                Some(json) => send(&mut sender, json.into()).await,
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

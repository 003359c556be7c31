//! A JSON-RPC subscription over a WebSocket of its own (RFC 6455), as `eth_subscribe` of geth.

use crate::{
    endpoint::Endpoint,
    error::{Error, RpcFault},
    http::{Http, Limits},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{
    Upgraded,
    header::{CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

/// What a node tells, as it happens.
pub struct Subscription {
    socket: WebSocketStream<Upgraded>,
    id: Value,
    method: String,
    patience: Duration,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("method", &self.method).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A message from the node: an answer, or a notification.
#[derive(Deserialize)]
struct Incoming<T> {
    params: Option<Notification<T>>,
    result: Option<Value>,
    error: Option<RpcFault>,
}

#[derive(Deserialize)]
struct Notification<T> {
    subscription: Value,
    #[serde(default = "Option::default")]
    result: Option<T>,
    error: Option<Value>,
}

impl Subscription {
    /// Connects to a node (`http`, `https`, `ws` or `wss`) and subscribes by this method, which gives an id. A node that does not connect, answer or tell
    /// anything for as long as `patience` is given up; messages are of `most` bytes at most.
    ///
    /// # Errors
    /// When the node cannot be reached, does not speak WebSocket, or refuses.
    pub async fn open(
        endpoint: &Endpoint,
        method: &str,
        params: impl Serialize,
        (patience, most): (Duration, usize),
    ) -> Result<Self, Error> {
        let opening = async {
            let socket = connect(&endpoint.over_http(), patience, most).await?;
            let mut this = Self { socket, id: Value::Null, method: method.to_owned(), patience };
            let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            this.socket.send(Message::text(request.to_string())).await.map_err(ended)?;
            let answer: Incoming<Value> = this.receive().await?;
            match (answer.result, answer.error) {
                (Some(id), None) => Ok(Self { id, ..this }),
                (_, Some(fault)) => Err(Error::Rejected { method: method.to_owned(), fault }),
                (None, None) => Err(Error::Inconsistent(format!("{method} was answered with nothing"))),
            }
        };
        tokio::time::timeout(patience, opening).await.map_err(|_| Error::Disconnected(format!("no answer in {} s", patience.as_secs())))?
    }

    /// The next thing that the node tells.
    ///
    /// # Errors
    /// When it ended the subscription or the connection, was silent for too long, or tells something else. Nothing more comes after.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let silent = format!("silent for {} s", self.patience.as_secs());
        let incoming = tokio::time::timeout(self.patience, self.notification());
        incoming.await.map_err(|_| Error::Disconnected(silent))?
    }

    async fn notification<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        loop {
            let Some(told) = self.receive::<T>().await?.params.filter(|told| told.subscription == self.id) else { continue };
            match (told.result, told.error) {
                (Some(result), _) => return Ok(result),
                (None, Some(reason)) => return Err(Error::Disconnected(reason.as_str().map_or_else(|| reason.to_string(), str::to_owned))),
                (None, None) => return Err(Error::Inconsistent(format!("{} told nothing", self.method))),
            }
        }
    }

    async fn receive<T: DeserializeOwned>(&mut self) -> Result<Incoming<T>, Error> {
        loop {
            let text = match self.socket.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_))) | None => return Err(Error::Disconnected("closed by the node".to_owned())),
                // Pings are answered by the library.
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(ended(error)),
            };
            return serde_json::from_str(&text).map_err(|cause| Error::Malformed { method: self.method.clone(), cause });
        }
    }
}

/// A WebSocket, its handshake checked (RFC 6455, section 4.1).
async fn connect(endpoint: &Endpoint, timeout: Duration, most: usize) -> Result<WebSocketStream<Upgraded>, Error> {
    let key = generate_key();
    let mut headers = HeaderMap::new();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_str(&key).map_err(|error| Error::Config(error.to_string()))?);
    let response = Http::new(endpoint, Limits { timeout, max_response: 0 })?.upgrade(headers).await?;
    if response.headers().get(SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(Error::Inconsistent("the node does not accept our WebSocket".to_owned()));
    }
    let upgraded = response.upgrade().await.map_err(Error::transport)?;
    let config = WebSocketConfig::default().max_message_size(Some(most)).max_frame_size(Some(most));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

fn ended(error: tokio_tungstenite::tungstenite::Error) -> Error {
    Error::Disconnected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const PATIENCE: Duration = Duration::from_millis(300);

    /// What comes of subscribing to somebody who answers the handshake with this, or with nothing.
    async fn asked(answer: Option<fn(&str) -> String>) -> Result<Subscription, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = socket.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let key =
                request.lines().find_map(|line| line.to_lowercase().starts_with("sec-websocket-key: ").then(|| line[19..].to_owned()));
            if let Some(answer) = answer {
                socket.write_all(answer(&key.unwrap()).as_bytes()).await.unwrap();
            }
            // It stays there and says nothing more.
            std::future::pending::<()>().await;
        });
        Subscription::open(&Endpoint::at(url), "eth_subscribe", json!(["newHeads"]), (PATIENCE, 1 << 16)).await
    }

    fn upgrade(accept: &str) -> String {
        format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
    }

    #[tokio::test]
    async fn who_is_silent_refuses_or_is_no_websocket_is_not_waited_for() {
        for answer in [None, Some((|key| upgrade(&derive_accept_key(key.as_bytes()))) as fn(&str) -> String)] {
            let silent = asked(answer).await.unwrap_err();
            assert!(silent.is_retryable(), "{silent}");
        }
        let another = asked(Some(|_| upgrade("c3Vic2NyaXB0aW9uIG9mIG5vYm9keQ=="))).await.unwrap_err();
        assert!(matches!(another, Error::Inconsistent(_)), "{another}");
        let page = asked(Some(|_| "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned())).await.unwrap_err();
        assert!(matches!(page, Error::Refused(200)), "{page}");
        let limited = asked(Some(|_| "HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n".to_owned())).await.unwrap_err();
        assert!(matches!(limited, Error::RateLimited { .. }), "{limited}");
    }
}

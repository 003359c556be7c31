//! A client: HTTP and WebSocket by hand, so that tests see exactly what is sent.

use serde_json::{Value, json};
use soketto::handshake::{Client, ServerResponse};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Sends one HTTP request. `headers` are lines without the end of line.
pub(crate) async fn http(address: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> Response {
    let has_host = headers.iter().any(|header| header.to_lowercase().starts_with("host:"));
    let host = if has_host { String::new() } else { format!("Host: {address}\r\n") };
    let extra: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{host}{extra}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    exchange(address, head.as_bytes(), body.as_bytes()).await
}

/// Sends a head and a body as they are, and reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, head: &[u8], body: &[u8]) -> Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head).await.unwrap();
    // A server that refuses a body may close before it has read it.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes);
    let (headers, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = headers.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let headers = headers.to_lowercase();
    // What is compressed is no text, and nobody here reads it.
    let in_chunks = headers.contains("transfer-encoding: chunked") && !headers.contains("content-encoding");
    let body = if in_chunks { unchunk(body) } else { body.to_owned() };
    Response { status, headers, body }
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole.push_str(&rest[..length]);
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}

/// Posts JSON and gives back the JSON of the answer.
pub(crate) async fn post(address: SocketAddr, request: &Value) -> Value {
    post_to(address, "/", request).await
}

async fn post_to(address: SocketAddr, path: &str, request: &Value) -> Value {
    let response = http(address, "POST", path, &[], &request.to_string()).await;
    serde_json::from_str(&response.body).unwrap_or_else(|_| panic!("not JSON: {response:?}"))
}

/// Calls a method: its result, or its error object.
pub(crate) async fn call(address: SocketAddr, method: &str, params: Value) -> Result<Value, Value> {
    call_at(address, "/", method, params).await
}

/// The same at another path.
pub(crate) async fn call_at(address: SocketAddr, path: &str, method: &str, params: Value) -> Result<Value, Value> {
    let answer = post_to(address, path, &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).await;
    match answer.get("error") {
        Some(error) => Err(error.clone()),
        None => Ok(answer["result"].clone()),
    }
}

/// A WebSocket connection.
pub(crate) struct Socket {
    sender: soketto::Sender<Compat<TcpStream>>,
    receiver: soketto::Receiver<Compat<TcpStream>>,
}

impl Socket {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_to(address, "/").await
    }

    pub(crate) async fn connect_to(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let host = address.to_string();
        let mut client = Client::new(stream.compat(), &host, path);
        assert!(matches!(client.handshake().await.unwrap(), ServerResponse::Accepted { .. }));
        let (sender, receiver) = client.into_builder().finish();
        Self { sender, receiver }
    }

    pub(crate) async fn send(&mut self, method: &str, params: Value) {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send_text(&request.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.sender.send_text(text).await.unwrap();
        self.sender.flush().await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: &[u8]) {
        self.sender.send_binary(bytes).await.unwrap();
        self.sender.flush().await.unwrap();
    }

    /// The next message; `None` when the server closed the connection.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let mut bytes = Vec::new();
        self.receiver.receive_data(&mut bytes).await.ok()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    /// Calls a method and gives back its result. No notification may be under way.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.send(method, params).await;
        let answer = self.next().await.unwrap();
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// The content of the next notification, which must be for `subscription`.
    pub(crate) async fn notification(&mut self, subscription: &Value) -> Value {
        let message = self.next().await.unwrap();
        assert_eq!(message["method"], "eth_subscription", "{message}");
        assert_eq!(&message["params"]["subscription"], subscription);
        message["params"]["result"].clone()
    }
}

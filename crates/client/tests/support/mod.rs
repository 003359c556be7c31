//! A local HTTP server that answers as a test tells it to.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Response, StatusCode},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tributary_client::{Client, ClientConfig};

/// One request as the server sees it.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) params: Value,
    pub(crate) headers: axum::http::HeaderMap,
}

/// A JSON-RPC result.
pub(crate) fn result(value: Value) -> Response<Body> {
    answer(StatusCode::OK, json!({ "jsonrpc": "2.0", "id": 1, "result": value }).to_string())
}

/// A JSON-RPC error.
pub(crate) fn fault(code: i64, message: &str) -> Response<Body> {
    answer(StatusCode::OK, json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": message } }).to_string())
}

/// Any HTTP answer.
pub(crate) fn answer(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

/// Serves until the runtime ends; returns the URL.
pub(crate) async fn serve(handle: impl Fn(Call) -> Response<Body> + Send + Sync + 'static) -> String {
    let handle = Arc::new(handle);
    let fallback = move |request: Request| {
        let handle = handle.clone();
        async move {
            let headers = request.headers().clone();
            let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let method = body["method"].as_str().unwrap_or_default().to_owned();
            handle(Call { method, params: body["params"].take(), headers })
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(fallback)).await });
    url
}

/// A client that gives up after one repetition.
pub(crate) fn client(url: &str) -> Client {
    Client::new(&ClientConfig { retries: 1, timeout: Duration::from_secs(5), max_response: 4 << 20, ..ClientConfig::at(url) }).unwrap()
}

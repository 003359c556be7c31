//! Sockets, HTTP, WebSocket and the envelope of JSON-RPC.

pub(crate) mod beacon;
pub(crate) mod calls;
pub(crate) mod envelope;
pub(crate) mod http;
pub(crate) mod http2;
pub(crate) mod listener;
pub(crate) mod memory;
pub(crate) mod websocket;

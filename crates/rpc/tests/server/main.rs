//! The server over a real chain, asked through real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ethereum;
mod limits;
mod logs;
mod rig;
mod state;
mod subscriptions;
mod traces;
mod transactions;
mod wire;

//! The server over a real chain, asked through real sockets.

mod ethereum;
mod limits;
mod logs;
mod rig;
mod state;
mod subscriptions;
mod traces;
mod transactions;
mod wire;

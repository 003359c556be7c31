//! The client side of JSON-RPC, for any Ethereum node: typed questions, and transactions with nonces and fees.
//!
//! Nothing is verified here. Who must not believe a node (`tributary-l1`) checks what it gets.
//!
//! - [`Endpoint`] is where a node is; [`Http`] exchanges bytes with it, within limits of time, size and rate; [`Endpoints`] are several, of which another
//!   is asked when one is away.
//! - [`Client`] asks and decodes, and leaves out who is on another chain.
//! - [`Subscription`] is told by a node, over a WebSocket.
//! - [`Account`] has a key: it gives out nonces, offers what inclusion costs, and waits for receipts.

mod account;
mod client;
mod endpoint;
mod endpoints;
mod error;
mod fees;
mod http;
mod identity;
mod network;
mod pace;
mod receipt;
mod refusal;
mod signer;
mod subscription;

pub use account::{Account, Call};
pub use alloy_signer_local::PrivateKeySigner;
pub use client::{Client, ClientConfig};
pub use endpoint::Endpoint;
pub use endpoints::Endpoints;
pub use error::{Error, RpcFault, Severity};
pub use fees::{FeeLimits, TxFees};
pub use http::Http;
pub use network::{NetworkContracts, NetworkInfo};
pub use receipt::Receipt;
pub use refusal::Refusal;
pub use signer::Signer;
pub use subscription::Subscription;

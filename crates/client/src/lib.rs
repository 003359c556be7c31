//! The client side of JSON-RPC, for any Ethereum node: typed questions, and transactions with nonces and fees.
//!
//! Nothing is verified here. Who must not believe a node (`tributary-l1`) checks what it gets.
//!
//! - [`Http`] exchanges bytes, within limits of time and size, and again after failures that pass.
//! - [`Client`] asks and decodes.
//! - [`Account`] has a key: it gives out nonces, offers what inclusion costs, and waits for receipts.

mod account;
mod client;
mod error;
mod fees;
mod http;
mod network;
mod receipt;
mod signer;

pub use account::{Account, Call};
pub use alloy_signer_local::PrivateKeySigner;
pub use client::{Client, ClientConfig};
pub use error::{Error, RpcFault, Severity};
pub use fees::{FeeLimits, TxFees};
pub use http::Http;
pub use network::{NetworkContracts, NetworkInfo};
pub use receipt::Receipt;
pub use signer::Signer;

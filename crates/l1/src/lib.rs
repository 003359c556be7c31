//! The L1 as the rollup needs it, always over real sockets: verified blocks, receipts and blobs in, signed transactions out.
//!
//! [`L1Client`] believes no node: a header must hash to its hash, transactions and receipts must give the header's roots, a blob must give
//! its commitment. What does not is [`Error::Inconsistent`], never data. What a node cannot prove (balances, logs, fees) is only used where
//! a lie costs no more than a failed transaction.
//!
//! [`L1Sender`] owns an account: it gives out nonces, pays what inclusion costs, and does not return before a transaction is confirmed.

mod beacon;
mod block;
mod client;
mod config;
mod error;
mod forks;
mod quorum;
mod schedule;
mod sender;
mod transaction;
mod verify;

pub use alloy_signer_local::PrivateKeySigner;
pub use block::{InboxData, InboxTransaction, L1BlockData, fetch_block};
pub use client::L1Client;
pub use config::{BlobIds, L1Config};
pub use error::Error;
pub use forks::{ForkConfig, ForkConfigs};
pub use schedule::{blob_schedule, chain_spec};
pub use sender::{L1Sender, SenderConfig, Spending};
pub use transaction::{SidecarFormat, TxRequest};
pub use tributary_client::{Endpoint, FeeLimits, Refusal, RpcFault, Severity, TxFees};

//! Blocks, transactions, receipts and logs as geth (and, on a rollup, op-geth) writes them.

mod block;
mod log;
mod receipt;
mod transaction;

pub(crate) use block::{BlockJson, HeaderJson};
pub(crate) use log::{LogJson, LogPlace};
pub(crate) use receipt::{ReceiptContext, ReceiptJson};
pub(crate) use transaction::{Place, TransactionJson};

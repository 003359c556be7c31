//! What each fuzz target does with its bytes. Nothing may panic, and what the assertions say holds for all bytes.

mod blocks;
mod requests;
mod rollup;
mod transactions;

pub use blocks::rlp_block;
pub use requests::{filter, rpc_parameters, rpc_request};
pub use rollup::batcher_data;
pub use transactions::raw_transaction;

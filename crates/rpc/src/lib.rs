//! JSON-RPC over a chain's storage, pool and open block: HTTP and WebSocket on one port (jsonrpsee), geth's methods, words and codes.
//!
//! The same server serves the rollup and the embedded Ethereum L1: [`Chain`] is what it serves, and fields that a chain does not have are left out
//! of its answers. One file per namespace; what a method means by a block is in `resolve`, the JSON of blocks, transactions, receipts and logs in `json`,
//! every error code and its words in [`mod@error`].
//!
//! A transaction goes to the sequencer as a [`Submission`] and is answered for once it is acknowledged. What happens to the chain arrives as [`Event`]s.

mod account_range;
mod api;
mod args;
mod bad_blocks;
mod beacon;
mod calls;
mod chain;
mod count;
mod debug;
mod derivation;
mod dev_accounts;
mod dev_info;
mod dev_mine;
mod dev_pool;
mod dev_time;
mod dev_tokens;
mod development;
mod envelope;
pub mod error;
mod eth_block;
mod eth_config;
mod eth_fee;
mod eth_fill;
mod eth_filter;
mod eth_pubsub;
mod eth_simulate;
mod eth_state;
mod eth_transaction;
mod filters;
mod forms;
mod http;
mod ids;
mod json;
mod listener;
mod log_query;
mod log_stream;
mod logs;
mod many;
mod modified_accounts;
mod net_web3;
mod open_block;
mod optimism;
mod ots;
mod ots_search;
mod resolve;
mod script_host;
mod sender_nonce;
mod server;
mod storage_range;
mod syncing;
mod time_limit;
mod trace;
mod trace_filter;
mod tributary;
mod txpool;
mod typed_data;
mod websocket;
mod witness;
mod workers;

pub use chain::{Accepted, BeaconView, Chain, Event, L1Status, Limits, RollupView, SealedBlock, Submission, SubmitError, Visibility};
pub use derivation::{Derivation, DerivedFrom};
pub use development::{Command, Development, Order};
pub use error::Error;
pub use script_host::{SCRIPT_HOST, ScriptHost, run_script_host};
pub use server::{InProcess, ServerHandle, serve};

//! JSON-RPC over a chain's storage, pool and open block: HTTP and WebSocket on one port (jsonrpsee), geth's methods, words and codes.
//!
//! The same server serves the rollup and the embedded Ethereum L1: [`Chain`] is what it serves, and fields that a chain does not have are left out
//! of its answers. One folder or file per namespace; what a method means by a block is in `resolve`, the JSON of blocks, transactions, receipts and logs in `json`,
//! every error code and its words in [`mod@error`].
//!
//! A client chooses by the path of its URL what it sees of the open block ([`tributary_chain::Endpoint`]): the methods of both endpoints are the same
//! over one state, and one value in `api` is all that differs.
//!
//! A transaction goes to the sequencer as a [`tributary_chain::Submission`] and is answered for once it is acknowledged. What happens to the chain arrives as [`tributary_chain::Event`]s.

mod api;
mod args;
mod capabilities;
mod chain;
mod count;
mod deadlines;
mod debug;
mod development;
pub mod error;
mod eth;
mod forms;
mod ids;
mod json;
mod logs;
mod net_web3;
mod open_block;
mod ots;
mod resolve;
mod rollup;
mod script_host;
mod server;
mod time_limit;
mod trace;
mod transport;
mod txpool;
mod workers;

pub use chain::{BeaconView, Chain, IndexView, Limits, Network, REALTIME_PATH, RollupView};
pub use development::orders::Development;
pub use error::Error;
pub use script_host::{SCRIPT_HOST, ScriptHost, run_script_host};
pub use server::{InProcess, ServerHandle, serve};

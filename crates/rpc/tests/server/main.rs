//! The server over a real chain, asked through real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod account_range;
mod anvil;
mod bad_input;
mod bad_parameters;
mod bundled_tracers;
mod development;
mod economy;
mod endpoints;
mod ethereum;
mod http;
mod keyless;
mod limits;
mod logs;
mod many;
mod modified_accounts;
mod open_block;
mod otterscan;
mod parity;
mod public_reports;
mod reth_methods;
mod rig;
mod scripts;
mod slow_readers;
mod state;
mod stopping;
mod subscriptions;
mod tracer_words;
mod traces;
mod transactions;
mod wire;
mod witness;

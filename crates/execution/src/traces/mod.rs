//! Traces: transactions and calls executed again under an inspector.

mod bundled;
mod erc7562;
mod flat;
mod four_byte;
mod frames;
pub(crate) mod parity;
mod parity_diff;
mod prestate;
pub(crate) mod record;
pub(crate) mod script;
mod steps;
pub(crate) mod trace;
pub(crate) mod tracer;
mod vm_trace;

//! Traces: transactions and calls executed again under an inspector.

pub(crate) mod parity;
pub(crate) mod parity_diff;
pub(crate) mod script;
pub(crate) mod trace;
pub(crate) mod tracer;
pub(crate) mod vm_trace;

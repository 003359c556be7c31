//! Calls: executions on a state that leave nothing behind.

pub(crate) mod abort;
pub(crate) mod access_list;
pub(crate) mod call;
pub(crate) mod estimate;
pub(crate) mod overrides;
pub(crate) mod refusal;
pub(crate) mod sequence;
pub(crate) mod simulate;
pub(crate) mod simulate_error;
pub(crate) mod simulated_header;
pub(crate) mod simulated_tx;
pub(crate) mod state;
pub(crate) mod transfers;

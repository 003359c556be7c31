//! The state transition: (parent, attributes, transactions, state) → [`ExecutedBlock`](tributary_primitives::ExecutedBlock).
//!
//! The only crate that runs revm. It has no clock, no I/O and no second path: building, replaying, deriving and proving a block all go
//! through [`OpenBlock`]; calls, estimates and traces use the same machine on the same state.

mod abort;
mod access_list;
mod builder;
mod call;
mod consensus;
mod dao;
mod difficulty;
mod error;
mod estimate;
mod fees;
mod frozen;
mod import;
mod instructions;
mod machine;
mod overlay;
mod overrides;
mod parity;
mod parity_diff;
mod pending;
pub mod precompiles;
mod rejection;
mod replay;
mod script;
mod seal;
mod sequence;
mod simulate;
mod simulated_tx;
mod trace;
mod tracer;
mod transfers;
mod vm_trace;
mod witness;

pub use abort::Abort;
pub use access_list::AccessListOutcome;
pub use builder::{Included, OpenBlock, Outcome, encode};
pub use call::{CallOutcome, Ending, Simulation, State};
pub use consensus::{Ancestor, recover_sender, validate_header, validate_ommers};
pub use error::Error;
pub use estimate::Estimate;
pub use fees::L1Fees;
pub use import::{decode_block, import_block};
pub use machine::Leniency;
pub use overlay::{AccountChange, Overlay, TxChanges};
pub use overrides::Overrides;
pub use parity::TraceTypes;
pub use pending::{PendingBlock, PendingState, PendingTransaction};
pub use rejection::Rejection;
pub use replay::execute_block;
pub use script::asks_for_script;
pub use sequence::CallSequence;
pub use simulate::{Fault, SimulateError, SimulatedBlock, SimulatedCall, SimulationBlock, SimulationChain};
pub use simulated_tx::unsigned;
pub use trace::BlockReplay;
pub use witness::{ExecutionReads, record_reads};

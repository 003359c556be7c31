//! The state transition: (parent, attributes, transactions, state) → [`ExecutedBlock`](tributary_primitives::ExecutedBlock).
//!
//! The only crate that runs revm. It has no clock, no I/O and no second path: building, replaying, deriving and proving a block all go
//! through [`OpenBlock`]; calls, estimates and traces use the same machine on the same state.

mod block;
mod calls;
mod codes;
mod error;
mod executor;
mod fees;
mod instructions;
mod machine;
mod overlay;
pub mod precompiles;
mod traces;
mod witness;

pub use block::{
    builder::{Included, OpenBlock, Outcome, encode},
    consensus::{Ancestor, recover_sender, validate_header, validate_ommers},
    import::{decode_block, import_block},
    pending::{PendingBlock, PendingState, PendingTransaction},
    rejection::Rejection,
    replay::execute_block,
    replayed::ReplayedBlock,
};
pub use calls::{
    abort::Abort,
    access_list::AccessListOutcome,
    call::{CallOutcome, Ending, Simulation},
    estimate::Estimate,
    overrides::Overrides,
    refusal::Fault,
    sequence::CallSequence,
    simulate::{SimulatedBlock, SimulatedCall, SimulationBlock, SimulationChain},
    simulate_error::SimulateError,
    simulated_tx::{no_recipient, unsigned},
    state::State,
};
pub use error::Error;
pub use executor::Executor;
pub use fees::L1Fees;
pub use machine::Leniency;
pub use overlay::{AccountChange, Overlay, TxChanges};
pub use traces::{parity::TraceTypes, script::asks_for_script, trace::BlockReplay};
pub use witness::{ExecutionReads, record_reads};

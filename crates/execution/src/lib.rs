//! The state transition: (parent, attributes, transactions, state) → [`ExecutedBlock`](tributary_primitives::ExecutedBlock).
//!
//! The only crate that runs revm. It has no clock, no I/O and no second path: building, replaying, deriving and proving a block all go
//! through [`OpenBlock`]; calls, estimates and traces use the same machine on the same state.

mod builder;
mod error;
mod machine;
mod overlay;
mod pending;
pub mod precompiles;
mod rejection;
mod replay;
mod seal;

pub use builder::{Included, OpenBlock, Outcome, encode};
pub use error::Error;
pub use machine::Leniency;
pub use overlay::{AccountChange, Overlay, TxChanges};
pub use pending::{PendingBlock, PendingState, PendingTransaction};
pub use rejection::Rejection;
pub use replay::execute_block;

//! What a node and its servers tell each other: transactions that clients submit and what becomes of them, what happens to the chain, how far a rollup
//! is derived, and what users of a development chain order. A refusal is a value; its words and codes for clients are the server's.

mod derivation;
mod event;
mod order;
mod submission;

pub use derivation::{Derivation, DerivedFrom, L1Status};
pub use event::{Event, SealedBlock};
pub use order::{Command, Order, OrderRefusal};
pub use submission::{Accepted, Endpoint, Refusal, Submission};

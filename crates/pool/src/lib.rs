//! Which transaction next.
//!
//! A transaction arrives as bytes ([`RecoveredTx::decode`]), is checked against the rules of the chain and of this node ([`validate`]) and
//! against its sender's account ([`validate_account`]). One whose nonce is the account's next runs at once in the open block; [`Pool`] keeps
//! the others: those behind a nonce gap, those that wait for a lower base fee, and those that found the open block full.
//!
//! There is no clock, no I/O and no lock in here: a pool is a data structure that the sequencer owns.

mod admission;
mod content;
mod error;
#[cfg(test)]
mod fixture;
mod follow;
mod index;
mod limits;
mod lookup;
mod ordering;
mod pool;
mod queue;
mod transaction;
mod validate;

pub use content::{Content, Status, Waiting};
pub use error::{DecodeFault, PoolError};
pub use limits::{Extra, Fees, PoolLimits, Room, SenderState, TxPolicy};
pub use ordering::Ordering;
pub use pool::{Added, Pool, Position};
pub use transaction::RecoveredTx;
pub use validate::{NextBlock, intrinsic_gas, validate, validate_account, validate_unpayable};

//! What a node and its servers tell each other: transactions that clients submit and what becomes of them, what happens to the chain, how far a rollup
//! is derived, what users of a development chain order. A refusal is a value; its words and codes for clients are the server's.
//! A sequencer signs its blocks for those who follow it elsewhere ([`FeedBlock`]). Who wants to miss nothing of a chain follows it with a [`Follower`].

mod derivation;
mod event;
mod feed;
mod follower;
mod lost;
mod order;
mod submission;

pub use derivation::{Derivation, DerivedFrom, L1Status};
pub use event::{Event, SealedBlock};
pub use feed::{FeedBlock, FeedError, FeedKey};
pub use follower::{Follower, Lost, Place, Step};
pub use lost::{LostTransaction, LostTransactions};
pub use order::{Command, Order, OrderRefusal, Sealing};
pub use submission::{Accepted, Endpoint, Refusal, Submission};

//! Why a settlement paid whom, in a form that can be checked without the node that says so.
//!
//! ```text
//! explain(calls, logs, answers, trace) -> Explanation   what was answered, whose words it is, and what each of them earned
//! Receipt { explanation, proof }                        the same with trie nodes of the block that settled it
//! verify(&receipt) -> Verified                          everything computed again from the proof, and the output root that an L1 has to name
//! ```
//!
//! A node and who checks it run the same [`explain`]: on the chain's state, and on the nodes of it that the receipt holds. What a proof can't show without a
//! whole set of texts is how much each word weighs: then the words are compared, and the weights are held against what the chain paid by them.

mod block;
mod calls;
mod error;
mod explain;
mod facts;
mod receipt;
mod spans;
mod unpaid;
mod verify;
mod weights;

pub use block::{BlockProof, Link, StateNodes};
pub use calls::Calls;
pub use error::Error;
pub use explain::{Answer, Asked, Found, Settled, explain};
pub use receipt::{AnswerExplained, Explanation, Payee, Receipt, Rollup, Shares, Source, Span, Trace};
pub use unpaid::{Unearned, Unpaid, unpaid};
pub use verify::{Verified, ask, verify};

use alloy_primitives::{Address, U256};

/// Why there is no explanation, or a receipt is not believed. None goes away by trying again on the same data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A receipt of another form.
    #[error("the receipt has format {found}, this version reads {known}")]
    Format {
        /// What it says.
        found: u64,
        /// What is read.
        known: u64,
    },
    /// The transaction did not settle this.
    #[error("no log of the transaction settles {0}")]
    NotSettled(U256),
    /// What is said is not what the chain has.
    #[error("{0}")]
    Differs(String),
    /// A part of the proof does not prove what it should.
    #[error("the proof of {what}: {reason}")]
    Proof {
        /// Of what.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// A contract does not answer.
    #[error("asking {to}: {reason}")]
    Call {
        /// The contract.
        to: Address,
        /// Why.
        reason: String,
    },
    /// The state cannot be executed on: a node of it is missing.
    #[error(transparent)]
    Execution(#[from] tributary_execution::Error),
    /// Trie nodes of the state.
    #[error(transparent)]
    Trie(#[from] tributary_trie::Error),
}

/// What is said differs from what is found.
pub(crate) fn same<T: PartialEq + std::fmt::Display>(what: impl std::fmt::Display, said: &T, found: &T) -> Result<(), Error> {
    if said == found { Ok(()) } else { Err(Error::Differs(format!("{what}: the receipt says {said}, the chain has {found}"))) }
}

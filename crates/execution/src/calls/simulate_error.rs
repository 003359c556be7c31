//! Why `eth_simulateV1` has no result.

use super::refusal::{Fault, Stop};
use crate::error::Error;
use tributary_primitives::StateError;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The request is at fault.
    #[error("{words}")]
    Refused {
        /// What kind of fault.
        fault: Fault,
        /// geth's words.
        words: String,
    },
    /// The state or the EVM failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StateError> for SimulateError {
    fn from(error: StateError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Stop> for SimulateError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(words) => refused(Fault::Override, words),
            Stop::Failed(error) => Self::Failed(error),
        }
    }
}

pub(super) fn refused(fault: Fault, words: impl Into<String>) -> SimulateError {
    SimulateError::Refused { fault, words: words.into() }
}

use nybbles::Nibbles;
use tributary_primitives::StateError;

/// Why a root, a proof or a witness could not be computed. None is repaired by trying again on the same data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The reader could not give a node.
    #[error(transparent)]
    State(#[from] StateError),
    /// A stored node is not a canonical node of a trie with 32-byte keys.
    #[error("malformed trie node at {path:?}: {reason}")]
    MalformedNode {
        /// Where the node is.
        path: Nibbles,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A leaf of the trie does not hold the RLP of an account or of a slot's value.
    #[error("malformed trie leaf: {0}")]
    MalformedLeaf(alloy_rlp::Error),
    /// A proof does not prove anything about the key under the root.
    #[error("invalid proof: {0}")]
    InvalidProof(&'static str),
    /// The flat state and the trie hold different values. The database that gave both is damaged.
    #[error("flat state and trie disagree about {0}")]
    Disagreement(String),
}

impl From<Error> for StateError {
    fn from(error: Error) -> Self {
        match error {
            Error::State(error) => error,
            other => Self::backend(other),
        }
    }
}

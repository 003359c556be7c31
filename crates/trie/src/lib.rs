//! Merkle-Patricia tries over a node store: incremental state roots, full rebuilds, EIP-1186 proofs, proofs of list items and execution witnesses.
//!
//! A block's root is computed by [`state_root`] from the parent's root and the block's flat difference. It opens only the nodes on the changed
//! paths, each once, through [`TrieReader`](tributary_primitives::TrieReader), and reports exactly the nodes that were added, changed or removed.
//! [`full_state_root`] does the same from nothing, the slow and obvious way: it writes the genesis and is what the incremental path is tested against.
//!
//! A [`Recorder`] around a database notes what an execution and its root computation read; the [`Witness`] that it leaves behind becomes a
//! [`WitnessState`], from which the same execution and the same root follow without the database.
//!
//! The crate is pure: the same reader and difference give the same bytes on any machine, with any number of threads.

mod account;
mod error;
mod fork;
mod full;
mod neighbours;
mod node;
mod proof;
mod recorder;
mod sparse;
mod state;
mod witness;

pub use account::AccountLeaf;
pub use error::Error;
pub use full::{full_state_root, ordered_root, prove_item, root_of, trie_of};
pub use neighbours::neighbours;
pub use proof::{AccountProof, StorageProof, prove_account, verify_item, verify_proof};
pub use recorder::Recorder;
pub use state::{OpenTries, state_root};
pub use witness::{NumberedHash, Witness, WitnessNodes, WitnessState};

/// Root of a trie without leaves: keccak256 of the RLP of the empty string.
pub const EMPTY_ROOT: alloy_primitives::B256 = alloy_primitives::b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

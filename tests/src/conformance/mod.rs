//! Ethereum's own tests, run through the node's executor, trie and storage.
//!
//! [`Suite`] names the kinds of test, [`Data`] finds their files, [`run`] runs them on all cores and returns a [`Report`]. Cases that cannot pass are
//! listed with their reason in `conformance-skips.txt`; there is no other way to skip one.

mod blockchain;
mod chain;
mod data;
mod fields;
mod fork;
mod report;
mod rlp;
mod rpc;
mod runner;
mod shape;
mod skips;
mod state;
mod transaction;
mod trie;
mod world;

pub use chain::import_chain;
pub use data::Data;
pub use report::{Failure, Report, Verdict};
pub use runner::{Progress, run};
pub use skips::Skips;

use serde_json::Error as JsonError;

/// A kind of test of ethereum/tests or ethereum/execution-apis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// GeneralStateTests: one transaction on a state.
    State,
    /// BlockchainTests: a genesis and blocks in RLP.
    Blockchain,
    /// TrieTests: pairs and the root of their trie, keys and their neighbours.
    Trie,
    /// TransactionTests: bytes that are a valid transaction in some forks.
    Transaction,
    /// RLPTests: values and their encoding.
    Rlp,
    /// Requests and answers of ethereum/execution-apis, on a chain that is imported first.
    Rpc,
}

/// A case: where it was found and what became of it.
pub(crate) type Case = (String, Result<(), Failure>);

impl Suite {
    /// All suites by the name that the command line uses.
    pub const ALL: [(&str, Self); 6] = [
        ("state", Self::State),
        ("blockchain", Self::Blockchain),
        ("trie", Self::Trie),
        ("transaction", Self::Transaction),
        ("rlp", Self::Rlp),
        ("rpc", Self::Rpc),
    ];

    /// The suite of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, suite)| *suite)
    }

    /// Runs those cases of one file whose name `wanted` admits. Names are relative to the file.
    fn cases(self, file: &str, json: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Case>, JsonError> {
        match self {
            Self::State => state::cases(json, wanted),
            Self::Blockchain => blockchain::cases(json, wanted),
            Self::Trie => trie::cases(file, json, wanted),
            Self::Transaction => transaction::cases(json, wanted),
            Self::Rlp => rlp::cases(json, wanted),
            // Its files are no JSON: `run` hands them to `rpc::run`.
            Self::Rpc => Ok(Vec::new()),
        }
    }
}

//! That a transaction of the rollup had these logs, and what the state was after its block, under one output root.

use crate::Error;
use alloy_consensus::Header;
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy_primitives::{B256, Bytes, Log, U64, U256, keccak256};
use serde::{Deserialize, Serialize};
use tributary_primitives::{Receipt, StateReader};
use tributary_trie::{Witness, WitnessState, verify_item};

/// Proof of a transaction's logs and of the state after its block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockProof {
    /// RLP of the block's header.
    pub header: Bytes,
    /// The later block whose output root L1 has to name; none where it is the block itself.
    pub anchor: Option<Link>,
    /// Index of the transaction.
    pub transaction: U64,
    /// Its receipt, as the block commits to it (EIP-2718).
    pub receipt: Bytes,
    /// Nodes from the receipts root to it.
    pub receipt_nodes: Vec<Bytes>,
    /// Of the state after the block.
    pub state: StateNodes,
}

/// A later block, and what proves that the earlier one is its ancestor: its history contract names it (EIP-2935).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    /// RLP of its header.
    pub header: Bytes,
    /// Of the state after it.
    pub state: StateNodes,
}

/// Parts of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateNodes {
    /// RLP of trie nodes.
    pub nodes: Vec<Bytes>,
    /// Codes.
    pub codes: Vec<Bytes>,
}

impl From<Witness> for StateNodes {
    fn from(witness: Witness) -> Self {
        Self { nodes: witness.nodes, codes: witness.codes }
    }
}

impl StateNodes {
    /// The state with this root, as far as they reach.
    fn state(&self, root: B256) -> WitnessState {
        WitnessState::from(Witness { root, nodes: self.nodes.clone(), codes: self.codes.clone(), block_hashes: Vec::new() })
    }
}

/// What is proven under the anchor.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) header: Header,
    pub(crate) anchor: Header,
    pub(crate) logs: Vec<Log>,
    pub(crate) state: WitnessState,
}

impl BlockProof {
    /// Follows it from the anchor down.
    pub(crate) fn check(&self) -> Result<Proven, Error> {
        let header = read_header("the block", &self.header)?;
        let anchor = match &self.anchor {
            None => header.clone(),
            Some(link) => link.leads_to(&header)?,
        };
        let failed = |reason: String| Error::Proof { what: "the transaction's receipt", reason };
        let index = usize::try_from(self.transaction.to::<u64>()).map_err(|error| failed(error.to_string()))?;
        let proven = verify_item(header.receipts_root, index, &self.receipt_nodes).map_err(|error| failed(error.to_string()))?;
        if proven != self.receipt {
            return Err(failed("the block has another".to_owned()));
        }
        let receipt = Receipt::decode_2718(&proven).map_err(|error| failed(error.to_string()))?;
        Ok(Proven { state: self.state.state(header.state_root), header, anchor, logs: receipt.logs })
    }
}

impl Link {
    /// The later block, when it is one of which the earlier is an ancestor.
    fn leads_to(&self, earlier: &Header) -> Result<Header, Error> {
        let failed = |reason: String| Error::Proof { what: "the block's place in the chain", reason };
        let header = read_header("the later block", &self.header)?;
        let window = HISTORY_SERVE_WINDOW as u64;
        let distance = header.number.checked_sub(earlier.number).filter(|distance| (1..=window).contains(distance));
        if distance.is_none() {
            return Err(failed(format!("block {} does not tell of block {}", header.number, earlier.number)));
        }
        let state = self.state.state(header.state_root);
        let slot = U256::from(earlier.number % window);
        let named = state.storage(HISTORY_STORAGE_ADDRESS, slot).map_err(|error| failed(error.to_string()))?;
        if B256::from(named) != earlier.hash_slow() {
            return Err(failed(format!("block {} has another ancestor {}", header.number, earlier.number)));
        }
        Ok(header)
    }
}

fn read_header(what: &'static str, rlp: &Bytes) -> Result<Header, Error> {
    let header: Header = alloy_rlp::decode_exact(rlp).map_err(|error| Error::Proof { what, reason: error.to_string() })?;
    // A header of another chain, or of a later fork, may hold more than this reads.
    if header.hash_slow() == keccak256(rlp) {
        Ok(header)
    } else {
        Err(Error::Proof { what, reason: "its header has fields that are not known".to_owned() })
    }
}

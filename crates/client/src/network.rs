//! What a rollup tells of itself and its L1 (`tributary_networkInfo`).

use crate::{client::Client, error::Error};
use alloy_primitives::{Address, U64};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a program must know to use a rollup and its L1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInfo {
    /// Chain id of the rollup.
    pub chain_id: U64,
    /// Chain id of its L1.
    pub l1_chain_id: U64,
    /// JSON-RPC of its L1, as it can be reached from the rollup's node.
    pub l1_url: String,
    /// Contracts by name.
    pub contracts: NetworkContracts,
}

/// The contracts of a rollup, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkContracts {
    /// On L1.
    pub l1: BTreeMap<String, Address>,
    /// On the rollup.
    pub l2: BTreeMap<String, Address>,
}

impl Client {
    /// What a rollup of ours tells of itself; `None` when the node has no such method.
    ///
    /// # Errors
    /// When the node does not answer as it should.
    pub async fn network_info(&self) -> Result<Option<NetworkInfo>, Error> {
        match self.request("tributary_networkInfo", [(); 0]).await {
            // JSON-RPC's code for a method that does not exist.
            Err(Error::Rejected { fault, .. }) if fault.code == -32601 => Ok(None),
            answer => answer,
        }
    }
}

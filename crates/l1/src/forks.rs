//! What an L1 says of its forks (`eth_config`, EIP-7910).

use crate::{client::L1Client, error::Error};
use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, Bytes, U64, address};
use serde::Deserialize;
use std::collections::BTreeMap;
use tributary_client::Error as NodeError;

/// P256VERIFY (EIP-7951), which an Ethereum L1 has since Osaka.
const P256_VERIFY: Address = address!("0000000000000000000000000000000000000100");

/// BLS12_G1ADD (EIP-2537), which it has since Prague.
const BLS12_G1_ADD: Address = address!("000000000000000000000000000000000000000b");

/// The fork in force, the next, and the last that is planned.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ForkConfigs {
    /// In force.
    pub current: ForkConfig,
    /// The next, where one is planned.
    pub next: Option<ForkConfig>,
    /// The last that is planned.
    pub last: Option<ForkConfig>,
}

/// One fork.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForkConfig {
    /// Timestamp from which on it is in force.
    pub activation_time: u64,
    /// Blobs in a block and how their price moves; nodes without blobs say `null`.
    pub blob_schedule: Option<BlobParams>,
    /// Chain id.
    pub chain_id: U64,
    /// EIP-6122's fork hash.
    pub fork_id: Bytes,
    /// Precompiles by name.
    pub precompiles: BTreeMap<String, Address>,
}

impl ForkConfig {
    /// Whether blobs are proved by cells.
    pub fn is_osaka(&self) -> bool {
        self.has(P256_VERIFY)
    }

    /// Whether this is Prague or later.
    pub(crate) fn is_prague(&self) -> bool {
        self.has(BLS12_G1_ADD)
    }

    fn has(&self, precompile: Address) -> bool {
        self.precompiles.values().any(|address| *address == precompile)
    }
}

impl ForkConfigs {
    /// Each fork once, in the order of time.
    pub(crate) fn in_order(&self) -> Vec<&ForkConfig> {
        let mut forks: Vec<_> = [Some(&self.current), self.next.as_ref(), self.last.as_ref()].into_iter().flatten().collect();
        forks.sort_by_key(|fork| fork.activation_time);
        forks.dedup_by_key(|fork| fork.activation_time);
        forks
    }
}

impl L1Client {
    /// What the L1 says of its forks; `None` when its nodes have no such method. Not verified.
    pub async fn fork_configs(&self) -> Result<Option<ForkConfigs>, Error> {
        match self.node().demand("eth_config", [(); 0]).await {
            Err(NodeError::Rejected { .. }) => Ok(None),
            answer => Ok(Some(answer?)),
        }
    }
}

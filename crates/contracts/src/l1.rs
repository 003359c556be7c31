//! Where this project's contracts are on L1.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// Addresses of the L1 contracts, which follow from the deployer's address, its nonce and the order below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L1Contracts {
    /// `OpenToken`.
    pub open_token: Address,
    /// `SystemConfig`.
    pub system_config: Address,
    /// `AttestationVerifier`.
    pub verifier: Address,
    /// `OutputProposals`.
    pub outputs: Address,
    /// `TributaryPortal`.
    pub portal: Address,
    /// `L1Timelock`.
    pub timelock: Address,
}

impl L1Contracts {
    /// The addresses of contracts that `deployer` creates with its transactions from `nonce` on.
    pub fn of(deployer: Address, nonce: u64) -> Self {
        Self {
            open_token: deployer.create(nonce),
            system_config: deployer.create(nonce + 1),
            verifier: deployer.create(nonce + 2),
            outputs: deployer.create(nonce + 3),
            portal: deployer.create(nonce + 4),
            timelock: deployer.create(nonce + 5),
        }
    }

    /// Each contract's name and address, what users need first.
    pub const fn named(&self) -> [(&'static str, Address); 6] {
        [
            ("OpenToken", self.open_token),
            ("TributaryPortal", self.portal),
            ("SystemConfig", self.system_config),
            ("OutputProposals", self.outputs),
            ("AttestationVerifier", self.verifier),
            ("L1Timelock", self.timelock),
        ]
    }
}

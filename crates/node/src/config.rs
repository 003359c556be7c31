//! What `tributary dev` can be told, validated.

use crate::Error;
use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

/// Where batches go on L1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DataAvailability {
    /// EIP-4844 blobs.
    #[default]
    Blob,
    /// Transaction calldata.
    Calldata,
}

/// The mnemonic of anvil and Hardhat, whose accounts everybody knows.
pub const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Chain id of the rollup.
pub const L2_CHAIN_ID: u64 = 630_925;

/// Chain id of the embedded L1: geth's and OP's development L1.
pub const L1_CHAIN_ID: u64 = 900;

/// Seconds after which an output may finalize withdrawals, and after which a proved withdrawal may: short, because this is for development.
pub(crate) const FINALITY_DELAY: u64 = 12;

/// Seconds between naming another verifier and its first use: longer than an exit, which takes twice [`FINALITY_DELAY`].
pub(crate) const VERIFIER_DELAY: u64 = 3 * FINALITY_DELAY;

/// Seconds between the announcement and the execution of what the L1 timelock does.
pub(crate) const TIMELOCK_DELAY: u64 = FINALITY_DELAY;

/// Fewest L2 blocks worth a proposal.
pub(crate) const PROPOSAL_INTERVAL: u64 = 10;

/// `SystemConfig.maximumGasLimit`.
const MAX_GAS_LIMIT: u64 = 10_000_000_000;

/// Configuration of a whole development rollup.
#[derive(Debug, Clone)]
pub struct DevConfig {
    /// Where everything is kept; a temporary directory, removed at the end, when absent.
    pub datadir: Option<PathBuf>,
    /// Address to listen on.
    pub host: IpAddr,
    /// JSON-RPC of the rollup; 0 takes a free port, as for the other two.
    pub port: u16,
    /// JSON-RPC and beacon endpoint of the embedded L1.
    pub l1_port: u16,
    /// Health and metrics.
    pub dashboard_port: u16,
    /// Seconds between L2 blocks.
    pub block_time: u64,
    /// L2 blocks are sealed in their time only, as on a production chain, and not as soon as somebody waits for one.
    pub interval: bool,
    /// Seconds between L1 blocks.
    pub l1_block_time: u64,
    /// L2 block gas limit.
    pub gas_limit: u64,
    /// Number of funded accounts.
    pub accounts: usize,
    /// Mnemonic of the funded accounts.
    pub mnemonic: String,
    /// Where batches go.
    pub da: DataAvailability,
    /// Whether the OP Stack's fork Jovian is active on the rollup, from genesis.
    pub jovian: bool,
}

impl Default for DevConfig {
    fn default() -> Self {
        Self {
            datadir: None,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8545,
            l1_port: 8645,
            dashboard_port: 8080,
            block_time: 1,
            interval: false,
            l1_block_time: 2,
            gas_limit: 1_000_000_000,
            accounts: 10,
            mnemonic: DEV_MNEMONIC.to_owned(),
            da: DataAvailability::default(),
            jovian: true,
        }
    }
}

impl DevConfig {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first value that cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        let reject = |reason: &str| Err(Error::Config(reason.to_owned()));
        if self.block_time == 0 || self.l1_block_time == 0 {
            return reject("block times are whole seconds, from 1");
        }
        if self.block_time > self.l1_block_time {
            return reject("an L2 block may not take longer than an L1 block");
        }
        if !(1..=1000).contains(&self.accounts) {
            return reject("the number of accounts is from 1 to 1000");
        }
        if self.gas_limit < 30_000_000 {
            return reject("the L2 gas limit must be at least 30,000,000, the room that deposits may take");
        }
        if self.gas_limit > MAX_GAS_LIMIT {
            return reject("the L2 gas limit must be at most 10,000,000,000, the most that SystemConfig takes");
        }
        let ports = [self.port, self.l1_port, self.dashboard_port];
        if ports.iter().enumerate().any(|(i, port)| *port != 0 && ports[..i].contains(port)) {
            return reject("the three ports must differ");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gas_limit_that_the_contracts_would_refuse_is_refused_before_anything_is_written() {
        let with = |gas_limit| DevConfig { gas_limit, ..Default::default() }.validate().map_err(|error| error.to_string());
        for gas_limit in [30_000_000, MAX_GAS_LIMIT] {
            assert_eq!(with(gas_limit), Ok(()));
        }
        assert!(with(29_999_999).unwrap_err().contains("at least 30,000,000"));
        assert!(with(MAX_GAS_LIMIT + 1).unwrap_err().contains("at most 10,000,000,000"));
    }
}

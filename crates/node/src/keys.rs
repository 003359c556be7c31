//! Accounts of a development node: the well-known ones for users, and operators of its own.

use crate::{Error, status::DevAccount};
use alloy_primitives::{Address, B256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};

/// Keys that operate the rollup on L1. They come from the users' mnemonic under an account index of their own (m/44'/60'/1'/0/i), so that a
/// kept data directory finds them again and no user transaction disturbs their nonces.
#[derive(Clone)]
pub(crate) struct Operators {
    pub(crate) deployer: PrivateKeySigner,
    pub(crate) batcher: PrivateKeySigner,
    pub(crate) proposer: PrivateKeySigner,
    pub(crate) prover: PrivateKeySigner,
}

impl std::fmt::Debug for Operators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operators").field("batcher", &self.batcher.address()).finish_non_exhaustive()
    }
}

impl Operators {
    pub(crate) fn from_mnemonic(mnemonic: &str) -> Result<Self, Error> {
        let key = |i| signer(mnemonic, &format!("m/44'/60'/1'/0/{i}"));
        Ok(Self { deployer: key(0)?, batcher: key(1)?, proposer: key(2)?, prover: key(3)? })
    }

    /// Those that pay for L1 transactions.
    pub(crate) fn payers(&self) -> [Address; 3] {
        [self.deployer.address(), self.batcher.address(), self.proposer.address()]
    }
}

/// The first `count` accounts of a mnemonic at the usual path m/44'/60'/0'/0/i.
pub(crate) fn accounts(mnemonic: &str, count: usize) -> Result<Vec<DevAccount>, Error> {
    (0..count)
        .map(|i| {
            let signer = signer(mnemonic, &format!("m/44'/60'/0'/0/{i}"))?;
            Ok(DevAccount { address: signer.address(), key: B256::from_slice(&signer.credential().to_bytes()) })
        })
        .collect()
}

fn signer(mnemonic: &str, path: &str) -> Result<PrivateKeySigner, Error> {
    let invalid = |_| Error::Config("the mnemonic is not a valid BIP-39 phrase".to_owned());
    MnemonicBuilder::<English>::default().phrase(mnemonic).derivation_path(path).and_then(|builder| builder.build()).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEV_MNEMONIC;
    use alloy_primitives::address;

    #[test]
    fn the_first_account_is_the_one_that_anvil_and_hardhat_have() {
        let accounts = accounts(DEV_MNEMONIC, 2).unwrap();
        assert_eq!(accounts[0].address, address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
        assert_eq!(accounts[1].address, address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"));
        assert!(Operators::from_mnemonic("not a mnemonic").is_err());
    }
}

//! The DAO fork's irregular state change (EIP-779).

use crate::overlay::Overlay;
use alloy_evm::eth::dao_fork::{DAO_HARDFORK_ACCOUNTS, DAO_HARDFORK_BENEFICIARY};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks};
use alloy_primitives::U256;
use tributary_primitives::{ChainSpec, StateError, StateReader};

/// Where block `number` is the fork's, moves all ether of the DAO and its children to the account from which it is withdrawn, before any transaction.
pub(crate) fn apply_dao_fork<S: StateReader>(spec: &ChainSpec, number: u64, state: &mut Overlay<S>) -> Result<(), StateError> {
    if !spec.ethereum_fork_activation(EthereumHardfork::Dao).transitions_at_block(number) {
        return Ok(());
    }
    let mut drained = U256::ZERO;
    for address in DAO_HARDFORK_ACCOUNTS {
        // As in geth, an account that does not exist comes into being: nothing removes empty accounts before EIP-161.
        let mut account = state.account_now(address)?.unwrap_or_default();
        drained += std::mem::take(&mut account.balance);
        state.set_account(address, Some(account))?;
    }
    let mut beneficiary = state.account_now(DAO_HARDFORK_BENEFICIARY)?.unwrap_or_default();
    beneficiary.balance += drained;
    state.set_account(DAO_HARDFORK_BENEFICIARY, Some(beneficiary))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::{Address, B256, Bytes};
    use tributary_primitives::Account;

    /// A state in which every account holds seven wei.
    #[derive(Debug)]
    struct Sevens;

    impl StateReader for Sevens {
        fn account(&self, _: Address) -> Result<Option<Account>, StateError> {
            Ok(Some(Account { balance: U256::from(7), ..Default::default() }))
        }
        fn storage(&self, _: Address, _: U256) -> Result<U256, StateError> {
            Ok(U256::ZERO)
        }
        fn has_storage(&self, _: Address) -> Result<bool, StateError> {
            Ok(false)
        }
        fn code(&self, hash: B256) -> Result<Bytes, StateError> {
            Err(StateError::Missing(hash.to_string()))
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    #[test]
    fn ether_of_the_dao_moves_in_the_block_of_the_fork_and_in_no_other() {
        let config = ChainConfig { homestead_block: Some(0), dao_fork_block: Some(5), dao_fork_support: true, ..Default::default() };
        let spec = ChainSpec::ethereum(Genesis { config, ..Default::default() });
        for (number, child, beneficiary) in [(4, 7, 7), (5, 0, 7 * 117), (6, 7, 7)] {
            let mut state = Overlay::new(Sevens);
            apply_dao_fork(&spec, number, &mut state).unwrap();
            let mut balance = |address| state.account_now(address).unwrap().unwrap().balance;
            assert_eq!(balance(DAO_HARDFORK_ACCOUNTS[3]), U256::from(child), "block {number}");
            assert_eq!(balance(DAO_HARDFORK_BENEFICIARY), U256::from(beneficiary), "block {number}");
        }
    }
}

//! The ERC-20 of the L1 contracts, as a contract that any chain can run.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolConstructor};
use tributary_contracts::OpenToken;

/// Gas that is enough for a transfer to an account that holds none.
pub const TRANSFER_GAS: u64 = 70_000;

/// Code that creates the token, all of it held by `holder`.
pub fn creation(holder: Address, supply: u64) -> Bytes {
    let arguments = OpenToken::constructorCall { holder, supply: U256::from(supply) }.abi_encode();
    [OpenToken::BYTECODE.as_ref(), &arguments].concat().into()
}

/// Input of a transfer.
pub fn transfer(to: Address, amount: u64) -> Bytes {
    OpenToken::transferCall { to, value: U256::from(amount) }.abi_encode().into()
}

/// Input of a question for a balance.
pub fn balance_of(holder: Address) -> Bytes {
    OpenToken::balanceOfCall { account: holder }.abi_encode().into()
}

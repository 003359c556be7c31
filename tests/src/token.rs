//! The ERC-20 of the L1 contracts, as a contract that any chain can run.

use alloy_primitives::{Address, Bytes, U256, hex};
use serde_json::Value;

/// Compiled with the contracts; the tests need no compiler.
const ARTIFACT: &str = include_str!("../../contracts/artifacts/OpenToken.json");

/// `transfer(address,uint256)`
const TRANSFER: [u8; 4] = hex!("a9059cbb");

/// `balanceOf(address)`
const BALANCE_OF: [u8; 4] = hex!("70a08231");

/// Gas that is enough for a transfer to an account that holds none.
pub const TRANSFER_GAS: u64 = 70_000;

/// Code that creates the token, all of it held by `holder`.
///
/// # Panics
/// When the artifact is not one.
pub fn creation(holder: Address, supply: u64) -> Bytes {
    let artifact: Value = serde_json::from_str(ARTIFACT).expect("invariant: artifacts are JSON");
    let mut code = hex::decode(artifact["bytecode"].as_str().unwrap_or_default()).expect("invariant: bytecode is hex");
    code.extend_from_slice(holder.into_word().as_slice());
    code.extend_from_slice(&U256::from(supply).to_be_bytes::<32>());
    code.into()
}

/// Input of a transfer.
pub fn transfer(to: Address, amount: u64) -> Bytes {
    [&TRANSFER[..], to.into_word().as_slice(), &U256::from(amount).to_be_bytes::<32>()].concat().into()
}

/// Input of a question for a balance.
pub fn balance_of(holder: Address) -> Bytes {
    [&BALANCE_OF[..], holder.into_word().as_slice()].concat().into()
}

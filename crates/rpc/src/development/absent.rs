//! Development nodes only: what anvil and Hardhat let their users set and a rollup does not, each with the reason in words.

use super::time::done;
use crate::{
    api::{Api, Module, light},
    count::Number,
    error::RpcError,
};
use jsonrpsee::server::RegisterMethodError;

/// Methods, and why they do nothing here.
const ABSENT: &[(&[&str], &str)] = &[
    (
        &["anvil_setNextBlockBaseFeePerGas", "hardhat_setNextBlockBaseFeePerGas"],
        "a block's base fee follows from its parent (EIP-1559), on the rollup and on its L1; fees of a few wei are what an idle chain comes to",
    ),
    (&["anvil_setMinGasPrice", "hardhat_setMinGasPrice"], "fees are those of EIP-1559, which has no minimum gas price"),
    (&["anvil_setPrevRandao", "hardhat_setPrevRandao"], "prevrandao is that of the L1 block that a rollup's block is built on"),
    (
        &["anvil_setCoinbase", "hardhat_setCoinbase"],
        "the fee recipient of a rollup is its SequencerFeeVault, 0x4200000000000000000000000000000000000011",
    ),
    (
        &["anvil_setBlockGasLimit", "evm_setBlockGasLimit"],
        "the gas limit is set by the SystemConfig contract on L1; tributary dev takes --gas-limit when a chain begins",
    ),
    (&["anvil_setChainId"], "the chain id is fixed when a chain begins: L1 and all keys sign for it"),
    (
        &["anvil_reset", "hardhat_reset", "anvil_setRpcUrl"],
        "this chain is derived from its L1 and forks no other: take a snapshot (evm_snapshot) and revert to it (evm_revert), or start the node again",
    ),
    (
        &["anvil_rollback"],
        "blocks whose batches are on L1 go only together with them: take a snapshot (evm_snapshot) and revert to it (evm_revert), or use anvil_reorg",
    ),
    (
        &["anvil_dumpState", "hardhat_dumpState", "anvil_loadState", "hardhat_loadState"],
        "a state that did not come of L1 cannot be derived: keep the chain with --datadir, or use evm_snapshot; single accounts are set with anvil_setBalance, \
         anvil_setCode, anvil_setNonce and anvil_setStorageAt",
    ),
];

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    for (names, why) in ABSENT {
        for name in *names {
            module.register_method(name, move |_, _, _| Err::<(), _>(RpcError::unsupported(name, why)))?;
        }
    }
    for name in ["anvil_setBlockTimestampInterval", "evm_setBlockTimestampInterval"] {
        light(module, name, move |api, args| {
            let Number(interval) = args.required()?;
            match block_time(api) {
                Some(block_time) if interval.saturating_to::<u64>() == block_time => Ok(done(name)),
                block_time => Err(RpcError::unsupported(
                    name,
                    &format!(
                        "blocks follow each other by the chain's block time, {} s; hardhat_mine takes an interval, evm_increaseTime lets time jump",
                        block_time.unwrap_or_default()
                    ),
                )),
            }
        })?;
    }
    for name in ["anvil_removeBlockTimestampInterval", "evm_removeBlockTimestampInterval"] {
        // Whether one was set.
        light(module, name, |_, _| Ok(false))?;
    }
    Ok(())
}

/// Seconds from a block to the next.
pub(super) fn block_time(api: &Api) -> Option<u64> {
    let of_rollup = api.chain.rollup.as_ref().map(|rollup| rollup.config.block_time);
    of_rollup.or(api.chain.beacon.map(|beacon| beacon.seconds_per_slot))
}

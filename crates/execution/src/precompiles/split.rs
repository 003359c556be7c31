//! `IRewardSplit`: a pool is paid out by weight, to the wei.

use super::{cache::IndexCache, call};
use alloy_evm::precompiles::PrecompileInput;
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use tributary_attribution::split::split;
use tributary_contracts::IRewardSplit::{self, IRewardSplitCalls as Function};

pub(super) use tributary_contracts::predeploys::REWARD_SPLIT as ADDRESS;

/// Each weight: a 512-bit division.
const WEIGHT_GAS: u64 = 60;
/// Each weight, for each doubling of their number: the order of the remainders.
const ORDER_GAS: u64 = 6;

pub(super) fn run(input: PrecompileInput<'_>, _: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        let Function::split(args) = call.decode()?;
        let weights = args.weights.len() as u64;
        let doublings = u64::from(u64::BITS - weights.leading_zeros());
        call.charge_each(WEIGHT_GAS + ORDER_GAS * doublings, weights)?;
        Ok(IRewardSplit::splitCall::abi_encode_returns(&split(args.pool, &args.weights)))
    })
}

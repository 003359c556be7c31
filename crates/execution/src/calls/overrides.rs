//! State and block overrides of simulated calls (geth's `eth_call` third and fourth parameter).

use super::{
    refusal::Stop,
    state::{Renumbered, State},
};
use crate::{
    machine::{AnyInspector, Machine},
    overlay::Overlay,
};
use alloy_consensus::Header;
use alloy_evm::{Evm, precompiles::PrecompilesMap};
use alloy_primitives::{Address, U256, keccak256};
use alloy_rpc_types_eth::{
    BlockOverrides,
    state::{AccountOverride, StateOverride},
};
use revm::{
    context::{BlockEnv, JournalTr},
    context_interface::block::BlobExcessGasAndPrice,
};
use std::{collections::BTreeMap, sync::Arc};

/// What a simulated call pretends about the chain.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Accounts that differ from the state.
    pub state: Option<StateOverride>,
    /// Fields of the block that differ from the header.
    pub block: Option<BlockOverrides>,
}

/// The header and the state under block overrides, as far as these show in them.
pub(crate) fn of_block(header: &Header, state: State, overrides: &BlockOverrides) -> (Header, State) {
    let mut header = header.clone();
    header.number = overrides.number.map_or(header.number, |number| number.saturating_to());
    header.difficulty = overrides.difficulty.unwrap_or(header.difficulty);
    header.timestamp = overrides.time.unwrap_or(header.timestamp);
    header.gas_limit = overrides.gas_limit.unwrap_or(header.gas_limit);
    header.beneficiary = overrides.coinbase.unwrap_or(header.beneficiary);
    header.mix_hash = overrides.random.unwrap_or(header.mix_hash);
    header.base_fee_per_gas = overrides.base_fee.map(|fee| fee.saturating_to()).or(header.base_fee_per_gas);
    let state = match &overrides.block_hash {
        Some(hashes) => Arc::new(Renumbered { base: state, hashes: hashes.clone() }) as State,
        None => state,
    };
    (header, state)
}

/// Sets the price of blob gas, which no header field gives directly.
pub(crate) fn set_blob_base_fee<I: AnyInspector<State>>(machine: &mut Machine<State, I>, price: U256) {
    let block = block_env(machine);
    let excess_blob_gas = block.blob_excess_gas_and_price.map_or(0, |blob| blob.excess_blob_gas);
    block.blob_excess_gas_and_price = Some(BlobExcessGasAndPrice { excess_blob_gas, blob_gasprice: price.saturating_to() });
}

fn block_env<I: AnyInspector<State>>(machine: &mut Machine<State, I>) -> &mut BlockEnv {
    match machine {
        Machine::Ethereum(evm) => &mut evm.ctx_mut().block,
        Machine::Rollup(evm) => &mut evm.ctx_mut().block,
    }
}

fn precompiles<I: AnyInspector<State>>(machine: &mut Machine<State, I>) -> &mut PrecompilesMap {
    match machine {
        Machine::Ethereum(evm) => evm.components_mut().2,
        Machine::Rollup(evm) => evm.components_mut().2,
    }
}

/// Applies state overrides. A precompile that is overridden or moved is one no longer.
pub(crate) fn apply_state<I: AnyInspector<State>>(machine: &mut Machine<State, I>, overrides: &StateOverride) -> Result<(), Stop> {
    let sorted: BTreeMap<&Address, &AccountOverride> = overrides.iter().collect();
    warm_precompiles(machine);
    move_precompiles(precompiles(machine), &sorted)?;
    for (address, account) in sorted {
        apply_account(machine.state_mut(), *address, account)?;
    }
    machine.state_mut().take_changes();
    Ok(())
}

/// Applies again what state overrides say of precompiles, to a machine on a state that they were applied to.
pub(crate) fn apply_precompiles<I: AnyInspector<State>>(machine: &mut Machine<State, I>, overrides: &StateOverride) -> Result<(), Stop> {
    warm_precompiles(machine);
    move_precompiles(precompiles(machine), &overrides.iter().collect())
}

/// Has the addresses of precompiles warm as they are without overrides: what is moved leaves its address warm and does not warm another (EIP-2929 as in geth).
fn warm_precompiles<I: AnyInspector<State>>(machine: &mut Machine<State, I>) {
    let addresses = precompiles(machine).addresses().copied().collect();
    match machine {
        Machine::Ethereum(evm) => evm.ctx_mut().journaled_state.warm_precompiles(addresses),
        Machine::Rollup(evm) => evm.ctx_mut().journaled_state.warm_precompiles(addresses),
    }
}

fn move_precompiles(map: &mut PrecompilesMap, overrides: &BTreeMap<&Address, &AccountOverride>) -> Result<(), Stop> {
    for (address, account) in overrides {
        let is_precompile = map.get(address).is_some();
        if let Some(target) = account.move_precompile_to {
            if !is_precompile {
                return Err(Stop::Refused(format!("account {address} is not a precompile")));
            }
            if overrides.contains_key(&target) {
                return Err(Stop::Refused(format!("account {target} is already overridden")));
            }
            map.move_precompiles([(**address, target)]).map_err(|error| Stop::Refused(error.to_string()))?;
        } else if is_precompile {
            map.apply_precompile(address, |_| None);
        }
    }
    Ok(())
}

fn apply_account(overlay: &mut Overlay<State>, address: Address, over: &AccountOverride) -> Result<(), Stop> {
    if over.balance.is_some() || over.nonce.is_some() || over.code.is_some() {
        let mut account = overlay.account_now(address)?.unwrap_or_default();
        account.balance = over.balance.unwrap_or(account.balance);
        account.nonce = over.nonce.unwrap_or(account.nonce);
        if let Some(code) = &over.code {
            account.code_hash = keccak256(code);
            overlay.insert_code(account.code_hash, code.clone());
        }
        overlay.set_account(address, Some(account))?;
    }
    let slots = match (&over.state, &over.state_diff) {
        (Some(_), Some(_)) => return Err(Stop::Refused(format!("account {address} has both 'state' and 'stateDiff'"))),
        (Some(all), None) => {
            overlay.clear_storage(address)?;
            all
        }
        (None, Some(some)) => some,
        (None, None) => return Ok(()),
    };
    for (slot, value) in slots {
        overlay.set_storage(address, (*slot).into(), (*value).into())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Abort, Ending, calls::call::tests::simulation};
    use alloy_primitives::{Bytes, address, hex};
    use alloy_rpc_types_eth::TransactionRequest;

    /// Gives what it costs to look at the balance of the address in its input.
    const METER: [u8; 14] = hex!("5a5f3531505a90035f5260205ff3");

    #[test]
    fn a_precompile_that_moves_leaves_its_address_warm_and_warms_no_other() {
        let (identity, elsewhere) = (address!("0000000000000000000000000000000000000004"), Address::repeat_byte(0x77));
        let mut simulation = simulation(&METER);
        let moved = AccountOverride { move_precompile_to: Some(elsewhere), code: Some(Bytes::from_static(&[0])), ..Default::default() };
        simulation.overrides.state = Some([(identity, moved)].into_iter().collect());
        let to = address!("00000000000000000000000000000000000000b1");
        for (looked_at, price) in [(identity, 100), (elsewhere, 2600)] {
            let request = TransactionRequest::default().to(to).input(Bytes::from(looked_at.into_word().0).into());
            let Ending::Returned(output) = simulation.call(&request, &Abort::default()).unwrap().ending else { panic!("it failed") };
            // Five instructions around it cost nine.
            assert_eq!(U256::from_be_slice(&output), U256::from(price + 9), "{looked_at}");
        }
    }
}

//! State and block overrides of simulated calls (geth's `eth_call` third and fourth parameter).

use crate::{
    call::{State, Stop},
    machine::{AnyInspector, Machine},
    overlay::Overlay,
};
use alloy_consensus::Header;
use alloy_evm::{Evm, precompiles::PrecompilesMap};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::{
    BlockOverrides,
    state::{AccountOverride, StateOverride},
};
use revm::{context::BlockEnv, context_interface::block::BlobExcessGasAndPrice};
use std::{collections::BTreeMap, sync::Arc};
use tributary_primitives::{Account, StateError, StateReader};

/// What a simulated call pretends about the chain.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Accounts that differ from the state.
    pub state: Option<StateOverride>,
    /// Fields of the block that differ from the header.
    pub block: Option<BlockOverrides>,
}

/// A state in which some block hashes are others.
#[derive(Debug)]
struct Renumbered {
    base: State,
    hashes: BTreeMap<u64, B256>,
}

impl StateReader for Renumbered {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.base.account(address)
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.base.storage(address, slot)
    }
    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.base.has_storage(address)
    }
    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.base.code(hash)
    }
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.hashes.get(&number).map_or_else(|| self.base.block_hash(number), |hash| Ok(*hash))
    }

    fn is_witnessed(&self) -> bool {
        self.base.is_witnessed()
    }
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
    move_precompiles(precompiles(machine), &sorted)?;
    for (address, account) in sorted {
        apply_account(machine.state_mut(), *address, account)?;
    }
    machine.state_mut().take_changes();
    Ok(())
}

/// Applies again what state overrides say of precompiles, to a machine on a state that they were applied to.
pub(crate) fn apply_precompiles<I: AnyInspector<State>>(machine: &mut Machine<State, I>, overrides: &StateOverride) -> Result<(), Stop> {
    move_precompiles(precompiles(machine), &overrides.iter().collect())
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

//! Development nodes only: ERC-20 balances and allowances as anvil sets them.
//!
//! Where a token keeps a number, only the token knows. So the view that tells the number is executed to see which slots it reads; the one with which it
//! tells another number, when a call pretends that the other is in it, is the slot to write.

use super::accounts::rewrite;
use crate::{
    api::{Api, Module},
    args::Args,
    count::Number,
    error::RpcError,
    eth::state::simulate_at,
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_eth::{
    TransactionRequest,
    state::{AccountOverride, StateOverride},
};
use alloy_sol_types::SolCall;
use jsonrpsee::server::RegisterMethodError;
use tributary_contracts::{IDevelopment, IERC20};
use tributary_execution::{Abort, AccessListOutcome, Ending, Overrides};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["anvil_dealERC20", "hardhat_dealERC20", "anvil_setERC20Balance"] {
        set(module, name, |args| {
            let (account, token) = (args.required()?, args.required()?);
            Ok(Wanted {
                token,
                view: IERC20::balanceOfCall { account }.abi_encode().into(),
                value: args.required::<Number>()?.0,
                what: "balance",
            })
        })?;
    }
    set(module, "anvil_setERC20Allowance", |args| {
        let (owner, spender, token) = (args.required()?, args.required()?, args.required()?);
        let view = IERC20::allowanceCall { owner, spender }.abi_encode().into();
        Ok(Wanted { token, view, value: args.required::<Number>()?.0, what: "allowance" })
    })
}

/// A number that a token shall tell.
#[derive(Debug)]
struct Wanted {
    token: Address,
    /// Call data of the view that tells it.
    view: Bytes,
    value: U256,
    /// In anvil's words.
    what: &'static str,
}

fn set(module: &mut Module, name: &'static str, read: fn(&mut Args) -> Result<Wanted, RpcError>) -> Result<(), RegisterMethodError> {
    module.register_async_method(name, move |params, api, _| async move {
        let mut args = Args::new(&params)?;
        let wanted = read(&mut args)?;
        args.end()?;
        let job = {
            let api = api.clone();
            move || api.in_time(|abort| place(&api, &wanted, abort)).map(|(account, slot)| (account, slot, wanted.value))
        };
        let (account, slot, value) = api.workers.run(job).await?;
        let call = IDevelopment::setStorageAtCall { account, slot, value };
        rewrite(api, call.abi_encode().into()).await
    })?;
    Ok(())
}

/// The contract and slot in which the token keeps the number. The contract may be another than the token.
fn place(api: &Api, wanted: &Wanted, abort: &Abort) -> Result<(Address, U256), RpcError> {
    let request = TransactionRequest::default().to(wanted.token).input(wanted.view.clone().into());
    let simulation = |state| simulate_at(api, BlockId::pending(), Overrides { state, block: None });
    let AccessListOutcome::Listed { access_list, .. } = simulation(None)?.create_access_list(&request, abort)? else {
        return Err(not_found(wanted));
    };
    // No number that a token tells by chance, and none of which it tells a part only.
    let probe: U256 = U256::from_be_bytes([0x5a; 32]) >> 136;
    for (address, slot) in access_list.flatten().flat_map(|(address, slots)| slots.into_iter().map(move |slot| (address, slot))) {
        let pretended =
            AccountOverride { state_diff: Some([(B256::from(slot), B256::from(probe))].into_iter().collect()), ..Default::default() };
        let state: StateOverride = [(address, pretended)].into_iter().collect();
        let told = simulation(Some(state))?.call(&request, abort)?.ending;
        if told == Ending::Returned(probe.to_be_bytes_vec().into()) {
            return Ok((address, slot));
        }
    }
    Err(not_found(wanted))
}

fn not_found(wanted: &Wanted) -> RpcError {
    RpcError::server(format!("Unable to set ERC20 {}, no slot found", wanted.what))
}

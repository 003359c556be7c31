//! `eth_fillTransaction`: what a wallet must know to sign a transaction that says only what it wants (geth).

use super::{
    fee::{next_base_fee, suggested_tip},
    state::simulate_at,
};
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::RpcError,
    json::TransactionJson,
};
use alloy_consensus::transaction::RlpEcdsaEncodableTx;
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::Bytes;
use alloy_rlp::{Encodable, Header};
use alloy_rpc_types_eth::TransactionRequest;
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use tributary_execution::{Estimate, Overrides, no_recipient, unsigned};
use tributary_primitives::Transaction;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "eth_fillTransaction", fill)
}

#[derive(Debug, Serialize)]
struct Filled {
    /// EIP-2718 bytes with a signature of zeros.
    raw: Bytes,
    tx: TransactionJson,
}

fn fill(api: &Api, args: &mut Args) -> Result<Filled, RpcError> {
    let request: TransactionRequest = args.required()?;
    let sender = request.from.unwrap_or_default();
    let tx = complete(api, request)?;
    Ok(Filled { raw: raw(&tx), tx: TransactionJson::to_sign(&tx, sender) })
}

/// The transaction that a request means, with a signature of zeros.
pub(crate) fn complete(api: &Api, mut request: TransactionRequest) -> Result<Transaction, RpcError> {
    let sender = request.from.unwrap_or_default();
    let pending = BlockId::pending();
    fill_fees(api, &mut request)?;
    let nonce = match request.nonce {
        Some(nonce) => nonce,
        None => api.next_nonce(sender)?,
    };
    let creates = request.to.is_none_or(|to| to.is_create());
    if creates && request.blob_versioned_hashes.is_some() {
        return Err(RpcError::server("missing \"to\" in blob transaction"));
    }
    if creates && request.authorization_list.is_some() {
        return Err(RpcError::server(no_recipient(&request)));
    }
    if creates && request.input.input().is_none_or(|input| input.is_empty()) {
        return Err(RpcError::server("contract creation without any data provided"));
    }
    let gas = match request.gas {
        Some(gas) => gas,
        None => {
            let simulation = simulate_at(api, pending, Overrides::default())?;
            let estimate = api.in_time(|abort| Ok(simulation.estimate_gas(&request, abort)?))?;
            match estimate {
                Estimate::Gas(gas) => gas,
                Estimate::Reverted(data) => return Err(RpcError::reverted(&data)),
                Estimate::Impossible(words) => return Err(RpcError::server(words)),
            }
        }
    };
    unsigned(&request, api.chain.spec.chain_id, gas, nonce).ok_or_else(|| RpcError::server(no_recipient(&request)))
}

/// Offers twice the base fee and the suggested tip, where the request offers nothing.
fn fill_fees(api: &Api, request: &mut TransactionRequest) -> Result<(), RpcError> {
    if request.gas_price.is_some() {
        return Ok(());
    }
    let Some(base_fee) = next_base_fee(api)? else {
        request.gas_price = Some(suggested_tip(api)?);
        return Ok(());
    };
    let tip = match request.max_priority_fee_per_gas {
        Some(tip) => tip,
        None => suggested_tip(api)?.min(request.max_fee_per_gas.unwrap_or(u128::MAX)),
    };
    request.max_priority_fee_per_gas = Some(tip);
    let cap = *request.max_fee_per_gas.get_or_insert(tip.saturating_add(2 * u128::from(base_fee)));
    if cap < tip {
        return Err(RpcError::server(format!("maxFeePerGas ({cap}) < maxPriorityFeePerGas ({tip})")));
    }
    Ok(())
}

/// The bytes as geth writes them: an unsigned legacy transaction ends with three zeros, whatever its chain.
fn raw(tx: &Transaction) -> Bytes {
    let Transaction::Legacy(legacy) = tx else { return tx.encoded_2718().into() };
    let legacy = legacy.tx();
    let mut fields = Vec::new();
    legacy.rlp_encode_fields(&mut fields);
    (0..3).for_each(|_| 0u8.encode(&mut fields));
    let mut raw = Vec::with_capacity(fields.len() + 9);
    Header { list: true, payload_length: fields.len() }.encode(&mut raw);
    raw.extend(fields);
    raw.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxLegacy};
    use alloy_primitives::{Signature, U256, hex};

    #[test]
    fn an_unsigned_legacy_transaction_ends_with_three_zeros() {
        let tx = TxLegacy { chain_id: Some(630_925), nonce: 1, gas_price: 2, gas_limit: 3, ..Default::default() };
        let tx = Transaction::Legacy(tx.into_signed(Signature::new(U256::ZERO, U256::ZERO, false)));
        assert_eq!(raw(&tx)[..], hex!("c9010203808080808080"));
    }
}

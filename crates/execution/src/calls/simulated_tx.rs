//! A request as a transaction: the defaults of a call of `eth_simulateV1`, and the unsigned envelope that its block carries and `eth_fillTransaction` gives.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_primitives::{Address, Signature, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use tributary_primitives::Transaction;

/// Fills in what the request leaves open as geth does: no fee where there is no offer; EIP-1559 unless the request says otherwise.
pub(crate) fn with_default_fees(mut request: TransactionRequest, has_base_fee: bool) -> TransactionRequest {
    if request.gas_price.is_none() && has_base_fee {
        request.max_fee_per_gas.get_or_insert(0);
        request.max_priority_fee_per_gas.get_or_insert(0);
    } else if !has_base_fee {
        request.gas_price.get_or_insert(0);
    }
    if request.blob_versioned_hashes.is_some() {
        request.max_fee_per_blob_gas.get_or_insert(0);
    }
    request
}

/// geth's words for a request that must name a recipient and does not.
pub fn no_recipient(request: &TransactionRequest) -> String {
    super::call::no_recipient(request.authorization_list.is_some(), request.from.unwrap_or_default())
}

/// The transaction that a request with all its fees describes, with a signature of zeros; `None` for one that must name a recipient and does not.
pub fn unsigned(request: &TransactionRequest, chain_id: u64, gas_limit: u64, nonce: u64) -> Option<Transaction> {
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    let to = request.to.unwrap_or(TxKind::Create);
    let recipient: Option<Address> = to.to().copied();
    let value = request.value.unwrap_or_default();
    let input = request.input.input().cloned().unwrap_or_default();
    let access_list = request.access_list.clone().unwrap_or_default();
    let max_fee_per_gas = request.max_fee_per_gas.unwrap_or_default();
    let max_priority_fee_per_gas = request.max_priority_fee_per_gas.unwrap_or_default();
    if let Some(gas_price) = request.gas_price {
        return Some(match request.access_list {
            None => Transaction::Legacy(
                TxLegacy { chain_id: Some(chain_id), nonce, gas_price, gas_limit, to, value, input }.into_signed(signature),
            ),
            Some(_) => Transaction::Eip2930(
                TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input }.into_signed(signature),
            ),
        });
    }
    if let Some(authorization_list) = request.authorization_list.clone() {
        let tx = TxEip7702 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: recipient?,
            value,
            access_list,
            authorization_list,
            input,
        };
        return Some(Transaction::Eip7702(tx.into_signed(signature)));
    }
    if let Some(blob_versioned_hashes) = request.blob_versioned_hashes.clone() {
        let tx = TxEip4844 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: recipient?,
            value,
            access_list,
            blob_versioned_hashes,
            max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or_default(),
            input,
        };
        return Some(Transaction::Eip4844(tx.into_signed(signature)));
    }
    let tx = TxEip1559 { chain_id, nonce, gas_limit, max_fee_per_gas, max_priority_fee_per_gas, to, value, access_list, input };
    Some(Transaction::Eip1559(tx.into_signed(signature)))
}

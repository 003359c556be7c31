use alloy_consensus::{Transaction as _, Typed2718};
use alloy_eips::{eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, Signature, U64, U128, U256};
use serde::Serialize;
use tributary_primitives::{Receipt, Transaction};

/// Where a transaction is; nothing of it is known of one that waits.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    pub(crate) block_hash: Option<B256>,
    pub(crate) block_number: Option<u64>,
    pub(crate) timestamp: Option<u64>,
    pub(crate) index: Option<u64>,
    pub(crate) base_fee: Option<u64>,
}

/// A transaction of any type; fields that its type does not have are left out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionJson {
    block_hash: Option<B256>,
    block_number: Option<U64>,
    block_timestamp: Option<U64>,
    from: Address,
    #[serde(with = "alloy_serde::quantity")]
    gas: u64,
    gas_price: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fee_per_gas: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_priority_fee_per_gas: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fee_per_blob_gas: Option<U128>,
    hash: B256,
    input: Bytes,
    #[serde(with = "alloy_serde::quantity")]
    nonce: u64,
    to: Option<Address>,
    transaction_index: Option<U64>,
    value: U256,
    #[serde(rename = "type", with = "alloy_serde::quantity")]
    ty: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_list: Option<AccessList>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_versioned_hashes: Option<Vec<B256>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_list: Option<Vec<SignedAuthorization>>,
    v: U256,
    r: U256,
    s: U256,
    #[serde(skip_serializing_if = "Option::is_none")]
    y_parity: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_hash: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mint: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_system_tx: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_receipt_version: Option<U64>,
}

impl TransactionJson {
    /// `receipt` gives a deposit its nonce, which the transaction itself does not have.
    pub(crate) fn new(tx: &Transaction, from: Address, place: Place, receipt: Option<&Receipt>) -> Self {
        let quantity = |value: u128| U128::from(value);
        let dynamic = tx.is_dynamic_fee() && !tx.is_deposit();
        let gas_price = match (tx, place.base_fee) {
            (Transaction::Deposit(_), _) => 0,
            (_, Some(base_fee)) => tx.effective_gas_price(Some(base_fee)),
            (_, None) => tx.max_fee_per_gas(),
        };
        let (v, y_parity) = signature_v(tx);
        let signature = signature_of(tx);
        let deposit = tx.as_deposit();
        Self {
            block_hash: place.block_hash,
            block_number: place.block_number.map(U64::from),
            block_timestamp: place.timestamp.map(U64::from),
            from,
            gas: tx.gas_limit(),
            gas_price: Some(quantity(gas_price)),
            max_fee_per_gas: dynamic.then(|| quantity(tx.max_fee_per_gas())),
            max_priority_fee_per_gas: tx.max_priority_fee_per_gas().filter(|_| dynamic).map(quantity),
            max_fee_per_blob_gas: tx.max_fee_per_blob_gas().map(quantity),
            hash: tx.hash(),
            input: tx.input().clone(),
            nonce: receipt.and_then(|receipt| receipt.deposit_nonce).unwrap_or_else(|| tx.nonce()),
            to: tx.to(),
            transaction_index: place.index.map(U64::from),
            value: tx.value(),
            ty: tx.ty(),
            access_list: tx.access_list().cloned(),
            chain_id: tx.chain_id().filter(|_| deposit.is_none()).map(U64::from),
            blob_versioned_hashes: tx.blob_versioned_hashes().map(<[_]>::to_vec),
            authorization_list: tx.authorization_list().map(<[_]>::to_vec),
            v,
            r: signature.map(|signature| signature.r()).unwrap_or_default(),
            s: signature.map(|signature| signature.s()).unwrap_or_default(),
            y_parity,
            source_hash: deposit.map(|deposit| deposit.source_hash),
            mint: deposit.filter(|deposit| deposit.mint != 0).map(|deposit| quantity(deposit.mint)),
            is_system_tx: deposit.filter(|deposit| deposit.is_system_transaction).map(|_| true),
            deposit_receipt_version: receipt.and_then(|receipt| receipt.deposit_receipt_version).map(U64::from),
        }
    }

    /// The transaction as somebody would sign it: with a fee cap it has no price. A client that asks with both is refused.
    pub(crate) fn to_sign(tx: &Transaction, from: Address) -> Self {
        let json = Self::new(tx, from, Place::default(), None);
        Self { gas_price: json.gas_price.filter(|_| json.max_fee_per_gas.is_none()), ..json }
    }
}

fn signature_of(tx: &Transaction) -> Option<&Signature> {
    Some(match tx {
        Transaction::Legacy(tx) => tx.signature(),
        Transaction::Eip2930(tx) => tx.signature(),
        Transaction::Eip1559(tx) => tx.signature(),
        Transaction::Eip4844(tx) => tx.signature(),
        Transaction::Eip7702(tx) => tx.signature(),
        Transaction::Deposit(_) => return None,
    })
}

/// `v` as RPC gives it (EIP-155 for legacy transactions, the parity for others) and `yParity`, which legacy transactions do not have.
fn signature_v(tx: &Transaction) -> (U256, Option<U64>) {
    let Some(signature) = signature_of(tx) else { return (U256::ZERO, None) };
    let parity = u64::from(signature.v());
    match tx {
        Transaction::Legacy(legacy) => {
            let v = match legacy.tx().chain_id {
                Some(id) => U256::from(id) * U256::from(2) + U256::from(35 + parity),
                None => U256::from(27 + parity),
            };
            (v, None)
        }
        _ => (U256::from(parity), Some(U64::from(parity))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
    use serde_json::{Value, json};

    fn signature() -> Signature {
        Signature::new(U256::from(1), U256::from(2), true)
    }

    fn json(tx: &Transaction, place: Place, receipt: Option<&Receipt>) -> Value {
        serde_json::to_value(TransactionJson::new(tx, Address::ZERO, place, receipt)).unwrap()
    }

    #[test]
    fn a_waiting_transaction_has_null_for_its_place_and_its_fee_cap_for_its_price() {
        let tx = TxEip1559 { chain_id: 5, max_fee_per_gas: 9, max_priority_fee_per_gas: 2, ..Default::default() };
        let value = json(&Transaction::Eip1559(tx.into_signed(signature())), Place::default(), None);
        assert_eq!((&value["blockHash"], &value["blockNumber"], &value["transactionIndex"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(
            (&value["gasPrice"], &value["maxFeePerGas"], &value["maxPriorityFeePerGas"]),
            (&json!("0x9"), &json!("0x9"), &json!("0x2"))
        );
        assert_eq!(
            (&value["type"], &value["chainId"], &value["yParity"], &value["v"]),
            (&json!("0x2"), &json!("0x5"), &json!("0x1"), &json!("0x1"))
        );
        assert_eq!(value["accessList"], json!([]));
        assert_eq!(value["to"], Value::Null);
    }

    #[test]
    fn a_transaction_to_sign_has_a_price_or_a_fee_cap() {
        let capped = TxEip1559 { chain_id: 5, max_fee_per_gas: 9, ..Default::default() };
        let capped = TransactionJson::to_sign(&Transaction::Eip1559(capped.into_signed(signature())), Address::ZERO);
        let priced = TxLegacy { gas_price: 9, ..Default::default() };
        let priced = TransactionJson::to_sign(&Transaction::Legacy(priced.into_signed(signature())), Address::ZERO);
        let fees = |json: TransactionJson| {
            let value = serde_json::to_value(json).unwrap();
            (value["gasPrice"].clone(), value["maxFeePerGas"].clone())
        };
        assert_eq!((fees(capped), fees(priced)), ((Value::Null, json!("0x9")), (json!("0x9"), Value::Null)));
    }

    #[test]
    fn a_mined_transaction_shows_the_price_that_it_paid() {
        let tx = TxEip1559 { chain_id: 5, max_fee_per_gas: 9, max_priority_fee_per_gas: 2, ..Default::default() };
        let place = Place { block_hash: Some(B256::ZERO), block_number: Some(1), timestamp: Some(5), index: Some(0), base_fee: Some(3) };
        assert_eq!(json(&Transaction::Eip1559(tx.into_signed(signature())), place, None)["gasPrice"], "0x5");
    }

    #[test]
    fn a_legacy_transaction_has_eip155s_v_and_no_parity() {
        let protected = TxLegacy { chain_id: Some(1), gas_price: 4, ..Default::default() };
        let value = json(&Transaction::Legacy(protected.into_signed(signature())), Place::default(), None);
        assert_eq!((&value["v"], &value["chainId"], &value["gasPrice"]), (&json!("0x26"), &json!("0x1"), &json!("0x4")));
        assert!(value.get("yParity").is_none() && value.get("maxFeePerGas").is_none() && value.get("accessList").is_none());
        let bare = TxLegacy { chain_id: None, ..Default::default() };
        let value = json(&Transaction::Legacy(bare.into_signed(signature())), Place::default(), None);
        assert_eq!(value["v"], "0x1c");
        assert!(value.get("chainId").is_none());
    }

    #[test]
    fn a_deposit_takes_its_nonce_from_its_receipt() {
        let deposit = op_alloy_consensus::TxDeposit { mint: 7, source_hash: B256::with_last_byte(3), ..Default::default() };
        let receipt = Receipt {
            tx_type: tributary_primitives::TxType::Deposit,
            outcome: true.into(),
            cumulative_gas_used: 0,
            logs: vec![],
            deposit_nonce: Some(12),
            deposit_receipt_version: Some(1),
        };
        let value = json(&Transaction::from(deposit), Place { base_fee: Some(1), ..Default::default() }, Some(&receipt));
        assert_eq!((&value["nonce"], &value["depositReceiptVersion"], &value["mint"]), (&json!("0xc"), &json!("0x1"), &json!("0x7")));
        assert_eq!((&value["type"], &value["gasPrice"], &value["v"]), (&json!("0x7e"), &json!("0x0"), &json!("0x0")));
        assert!(value.get("isSystemTx").is_none() && value.get("chainId").is_none());
    }
}

use super::log::{LogJson, LogPlace};
use alloy_consensus::{Eip658Value, Transaction as _, Typed2718};
use alloy_eips::{eip2718::Encodable2718, eip7840::BlobParams};
use alloy_primitives::{Address, B256, Bloom, U64, U128, U256};
use serde::Serialize;
use tributary_execution::L1Fees;
use tributary_primitives::{Receipt, Transaction};

/// A receipt; fields that the transaction's type or the chain does not have are left out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptJson {
    block_hash: B256,
    #[serde(with = "alloy_serde::quantity")]
    block_number: u64,
    contract_address: Option<Address>,
    #[serde(with = "alloy_serde::quantity")]
    cumulative_gas_used: u64,
    effective_gas_price: U128,
    from: Address,
    #[serde(with = "alloy_serde::quantity")]
    gas_used: u64,
    logs: Vec<LogJson>,
    logs_bloom: Bloom,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<B256>,
    to: Option<Address>,
    transaction_hash: B256,
    #[serde(with = "alloy_serde::quantity")]
    transaction_index: u64,
    #[serde(rename = "type", with = "alloy_serde::quantity")]
    ty: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_price: Option<U128>,
    #[serde(flatten)]
    l1: Option<L1Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_nonce: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_receipt_version: Option<U64>,
}

impl ReceiptJson {
    /// Whether the transaction did not fail.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.is_none_or(|status| !status.is_zero())
    }
}

/// What a rollup transaction paid beside its gas, as op-geth gives it since Isthmus and Jovian.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct L1Part {
    l1_gas_price: U64,
    l1_gas_used: U64,
    l1_fee: U256,
    l1_base_fee_scalar: U64,
    l1_blob_base_fee: U128,
    l1_blob_base_fee_scalar: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_fee_scalar: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_fee_constant: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    da_footprint_gas_scalar: Option<U64>,
}

/// What a receipt says beyond itself: where its transaction is and what the block charges.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiptContext {
    pub(crate) block_hash: B256,
    pub(crate) block_number: u64,
    pub(crate) timestamp: u64,
    pub(crate) base_fee: Option<u64>,
    pub(crate) excess_blob_gas: Option<u64>,
    /// Of an Ethereum chain since Cancun.
    pub(crate) blob_params: Option<BlobParams>,
    /// Of a rollup.
    pub(crate) fees: Option<L1Fees>,
    pub(crate) index: u64,
    pub(crate) gas_used: u64,
    /// Index of the transaction's first log in the block.
    pub(crate) first_log: u64,
}

impl ReceiptJson {
    pub(crate) fn new(tx: &Transaction, from: Address, receipt: &Receipt, context: &ReceiptContext) -> Self {
        let hash = tx.hash();
        let place = LogPlace {
            block_number: context.block_number,
            block_hash: context.block_hash,
            block_timestamp: context.timestamp,
            transaction_hash: hash,
            transaction_index: context.index,
        };
        let (status, root) = match receipt.outcome {
            Eip658Value::Eip658(succeeded) => (Some(U64::from(u64::from(succeeded))), None),
            Eip658Value::PostState(root) => (None, Some(root)),
        };
        let blob_price = context.blob_params.zip(context.excess_blob_gas).map(|(params, excess)| params.calc_blob_fee(excess));
        let blob_gas_used = tx.blob_gas_used();
        let encoded = tx.encoded_2718();
        let fees = context.fees.filter(|_| !tx.is_deposit());
        // Since Jovian that is what a rollup's transaction adds to its block's DA footprint; it has no price.
        let footprint = fees.filter(|fees| fees.da_footprint_gas_scalar.is_some()).map(|fees| fees.da_footprint(&encoded));
        let logs = receipt.logs.iter().zip(context.first_log..);
        Self {
            block_hash: context.block_hash,
            block_number: context.block_number,
            contract_address: tx.is_create().then(|| from.create(receipt.deposit_nonce.unwrap_or_else(|| tx.nonce()))),
            cumulative_gas_used: receipt.cumulative_gas_used,
            effective_gas_price: U128::from(if tx.is_deposit() { 0 } else { tx.effective_gas_price(context.base_fee) }),
            from,
            gas_used: context.gas_used,
            logs: logs.map(|(log, index)| LogJson::new(log, place, index)).collect(),
            logs_bloom: receipt.bloom(),
            status,
            root,
            to: tx.to(),
            transaction_hash: hash,
            transaction_index: context.index,
            ty: tx.ty(),
            blob_gas_used: blob_gas_used.or(footprint).map(U64::from),
            blob_gas_price: blob_price.filter(|_| blob_gas_used.is_some()).map(U128::from),
            l1: fees.map(|fees| L1Part::new(&fees, &encoded)),
            deposit_nonce: receipt.deposit_nonce.map(U64::from),
            deposit_receipt_version: receipt.deposit_receipt_version.map(U64::from),
        }
    }
}

impl L1Part {
    fn new(fees: &L1Fees, encoded: &[u8]) -> Self {
        let has_operator_fee = fees.operator_fee_scalar != 0 || fees.operator_fee_constant != 0;
        Self {
            l1_gas_price: U64::from(fees.base_fee),
            l1_gas_used: U64::from(fees.data_gas(encoded)),
            l1_fee: fees.data_fee(encoded),
            l1_base_fee_scalar: U64::from(fees.base_fee_scalar),
            l1_blob_base_fee: U128::from(fees.blob_base_fee),
            l1_blob_base_fee_scalar: U64::from(fees.blob_base_fee_scalar),
            operator_fee_scalar: has_operator_fee.then(|| U64::from(fees.operator_fee_scalar)),
            operator_fee_constant: has_operator_fee.then(|| U64::from(fees.operator_fee_constant)),
            da_footprint_gas_scalar: fees.da_footprint_gas_scalar.map(U64::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559, TxEip4844};
    use alloy_primitives::{Signature, TxKind};
    use serde_json::{Value, json};
    use tributary_primitives::TxType;

    fn context() -> ReceiptContext {
        ReceiptContext {
            block_hash: B256::ZERO,
            block_number: 3,
            timestamp: 9,
            base_fee: Some(7),
            excess_blob_gas: Some(0),
            blob_params: None,
            fees: None,
            index: 1,
            gas_used: 21_000,
            first_log: 0,
        }
    }

    fn receipt(tx_type: TxType) -> Receipt {
        Receipt {
            tx_type,
            outcome: true.into(),
            cumulative_gas_used: 50_000,
            logs: vec![],
            deposit_nonce: None,
            deposit_receipt_version: None,
        }
    }

    fn signature() -> Signature {
        Signature::new(U256::from(1), U256::from(2), false)
    }

    fn json(tx: &Transaction, receipt: &Receipt, context: &ReceiptContext) -> Value {
        serde_json::to_value(ReceiptJson::new(tx, Address::ZERO, receipt, context)).unwrap()
    }

    #[test]
    fn a_rollup_receipt_has_the_l1_fee_and_the_operator_fee_only_where_there_is_one() {
        let tx = TxEip1559 { chain_id: 5, max_fee_per_gas: 9, to: TxKind::Call(Address::ZERO), ..Default::default() };
        let tx = Transaction::Eip1559(tx.into_signed(signature()));
        let mut fees = L1Fees {
            base_fee: 10,
            blob_base_fee: 1,
            base_fee_scalar: 2_000_000,
            blob_base_fee_scalar: 0,
            operator_fee_scalar: 0,
            operator_fee_constant: 0,
            da_footprint_gas_scalar: None,
        };
        let value = json(&tx, &receipt(TxType::Eip1559), &ReceiptContext { fees: Some(fees), ..context() });
        assert_eq!((&value["l1GasPrice"], &value["l1GasUsed"], &value["status"]), (&json!("0xa"), &json!("0x640"), &json!("0x1")));
        assert_eq!(value["l1Fee"], json!("0x7d00"), "100 bytes × 16 × 10 wei × 2 (scalar)");
        assert!(value.get("daFootprintGasScalar").is_none());
        assert!(value.get("operatorFeeScalar").is_none() && value.get("l1FeeScalar").is_none() && value.get("blobGasUsed").is_none());
        fees.operator_fee_constant = 4;
        let value = json(&tx, &receipt(TxType::Eip1559), &ReceiptContext { fees: Some(fees), ..context() });
        assert_eq!((&value["operatorFeeScalar"], &value["operatorFeeConstant"]), (&json!("0x0"), &json!("0x4")));
    }

    #[test]
    fn a_receipt_of_jovian_tells_the_footprint_of_its_transaction_and_a_deposits_does_not() {
        let tx = TxEip1559 { chain_id: 5, max_fee_per_gas: 9, to: TxKind::Call(Address::ZERO), ..Default::default() };
        let tx = Transaction::Eip1559(tx.into_signed(signature()));
        let fees = L1Fees {
            base_fee: 10,
            blob_base_fee: 1,
            base_fee_scalar: 0,
            blob_base_fee_scalar: 0,
            operator_fee_scalar: 0,
            operator_fee_constant: 0,
            da_footprint_gas_scalar: Some(400),
        };
        let context = ReceiptContext { fees: Some(fees), ..context() };
        let value = json(&tx, &receipt(TxType::Eip1559), &context);
        assert_eq!((&value["daFootprintGasScalar"], &value["blobGasUsed"]), (&json!("0x190"), &json!("0x9c40")), "100 bytes × 400");
        assert!(value.get("blobGasPrice").is_none());
        let deposit = Transaction::from(op_alloy_consensus::TxDeposit::default());
        let value = json(&deposit, &receipt(TxType::Deposit), &context);
        assert!(value.get("daFootprintGasScalar").is_none() && value.get("blobGasUsed").is_none());
        // op-alloy reads it.
        let value = json(&tx, &receipt(TxType::Eip1559), &context);
        let read: op_alloy_rpc_types::L1BlockInfo = serde_json::from_value(value).unwrap();
        assert_eq!(read.da_footprint_gas_scalar, Some(400));
    }

    #[test]
    fn a_deposit_receipt_has_its_nonce_and_no_l1_fee() {
        let deposit = Transaction::from(op_alloy_consensus::TxDeposit::default());
        let receipt = Receipt { deposit_nonce: Some(4), deposit_receipt_version: Some(1), ..receipt(TxType::Deposit) };
        let value = json(&deposit, &receipt, &context());
        assert_eq!((&value["depositNonce"], &value["depositReceiptVersion"]), (&json!("0x4"), &json!("0x1")));
        assert_eq!(value["contractAddress"], json!(Address::ZERO.create(4)));
        assert!(value.get("l1Fee").is_none());
    }

    #[test]
    fn a_blob_receipt_tells_blob_gas_and_its_price() {
        let tx = TxEip4844 { chain_id: 1, blob_versioned_hashes: vec![B256::ZERO; 2], ..Default::default() };
        let tx = Transaction::Eip4844(tx.into_signed(signature()));
        let value = json(&tx, &receipt(TxType::Eip4844), &ReceiptContext { blob_params: Some(BlobParams::prague()), ..context() });
        assert_eq!((&value["blobGasUsed"], &value["blobGasPrice"]), (&json!("0x40000"), &json!("0x1")));
        assert!(value.get("l1Fee").is_none());
    }
}

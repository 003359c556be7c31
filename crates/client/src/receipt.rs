//! Receipts of any chain that speaks Ethereum's JSON-RPC.

use crate::error::Error;
use alloy_primitives::{Address, B256, U64, U256};
use alloy_rpc_types_any::AnyTransactionReceipt;
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolEvent;
use serde::{Deserialize, Serialize};

/// A receipt: Ethereum's fields, and those that an OP-Stack chain adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Receipt(pub AnyTransactionReceipt);

/// What an OP-Stack chain charges beside gas (specs: protocol/exec-engine, protocol/isthmus/exec-engine,
/// protocol/jovian/exec-engine).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RollupFees {
    l1_fee: U256,
    operator_fee_scalar: U64,
    operator_fee_constant: U64,
    /// Since Jovian.
    da_footprint_gas_scalar: Option<U64>,
}

impl Receipt {
    /// Hash of the transaction.
    pub fn hash(&self) -> B256 {
        self.0.transaction_hash
    }

    /// Number of its block.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when the node does not tell: a receipt is of an included transaction.
    pub fn block(&self) -> Result<u64, Error> {
        self.0.block_number.ok_or_else(|| Error::Inconsistent(format!("receipt of {} without a block", self.hash())))
    }

    /// Gas that the transaction used.
    pub fn gas_used(&self) -> u64 {
        self.0.inner.gas_used
    }

    /// Whether the transaction did what it should.
    pub fn succeeded(&self) -> bool {
        self.0.inner.inner.status()
    }

    /// All logs.
    pub fn logs(&self) -> &[Log] {
        &self.0.inner.inner.inner.receipt.logs
    }

    /// Wei that the sender paid beside the value: gas, blob gas and, on a rollup, L1 data fee and operator fee.
    pub fn fee(&self) -> U256 {
        let receipt = &self.0.inner;
        let gas = U256::from(receipt.gas_used);
        let blobs = U256::from(receipt.blob_gas_used.unwrap_or_default()) * U256::from(receipt.blob_gas_price.unwrap_or_default());
        let rollup: RollupFees = self.0.other.deserialize_as().unwrap_or_default();
        let scaled = gas * U256::from(rollup.operator_fee_scalar);
        let operator = if rollup.da_footprint_gas_scalar.is_some() { scaled * U256::from(100) } else { scaled / U256::from(1_000_000) };
        gas * U256::from(receipt.effective_gas_price) + blobs + rollup.l1_fee + operator + U256::from(rollup.operator_fee_constant)
    }

    /// The events of this kind that `contract` emitted.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when one does not decode: it is of another contract than was thought.
    pub fn events<E: SolEvent>(&self, contract: Address) -> Result<Vec<E>, Error> {
        let of_kind = |log: &&Log| log.address() == contract && log.topic0() == Some(&E::SIGNATURE_HASH);
        self.logs().iter().filter(of_kind).map(decode).collect()
    }

    /// The one event of this kind.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when there is none.
    pub fn event<E: SolEvent>(&self, contract: Address) -> Result<E, Error> {
        let missing = || Error::Inconsistent(format!("transaction {} has no event {}", self.hash(), E::SIGNATURE));
        self.events(contract)?.pop().ok_or_else(missing)
    }
}

/// A log as an event.
pub(crate) fn decode<E: SolEvent>(log: &Log) -> Result<E, Error> {
    E::decode_log_data(&log.inner.data).map_err(|error| Error::Inconsistent(format!("a log is no {}: {error}", E::SIGNATURE)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn receipt(more: Value) -> Receipt {
        let mut fields = json!({
            "transactionHash": B256::repeat_byte(1), "transactionIndex": "0x0", "blockHash": B256::repeat_byte(2), "blockNumber": "0x7",
            "from": Address::repeat_byte(3), "to": Address::repeat_byte(4), "cumulativeGasUsed": "0x5208", "gasUsed": "0x5208",
            "effectiveGasPrice": "0xa", "logs": [], "logsBloom": alloy_primitives::Bloom::ZERO, "type": "0x2", "status": "0x1",
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn the_fee_is_gas_and_what_the_kind_of_chain_adds() {
        assert_eq!(receipt(json!({})).fee(), U256::from(210_000));
        assert_eq!(receipt(json!({ "type": "0x3", "blobGasUsed": "0x2", "blobGasPrice": "0x3" })).fee(), U256::from(210_006));
        let rollup = json!({ "l1Fee": "0x5", "l1GasPrice": "0x1", "operatorFeeScalar": "0x1e8480", "operatorFeeConstant": "0x7" });
        assert_eq!(receipt(rollup).fee(), U256::from(210_000 + 5 + 42_000 + 7));
        let jovian = json!({ "l1Fee": "0x5", "operatorFeeScalar": "0x2", "operatorFeeConstant": "0x7", "daFootprintGasScalar": "0x190", "blobGasUsed": "0x9c40" });
        assert_eq!(receipt(jovian).fee(), U256::from(210_000 + 5 + 21_000 * 200 + 7));
    }

    #[test]
    fn a_receipt_of_a_type_that_nobody_knows_is_read() {
        let deposit = receipt(json!({ "type": "0x7e", "depositNonce": "0x0", "status": "0x0" }));
        assert_eq!((deposit.block().unwrap(), deposit.succeeded()), (7, false));
    }
}

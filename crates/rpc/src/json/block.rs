use super::transaction::{Place, TransactionJson};
use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U64, U256};
use alloy_rlp::Encodable;
use serde::Serialize;
use tributary_primitives::{Block, Receipt};

/// A header. Hash, nonce and miner of an open block are `null`, as in geth.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeaderJson {
    #[serde(with = "alloy_serde::quantity")]
    number: u64,
    hash: Option<B256>,
    parent_hash: B256,
    nonce: Option<B64>,
    mix_hash: B256,
    sha3_uncles: B256,
    logs_bloom: Bloom,
    state_root: B256,
    miner: Option<Address>,
    difficulty: U256,
    extra_data: Bytes,
    #[serde(with = "alloy_serde::quantity")]
    gas_limit: u64,
    #[serde(with = "alloy_serde::quantity")]
    gas_used: u64,
    #[serde(with = "alloy_serde::quantity")]
    timestamp: u64,
    transactions_root: B256,
    receipts_root: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_fee_per_gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals_root: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excess_blob_gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_beacon_block_root: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_hash: Option<B256>,
}

impl HeaderJson {
    /// `hash` is `None` for an open block.
    pub(crate) fn new(header: &Header, hash: Option<B256>) -> Self {
        Self {
            number: header.number,
            hash,
            parent_hash: header.parent_hash,
            nonce: hash.map(|_| header.nonce),
            mix_hash: header.mix_hash,
            sha3_uncles: header.ommers_hash,
            logs_bloom: header.logs_bloom,
            state_root: header.state_root,
            miner: hash.map(|_| header.beneficiary),
            difficulty: header.difficulty,
            extra_data: header.extra_data.clone(),
            gas_limit: header.gas_limit,
            gas_used: header.gas_used,
            timestamp: header.timestamp,
            transactions_root: header.transactions_root,
            receipts_root: header.receipts_root,
            base_fee_per_gas: header.base_fee_per_gas.map(U64::from),
            withdrawals_root: header.withdrawals_root,
            blob_gas_used: header.blob_gas_used.map(U64::from),
            excess_blob_gas: header.excess_blob_gas.map(U64::from),
            parent_beacon_block_root: header.parent_beacon_block_root,
            requests_hash: header.requests_hash,
        }
    }
}

/// A block's transactions: hashes, or all of each.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Transactions {
    Hashes(Vec<B256>),
    Full(Vec<TransactionJson>),
}

/// A block.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockJson {
    #[serde(flatten)]
    header: HeaderJson,
    #[serde(with = "alloy_serde::quantity")]
    size: u64,
    transactions: Transactions,
    uncles: Vec<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals: Option<Vec<Withdrawal>>,
}

impl BlockJson {
    /// `receipts` are needed with `full` only, and there for deposits only; an empty slice stands for none.
    pub(crate) fn new(block: &Block, hash: Option<B256>, senders: &[Address], full: bool, receipts: &[Receipt]) -> Self {
        let header = &block.header;
        let transactions = if full {
            let place = |index| Place {
                block_hash: hash,
                block_number: Some(header.number),
                timestamp: Some(header.timestamp),
                index: Some(index),
                base_fee: header.base_fee_per_gas,
            };
            let senders = senders.iter().zip(0..);
            let full = block.body.transactions.iter().zip(senders);
            Transactions::Full(
                full.map(|(tx, (from, index))| TransactionJson::new(tx, *from, place(index), receipts.get(index as usize))).collect(),
            )
        } else {
            Transactions::Hashes(block.body.transactions.iter().map(|tx| tx.hash()).collect())
        };
        Self {
            header: HeaderJson::new(header, hash),
            size: block.length() as u64,
            transactions,
            uncles: block.body.ommers.iter().map(Header::hash_slow).collect(),
            withdrawals: block.body.withdrawals.as_ref().map(|list| list.to_vec()),
        }
    }

    /// The header of an uncle, in the form of a block without body.
    pub(crate) fn of_uncle(header: &Header) -> Self {
        let block = Block { header: header.clone(), body: Default::default() };
        Self::new(&block, Some(header.hash_slow()), &[], false, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eips::eip4895::Withdrawals;
    use serde_json::{Value, json};

    fn block() -> Block {
        let mut block = Block { header: Header { number: 5, base_fee_per_gas: Some(7), ..Default::default() }, body: Default::default() };
        block.body.withdrawals = Some(Withdrawals::default());
        block
    }

    #[test]
    fn hash_nonce_and_miner_of_an_open_block_are_null() {
        let value = serde_json::to_value(BlockJson::new(&block(), None, &[], false, &[])).unwrap();
        assert_eq!((&value["hash"], &value["nonce"], &value["miner"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!((&value["number"], &value["baseFeePerGas"], &value["withdrawals"]), (&json!("0x5"), &json!("0x7"), &json!([])));
        assert!(value.get("requestsHash").is_none());
    }

    #[test]
    fn the_size_is_that_of_the_blocks_rlp() {
        let block = block();
        let value = serde_json::to_value(BlockJson::new(&block, Some(B256::ZERO), &[], true, &[])).unwrap();
        assert_eq!(value["size"], format!("{:#x}", alloy_rlp::encode(&block).len()));
        assert_eq!((&value["nonce"], &value["transactions"], &value["uncles"]), (&json!("0x0000000000000000"), &json!([]), &json!([])));
    }
}

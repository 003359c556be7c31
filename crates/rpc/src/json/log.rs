use alloy_primitives::{Address, B256, Bytes, Log};
use serde::Serialize;

/// A log with its place in the chain.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogJson {
    pub(crate) address: Address,
    pub(crate) topics: Vec<B256>,
    pub(crate) data: Bytes,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) block_number: u64,
    pub(crate) transaction_hash: B256,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) transaction_index: u64,
    pub(crate) block_hash: B256,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) block_timestamp: u64,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) log_index: u64,
    pub(crate) removed: bool,
}

/// Where a log is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogPlace {
    pub(crate) block_number: u64,
    pub(crate) block_hash: B256,
    pub(crate) block_timestamp: u64,
    pub(crate) transaction_hash: B256,
    pub(crate) transaction_index: u64,
}

impl LogJson {
    pub(crate) fn new(log: &Log, place: LogPlace, log_index: u64) -> Self {
        Self {
            address: log.address,
            topics: log.data.topics().to_vec(),
            data: log.data.data.clone(),
            block_number: place.block_number,
            transaction_hash: place.transaction_hash,
            transaction_index: place.transaction_index,
            block_hash: place.block_hash,
            block_timestamp: place.block_timestamp,
            log_index,
            removed: false,
        }
    }
}

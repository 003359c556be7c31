//! Logs: what clients ask of them, and how they are found and told.

pub(crate) mod query;
pub(crate) mod query_json;
pub(crate) mod search;
pub(crate) mod stream;

/// A block with one log.
#[cfg(test)]
pub(crate) fn block_with_log(
    number: u64,
    hash: alloy_primitives::B256,
    parent_hash: alloy_primitives::B256,
) -> std::sync::Arc<tributary_chain::SealedBlock> {
    let mut block = tributary_primitives::Block::default();
    (block.header.number, block.header.parent_hash) = (number, parent_hash);
    block.body.transactions.push(op_alloy_consensus::TxDeposit::default().into());
    let receipt = tributary_primitives::Receipt {
        tx_type: tributary_primitives::TxType::Deposit,
        outcome: true.into(),
        cumulative_gas_used: 0,
        logs: vec![alloy_primitives::Log::default()],
        deposit_nonce: None,
        deposit_receipt_version: None,
    };
    let senders = vec![alloy_primitives::Address::ZERO];
    std::sync::Arc::new(tributary_chain::SealedBlock { block, hash, senders, receipts: vec![receipt] })
}

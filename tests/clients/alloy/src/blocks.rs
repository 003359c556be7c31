//! What a receipt promises: its block by hash and by number, its logs by hash, the state on both sides, fees and proofs up to it.

use alloy_network::{Ethereum, Network, ReceiptResponse};
use alloy_primitives::{B256, U256, keccak256};
use alloy_provider::{Provider, ext::DebugApi};
use alloy_rpc_types_eth::{BlockId, Filter};
use alloy_rpc_types_trace::geth::{CallConfig, GethDebugTracingOptions};

use crate::{
    Node,
    checks::{Checked, Checks, equal, so},
    counter::OnNode,
};

type Receipt = <Ethereum as Network>::ReceiptResponse;

/// Runs all checks on a transaction that counted 7, the first.
pub(crate) async fn run(node: &Node, counter: &OnNode, sent: &Receipt, checks: &mut Checks) {
    checks.check("alloy gets a receipt's block by hash and by number", finds_the_block(node, sent)).await;
    checks.check("alloy reads logs by block hash, as the receipt has them", reads_logs(node, sent)).await;
    checks.check("alloy reads the state before a block and at it", reads_both_sides(node, counter, sent)).await;
    checks.check("alloy reads fees up to the receipt's block", reads_fees(node, sent)).await;
    checks.check("alloy gets a proof at the receipt's block", proves(node, counter, sent)).await;
    checks.check("alloy traces the receipt's block by hash and by number", traces(node, sent)).await;
}

/// Hash and number of the receipt's block.
fn place(receipt: &Receipt) -> Checked<(B256, u64)> {
    Ok((receipt.block_hash().ok_or("no block hash")?, receipt.block_number().ok_or("no block number")?))
}

async fn finds_the_block(node: &Node, sent: &Receipt) -> Checked {
    let (hash, number) = place(sent)?;
    let by_hash = node.provider.get_block_by_hash(hash).await?.ok_or("no block of this hash")?;
    let by_number = node.provider.get_block_by_number(number.into()).await?.ok_or("no block of this number")?;
    equal(&by_hash, &by_number)?;
    equal((by_hash.header.number, by_hash.header.hash), (number, hash))?;
    let index = usize::try_from(sent.transaction_index().ok_or("no index")?)?;
    equal(by_hash.transactions.hashes().nth(index), Some(sent.transaction_hash()))?;
    let transaction = node.provider.get_transaction_by_hash(sent.transaction_hash()).await?.ok_or("no transaction")?;
    equal((transaction.block_hash, transaction.block_number), (Some(hash), Some(number)))?;
    so(node.provider.get_block_number().await? >= number, "the head is behind the receipt")
}

async fn reads_logs(node: &Node, sent: &Receipt) -> Checked {
    let (hash, number) = place(sent)?;
    for filter in [Filter::new().at_block_hash(hash), Filter::new().select(number)] {
        let logs = node.provider.get_logs(&filter).await?;
        let own: Vec<_> = logs.iter().filter(|log| log.transaction_hash == Some(sent.transaction_hash())).collect();
        equal(own, sent.inner.logs().iter().collect())?;
    }
    Ok(())
}

async fn reads_both_sides(node: &Node, counter: &OnNode, sent: &Receipt) -> Checked {
    let (hash, number) = place(sent)?;
    for (block, total) in [(BlockId::from(number - 1), 0), (number.into(), 7), (hash.into(), 7)] {
        equal(counter.total().block(block).call().await?, U256::from(total))?;
    }
    let nonce = |number: u64| node.provider.get_transaction_count(node.owner).number(number).into_future();
    equal(nonce(number).await?, nonce(number - 1).await? + 1)?;
    let balance = |number: u64| node.provider.get_balance(node.owner).number(number).into_future();
    let cost = U256::from(u128::from(sent.gas_used()) * sent.effective_gas_price());
    so(balance(number - 1).await? - balance(number).await? >= cost, "the fee was paid")
}

async fn reads_fees(node: &Node, sent: &Receipt) -> Checked {
    let (hash, number) = place(sent)?;
    let history = node.provider.get_fee_history(2, number.into(), &[50.0]).await?;
    let block = node.provider.get_block_by_hash(hash).await?.ok_or("no block")?;
    equal((history.oldest_block, history.base_fee_per_gas.len(), history.gas_used_ratio.len()), (number - 1, 3, 2))?;
    equal(Some(history.base_fee_per_gas[1]), block.header.base_fee_per_gas.map(u128::from))
}

async fn proves(node: &Node, counter: &OnNode, sent: &Receipt) -> Checked {
    let (hash, number) = place(sent)?;
    let block = node.provider.get_block_by_hash(hash).await?.ok_or("no block")?;
    let proof = node.provider.get_proof(*counter.address(), vec![B256::ZERO]).number(number).await?;
    equal(proof.account_proof.first().map(keccak256), Some(block.header.state_root))?;
    equal(proof.storage_proof.first().map(|slot| slot.value), Some(U256::from(7)))?;
    let node_of_storage = proof.storage_proof.first().and_then(|slot| slot.proof.first()).map(keccak256);
    equal(node_of_storage, Some(proof.storage_hash))
}

async fn traces(node: &Node, sent: &Receipt) -> Checked {
    let (hash, number) = place(sent)?;
    let options = GethDebugTracingOptions::call_tracer(CallConfig::default());
    let by_hash = node.provider.debug_trace_block_by_hash(hash, options.clone()).await?;
    equal(&by_hash, &node.provider.debug_trace_block_by_number(number.into(), options).await?)?;
    so(by_hash.iter().any(|trace| trace.tx_hash() == Some(sent.transaction_hash())), "the transaction is in its block's traces")
}

//! What only a rollup of the OP Stack has, with op-alloy's types.

use alloy_primitives::{Address, B256, address};
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use op_alloy_consensus::OpTxReceipt;
use op_alloy_network::Optimism;

use crate::{
    Node,
    checks::{Checked, Checks, equal, so},
};

/// The first transaction of every block of a rollup of this kind is from here.
const DEPOSITOR: Address = address!("deaddeaddeaddeaddeaddeaddeaddeaddead0001");

/// Where such a rollup has what it knows of L1.
const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");

/// Runs the check where the node is such a rollup. `sent` is a transaction that a block has.
pub(crate) async fn run(node: &Node, sent: B256, checks: &mut Checks) {
    let sentence = "op-alloy knows deposits, their receipts and the L1 fee";
    match node.provider.get_code_at(L1_BLOCK).await {
        Ok(code) if code.is_empty() => checks.skip(sentence, "no rollup of the OP Stack"),
        _ => drop(checks.check(sentence, knows_the_rollup(node, sent)).await),
    }
}

async fn knows_the_rollup(node: &Node, sent: B256) -> Checked {
    let provider: DynProvider<Optimism> = ProviderBuilder::new_with_network::<Optimism>().connect_http(node.url.parse()?).erased();
    let receipt = provider.get_transaction_receipt(sent).await?.ok_or("no receipt")?;
    so(receipt.l1_block_info.l1_fee.is_some_and(|fee| fee > 0), receipt.l1_block_info)?;
    let number = receipt.inner.block_number.ok_or("not in a block")?;
    let block = provider.get_block_by_number(number.into()).full().await?.ok_or("no such block")?;
    let transactions = block.transactions.as_transactions().ok_or("no transactions in full")?;
    let first = transactions.first().ok_or("an empty block")?;
    let deposit = first.inner.inner.as_deposit().ok_or("the block does not start with a deposit")?;
    equal((deposit.from, first.deposit_receipt_version), (DEPOSITOR, Some(1)))?;
    let its = provider.get_transaction_receipt(first.inner.inner.tx_hash()).await?.ok_or("no receipt of a deposit")?;
    so(its.inner.inner.receipt.deposit_nonce().is_some(), its)
}

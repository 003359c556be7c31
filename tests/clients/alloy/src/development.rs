//! Development methods, with the types that alloy's `AnvilApi` reads their answers as: an answer of another kind is an error there.

use alloy_network::TransactionBuilder;
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_provider::Provider;
use alloy_rpc_types_eth::{TransactionReceipt, TransactionRequest};
use op_alloy_network::{Network, Optimism};

use crate::{
    Node,
    checks::{Checked, Checks, equal, so},
};

/// Somebody without a key.
const STRANGER: Address = address!("00000000000000000000000000000000000be1a9");

/// A block with all that is in it, on a rollup or not.
type Block = <Optimism as Network>::BlockResponse;

/// Runs all checks.
pub(crate) async fn run(node: &Node, checks: &mut Checks) {
    checks.check("alloy rewrites accounts and acts for them", rewrites(node)).await;
    checks.check("alloy mines blocks and reads them whole", mines(node)).await;
}

async fn rewrites(node: &Node) -> Checked {
    let provider = &node.provider;
    let wealth = U256::from(10).pow(U256::from(18));
    provider.raw_request::<_, ()>("anvil_setBalance".into(), (STRANGER, wealth)).await?;
    equal(provider.get_balance(STRANGER).await?, wealth)?;
    provider.raw_request::<_, ()>("anvil_setCode".into(), (STRANGER, Bytes::from_static(&[0]))).await?;
    so(provider.raw_request::<_, bool>("anvil_setStorageAt".into(), (STRANGER, U256::from(1), B256::with_last_byte(7))).await?, "stored")?;
    equal(provider.get_storage_at(STRANGER, U256::from(1)).await?, U256::from(7))?;
    provider.raw_request::<_, ()>("anvil_setCode".into(), (STRANGER, Bytes::new())).await?;
    provider.raw_request::<_, ()>("anvil_impersonateAccount".into(), (STRANGER,)).await?;
    let wanted = TransactionRequest::default().with_from(STRANGER).with_to(node.owner).with_value(U256::from(1));
    let receipt = provider.raw_request::<_, TransactionReceipt>("eth_sendTransactionSync".into(), (wanted,)).await?;
    equal((receipt.from, receipt.status()), (STRANGER, true))?;
    Ok(provider.raw_request::<_, ()>("anvil_stopImpersonatingAccount".into(), (STRANGER,)).await?)
}

async fn mines(node: &Node) -> Checked {
    let provider = &node.provider;
    provider.raw_request::<_, ()>("anvil_setAutomine".into(), (false,)).await?;
    let blocks =
        provider.raw_request::<_, Vec<Block>>("evm_mine_detailed".into(), [serde_json::json!({ "timestamp": null, "blocks": 2 })]).await?;
    provider.raw_request::<_, ()>("anvil_mine".into(), (U256::from(1),)).await?;
    let newest = provider.get_block_number().await?;
    provider.raw_request::<_, ()>("anvil_setAutomine".into(), (true,)).await?;
    let numbers: Vec<u64> = blocks.iter().map(|block| block.header.number).collect();
    equal(numbers, vec![newest - 2, newest - 1])?;
    so(blocks.iter().all(|block| block.transactions.is_full()), "whole transactions")
}

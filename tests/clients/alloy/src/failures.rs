//! Reverts, custom errors and refusals, as alloy tells them.

use alloy_network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, U256};
use alloy_provider::Provider;
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{Panic, Revert, SolError};

use crate::{
    Node,
    checks::{Checked, Checks, equal, so},
    counter::{Counter, LIMIT, OnNode},
    owner,
};

/// Runs all checks.
pub(crate) async fn run(node: &Node, counter: &OnNode, checks: &mut Checks) {
    checks.check("alloy tells reasons, custom errors and panics apart", reverts(node, counter)).await;
    checks.check("alloy gets a receipt that says reverted", reverts_in_a_block(counter)).await;
    checks.check("alloy hears why transactions and requests are refused", refusals(node)).await;
}

/// The error of what should have failed.
fn failed<T, E>(outcome: Result<T, E>) -> Checked<E> {
    outcome.err().ok_or_else(|| "it did not fail".into())
}

async fn reverts(node: &Node, counter: &OnNode) -> Checked {
    let data = |error: alloy_contract::Error| error.as_revert_data().unwrap_or_default();
    let words = Revert::abi_decode(&data(failed(counter.failWithReason().call().await)?))?;
    equal(words.reason.as_str(), "no such luck")?;
    let panic = Panic::abi_decode(&data(failed(counter.failByDivision(U256::ZERO).call().await)?))?;
    equal(panic.code, U256::from(0x12))?;
    so(data(failed(counter.failWithoutWords().call().await)?).is_empty(), "no words")?;

    let closed = failed(counter.failWithError().call().await)?;
    so(closed.as_decoded_error::<Counter::Closed>().is_some(), &closed)?;
    // The same from an estimate. (From `send`, alloy would count the nonce of what was never sent.)
    let limited = failed(counter.count(U256::from(LIMIT), String::new()).estimate_gas().await)?;
    let Some(Counter::CounterErrors::LimitExceeded(limited)) = limited.as_decoded_interface_error::<Counter::CounterErrors>() else {
        return Err(format!("another error: {limited}").into());
    };
    equal((limited.who, limited.limit), (node.owner, U256::from(LIMIT)))
}

async fn reverts_in_a_block(counter: &OnNode) -> Checked {
    let receipt = counter.failWithError().gas(100_000).send().await?.get_receipt().await?;
    so(!receipt.status(), "it reverted")
}

async fn refusals(node: &Node) -> Checked {
    let rich = &node.provider;
    let (next, chain) = (rich.get_transaction_count(node.owner).await?, rich.get_chain_id().await?);
    let transfer = |nonce, gas| {
        let request = TransactionRequest::default().with_to(Address::ZERO).with_value(U256::ONE).with_chain_id(chain);
        request.with_nonce(nonce).with_gas_limit(gas).with_max_fee_per_gas(2_000_000_000).with_max_priority_fee_per_gas(1)
    };
    // Signed here and sent as bytes, so that alloy's count of nonces does not include what is refused.
    for (signer, request, words) in [
        (owner()?, transfer(0, 21_000), "nonce too low"),
        (owner()?, transfer(next, 20_999), "intrinsic gas too low"),
        (owner()?, transfer(next, 21_000).with_chain_id(1), "invalid chain id for signer"),
        (
            owner()?,
            transfer(next, 21_000).with_max_priority_fee_per_gas(3_000_000_000),
            "max priority fee per gas higher than max fee per gas",
        ),
        (PrivateKeySigner::random(), transfer(0, 21_000), "insufficient funds for gas * price + value"),
    ] {
        let signed = request.build(&EthereumWallet::from(signer)).await?;
        let error = failed(rich.send_raw_transaction(&signed.encoded_2718()).await)?;
        let response = error.as_error_resp().ok_or("not an error of the node")?;
        so(matches!(response.code, -32000 | -32003) && response.message.to_lowercase().contains(words), response)?;
    }
    equal(rich.get_transaction_by_hash(B256::ZERO).await?, None)?;
    equal(rich.get_transaction_receipt(B256::ZERO).await?, None)?;
    let unknown = failed(rich.raw_request::<_, String>("eth_mistype".into(), ()).await)?;
    equal(unknown.as_error_resp().map(|response| response.code), Some(-32601))
}

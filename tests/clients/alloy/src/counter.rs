//! Using a contract: deployment, calls, events, simulation, traces, many transactions at once, and a restart in between.

use std::env;

use alloy_network::{Ethereum, Network, ReceiptResponse, TransactionBuilder};
use alloy_primitives::{Address, U256};
use alloy_provider::{Provider, ext::DebugApi};
use alloy_rpc_types_eth::{
    Filter, TransactionRequest,
    simulate::{SimBlock, SimulatePayload},
    state::{AccountOverride, StateOverride},
};
use alloy_rpc_types_trace::geth::{CallConfig, GethDebugTracingOptions};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent, sol};

use crate::{
    Node, blocks,
    checks::{Checked, Checks, equal, init_code, restart, so},
    failures, one, provider, rollup,
};

sol! {
    /// tests/clients/contracts/Counter.sol.
    #[sol(rpc)]
    #[derive(Debug, PartialEq, Eq)]
    contract Counter {
        error LimitExceeded(address who, uint256 limit, uint256 wanted);
        error Closed();
        event Counted(address indexed who, uint256 amount, string note);
        constructor(uint256 limit);
        function limit() external view returns (uint256);
        function total() external view returns (uint256);
        function counted(address who) external view returns (uint256);
        function count(uint256 amount, string note) external returns (uint256);
        function failWithReason() external pure;
        function failWithoutWords() external pure;
        function failWithError() external pure;
        function failByDivision(uint256 divisor) external pure returns (uint256);
    }
}

/// The contract on the node.
pub(crate) type OnNode = Counter::CounterInstance<alloy_provider::DynProvider<Ethereum>, Ethereum>;

type Receipt = <Ethereum as Network>::ReceiptResponse;

/// What the contract's constructor gets.
pub(crate) const LIMIT: u64 = 1_000;

/// Runs all checks.
pub(crate) async fn run(node: &Node, checks: &mut Checks) {
    let Some(counter) = checks.check("alloy deploys a contract", deploys(node)).await else { return };
    let Some(sent) = checks.check("alloy calls a contract and sends to it", uses(node, &counter)).await else { return };
    blocks::run(node, &counter, &sent, checks).await;
    checks.check("alloy reads events from a receipt and by a filter", reads_events(node, &counter, &sent)).await;
    checks.check("alloy simulates blocks and calls", simulates(node, &counter)).await;
    checks.check("alloy traces a transaction", traces(node, &counter, &sent)).await;
    checks.check("alloy hears of heads and logs, as the receipts have them", hears(node, &counter)).await;
    rollup::run(node, sent.transaction_hash(), checks).await;
    failures::run(node, &counter, checks).await;
    checks.check("alloy sends one transaction after the other and waits for each", waits(node)).await;
    checks.check("alloy sends 200 transactions at once with its nonce manager", hurries(node)).await;
    let sentence = "alloy goes on after a restart of the node, and so do its subscriptions";
    match env::var("RESTART") {
        Ok(address) => drop(checks.check(sentence, goes_on(node, &counter, address)).await),
        Err(_) => checks.skip(sentence, "nobody restarts the node (RESTART=host:port)"),
    }
}

async fn deploys(node: &Node) -> Checked<OnNode> {
    let mut code = init_code("Counter")?.to_vec();
    code.extend(U256::from(LIMIT).to_be_bytes::<32>());
    let request = TransactionRequest::default().with_deploy_code(code);
    let receipt = node.provider.send_transaction(request).await?.get_receipt().await?;
    let address = receipt.contract_address.ok_or("no contract was created")?;
    so(node.provider.get_code_at(address).await?.len() > 100, "the contract has code")?;
    Ok(Counter::new(address, node.provider.clone()))
}

async fn uses(node: &Node, counter: &OnNode) -> Checked<Receipt> {
    equal(counter.limit().call().await?, U256::from(LIMIT))?;
    equal(counter.count(U256::from(7), "asked".into()).call().await?, U256::from(7))?;
    let receipt = counter.count(U256::from(7), "first".into()).send().await?.get_receipt().await?;
    so(receipt.status(), &receipt)?;
    equal(counter.counted(node.owner).call().await?, U256::from(7))?;
    Ok(receipt)
}

async fn reads_events(node: &Node, counter: &OnNode, sent: &Receipt) -> Checked {
    let expected = Counter::Counted { who: node.owner, amount: U256::from(7), note: "first".into() };
    let inside = sent.inner.logs().iter().map(|log| Counter::Counted::decode_log(&log.inner)).collect::<Result<Vec<_>, _>>()?;
    equal(inside.iter().map(|log| &log.data).collect::<Vec<_>>(), vec![&expected])?;
    let found = counter.Counted_filter().from_block(0).topic1(node.owner).query().await?;
    let found: Vec<_> = found.iter().map(|(event, log)| (event, log.transaction_hash)).collect();
    equal(found, vec![(&expected, Some(sent.transaction_hash()))])?;
    let nobody = counter.Counted_filter().from_block(0).topic1(Address::ZERO).query().await?;
    so(nobody.is_empty(), nobody)
}

async fn simulates(node: &Node, counter: &OnNode) -> Checked {
    let call = |amount: u64| {
        let input = Counter::countCall { amount: U256::from(amount), note: String::new() }.abi_encode();
        TransactionRequest::default().with_from(node.owner).with_to(*counter.address()).with_input(input)
    };
    let blocks = [SimBlock::default().call(call(5)).call(call(6)), SimBlock::default().call(call(1_000))];
    let blocks = node.provider.simulate(&SimulatePayload::default().extend_blocks(blocks)).await?;
    let outcome = |block: usize, call: usize| (blocks[block].calls[call].status, blocks[block].calls[call].logs.len());
    equal([outcome(0, 0), outcome(0, 1), outcome(1, 0)], [(true, 1), (true, 1), (false, 0)])?;
    equal(U256::from_be_slice(&blocks[0].calls[1].return_data), U256::from(18))?;

    let answer: StateOverride =
        [(*counter.address(), AccountOverride::default().with_code(alloy_primitives::hex!("602a60005260206000f3")))].into_iter().collect();
    equal(counter.total().state(answer).call().await?, U256::from(42))?;
    so(counter.count(U256::ONE, String::new()).estimate_gas().await? > 21_000, "gas is estimated")?;
    let listed = node.provider.create_access_list(&call(1)).await?;
    equal(listed.access_list.0.iter().map(|item| item.address).collect::<Vec<_>>(), vec![*counter.address()])
}

async fn traces(node: &Node, counter: &OnNode, sent: &Receipt) -> Checked {
    let (hash, options) = (sent.transaction_hash(), GethDebugTracingOptions::call_tracer(CallConfig::default().with_log()));
    let frame = node.provider.debug_trace_transaction(hash, options).await?.try_into_call_frame()?;
    equal((frame.from, frame.to, frame.logs.len()), (node.owner, Some(*counter.address()), 1))?;
    equal(frame.gas_used, U256::from(sent.gas_used()))?;
    let steps = node.provider.debug_trace_transaction(hash, GethDebugTracingOptions::default()).await?.try_into_default_frame()?;
    equal((steps.failed, steps.gas), (false, sent.gas_used()))
}

async fn hears(node: &Node, counter: &OnNode) -> Checked {
    let socket = node.socket().await?;
    let mut heads = socket.subscribe_blocks().await?;
    let mut logs = socket.subscribe_logs(&Filter::new().address(*counter.address())).await?;
    for _ in 0..3 {
        let receipt = counter.count(U256::ONE, "heard".into()).send().await?.get_receipt().await?;
        equal(Some(&logs.recv().await?), receipt.inner.logs().first())?;
        while Some(heads.recv().await?.hash) != receipt.block_hash() {}
    }
    Ok(())
}

/// A transfer.
fn pay(to: Address, value: U256) -> TransactionRequest {
    TransactionRequest::default().with_to(to).with_value(value)
}

async fn waits(node: &Node) -> Checked {
    let friend = PrivateKeySigner::random().address();
    for sum in 1..=20 {
        let receipt = node.provider.send_transaction(pay(friend, U256::ONE)).await?.get_receipt().await?;
        let hash = receipt.block_hash().ok_or("no block hash")?;
        let block = node.provider.get_block_by_hash(hash).await?.ok_or("no block of this hash")?;
        equal(node.provider.get_balance(friend).hash(hash).await?, U256::from(sum))?;
        equal(node.provider.get_balance(friend).number(block.header.number - 1).await?, U256::from(sum - 1))?;
    }
    Ok(())
}

async fn hurries(node: &Node) -> Checked {
    let (crowd, friend) = (PrivateKeySigner::random(), PrivateKeySigner::random().address());
    let sender = crowd.address();
    node.provider.send_transaction(pay(sender, one())).await?.watch().await?;
    let provider = provider(&node.url, crowd)?;
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let provider = provider.clone();
        sending.spawn(async move {
            let pending = provider.send_transaction(pay(friend, U256::ONE)).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(pending.get_receipt().await?)
        });
    }
    for receipt in sending.join_all().await {
        so(receipt?.status(), "the transaction succeeded")?;
    }
    equal((provider.get_transaction_count(sender).await?, provider.get_balance(friend).await?), (200, U256::from(200)))
}

async fn goes_on(node: &Node, counter: &OnNode, address: String) -> Checked {
    let socket = node.socket().await?;
    let mut heads = socket.subscribe_blocks().await?;
    let mut logs = socket.subscribe_logs(&Filter::new().address(*counter.address())).await?;
    let acknowledged = counter.count(U256::from(2), "before".into()).send().await?.get_receipt().await?;
    let total: U256 = counter.total().call().await?;
    restart(address).await?;
    let again = node.provider.get_transaction_receipt(acknowledged.transaction_hash()).await?;
    equal(again.as_ref(), Some(&acknowledged))?;
    equal(counter.total().call().await?, total)?;
    // The subscriptions are there again when there are heads of after the restart.
    let now = node.provider.get_block_number().await?;
    loop {
        counter.count(U256::ONE, "again".into()).send().await?.get_receipt().await?;
        if heads.try_recv().is_ok_and(|head| head.number > now) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let after = *counter.count(U256::from(3), "after".into()).send().await?.tx_hash();
    while logs.recv().await?.transaction_hash != Some(after) {}
    Ok(())
}

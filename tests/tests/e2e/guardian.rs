//! What the L1 contracts promise over both chains: a veto stops outputs until the timelock resumes them, and OPEN is locked on L1 for all that is on L2.

use crate::{layer1::Layer1, node::Node};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::{Value, json};
use std::{thread, time::Duration};
use tributary_contracts::{IL2ToL1MessagePasser, L1Timelock, OpenToken, OutputProposals, TributaryPortal, predeploys::MESSAGE_PASSER};
use tributary_tests::{rpc::get, wallet::Wallet};

sol! {
    /// What the binding of the message passer leaves out.
    interface IBurn {
        function burn() external;
    }
}

/// Why the node says that it is unhealthy.
fn reasons(node: &Node) -> Vec<String> {
    let health: Value = serde_json::from_str(&get(&format!("{}/health", node.process.banner.dashboard_url)).unwrap()).unwrap();
    serde_json::from_value(health["reasons"].clone()).unwrap()
}

fn says_that_none_are_proposed(node: &Node) -> bool {
    reasons(node).iter().any(|reason| reason.starts_with("no outputs are proposed: the guardian stopped them"))
}

/// The newest output, vetoed in its time by the guardian; gives the block that the chain of outputs ends in then.
fn veto(node: &mut Node, l1: &mut Layer1, outputs: Address) -> U256 {
    let guardian = l1.view(outputs, OutputProposals::guardianCall {});
    l1.ask("anvil_impersonateAccount", json!([guardian]));
    let count = |l1: &mut Layer1| l1.view(outputs, OutputProposals::gameCountCall {});
    // A new one, which has all of its finality delay before it.
    let before = count(l1);
    node.wait("an output", |_| count(l1) > before);
    let index = count(l1) - U256::from(1);
    l1.call_as(guardian, outputs, &OutputProposals::vetoCall { index });
    assert_eq!(count(l1), index);
    l1.view(outputs, OutputProposals::latestBlockNumberCall {})
}

/// Has the timelock, which the guardian's account is the council of on a development chain, resume proposals.
fn resume(node: &mut Node, l1: &mut Layer1, outputs: Address) {
    let (council, timelock) = (l1.view(outputs, OutputProposals::guardianCall {}), l1.contract("L1Timelock"));
    assert_eq!(l1.view(outputs, OutputProposals::ownerCall {}), timelock);
    let delay = l1.view(timelock, L1Timelock::getMinDelayCall {});
    let (data, none) = (Bytes::from(OutputProposals::resumeProposalsCall {}.abi_encode()), B256::ZERO);
    let (target, value, predecessor, salt) = (outputs, U256::ZERO, none, none);
    let schedule = L1Timelock::scheduleCall { target, value, data: data.clone(), predecessor, salt, delay };
    l1.call_as(council, timelock, &schedule);
    let id = l1.view(timelock, L1Timelock::hashOperationCall { target, value, data: data.clone(), predecessor, salt });
    assert!(!l1.view(timelock, L1Timelock::isOperationReadyCall { id }), "{delay} s have not passed");
    node.wait("the timelock", |_| l1.view(timelock, L1Timelock::isOperationReadyCall { id }));
    l1.call_as(council, timelock, &L1Timelock::executeCall { target, value, payload: data, predecessor, salt });
}

#[test]
fn after_a_veto_the_proposer_says_that_it_waits_and_goes_on_when_the_timelock_lets_it() {
    let mut node = Node::start();
    let mut l1 = Layer1::under(&node);
    let outputs = l1.contract("OutputProposals");
    let restored = veto(&mut node, &mut l1, outputs);
    node.wait("a reason", |node| says_that_none_are_proposed(node));
    thread::sleep(Duration::from_secs(5));
    assert_eq!(l1.view(outputs, OutputProposals::latestBlockNumberCall {}), restored);
    assert_eq!(node.log().matches("no outputs are proposed").count(), 1, "{}", node.log());

    resume(&mut node, &mut l1, outputs);
    node.wait("another output", |_| l1.view(outputs, OutputProposals::latestBlockNumberCall {}) > restored);
    node.wait("no reason", |node| !says_that_none_are_proposed(node));
}

/// All OPEN on L2 after a block.
fn on_l2(node: &mut Node, block: &Value) -> U256 {
    let state = node.ask("debug_dumpBlock", json!([block]));
    assert!(state.get("next").is_none(), "all accounts are in it");
    let accounts = state["accounts"].as_object().unwrap().values();
    accounts.map(|account| account["balance"].as_str().unwrap().parse::<U256>().unwrap()).sum()
}

fn locked(l1: &mut Layer1) -> U256 {
    let (token, account) = (l1.contract("OpenToken"), l1.portal);
    l1.view(token, OpenToken::balanceOfCall { account })
}

fn deposit(node: &mut Node, l1: &mut Layer1, user: &Wallet, to: Address, (mint, value): (U256, U256)) {
    let (token, portal) = (l1.contract("OpenToken"), l1.portal);
    l1.call(user, token, &OpenToken::approveCall { spender: portal, value: mint });
    let has = |node: &mut Node, account: Address| node.quantity("eth_getBalance", json!([account, "latest"]));
    let before = [user.address(), to].map(|account| has(node, account));
    let call = TributaryPortal::depositERC20TransactionCall { to, mint, value, gasLimit: 100_000, isCreation: false, data: Bytes::new() };
    l1.call(user, portal, &call);
    node.wait("the deposit", |node| [user.address(), to].map(|account| has(node, account)) != before);
}

#[test]
fn as_much_open_is_locked_on_l1_as_there_is_on_l2_and_was_burnt_there() {
    let mut node = Node::start();
    let mut l1 = Layer1::under(&node);
    let mut user = node.wallet(4);
    let block = node.ask("eth_blockNumber", json!([]));
    assert_eq!(on_l2(&mut node, &block), locked(&mut l1), "from the beginning");

    // What is minted stays the depositor's where the deposited transaction sends more than there is.
    let friend = Address::repeat_byte(0x77);
    deposit(&mut node, &mut l1, &user, friend, (U256::from(1_000_003), U256::from(1_000_001)));
    deposit(&mut node, &mut l1, &user, friend, (U256::from(17), U256::MAX));
    // A deposited transaction has used a nonce of its sender.
    user = node.wallet(4);
    // Fees of all kinds, a payment, and a withdrawal, whose OPEN is the message passer's from then on.
    node.include(&user.transfer(friend, 5));
    let withdraw = IL2ToL1MessagePasser::initiateWithdrawalCall { target: friend, gasLimit: U256::from(100_000), data: Bytes::new() };
    let in_flight = U256::from(900_001);
    let (to, input) = (TxKind::Call(MESSAGE_PASSER), withdraw.abi_encode().into());
    let signed = user.sign(TxEip1559 { to, input, value: in_flight, gas_limit: 200_000, ..user.draft() });
    user.nonce += 1;
    let receipt = node.include(&signed);
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    assert_eq!(on_l2(&mut node, &receipt["blockNumber"]), locked(&mut l1), "with a withdrawal in flight");

    let receipt = node.include(&user.call(MESSAGE_PASSER, IBurn::burnCall {}.abi_encode(), 200_000));
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    assert_eq!(on_l2(&mut node, &receipt["blockNumber"]) + in_flight, locked(&mut l1), "what is in flight is not on L2 any more");
}

//! What the contracts of both layers promise about money and data, with the real precompiles under them.

use crate::{kinds::delegate, layer1::Layer1, node::Node};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolEvent};
use serde_json::{Value, json};
use tributary_contracts::{
    Datanets, IMulticall3,
    ITextAttribution::traceByContributorCall,
    Inference, TributaryPortal,
    predeploys::{DATANETS, INFERENCE, TEXT_ATTRIBUTION},
    preinstalls::MULTICALL3,
};
use tributary_tests::{rpc::number, wallet::Wallet};

/// Enough for a document of the greatest length.
const GAS: u64 = 99_000_000;

/// 64 words that stand together in one text only.
fn passage() -> String {
    (0..64).map(|word| format!("w{}x ", word * 7919 % 1000)).collect()
}

/// The receipt of a call; whether it succeeded is the caller's business.
fn send(node: &mut Node, wallet: &mut Wallet, to: Address, call: impl SolCall) -> Value {
    let signed = wallet.call(to, call.abi_encode(), GAS);
    node.include(&signed)
}

fn succeed(node: &mut Node, wallet: &mut Wallet, to: Address, call: impl SolCall) -> Value {
    let receipt = send(node, wallet, to, call);
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    receipt
}

pub(crate) fn view<C: SolCall>(node: &mut Node, to: Address, call: C) -> C::Return {
    let data = node.ask("eth_call", json!([{ "to": to, "data": hex::encode_prefixed(call.abi_encode()) }, "latest"]));
    C::abi_decode_returns(&hex::decode(data.as_str().unwrap()).unwrap()).unwrap()
}

pub(crate) fn create(node: &mut Node, curator: &mut Wallet, open: bool) -> (U256, U256) {
    succeed(node, curator, DATANETS, Datanets::createDatanetCall { name: "poems".into(), metadata: String::new(), open });
    let id = view(node, DATANETS, Datanets::datanetCountCall {});
    (id, view(node, DATANETS, Datanets::setOfCall { datanetId: id }).setId)
}

pub(crate) fn contribute(node: &mut Node, wallet: &mut Wallet, datanet: U256, text: &str) {
    let document = Bytes::copy_from_slice(text.as_bytes());
    succeed(node, wallet, DATANETS, Datanets::contributeCall { datanetId: datanet, document });
}

fn trace(node: &mut Node, set: U256, output: &str) -> (Vec<u32>, Vec<U256>, U256, U256) {
    let output = Bytes::copy_from_slice(output.as_bytes());
    let found = view(node, TEXT_ATTRIBUTION, traceByContributorCall { setId: set, version: 0, output, topK: 0 });
    (found.contributors, found.credits, found.explained, found.total)
}

fn owed(node: &mut Node, account: Address) -> U256 {
    view(node, INFERENCE, Inference::owedCall { account })
}

#[test]
fn what_waits_outside_a_closed_datanet_changes_no_trace_and_once_accepted_is_a_row() {
    let mut node = Node::start();
    let [mut curator, mut author, mut flooder] = [0, 1, 2].map(|index| node.wallet(index));
    let (datanet, set) = create(&mut node, &mut curator, false);
    contribute(&mut node, &mut author, datanet, &passage());
    assert!(view(&mut node, DATANETS, Datanets::setOfCall { datanetId: datanet }).rows == 0);
    succeed(&mut node, &mut curator, DATANETS, Datanets::acceptSubmissionCall { datanetId: datanet, submission: 0 });
    let before = trace(&mut node, set, &passage());
    assert_eq!(before.0, [1], "{before:?}");

    // More copies of the passage than a trace follows, were they in the datanet.
    let copies = passage().repeat(120_000 / passage().len());
    let documents = 2_000 * passage().len() / copies.len() + 1;
    for _ in 0..documents {
        contribute(&mut node, &mut flooder, datanet, &copies);
    }
    let waiting = view(&mut node, DATANETS, Datanets::waitingSetOfCall { datanetId: datanet });
    assert_eq!(waiting.submissions, documents as u64 + 1);
    assert_eq!(trace(&mut node, set, &passage()), before);

    // A long one can be accepted within a transaction's gas, and is a row from then on.
    let accept = Datanets::acceptSubmissionCall { datanetId: datanet, submission: 1 };
    let receipt = succeed(&mut node, &mut curator, DATANETS, accept);
    assert!(number(&receipt["gasUsed"]) > 100 * copies.len() as u128, "{receipt}");
    let info = view(&mut node, DATANETS, Datanets::submissionInfoCall { datanetId: datanet, submission: 1 });
    assert_eq!((info.contributor, info.row), (flooder.address(), 1));
    assert_eq!(view(&mut node, DATANETS, Datanets::setOfCall { datanetId: datanet }).rows, 2);
}

#[test]
fn an_operator_gains_nothing_by_hiding_whose_texts_an_answer_comes_from() {
    let mut node = Node::start();
    // The curator is the operator, too.
    let [mut operator, mut author, asker] = [0, 1, 2].map(|index| node.wallet(index));
    let (datanet, _) = create(&mut node, &mut operator, true);
    contribute(&mut node, &mut author, datanet, &passage());
    let price = U256::from(1_000_000_007u64);
    let terms =
        Inference::setModelCall { datanetId: datanet, operator: operator.address(), price, contributorBps: 8_000, answerSeconds: 3_600 };
    succeed(&mut node, &mut operator, INFERENCE, terms);
    let request = Inference::requestCall { datanetId: datanet, prompt: Bytes::from_static(b"?") };
    for _ in 0..2 {
        let data = hex::encode_prefixed(request.abi_encode());
        let call = json!({ "from": asker.address(), "to": INFERENCE, "value": price, "data": data, "gas": "0xf4240" });
        let hash = node.ask("eth_sendTransaction", json!([call]));
        node.wait("the question", |node| node.ask("eth_getTransactionReceipt", json!([hash]))["status"] == json!("0x1"));
    }

    // Neither by an empty answer, nor by a copy and a withdrawal in between.
    let empty = Inference::settleCall { requestId: U256::from(1), output: Bytes::new() };
    assert_eq!(send(&mut node, &mut operator, INFERENCE, empty)["status"], json!("0x0"));
    contribute(&mut node, &mut operator, datanet, &passage());
    succeed(&mut node, &mut operator, DATANETS, Datanets::setStatusCall { datanetId: datanet, row: 0, status: 2 });
    let reassign = Datanets::reassignCall { datanetId: datanet, row: 0, account: operator.address() };
    succeed(&mut node, &mut operator, DATANETS, reassign);

    // Nor by an answer of other words.
    let foreign = Inference::settleCall { requestId: U256::from(1), output: Bytes::from_static(b"nobody wrote this before") };
    succeed(&mut node, &mut operator, INFERENCE, foreign);
    let pool = price * U256::from(8_000) / U256::from(10_000);
    assert_eq!(owed(&mut node, operator.address()), price - pool);
    assert_eq!(owed(&mut node, asker.address()), U256::ZERO);
    assert_eq!(owed(&mut node, INFERENCE), pool, "what nobody explains is nobody's");
    let honest = Inference::settleCall { requestId: U256::from(2), output: passage().into_bytes().into() };
    succeed(&mut node, &mut operator, INFERENCE, honest);
    assert_eq!(owed(&mut node, operator.address()), (price - pool) * U256::from(2));
    assert_eq!(owed(&mut node, author.address()), pool);
}

fn deposit(gas: u64) -> TributaryPortal::depositTransactionCall {
    let to = Address::repeat_byte(0x77);
    TributaryPortal::depositTransactionCall { to, value: U256::ZERO, gasLimit: gas, isCreation: false, data: Bytes::new() }
}

#[test]
fn deposits_buy_their_l2_gas_with_l1_gas() {
    let node = Node::start();
    let mut l1 = Layer1::under(&node);
    let (user, portal) = (l1.wallet(5), l1.portal);
    let ordinary = number(&l1.call(&user, portal, &deposit(100_000))["gasUsed"]);
    assert!((100_000..160_000).contains(&ordinary), "{ordinary}");
    let greedy = number(&l1.call(&user, portal, &deposit(10_000_000))["gasUsed"]);
    assert!(greedy > 10_000_000, "{greedy}");
    // Both at the least price: it rises with the block after one that sold more than 2,000,000.
    let params = json!([{ "to": portal, "data": hex::encode_prefixed(TributaryPortal::paramsCall {}.abi_encode()) }, "latest"]);
    let params = l1.ask("eth_call", params);
    let params = TributaryPortal::paramsCall::abi_decode_returns(&hex::decode(params.as_str().unwrap()).unwrap()).unwrap();
    assert_eq!((params.prevBaseFee, params.prevBoughtGas), (1_000_000_000, 10_000_000));
}

#[test]
fn a_delegated_account_that_a_sponsor_calls_deposits_under_its_own_address() {
    let node = Node::start();
    let mut l1 = Layer1::under(&node);
    let (mut sponsor, account, portal) = (l1.wallet(5), l1.wallet(6), l1.portal);
    let delegation = delegate(&mut sponsor, &account, MULTICALL3, account.nonce);
    let hash = l1.ask("eth_sendRawTransaction", json!([delegation.json()]));
    // That transaction's own call fails, because Multicall3 takes none without data; the delegation stays.
    l1.receipt(&hash);
    let calls = vec![IMulticall3::Call3 { target: portal, allowFailure: false, callData: deposit(100_000).abi_encode().into() }];
    let receipt = l1.call(&sponsor, account.address(), &IMulticall3::aggregate3Call { calls });
    let log = receipt["logs"].as_array().unwrap().iter().find(|log| log["address"] == json!(portal)).unwrap();
    let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).unwrap();
    assert_eq!(topics[0], TributaryPortal::TransactionDeposited::SIGNATURE_HASH);
    assert_eq!(topics[1], account.address().into_word());
}

//! What the contracts of both layers promise about money and data, with the real precompiles under them.

use crate::{kinds::delegate, layer1::Layer1, node::Node};
use alloy_primitives::{Address, B256, Bytes, U256, aliases::U96, hex};
use alloy_sol_types::{SolCall, SolEvent};
use serde_json::{Value, json};
use tributary_contracts::{
    DatanetReview, Datanets, IMulticall3,
    ITextAttribution::traceByContributorCall,
    TributaryPortal,
    interfaces::{
        datanet_review::IDatanetRecords::Revelation,
        datanets::{IDatanetRecords, IDatanets},
    },
    predeploys::{DATANETS, TEXT_ATTRIBUTION},
    preinstalls::MULTICALL3,
};
use tributary_tests::{rpc::number, wallet::Wallet};

/// Enough for a document of the greatest length.
const GAS: u64 = 99_000_000;

/// 64 words that stand together in one text only.
pub(crate) fn passage() -> String {
    (0..64).map(|word| format!("w{}x ", word * 7919 % 1000)).collect()
}

/// The receipt of a call; whether it succeeded is the caller's business.
pub(crate) fn send(node: &mut Node, wallet: &mut Wallet, to: Address, call: impl SolCall) -> Value {
    let signed = wallet.call(to, call.abi_encode(), GAS);
    node.include(&signed)
}

pub(crate) fn succeed(node: &mut Node, wallet: &mut Wallet, to: Address, call: impl SolCall) -> Value {
    let receipt = send(node, wallet, to, call);
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    receipt
}

pub(crate) fn view<C: SolCall>(node: &mut Node, to: Address, call: C) -> C::Return {
    let data = node.ask("eth_call", json!([{ "to": to, "data": hex::encode_prefixed(call.abi_encode()) }, "latest"]));
    C::abi_decode_returns(&hex::decode(data.as_str().unwrap()).unwrap()).unwrap()
}

/// A datanet of the curator's: one that takes every document at once, or one in which they are committed to first.
pub(crate) fn create(node: &mut Node, curator: &mut Wallet, open: bool) -> (U256, U256) {
    let licence = IDatanets::Licence {
        mayTrain: true,
        commercial: true,
        shareAlike: false,
        minContributorBps: 0,
        maxRoyaltyBps: 10_000,
        text: B256::ZERO,
    };
    let policy = IDatanetRecords::Policy { jurors: 0, committed: !open, minNoveltyBps: 0, fee: U96::ZERO, bond: U96::ZERO };
    let settings = IDatanetRecords::Settings {
        name: "poems".into(),
        purpose: String::new(),
        licence,
        policy,
        curatorBps: 500,
        fullAtBps: 0,
        maxContributorBps: 10_000,
    };
    succeed(node, curator, DATANETS, Datanets::createCall { settings });
    let id = view(node, DATANETS, Datanets::datanetCountCall {});
    (id, view(node, DATANETS, Datanets::datanetInfoCall { datanetId: id }).setId)
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

#[test]
fn what_is_committed_to_and_shown_changes_no_trace_and_once_appended_is_a_row() {
    let mut node = Node::start();
    let [mut curator, mut author, mut flooder] = [0, 1, 2].map(|index| node.wallet(index));
    let (datanet, set) = create(&mut node, &mut curator, false);
    let hand_in = |node: &mut Node, wallet: &mut Wallet, document: &str| {
        let document = Bytes::copy_from_slice(document.as_bytes());
        let salt = B256::repeat_byte(7);
        let leaf = DatanetReview::leafOfCall { datanetId: datanet, author: wallet.address(), salt, index: 0, document: document.clone() };
        let root = view(node, DATANETS, leaf);
        succeed(node, wallet, DATANETS, DatanetReview::commitCall { datanetId: datanet, root, count: 1 });
        let commitment = view(node, DATANETS, DatanetReview::commitmentCountCall {});
        let revelation = Revelation { document, parent: u64::MAX, proof: Vec::new() };
        let reveal = DatanetReview::revealCall { commitmentId: commitment, salt, revelations: vec![revelation] };
        succeed(node, wallet, DATANETS, reveal);
        succeed(node, wallet, DATANETS, DatanetReview::submitCall { commitmentId: commitment });
        commitment
    };
    let append = |node: &mut Node, wallet: &mut Wallet, commitment: U256, document: &str| {
        let documents = vec![Bytes::copy_from_slice(document.as_bytes())];
        succeed(node, wallet, DATANETS, DatanetReview::appendCall { commitmentId: commitment, index: 0, documents })
    };
    let first = hand_in(&mut node, &mut author, &passage());
    assert_eq!(view(&mut node, DATANETS, Datanets::datanetInfoCall { datanetId: datanet }).rows, 0);
    append(&mut node, &mut curator, first, &passage());
    let before = trace(&mut node, set, &passage());
    assert_eq!(before.0, [1], "{before:?}");

    // A long one that repeats it changes nothing while it waits, and is a row within a transaction's gas; whose words these are stays.
    let copies = passage().repeat(120_000 / passage().len());
    let second = hand_in(&mut node, &mut flooder, &copies);
    assert_eq!(trace(&mut node, set, &passage()), before);
    let receipt = append(&mut node, &mut curator, second, &copies);
    assert!(number(&receipt["gasUsed"]) > 100 * copies.len() as u128, "{receipt}");
    assert_eq!(view(&mut node, DATANETS, Datanets::datanetInfoCall { datanetId: datanet }).rows, 2);
    assert_eq!(trace(&mut node, set, &passage()).0, [1]);
    // The index tells of both, whose they are and from which commitments they came.
    let told = node.ask("tributary_contributions", json!([datanet]));
    let item = |index: usize, field: &str| told["items"][index][field].clone();
    assert_eq!([item(0, "author"), item(1, "author")], [json!(author.address()), json!(flooder.address())]);
    assert_eq!([item(0, "commitmentId"), item(1, "commitmentId")], [json!(first), json!(second)]);
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

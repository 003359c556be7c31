//! The economy with everything real: contracts, precompiles, the index that tells of them, and what becomes of it when history changes.

use crate::{
    contracts::{contribute, create, passage, succeed, view},
    node::Node,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use tributary_contracts::{
    Datanets, Division, Inference, Models, Payouts, Stakes,
    interfaces::{
        division,
        inference::IInference::{Answer, Opening},
        models::{IDatanets::Licence, IModelRegistry::Registration, IModels::Source},
    },
    predeploys::{DATANETS, DIVISION, INFERENCE, MODELS, PAYOUTS, STAKES},
};
use tributary_tests::{rpc::RpcError, wallet::Wallet};

const OPEN: u128 = 1_000_000_000_000_000_000;

/// Not a round number, so that its split leaves units over.
const PRICE: u128 = OPEN + 7;

/// Gas of a call that traces a short answer.
const GAS: u64 = 30_000_000;

/// A call with money, which has to succeed.
fn pay(node: &mut Node, wallet: &mut Wallet, to: Address, value: u128, call: impl SolCall) -> Value {
    let draft = alloy_consensus::TxEip1559 {
        to: TxKind::Call(to),
        value: U256::from(value),
        input: call.abi_encode().into(),
        gas_limit: GAS,
        ..wallet.draft()
    };
    wallet.nonce += 1;
    let receipt = node.include(&wallet.sign(draft));
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    receipt
}

/// A model that answers from the first release of a datanet, for which its operator is staked and serves.
fn model(node: &mut Node, operator: &mut Wallet, datanet: U256) -> (U256, B256) {
    for purpose in [1, 2] {
        pay(node, operator, STAKES, 200 * OPEN, Stakes::stakeCall { purpose });
    }
    succeed(node, operator, MODELS, Models::createCall { name: "quoter".into(), metadata: String::new() });
    let id = view(node, MODELS, Models::modelCountCall {});
    let registration = Registration {
        parents: Vec::new(),
        sources: vec![Source { datanetId: datanet, releaseId: 1, weightBps: 10_000 }],
        licence: Licence {
            mayTrain: true,
            commercial: true,
            shareAlike: false,
            minContributorBps: 0,
            maxRoyaltyBps: 10_000,
            text: B256::ZERO,
        },
        weightsHash: keccak256("weights"),
        manifestHash: keccak256("manifest"),
        metricsHash: keccak256("metrics"),
        uri: String::new(),
        operator: operator.address(),
        price: PRICE,
        contributorBps: 6_000,
        lineageBps: 1_000,
        royaltyBps: 0,
        sketchBps: 0,
        answerSeconds: 3_600,
        deterministic: false,
        sketchSetId: 0,
        seed: B256::ZERO,
        whiteningHash: B256::ZERO,
    };
    succeed(node, operator, MODELS, Models::registerVersionCall { modelId: id, registration });
    let terms = view(node, MODELS, Models::termsHashCall { modelId: id, version: 1 });
    succeed(node, operator, INFERENCE, Inference::serveCall { termsHash: terms, on: true });
    (id, terms)
}

/// A session of two answers.
fn session(node: &mut Node, payer: &mut Wallet, (model, terms): (U256, B256)) -> U256 {
    // As soon as the operator's time to answer is over.
    let deadline = 0;
    let opening = Opening { modelId: model, version: 1, termsHash: terms, promptHash: keccak256("?"), maxAnswers: 2, deadline };
    pay(node, payer, INFERENCE, 2 * PRICE, Inference::openCall { opening, prompt: Bytes::from_static(b"?") });
    view(node, INFERENCE, Inference::sessionCountCall {})
}

/// Answers, and the payer's voucher for them.
fn signed(node: &mut Node, payer: &Wallet, session: U256, outputs: &[&str]) -> (Vec<Answer>, Bytes) {
    let answer = |output: &&str| Answer {
        promptHash: keccak256("?"),
        amount: U256::from(PRICE),
        output: Bytes::copy_from_slice(output.as_bytes()),
        query: Bytes::new(),
    };
    let answers: Vec<_> = outputs.iter().map(answer).collect();
    let same = |answer: &Answer| division::IInference::Answer {
        promptHash: answer.promptHash,
        amount: answer.amount,
        output: answer.output.clone(),
        query: answer.query.clone(),
    };
    let call = Division::voucherOfCall {
        sessionId: session,
        before: keccak256("?"),
        first: 1,
        paid: U256::ZERO,
        answers: answers.iter().map(same).collect(),
    };
    let voucher = view(node, DIVISION, call);
    (answers, payer.signature(voucher.digest).as_bytes().into())
}

fn owed(node: &mut Node, account: Address) -> U256 {
    view(node, PAYOUTS, Payouts::owedCall { account })
}

/// What the index tells, once it has come to the newest block.
fn told(node: &mut Node, method: &str, params: Value) -> Value {
    let head = node.head();
    let mut answer = Value::Null;
    node.wait("the index", |node| {
        answer = node.ask(method, params.clone());
        tributary_tests::rpc::number(&answer["blockNumber"]) >= head
    });
    answer
}

/// A text and a copy of it with some words changed, in a datanet that a model answers from, and a session of two answers: the first quotes the copy, the second
/// is nobody's. Those who are in it: curator, author, copier, operator, payer.
fn prepared() -> (Node, [Wallet; 5], U256, Inference::settleCall) {
    let mut node = Node::start();
    let [mut curator, mut author, mut copier, mut operator, mut payer] = [0, 1, 2, 3, 4].map(|index| node.wallet(index));
    let (datanet, _) = create(&mut node, &mut curator, true);
    contribute(&mut node, &mut author, datanet, &passage());
    let copy: Vec<_> = passage()
        .split_whitespace()
        .enumerate()
        .map(|(at, word)| if at % 16 == 8 { "allegedly".to_owned() } else { word.to_owned() })
        .collect();
    contribute(&mut node, &mut copier, datanet, &copy.join(" "));
    succeed(&mut node, &mut curator, DATANETS, Datanets::publishCall { datanetId: datanet, note: "first".into() });
    let model = model(&mut node, &mut operator, datanet);
    let session = session(&mut node, &mut payer, model);
    let (answers, signature) = signed(&mut node, &payer, session, &[&copy.join(" "), "nobody ever wrote this before"]);
    (node, [curator, author, copier, operator, payer], session, Inference::settleCall { sessionId: session, answers, signature })
}

#[test]
fn answers_that_the_payer_signed_for_pay_whose_words_they_are_and_the_index_tells_why() {
    let (mut node, [_, author, copier, mut operator, _], session, settle) = prepared();
    let snapshot = node.ask("evm_snapshot", json!([]));
    let before = told(&mut node, "tributary_session", json!([session]));
    succeed(&mut node, &mut operator, INFERENCE, settle.clone());
    let settlement = session << 32 | U256::from(1);
    let found = told(&mut node, "tributary_settlement", json!([settlement]))["result"].take();
    let amount = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
    let shares = found["shares"].as_object().unwrap();
    assert_eq!(shares.values().map(amount).sum::<U256>(), U256::from(2 * PRICE), "{found}");
    let (author_owed, copier_owed) = (owed(&mut node, author.address()), owed(&mut node, copier.address()));
    assert_eq!(amount(&shares["contributors"]), author_owed, "{found}");
    assert!(author_owed > U256::from(PRICE / 3) && copier_owed.is_zero(), "{author_owed} {copier_owed} {found}");
    assert!(amount(&shares["commons"]) >= U256::from(PRICE * 6 / 10), "what nobody wrote is the commons' {found}");
    let payees = node.ask("tributary_payees", json!([settlement]));
    assert_eq!(payees["items"][0]["account"], json!(author.address()), "{payees}");
    let earnings = node.ask("tributary_earnings", json!([author.address()]));
    assert_eq!((amount(&earnings["items"][0]["amount"]), &earnings["items"][0]["reason"]), (author_owed, &json!("contributor")));
    let why = &earnings["items"][0]["why"][0];
    assert_eq!((amount(&why["amount"]), &why["bySketch"]), (author_owed, &json!(false)), "{earnings}");
    assert_eq!(why["division"], found["attributions"][0], "{earnings}");
    assert!(amount(&why["division"]["pool"]) > amount(&why["division"]["paid"]), "the second answer's part was nobody's");
    // Each row names its log, which says the same.
    let log = earnings["items"][0].clone();
    let filter = json!([{ "address": PAYOUTS, "fromBlock": log["blockNumber"], "toBlock": log["blockNumber"] }]);
    let logs = node.ask("eth_getLogs", filter);
    let of_log = logs.as_array().unwrap().iter().find(|found| found["logIndex"] == log["logIndex"]).unwrap();
    assert_eq!(of_log["transactionHash"], log["transactionHash"]);

    // History goes back, and so does the index; it is the same again when the same happens again, and after a kill.
    assert_eq!(node.ask("evm_revert", json!([snapshot])), json!(true));
    node.wait("the index goes back", |node| node.ask("tributary_settlement", json!([settlement]))["result"].is_null());
    assert_eq!(told(&mut node, "tributary_session", json!([session]))["result"], before["result"]);
    operator = node.wallet(3);
    succeed(&mut node, &mut operator, INFERENCE, settle);
    let mut node = node.kill_and_restart();
    let again = told(&mut node, "tributary_settlement", json!([settlement]))["result"].take();
    assert_eq!(again["shares"], found["shares"]);
    node.wait("it is safe, too", |node| !node.ask("tributary_settlement", json!([settlement, { "at": "safe" }]))["result"].is_null());

    let balance = |node: &mut Node, account: Address| node.quantity("eth_getBalance", json!([account, "latest"]));
    let to = Address::repeat_byte(0x5e);
    let mut author = node.wallet(1);
    succeed(&mut node, &mut author, PAYOUTS, Payouts::claimCall { to });
    assert_eq!(U256::from(balance(&mut node, to)), author_owed);
    let sums = told(&mut node, "tributary_account", json!([author.address()]))["result"].take();
    assert_eq!((amount(&sums["owed"]), amount(&sums["claimed"])), (U256::ZERO, author_owed));
}

/// Every value in a JSON text, by the path to it.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, format!("{path}/{name}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}/{at}"), found)),
        _ => found.push(path),
    }
}

#[test]
fn a_receipt_is_checked_without_the_node_and_nothing_that_it_says_can_be_changed() {
    let (mut node, [_, author, copier, mut operator, _], session, settle) = prepared();
    succeed(&mut node, &mut operator, INFERENCE, settle);
    let settlement = session << 32 | U256::from(1);
    let block = told(&mut node, "tributary_settlement", json!([settlement]))["result"]["blockNumber"].clone();
    let checked = |receipt: &Value| tributary_explanation::verify(&serde_json::from_value(receipt.clone()).unwrap());

    let receipt = node.ask("tributary_explain", json!([settlement]));
    let explanation = &receipt["explanation"];
    let spans = explanation["answers"][0]["traces"][0]["spans"].as_array().unwrap();
    let number = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
    let wei: U256 = spans.iter().map(|span| number(&span["wei"])).sum();
    let earned = owed(&mut node, author.address());
    assert!(wei <= earned && earned - wei < U256::from(spans.len()), "{wei} of {earned}");
    assert!(spans.iter().any(|span| span["row"] != span["origin"]), "it was quoted from the copy");
    assert!(spans.iter().all(|span| span["withheld"] == json!(true) || span["author"] == json!(author.address())), "{spans:?}");
    assert!(spans.iter().all(|span| span["author"] != json!(copier.address()) || span["wei"] == json!("0x0")));
    assert_eq!(explanation["blockNumber"], block);
    let unpaid = |node: &mut Node, account: Address| node.ask("tributary_unpaid", json!([settlement, account]));
    let of_copier = unpaid(&mut node, copier.address());
    let reasons: Vec<_> = of_copier.as_array().unwrap().iter().map(|span| span["reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"earlier") && reasons.iter().all(|reason| ["earlier", "withheld"].contains(reason)), "{of_copier}");
    let of_author = unpaid(&mut node, author.address());
    assert!(of_author.as_array().unwrap().iter().all(|span| span["reason"] == json!("withheld")), "{of_author}");
    assert_eq!(unpaid(&mut node, operator.address()), json!([]));
    assert!(node.ask("tributary_unpaid", json!([settlement + U256::from(1), author.address()])).is_null());

    // Under the block's own output root, and under a later one's.
    let header = |node: &mut Node, block: &Value| node.ask("eth_getBlockByNumber", json!([block, false]));
    let of_block = checked(&receipt).unwrap();
    assert_eq!(json!(of_block.anchor_hash), header(&mut node, &block)["hash"]);
    node.ask("hardhat_mine", json!(["0x5"]));
    let latest = node.ask("eth_blockNumber", json!([]));
    let later = node.ask("tributary_explain", json!([settlement, { "at": latest, "whole": false }]));
    let of_later = checked(&later).unwrap();
    assert_eq!(json!(of_later.anchor_hash), header(&mut node, &latest)["hash"]);
    assert_eq!(later["explanation"], *explanation);
    let root = node.ask("optimism_outputAtBlock", json!([latest]));
    assert_eq!(root["outputRoot"], json!(of_later.output_root));

    // With whole sets, and without: whatever is said differently is refused, and whatever is proven differently.
    let whole = node.ask("tributary_explain", json!([settlement, { "at": latest }]));
    assert_eq!((&later["whole"], &whole["whole"]), (&json!(false), &json!(true)), "a small set is in the proof unasked");
    checked(&whole).unwrap();
    for receipt in [&later, &whole] {
        let mut paths = Vec::new();
        leaves(receipt, String::new(), &mut paths);
        for path in &paths {
            let mut changed = receipt.clone();
            let value = changed.pointer_mut(path).unwrap();
            *value = match value.as_str() {
                Some(text) if text.len() == 2 => json!("0x5"),
                Some(text) => json!(format!("{}{}", &text[..text.len() - 1], if text.ends_with('0') { '1' } else { '0' })),
                None => json!(!value.as_bool().unwrap_or(true)),
            };
            // Which rollup it is, who checks knows from elsewhere; and what proves the whole proves a part.
            let told_elsewhere = path.starts_with("/rollup") || path == "/whole";
            // In which of two rows that have these words at this place they were found, only the whole set tells.
            let same_words = receipt["whole"] == json!(false) && path.ends_with("/row");
            let Ok(changed) = serde_json::from_value(changed) else { continue };
            // Another last block is another chain's, whose output root this L1 does not have.
            if let Ok(found) = tributary_explanation::verify(&changed) {
                assert!(told_elsewhere || same_words || found.output_root != of_later.output_root, "{path}");
            }
        }
        assert!(paths.len() > 100);
    }

    assert!(node.ask("tributary_explain", json!([settlement + U256::from(1)])).is_null());
    let words = node.rpc.call("tributary_explain", json!([settlement, { "at": "earliest" }])).unwrap_err().to_string();
    assert!(words.contains("it was settled in block"), "{words}");
}

#[test]
fn an_index_that_was_deleted_or_damaged_is_made_again_from_the_chain() {
    let mut node = Node::start();
    let [mut curator, mut author] = [0, 1].map(|index| node.wallet(index));
    let (datanet, _) = create(&mut node, &mut curator, true);
    for n in 0..5 {
        contribute(&mut node, &mut author, datanet, &format!("{} {n}", passage()));
    }
    let before = told(&mut node, "tributary_contributions", json!([datanet, { "limit": 2 }]));
    assert_eq!(before["items"].as_array().unwrap().len(), 2);
    for damage in [true, false] {
        node = node.kill_and_restart_after(|datadir| {
            let folder = datadir.join("l2").join("economy");
            assert!(folder.join("mdbx.dat").exists());
            if damage { std::fs::write(folder.join("mdbx.dat"), [7; 9_000]).unwrap() } else { std::fs::remove_dir_all(folder).unwrap() }
        });
        let after = told(&mut node, "tributary_contributions", json!([datanet, { "limit": 2 }]));
        assert_eq!((&after["items"], &after["next"]), (&before["items"], &before["next"]));
        let rest = node.ask("tributary_contributions", json!([datanet, { "cursor": after["next"] }]));
        assert_eq!(rest["items"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn lists_of_the_economy_are_filtered_and_paged_and_refuse_what_they_did_not_give() {
    let (mut node, [curator, author, copier, mut operator, payer], session, settle) = prepared();
    succeed(&mut node, &mut operator, INFERENCE, settle);
    let lists = |node: &mut Node, method: &str, params: Value| told(node, method, params)["items"].as_array().unwrap().clone();
    let sessions = |node: &mut Node, filter: Value| lists(node, "tributary_sessions", json!([{ "filter": filter }])).len();
    let lower = payer.address().to_string().to_lowercase();
    assert_eq!(sessions(&mut node, json!({ "payer": lower, "modelId": 1 })), 1);
    assert_eq!(sessions(&mut node, json!({ "payer": curator.address() })), 0);
    let of_author = lists(&mut node, "tributary_contributions", json!(["0x1", { "filter": { "author": author.address() } }]));
    assert_eq!((of_author.len(), &of_author[0]["row"]), (1, &json!("0x0")));
    let novelty = |row: &Value| ["inherited", "closed", "total"].map(|of| row["novelty"][of].as_str().unwrap().parse::<U256>().unwrap());
    assert_eq!(novelty(&of_author[0])[..2], [U256::ZERO; 2], "it was the first: {of_author:?}");
    let of_copier = told(&mut node, "tributary_contribution", json!(["0x1", "0x1"]))["result"].take();
    assert_eq!(of_copier["author"], json!(copier.address()));
    let [inherited, closed, total] = novelty(&of_copier);
    assert!(inherited + closed > total * U256::from(9) / U256::from(10), "{of_copier}");
    assert_eq!(lists(&mut node, "tributary_sessionsOfModel", json!(["0x1"]))[0]["sessionId"], json!(session));
    assert_eq!(lists(&mut node, "tributary_modelsOn", json!(["0x1"]))[0]["modelId"], json!("0x1"));
    let earned = |node: &mut Node, reason: &str| {
        lists(node, "tributary_earnings", json!([author.address(), { "filter": { "reason": reason } }])).len()
    };
    assert_eq!((earned(&mut node, "contributor"), earned(&mut node, "curator")), (1, 0));

    // Nobody has so many sessions; and a number of 256 bits more than a settlement's is another session's.
    assert!(lists(&mut node, "tributary_settlements", json!([U256::from(1) << 224 | U256::from(1)])).is_empty());
    let cursor = told(&mut node, "tributary_contributions", json!(["0x1", { "limit": 1 }]))["next"].as_str().unwrap().to_owned();
    let cut = &cursor[..cursor.len() - 2];
    for (method, params) in [
        ("tributary_contributions", json!(["0x1", { "cursor": "zz" }])),
        ("tributary_contributions", json!(["0x1", { "cursor": cut }])),
        ("tributary_contributions", json!(["0x2", { "cursor": cursor }])),
        ("tributary_datanets", json!([{ "cursor": cursor }])),
        ("tributary_datanets", json!([{ "limit": 0 }])),
        ("tributary_datanets", json!([{ "filter": { "size": 1 } }])),
        ("tributary_datanets", json!([["safe", null, 1, true]])),
        ("tributary_datanets", json!([{ "at": 5 }])),
    ] {
        let wrong = node.rpc.call(method, params).unwrap_err();
        assert!(matches!(&wrong, RpcError::Refused { code: -32602, .. }), "{method}: {wrong:?}");
    }
}

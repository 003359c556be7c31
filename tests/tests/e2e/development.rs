//! What a development node does on demand, and that the rollup stays one: verifier, prover and batcher agree with everything.

use crate::{
    fees::configure,
    node::{Node, without_hash},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, TxKind, address, keccak256};
use serde_json::{Value, json};
use std::{collections::HashMap, thread, time::Duration};
use tributary_contracts::SystemConfig;
use tributary_tests::{
    rpc::{Rpc, RpcError, number},
    token,
};

/// Somebody without a key here.
const WHALE: Address = address!("00000000000000000000000000000000000be1a7");

fn block(node: &mut Node, tag: &str) -> Value {
    node.ask("eth_getBlockByNumber", json!([tag, false]))
}

fn safe(node: &mut Node) -> u128 {
    number(&block(node, "safe")["number"])
}

fn wait_until_safe(node: &mut Node) {
    let head = node.head();
    node.wait("everything is safe", |node| safe(node) >= head);
}

fn l1(node: &Node) -> Rpc {
    Rpc::connect(&node.process.banner.l1_url).unwrap()
}

#[test]
fn accounts_are_rewritten_and_impersonated_on_both_chains_and_the_verifier_agrees() {
    let mut node = Node::start();
    let (balance, slot, value) = (json!("0x56bc75e2d63100000"), json!("0x5"), json!(keccak256("value")));
    for url in [node.process.banner.l2_url.clone(), node.process.banner.l1_url.clone()] {
        let mut rpc = Rpc::connect(&url).unwrap();
        let mut ask = |method: &str, params: Value| rpc.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"));
        assert_eq!(ask("hardhat_setBalance", json!([WHALE, balance])), json!(true));
        ask("anvil_setNonce", json!([WHALE, "0x7"]));
        // Returns the word at slot 5.
        ask("anvil_setCode", json!([WHALE, "0x60055460005260206000f3"]));
        let word = B256::with_last_byte;
        for (slot, value) in [(json!("0x5"), json!("0x7")), (json!(word(5)), json!(word(7)))] {
            ask("hardhat_setStorageAt", json!([WHALE, slot, value]));
            assert_eq!(ask("eth_call", json!([{ "to": WHALE }, "latest"])), json!(word(7)));
            ask("hardhat_setStorageAt", json!([WHALE, slot, "0x0"]));
        }
        ask("anvil_setStorageAt", json!([WHALE, slot, value]));
        assert_eq!(ask("eth_getBalance", json!([WHALE, "latest"])), balance);
        assert_eq!(ask("eth_getTransactionCount", json!([WHALE, "latest"])), json!("0x7"));
        assert_eq!(ask("eth_call", json!([{ "to": WHALE }, "latest"])), value);

        ask("anvil_impersonateAccount", json!([WHALE]));
        let hash = ask("eth_sendTransaction", json!([{ "from": WHALE, "to": Address::ZERO, "value": "0x1" }]));
        ask("anvil_mine", json!([]));
        let receipt = ask("eth_getTransactionReceipt", json!([hash]));
        assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &json!(WHALE)));
        ask("anvil_stopImpersonatingAccount", json!([WHALE]));
        let refused = rpc.call("eth_sendTransaction", json!([{ "from": WHALE, "to": Address::ZERO }]));
        assert!(matches!(refused, Err(RpcError::Refused { code: -32000, message, .. }) if message == "unknown account"));
    }
    // What nobody signed is refused from outside, on a development chain too.
    let newest = node.ask("eth_getBlockByNumber", json!(["latest", true]));
    let of_whale = &newest["transactions"].as_array().unwrap().last().unwrap()["hash"];
    let raw = node.ask("debug_getRawTransaction", json!([of_whale]));
    assert!(matches!(node.rpc.call("eth_sendRawTransaction", json!([raw])), Err(RpcError::Refused { .. })));
    wait_until_safe(&mut node);
}

fn time(node: &mut Node) -> u128 {
    number(&block(node, "latest")["timestamp"])
}

const MONTH: u128 = 30 * 86_400;
const YEARS: u128 = 4 * 365 * 86_400;

#[test]
fn time_jumps_by_days_or_years_with_a_block_and_everything_is_derived() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    for jump in [7, MONTH, YEARS] {
        let (before, head) = (time(&mut node), node.head());
        node.ask("evm_increaseTime", json!([format!("{jump:#x}")]));
        node.ask("evm_mine", json!([]));
        assert!(time(&mut node) >= before + jump);
        assert!(node.head() < head + 20, "a jump is not filled with blocks");

        let next = time(&mut node) + jump;
        node.ask("evm_setNextBlockTimestamp", json!([format!("{next:#x}")]));
        let receipt = node.include(&wallet.transfer(WHALE, 1));
        let height = receipt["blockNumber"].as_str().unwrap().to_owned();
        node.wait_for_block(number(&receipt["blockNumber"]));
        assert_eq!(number(&block(&mut node, &height)["timestamp"]), next, "the next block has exactly this time");

        let next = time(&mut node) + jump;
        node.ask("evm_mine", json!([format!("{next:#x}")]));
        assert_eq!(time(&mut node), next);
    }
    let head = node.head();
    node.wait_for_block(head + 2);
    wait_until_safe(&mut node);
}

#[test]
fn a_time_for_the_next_block_takes_the_place_of_one_that_nobody_used_and_mines_nothing() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let now = time(&mut node);
    node.ask("evm_setNextBlockTimestamp", json!([format!("{:#x}", now + YEARS)]));
    let head = node.head();
    for later in [2 * YEARS, MONTH, YEARS, 1000] {
        node.ask("evm_setNextBlockTimestamp", json!([format!("{:#x}", now + later)]));
    }
    assert_eq!(node.head(), head, "nothing was mined");
    let receipt = node.include(&wallet.transfer(WHALE, 1));
    assert_eq!(number(&receipt["blockNumber"]), head + 1);
    assert_eq!(time(&mut node), now + 1000);
    let head = node.head();
    node.wait_for_block(head + 2);
    wait_until_safe(&mut node);
}

/// Sends transactions one after the other, and fetches each one's receipt once the send is answered.
fn send_one_by_one(count: u64) {
    let mut node = Node::start_at_defaults();
    let mut wallet = node.wallet(0);
    for turn in 1..=count {
        let transfer = wallet.transfer(WHALE, 1);
        node.ask("eth_sendRawTransaction", json!([transfer.json()]));
        let receipt = node.ask("eth_getTransactionReceipt", json!([transfer.hash]));
        assert_eq!(receipt["status"], json!("0x1"), "{turn}");
    }
    assert_eq!(node.quantity("eth_getBalance", json!([WHALE, "latest"])), u128::from(count));
    let head = node.head();
    node.wait_for_block(head + 2);
    wait_until_safe(&mut node);
}

#[test]
fn transactions_one_after_the_other_have_their_receipts_and_become_safe() {
    send_one_by_one(300);
}

#[test]
#[ignore = "takes minutes"]
fn five_thousand_transactions_one_after_the_other_have_their_receipts_and_become_safe() {
    send_one_by_one(5000);
}

#[test]
fn a_time_that_no_block_can_have_is_refused() {
    let mut node = Node::start();
    let now = time(&mut node);
    for (method, time) in [
        ("evm_setNextBlockTimestamp", 1),
        ("evm_setNextBlockTimestamp", now),
        ("evm_setNextBlockTimestamp", u128::from(u64::MAX)),
        ("evm_increaseTime", u128::from(u64::MAX)),
        ("evm_increaseTime", 1 << 48),
    ] {
        let refused = node.rpc.call(method, json!([format!("{time:#x}")]));
        assert!(matches!(refused, Err(RpcError::Refused { code: -32602, .. })), "{method} {time}: {refused:?}");
    }
    match node.rpc.call("hardhat_mine", json!(["0x3e9", "0x3c"])) {
        Err(RpcError::Refused { code: -32602, message, .. }) => assert!(message.contains("at most 1000 blocks"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn blocks_are_mined_at_any_interval_and_in_any_number() {
    let mut node = Node::start();
    let (head, before) = (node.head(), time(&mut node));
    node.ask("hardhat_mine", json!(["0x1388"]));
    assert!(node.head() >= head + 5000 && time(&mut node) >= before + 5000);
    node.ask("hardhat_mine", json!(["0x14", "0x3c"]));
    let head = node.head();
    let times: Vec<_> = (head - 19..=head).map(|height| number(&block(&mut node, &format!("{height:#x}"))["timestamp"])).collect();
    assert!(times.windows(2).all(|pair| pair[1] == pair[0] + 60), "{times:?}");
    let height = node.head();
    node.wait_for_block(height + 2);
    wait_until_safe(&mut node);
}

#[test]
fn a_transaction_is_in_a_sealed_block_at_once_unless_automining_is_off() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    assert_eq!(node.ask("anvil_getAutomine", json!([])), json!(true));
    let (head, before) = (node.head(), time(&mut node));
    for turn in 1..=20 {
        let transfer = wallet.transfer(WHALE, 1);
        node.ask("eth_sendRawTransaction", json!([transfer.json()]));
        let receipt = node.ask("eth_getTransactionReceipt", json!([transfer.hash]));
        assert!(node.head() >= number(&receipt["blockNumber"]), "the receipt is there for the first question");
        assert!(node.head() >= head + turn && time(&mut node) >= before + turn, "each has a block, and time goes on with it");
    }
    node.ask("evm_setAutomine", json!([false]));
    let head = node.head();
    let receipt = node.include_early(&wallet.transfer(WHALE, 1));
    thread::sleep(Duration::from_secs(3));
    assert_eq!(node.head(), head, "time stands still");
    node.ask("evm_mine", json!([]));
    assert_eq!((node.head(), number(&receipt["blockNumber"])), (head + 1, head + 1));
    node.ask("anvil_mine", json!(["0x5"]));
    assert_eq!(node.head(), head + 6);
    // What was sent meanwhile is in the block after a jump, not in one before.
    let sent = wallet.transfer(WHALE, 1);
    node.include_early(&sent);
    let next = time(&mut node) + 1000;
    node.ask("evm_setNextBlockTimestamp", json!([format!("{next:#x}")]));
    node.ask("evm_mine", json!([]));
    let height = node.ask("eth_getTransactionReceipt", json!([sent.hash]))["blockNumber"].as_str().unwrap().to_owned();
    assert_eq!(number(&block(&mut node, &height)["timestamp"]), next);

    node.ask("evm_setIntervalMining", json!([1]));
    assert_eq!((node.ask("anvil_getAutomine", json!([])), node.ask("anvil_getIntervalMining", json!([]))), (json!(false), json!(1)));
    let head = node.head();
    node.wait_for_block(head + 2);
    node.ask("evm_setAutomine", json!([true]));
    wait_until_safe(&mut node);
}

#[test]
fn jumps_survive_kills_snapshots_and_reorganisations_of_l1() {
    let mut node = Node::start();
    let mut wallet = node.wallet(5);
    let mut sent = Vec::new();
    for round in 0..4u64 {
        let snapshot = node.ask("evm_snapshot", json!([]));
        let (head, before) = (node.head(), time(&mut node));
        node.ask("evm_increaseTime", json!([86_400]));
        node.ask("evm_mine", json!([]));
        assert_eq!(node.ask("evm_revert", json!([snapshot])), json!(true));
        assert!(time(&mut node) < before + 60 && node.head() < head + 10);

        let before = time(&mut node);
        node.ask("evm_increaseTime", json!([86_400]));
        let transfer = wallet.transfer(WHALE, 1);
        if round % 2 == 0 {
            // L1 has jumped, the rollup has not followed with a block, and nothing is sent yet.
            node = node.kill_and_restart();
        }
        node.include(&transfer);
        sent.push(transfer.hash);
        assert!(node.head() < head + 600);
        l1(&node).call("anvil_reorg", json!([1])).unwrap();
        node.wait("a day has passed", |node| time(node) >= before + 86_400);
        if round % 2 == 1 {
            node = node.kill_and_restart();
        }
    }
    let head = node.head();
    node.wait_for_block(head + 3);
    wait_until_safe(&mut node);
    for hash in sent {
        assert_eq!(node.ask("eth_getTransactionReceipt", json!([hash]))["status"], json!("0x1"));
    }
}

#[test]
fn a_snapshot_brings_back_accounts_blocks_and_time_again_and_again() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let (creation, token) = wallet.create(token::creation(wallet.address(), 1_000));
    node.include(&creation);
    for round in 0..3 {
        // In one question, and before the snapshot: blocks of the rhythm come at any moment.
        let before = block(&mut node, "latest");
        let snapshot = node.ask("evm_snapshot", json!([]));
        let mut later = wallet.clone();
        let transfer = later.call(token, token::transfer(WHALE, 1 + round), token::TRANSFER_GAS);
        node.include(&transfer);
        node.ask("anvil_mine", json!(["0x3"]));
        wait_until_safe(&mut node);

        assert_eq!(node.ask("evm_revert", json!([snapshot])), json!(true));
        assert_eq!(node.ask("evm_revert", json!([snapshot])), json!(false), "a snapshot serves once");
        assert!(node.ask("eth_getTransactionReceipt", json!([transfer.hash])).is_null());
        assert_eq!(node.ask("eth_getBlockByNumber", json!([before["number"], false]))["hash"], before["hash"]);
        assert_eq!(node.wallet(0).nonce, wallet.nonce);
    }
    // The chain goes on from there, and is derived.
    let transfer = wallet.call(token, token::transfer(WHALE, 9), token::TRANSFER_GAS);
    node.include(&transfer);
    let head = node.head();
    node.wait_for_block(head + 2);
    wait_until_safe(&mut node);
    assert_eq!(node.ask("eth_getTransactionReceipt", json!([transfer.hash]))["status"], json!("0x1"));
}

#[test]
fn when_l1_is_reorganised_the_rollup_follows_and_keeps_what_it_acknowledged_even_if_it_is_killed() {
    let mut node = Node::start();
    let mut wallet = node.wallet(1);
    let mut kept: HashMap<_, Value> = HashMap::new();
    for round in 0..4u64 {
        for _ in 0..5 {
            let transfer = wallet.transfer(WHALE, 1);
            kept.insert(transfer.hash, node.include(&transfer));
            thread::sleep(Duration::from_millis(300));
        }
        let mut l1 = l1(&node);
        node.wait("enough L1 blocks that are not final", |_| number(&l1.call("eth_blockNumber", json!([])).unwrap()) > 3);
        let head = l1.call("eth_blockNumber", json!([])).unwrap();
        let old = l1.call("eth_getBlockByNumber", json!([head, false])).unwrap();
        l1.call("anvil_reorg", json!([2])).unwrap();
        let new = l1.call("eth_getBlockByNumber", json!([head, false])).unwrap();
        assert_ne!(old["hash"], new["hash"]);
        if round % 2 == 1 {
            thread::sleep(Duration::from_millis(100 * round));
            node = node.kill_and_restart();
        }
        // Every transaction comes back in a block, with the same effect, if not in the same one.
        for (hash, given) in &kept {
            node.wait("a kept transaction", |node| !node.ask("eth_getTransactionReceipt", json!([hash])).is_null());
            let now = node.ask("eth_getTransactionReceipt", json!([hash]));
            assert_eq!((&now["status"], &now["gasUsed"]), (&given["status"], &given["gasUsed"]));
        }
        assert_eq!(node.wallet(1).nonce, wallet.nonce);
    }
    wait_until_safe(&mut node);
    let receipts: Vec<Value> = kept.keys().map(|hash| node.ask("eth_getTransactionReceipt", json!([hash]))).collect();
    wait_until_safe(&mut node);
    for receipt in receipts {
        let now = node.ask("eth_getTransactionReceipt", json!([receipt["transactionHash"]]));
        assert_eq!(without_hash(now), without_hash(receipt));
    }
    let too_deep = l1(&node).call("anvil_reorg", json!([1000]));
    assert!(matches!(too_deep, Err(RpcError::Refused { code: -32602, .. })), "{too_deep:?}");
}

#[test]
fn the_rollup_follows_a_branch_of_l1_that_fills_the_slots_which_a_jump_skipped() {
    let mut node = Node::start();
    let mut wallet = node.wallet(2);
    let mut l1 = l1(&node);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let head = number(&l1.call("eth_blockNumber", json!([])).unwrap());
        node.ask("evm_increaseTime", json!([60]));
        node.wait("L1 goes on after the jump", |_| number(&l1.call("eth_blockNumber", json!([])).unwrap()) > head + 1);
        let transfer = wallet.transfer(WHALE, 1);
        node.include(&transfer);
        sent.push(transfer.hash);
        // The new branch is longer by all that the old one had skipped, and most of it is final at once.
        l1.call("anvil_reorg", json!([2])).unwrap();
    }
    let head = node.head();
    node.wait_for_block(head + 3);
    wait_until_safe(&mut node);
    for hash in sent {
        assert_eq!(node.ask("eth_getTransactionReceipt", json!([hash]))["status"], json!("0x1"));
    }
}

#[test]
fn blocks_of_l1_are_mined_on_demand_whichever_slots_went_by() {
    let mut node = Node::start();
    let mut l1 = l1(&node);
    for round in 0..8 {
        node.ask("evm_increaseTime", json!([round]));
        let before = number(&l1.call("eth_blockNumber", json!([])).unwrap());
        l1.call("anvil_mine", json!(["0x3", "0x3"])).unwrap();
        assert!(number(&l1.call("eth_blockNumber", json!([])).unwrap()) >= before + 3);
    }
    wait_until_safe(&mut node);
}

#[test]
fn a_snapshot_brings_back_l1_and_nothing_is_built_anew_of_the_time_after_it() {
    let mut node = Node::start();
    let mut l1 = l1(&node);
    let snapshot = node.ask("evm_snapshot", json!([]));
    let (head, of_l1) = (node.head(), number(&l1.call("eth_blockNumber", json!([])).unwrap()));
    let before = time(&mut node);
    node.ask("evm_increaseTime", json!([200]));
    node.ask("hardhat_mine", json!(["0xc8"]));
    // The first of them is the one after the jump.
    assert!(node.head() >= head + 200 && time(&mut node) >= before + 200 + 199);
    assert_eq!(node.ask("evm_revert", json!([snapshot])), json!(true));
    let after = (node.head(), number(&l1.call("eth_blockNumber", json!([])).unwrap()));
    // Of the 200 blocks none is left; those of the rhythm go on, however slow the machine is.
    assert!(after.0 < head + 100 && after.1 < of_l1 + 10, "{after:?}, and at the snapshot {head} and {of_l1}");
    node.wait_for_block(head + 3);
    wait_until_safe(&mut node);
}

#[test]
fn what_was_dropped_or_replaced_stays_away_after_a_kill_and_what_waits_for_lower_fees_stays() {
    let mut node = Node::start();
    // The least fee falls at once, the fee itself by a two hundred and fiftieth with each block.
    let least = 500_000_000;
    configure(&node, &SystemConfig::setMinBaseFeeCall { newMinBaseFee: least });
    node.wait("the lower least fee", |node| block(node, "latest")["extraData"].as_str().unwrap().ends_with(&format!("{least:016x}")));
    let (wallet, patient) = (node.wallet(3), node.wallet(4));
    let with = |nonce: u64, fee: u128| {
        wallet.sign(TxEip1559 { nonce, to: TxKind::Call(WHALE), max_fee_per_gas: fee, max_priority_fee_per_gas: fee, ..wallet.draft() })
    };
    let next = wallet.nonce;
    let (dropped, old, new) = (with(next + 2, 10_000_000_000), with(next + 1, 10_000_000_000), with(next + 1, 20_000_000_000));
    let fees = TxEip1559 { max_fee_per_gas: least.into(), max_priority_fee_per_gas: 0, ..patient.draft() };
    let cheap = patient.sign(TxEip1559 { to: TxKind::Call(WHALE), ..fees });
    for transaction in [&dropped, &old, &new, &cheap] {
        node.ask("eth_sendRawTransaction", json!([transaction.json()]));
    }
    assert_eq!(node.ask("anvil_dropTransaction", json!([dropped.hash])), json!(dropped.hash));
    node = node.kill_and_restart();
    let known = |node: &mut Node, hash: B256| !node.ask("eth_getTransactionByHash", json!([hash])).is_null();
    assert!(!known(&mut node, dropped.hash) && !known(&mut node, old.hash));
    assert!(known(&mut node, new.hash) && known(&mut node, cheap.hash));
    // It runs once the gap is closed, and nothing else.
    node.include(&with(next, 10_000_000_000));
    node.wait("the one behind the gap", |node| !node.ask("eth_getTransactionReceipt", json!([new.hash])).is_null());
    assert_eq!(node.wallet(3).nonce, next + 2);
    // One that was dropped may be sent again, and is kept then.
    node.ask("eth_sendRawTransaction", json!([dropped.json()]));
    node = node.kill_and_restart();
    node.wait("the one that was sent again", |node| !node.ask("eth_getTransactionReceipt", json!([dropped.hash])).is_null());
}
